"""The production server as a process of a test, which ends with it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .builders import ROOT

Process = subprocess.Popen[str]
FLASK = [sys.executable, "-m", "flask"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(content: Path, **more: str) -> dict[str, str]:
    """Give what a process finds around it; its state is beside the content."""
    where = {"FEEDS_CONTENT": str(content), "FEEDS_STATE": str(content.parent / "state")}
    return {**os.environ, "FLASK_APP": str(ROOT / "app.py"), **where, **more}


@contextmanager
def process_of(content: Path, *words: str, **more: str) -> Iterator[Process]:
    """Run a flask command for as long as the block lasts; nothing that it starts outlives it."""
    process = subprocess.Popen(
        [*FLASK, *words],
        cwd=content.parent,
        env=environment(content, PYTHONPATH=str(ROOT), **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
        process.terminate()
        process.communicate(timeout=20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@contextmanager
def served(content: Path, *options: str, command: str = "serve", **more: str) -> Iterator[tuple[int, Process]]:
    """Serve a folder on a free port for as long as the block lasts; in `more`, that port stands where `{port}` does."""
    port = free_port()
    more = {name: value.format(port=port) for name, value in more.items()}
    with process_of(content, command, "--port", str(port), *options, **more) as process:
        wait_until(lambda: answers(port), process)
        yield port, process


def wait_until(condition: Callable[[], bool], process: Process) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "not within 30 seconds"
        time.sleep(0.02)


def is_open(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def answers(port: int) -> bool:
    try:
        return get(port, "/health")[0] == 200
    except OSError:
        return False


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()
