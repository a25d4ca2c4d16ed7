"""HTTP client with a deadline for the whole exchange, a size limit and an address guard.

Unless `allow_local` is given, it refuses addresses of the local network, whatever the host name: it
checks the peer's address after connecting and before sending anything.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from .text import printable

READ_TIMEOUT_SECONDS = 20
"""Seconds without data from the server before a request fails."""

DEADLINE_SECONDS = 120
"""Default limit for a whole exchange, in seconds."""

MAX_REDIRECTS = 5

_CHUNK_BYTES = 1 << 16

_NAT64_NETWORK = IPv6Network("64:ff9b::/96")
"""The well-known prefix of IPv4 addresses embedded in IPv6 (RFC 6052)."""

_LOCAL_NETWORKS = (IPv6Network("64:ff9b:1::/48"), IPv6Network("fec0::/10"))
"""Local networks that `ipaddress` does not recognise as such (RFC 8215, RFC 3879)."""


class HttpError(Exception):
    """A failed request, with a message for users; `status` is that of an unexpected response."""

    def __init__(self, message: str, status: int | None = None) -> None:
        """Store the message and the status."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Response:
    """A response: the URL after redirects, and the decoded body if it was requested."""

    url: str
    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=CaseInsensitiveDict)
    data: bytes = b""

    @property
    def content_type(self) -> str:
        """The Content-Type header, or an empty string if there is none."""
        return self.headers.get("Content-Type", "")


def is_local(address: str) -> bool:
    """Return whether an IP address is local, reserved or multicast instead of globally reachable."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in _NAT64_NETWORK:
            return is_local(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
        ip = ip.ipv4_mapped or ip.sixtofour or ip
    return not ip.is_global or ip.is_multicast or any(ip in network for network in _LOCAL_NETWORKS)


class _Sockets:
    """The sockets of an exchange, which can be shut down while another thread waits for them."""

    def __init__(self, *, allow_local: bool) -> None:
        self.allow_local = allow_local
        self._sockets: list[socket.socket] = []

    def add(self, host: str, connection: socket.socket) -> None:
        """Record a connection. If its peer is on the local network, close it and raise HttpError."""
        address = connection.getpeername()[0]
        if not self.allow_local and is_local(address):
            connection.close()
            shown = host if host == address else f"{host} ({address})"
            raise HttpError(f"{shown} is on the local network (use --allow-local if that is intended)")
        self._sockets.append(connection.dup())  # TLS takes over the socket itself

    def shut_down(self) -> None:
        """Shut down all connections, which wakes the threads that wait for them."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close our duplicates of the sockets, and forget them."""
        while self._sockets:
            self._sockets.pop().close()


def _pool_classes(sockets: _Sockets) -> dict[str, type[HTTPConnectionPool]]:
    """Return pool classes of urllib3 whose connections are recorded before anything is sent."""

    class Connection(HTTPConnection):
        def _new_conn(self) -> Any:
            connection = super()._new_conn()
            sockets.add(self.host, connection)
            return connection

    class TLSConnection(Connection, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class TLSPool(HTTPSConnectionPool):
        ConnectionCls = TLSConnection

    return {"http": Pool, "https": TLSPool}


class _Adapter(HTTPAdapter):
    def __init__(self, sockets: _Sockets) -> None:
        self._pool_classes = _pool_classes(sockets)
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes


class _Session(requests.Session):
    """A session that ignores the Location header, which may be malformed, if no redirect is followed."""

    follows_redirects = True

    def get_redirect_target(self, resp: requests.Response) -> Any:
        return super().get_redirect_target(resp) if self.follows_redirects else None


class HttpClient:
    """Sends requests, one at a time. If the environment sets a proxy, the proxy decides what is local."""

    def __init__(self, user_agent: str, *, allow_local: bool = False, deadline: float = DEADLINE_SECONDS) -> None:
        """Set the User-Agent, and the limit for a whole exchange in seconds."""
        self._session = _Session()
        self._session.max_redirects = MAX_REDIRECTS
        self._session.headers["User-Agent"] = user_agent
        self._deadline = deadline
        self._sockets = _Sockets(allow_local=allow_local)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._sockets))

    def get(self, url: str, *, max_bytes: int, headers: Mapping[str, str] | None = None) -> Response:
        """Send a GET request and return the response, whatever its status. Raises HttpError."""
        return self._within_deadline(url, lambda: self._exchange("GET", url, max_bytes, headers))

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        """Send a HEAD request and return the response, whatever its status. Raises HttpError."""
        return self._within_deadline(url, lambda: self._exchange("HEAD", url, 0, headers))

    def post(self, url: str, form: Iterable[tuple[str, str]], *, headers: Mapping[str, str] | None = None) -> Response:
        """Send a form and return the response without its body; follow no redirect. Raises HttpError."""
        fields = list(form)
        return self._within_deadline(url, lambda: self._exchange("POST", url, 0, headers, fields))

    def _within_deadline(self, url: str, exchange: Callable[[], Response]) -> Response:
        """Run an exchange in a thread, and shut down its connections at the deadline.

        A server that sends a byte a second never hits the read timeout.
        """
        if not url.startswith(("http://", "https://")):
            raise HttpError(f"{url} is not fetched (expected http or https)")
        outcomes: SimpleQueue[Response | HttpError] = SimpleQueue()

        def run() -> None:
            try:
                outcomes.put(exchange())
            except HttpError as error:
                outcomes.put(error)
            except Exception as error:  # a malformed response may raise anything
                outcomes.put(HttpError(describe(error, url)))
            finally:
                self._session.close()  # a connection that is used again could not be shut down
                self._sockets.close()

        Thread(target=run, daemon=True).start()
        try:
            outcome = outcomes.get(timeout=max(0, self._deadline))
        except Empty:
            self._sockets.shut_down()
            outcome = self._too_slow()
        if isinstance(outcome, HttpError):
            raise outcome
        return outcome

    def _exchange(
        self,
        method: str,
        url: str,
        max_bytes: int,
        headers: Mapping[str, str] | None,
        form: list[tuple[str, str]] | None = None,
    ) -> Response:
        end, data = time.monotonic() + self._deadline, bytearray()
        self._session.follows_redirects = follows = form is None
        with self._session.request(
            method, url, data=form, headers=headers, allow_redirects=follows, stream=True, timeout=READ_TIMEOUT_SECONDS
        ) as response:
            while max_bytes and (chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True)):
                data += chunk
                if len(data) > max_bytes:
                    raise HttpError(f"it has more than {max_bytes:,} bytes")
                if time.monotonic() > end:
                    raise self._too_slow()
            return Response(response.url, response.status_code, response.reason, response.headers, bytes(data))

    def _too_slow(self) -> HttpError:
        return HttpError(f"it takes more than {self._deadline:g} seconds")


def describe(error: BaseException, url: str) -> str:
    """Return a short reason why a request failed, without the libraries' wrapping exceptions."""
    server = _host_and_port(getattr(getattr(error, "request", None), "url", None) or url)
    if isinstance(error, requests.TooManyRedirects):
        return f"more than {MAX_REDIRECTS} redirects"
    for cause in reversed(list(_causes(error))):
        if isinstance(cause, ConnectionRefusedError):
            return f"connection refused by {server}"
        if isinstance(cause, socket.gaierror):
            return f"no such host: {server}"
        if isinstance(cause, TimeoutError):
            return f"no response from {server} within {READ_TIMEOUT_SECONDS} seconds"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate of {server} is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"no encrypted connection to {server}: {cause.reason}"
        if isinstance(cause, ConnectionError):
            return f"{server} closed the connection"
        if isinstance(cause, HTTPException):
            return f"{server} did not answer with HTTP"
        if isinstance(cause, OSError) and cause.strerror:
            return f"{cause.strerror[0].lower()}{cause.strerror[1:]}: {server}"
    return printable(str(error))[:200] or type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and the exceptions that caused it, outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _host_and_port(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname} (port {parts.port or (443 if parts.scheme == 'https' else 80)})"
    except ValueError:
        return printable(url)
