"""Small content for tests: one site, one moment, and articles that differ from a plain one in what a test names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from PIL import Image

from feeds.content.folder import ContentFolder
from feeds.feed.builder import FeedTable
from feeds.feed.catalog import Catalog
from feeds.feed.values import Feed
from feeds.model.article import Article, read_article
from feeds.model.article_fields import ArticleContext
from feeds.model.mediafile import MediaFile
from feeds.model.problems import InvalidValue
from feeds.model.renditions import Original, Pictures, Rendition
from feeds.model.site import Site, read_site
from feeds.model.yamlfile import read
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
    "é t&é.jpg": MediaFile("é t&é.jpg", 1_000, "image/jpeg", "3" * 64, 10, 10),
}


ORIGINAL = Original(FILES["photo.jpg"])
FEED_PICTURE = Rendition(f"{ORIGINAL.feed_stem}-1200x630.jpg", "image/jpeg", 54_321, 1200, 630)
CARD_PICTURE = Rendition(f"{ORIGINAL.card_stem}-1200x630.jpg", "image/jpeg", 43_210, 1200, 630)
PICTURES = Pictures({ORIGINAL.feed_stem: FEED_PICTURE, ORIGINAL.card_stem: CARD_PICTURE})
"""What was made of photo.jpg, without a disk."""


def publisher_of(app: Flask) -> Publisher:
    publisher: Publisher = app.extensions["feeds"]
    return publisher


class Shelf:
    """The files of FILES, without a disk."""

    def find(self, path: str) -> MediaFile:
        if path not in FILES:
            raise InvalidValue("media-missing", path=path, nearest=", ".join(FILES))
        return FILES[path]


def as_yaml(values: Mapping[str, object]) -> str:
    """Write values as YAML; JSON is some, if it is left on one line a key."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def site(text: str = SITE) -> Site:
    tree, problems = read(text.encode(), "site.yaml")
    found = read_site(tree, Shelf()) if tree else None
    assert found, problems
    return found


def article(slug: str = "un-titre", **changes: object) -> Article:
    """Make an article that differs from a plain one; an underscore ends names that Python keeps for itself."""
    values = {**PLAIN, **{key.rstrip("_"): value for key, value in changes.items()}}
    tree, problems = read(as_yaml(values).encode(), f"{slug}.yaml")
    found = read_article(tree, ArticleContext(site(), Shelf(), slug)) if tree else None
    assert found, [str(problem) for problem in problems]
    return found


def catalog(*articles: Article, now: datetime = NOW, text: str = SITE) -> Catalog:
    return Catalog.at(now, site(text), {article.slug: article for article in articles})


def table(*articles: Article, now: datetime = NOW, text: str = SITE) -> FeedTable:
    return FeedTable(catalog(*articles, now=now, text=text), pictures=PICTURES)


def named(catalog: Catalog, slug: str) -> Article:
    """Find an article that has appeared."""
    return next(article for article in catalog.appeared if article.slug == slug)


def feed(*articles: Article, now: datetime = NOW, language: str = "fr", name: str = "all") -> Feed:
    found = table(*articles, now=now)
    return found.feed(found.topics[language, name])


def content_folder(
    root: Path,
    articles: Mapping[str, Mapping[str, object] | str | bytes],
    site_text: str = SITE,
    url: str | None = None,
) -> ContentFolder:
    """Write a content folder: articles by path below `articles/` (`.yaml` is added), as changes or as whole files."""
    (root / "articles").mkdir(parents=True, exist_ok=True)
    (root / "media").mkdir(exist_ok=True)
    (root / "site.yaml").write_text(site_text, encoding="utf-8")
    for name, given in articles.items():
        path = root / "articles" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = as_yaml({**PLAIN, **given}) if isinstance(given, Mapping) else given
        path.write_bytes(whole.encode() if isinstance(whole, str) else whole)
    return ContentFolder(root, url)


def draw(path: Path, width: int = 40, height: int = 30) -> None:
    Image.new("RGB", (width, height), "teal").save(path)
