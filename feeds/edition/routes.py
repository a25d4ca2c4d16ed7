"""Routes: what each path of the site is, derived from the path alone, and a listing of all paths.

It stores nothing: an `Edition` dates and caches what is rendered here. A table of all paths would
grow with the articles, and would have to be rebuilt at each change of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from typing import Literal, NamedTuple

from feeds.feed import films, special_feeds
from feeds.feed.archives import Part
from feeds.feed.builder import MAIN_KINDS, FeedBuilder
from feeds.feed.manifest import EntryState
from feeds.feed.posts import NETWORKS, Network
from feeds.feed.values import Feed, Topic
from feeds.formats import assets, crawlers, opensearch, opml, pages, podcast
from feeds.formats.page import Page
from feeds.formats.registry import FORMATS, Format
from feeds.model.article import Article
from feeds.model.site_groups import Podcast

from .document import content_security_policy
from .inputs import Inputs

CORS_HEADER = ("Access-Control-Allow-Origin", "*")

ARCHIVE_MAX_AGE = 86_400
"""Seconds that a copy of an archive document may be cached: it changes if an entry of its month changes or goes."""

POST_ENDINGS: Mapping[str, Network | None] = {
    "social.rss": None,
    **{f"{network.key}.rss": network for network in NETWORKS},
}
"""Endings of the feeds for posts, each with its network, or None if posts fit all of them."""

PODCAST_ENDING, SITEMAP_PATH, SEARCH_SCRIPT_PATH = "podcast.rss", "/sitemap.xml", "/static/search.js"

SearchKind = Literal["server", "static"]
"""Who answers searches: our server, or the browser itself, with an index in the folder of a build."""

_PART = re.compile("(.+)/([1-9][0-9]{3}-(?:0[1-9]|1[0-2]))(?:-([2-9]|[1-9][0-9]{1,4}))?")
_FEED_STYLE = re.compile(r"/static/feed-([A-Za-z0-9-]+)\.css")
_SITEMAP = re.compile("/sitemap-([1-9][0-9]{0,5})\\.xml")


class Rendered(NamedTuple):
    """The content of a path: bytes, media type, own headers, and own `max_age` in seconds, if any."""

    data: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """How a path is rendered, and its inputs, if they are known without rendering."""

    render: Callable[[], Rendered]
    inputs: Callable[[], Iterable[str]] | None = None

    def __call__(self) -> Rendered:
        """Render the path."""
        return self.render()


class Routes:
    """The paths below the site's address, decoded, and the route of each."""

    def __init__(
        self, builder: FeedBuilder, states: Mapping[str, EntryState], *, search: SearchKind | None = "server"
    ) -> None:
        """Set the feeds at a given time.

        `states` are those of entries, which are fixed when an entry is first seen. `search` is who answers searches.
        """
        self.builder, self.site, self.catalog, self._states = builder, builder.site, builder.catalog, states
        self.inputs = Inputs(builder)
        self.search = search
        self.pages = {language: Page(builder, language, has_search=bool(search)) for language in self.site.languages}

    def __iter__(self) -> Iterator[str]:
        """Yield all paths."""
        yield from _FIXED_PATHS
        yield from map(self.site.feed_style_path, self.site.languages)
        yield from (f"/sitemap-{number + 1}.xml" for number in range(self._sitemap_count()))
        for topic in self.builder.topics.values():
            page = self.site.feed_path(topic.language, topic.name)
            yield page
            yield from (path for path, _ in self.feed_routes(topic))
            yield from (
                f"{page}.{ending}" for ending in (*POST_ENDINGS, PODCAST_ENDING) if self._find_special(topic, ending)
            )
            yield from (f"{page}/{first:%Y-%m}" for first in self.builder.months(topic))
            for part in self.builder.parts(topic):
                yield from (f"{page}/{part}.{ending}" for ending in FORMATS)
        for article in self.catalog.appeared:
            yield self.site.article_path(article.language, article.slug)
        yield from (self.site.page_path(page.language, page.slug) for page in self.catalog.pages.values())
        yield from map(self.site.home_path, self.site.languages)
        for language in self.site.languages if self.search else ():
            yield opensearch.path(self.site, language)
            if self.search == "static":
                yield self.site.search_path(language)
        if self.search == "static":
            yield SEARCH_SCRIPT_PATH

    def find(self, path: str) -> Route | None:
        """Return the route of a path, or None."""
        if render := _FIXED_PATHS.get(path):
            return Route(partial(render, self), self.inputs.of_sitemap if path == SITEMAP_PATH else None)
        if (sitemap_match := _SITEMAP.fullmatch(path)) and int(sitemap_match[1]) <= self._sitemap_count():
            return Route(partial(self._sitemap_part, int(sitemap_match[1]) - 1), self.inputs.of_sitemap)
        if (style_match := _FEED_STYLE.fullmatch(path)) and style_match[1] in self.site.languages:
            return Route(partial(self._feed_style, style_match[1]))
        language, local_path = self.site.split_language(path)
        if local_path == "/":
            return Route(partial(self._page, pages.home, language), partial(self.inputs.of_home, language))
        folder, _, name = local_path[1:].partition("/")
        if folder == "articles" and (article := self.catalog.article(language, name)):
            return Route(partial(self._article, article), partial(self.inputs.of_article, article))
        if folder == "pages" and (page := self.catalog.page(language, name)):
            return Route(partial(self._page, pages.static_page, language, page))
        if route := self._find_search(language, path):
            return route
        if folder == "feeds":
            return self._find_feed(language, name) or self._find_month(language, name)
        return None

    def _find_search(self, language: str, path: str) -> Route | None:
        """Return the route of the description of the search, or of its page and script on a static host, or None."""
        if self.search and path == opensearch.path(self.site, language):
            return Route(partial(self._opensearch, language))
        if self.search == "static" and path == self.site.search_path(language):
            return Route(partial(self._static_search, language))
        if self.search == "static" and path == SEARCH_SCRIPT_PATH:
            return Route(lambda: Rendered(assets.read("search.js"), assets.SCRIPT_TYPE))
        return None

    def feed_routes(self, topic: Topic) -> Iterator[tuple[str, Route]]:
        """Yield the paths of a topic's feeds with their routes, one for each format."""
        stem = self.site.feed_path(topic.language, topic.name)
        for format in FORMATS.values():
            yield f"{stem}.{format.ending}", self._feed_in(topic, format)

    def _find_feed(self, language: str, name: str) -> Route | None:
        name, dot, ending = name.partition(".")
        topic = self.builder.topic(language, name)
        if topic is None:
            return self._find_archive(language, name, ending)
        if not dot:
            return Route(partial(self._page, pages.feed, language, topic), partial(self.inputs.of_list, topic))
        return self._feed_in(topic, FORMATS[ending]) if ending in FORMATS else self._find_special(topic, ending)

    def _feed_in(self, topic: Topic, format: Format) -> Route:
        return Route(partial(self._feed, topic, format), partial(self.inputs.of_feed, topic, format.ending))

    def _find_special(self, topic: Topic, ending: str) -> Route | None:
        """Return the route of a feed for one kind of client, or None; tags and authors have no such feeds."""
        if ending == PODCAST_ENDING:
            settings = self.builder.podcast_settings(topic)
            if settings is None:
                return None
            return Route(partial(self._podcast, topic, settings), partial(self.inputs.of_podcast, topic))
        if ending in POST_ENDINGS and topic.kind in MAIN_KINDS:
            post_inputs = partial(self.inputs.of_posts, topic, self._states)
            return Route(partial(self._posts, topic, POST_ENDINGS[ending]), post_inputs)
        return None

    def _find_archive(self, language: str, name: str, ending: str) -> Route | None:
        topic, part = self._parse_part(language, name)
        if topic is None or ending not in FORMATS or part not in self.builder.parts(topic):
            return None
        archive_inputs = partial(self.inputs.of_archive, topic, part, ending)
        return Route(partial(self._archive, topic, part, FORMATS[ending]), archive_inputs)

    def _find_month(self, language: str, name: str) -> Route | None:
        topic, (first, number) = self._parse_part(language, name)
        if topic is None or number != 1 or first not in self.builder.months(topic):
            return None
        return Route(
            partial(self._page, pages.month, language, topic, first),
            partial(self.inputs.of_month, topic, first),
        )

    def _parse_part(self, language: str, name: str) -> tuple[Topic | None, Part]:
        """Return the topic and the part that the name of an archive stands for.

        The page of a month has the name of the month's first part. The topic is None if it does not exist.
        """
        match = _PART.fullmatch(name)
        topic = self.builder.topic(language, match[1]) if match else None
        return topic, Part(date.fromisoformat(f"{match[2]}-01"), int(match[3] or 1)) if match else Part(date.min)

    def _feed(self, topic: Topic, format: Format) -> Rendered:
        return self.rendered_feed(self.builder.feed(topic), format)

    def _archive(self, topic: Topic, part: Part, format: Format) -> Rendered:
        return self.rendered_feed(self.builder.archive(topic, part), format)._replace(max_age=ARCHIVE_MAX_AGE)

    def rendered_feed(self, feed: Feed, format: Format) -> Rendered:
        """Return a feed in a format, with its headers."""
        return Rendered(format.render(feed), format.content_type, (("Link", _links(feed, format)), CORS_HEADER))

    def _posts(self, topic: Topic, network: Network | None) -> Rendered:
        feed, format = special_feeds.post_feed(self.builder, topic, self._states, network), FORMATS["rss"]
        return Rendered(format.render(feed), format.content_type, (("Link", _self_link(feed, format)), CORS_HEADER))

    def _podcast(self, topic: Topic, settings: Podcast) -> Rendered:
        (feed, show), format = special_feeds.podcast_feed(self.builder, topic, settings), FORMATS["rss"]
        headers = (("Link", _self_link(feed, format)), CORS_HEADER)
        return Rendered(podcast.render(feed, show), format.content_type, headers)

    def _page(self, render: Callable[..., bytes], language: str, *subject: object) -> Rendered:
        return Rendered(render(self.pages[language], *subject), pages.CONTENT_TYPE)

    def _article(self, article: Article) -> Rendered:
        urls = ((twin.language, self.builder.entries.page_of(twin)) for twin in self.catalog.twins(article))
        links = [f'<{url}>; rel="alternate"; hreflang="{language}"' for language, url in urls]
        headers = (("Link", ", ".join(links)),) if links else ()
        return Rendered(pages.article(self.pages[article.language], article), pages.CONTENT_TYPE, headers)

    def _feed_style(self, language: str) -> Rendered:
        return Rendered(assets.feed_style(language), assets.CSS_TYPE)

    def _style(self) -> Rendered:
        return Rendered(assets.style(self.site), assets.CSS_TYPE)

    def _script(self) -> Rendered:
        return Rendered(assets.read("copy.js"), assets.SCRIPT_TYPE)

    def _film_picture(self) -> Rendered:
        return Rendered(assets.read("film.png"), assets.PICTURE_TYPE)

    def _opensearch(self, language: str) -> Rendered:
        feed_type = FORMATS["rss"].media_type if self.search == "server" else None
        return Rendered(opensearch.render(self.site, language, feed_type=feed_type), opensearch.CONTENT_TYPE)

    def _static_search(self, language: str) -> Rendered:
        policy = ("Content-Security-Policy", content_security_policy(self.site.url, is_search=True))
        return Rendered(pages.static_search(self.pages[language]), pages.CONTENT_TYPE, (policy,))

    def _robots(self) -> Rendered:
        return Rendered(crawlers.robots_txt(self.site), crawlers.TEXT_TYPE)

    def _opml(self) -> Rendered:
        outlines = [self.builder.outline(topic) for topic in self.builder.topics.values()]
        data = opml.render(self.site.title[self.site.default_language], outlines)
        return Rendered(data, opml.CONTENT_TYPE, (CORS_HEADER,))

    def _sitemap(self) -> Rendered:
        count = self._sitemap_count()
        urls = (self.site.absolute(f"/sitemap-{number + 1}.xml") for number in range(count))
        data = crawlers.sitemap_index(urls) if count else crawlers.sitemap(self._sitemap_places())
        return Rendered(data, crawlers.SITEMAP_TYPE)

    def _sitemap_part(self, number: int) -> Rendered:
        places = islice(
            self._sitemap_places(), number * crawlers.MAX_SITEMAP_URLS, (number + 1) * crawlers.MAX_SITEMAP_URLS
        )
        return Rendered(crawlers.sitemap(places), crawlers.SITEMAP_TYPE)

    def _sitemap_count(self) -> int:
        """Return the number of sitemaps in the index, or 0 if a single sitemap is enough."""
        fixed_count = len(self.site.languages) * (len(self.site.categories) + 2) + len(self.catalog.pages)
        if (
            fixed_count + len(self.catalog.articles) + len(self.catalog.groups) <= crawlers.MAX_SITEMAP_URLS
        ):  # upper bound
            return 0
        count = sum(1 for _ in self._sitemap_places())
        return 0 if count <= crawlers.MAX_SITEMAP_URLS else -(-count // crawlers.MAX_SITEMAP_URLS)

    def _sitemap_places(self) -> Iterator[crawlers.SitemapPage]:
        """Yield the pages for search engines, without external, withdrawn and expired articles."""
        site, now = self.site, self.catalog.now
        yield from (crawlers.SitemapPage(site.absolute(site.home_path(language))) for language in site.languages)
        for page in self.catalog.pages.values():
            yield crawlers.SitemapPage(site.absolute(site.page_path(page.language, page.slug)))
        for topic in self.builder.topics.values():
            yield crawlers.SitemapPage(self.builder.address(topic))
        for article in self.catalog.live:
            if not article.link and not article.withdrawal(now):
                versions = [article, *self.catalog.twins(article)]
                addresses = tuple((version.language, self.builder.entries.page_of(version)) for version in versions)
                translations = addresses if len(addresses) > 1 else ()
                yield crawlers.SitemapPage(self.builder.entries.page_of(article), article.updated_at(now), translations)


_FIXED_PATHS: Mapping[str, Callable[[Routes], Rendered]] = {
    "/feeds.opml": Routes._opml,
    "/robots.txt": Routes._robots,
    SITEMAP_PATH: Routes._sitemap,
    "/static/style.css": Routes._style,
    "/static/copy.js": Routes._script,
    films.PICTURE_PATH: Routes._film_picture,
}
"""The paths that exist exactly once, whatever the languages and articles."""


def _self_link(feed: Feed, format: Format) -> str:
    return f'<{feed.url_in(format.ending)}>; rel="self"; type="{format.media_type}"'


def _links(feed: Feed, format: Format) -> str:
    """Return the Link header of a feed (RFC 8288): itself, its other formats, its translations."""
    links = [_self_link(feed, format), *(f'<{hub}>; rel="hub"' for hub in feed.hubs)]
    for rel, address in feed.history.links():
        links.append(f'<{address}.{format.ending}>; rel="{rel}"; type="{format.media_type}"')
    for other in FORMATS.values():
        if other is not format:
            links.append(f'<{feed.url_in(other.ending)}>; rel="alternate"; type="{other.media_type}"')
    for language, address in feed.translations.items():
        target = f"<{address}.{format.ending}>"
        links.append(f'{target}; rel="alternate"; type="{format.media_type}"; hreflang="{language}"')
    return ", ".join(links)
