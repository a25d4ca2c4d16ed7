"""Limits of the production server: idle connections, large requests, and workers that hang."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from feeds.server import connections
from feeds.server.granian import MAX_CONNECTIONS, MAX_REQUEST_HEAD_BYTES, connection_limit
from tests.builders import content_folder
from tests.processes import children, get, served, wait_until

pytestmark = pytest.mark.integration

FEED = "/feeds/all.rss"


def test_a_request_with_very_large_headers_is_refused(content: Path) -> None:
    content_folder(content, {"a": {}})
    with served(content) as (port, _):
        assert get(port, FEED, Cookie="a" * (MAX_REQUEST_HEAD_BYTES // 2))[0] == 200
        assert get(port, FEED, Cookie="a" * MAX_REQUEST_HEAD_BYTES)[0] == 431
        assert get(port, f"{FEED}?{'a' * MAX_REQUEST_HEAD_BYTES}")[0] == 431
        assert get(port, FEED)[0] == 200


def test_only_connections_without_traffic_are_closed() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        silent, busy = (socket.create_connection(("127.0.0.1", port)) for _ in range(2))
        accepted = [server.accept()[0] for _ in range(2)]
        by_peer = {connection.getpeername(): connection for connection in accepted}
        time.sleep(0.3)  # the kernel counts the milliseconds without traffic
        busy.sendall(b"a")
        by_peer[busy.getsockname()].recv(1)
        assert connections.close_idle(port, 60) == 0
        assert connections.close_idle(port, 0.2) == 1
        silent.settimeout(10)
        assert silent.recv(1) == b"", "it is closed"
        by_peer[busy.getsockname()].sendall(b"b")
        assert busy.recv(1) == b"b", "the other is open"
        for connection in (*accepted, silent, busy):
            connection.close()


def test_a_download_whose_client_reads_no_more_is_not_closed_soon() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))), closing(server.accept()[0]) as sender:
            sender.setblocking(False)
            try:
                while True:
                    sender.send(b"x" * 100_000)
            except BlockingIOError:
                time.sleep(0.3)  # the kernel counts the milliseconds without traffic
            assert connections.close_idle(port, 0.2) <= 1, "at most that of the client, which has nothing to send"
            sender.setblocking(True)
            assert not connections.is_idle(sender, 0.2)


def test_feeds_are_served_beside_thousands_of_silent_connections(content: Path, open_files: int) -> None:
    content_folder(content, {"a": {}})
    with served(content) as (port, _):
        silent = [
            socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(min(open_files - 500, 2_000))
        ]
        assert [get(port, FEED)[0] for _ in range(20)] == [200] * 20
        for connection in silent:
            connection.close()


@pytest.fixture
def open_files() -> int:
    """Raise the number of files that this process may have open to the system's limit, and return it."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@pytest.mark.parametrize(
    ("soft", "expected"), [(1_024, 512), (65_536, MAX_CONNECTIONS), (256, 128), (-1, MAX_CONNECTIONS)]
)
def test_connections_never_use_up_all_file_descriptors(
    soft: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda kind: (soft, soft))
    assert connection_limit() == expected


def test_a_worker_that_hangs_is_replaced(content: Path) -> None:
    content_folder(content, {"a": {}})
    with served(content) as (port, process):
        (worker,) = children(process.pid)
        os.kill(worker, signal.SIGSTOP)
        wait_until(lambda: worker not in children(process.pid), process)
        wait_until(lambda: is_served(port), process)


def is_served(port: int) -> bool:
    try:
        return get(port, FEED)[0] == 200
    except OSError:
        return False
