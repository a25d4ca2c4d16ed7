"""Fetches addresses elsewhere, within limits: http and https, so many bytes, so much time, and no local network.

It knows nothing of what it fetches.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

TIMEOUT = 20
"""Seconds that a server may stay silent."""

LONGEST = 120
"""Seconds that an answer may take in all."""

REDIRECTS = 5

AGENT = "Feeds (import)"

_CHUNK = 1 << 16


class FetchError(Exception):
    """Why an address was not fetched, in words for people; `status` is that of the answer, if there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        """Take the words."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Fetched:
    """An answer: where it came from in the end, its Content-Type, and its bytes, unpacked."""

    url: str
    type: str
    data: bytes


_TRANSLATED = IPv6Network("64:ff9b::/96")
"""Where IPv4 addresses are in IPv6 (RFC 6052)."""

_INNER = (IPv6Network("64:ff9b:1::/48"), IPv6Network("fec0::/10"))
"""What is local besides what Python knows (RFC 8215, RFC 3879)."""


def is_local(address: str) -> bool:
    """Tell whether an IP address is one that only this machine or its network reaches, or one that nobody does."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found in _TRANSLATED:
            return is_local(str(IPv4Address(int(found) & 0xFFFFFFFF)))
        found = found.ipv4_mapped or found.sixtofour or found
    return not found.is_global or found.is_multicast or any(found in network for network in _INNER)


class _Guarded(HTTPConnection):
    """Talks to nobody on the local network, whatever its name: it looks at who answers before it says a word."""

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        address = connection.getpeername()[0]
        if is_local(address):
            connection.close()
            who = self.host if self.host == address else f"{self.host} ({address})"
            raise FetchError(f"{who} is on the local network (want --allow-local, if that is meant)")
        return connection


class _GuardedTLS(_Guarded, HTTPSConnection):
    """The same, with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *about: Any, **more: Any) -> None:
        super().init_poolmanager(*about, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}


class Fetcher:
    """Asks one address after the other; through a proxy of the environment it is the proxy that tells what is local."""

    def __init__(self, *, allows_local: bool = False) -> None:
        """Begin; with `allows_local`, addresses of the local network are asked too."""
        self._session = requests.Session()
        self._session.max_redirects = REDIRECTS
        self._session.headers["User-Agent"] = AGENT
        if not allows_local:
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, _GuardedAdapter())

    def get(self, url: str, *, most: int) -> Fetched:
        """Fetch an address whose answer may have so many bytes. Raises FetchError."""
        if not url.startswith(("http://", "https://")):
            raise FetchError(f"{url} is not fetched (want http or https)")
        answers: SimpleQueue[Fetched | FetchError] = SimpleQueue()
        # a server that gives a byte a second is never silent: no timeout of the connection's would end it
        Thread(target=self._answer, args=(url, most, answers), daemon=True).start()
        try:
            found = answers.get(timeout=max(0, LONGEST))
        except Empty:
            raise FetchError(f"{url} takes more than {LONGEST} seconds (want a faster answer)") from None
        if isinstance(found, FetchError):
            raise found
        return found

    def _answer(self, url: str, most: int, answers: SimpleQueue[Fetched | FetchError]) -> None:
        try:
            answers.put(self._get(url, most))
        except FetchError as fault:
            answers.put(fault)
        except Exception as fault:  # whatever a server elsewhere makes of it
            answers.put(FetchError(f"{url} cannot be fetched: {_reason(fault)} (want an address that answers)"))

    def _get(self, url: str, most: int) -> Fetched:
        end, data = time.monotonic() + LONGEST, bytearray()
        with self._session.get(url, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code != requests.codes.ok:
                raise FetchError(f"{url} answers {answer.status_code} {answer.reason} (want 200)", answer.status_code)
            while chunk := answer.raw.read1(_CHUNK, decode_content=True):  # as it comes, however little
                data += chunk
                if len(data) > most:
                    raise FetchError(f"{url} has more than {most:,} bytes (want fewer)")
                if time.monotonic() > end:
                    raise FetchError(f"{url} takes more than {LONGEST} seconds (want a faster answer)")
            return Fetched(answer.url, answer.headers.get("Content-Type", ""), bytes(data))


_OF_CLASS = re.compile(r"[>)]: ")
"""What ends the name of the connection that urllib3 puts before what was wrong with it."""


def _reason(fault: BaseException) -> str:
    """Say in few words what was wrong; requests wraps it many times over."""
    inner = getattr(fault, "args", ())
    while inner and isinstance(inner[0], BaseException):
        fault = getattr(inner[0], "reason", None) or inner[0]
        inner = getattr(fault, "args", ())
    return _OF_CLASS.split(str(fault))[-1] or type(fault).__name__
