"""Inputs of a page or document, known without rendering it; equal inputs give equal output.

Inputs that are common to the whole site are left out: the site itself, and the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from feeds.feed.archives import Part
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import adjacent
from feeds.feed.manifest import digest_at
from feeds.feed.values import Topic
from feeds.model.article import Article


def of_article(builder: FeedBuilder, article: Article) -> Iterator[object]:
    """Yield the inputs of an article's page.

    They are the article, its translations and neighbours, and the spelling of its tags.
    """
    yield _article_inputs(builder, article)
    yield [(twin.language, twin.slug) for twin in builder.catalog.twins(article)]
    for neighbour in builder.catalog.neighbours(article, article.categories[0]):
        yield neighbour and (neighbour.language, neighbour.slug, neighbour.title)
    yield list(builder.tag_topics(article))


def of_month(builder: FeedBuilder, topic: Topic, first: date) -> Iterator[object]:
    """Yield the inputs of the page of a topic's month; `first` is its first day."""
    yield topic, first, adjacent(builder.months(topic), first)
    yield [_article_inputs(builder, article) for article in builder.live_in_month(topic, first)]


def of_archive(builder: FeedBuilder, topic: Topic, part: Part, ending: str) -> Iterator[object]:
    """Yield the inputs of an archive document of a topic in a format."""
    yield topic, ending, part, adjacent(builder.parts(topic), part), builder.last_change_in_part(topic, part)
    yield [_article_inputs(builder, article) for article in builder.live_in_part(topic, part)]


def of_feed(builder: FeedBuilder, topic: Topic, ending: str) -> Iterator[object]:
    """Yield the inputs of a topic's feed in a format."""
    articles = builder.articles_in(topic)
    yield topic, ending, next(builder.archives(topic), None), builder.translations(topic)
    yield builder.catalog.last_change(builder.group(topic)), builder.tombstones(topic, articles)
    yield [_article_inputs(builder, article) for article in articles]


def _article_inputs(builder: FeedBuilder, article: Article) -> tuple[object, ...]:
    """Return an article's inputs at the builder's time, the same for every document with it."""
    pictures = tuple(builder.entries.pictures.of(original) for original in article.originals)
    return article.id, article.slug, digest_at(article, builder.catalog.now), pictures
