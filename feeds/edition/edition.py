"""Edition: all documents that can be fetched at a given time, by path.

It opens no file and reads no clock. The feeds of everything and of the categories are built ahead.
Those of tags and authors, and the pages, are built on demand, and a limited number of them is
cached.
"""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property

from feeds.base.fingerprint import fingerprint_bytes
from feeds.feed import html_text, manifest
from feeds.feed.archives import MAX_FEED_BYTES
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import Catalog
from feeds.feed.entries import CACHED_ENTRIES
from feeds.feed.manifest import Manifest, Revision
from feeds.feed.title_cards import site_card, title_card, title_cards
from feeds.feed.values import Topic
from feeds.formats import pages
from feeds.formats.registry import FORMATS
from feeds.model.article import Article
from feeds.model.mediafile import Media, MediaFile
from feeds.model.problems import Message
from feeds.model.redirects import Redirects
from feeds.model.renditions import Pictures

from .affected import affected_paths, may_move_articles
from .document import Document, content_security_policy
from .guessed_paths import guessed_paths
from .routes import Rendered, Routes, SearchKind

CACHED_DOCUMENTS = 1024
"""Maximum number of cached documents that were built on demand."""

MANIFEST_PATH = "/manifest.json"

MAX_COMPARED_SLUGS = 500
"""Maximum number of articles whose slugs are compared with an unknown one: each comparison takes some 20 µs."""


class Edition(Mapping[str, Document]):
    """All documents at a given time, by decoded path.

    A path begins with that of the site's address.
    """

    def __init__(
        self,
        catalog: Catalog,
        media: Media,
        known: Manifest | None = None,
        previous: Edition | None = None,
        pictures: Pictures | None = None,
        *,
        cached_entries: int = CACHED_ENTRIES,
        search: SearchKind | None = "server",
    ) -> None:
        """Build the edition of a catalog.

        `media` looks up the files that bodies name. `pictures` are the available renditions.
        `cached_entries` is how many entries are cached. `search` is who answers searches. A document that is built
        ahead keeps the date that the manifest `known` has for its bytes, and its object from the edition `previous`.
        """
        previous_catalog = previous.catalog if previous and previous.manifest is known else None
        known = known or Manifest()
        self.catalog: Catalog = catalog
        self.site = catalog.site
        previous_builder = previous.builder if previous else None
        self.builder: FeedBuilder = FeedBuilder(catalog, previous_builder, pictures, cached_entries)
        new_stems = self._new_stems(previous_builder) if previous_builder else set()
        self.has_new_pictures = any(catalog.group("picture", stem).articles for stem in new_stems)
        has_new_cards = (
            not new_stems.isdisjoint(card.card_stem for card in title_cards(catalog)) if new_stems else False
        )
        # another process that saw the same renditions may have set a new date already
        is_first = previous is not None and known.content.modified <= previous.manifest.content.modified
        updated_manifest = known.updated_for(
            catalog, previous_catalog, force_new_date=is_first and (self.has_new_pictures or has_new_cards)
        )
        self.routes = Routes(self.builder, updated_manifest.entries, search=search)
        self._media, self._previous = media, previous
        self._known_dates = {each.digest: each.modified for each in known.documents.values()}
        self._previous_documents: dict[str, Document] = (
            {each.etag: each for each in previous.prebuilt_documents.values()} if previous else {}
        )
        self.modified = known.next_date(catalog.now.replace(microsecond=0))  # the date of new documents
        prefix = self.site.path
        self.prebuilt_documents: dict[str, Document] = {prefix + path: page for path, page in self._build_ahead()}
        # not `lru_cache`, which would keep this edition alive for ever
        self._document_cache: OrderedDict[str, Document] = OrderedDict()
        self._cache_lock = threading.Lock()
        self.prebuilt_documents |= {guess: self.prebuilt_documents[path] for guess, path in self.guessed_paths()}
        self._previous_documents, self._known_dates, self._previous = {}, {}, None
        documents = {path: Revision(each.etag, each.modified) for path, each in self.prebuilt_documents.items()}
        self.manifest: Manifest = updated_manifest.with_documents(documents)
        self.modified = self.manifest.content.modified

    def _new_stems(self, previous: FeedBuilder) -> set[str]:
        """Return the stems of renditions that were added or lost, without those of articles that changed anyway."""
        before, after = previous.entries.pictures, self.builder.entries.pictures
        if before is after:
            return set()
        added = {stem for each in self.catalog.added for original in each.originals for stem in original.stems}
        added |= {title_card(self.site, each).card_stem for each in self.catalog.added if each.original is None}
        return (before.renditions.keys() ^ after.renditions.keys()) - added

    def find(self, path: str) -> Document | None:
        """Return the document at a path, built on first use, or None."""
        if ready := self.prebuilt_documents.get(path):
            return ready
        with self._cache_lock:
            if document := self._document_cache.get(path):
                self._document_cache.move_to_end(path)
                return document
        if document := self._build(path):
            with self._cache_lock:
                self._document_cache[path] = document
                if len(self._document_cache) > CACHED_DOCUMENTS:
                    self._document_cache.popitem(last=False)
        return document

    def __getitem__(self, path: str) -> Document:
        """Return the document at a path. Raises KeyError if there is none."""
        document = self.find(path)
        if document is None:
            raise KeyError(path)
        return document

    def __iter__(self) -> Iterator[str]:
        """Yield all paths, including those that readers guess."""
        yield from self.prebuilt_documents
        on_demand_paths = (self.site.path + path for path in (*self.routes, MANIFEST_PATH))
        yield from (path for path in on_demand_paths if path not in self.prebuilt_documents)

    def __len__(self) -> int:
        """Return the number of paths."""
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Return True, without counting the paths."""
        return True

    @property
    def id(self) -> str:
        """The digest of the content."""
        return self.manifest.content.digest

    @cached_property
    def next_change(self) -> datetime | None:
        """The next time, in UTC, at which its content changes by itself, or None."""
        changes = (self.catalog.next_change, self.manifest.next_post(self.catalog.now))
        return min((change for change in changes if change), default=None)

    @cached_property
    def next_change_timestamp(self) -> float:
        """`next_change` in seconds since 1970; infinite if nothing will change by itself."""
        return self.next_change.timestamp() if self.next_change else float("inf")

    @cached_property
    def files(self) -> dict[str, MediaFile]:
        """The files below `media/` that are served, by path there.

        They belong to the site or to live articles.
        """
        files = {file.path: file for file in self.site.files}
        for page in self.catalog.pages.values():
            files.update(self._files_in(self.builder.entries.page_body(page)))
        for article in self.catalog.live:
            if not article.withdrawal(self.catalog.now):
                files.update(self._media_files(article))
        return files

    def shows_picture(self, stem: str) -> bool:
        """Return whether something live shows a rendition whose name begins with `stem`."""
        return self.catalog.original(stem) is not None or stem in self.title_card_stems

    @cached_property
    def title_card_stems(self) -> frozenset[str]:
        """Stems of the title cards of live articles, and of the site.

        Those of older articles are included: posts and previews elsewhere may still show them.
        """
        site, now = self.site, self.catalog.now
        live = (each for each in self.catalog.live if each.original is None and not each.withdrawal(now))
        cards = (
            *(site_card(site, language) for language in site.languages),
            *(title_card(site, each) for each in live),
        )
        return frozenset(card.card_stem for card in cards)

    @cached_property
    def redirects(self) -> Redirects:
        """The redirects from old paths: those in site.yaml, and those of articles whose files were renamed."""
        site = self.site
        entries = (*self.manifest.past.values(), *self.manifest.entries.values())
        renamed = (entry for entry in entries if entry.old_slugs and self.catalog.article(entry.language, entry.slug))
        moved = {
            site.article_path(entry.language, old): site.article_path(entry.language, entry.slug)
            for entry in renamed
            for old in entry.old_slugs
            if not self.catalog.article(entry.language, old)
        }
        return Redirects(site, moved)

    def not_found_page(self, path: str, nearest: Sequence[Article] = ()) -> bytes:
        """Render the page for an address that does not exist, in the language of the address.

        `nearest` are articles that may be meant.
        """
        return pages.missing(self.routes.pages[self.language_of(path)], nearest)

    def articles_spelled_like(self, slug: str, language: str) -> list[Article]:
        """Return newest readable articles of a language whose slugs are almost a given one, the most similar first."""
        newest = self.catalog.group("all", language).appeared(self.catalog.now)[:MAX_COMPARED_SLUGS]
        slugs = [article.slug for article in newest if self.catalog.is_readable(article)]
        return [self.catalog.articles[name] for name in difflib.get_close_matches(slug[:100], slugs, cutoff=0.75)]

    def language_of(self, path: str) -> str:
        """Return the language of a path, whether it exists or not."""
        return self.site.split_language(path.removeprefix(self.site.path))[0]

    def render(self, path: str) -> Rendered:
        """Return what is rendered at a path, with all headers except those that depend on the request.

        The result is not cached. Raises KeyError if there is nothing at the path.
        """
        if ready := self.prebuilt_documents.get(path):
            return Rendered(ready.data, ready.content_type, ready.headers, ready.max_age)
        rendered = self._render(path)
        if rendered is None:
            raise KeyError(path)
        return rendered

    def has(self, path: str) -> bool:
        """Return whether there is something at a path, without rendering it."""
        below = path.removeprefix(self.site.path)
        if path in self.prebuilt_documents:
            return True
        is_inside = path.startswith(f"{self.site.path}/")
        return is_inside and (below == MANIFEST_PATH or self.routes.find(below) is not None)

    def inputs_digest(self, path: str) -> str | None:
        """Return the digest of a path's inputs, or None if they are unknown before rendering.

        Equal digests mean equal bytes, if the code is the same.
        """
        route = self.routes.find(path.removeprefix(self.site.path))
        if route is None or route.inputs is None:
            return None
        return fingerprint_bytes("\0".join((self._site_digest, *route.inputs())).encode())

    @cached_property
    def order_digest(self) -> str:
        """Digest of the site, and of what decides which documents exist and which articles each of them shows."""
        parts = (self._site_digest, *self.routes.inputs.of_order(self.manifest.entries))
        return fingerprint_bytes("\0".join(parts).encode())

    def article_digest(self, article: Article) -> str:
        """Return a digest of an article's inputs."""
        return fingerprint_bytes(self.routes.inputs.digest(article).encode())[:16]

    def affected_paths(self, sizes: Mapping[str, int]) -> set[str] | None:
        """Return the paths of documents that a change of articles may affect, while `order_digest` is the same.

        `sizes` are the larger of the old and the new size of each article, by slug. The result is None
        if they may decide which documents exist.
        """
        if may_move_articles(self.builder, sizes):
            return None
        articles = (self.catalog.articles[slug] for slug in sizes)
        paths = {self.site.path + path for path in affected_paths(self.builder, articles)}
        return {path for path in paths if self.has(path)}

    @cached_property
    def _site_digest(self) -> str:
        return f"{manifest.site_digest(self.catalog)} {self.routes.search}"

    def guessed_paths(self) -> Iterator[tuple[str, str]]:
        """Yield the paths that readers guess, each with its feed's path.

        Redirects take precedence.
        """
        for guess, path in guessed_paths(self.site):
            if guess not in self.site.redirects:
                yield self.site.path + guess, self.site.path + path

    @property
    def serves_search(self) -> bool:
        """Whether the server answers searches."""
        return self.routes.search == "server"

    def document(self, rendered: Rendered) -> Document:
        """Return the document of something that is in no edition, such as the results of a search."""
        return self._document_of(self._with_site_headers(rendered))

    def large_feeds(self) -> Iterator[Message]:
        """Yield a message for each feed built ahead that is larger than some aggregators accept."""
        for path, document in self.prebuilt_documents.items():
            if len(document.data) > MAX_FEED_BYTES and "/feeds/" in path and path.endswith(tuple(FORMATS)):
                yield Message.of("feed-too-large", path=path, size=len(document.data), limit=MAX_FEED_BYTES)

    def _build_ahead(self) -> Iterator[tuple[str, Document]]:
        """Yield paths and documents of the feeds of everything and of categories, in each language."""
        for language in self.site.languages:
            for topic in self.builder.main_topics(language):
                previous_documents = (
                    self._previous.prebuilt_documents if self._previous and self._is_unchanged(topic) else {}
                )
                for path, route in self.routes.feed_routes(topic):
                    document = previous_documents.get(self.site.path + path)
                    if document is None or self._known_dates.get(document.etag) != document.modified:
                        document = self._document_of(self._with_site_headers(route()))
                    yield path, document

    def _is_unchanged(self, topic: Topic) -> bool:
        """Return whether a feed equals the previous edition's; if so, it is not even rendered."""
        previous = self._previous
        return bool(
            previous and previous.site is self.site and previous.builder.feed(topic) == self.builder.feed(topic)
        )

    def _media_files(self, article: Article) -> Iterator[tuple[str, MediaFile]]:
        attached_files = [attachment.file for attachment in article.attachments_at(self.catalog.now)]
        yield from ((file.path, file) for file in attached_files if file)
        if article.may_reference_media:
            yield from self._files_in(self.builder.entries.of(article).content)

    def _files_in(self, content: str) -> Iterator[tuple[str, MediaFile]]:
        """Yield the files below `media/` that HTML refers to."""
        for path in html_text.media_references(content, base=self.site.url):
            with suppress(ValueError):  # it existed when the text was checked
                yield path, self._media.find(path)

    def _build(self, path: str) -> Document | None:
        rendered = self._render(path)
        return self._document_of(rendered) if rendered else None

    def _render(self, path: str) -> Rendered | None:
        below = path.removeprefix(self.site.path)
        if path == f"{self.site.path}{MANIFEST_PATH}":
            return self._with_site_headers(Rendered(self.manifest.to_json(), manifest.CONTENT_TYPE))
        route = self.routes.find(below) if path.startswith(f"{self.site.path}/") else None
        return self._with_site_headers(route()) if route else None

    def _with_site_headers(self, rendered: Rendered) -> Rendered:
        """Add the headers and the `max_age` of the site."""
        policy = ("Content-Security-Policy", content_security_policy(self.site.url))
        has_own_policy = any(name == policy[0] for name, _ in rendered.headers)
        headers = rendered.headers if has_own_policy else (*rendered.headers, policy)
        max_age = self.site.max_age if rendered.max_age is None else max(rendered.max_age, self.site.max_age)
        return rendered._replace(headers=headers, max_age=max_age)

    def _document_of(self, rendered: Rendered) -> Document:
        """Return the document of rendered bytes.

        The previous edition's object is reused if nothing changed.
        """
        data, *metadata = rendered
        etag = fingerprint_bytes(data)
        modified, previous_document = self._known_dates.get(etag, self.modified), self._previous_documents.get(etag)
        if (
            previous_document
            and previous_document.modified == modified
            and [previous_document.content_type, previous_document.headers, previous_document.max_age] == metadata
        ):
            return previous_document
        return Document(data, rendered.content_type, modified, rendered.max_age or 0, rendered.headers)
