"""Minimal content for tests: a site, a fixed time, and articles that differ from PLAIN only in what a test names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from lxml import etree
from PIL import Image

from feeds.content.folder import ContentFolder
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import Catalog
from feeds.feed.values import Feed
from feeds.model.article import Article, read_article
from feeds.model.article_types import ArticleContext
from feeds.model.mediafile import MediaFile
from feeds.model.problems import InvalidValue
from feeds.model.renditions import Original, Pictures, Rendition
from feeds.model.site import Site, read_site
from feeds.model.yamlfile import parse_yaml
from feeds.server.publisher import Publisher

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
TESTS = Path(__file__).parent
ROOT = TESTS.parent
SAMPLE = ROOT / "content"

SITE = """\
title: {fr: Le site, en: The site}
subtitle: {fr: Un site d’essai., en: A site for tests.}
url: https://news.example
languages: [fr, en]
timezone: Europe/Paris
tag_authority: news.example,2020
publisher: {name: L’institut, email: office@news.example, url: "https://www.example"}
categories:
  research: {title: {fr: Recherche, en: Research}, description: {fr: On cherche., en: We search.}}
  outreach: {title: {fr: Société, en: Society}, description: {fr: On parle., en: We talk.}}
  funding: {title: {fr: Soutiens, en: Support}, description: {fr: On donne., en: We give.}}
"""

PLAIN = {"title": "Un titre", "published": "2026-03-01T09:00", "categories": ["research"], "body": "Un texte."}

FILES = {
    "photo.jpg": MediaFile("photo.jpg", 54_321, "image/jpeg", "0" * 64, 1200, 630),
    "plan.pdf": MediaFile("plan.pdf", 9_876, "application/pdf", "1" * 64),
    "son.mp3": MediaFile("son.mp3", 7_654_321, "audio/mpeg", "2" * 64),
    "logo.svg": MediaFile("logo.svg", 63, "image/svg+xml", "4" * 64),
    "ours.woff2": MediaFile("ours.woff2", 20_000, "font/woff2", "5" * 64),
    "é t&é.jpg": MediaFile("é t&é.jpg", 1_000, "image/jpeg", "3" * 64, 10, 10),
}


TEXTS = {
    "style.css": "@font-face { font-family: Ours; src: url(media/ours.woff2) }\nh1 { font-family: Ours }\n",
    "media/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"/>',
}

ORIGINAL = Original(FILES["photo.jpg"])
FEED_PICTURE = Rendition(f"{ORIGINAL.feed_stem}-1200x630.jpg", "image/jpeg", 54_321, 1200, 630)
CARD_PICTURE = Rendition(f"{ORIGINAL.card_stem}-1200x630.jpg", "image/jpeg", 43_210, 1200, 630)
PICTURES = Pictures({ORIGINAL.feed_stem: FEED_PICTURE, ORIGINAL.card_stem: CARD_PICTURE})
"""The renditions of photo.jpg, without files on disk."""


def publisher_of(app: Flask) -> Publisher:
    publisher: Publisher = app.extensions["feeds"]
    return publisher


class FakeMedia:
    """An in-memory folder that contains FILES and TEXTS."""

    def find(self, path: str) -> MediaFile:
        if path not in FILES:
            raise InvalidValue("media-missing", path=path, nearest=", ".join(FILES))
        return FILES[path]

    def text(self, path: str) -> str:
        if path not in TEXTS:
            raise InvalidValue("text-file-missing", path=path, folder="content")
        return TEXTS[path]


def xpath(page: bytes, expression: str) -> list[Any]:
    """Return what an expression finds in a page."""
    found = etree.HTML(page).xpath(expression)
    assert isinstance(found, list)
    return found


def as_yaml(values: Mapping[str, object]) -> str:
    """Return values as YAML, one line per key. JSON on one line is valid YAML."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def site(text: str = SITE) -> Site:
    tree, problems = parse_yaml(text.encode(), "site.yaml")
    parsed_site = read_site(tree, FakeMedia()) if tree else None
    assert parsed_site, problems
    return parsed_site


def article(slug: str = "un-titre", **changes: object) -> Article:
    """Return an article with changes to PLAIN. A trailing underscore in a keyword is removed (`class_`)."""
    values = {**PLAIN, **{key.rstrip("_"): value for key, value in changes.items()}}
    tree, problems = parse_yaml(as_yaml(values).encode(), f"{slug}.yaml")
    parsed_article = read_article(tree, ArticleContext(site(), FakeMedia(), slug)) if tree else None
    assert parsed_article, [str(problem) for problem in problems]
    return parsed_article


def catalog(*articles: Article, now: datetime = NOW, text: str = SITE) -> Catalog:
    return Catalog.at(now, site(text), {article.slug: article for article in articles})


def table(*articles: Article, now: datetime = NOW, text: str = SITE) -> FeedBuilder:
    return FeedBuilder(catalog(*articles, now=now, text=text), pictures=PICTURES)


def find_article(catalog: Catalog, slug: str) -> Article:
    """Return a published article by its slug."""
    return next(article for article in catalog.appeared if article.slug == slug)


def feed(*articles: Article, now: datetime = NOW, language: str = "fr", name: str = "all") -> Feed:
    feed_table = table(*articles, now=now)
    return feed_table.feed(feed_table.topics[language, name])


def content_folder(
    root: Path,
    articles: Mapping[str, Mapping[str, object] | str | bytes],
    site_text: str = SITE,
    url: str | None = None,
) -> ContentFolder:
    """Write a content folder. `articles` maps paths below `articles/`, without `.yaml`, to changes or whole files."""
    (root / "articles").mkdir(parents=True, exist_ok=True)
    (root / "media").mkdir(exist_ok=True)
    (root / "site.yaml").write_text(site_text, encoding="utf-8")
    for name, content in articles.items():
        path = root / "articles" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = as_yaml({**PLAIN, **content}) if isinstance(content, Mapping) else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return ContentFolder(root, url)


def draw(path: Path, width: int = 40, height: int = 30) -> None:
    Image.new("RGB", (width, height), "teal").save(path)
