"""The documents that a change of some articles affects, if neither the order of articles nor anything else changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from feeds.feed.archives import MAX_FEED_BYTES, Part, max_entries
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import first_of_month, month_bounds
from feeds.feed.values import Topic
from feeds.formats.registry import FORMATS
from feeds.model.article import Article

from .routes import PODCAST_ENDING, POST_ENDINGS


def affected_paths(builder: FeedBuilder, articles: Iterable[Article]) -> Iterator[str]:
    """Yield the paths below the site's address of all documents that may show or name the articles.

    Paths may occur more than once, and some may not exist.
    """
    site = builder.site
    yield from map(site.home_path, site.languages)
    for other in builder.catalog.articles.values():
        # it has neighbours that do not have it, or its page lists the newest articles
        if other.hide_from or other.expires or other.withdrawn:
            yield site.article_path(other.language, other.slug)
    for topic in builder.topics.values():
        if not any(map(builder.catalog.is_live, builder.group(topic).appeared(builder.catalog.now))):
            yield site.feed_path(topic.language, topic.name)  # an empty page lists the newest articles
    for article in articles:
        yield site.article_path(article.language, article.slug)
        yield from _neighbour_pages(builder, article)
        for topic in builder.main_topics(article.language):  # an article stays in posts after it left a category
            yield from _paths_of(builder, topic, POST_ENDINGS)
        first = first_of_month(article.published, site.timezone)
        for topic in builder.topics_of(article):
            page = site.feed_path(topic.language, topic.name)
            yield from _paths_of(builder, topic, (*FORMATS, PODCAST_ENDING))
            yield f"{page}/{first:%Y-%m}"
            parts = [part for part in builder.parts(topic) if part.first == first] or [Part(first)]
            yield from (f"{page}/{part}.{ending}" for part in parts for ending in FORMATS)
            # pages in other languages list articles without a translation
            yield from (site.feed_path(language, topic.name) for language in site.languages)


def may_move_articles(builder: FeedBuilder, sizes: Mapping[str, int]) -> bool:
    """Return whether the sizes of changed articles may decide which documents show which articles.

    `sizes` are the larger of the old and the new size of each, by slug.
    """
    articles = (builder.catalog.articles[slug] for slug in sizes)
    shown = {(topic, article.published): article for article in articles for topic in builder.topics_of(article)}
    for (topic, published), article in shown.items():
        first = first_of_month(published, builder.site.timezone)
        month = builder.group(topic).published_between(*month_bounds(first, builder.site.timezone))
        newest = islice(builder.group(topic).appeared(builder.catalog.now), max_entries(builder.max_entries(topic)))
        together = {**{each.slug: each.estimated_size for each in (*month, *newest, article)}, **sizes}
        if sum(together.values()) > MAX_FEED_BYTES:
            return True
    return False


def _paths_of(builder: FeedBuilder, topic: Topic, endings: Iterable[str]) -> Iterator[str]:
    page = builder.site.feed_path(topic.language, topic.name)
    yield from (f"{page}.{ending}" for ending in endings)


def _neighbour_pages(builder: FeedBuilder, article: Article) -> Iterator[str]:
    """Yield the pages that may link to an article as their neighbour, or as related.

    The first are the nearest articles of a category up to the first readable one: it hides the article from all that
    are further away. The others share a tag.
    """
    catalog, site = builder.catalog, builder.site
    for category in article.categories:
        for side in catalog.around(article, ("category", article.language, category)):
            for other in side:
                yield site.article_path(other.language, other.slug)
                if catalog.is_readable(other):
                    break
    for tag in map(site.tag_slug, article.tags):
        for other in catalog.group("tag", article.language, tag).articles:
            yield site.article_path(other.language, other.slug)
