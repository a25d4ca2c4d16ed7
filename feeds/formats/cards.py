"""Metadata of an article's page for link previews: Open Graph, JSON-LD and the fediverse.

None of it is visible on the page itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from feeds.base import translations
from feeds.feed.values import Entry
from feeds.model.article import Article
from feeds.model.site import Site
from feeds.model.site_groups import Author, Person

SCHEMA = "https://schema.org"


def plain_spaces(title: str) -> str:
    """Replace U+202F with U+00A0: many fonts for titles of tabs and cards lack U+202F."""
    return title.replace("\u202f", "\u00a0")


def open_graph(
    site: Site, article: Article, entry: Entry, translated_languages: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield the Open Graph properties of an article's page (https://ogp.me/).

    `translated_languages` are the languages of its translations.
    """
    yield "og:type", "article"
    yield "og:title", plain_spaces(entry.title)
    yield "og:description", entry.summary
    yield "og:url", entry.url
    yield "og:site_name", plain_spaces(site.title[entry.language])
    yield "og:locale", translations.og_locale(entry.language)
    for language in translated_languages:
        yield "og:locale:alternate", translations.og_locale(language)
    if card := entry.card:
        yield "og:image", card.url
        yield "og:image:type", card.type
        yield "og:image:width", str(card.width)
        yield "og:image:height", str(card.height)
        yield "og:image:alt", card.alt
    yield "article:published_time", entry.published.isoformat()
    if entry.updated != entry.published:
        yield "article:modified_time", entry.updated.isoformat()
    for category in entry.categories[:1]:  # a draft may have none yet
        yield "article:section", category.label
    for tag in article.tags:
        yield "article:tag", tag


def json_ld(site: Site, article: Article, entry: Entry) -> Markup:
    """Return a NewsArticle (https://schema.org/NewsArticle) as the text of a script element.

    `<`, `>` and `&` are escaped, so that `</` cannot end the element.
    """
    news_article: dict[str, Any] = {
        "@context": SCHEMA,
        "@type": "NewsArticle",
        "@id": entry.id,
        "headline": entry.title,
        "description": entry.summary,
        "datePublished": entry.published.isoformat(),
        "dateModified": entry.updated.isoformat(),
        "inLanguage": entry.language,
        "mainEntityOfPage": entry.url,
        "articleSection": [term.label for term in entry.categories[: len(article.categories)]],
        "keywords": list(article.tags) or None,
        "image": [image.url for image in (entry.picture, entry.card) if image] or None,
        "author": [_author(author) for author in article.authors] or [_publisher(site)],
        "publisher": _publisher(site),
        "isAccessibleForFree": True,
    }
    text = json.dumps({key: value for key, value in news_article.items() if value is not None}, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _author(author: Author) -> dict[str, str]:
    """Return an author. Without `type`, it is not said whether it is a person or an organisation."""
    return {**({"@type": author.type.capitalize()} if author.type else {}), **_person(author)}


def _person(person: Person) -> dict[str, str]:
    return {key: value for key, value in (("name", person.name), ("url", person.url)) if value}


def _publisher(site: Site) -> dict[str, Any]:
    logo: dict[str, Any] = {"logo": site.absolute(site.logo.url_path)} if site.logo else {}
    profiles: dict[str, Any] = {"sameAs": list(site.profiles)} if site.profiles else {}
    return {"@type": "Organization", **_person(site.publisher), **logo, **profiles}
