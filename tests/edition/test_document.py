from __future__ import annotations

import gzip
from datetime import UTC, datetime

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.edition.document import Document, negotiate_coding

MODIFIED = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
LONG = Document(b"<rss>" + b"abc " * 500 + b"</rss>", "application/rss+xml; charset=utf-8", MODIFIED, 3600)
TAG = LONG.etag


def test_the_etag_depends_only_on_the_bytes() -> None:
    other = Document(LONG.data, "text/plain", datetime(2030, 1, 1, tzinfo=UTC), 5, (("Link", "<x>"),))
    assert other.etag == TAG
    assert Document(LONG.data + b" ", LONG.content_type, MODIFIED, 3600).etag != TAG
    assert len(TAG) == 32


def test_each_coding_has_the_same_content_and_its_own_etag() -> None:
    tags = {coding: dict(variant.ok_headers)["ETag"] for coding, variant in LONG.variants.items()}
    assert tags == {"identity": f'"{TAG}"', "gzip": f'"{TAG}-gzip"', "br": f'"{TAG}-br"'}
    assert gzip.decompress(LONG.variants["gzip"].data) == brotli.decompress(LONG.variants["br"].data) == LONG.data


def test_a_coding_that_saves_nothing_is_discarded() -> None:
    assert list(Document(b"ok", "text/plain", MODIFIED, 0).variants) == ["identity"]


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
    assert negotiate_coding(encoding) in LONG.variants


@given(st.floats(-1e9, 1e9) | st.just(float("inf")))
def test_max_age_never_exceeds_the_time_to_the_next_change(seconds: float) -> None:
    _, headers, _ = LONG.respond({"REQUEST_METHOD": "GET"}, seconds)
    age = int(dict(headers)["Cache-Control"].split("max-age=")[1].split(",")[0])
    assert 0 <= age <= max(0, min(3600, seconds))
