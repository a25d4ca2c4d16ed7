"""Parts: what a page or a document is made of, told without making it; who has what was made of the same has it.

What is the same for all of a site is not among them: the site itself, and the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from feeds.feed.builder import FeedTable
from feeds.feed.catalog import beside
from feeds.feed.manifest import digest_at
from feeds.feed.values import Topic
from feeds.model.article import Article


def of_article(table: FeedTable, article: Article) -> Iterator[object]:
    """Give the parts of an article's page: itself, its translations and neighbours, and how its tags are spelled."""
    yield _said(table, article)
    yield [(twin.language, twin.slug) for twin in table.catalog.twins(article)]
    for each in table.catalog.neighbours(article, article.categories[0]):
        yield each and (each.language, each.slug, each.title)
    yield list(table.tags_of(article))


def of_month(table: FeedTable, topic: Topic, first: date) -> Iterator[object]:
    """Give the parts of the page of a topic's month, by its first day."""
    yield topic, first, beside(table.months(topic), first)
    yield [_said(table, article) for article in table.live_of_month(topic, first)]


def of_archive(table: FeedTable, topic: Topic, first: date, ending: str) -> Iterator[object]:
    """Give the parts of the archive document of a topic's month in a format."""
    yield topic, ending, first, beside(table.months(topic, archived=True), first), table.changed_in(topic, first)
    yield [_said(table, article) for article in table.live_of_month(topic, first)]


def of_feed(table: FeedTable, topic: Topic, ending: str) -> Iterator[object]:
    """Give the parts of a topic's feed in a format."""
    shown = table.shown(topic)
    yield topic, ending, next(table.archives(topic), None), table.translations(topic)
    yield table.catalog.last_change(table.group(topic)), table.tombstones(topic, shown)
    yield [_said(table, article) for article in shown]


def _said(table: FeedTable, article: Article) -> tuple[object, ...]:
    """Give what an article comes out as at the table's instant, whatever it is in."""
    pictures = tuple(table.entries.pictures.of(original) for original in article.originals)
    return article.id, article.slug, digest_at(article, table.catalog.now), pictures
