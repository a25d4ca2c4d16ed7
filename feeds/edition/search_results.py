"""Documents of a search: its page, and its feed. They depend on a query, so an edition does not list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from feeds.base import translations
from feeds.feed import search_text
from feeds.feed.values import Feed
from feeds.formats import pages
from feeds.formats.registry import FORMATS
from feeds.model.article import Article

from .document import Document
from .edition import Edition
from .routes import Rendered


def page(
    edition: Edition, language: str, query: str, results: Mapping[str, Sequence[Article]], number: int
) -> Document:
    """Return a page of results in a language, counted from 1; `results` are articles by language, the best first."""
    own = results.get(language, ())
    start = (number - 1) * pages.RESULTS_PER_PAGE
    elsewhere = {other: len(results.get(other, ())) for other in edition.site.languages if other != language}
    data = pages.search(
        edition.routes.pages[language],
        query,
        own[start : start + pages.RESULTS_PER_PAGE],
        total=len(own),
        number=number,
        elsewhere=elsewhere,
    )
    return edition.document(Rendered(data, pages.CONTENT_TYPE))


def feed(edition: Edition, language: str, query: str, articles: Sequence[Article], ending: str) -> Document:
    """Return the feed of a search in a format, with the newest results."""
    builder, site = edition.builder, edition.site
    outline = builder.outline(edition.routes.pages[language].topic("all"))
    newest = sorted(articles, key=lambda article: article.sort_key)[: site.entries]
    title = translations.translate(language, "Search: {query}", query=query)
    words = "-".join(search_text.query_words(query))
    values = {**vars(outline)}
    values.update(
        id=site.tag_uri(f"search/{language}/{urlencode({'q': words})}"),
        address=site.absolute(site.search_path(language)),
        query=urlencode({"q": query}),
        url=f"{site.absolute(site.search_path(language))}?{urlencode({'q': query})}",
        title=f"{title} – {outline.title}",
        translations={},
        entries=tuple(map(builder.entries.of, newest)),
    )
    if newest:
        values["updated"] = max(article.updated_at(builder.catalog.now) for article in newest)
    return edition.document(edition.routes.rendered_feed(Feed(**values), FORMATS[ending]))
