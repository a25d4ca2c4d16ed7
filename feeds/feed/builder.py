"""FeedBuilder: which feeds exist at a given time and what they contain; each is built on demand.

No feed markup occurs here: each format renders feeds itself.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from itertools import islice
from typing import TypeVar

from feeds.base import translations
from feeds.model.article import Article
from feeds.model.mediafile import MediaFile
from feeds.model.renditions import Pictures
from feeds.model.site_groups import Podcast
from feeds.model.site_types import slug

from .archives import Part, parts_of, that_fit
from .catalog import Catalog, Group, GroupKey, adjacent, first_of_month, group_keys, month_bounds
from .entries import CACHED_ENTRIES, Entries
from .values import Entry, Feed, History, Image, Kind, Tombstone, Topic

T = TypeVar("T")
Key = TypeVar("Key")

MONTHS_CACHE_SIZE = 64
"""Maximum number of cached lists of months, and of archives; a cache is cleared when it is full."""

MAIN_KINDS: tuple[Kind, ...] = ("all", "category", "own")
"""Kinds of topic that always exist, and whose feeds are built ahead."""

_PATH_PREFIXES: Mapping[Kind, str] = {"tag": "tags/", "author": "authors/"}
"""Path prefix below `/feeds/` of the kinds of topic whose number is unlimited."""


def _cached(cache: dict[Key, tuple[T, ...]], key: Key, make: Callable[[], Iterator[T]]) -> tuple[T, ...]:
    if (values := cache.get(key)) is None:
        if len(cache) >= MONTHS_CACHE_SIZE:
            cache.clear()
        values = cache[key] = tuple(make())
    return values


def _short_content(entry: Entry) -> str:
    """Return the content of an entry in a feed of summaries: the summary, and a link to the article."""
    link, language = html.escape(entry.url), entry.language
    more = translations.translate(language, "Read the article")
    return f'<p>{html.escape(entry.summary, quote=False)}</p>\n<p><a href="{link}">{more}</a></p>'


class FeedBuilder:
    """All feeds of a catalog, built on demand."""

    def __init__(
        self,
        catalog: Catalog,
        previous: FeedBuilder | None = None,
        pictures: Pictures | None = None,
        cached_entries: int = CACHED_ENTRIES,
    ) -> None:
        """Set the catalog; no feed is built yet.

        Entries of articles that did not change since the builder `previous` are reused. `pictures`
        are the available renditions; entries contain no others. `cached_entries` is how many entries
        are cached.
        """
        self.catalog, self.site = catalog, catalog.site
        self.entries: Entries = Entries(
            catalog, pictures or Pictures(), previous.entries if previous else None, cached_entries
        )
        self._feeds: dict[Topic, Feed] = {}
        self._months: dict[Topic, tuple[date, ...]] = {}
        self._archives: dict[Topic, tuple[Part, ...]] = {}
        self._month_parts: dict[tuple[Topic, date], tuple[list[Article], ...]] = {}

    @cached_property
    def topics(self) -> dict[tuple[str, str], Topic]:
        """All topics by language and name: everything, the categories, the tags and the authors."""
        topics: dict[tuple[str, str], Topic] = {}
        for language in self.site.languages:
            topics |= {(language, topic.name): topic for topic in self.main_topics(language)}
            for kind, prefix in _PATH_PREFIXES.items():
                named = (self.topic(language, prefix + name) for name in self.catalog.names(kind, language))
                topics |= {(language, topic.name): topic for topic in named if topic}
        return topics

    def main_topics(self, language: str) -> list[Topic]:
        """Return the topics that a language always has: everything, each category, and each feed of the site."""
        names = ("all", *self.site.categories, *self.site.feeds)
        return [topic for name in names if (topic := self.topic(language, name))]

    def topic(self, language: str, name: str) -> Topic | None:
        """Return the topic with this name in a language, or None.

        A tag or an author has a topic once its first article has appeared.
        """
        if name == "all":
            return Topic(language, "all", name, translations.translate(language, "All news"))
        if category := self.site.categories.get(name):
            return Topic(language, "category", name, category.title[language])
        if own := self.site.feeds.get(name):
            return Topic(language, "own", name, own.title[language])
        folder, _, topic_slug = name.rpartition("/")
        kind = next((kind for kind, prefix in _PATH_PREFIXES.items() if prefix == folder + "/"), None)
        articles = self.catalog.group(kind, language, topic_slug).appeared(self.catalog.now) if kind else ()
        if kind is None or not articles:
            return None
        # use the oldest article's spelling, so that a later article never renames a feed
        oldest = articles[-1]
        names = oldest.tags if kind == "tag" else [author.name for author in oldest.authors]
        slugs = map(self.site.tag_slug if kind == "tag" else slug, names)
        return Topic(language, kind, name, dict(reversed([*zip(slugs, names, strict=True)]))[topic_slug])

    def key(self, topic: Topic) -> GroupKey:
        """Return the key of a topic's group of articles."""
        return (topic.kind, topic.language, *([] if topic.kind == "all" else [topic.name.rpartition("/")[2]]))

    def group(self, topic: Topic) -> Group:
        """Return the group of all articles of a topic."""
        return self.catalog.group(*self.key(topic))

    def feed(self, topic: Topic) -> Feed:
        """Return the feed of a topic.

        Those of everything, of the categories and of the site's own feeds are cached for all formats.
        """
        if (feed := self._feeds.get(topic)) is None:
            feed = self._feed(topic)
            if topic.kind in MAIN_KINDS:  # the number of tags and authors is unlimited
                self._feeds[topic] = feed
        return feed

    def _feed(self, topic: Topic) -> Feed:
        live = self.articles_in(topic)
        tombstones = self.tombstones(topic, live)
        entries = tuple(self.entry(topic, article) for article in live)
        outline = self.outline(topic)
        newest = next(self.archives(topic), None)
        history = History(previous=f"{outline.address}/{newest}" if newest else None)
        # FreshRSS polls a feed with a hub once a day, so a feed may only declare hubs that we notify of every change
        hubs = self.site.hubs if topic.kind in MAIN_KINDS else ()
        return replace(outline, history=history, hubs=hubs, entries=entries, tombstones=tombstones)

    def articles_in(self, topic: Topic) -> list[Article]:
        """Return the articles in the feed of a topic, newest first: at most twice `max_entries`."""
        group = self.group(topic)
        count = self.max_entries(topic)
        live = list(islice(filter(self.catalog.is_live, group.appeared(self.catalog.now)), count))
        if live:  # include the whole month of the newest article, which is in no archive
            first = first_of_month(live[0].published, self.site.timezone)
            month_articles = self.live_in_month(topic, first)
            live = month_articles if len(month_articles) > len(live) else live
        return that_fit(live, count, is_short=self.is_short(topic))

    def max_entries(self, topic: Topic) -> int:
        """Return how many entries the feed of a topic has, unless its newest month has more."""
        own = self.site.feeds.get(topic.name) if topic.kind == "own" else None
        return (own and own.entries) or self.site.entries

    def entry(self, topic: Topic, article: Article) -> Entry:
        """Return the entry of an article in the feed of a topic."""
        entry = self.entries.of(article)
        return replace(entry, content=_short_content(entry)) if self.is_short(topic) else entry

    def is_short(self, topic: Topic) -> bool:
        """Return whether the entries of a feed have summaries instead of texts."""
        return topic.kind == "own" and self.site.feeds[topic.name].text == "summary"

    def live_in_month(self, topic: Topic, first: date) -> list[Article]:
        """Return the live articles of a topic's month; `first` is its first day."""
        month_articles = self.group(topic).published_between(*month_bounds(first, self.site.timezone))
        return list(filter(self.catalog.is_live, month_articles))

    def tombstones(self, topic: Topic, live: Iterable[Article]) -> tuple[Tombstone, ...]:
        """Return the tombstones of a topic's withdrawn articles, except those in `live`."""
        live_ids = {article.id for article in live}
        return tuple(
            Tombstone(article.id, withdrawal.at, withdrawal.reason)
            for article in self.group(topic).withdrawn
            if article.id not in live_ids and (withdrawal := article.tombstone(self.catalog.now))
        )

    def archives(self, topic: Topic) -> Iterator[Part]:
        """Yield the archive documents of a topic, newest first.

        They contain all months with entries before the month of the newest entry, even if none of the
        entries is live any more: a published address stays valid for ever. If that month has more
        entries than fit into the feed, its complete parts are archived too.
        """
        group = self.group(topic)
        newest = next(self.catalog.months(group), None) or next(self.catalog.months(group, expired=True), None)
        for first in self.catalog.months(group, expired=True):
            if newest and first <= newest:
                count = len(self._parts(topic, first)) - (first == newest)
                yield from (Part(first, number) for number in range(count, 0, -1))

    def _parts(self, topic: Topic, first: date) -> tuple[list[Article], ...]:
        """Return the parts of a topic's month, each with the articles that have appeared, newest first."""

        def make() -> Iterator[list[Article]]:
            month_articles = self.group(topic).published_between(*month_bounds(first, self.site.timezone))
            appeared = [article for article in month_articles if article.published <= self.catalog.now]
            yield from parts_of(appeared, self.max_entries(topic), is_short=self.is_short(topic))

        return _cached(self._month_parts, (topic, first), make)

    def months(self, topic: Topic) -> tuple[date, ...]:
        """Return the first days of a topic's months with a page, newest first, from a cache if possible."""
        return _cached(self._months, topic, lambda: self.catalog.months(self.group(topic)))

    def parts(self, topic: Topic) -> tuple[Part, ...]:
        """Return the archive documents of a topic, newest first, from a cache if possible."""
        return _cached(self._archives, topic, lambda: self.archives(topic))

    def live_in_part(self, topic: Topic, part: Part) -> list[Article]:
        """Return the live articles of an archive document, newest first."""
        return list(filter(self.catalog.is_live, self._parts(topic, part.first)[part.number - 1]))

    def archive(self, topic: Topic, part: Part) -> Feed:
        """Return an archive document of a topic (RFC 5005 section 4)."""
        outline = self.outline(topic)
        newer, older = adjacent(self.parts(topic), part)
        return replace(
            outline,
            address=f"{outline.address}/{part}",
            updated=self.last_change_in_part(topic, part),
            translations={},
            history=History(
                current=outline.address,
                previous=f"{outline.address}/{older}" if older else None,
                next=f"{outline.address}/{newer}" if newer else None,
            ),
            entries=tuple(self.entry(topic, article) for article in self.live_in_part(topic, part)),
        )

    def last_change_in_part(self, topic: Topic, part: Part) -> datetime:
        """Return when anything in an archive document last changed."""
        articles = self._parts(topic, part.first)[part.number - 1]
        return max(moment for article in articles for moment in article.visible_changes if moment <= self.catalog.now)

    def tag_topics(self, article: Article) -> Iterator[Topic]:
        """Yield the topics of an article's tags, without duplicates."""
        topics = (self.topic(article.language, f"tags/{self.site.tag_slug(tag)}") for tag in article.tags)
        yield from dict.fromkeys(topic for topic in topics if topic)

    def topics_of(self, article: Article) -> Iterator[Topic]:
        """Yield the topics whose groups contain an article."""
        for kind, *rest in filter(None, group_keys(article, self.site)):
            if kind in (*MAIN_KINDS, *_PATH_PREFIXES):
                name = _PATH_PREFIXES.get(kind, "") + (rest[1] if len(rest) > 1 else "all")
                if topic := self.topic(article.language, name):
                    yield topic

    def podcast_settings(self, topic: Topic) -> Podcast | None:
        """Return the site's podcast settings for a topic, or None if it has no podcast."""
        return self.site.categories[topic.name].podcast if topic.kind == "category" else None

    def outline(self, topic: Topic) -> Feed:
        """Return the feed of a topic without entries and history."""
        site, language = self.site, topic.language
        return Feed(
            id=site.tag_uri(f"feeds/{language}/{topic.name}"),
            address=self.address(topic),
            url=self.page_url(topic),
            page=self.address(topic),
            title=self.title(topic),
            subtitle=self.subtitle(topic),
            language=language,
            updated=self.catalog.last_change(self.group(topic)),
            author=site.publisher,
            ttl=max(site.max_age // 60, 1),
            style=site.absolute(site.feed_style_path(language)),
            rights=site.rights[language] if site.rights else None,
            logo=self._site_image(site.logo),
            icon=self._site_image(site.icon),
            translations=self.translations(topic),
        )

    def title(self, topic: Topic) -> str:
        """Return the title of a topic's feed; the feed of everything is named after the site."""
        name = self.site.title[topic.language]
        return name if topic.kind == "all" else f"{topic.label} – {name}"

    def subtitle(self, topic: Topic) -> str:
        """Return a sentence that describes the feed of a topic."""
        site, language = self.site, topic.language
        if topic.kind == "category":
            return site.categories[topic.name].description[language]
        if topic.kind == "own":
            return site.feeds[topic.name].description[language]
        if topic.kind == "tag":
            return translations.translate(language, "Articles with the tag “{tag}”.", tag=topic.label)
        if topic.kind == "author":
            return translations.translate(language, "Articles by {author}.", author=topic.label)
        return site.subtitle[language]

    def address(self, topic: Topic) -> str:
        """Return the URL of our page about a topic.

        With a format's ending added, it is the URL of a feed.
        """
        return self.site.absolute(self.site.feed_path(topic.language, topic.name))

    def page_url(self, topic: Topic) -> str:
        """Return the URL of the page a feed is about.

        It is the home page for the feed of everything.
        """
        site, language = self.site, topic.language
        if topic.kind != "all":
            return self.address(topic)
        return site.home[language] if site.home else site.absolute(site.home_path(language))

    def translations(self, topic: Topic) -> dict[str, str]:
        """Return the topic's addresses in the other languages that have it, by language."""
        other_languages = (language for language in self.site.languages if language != topic.language)
        return {
            language: self.site.absolute(self.site.feed_path(language, topic.name))
            for language in other_languages
            if self.topic(language, topic.name)
        }

    def _site_image(self, file: MediaFile | None) -> Image | None:
        if file is None:
            return None
        assert file.width is not None and file.height is not None, "a model lets only measured pictures pass"
        return Image(self.site.absolute(file.url_path), file.type, file.size, file.width, file.height, "", None)
