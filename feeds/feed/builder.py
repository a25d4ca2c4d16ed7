"""FeedTable: which feeds there are at an instant, and what is in them; each is made when it is asked for.

No markup language of feeds occurs here: how a format writes a feed is its own affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from itertools import islice

from feeds.base import translations
from feeds.model.article import Article
from feeds.model.mediafile import MediaFile
from feeds.model.renditions import Pictures
from feeds.model.site import Person, Podcast
from feeds.model.site_fields import slug

from . import posts
from .catalog import Catalog, Group, Key, beside, first_of_month, month_of
from .entries import Entries
from .manifest import EntryState
from .values import Entry, Feed, History, Image, Kind, Show, Tombstone, Topic

EPISODES = 300
"""How many episodes a podcast holds."""

MONTHS_KEPT = 64
"""For how many topics the months are known at a time."""

_PLACES: Mapping[Kind, str] = {"tag": "tags/", "author": "authors/"}
"""Where below `/feeds/` the topics of a kind are, of which there may be any number."""


class FeedTable:
    """Every feed of a catalog, made when it is asked for."""

    def __init__(self, catalog: Catalog, before: FeedTable | None = None, pictures: Pictures | None = None) -> None:
        """Set the table of a catalog; no feed is made yet.

        Entries of articles that did not change since the table `before` are taken over. `pictures` are what is there of
        them; entries have no other.
        """
        self.catalog, self.site = catalog, catalog.site
        self.entries: Entries = Entries(catalog, pictures or Pictures(), before.entries if before else None)
        self._feeds: dict[Topic, Feed] = {}
        self._months: dict[tuple[Topic, bool], tuple[date, ...]] = {}

    @cached_property
    def topics(self) -> dict[tuple[str, str], Topic]:
        """All topics by language and name: everything, the categories, the tags, the authors."""
        found: dict[tuple[str, str], Topic] = {}
        for language in self.site.languages:
            found |= {(language, topic.name): topic for topic in self.main_topics(language)}
            for kind, place in _PLACES.items():
                for name in self.catalog.names(kind, language):
                    if topic := self.topic(language, place + name):
                        found[language, topic.name] = topic
        return found

    def main_topics(self, language: str) -> list[Topic]:
        """Give the topics of a language that are always there: everything, and each category."""
        names = ("all", *self.site.categories)
        return [topic for name in names if (topic := self.topic(language, name))]

    def topic(self, language: str, name: str) -> Topic | None:
        """Find a topic by its language and its name; a tag or an author has one from its first article on."""
        if name == "all":
            return Topic(language, "all", name, translations.say(language, "All news"))
        if category := self.site.categories.get(name):
            return Topic(language, "category", name, category.title[language])
        place, _, below = name.rpartition("/")
        kind = next((kind for kind, start in _PLACES.items() if start == place + "/"), None)
        articles = self.catalog.group(kind, language, below).appeared(self.catalog.now) if kind else ()
        if kind is None or not articles:
            return None
        # the oldest article's spelling, so that a later one renames no feed
        said = articles[-1].tags if kind == "tag" else [author.name for author in articles[-1].authors]
        return Topic(language, kind, name, next(each for each in said if slug(each) == below))

    def key(self, topic: Topic) -> Key:
        """Give the key of the group of articles that a topic is about."""
        return (topic.kind, topic.language, *([] if topic.kind == "all" else [topic.name.rpartition("/")[2]]))

    def group(self, topic: Topic) -> Group:
        """Give all articles of a topic."""
        return self.catalog.group(*self.key(topic))

    def feed(self, topic: Topic) -> Feed:
        """Make the feed of a topic; those of everything and of the categories once for all their formats."""
        if (made := self._feeds.get(topic)) is None:
            made = self._feed(topic)
            if topic.kind in ("all", "category"):  # of tags and authors there may be any number
                self._feeds[topic] = made
        return made

    def _feed(self, topic: Topic) -> Feed:
        live = self.shown(topic)
        tombstones = self.tombstones(topic, live)
        entries = tuple(self.entries.of(article) for article in live)
        outline = self._outline(topic)
        newest = next(self.archives(topic), None)
        history = History(previous=f"{outline.address}/{newest:%Y-%m}" if newest else None)
        # FreshRSS polls a feed with a hub once a day: none may be declared that is not told of every change
        hubs = self.site.hubs if topic.kind in ("all", "category") else ()
        return replace(outline, history=history, hubs=hubs, entries=entries, tombstones=tombstones)

    def shown(self, topic: Topic) -> list[Article]:
        """Give the articles that the feed of a topic holds."""
        group = self.group(topic)
        live = list(islice(filter(self.catalog.is_live, group.appeared(self.catalog.now)), self.site.entries))
        if live:  # the month of the newest is here as a whole, since it is in no archive
            first = first_of_month(live[0].published, self.site.timezone)
            of_month = self.live_of_month(topic, first)
            live = of_month if len(of_month) > len(live) else live
        return live

    def live_of_month(self, topic: Topic, first: date) -> list[Article]:
        """Give the live articles of a month of a topic, by the first day of that."""
        of_month = self.group(topic).between(*month_of(first, self.site.timezone))
        return list(filter(self.catalog.is_live, of_month))

    def tombstones(self, topic: Topic, live: Iterable[Article]) -> tuple[Tombstone, ...]:
        """Give the withdrawn articles of a topic that are to be deleted, and are not among the `live` ones."""
        inside = {article.id for article in live}
        return tuple(
            Tombstone(article.id, withdrawal.at, withdrawal.reason)
            for article in self.group(topic).withdrawn
            if article.id not in inside and (withdrawal := article.tombstone(self.catalog.now))
        )

    def archives(self, topic: Topic) -> Iterator[date]:
        """Give the first days of the months that are archive documents, the newest first.

        They are all those before the month of the newest entry that had entries, also where none is live any more: an
        address that was given is good for ever.
        """
        group = self.group(topic)
        appeared = self.catalog.months(group, expired=True)
        newest = next(self.catalog.months(group), None) or next(appeared, None)
        return (first for first in appeared if newest and first < newest)

    def months(self, topic: Topic, *, archived: bool = False) -> tuple[date, ...]:
        """Give the first days of all months of a topic that have a page, or an archive document, the newest first.

        They are found once, for as many topics as are asked for one after the other.
        """
        key = topic, archived
        if (found := self._months.get(key)) is None:
            if len(self._months) >= MONTHS_KEPT:
                self._months.clear()
            every = self.archives(topic) if archived else self.catalog.months(self.group(topic))
            found = self._months[key] = tuple(every)
        return found

    def archive(self, topic: Topic, first: date) -> Feed:
        """Make the archive document of one of a topic's months, by its first day (RFC 5005 section 4)."""
        outline = self._outline(topic)
        newer, older = beside(self.months(topic, archived=True), first)
        return replace(
            outline,
            address=f"{outline.address}/{first:%Y-%m}",
            updated=self.changed_in(topic, first),
            translations={},
            history=History(
                current=outline.address,
                previous=f"{outline.address}/{older:%Y-%m}" if older else None,
                next=f"{outline.address}/{newer:%Y-%m}" if newer else None,
            ),
            entries=tuple(map(self.entries.of, self.live_of_month(topic, first))),
        )

    def changed_in(self, topic: Topic, first: date) -> datetime:
        """Tell when something of a month of a topic changed last that had entries."""
        of_month = self.group(topic).between(*month_of(first, self.site.timezone))
        return max(moment for each in of_month for moment in each.moments if moment <= self.catalog.now)

    def tags_of(self, article: Article) -> Iterator[Topic]:
        """Give the topics of an article's tags, each once."""
        found = (self.topic(article.language, f"tags/{slug(tag)}") for tag in article.tags)
        yield from dict.fromkeys(topic for topic in found if topic)

    def social(self, topic: Topic, states: Mapping[str, EntryState]) -> Feed:
        """Make the feed of a topic for automations that post: titles are the posts, dates those at which they go out.

        An article is in it once and where it was at first, whatever is edited; not once it is withdrawn.
        """
        now, language, found = self.catalog.now, topic.language, []
        for article in self.catalog.group("all", language).appeared(now):
            state = states.get(article.id)
            is_here = state and state.posted <= now and (topic.kind == "all" or topic.name in state.topics)
            if state and is_here and self.catalog.is_live(article) and not article.withdrawal(now):
                found.append((state.posted, article))
        found.sort(key=lambda each: each[0], reverse=True)
        outline = self._outline(topic)
        return replace(
            outline,
            address=f"{outline.address}.social",
            updated=max([outline.updated, *(posted for posted, _ in found[:1])]),
            title=translations.say(language, "{feed} (for posts)", feed=outline.title),
            translations={},
            entries=tuple(self._post(article, posted) for posted, article in found[: self.site.entries]),
        )

    def show_of(self, topic: Topic) -> Podcast | None:
        """Give what the site says of the podcast of a topic, if it has one."""
        return self.site.categories[topic.name].podcast if topic.kind == "category" else None

    def podcast(self, topic: Topic, about: Podcast) -> tuple[Feed, Show]:
        """Make a podcast of a topic: the feed of what plays and tells its length, and the show."""
        live = filter(self.catalog.is_live, self.group(topic).appeared(self.catalog.now))
        playing = (entry for entry in map(self.entries.of, live) if entry.enclosed and entry.enclosed.plays)
        outline = self._outline(topic)
        entries = tuple(islice(playing, EPISODES))
        feed = replace(outline, address=f"{outline.address}.podcast", translations={}, entries=entries)
        owner = Person(name=about.owner.name, email=about.owner.email)
        artwork = self.site.absolute(about.artwork.url_path)
        return feed, Show(about.author, owner, artwork, about.category, about.explicit)

    def _post(self, article: Article, posted: datetime) -> Entry:
        entry = self.entries.of(article)
        return replace(
            entry,
            title=posts.compose(entry, article.social),
            published=posted,
            updated=posted,
            picture=entry.card,
            enclosures=(),
            categories=(),  # feed2toot would make hashtags of them once more
        )

    def outline(self, topic: Topic) -> Feed:
        """Make the feed of a topic, with no entries unless they are made already."""
        return self._feeds.get(topic) or self._outline(topic)

    def _outline(self, topic: Topic) -> Feed:
        site, language = self.site, topic.language
        return Feed(
            id=site.tag(f"feeds/{language}/{topic.name}"),
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
        """Name the feed of a topic; the feed of everything has the name of the site."""
        name = self.site.title[topic.language]
        return name if topic.kind == "all" else f"{topic.label} – {name}"

    def subtitle(self, topic: Topic) -> str:
        """Say in a sentence what the feed of a topic is."""
        site, language = self.site, topic.language
        if topic.kind == "category":
            return site.categories[topic.name].description[language]
        if topic.kind == "tag":
            return translations.say(
                language, "Articles with the tag “{tag}”. {site}", tag=topic.label, site=site.subtitle[language]
            )
        if topic.kind == "author":
            return translations.say(
                language, "Articles by {author}. {site}", author=topic.label, site=site.subtitle[language]
            )
        return site.subtitle[language]

    def address(self, topic: Topic) -> str:
        """Give the URL of a topic: that of our page about it and, with the ending of a format, that of a feed."""
        return self.site.absolute(self.site.feed_path(topic.language, topic.name))

    def page_url(self, topic: Topic) -> str:
        """Give the page that a feed is about: its own, and for the feed of everything the home page."""
        site, language = self.site, topic.language
        if topic.kind != "all":
            return self.address(topic)
        return site.home[language] if site.home else site.absolute(site.home_path(language))

    def translations(self, topic: Topic) -> dict[str, str]:
        """Give the addresses of the same topic in the other languages that have it."""
        others = (language for language in self.site.languages if language != topic.language)
        return {
            language: self.site.absolute(self.site.feed_path(language, topic.name))
            for language in others
            if self.topic(language, topic.name)
        }

    def _site_image(self, file: MediaFile | None) -> Image | None:
        if file is None:
            return None
        assert file.width is not None and file.height is not None, "a model lets only measured pictures pass"
        return Image(self.site.absolute(file.url_path), file.type, file.size, file.width, file.height, "", None)
