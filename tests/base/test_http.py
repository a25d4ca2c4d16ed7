"""The HTTP client ends an exchange after its deadline, however slowly the server sends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from feeds.base.http import HttpClient, HttpError

pytestmark = pytest.mark.integration

BEGINNINGS = {
    "nothing": b"",
    "header lines": b"HTTP/1.1 200 OK\r\n",
    "a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "interim responses": b"HTTP/1.1 100 Continue\r\n\r\n",
}
DRIPS = {
    "nothing": b"",
    "header lines": b"X: y\r\n",
    "a body": b"x",
    "interim responses": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.fixture
def dripping() -> Iterator[Callable[[str], str]]:
    """Return a function that starts a server which sends something again and again, and returns its URL."""
    servers: list[socket.socket] = []
    threads: list[threading.Thread] = []
    end = threading.Event()

    def serve(server: socket.socket, kind: str) -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.sendall(BEGINNINGS[kind])
                while not end.wait(0.02):
                    connection.sendall(DRIPS[kind])

    def start(kind: str) -> str:
        servers.append(socket.create_server(("127.0.0.1", 0)))
        threads.append(threading.Thread(target=serve, args=(servers[-1], kind)))
        threads[-1].start()
        return f"http://127.0.0.1:{servers[-1].getsockname()[1]}/"

    yield start
    end.set()
    for server in servers:
        server.close()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        (method, kind)
        for method in ("get", "head", "post")
        for kind in BEGINNINGS
        if method == "get" or kind != "a body"
    ],
)
def test_a_server_that_never_finishes_is_given_up_and_its_connection_closed(
    method: str, kind: str, dripping: Callable[[str], str]
) -> None:
    client = HttpClient("Test", allow_local=True, deadline=0.5)
    url = dripping(kind)
    earlier = set(threading.enumerate())
    calls = {"get": lambda: client.get(url, max_bytes=10**6), "head": lambda: client.head(url)}
    with pytest.raises(HttpError, match=r"it takes more than 0.5 seconds"):
        calls.get(method, lambda: client.post(url, [("a", "b")]))()
    deadline = time.monotonic() + 30
    while set(threading.enumerate()) - earlier:
        assert time.monotonic() < deadline, "a thread still waits for the server"
        time.sleep(0.01)
