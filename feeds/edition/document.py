"""Document: finished bytes with all their headers and encodings, and the choice of an answer to a request.

It renders nothing and keeps nothing between requests but how header texts read; that reading is Werkzeug's.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from wsgiref.types import WSGIEnvironment

import brotli
from werkzeug.datastructures import Accept
from werkzeug.http import http_date, parse_accept_header, parse_date, parse_etags

from feeds.base.fingerprint import fingerprint_bytes

Headers = list[tuple[str, str]]

Answer = tuple[str, Headers, list[bytes]]
"""Status, headers and body."""

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
    """The bytes in one content coding, and the headers that a 200 and a 304 give.

    Cache-Control, which is the last of them, is that of a document that will not change by itself.
    """

    data: bytes
    ok: tuple[tuple[str, str], ...]
    not_modified: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a path answers: `etag` is a function of the bytes, `variants` are by content coding (`identity` always).

    `modified` is aware, in whole seconds, and may be later than the bytes' last change, never earlier. `max_age` is in
    seconds. `coded` are the bytes in each coding worth keeping, if they were made before.
    """

    data: bytes
    content_type: str
    modified: datetime
    max_age: int
    headers: tuple[tuple[str, str], ...] = ()
    coded: InitVar[Mapping[str, bytes] | None] = None
    etag: str = field(init=False)
    tags: frozenset[str] = field(init=False, repr=False)
    variants: dict[str, Variant] = field(init=False, repr=False)

    def __post_init__(self, coded: Mapping[str, bytes] | None) -> None:
        """Finish what every answer needs."""
        object.__setattr__(self, "etag", fingerprint_bytes(self.data))
        object.__setattr__(self, "tags", frozenset((self.etag, f"{self.etag}-gzip", f"{self.etag}-br")))
        coded = coded or self._coded()
        variants = {coding: self._variant(coding, data) for coding, data in coded.items()}
        object.__setattr__(self, "variants", variants)

    def _coded(self) -> dict[str, bytes]:
        coded = {"gzip": gzip.compress(self.data, 9, mtime=0), "br": brotli.compress(self.data, quality=5)}
        return {"identity": self.data, **{coding: data for coding, data in coded.items() if pays(data, self.data)}}

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
        keep = _keep(self.max_age, self.max_age + STALE_WHILE_REVALIDATE)
        ok = ("Content-Type", self.content_type), length, *encoding, *again, keep
        return Variant(data, ok, (*again, keep))

    def answer(self, environ: WSGIEnvironment, seconds_left: float) -> Answer:
        """Answer a request (RFC 9110): GET and HEAD with 200 or 304, anything else with 405.

        `seconds_left` is the time to the next scheduled change of the edition: no copy may be kept beyond it.
        """
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            headers = [("Allow", "GET, HEAD"), ("Content-Length", "0"), *SECURITY, *self.headers]
            return "405 Method Not Allowed", headers, []
        variants = self.variants
        variant = variants.get(coding_for(environ.get("HTTP_ACCEPT_ENCODING", "")), variants["identity"])
        if self.is_known(environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")):
            status, headers, body = "304 Not Modified", list(variant.not_modified), []
        else:
            status, headers, body = "200 OK", list(variant.ok), [] if method == "HEAD" else [variant.data]
        if seconds_left < self.max_age + STALE_WHILE_REVALIDATE:
            headers[-1] = _keep(self.max_age, max(0, int(seconds_left)))
        return status, headers, body

    def is_known(self, if_none_match: str | None, if_modified_since: str | None) -> bool:
        """Tell whether the client has these bytes, in whatever coding; If-None-Match goes first (RFC 9110 13.2.2)."""
        if if_none_match:
            known = _etags(if_none_match)
            return known is None or not self.tags.isdisjoint(known)
        if if_modified_since:
            since = _date(if_modified_since)
            return since is not None and self.modified <= since
        return False


@lru_cache(maxsize=4096)
def _keep(max_age: int, seconds_left: int) -> tuple[str, str]:
    return "Cache-Control", cache_control(max_age, seconds_left, shared=SHARED)


@lru_cache(maxsize=4096)
def _etags(header: str) -> frozenset[str] | None:
    """Read If-None-Match as the tags in it, weak or strong; None for `*`, which is any."""
    found = parse_etags(header)
    return None if found.star_tag else frozenset(found.as_set(include_weak=True))


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
