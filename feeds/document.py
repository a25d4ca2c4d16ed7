"""Document: finished bytes with all their headers and encodings, and the choice of an answer to a request.

It renders nothing and keeps nothing between requests but how header texts read; that reading is Werkzeug's.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from wsgiref.types import StartResponse, WSGIEnvironment

import brotli
from werkzeug.datastructures import Accept, ETags
from werkzeug.http import http_date, parse_accept_header, parse_date, parse_etags

Headers = list[tuple[str, str]]

SECURITY: Headers = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
]

SCRIPTABLE = ("text/html", "image/svg+xml", "text/xml", "application/xml", "application/xhtml+xml")
"""Types of which a browser would run code, so that an author's file of one is opened in a sandbox."""

SANDBOX = "default-src 'none'; sandbox"
"""The Content-Security-Policy of such a file: it keeps it from our pages."""

FOR_EVER = 31_536_000
"""Seconds, a year: what caches take for ever (RFC 8246)."""

IMMUTABLE = f"public, max-age={FOR_EVER}, immutable"
"""The Cache-Control of what has its address for ever."""

SHARED = 10
"""Seconds that a cache of many may keep a copy, such as nginx before us: asking again costs it a 304."""

STALE_WHILE_REVALIDATE = 60
STALE_IF_ERROR = 86_400
"""Seconds for which a cache may answer by itself: while it asks again, and while we are down (RFC 5861)."""


def pays(coded: bytes, data: bytes) -> bool:
    """Tell whether a coding is worth keeping: it leaves at most 95 % of the bytes."""
    return len(coded) <= len(data) * 0.95


def etag_of(data: bytes) -> str:
    """Make an entity tag, without its quotes, of bytes alone: 128 bits of their SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()[:32]


def cache_control(max_age: int, seconds_left: float = float("inf"), *, shared: int | None = None) -> str:
    """Say how long a copy may be kept, and for how long an old one is better than none (RFC 9111, RFC 5861).

    `shared` is for caches of many, if they are to ask sooner. Where it changes in `seconds_left`, no copy outlives
    that: not even the once that a cache asks for a new one.
    """
    parts = [f"max-age={max_age}", f"stale-while-revalidate={STALE_WHILE_REVALIDATE}"]
    if seconds_left < max_age + STALE_WHILE_REVALIDATE:
        max_age = max(0, int(min(max_age, seconds_left)))
        parts = [f"max-age={max_age}"]
    if shared is not None and shared < max_age:
        parts.insert(1, f"s-maxage={shared}")
    return ", ".join(["public", *parts, f"stale-if-error={STALE_IF_ERROR}"])


def content_security_policy(origin: str, framed_by: str = "'none'") -> str:
    """Allow what our pages need: our stylesheet and script, pictures and films of ours (`origin`) and of others.

    There is no inline code, nothing is sent anywhere, and nobody but `framed_by` may frame a page of ours.
    """
    media = f"'self' {'/'.join(origin.split('/')[:3])} https:"
    return (
        f"default-src 'none'; style-src 'self'; script-src 'self'; img-src {media}; media-src {media};"
        f" base-uri 'none'; form-action 'none'; frame-ancestors {framed_by}"
    )


@dataclass(frozen=True, slots=True)
class Variant:
    """The bytes in one content coding, and the headers that a 200 and a 304 give but for Cache-Control."""

    data: bytes
    ok: tuple[tuple[str, str], ...]
    not_modified: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a path answers: `etag` is a function of the bytes, `variants` are by content coding (`identity` always).

    `modified` is aware, in whole seconds, and may be later than the bytes' last change, never earlier. `max_age` is in
    seconds.
    """

    data: bytes
    content_type: str
    modified: datetime
    max_age: int
    headers: tuple[tuple[str, str], ...] = ()
    etag: str = field(init=False)
    variants: dict[str, Variant] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Finish what every answer needs."""
        object.__setattr__(self, "etag", etag_of(self.data))
        object.__setattr__(self, "variants", dict(self._variants()))

    def _variants(self) -> Iterable[tuple[str, Variant]]:
        coded = {
            "identity": self.data,
            "gzip": gzip.compress(self.data, 9, mtime=0),
            "br": brotli.compress(self.data, quality=5),
        }
        for coding, data in coded.items():
            if coding == "identity" or pays(data, self.data):
                yield coding, self._variant(coding, data)

    def _variant(self, coding: str, data: bytes) -> Variant:
        tag = self.etag if coding == "identity" else f"{self.etag}-{coding}"
        again: Headers = [
            ("ETag", f'"{tag}"'),
            ("Last-Modified", http_date(self.modified)),
            ("Vary", "Accept-Encoding"),
            *SECURITY,
            *self.headers,
        ]
        encoding: Headers = [] if coding == "identity" else [("Content-Encoding", coding)]
        length = ("Content-Length", str(len(data)))
        return Variant(data, (("Content-Type", self.content_type), length, *encoding, *again), tuple(again))

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse, seconds_left: float) -> list[bytes]:
        """Answer a request (RFC 9110): GET and HEAD with 200 or 304, anything else with 405.

        `seconds_left` is the time to the next scheduled change of the edition: no copy may be kept beyond it.
        """
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            headers = [("Allow", "GET, HEAD"), ("Content-Length", "0"), *SECURITY, *self.headers]
            start_response("405 Method Not Allowed", headers)
            return []
        variant = self.variants.get(coding_for(environ.get("HTTP_ACCEPT_ENCODING", "")), self.variants["identity"])
        keep = ("Cache-Control", cache_control(self.max_age, seconds_left, shared=SHARED))
        if self.is_known(environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")):
            start_response("304 Not Modified", [*variant.not_modified, keep])
            return []
        start_response("200 OK", [*variant.ok, keep])
        return [] if method == "HEAD" else [variant.data]

    def is_known(self, if_none_match: str | None, if_modified_since: str | None) -> bool:
        """Tell whether the client has these bytes, in whatever coding; If-None-Match goes first (RFC 9110 13.2.2)."""
        if if_none_match:
            known = _etags(if_none_match)
            return known.star_tag or any(
                known.contains_weak(tag) for tag in (self.etag, f"{self.etag}-gzip", f"{self.etag}-br")
            )
        if if_modified_since:
            since = _date(if_modified_since)
            return since is not None and self.modified <= since
        return False


@lru_cache(maxsize=4096)
def _etags(header: str) -> ETags:
    return parse_etags(header)


@lru_cache(maxsize=4096)
def _date(header: str) -> datetime | None:
    try:
        found = parse_date(header)
        return found.astimezone(UTC) if found else None
    except (OverflowError, ValueError):  # a year or an offset that no calendar has
        return None


@lru_cache(maxsize=1024)
def coding_for(header: str) -> str:
    """Choose the content coding for an Accept-Encoding header; identity where nothing is asked, and never a refusal."""
    named = {str(coding).lower(): quality for coding, quality in parse_accept_header(header, Accept)}
    best = max(("br", "gzip"), key=lambda coding: (named.get(coding, 0), coding == "br"))
    return best if named.get(best, 0) > 0 and named[best] >= named.get("identity", 0) else "identity"
