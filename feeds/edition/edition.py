"""Edition: all that can be fetched at an instant, ready by its path.

It opens no file and asks no clock. The feeds of everything and of the categories are finished ahead; those of tags and
authors, and pages, when they are first asked for, and only so many of them are kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property

from feeds.base.fingerprint import fingerprint, fingerprint_bytes
from feeds.feed import manifest, markup
from feeds.feed.builder import FeedTable
from feeds.feed.catalog import Catalog
from feeds.feed.manifest import Dated, Manifest
from feeds.feed.values import Topic
from feeds.formats import pages
from feeds.formats.registry import FORMATS
from feeds.model.article import Article
from feeds.model.mediafile import Media, MediaFile
from feeds.model.problems import Message
from feeds.model.redirects import Redirects
from feeds.model.renditions import Pictures
from feeds.model.site import Site

from .document import Document, content_security_policy
from .routes import Paths, Sheet

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

MANIFEST = "/manifest.json"


def guesses(site: Site) -> Iterator[tuple[str, str]]:
    """Give the paths below a site's address that readers guess, each with that of the feed that is meant."""
    for language in site.languages:
        home = site.home_path(language)
        yield from ((home + guess, f"{home}feeds/all.{ending}") for guess, ending in GUESSES.items())


class Edition(Mapping[str, Document]):
    """What anyone can fetch at an instant; paths are decoded, and begin with the path of the site's address."""

    def __init__(
        self,
        catalog: Catalog,
        media: Media,
        known: Manifest | None = None,
        before: Edition | None = None,
        pictures: Pictures | None = None,
    ) -> None:
        """Compute the edition of a catalog.

        `media` finds the files that bodies name, `pictures` are the renditions that are there. What is finished ahead
        keeps the date at which the manifest `known` knows its bytes, and its object of the edition `before`.
        """
        of_before = before.catalog if before and before.manifest is known else None
        known = known or Manifest()
        self.catalog: Catalog = catalog
        self.site = catalog.site
        self.table: FeedTable = FeedTable(catalog, before.table if before else None, pictures)
        has_more = before is not None and before.table.entries.pictures is not self.table.entries.pictures
        taken = known.after(catalog, of_before, moves=has_more)
        self.paths = Paths(self.table, taken.entries)
        self._media, self._before = media, before
        self._dates = {each.digest: each.modified for each in known.documents.values()}
        self._kept: dict[str, Document] = {each.etag: each for each in before.ahead.values()} if before else {}
        self.modified = known.next_date(catalog.now.replace(microsecond=0))  # of what is new
        prefix = self.site.path
        self.ahead: dict[str, Document] = {prefix + path: document for path, document in self._ahead()}
        # no `lru_cache`: it would keep this edition for ever
        self._demanded: OrderedDict[str, Document] = OrderedDict()
        self._one_at_a_time = threading.Lock()
        self.ahead |= {guess: self.ahead[path] for guess, path in self.guesses()}
        self._kept, self._dates, self._before = {}, {}, None
        documents = {path: Dated(each.etag, each.modified) for path, each in self.ahead.items()}
        self.manifest: Manifest = taken.completed(documents)
        self.modified = self.manifest.content.modified

    def find(self, path: str) -> Document | None:
        """Give the document at a path, finishing it if it is the first time."""
        if ready := self.ahead.get(path):
            return ready
        with self._one_at_a_time:
            if found := self._demanded.get(path):
                self._demanded.move_to_end(path)
                return found
        if found := self._finish(path):
            with self._one_at_a_time:
                self._demanded[path] = found
                if len(self._demanded) > KEPT:
                    self._demanded.popitem(last=False)
        return found

    def __getitem__(self, path: str) -> Document:
        """Give the document at a path. Raises KeyError where there is none."""
        found = self.find(path)
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        """Go through all paths, those that readers guess included."""
        yield from self.ahead
        later = (self.site.path + path for path in (*self.paths, MANIFEST))
        yield from (path for path in later if path not in self.ahead)

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
    def next_change(self) -> datetime | None:
        """The first instant after its own at which anything of it changes by itself, in UTC."""
        changes = (self.catalog.next_change, self.manifest.next_post(self.catalog.now))
        return min((change for change in changes if change), default=None)

    @cached_property
    def changes_at(self) -> float:
        """The same in seconds since 1970; infinite if nothing of it will change by itself."""
        return self.next_change.timestamp() if self.next_change else float("inf")

    @cached_property
    def files(self) -> dict[str, MediaFile]:
        """The files below `media/` that are fetched, by their path there: those of the site and of live articles."""
        shows = (category.podcast for category in self.site.categories.values())
        own = (self.site.logo, self.site.icon, *(show.artwork for show in shows if show))
        found = {file.path: file for file in own if file}
        for article in self.catalog.live:
            if not article.withdrawal(self.catalog.now):
                found.update(self._files_of(article))
        return found

    @cached_property
    def redirects(self) -> Redirects:
        """Where old paths lead."""
        return Redirects(self.site)

    def missing(self, path: str) -> bytes:
        """Render the page of an address that leads nowhere, in the language of the address."""
        languages = (each for each in self.site.languages if path.startswith(f"{self.site.path}/{each}/"))
        return pages.missing(self.table, next(languages, self.site.default_language))

    def sheet(self, path: str) -> Sheet:
        """Give what is at a path, with all its headers but those that depend on the request; it is not kept.

        Raises KeyError where there is nothing.
        """
        if ready := self.ahead.get(path):
            return Sheet(ready.data, ready.content_type, ready.headers, ready.max_age)
        found = self._sheet(path)
        if found is None:
            raise KeyError(path)
        return found

    def has(self, path: str) -> bool:
        """Tell whether there is something at a path, without making it."""
        below = path.removeprefix(self.site.path)
        if path in self.ahead:
            return True
        is_inside = path.startswith(f"{self.site.path}/")
        return is_inside and (below == MANIFEST or self.paths.find(below) is not None)

    def made_of(self, path: str) -> str | None:
        """Tell what is at a path by what it is made of, as a digest, where that is known without making it.

        What has the same digest has the same bytes, if the code is the same.
        """
        making = self.paths.find(path.removeprefix(self.site.path))
        if making is None or making.parts is None:
            return None
        return fingerprint(self._site_digest, *making.parts())

    @cached_property
    def _site_digest(self) -> str:
        return fingerprint(self.site)

    def guesses(self) -> Iterator[tuple[str, str]]:
        """Give the paths that readers guess, each with that of the feed that is there; a redirect comes before."""
        for guess, path in guesses(self.site):
            if guess not in self.site.redirects:
                yield self.site.path + guess, self.site.path + path

    def large_feeds(self) -> Iterator[Message]:
        """Tell which of the feeds that are finished ahead are larger than readers like."""
        for path, document in self.ahead.items():
            if len(document.data) > LARGE and "/feeds/" in path and path.endswith(tuple(FORMATS)):
                yield Message.of("feed-too-large", path=path, size=len(document.data), limit=LARGE)

    def _ahead(self) -> Iterator[tuple[str, Document]]:
        """Finish the feeds of everything and of the categories, in each language."""
        for language in self.site.languages:
            for topic in self.table.main_topics(language):
                is_same = self._is_same(topic)
                for path, make in self.paths.feeds_of(topic):
                    kept = self._before.ahead.get(self.site.path + path) if self._before and is_same else None
                    is_known = kept is not None and self._dates.get(kept.etag) == kept.modified
                    yield path, kept if kept and is_known else self._document(self._complete(make()))

    def _is_same(self, topic: Topic) -> bool:
        """Tell whether a feed is equal to that of the edition before: then it is not even rendered."""
        before = self._before
        return bool(before and before.site is self.site and before.table.feed(topic) == self.table.feed(topic))

    def _files_of(self, article: Article) -> Iterator[tuple[str, MediaFile]]:
        attached = [each.file for each in article.attachments_at(self.catalog.now)]
        yield from ((file.path, file) for file in attached if file)
        if "media/" in article.body:
            for path in markup.media_references(self.table.entries.of(article).content, base=self.site.url):
                with suppress(ValueError):  # it was there when the article was checked
                    yield path, self._media.find(path)

    def _finish(self, path: str) -> Document | None:
        sheet = self._sheet(path)
        return self._document(sheet) if sheet else None

    def _sheet(self, path: str) -> Sheet | None:
        below = path.removeprefix(self.site.path)
        if path == f"{self.site.path}{MANIFEST}":
            return self._complete(Sheet(self.manifest.to_json(), manifest.CONTENT_TYPE))
        make = self.paths.find(below) if path.startswith(f"{self.site.path}/") else None
        return self._complete(make()) if make else None

    def _complete(self, sheet: Sheet) -> Sheet:
        """Add what all sheets of the site have."""
        headers = (*sheet.headers, ("Content-Security-Policy", content_security_policy(self.site.url)))
        max_age = self.site.max_age if sheet.max_age is None else max(sheet.max_age, self.site.max_age)
        return sheet._replace(headers=headers, max_age=max_age)

    def _document(self, sheet: Sheet) -> Document:
        """Finish a sheet; where nothing of it changed, it is the document that it was in the edition before."""
        data, *about = sheet
        etag = fingerprint_bytes(data)
        modified, kept = self._dates.get(etag, self.modified), self._kept.get(etag)
        if kept and kept.modified == modified and [kept.content_type, kept.headers, kept.max_age] == about:
            return kept
        return Document(data, sheet.content_type, modified, sheet.max_age or 0, sheet.headers)
