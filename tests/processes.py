"""The production server and nginx as subprocesses that end with the test."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import BaseServer
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from feeds.base import parallel
from feeds.server.granian import SHUTDOWN_SECONDS
from tests.builders import ROOT

Process = subprocess.Popen[str]
FEEDS = [str(Path(sys.executable).with_name("feeds"))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(content: Path, **variables: str) -> dict[str, str]:
    """Return the environment variables of a subprocess. Its state folder is beside the content."""
    folders = {"FEEDS_CONTENT": str(content), "FEEDS_STATE": str(content.parent / "state")}
    return {**os.environ, **folders, **variables}


@contextmanager
def feeds_process(
    content: Path, *arguments: str, program: Sequence[str] = FEEDS, **variables: str
) -> Iterator[Process]:
    """Run a command of `feeds` until the block ends. No process that it started outlives the block."""
    age_media(content)
    process = subprocess.Popen(
        [*program, *arguments],
        cwd=content.parent,
        env=environment(content, PYTHONPATH=str(ROOT), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
        process.terminate()
        process.communicate(timeout=SHUTDOWN_SECONDS + 10)  # a worker that does not end is killed by then
    finally:
        kill(process)
        process.communicate()


def age_media(content: Path) -> None:
    """Backdate new media files, so that none looks like an upload in progress."""
    for path in (content / "media").rglob("*"):
        if path.is_file() and not path.is_symlink() and time.time() - path.stat().st_mtime < 10:
            os.utime(path, (time.time() - 60,) * 2)


def kill(process: Process) -> None:
    """Kill a process and its children with SIGKILL, as in a crash."""
    for pid in [*children(process.pid), process.pid]:  # workers are in their own process groups
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    process.wait(10)


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    with suppress(FileNotFoundError):
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return []


@contextmanager
def served(
    content: Path,
    *options: str,
    command: str = "serve",
    port: int | None = None,
    program: Sequence[str] = FEEDS,
    **variables: str,
) -> Iterator[tuple[int, Process]]:
    """Serve a folder until the block ends, by default on a free port, which replaces `{port}` in `variables`."""
    port = port or free_port()
    variables = {name: value.format(port=port) for name, value in variables.items()}
    with feeds_process(content, command, "--port", str(port), *options, program=program, **variables) as process:
        wait_until(lambda: is_healthy(port), process)
        yield port, process


@contextmanager
def in_thread(server: BaseServer) -> Iterator[None]:
    """Run a server in a thread until the block ends, then close it."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def nginx(program: str, config: str, folder: Path) -> Iterator[None]:
    """Run Debian's nginx until the block ends. `config` is the content of its `http` block."""
    modules = "".join(f"include {path};\n" for path in sorted(Path("/etc/nginx/modules-enabled").glob("*brotli*")))
    user = "user root;\n" if os.geteuid() == 0 else ""  # other users cannot read the test's folder
    request_kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in request_kinds)
    text = f"{modules}{user}daemon off;\npid {folder}/pid;\nevents {{ }}\n"
    text += f"http {{\naccess_log off;\n{temporary}{config}}}\n"
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [program, "-e", "stderr", "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    port = int(re.findall("listen 127.0.0.1:([0-9]+)", config)[0])
    try:
        wait_until(lambda: is_open("127.0.0.1", port), process)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


def forwarding_app(port: int) -> WSGIApplication:
    """Return an application that forwards requests to a server, so that tests use one client for both."""

    def ask(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        request_headers = {
            name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/%:@!$&'()*+,;=~") + "?" + environ["QUERY_STRING"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request(environ["REQUEST_METHOD"], path.removesuffix("?") or "/", headers=request_headers)
            response = connection.getresponse()
            dropped_names = ("connection", "date", "server", "transfer-encoding")
            headers = [(name, value) for name, value in response.getheaders() if name.lower() not in dropped_names]
            start_response(f"{response.status} {response.reason}", headers)
            return [response.read()]
        finally:
            connection.close()

    return ask


def count_forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list of the processes forked from now on, with three cores and no threads simulated."""
    forked: list[int] = []
    fork = os.fork

    def counted() -> int:
        forked.append(process := fork())
        return process

    monkeypatch.setattr(os, "fork", counted)
    monkeypatch.setattr(parallel, "core_count", lambda: 3)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    return forked


def wait_until(condition: Callable[[], bool], process: Process, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, f"not within {seconds:.0f} seconds"
        time.sleep(0.02)


def is_open(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def is_healthy(port: int) -> bool:
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
