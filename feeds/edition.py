"""Edition: all that can be fetched at an instant, ready by its path.

It opens no file and asks no clock. The feeds of everything and of the categories are finished ahead; those of tags and
authors, and pages, when they are first asked for, and only so many of them are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache, partial

from . import manifest, markup
from .article import Article
from .catalog import Catalog
from .document import Document, content_security_policy, etag_of
from .feed import Feed, Topic
from .feedtable import FeedTable
from .formats import FORMATS, Format, opml, pages
from .manifest import Dated, Manifest
from .mediafile import Media, MediaFile

KEPT = 1024
"""How many of the documents that are finished on demand are kept."""

LARGE = 1_000_000
"""Bytes beyond which some aggregators refuse a feed."""

GUESSES = {
    "feed": "rss",
    "feed/": "rss",
    "rss": "rss",
    "rss/": "rss",
    "feed.xml": "rss",
    "rss.xml": "rss",
    "atom.xml": "atom",
    "index.xml": "rss",
    "feed.json": "json",
}
"""Where readers look for a feed without being told (Miniflux among them, which refuses a redirect there)."""

Make = Callable[[], Document]

OPEN_TO_SCRIPTS = ("Access-Control-Allow-Origin", "*")


class _NothingThere(Exception):
    """No document has this path."""


class Edition(Mapping[str, Document]):
    """What anyone can fetch at an instant; paths are decoded, and begin with the path of the site's address."""

    def __init__(
        self, catalog: Catalog, media: Media, known: Manifest | None = None, before: Edition | None = None
    ) -> None:
        """Compute the edition of a catalog.

        `media` finds the files that bodies name. What is finished ahead keeps the date at which the manifest `known`
        knows its bytes, and the object that it was in the edition `before`.
        """
        of_before = before.catalog if before and before.manifest is known else None
        known = known or Manifest()
        self.catalog: Catalog = catalog
        self.site = catalog.site
        self.table: FeedTable = FeedTable(catalog, before.table if before else None)
        self._media, self._before = media, before
        self._dates = {each.digest: each.modified for each in known.documents.values()}
        self._kept: dict[str, Document] = {each.etag: each for each in before._ready.values()} if before else {}
        self.modified = known.next_date(catalog.now.replace(microsecond=0))  # of what is new
        prefix = self.site.path
        self._ready: dict[str, Document] = {prefix + path: make() for path, make in self._ahead()}
        self._on_demand = lru_cache(maxsize=KEPT)(self._finish)
        for language in self.site.languages:
            home = self.site.path + self.site.home_path(language)
            for guess, ending in GUESSES.items():
                self._ready[home + guess] = self._ready[f"{home}feeds/all.{ending}"]
        self._kept, self._dates, self._before = {}, {}, None
        documents = {path: Dated(each.etag, each.modified) for path, each in self._ready.items()}
        self.manifest: Manifest = known.after(catalog, of_before).completed(documents)
        self.modified = self.manifest.content.modified

    def find(self, path: str) -> Document | None:
        """Give the document at a path, finishing it if it is the first time."""
        if ready := self._ready.get(path):
            return ready
        try:
            return self._on_demand(path)
        except _NothingThere:  # an exception, so that no place is kept for it
            return None

    def __getitem__(self, path: str) -> Document:
        """Give the document at a path. Raises KeyError where there is none."""
        found = self.find(path)
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        """Go through all paths, those that readers guess included."""
        yield from self._ready
        yield from (self.site.path + path for path in self._later())

    def __len__(self) -> int:
        """Count all paths."""
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Be true without being counted."""
        return True

    @property
    def id(self) -> str:
        """Name the edition by its content."""
        return self.manifest.content.digest

    @cached_property
    def files(self) -> dict[str, MediaFile]:
        """The files below `media/` that are fetched, by their path there: those of the site and of live articles."""
        found = {file.path: file for file in (self.site.logo, self.site.icon) if file}
        for article in self.catalog.live:
            if not article.withdrawal(self.catalog.now):
                found.update(self._files_of(article))
        return found

    def missing(self, path: str) -> bytes:
        """Render the page of an address that leads nowhere, in the language of the address."""
        languages = (each for each in self.site.languages if path.startswith(f"{self.site.path}/{each}/"))
        return pages.missing(self.table, next(languages, self.site.default_language))

    def large_feeds(self) -> Iterator[str]:
        """Tell which of the feeds that are finished ahead are larger than readers like."""
        for path, document in self._ready.items():
            if len(document.data) > LARGE and "/feeds/" in path and path.endswith(tuple(FORMATS)):
                yield f"{path} has {len(document.data):,} bytes (want at most {LARGE:,}: fewer entries)"

    def _ahead(self) -> Iterator[tuple[str, Make]]:
        for language in self.site.languages:
            for topic in self.table.main_topics(language):
                yield from self._unless_same(topic, self._feeds_of(topic))
        yield "/static/style.css", self._style

    def _unless_same(self, topic: Topic, paths: Iterator[tuple[str, Make]]) -> Iterator[tuple[str, Make]]:
        """Take over the documents of a feed that is equal to that of the edition before; it is not even rendered."""
        before = self._before
        is_same = before and before.site is self.site and before.table.feed(topic) == self.table.feed(topic)
        for path, make in paths:
            kept = before._ready.get(self.site.path + path) if before and is_same else None
            is_known = kept is not None and self._dates.get(kept.etag) == kept.modified
            yield path, partial(_taken_over, kept) if kept and is_known else make

    def _later(self) -> Iterator[str]:
        """Go through the paths of all that is finished on demand; `_maker` knows them one by one."""
        for topic in self.table.topics.values():
            yield self.site.feed_path(topic.language, topic.name)
            if topic.kind not in ("all", "category"):
                yield from (path for path, _ in self._feeds_of(topic))
        for article in self.catalog.appeared:
            yield self.site.article_path(article.language, article.slug)
        for language in self.site.languages:
            yield self.site.home_path(language)
        yield from _SINGLE

    def _maker(self, path: str) -> Make | None:
        """Find out what is at a path, from the path alone: a table of all paths would grow with the articles."""
        if not path.startswith(self.site.path + "/"):
            return None
        below = path[len(self.site.path) :]
        if single := _SINGLE.get(below):
            return partial(single, self)
        language, place = self.site.language_of(below)
        if place == "/":
            return partial(self._page, pages.home, language)
        folder, _, name = place[1:].partition("/")
        if folder == "articles" and (article := self.catalog.article(language, name)):
            return partial(self._article, article)
        if folder == "feeds":
            return self._maker_of_feed(language, name)
        return None

    def _maker_of_feed(self, language: str, name: str) -> Make | None:
        name, dot, ending = name.partition(".")
        topic = self.table.topic(language, name)
        if topic is None or (dot and ending not in FORMATS):
            return None
        return partial(self._feed, topic, FORMATS[ending]) if dot else partial(self._page, pages.feed, topic)

    def _feeds_of(self, topic: Topic) -> Iterator[tuple[str, Make]]:
        stem = self.site.feed_path(topic.language, topic.name)
        for format in FORMATS.values():
            yield f"{stem}.{format.ending}", partial(self._feed, topic, format)

    def _files_of(self, article: Article) -> Iterator[tuple[str, MediaFile]]:
        attached = [each.file for each in article.attachments_at(self.catalog.now)]
        for file in (article.picture and article.picture.file, *attached):
            if file:
                yield file.path, file
        if "media/" in article.body:
            for path in markup.media_references(self.table.entry(article).content, base=self.site.url):
                with suppress(ValueError):  # it was there when the article was checked
                    yield path, self._media.find(path)

    def _finish(self, path: str) -> Document:
        make = self._maker(path)
        if make is None:
            raise _NothingThere
        return make()

    def _document(self, data: bytes, content_type: str, *headers: tuple[str, str]) -> Document:
        policy = ("Content-Security-Policy", content_security_policy(self.site.url))
        about = (content_type, self.site.max_age, (*headers, policy))
        etag = etag_of(data)
        modified, kept = self._dates.get(etag, self.modified), self._kept.get(etag)
        if kept and kept.modified == modified and (kept.content_type, kept.max_age, kept.headers) == about:
            return kept
        return Document(data, content_type, modified, self.site.max_age, (*headers, policy))

    def _feed(self, topic: Topic, format: Format) -> Document:
        feed = self.table.feed(topic)
        return self._document(format.render(feed), format.content_type, ("Link", _links(feed, format)), OPEN_TO_SCRIPTS)

    def _page(self, render: Callable[..., bytes], subject: object) -> Document:
        return self._document(render(self.table, subject), pages.CONTENT_TYPE)

    def _article(self, article: Article) -> Document:
        twins = self.catalog.twins(article)
        urls = ((twin.language, self.site.article_path(twin.language, twin.slug)) for twin in twins)
        links = [f'<{self.site.absolute(path)}>; rel="alternate"; hreflang="{language}"' for language, path in urls]
        headers = [("Link", ", ".join(links))] if links else []
        return self._document(pages.article(self.table, article), pages.CONTENT_TYPE, *headers)

    def _opml(self) -> Document:
        outlines = [self.table.outline(topic) for topic in self.table.topics.values()]
        title = self.site.title[self.site.default_language]
        return self._document(opml.render(title, outlines), opml.CONTENT_TYPE, OPEN_TO_SCRIPTS)

    def _manifest(self) -> Document:
        return self._document(self.manifest.to_json(), manifest.CONTENT_TYPE)

    def _style(self) -> Document:
        return self._document(pages.style(self.site.accent), pages.STYLE_TYPE)


_SINGLE: Mapping[str, Callable[[Edition], Document]] = {
    "/feeds.opml": Edition._opml,
    "/manifest.json": Edition._manifest,
}
"""The paths that there is one of, whatever the languages."""


def _taken_over(document: Document) -> Document:
    return document


def _links(feed: Feed, format: Format) -> str:
    """Write the Link header of a feed (RFC 8288): itself, its other formats, its translations."""
    links = [f'<{feed.address}.{format.ending}>; rel="self"; type="{format.media_type}"']
    for other in FORMATS.values():
        if other is not format:
            links.append(f'<{feed.address}.{other.ending}>; rel="alternate"; type="{other.media_type}"')
    for language, address in feed.translations.items():
        where = f"<{address}.{format.ending}>"
        links.append(f'{where}; rel="alternate"; type="{format.media_type}"; hreflang="{language}"')
    return ", ".join(links)
