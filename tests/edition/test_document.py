from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, datetime

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import http_date

from feeds.edition.document import Document, cache_control, negotiate_coding

MODIFIED = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
LONG = Document(b"<rss>" + b"abc " * 500 + b"</rss>", "application/rss+xml; charset=utf-8", MODIFIED, 3600)
TAG = LONG.etag


def test_the_etag_depends_only_on_the_bytes() -> None:
    other = Document(LONG.data, "text/plain", datetime(2030, 1, 1, tzinfo=UTC), 5, (("Link", "<x>"),))
    assert other.etag == TAG
    assert Document(LONG.data + b" ", LONG.content_type, MODIFIED, 3600).etag != TAG
    assert len(TAG) == 32


def test_each_coding_has_the_same_content_and_its_own_etag() -> None:
    tags = {coding: dict(LONG.variant(coding).ok_headers)["ETag"] for coding in ("identity", "gzip", "br")}
    assert tags == {"identity": f'"{TAG}"', "gzip": f'"{TAG}-gzip"', "br": f'"{TAG}-br"'}
    assert gzip.decompress(LONG.variant("gzip").data) == brotli.decompress(LONG.variant("br").data) == LONG.data


def test_a_coding_that_saves_nothing_is_discarded() -> None:
    document = Document(b"ok", "text/plain", MODIFIED, 0)
    document.compress()
    assert document.variant("br") is document.variant("gzip") is document.variant("identity")


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;q=0.8", "gzip"),
        ("br;q=0.2, gzip;q=0.9", "gzip"),
        ("gzip;q=0", "identity"),
        ("identity;q=0", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("deflate", "identity"),
        ("*", "identity"),
        (";;,q=,=", "identity"),
    ],
)
def test_the_coding_follows_the_accept_encoding_header(header: str, coding: str) -> None:
    assert negotiate_coding(header) == coding


@pytest.mark.parametrize(
    "header",
    [
        f'"{TAG}"', f'W/"{TAG}"', f'"{TAG}-gzip"', f'W/"{TAG}-br"', f'"x", "{TAG}"', f'"x" , W/"{TAG}-gzip"', TAG,
        f"{TAG}-gzip", "*",
    ],
)  # fmt: skip
def test_an_etag_matches_however_a_client_or_proxy_writes_it(header: str) -> None:
    """A5: Apache and nginx weaken tags or add the coding, and some clients drop the quotes."""
    assert LONG.is_not_modified(header, None)


@pytest.mark.parametrize("header", ['"x"', f'"{TAG[:-1]}"', 'W/"', ",", f'"{TAG}-zstd"'])
def test_a_different_etag_never_matches_whatever_the_date(header: str) -> None:
    assert not LONG.is_not_modified(header, "Mon, 01 Jun 2026 10:00:00 GMT")


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("Mon, 01 Jun 2026 10:00:00 GMT", True),
        ("Mon, 01 Jun 2026 12:00:00 +0200", True),
        ("Monday, 01-Jun-26 10:00:00 GMT", True),
        ("Tue, 01 Jun 2027 10:00:00 GMT", True),
        ("Mon, 01 Jun 2026 09:59:59 GMT", False),
        ("yesterday", False),
        ("Mon, 01 Jun 0000 10:00:00 GMT", False),
        ("Fri, 31 Dec 9999 23:59:59 -2359", False),
    ],
)
def test_the_date_decides_if_no_etag_is_sent(header: str, known: bool) -> None:
    """A5: Thunderbird sends If-Modified-Since only."""
    assert LONG.is_not_modified(None, header) is known


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_header_value_causes_an_error(etag: str, date: str, encoding: str) -> None:
    assert LONG.is_not_modified(etag, date) in (True, False)
    assert negotiate_coding(encoding) in ("identity", "gzip", "br")


@given(st.floats(-1e9, 1e9) | st.just(float("inf")))
def test_max_age_never_exceeds_the_time_to_the_next_change(seconds: float) -> None:
    _, headers, _ = LONG.respond({"REQUEST_METHOD": "GET"}, seconds)
    age = int(dict(headers)["Cache-Control"].split("max-age=")[1].split(",")[0])
    assert 0 <= age <= max(0, min(3600, seconds))


def respond(
    method: str = "GET", seconds_left: float = float("inf"), **headers: str
) -> tuple[str, dict[str, str], bytes]:
    environ = {"REQUEST_METHOD": method, **{f"HTTP_{name.upper()}": value for name, value in headers.items()}}
    status, response_headers, body = LONG.respond(environ, seconds_left)
    assert len(response_headers) == len(dict(response_headers)), "no header twice"
    return status, dict(response_headers), b"".join(body)


def test_a_document_answers_get_and_head_in_the_coding_that_was_asked_for() -> None:
    """A3, A8."""
    for coding in ("identity", "gzip", "br"):
        variant = LONG.variant(coding)
        status, headers, body = respond(accept_encoding=coding)
        assert (status, body, headers) == ("200 OK", variant.data, dict(variant.ok_headers))
        assert headers["Content-Length"] == str(len(body))
        assert headers.get("Content-Encoding") == (None if coding == "identity" else coding)
        assert respond("HEAD", accept_encoding=coding) == ("200 OK", headers, b"")
    assert respond()[2] == LONG.data and respond(accept_encoding="zstd")[2] == LONG.data


def test_a_document_answers_304_by_tag_or_date() -> None:
    """A4."""
    date = "Mon, 01 Jun 2026 10:00:00 GMT"
    for status, headers, body in (
        respond(accept_encoding="br", if_none_match=f'"{TAG}"'),
        respond(accept_encoding="br", if_modified_since=date),
    ):
        assert (status, body) == ("304 Not Modified", b"")
        assert headers == dict(LONG.variant("br").not_modified_headers)
        assert headers["ETag"] == f'"{TAG}-br"'
    assert respond(if_none_match='"x"', if_modified_since=date)[0] == "200 OK"


def test_a_document_refuses_other_methods() -> None:
    """A3."""
    status, headers, body = respond("POST")
    assert (status, body) == ("405 Method Not Allowed", b"")
    assert (headers["Allow"], headers["Content-Length"]) == ("GET, HEAD", "0")
    assert headers["X-Content-Type-Options"] == "nosniff" and "ETag" not in headers


@pytest.mark.parametrize(
    ("seconds_left", "expected"),
    [
        (float("inf"), "public, max-age=3600, s-maxage=10, stale-while-revalidate=60, stale-if-error=86400"),
        (3660, "public, max-age=3600, s-maxage=10, stale-while-revalidate=60, stale-if-error=86400"),
        (3659.9, "public, max-age=3600, s-maxage=10, stale-if-error=86400"),
        (3600, "public, max-age=3600, s-maxage=10, stale-if-error=86400"),
        (11.9, "public, max-age=11, s-maxage=10, stale-if-error=86400"),
        (10.9, "public, max-age=10, stale-if-error=86400"),
        (0.5, "public, max-age=0, stale-if-error=86400"),
        (-5, "public, max-age=0, stale-if-error=86400"),
    ],
)
def test_no_copy_outlives_the_next_change(seconds_left: float, expected: str) -> None:
    """A10."""
    assert respond(seconds_left=seconds_left)[1]["Cache-Control"] == expected
    assert respond(seconds_left=seconds_left, if_none_match=f'"{TAG}"')[1]["Cache-Control"] == expected
    assert cache_control(3600, seconds_left, shared=10) == expected


def test_cache_control_without_shared_caches_and_changes() -> None:
    assert cache_control(60) == "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"
    assert cache_control(60, shared=60) == cache_control(60)
    assert cache_control(60, shared=59).startswith("public, max-age=60, s-maxage=59, ")


def test_a_very_long_header_is_neither_cached_nor_parsed_in_full() -> None:
    tags = ", ".join(f'"{number:032x}"' for number in range(10_000))
    assert respond(if_none_match=f'"{TAG}", {tags}')[0] == "304 Not Modified"
    assert respond(if_none_match=f'{tags}, "{TAG}"')[0] == "200 OK"
    assert respond(accept_encoding="br, " + "x" * 10_000)[0] == "200 OK"
    assert negotiate_coding("br, " + "x" * 10_000) == "identity"
    date = http_date(MODIFIED)
    assert respond(if_modified_since=date)[0] == "304 Not Modified"
    assert respond(if_modified_since=date + " " * 10_000)[0] == "200 OK"


def test_distinct_long_headers_take_no_memory() -> None:
    def send_all() -> None:
        for number in range(2_000):
            value = f"{number}" + "x" * 20_000
            respond(if_none_match=f'"{value}"', accept_encoding=value)
            respond(if_modified_since=value)

    send_all()
    tracemalloc.start()
    send_all()
    growth, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert growth < 2_000_000
