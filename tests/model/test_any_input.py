"""Any article, site file, path or header gives a clear problem or a valid response, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from werkzeug.test import create_environ, run_wsgi_app

from feeds import create_app
from feeds.content.folder import ContentFolder
from feeds.edition.edition import Edition
from feeds.feed.catalog import Catalog
from feeds.model.article import Article
from feeds.model.site import Site
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SAMPLE, SITE

WORDS = st.text(alphabet=st.sampled_from("ab:- #\"'[]{}&*!|>%@`,?é\u00a0🎉\\<>/\n\r\t"), max_size=20)
TEXTS = WORDS | st.sampled_from(
    ["2026-03-01", "2026-13-40", "2999-01-01T09:00+02:00", "true", "research", "fr", "a.png", "../site.yaml"]
    + ["https://a.example/x", "javascript:alert(1)", "<script>", "1:02:30", "[0.5, 2]", "%s", "{0}", "-1", "x" * 3000]
)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


def valued(model: Any, whole: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy that replaces some keys of valid data with arbitrary values."""
    keys = st.sampled_from([*model.model_fields, "titel", "a b"])
    return st.dictionaries(keys, VALUES, max_size=4).map(lambda changes: {**whole, **changes})


def looked_at(article: Mapping[str, Any] | None, site: str) -> None:
    """Load an article and a site, and check every problem and every document that results."""
    with TemporaryDirectory() as place:
        root = Path(place)
        (root / "articles").mkdir()
        (root / "media").mkdir()
        (root / "site.yaml").write_text(site, encoding="utf-8")
        if article is not None:
            # JSON is YAML; a lone surrogate is no text of any file
            (root / "articles" / "a.yaml").write_text(json.dumps(article, ensure_ascii=False), encoding="utf-8")
        folder = ContentFolder(root)
        found = folder.load()
        for problem in found.problems:
            assert str(problem).startswith(f"{root}/") and len(str(problem).splitlines()) == 1
        if found.site is None:
            assert found.problems, "nothing is lost without a word"
            return
        errors = [problem for problem in found.problems if problem.severity == "error"]
        assert article is None or bool(found.articles) != bool(errors)
        for path, document in Edition(
            Catalog.at(NOW, found.site, found.articles), folder.media
        ).prebuilt_documents.items():
            if path.endswith((".rss", ".atom")):
                etree.fromstring(document.data)
            elif path.endswith(".json"):
                json.loads(document.data)


@given(valued(Article, PLAIN))
def test_any_article_gives_well_formed_feeds_or_a_problem(values: dict[str, Any]) -> None:
    looked_at(values, SITE)


WHOLE: dict[str, Any] = {
    "title": "Le site",
    "subtitle": "Un site.",
    "url": "https://news.example",
    "languages": ["fr"],
    "timezone": "Europe/Paris",
    "tag_authority": "news.example,2020",
    "publisher": {"name": "Nous"},
    "categories": {"research": {"title": "Recherche", "description": "On cherche."}},
}


@given(valued(Site, WHOLE))
def test_any_site_gives_well_formed_feeds_or_a_problem(values: dict[str, Any]) -> None:
    looked_at(None, json.dumps(values, ensure_ascii=False))


PARTS = st.sampled_from(
    ["", "feeds", "en", "all.rss", "all", "tags", "media", "pictures", "articles", "2026-01.atom", "..", ".", "%2e%2e"]
    + ["icon.png", "site.yaml", "cheque-ligue", "health", "é", "\x00", "x" * 300, "preview", "static", "etc", "passwd"]
) | st.text(max_size=8)
HEADERS = st.dictionaries(
    st.sampled_from(["Accept-Encoding", "If-None-Match", "If-Modified-Since", "If-Range", "Range", "Host", "Accept"]),
    st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=30)
    | st.sampled_from(["*", "bytes=0-", "bytes=9-1", "bytes=-1", "gzip;q=0, *", 'W/"a", "b"', "x" * 5000]),
    max_size=4,
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE", "GET"])


@pytest.fixture(scope="module")
def application() -> Flask:
    return create_app(Settings(SAMPLE), clock=lambda: NOW)


@given(METHODS, st.lists(PARTS, max_size=5), HEADERS)
def test_any_request_gets_a_valid_response(
    application: Flask, method: str, parts: list[str], headers: dict[str, str]
) -> None:
    environ = create_environ("/", method=method)  # what a client would refuse to send is sent all the same
    path = "/" + "/".join(parts)
    environ["PATH_INFO"] = path.encode("utf-8", "replace").decode("latin-1")
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    body, status, found = run_wsgi_app(application, environ, buffered=True)
    data = b"".join(body)
    assert status[:3] in ("200", "206", "301", "304", "400", "404", "405", "412", "416"), (path, status)
    assert b"tag_authority" not in data and b"root:x:" not in data
    assert found["X-Content-Type-Options"] == "nosniff"
