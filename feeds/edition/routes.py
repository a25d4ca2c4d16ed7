"""Paths: what each path of the site is, told from the path alone, and all of them in turn.

It keeps nothing: an `Edition` finishes what is found here, dates it, and keeps it. A table of all paths would grow with
the articles, and would have to be made anew at each change of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from typing import NamedTuple

from feeds.feed.builder import FeedTable
from feeds.feed.manifest import EntryState
from feeds.feed.values import Feed, Topic
from feeds.formats import assets, crawlers, opml, pages, podcast
from feeds.formats.registry import FORMATS, Format
from feeds.model.article import Article
from feeds.model.site import Podcast

from . import inputs

OPEN_TO_SCRIPTS = ("Access-Control-Allow-Origin", "*")

ARCHIVED = 86_400
"""Seconds that a copy of an archive document may be kept: it changes when something of its month is edited, or goes."""

SOCIAL, PODCAST = "social.rss", "podcast.rss"
"""Endings of feeds that are there for one kind of program, in one format."""

_MONTH = re.compile("(.+)/([1-9][0-9]{3}-(?:0[1-9]|1[0-2]))")
_FEED_STYLE = re.compile(r"/static/feed-([A-Za-z-]+)\.css")
_SITEMAP = re.compile("/sitemap-([1-9][0-9]{0,5})\\.xml")


class Sheet(NamedTuple):
    """What is at a path: bytes, their media type, headers of its own, and a `max_age` in seconds if it has its own."""

    data: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Making:
    """How a sheet is made, and, where that can be told without making it, what of."""

    make: Callable[[], Sheet]
    parts: Callable[[], Iterable[object]] | None = None

    def __call__(self) -> Sheet:
        """Make it."""
        return self.make()


class Paths:
    """The paths below the site's address, decoded, and what makes the sheet of each."""

    def __init__(self, table: FeedTable, states: Mapping[str, EntryState]) -> None:
        """Take the feeds of an instant, and what was settled about its entries when they were first seen."""
        self.table, self.site, self.catalog, self._states = table, table.site, table.catalog, states

    def __iter__(self) -> Iterator[str]:
        """Go through all of them."""
        yield from _SINGLE
        yield from map(self.site.feed_style_path, self.site.languages)
        yield from (f"/sitemap-{number + 1}.xml" for number in range(self._sitemaps()))
        for topic in self.table.topics.values():
            page = self.site.feed_path(topic.language, topic.name)
            yield page
            yield from (path for path, _ in self.feeds_of(topic))
            yield from (f"{page}.{ending}" for ending in (SOCIAL, PODCAST) if self._find_special(topic, ending))
            yield from (f"{page}/{first:%Y-%m}" for first in self.table.months(topic))
            for first in self.table.months(topic, archived=True):
                yield from (f"{page}/{first:%Y-%m}.{ending}" for ending in FORMATS)
        for article in self.catalog.appeared:
            yield self.site.article_path(article.language, article.slug)
        yield from map(self.site.home_path, self.site.languages)

    def find(self, path: str) -> Making | None:
        """Find what makes the sheet of a path."""
        if single := _SINGLE.get(path):
            return Making(partial(single, self))
        if (part := _SITEMAP.fullmatch(path)) and int(part[1]) <= self._sitemaps():
            return Making(partial(self._sitemap_part, int(part[1]) - 1))
        if (style := _FEED_STYLE.fullmatch(path)) and style[1] in self.site.languages:
            return Making(partial(self._feed_style, style[1]))
        language, place = self.site.language_of(path)
        if place == "/":
            return Making(partial(self._page, pages.home, language))
        folder, _, name = place[1:].partition("/")
        if folder == "articles" and (article := self.catalog.article(language, name)):
            return Making(partial(self._article, article), partial(inputs.of_article, self.table, article))
        if folder == "feeds":
            return self._find_feed(language, name) or self._find_month(language, name)
        return None

    def feeds_of(self, topic: Topic) -> Iterator[tuple[str, Making]]:
        """Give the paths of a topic's feeds, one a format."""
        stem = self.site.feed_path(topic.language, topic.name)
        for format in FORMATS.values():
            yield f"{stem}.{format.ending}", self._feed_in(topic, format)

    def _find_feed(self, language: str, name: str) -> Making | None:
        name, dot, ending = name.partition(".")
        topic = self.table.topic(language, name)
        if topic is None:
            return self._find_archive(language, name, ending)
        if not dot:
            return Making(partial(self._page, pages.feed, topic))
        return self._feed_in(topic, FORMATS[ending]) if ending in FORMATS else self._find_special(topic, ending)

    def _feed_in(self, topic: Topic, format: Format) -> Making:
        return Making(partial(self._feed, topic, format), partial(inputs.of_feed, self.table, topic, format.ending))

    def _find_special(self, topic: Topic, ending: str) -> Making | None:
        """Find what only everything and the categories have."""
        if ending == PODCAST:
            about = self.table.show_of(topic)
            return Making(partial(self._podcast, topic, about)) if about else None
        is_social = ending == SOCIAL and topic.kind in ("all", "category")
        return Making(partial(self._social, topic)) if is_social else None

    def _find_archive(self, language: str, name: str, ending: str) -> Making | None:
        topic, first = self._month_at(language, name)
        if topic is None or ending not in FORMATS or first not in self.table.months(topic, archived=True):
            return None
        made_of = partial(inputs.of_archive, self.table, topic, first, ending)
        return Making(partial(self._archive, topic, first, FORMATS[ending]), made_of)

    def _find_month(self, language: str, name: str) -> Making | None:
        topic, first = self._month_at(language, name)
        if topic is None or first not in self.table.months(topic):
            return None
        return Making(
            partial(self._page, pages.month, topic, first), partial(inputs.of_month, self.table, topic, first)
        )

    def _month_at(self, language: str, name: str) -> tuple[Topic | None, date]:
        """Tell which topic's month a name is; no topic where it is none."""
        found = _MONTH.fullmatch(name)
        topic = self.table.topic(language, found[1]) if found else None
        return topic, date.fromisoformat(f"{found[2]}-01") if found else date.min

    def _feed(self, topic: Topic, format: Format) -> Sheet:
        return self._sheet_of(self.table.feed(topic), format)

    def _archive(self, topic: Topic, first: date, format: Format) -> Sheet:
        return self._sheet_of(self.table.archive(topic, first), format)._replace(max_age=ARCHIVED)

    def _sheet_of(self, feed: Feed, format: Format) -> Sheet:
        return Sheet(format.render(feed), format.content_type, (("Link", _links(feed, format)), OPEN_TO_SCRIPTS))

    def _social(self, topic: Topic) -> Sheet:
        feed, format = self.table.social(topic, self._states), FORMATS["rss"]
        return Sheet(format.render(feed), format.content_type, (("Link", _self_link(feed, format)), OPEN_TO_SCRIPTS))

    def _podcast(self, topic: Topic, about: Podcast) -> Sheet:
        (feed, show), format = self.table.podcast(topic, about), FORMATS["rss"]
        headers = (("Link", _self_link(feed, format)), OPEN_TO_SCRIPTS)
        return Sheet(podcast.render(feed, show), format.content_type, headers)

    def _page(self, render: Callable[..., bytes], *subject: object) -> Sheet:
        return Sheet(render(self.table, *subject), pages.CONTENT_TYPE)

    def _article(self, article: Article) -> Sheet:
        urls = ((twin.language, self.table.entries.page_of(twin)) for twin in self.catalog.twins(article))
        links = [f'<{url}>; rel="alternate"; hreflang="{language}"' for language, url in urls]
        headers = (("Link", ", ".join(links)),) if links else ()
        return Sheet(pages.article(self.table, article), pages.CONTENT_TYPE, headers)

    def _feed_style(self, language: str) -> Sheet:
        return Sheet(assets.feed_style(language), assets.CSS_TYPE)

    def _style(self) -> Sheet:
        return Sheet(assets.style(self.site), assets.CSS_TYPE)

    def _script(self) -> Sheet:
        return Sheet(assets.read("copy.js"), assets.SCRIPT_TYPE)

    def _robots(self) -> Sheet:
        return Sheet(crawlers.robots(self.site), crawlers.TEXT_TYPE)

    def _opml(self) -> Sheet:
        outlines = [self.table.outline(topic) for topic in self.table.topics.values()]
        data = opml.render(self.site.title[self.site.default_language], outlines)
        return Sheet(data, opml.CONTENT_TYPE, (OPEN_TO_SCRIPTS,))

    def _sitemap(self) -> Sheet:
        count = self._sitemaps()
        urls = (self.site.absolute(f"/sitemap-{number + 1}.xml") for number in range(count))
        data = crawlers.sitemap_index(urls) if count else crawlers.sitemap(self._places())
        return Sheet(data, crawlers.SITEMAP_TYPE)

    def _sitemap_part(self, number: int) -> Sheet:
        places = islice(self._places(), number * crawlers.MOST, (number + 1) * crawlers.MOST)
        return Sheet(crawlers.sitemap(places), crawlers.SITEMAP_TYPE)

    def _sitemaps(self) -> int:
        """Tell how many sitemaps are needed besides the one that then lists them."""
        always = len(self.site.languages) * (len(self.site.categories) + 2)
        if always + len(self.catalog.articles) + len(self.catalog.groups) <= crawlers.MOST:  # surely
            return 0
        exact = sum(1 for _ in self._places())
        return 0 if exact <= crawlers.MOST else -(-exact // crawlers.MOST)

    def _places(self) -> Iterator[crawlers.Place]:
        """Go through the pages that a search should find: not what lives elsewhere, is withdrawn or has expired."""
        site, now = self.site, self.catalog.now
        yield from (crawlers.Place(site.absolute(site.home_path(language))) for language in site.languages)
        for topic in self.table.topics.values():
            yield crawlers.Place(self.table.address(topic))
        for article in self.catalog.live:
            if not article.link and not article.withdrawal(now):
                alike = [article, *self.catalog.twins(article)]
                translations = (
                    tuple((each.language, self.table.entries.page_of(each)) for each in alike) if alike[1:] else ()
                )
                yield crawlers.Place(self.table.entries.page_of(article), article.updated_at(now), translations)


_SINGLE: Mapping[str, Callable[[Paths], Sheet]] = {
    "/feeds.opml": Paths._opml,
    "/robots.txt": Paths._robots,
    "/sitemap.xml": Paths._sitemap,
    "/static/style.css": Paths._style,
    "/static/copy.js": Paths._script,
}
"""The paths that there is one of, whatever the languages and articles."""


def _self_link(feed: Feed, format: Format) -> str:
    return f'<{feed.address}.{format.ending}>; rel="self"; type="{format.media_type}"'


def _links(feed: Feed, format: Format) -> str:
    """Write the Link header of a feed (RFC 8288): itself, its other formats, its translations."""
    links = [_self_link(feed, format), *(f'<{hub}>; rel="hub"' for hub in feed.hubs)]
    for rel, address in feed.history.links():
        links.append(f'<{address}.{format.ending}>; rel="{rel}"; type="{format.media_type}"')
    for other in FORMATS.values():
        if other is not format:
            links.append(f'<{feed.address}.{other.ending}>; rel="alternate"; type="{other.media_type}"')
    for language, address in feed.translations.items():
        where = f"<{address}.{format.ending}>"
        links.append(f'{where}; rel="alternate"; type="{format.media_type}"; hreflang="{language}"')
    return ", ".join(links)
