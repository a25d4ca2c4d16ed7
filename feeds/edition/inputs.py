"""Inputs of a page or document, known without rendering it; equal inputs give equal output.

Inputs that are common to the whole site are left out: the site itself, and the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from feeds.base.fingerprint import fingerprint
from feeds.feed import special_feeds
from feeds.feed.archives import Part
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import adjacent
from feeds.feed.manifest import EntryState, digest_at
from feeds.feed.values import Topic
from feeds.formats.pages import articles_on_home, articles_on_page, neighbours, related_articles
from feeds.model.article import Article


class Inputs:
    """The inputs of the pages and documents of a builder, each as texts without NUL."""

    def __init__(self, builder: FeedBuilder) -> None:
        """Set the builder; nothing is computed yet."""
        self._builder = builder
        self._digests: dict[str, str] = {}  # each article is in many documents

    def of_article(self, article: Article) -> Iterator[str]:
        """Yield the inputs of an article's page.

        They are the article, its translations, neighbours and related articles, and the spelling of its tags.
        """
        builder = self._builder
        yield self.digest(article)
        for twin in builder.catalog.twins(article):
            yield f"twin {twin.language} {twin.slug}"
        for rel, neighbour in neighbours(builder, article):
            yield f"{rel} {neighbour.slug} {neighbour.title}"
        yield from map(self.digest, related_articles(builder, article))
        for topic in builder.tag_topics(article):
            yield f"{topic.name} {topic.label}"

    def of_list(self, topic: Topic) -> Iterator[str]:
        """Yield the inputs of the page of a topic: what it lists, months, and translations."""
        builder = self._builder
        own, others = articles_on_page(builder, topic)
        yield from _texts(topic, len(own), *builder.months(topic), *builder.translations(topic).items())
        yield from map(self.digest, (*own, *others))
        if not own:
            yield from self.of_home(topic.language)

    def of_home(self, language: str) -> Iterator[str]:
        """Yield the inputs of the home page of a language, and of pages that list the newest articles."""
        first, sections, others = articles_on_home(self._builder, language)
        for articles in (first, *sections.values(), others):
            yield str(len(articles))
            yield from map(self.digest, articles)
        yield from (topic.name for topic in sections)

    def of_posts(self, topic: Topic, states: Mapping[str, EntryState]) -> Iterator[str]:
        """Yield the inputs of a topic's feeds for posts; `states` are those of all entries."""
        builder = self._builder
        yield from _texts(topic, builder.catalog.last_change(builder.group(topic)))
        for posted, article in special_feeds.posted_articles(builder, topic, states):
            yield f"{posted} {self.digest(article)}"

    def of_podcast(self, topic: Topic) -> Iterator[str]:
        """Yield the inputs of a topic's podcast: all its live articles."""
        builder = self._builder
        yield from _texts(topic, builder.catalog.last_change(builder.group(topic)))
        live = filter(builder.catalog.is_live, builder.group(topic).appeared(builder.catalog.now))
        yield from map(self.digest, live)

    def of_sitemap(self) -> Iterator[str]:
        """Yield the inputs of the sitemaps: all feeds and live articles, from which translations follow."""
        yield from (f"{language} {name}" for language, name in self._builder.topics)
        yield from map(self.digest, self._builder.catalog.live)

    def of_month(self, topic: Topic, first: date) -> Iterator[str]:
        """Yield the inputs of the page of a topic's month; `first` is its first day."""
        builder = self._builder
        twins = (f"{twin.language} {first in builder.months(twin)}" for twin in self._twins(topic))
        yield from _texts(topic, first, *adjacent(builder.months(topic), first), *twins)
        yield from map(self.digest, self._builder.live_in_month(topic, first))

    def _twins(self, topic: Topic) -> Iterator[Topic]:
        """Yield the same topic in the other languages that have it."""
        topics = (self._builder.topic(language, topic.name) for language in self._builder.site.languages)
        yield from (twin for twin in topics if twin and twin.language != topic.language)

    def of_archive(self, topic: Topic, part: Part, ending: str) -> Iterator[str]:
        """Yield the inputs of an archive document of a topic in a format."""
        builder = self._builder
        neighbours = adjacent(builder.parts(topic), part)
        yield from _texts(topic, ending, part, *neighbours, builder.last_change_in_part(topic, part))
        yield from map(self.digest, builder.live_in_part(topic, part))

    def of_feed(self, topic: Topic, ending: str) -> Iterator[str]:
        """Yield the inputs of a topic's feed in a format."""
        builder = self._builder
        articles = builder.articles_in(topic)
        history, changed = next(builder.archives(topic), None), builder.catalog.last_change(builder.group(topic))
        yield from _texts(topic, ending, history, changed)
        yield fingerprint(builder.translations(topic), builder.tombstones(topic, articles))
        yield from map(self.digest, articles)

    def of_order(self, states: Mapping[str, EntryState]) -> Iterator[str]:
        """Yield what decides which documents exist and which articles each of them shows.

        As long as it is the same, an article that changes affects only the documents that show or name it.
        """
        now = self._builder.catalog.now
        for article in self._builder.catalog.articles.values():
            if not article.draft:
                state = states.get(article.id)
                flags = (article.has_appeared(now), article.has_expired(now), str(article.updated_at(now)))
                withdrawal = (article.withdrawal(now) is not None, article.tombstone(now) is not None)
                posted = state and (str(state.posted), state.posted <= now, state.is_posted, state.topics)
                names = (article.categories, article.tags, [author.name for author in article.authors])
                ids = (article.slug, article.id, article.language, article.twin, article.hide_from, article.link)
                times = (*map(str, article.change_times), len(article.attachments_at(now)))
                yield str((ids, names, times, flags, withdrawal, posted))

    def digest(self, article: Article) -> str:
        """Return the digest of an article's inputs at the builder's time, the same for every document with it."""
        if (digest := self._digests.get(article.slug)) is None:
            builder = self._builder
            pictures = builder.entries.renditions(article)
            state = digest_at(article, builder.catalog.now)
            picture_digest = fingerprint(pictures) if any(pictures) else ""
            digest = self._digests[article.slug] = f"{article.id} {article.slug} {state} {picture_digest}"
        return digest


def _texts(topic: Topic, *values: object) -> Iterable[str]:
    return (*(topic.language, topic.kind, topic.name, topic.label), *map(str, values))
