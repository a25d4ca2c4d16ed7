"""Document: rendered bytes with all their headers and encodings, and the response to a request.

It renders nothing. Between requests it caches only parsed headers; Werkzeug parses them.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from wsgiref.types import WSGIEnvironment

import brotli
from werkzeug.datastructures import Accept
from werkzeug.http import http_date, parse_accept_header, parse_date, parse_etags

from feeds.base.fingerprint import fingerprint_bytes

Headers = list[tuple[str, str]]

WSGIResponse = tuple[str, Headers, list[bytes]]
"""Status, headers and body."""

SECURITY_HEADERS: Headers = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
]

SANDBOX_POLICY = "default-src 'none'; sandbox"
"""The Content-Security-Policy of such a file: it isolates the file from our pages."""

IMMUTABLE_MAX_AGE = 31_536_000
"""A year in seconds, which caches treat as for ever (RFC 8246)."""

IMMUTABLE_CACHE_CONTROL = f"public, max-age={IMMUTABLE_MAX_AGE}, immutable"
"""The Cache-Control of content that never changes at its address."""

MAX_HEADER_LENGTH = 1_000
"""Maximum number of characters of a request header that are parsed: about 25 of our tags. Parsed headers are cached."""

MAX_DATE_LENGTH = 60
"""Maximum length of a date in a request header."""

SHARED_MAX_AGE = 10
"""Seconds that a shared cache, such as nginx in front of us, may reuse a copy; revalidating costs it a 304."""

STALE_WHILE_REVALIDATE = 60
STALE_IF_ERROR = 86_400
"""Seconds for which a cache may serve a stale copy: while it revalidates, and while we are down (RFC 5861)."""


BROTLI_QUALITY, GZIP_LEVEL = 5, 6
"""The next higher levels take several times as long, and save less than five per cent."""


def compress_gzip(data: bytes) -> bytes:
    """Return data as gzip (RFC 1952), without the time."""
    return gzip.compress(data, GZIP_LEVEL, mtime=0)


def compress_brotli(data: bytes, quality: int = BROTLI_QUALITY) -> bytes:
    """Return data as Brotli (RFC 7932), with the smallest window that holds it: a larger one takes time to set up."""
    window = min(max(len(data).bit_length(), MIN_WINDOW_BITS), MAX_WINDOW_BITS)
    return bytes(brotli.compress(data, quality=quality, lgwin=window))


COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {"gzip": compress_gzip, "br": compress_brotli}
"""The content codings besides `identity`."""

MIN_WINDOW_BITS, MAX_WINDOW_BITS = 10, 22
"""Limits of the logarithm of Brotli's window size in bytes."""


def worth_compressing(compressed: bytes, data: bytes) -> bool:
    """Return whether a compressed copy is worth storing: it has at most 95 % of the bytes."""
    return len(compressed) <= len(data) * 0.95


def cache_control(max_age: int, seconds_left: float = float("inf"), *, shared: int | None = None) -> str:
    """Return the Cache-Control value: how long a copy is fresh, and when a stale one may be used.

    See RFC 9111 and RFC 5861. `shared` is a shorter lifetime for shared caches. If the content
    changes after `seconds_left`, no copy outlives that, not even while a cache revalidates it.
    """
    directives = [f"max-age={max_age}", f"stale-while-revalidate={STALE_WHILE_REVALIDATE}"]
    if seconds_left < max_age + STALE_WHILE_REVALIDATE:
        max_age = max(0, int(min(max_age, seconds_left)))
        directives = [f"max-age={max_age}"]
    if shared is not None and shared < max_age:
        directives.insert(1, f"s-maxage={shared}")
    return ", ".join(["public", *directives, f"stale-if-error={STALE_IF_ERROR}"])


def content_security_policy(origin: str, framed_by: str = "'none'", *, is_search: bool = False) -> str:
    """Return the policy that allows what our pages need.

    That is our stylesheet, fonts and script, our forms and addresses, and pictures and films of ours (`origin`) and of
    others. It allows no inline code, and only `framed_by` may frame our pages. `is_search` is whether the page searches
    an index of ours in WebAssembly.
    """
    scripts = "'self' 'wasm-unsafe-eval'; worker-src 'self'" if is_search else "'self'"
    media = f"'self' {'/'.join(origin.split('/')[:3])} https:"
    return (
        f"default-src 'none'; style-src 'self'; font-src 'self'; script-src {scripts}; img-src {media};"
        f" media-src {media}; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {framed_by}"
    )


@dataclass(frozen=True, slots=True)
class Variant:
    """The bytes in one content coding, and the headers of a 200 and a 304 response.

    The last header, Cache-Control, is that of a document without a scheduled change.
    """

    data: bytes
    ok_headers: tuple[tuple[str, str], ...]
    not_modified_headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The response for a path.

    `etag` is a function of the bytes. `modified` is aware, in whole seconds, and may be later than the
    last change of the bytes, never earlier. `max_age` is in seconds.
    """

    data: bytes
    content_type: str
    modified: datetime
    max_age: int
    headers: tuple[tuple[str, str], ...] = ()
    etag: str = field(init=False)
    etags: frozenset[str] = field(init=False, repr=False)
    _variants: dict[str, Variant] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the ETag."""
        object.__setattr__(self, "etag", fingerprint_bytes(self.data))
        object.__setattr__(self, "etags", frozenset((self.etag, f"{self.etag}-gzip", f"{self.etag}-br")))
        object.__setattr__(self, "_variants", {"identity": self._variant("identity", self.data)})

    def variant(self, coding: str) -> Variant:
        """Return the variant in a coding, compressed at its first use; the identity if compressing saves nothing."""
        if (variant := self._variants.get(coding)) is None:
            compressed = COMPRESSORS[coding](self.data)
            is_smaller = worth_compressing(compressed, self.data)
            variant = self._variant(coding, compressed) if is_smaller else self._variants["identity"]
            self._variants[coding] = variant
        return variant

    def compress(self) -> None:
        """Compute all variants, so that no request has to wait for that."""
        for coding in COMPRESSORS:
            self.variant(coding)

    def _variant(self, coding: str, data: bytes) -> Variant:
        tag = self.etag if coding == "identity" else f"{self.etag}-{coding}"
        common_headers: Headers = [
            ("ETag", f'"{tag}"'),
            ("Last-Modified", http_date(self.modified)),
            ("Vary", "Accept-Encoding"),
            *SECURITY_HEADERS,
            *self.headers,
        ]
        encoding: Headers = [] if coding == "identity" else [("Content-Encoding", coding)]
        length = ("Content-Length", str(len(data)))
        cache_header = _cache_control_header(self.max_age, self.max_age + STALE_WHILE_REVALIDATE)
        ok = ("Content-Type", self.content_type), length, *encoding, *common_headers, cache_header
        return Variant(data, ok, (*common_headers, cache_header))

    def respond(self, environ: WSGIEnvironment, seconds_left: float) -> WSGIResponse:
        """Return the response to a request (RFC 9110): 200 or 304 to GET and HEAD, else 405.

        `seconds_left` is the time until the next scheduled change of the edition: no copy may be
        cached beyond it.
        """
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            headers = [("Allow", "GET, HEAD"), ("Content-Length", "0"), *SECURITY_HEADERS, *self.headers]
            return "405 Method Not Allowed", headers, []
        variant = self.variant(negotiate_coding(environ.get("HTTP_ACCEPT_ENCODING", "")))
        if self.is_not_modified(environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")):
            status, headers, body = "304 Not Modified", list(variant.not_modified_headers), []
        else:
            status, headers, body = "200 OK", list(variant.ok_headers), [] if method == "HEAD" else [variant.data]
        if seconds_left < self.max_age + STALE_WHILE_REVALIDATE:
            headers[-1] = _cache_control_header(self.max_age, max(0, int(seconds_left)))
        return status, headers, body

    def is_not_modified(self, if_none_match: str | None, if_modified_since: str | None) -> bool:
        """Return whether the client has these bytes, in any coding.

        If-None-Match takes precedence (RFC 9110 13.2.2).
        """
        if if_none_match:
            client_etags = _parse_if_none_match(if_none_match)
            return client_etags is None or not self.etags.isdisjoint(client_etags)
        if if_modified_since:
            since = _parse_http_date(if_modified_since)
            return since is not None and self.modified <= since
        return False


@lru_cache(maxsize=4096)
def _cache_control_header(max_age: int, seconds_left: int) -> tuple[str, str]:
    return "Cache-Control", cache_control(max_age, seconds_left, shared=SHARED_MAX_AGE)


def _parse_if_none_match(header: str) -> frozenset[str] | None:
    """Return the tags of an If-None-Match header, weak or strong, or None for `*`. A long one is cut off."""
    return _parse_etags(header[:MAX_HEADER_LENGTH])


@lru_cache(maxsize=512)
def _parse_etags(header: str) -> frozenset[str] | None:
    etags = parse_etags(header)
    return None if etags.star_tag else frozenset(etags.as_set(include_weak=True))


def _parse_http_date(header: str) -> datetime | None:
    """Return the date in a header, or None if it is not a date."""
    return _parse_date(header) if len(header) <= MAX_DATE_LENGTH else None


@lru_cache(maxsize=512)
def _parse_date(header: str) -> datetime | None:
    try:
        date = parse_date(header)
        return date.astimezone(UTC) if date else None
    except (OverflowError, ValueError):  # a year or an offset out of range
        return None


def negotiate_coding(header: str) -> str:
    """Return the content coding for an Accept-Encoding header.

    It is identity by default and for a very long header, and never a refusal.
    """
    return _negotiate(header) if len(header) <= MAX_HEADER_LENGTH else "identity"


@lru_cache(maxsize=512)
def _negotiate(header: str) -> str:
    qualities = {str(coding).lower(): quality for coding, quality in parse_accept_header(header, Accept)}
    best = max(("br", "gzip"), key=lambda coding: (qualities.get(coding, 0), coding == "br"))
    return best if qualities.get(best, 0) > 0 and qualities[best] >= qualities.get("identity", 0) else "identity"
