"""Inputs of a page or document, known without rendering it; equal inputs give equal output.

Inputs that are common to the whole site are left out: the site itself, and the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from feeds.base.fingerprint import fingerprint
from feeds.feed.archives import Part
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import adjacent
from feeds.feed.manifest import digest_at
from feeds.feed.values import Topic
from feeds.model.article import Article


class Inputs:
    """The inputs of the pages and documents of a builder, each as texts without NUL."""

    def __init__(self, builder: FeedBuilder) -> None:
        """Set the builder; nothing is computed yet."""
        self._builder = builder
        self._digests: dict[str, str] = {}  # each article is in many documents

    def of_article(self, article: Article) -> Iterator[str]:
        """Yield the inputs of an article's page.

        They are the article, its translations and neighbours, and the spelling of its tags.
        """
        builder = self._builder
        yield self._digest(article)
        for twin in builder.catalog.twins(article):
            yield f"twin {twin.language} {twin.slug}"
        for neighbour in builder.catalog.neighbours(article, article.categories[0]):
            yield f"{neighbour.language} {neighbour.slug} {neighbour.title}" if neighbour else ""
        for topic in builder.tag_topics(article):
            yield f"{topic.name} {topic.label}"

    def of_month(self, topic: Topic, first: date) -> Iterator[str]:
        """Yield the inputs of the page of a topic's month; `first` is its first day."""
        yield from _texts(topic, first, *adjacent(self._builder.months(topic), first))
        yield from map(self._digest, self._builder.live_in_month(topic, first))

    def of_archive(self, topic: Topic, part: Part, ending: str) -> Iterator[str]:
        """Yield the inputs of an archive document of a topic in a format."""
        builder = self._builder
        neighbours = adjacent(builder.parts(topic), part)
        yield from _texts(topic, ending, part, *neighbours, builder.last_change_in_part(topic, part))
        yield from map(self._digest, builder.live_in_part(topic, part))

    def of_feed(self, topic: Topic, ending: str) -> Iterator[str]:
        """Yield the inputs of a topic's feed in a format."""
        builder = self._builder
        articles = builder.articles_in(topic)
        history, changed = next(builder.archives(topic), None), builder.catalog.last_change(builder.group(topic))
        yield from _texts(topic, ending, history, changed)
        yield fingerprint(builder.translations(topic), builder.tombstones(topic, articles))
        yield from map(self._digest, articles)

    def _digest(self, article: Article) -> str:
        """Return the digest of an article's inputs at the builder's time, the same for every document with it."""
        if (digest := self._digests.get(article.slug)) is None:
            builder = self._builder
            pictures = tuple(map(builder.entries.pictures.of, article.originals))
            state = digest_at(article, builder.catalog.now)
            picture_digest = fingerprint(pictures) if pictures else ""
            digest = self._digests[article.slug] = f"{article.id} {article.slug} {state} {picture_digest}"
        return digest


def _texts(topic: Topic, *values: object) -> Iterable[str]:
    return (*(topic.language, topic.kind, topic.name, topic.label), *map(str, values))
