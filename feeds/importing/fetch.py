"""Fetches addresses elsewhere, within limits: http and https, so many bytes, so much time, and no local network.

It knows nothing of what it fetches.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

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
    """An answer: where it came from in the end, its media type, and its bytes, unpacked."""

    url: str
    type: str
    data: bytes


def is_local(address: str) -> bool:
    """Tell whether an IP address is one that only this machine or its network reaches, or one that nobody does."""
    found = ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    return not inner.is_global or inner.is_multicast


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
        if urlsplit(url).scheme not in ("http", "https"):
            raise FetchError(f"{url} is not fetched (want http or https)")
        end = time.monotonic() + LONGEST
        try:
            with self._session.get(url, stream=True, timeout=TIMEOUT) as answer:
                if answer.status_code != requests.codes.ok:
                    raise FetchError(
                        f"{url} answers {answer.status_code} {answer.reason} (want 200)", answer.status_code
                    )
                data = b""
                for chunk in answer.iter_content(_CHUNK):
                    data += chunk
                    if len(data) > most:
                        raise FetchError(f"{url} has more than {most:,} bytes (want fewer)")
                    if time.monotonic() > end:
                        raise FetchError(f"{url} takes more than {LONGEST} seconds (want a faster answer)")
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Fetched(answer.url, kind, data)
        except (requests.RequestException, ValueError, OSError) as fault:
            raise FetchError(f"{url} cannot be fetched: {_reason(fault)} (want an address that answers)") from None


def _reason(fault: BaseException) -> str:
    """Say in few words what was wrong; requests wraps it many times over."""
    inner = getattr(fault, "args", ())
    while inner and isinstance(inner[0], BaseException):
        fault = getattr(inner[0], "reason", None) or inner[0]
        inner = getattr(fault, "args", ())
    return str(fault).rpartition(">: ")[2] or type(fault).__name__
