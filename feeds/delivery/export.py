"""Export: an edition as files in the order in which they are written, each with the metadata that hosts need.

It writes nothing; `folder` and `bucket` do. A file refers only to files that exist by then: pictures first, then
pages, then feeds, and the manifest at the end. So an interrupted copy shows no reader a link to a missing file.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from feeds.base.fingerprint import fingerprint, fingerprint_bytes
from feeds.base.version import code_digest
from feeds.content.media import MediaFolder
from feeds.content.pictures import RENDITION_TYPES, PictureStore
from feeds.edition.document import (
    IMMUTABLE_CACHE_CONTROL,
    SANDBOX_POLICY,
    SECURITY_HEADERS,
    cache_control,
    content_security_policy,
)
from feeds.edition.edition import MANIFEST_PATH, Edition
from feeds.edition.routes import Rendered
from feeds.formats import crawlers, pages
from feeds.model.media_types import SCRIPTABLE_TYPES, UNKNOWN, guess_type
from feeds.model.renditions import Original, picture_path

from . import static_search
from .sources import Sources

logger = logging.getLogger(__name__)

STATIC_MAX_AGE_SECONDS = 60
"""Maximum cache lifetime in seconds at a static host, which does not know when an embargo ends."""

EXPORT_CACHED_ENTRIES = 20_000
"""Number of entries to cache for an export: each is in its own page, and in the pages and documents of months."""

SMALL_PICTURE_TYPE = "image/webp"

_OLD_PATH = re.compile(r"(/(?![.])[^/\x00-\x1f]+)+")
"""An old path that can be the key of an object."""

_MONTH = re.compile("/feeds/.*/([1-9][0-9]{3}-[0-9]{2})(?:-[0-9]+)?(?:[.][a-z]+)?$")
"""The path of a page or a document of a month."""

_FEED_SUFFIXES = (".rss", ".atom", ".json")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ExportedContent:
    """The content of a file: its bytes or the file that has them, and all headers that do not depend on the bytes.

    `digest` changes when any of that does. `modified` is in UTC and whole seconds.
    """

    source: bytes | Path
    content_type: str
    headers: Headers
    modified: datetime
    digest: str

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @property
    def is_text(self) -> bool:
        """Return whether it is worth compressing. Pictures, audio and video are compressed already."""
        media_type = self.content_type.partition(";")[0]
        return media_type.startswith("text/") or media_type.endswith(("xml", "json"))


@dataclass
class ExportedFile:
    """A file of an edition. `path` is its decoded URL path. `content` is rendered on first access.

    `inputs_digest` is a digest of the inputs, if they are known without rendering; equal inputs give equal content.
    A file refers only to files of its own `stage` or an earlier one. Files of the same `month` show the same articles.
    `is_main` marks a feed that readers poll. `original` is the path of the document that a copy is of.
    """

    path: str
    stage: int
    is_page: bool
    _render: Callable[[], ExportedContent]
    _compute_inputs_digest: Callable[[], str | None] = lambda: None
    month: str = ""
    is_main: bool = False
    original: str = ""

    @cached_property
    def content(self) -> ExportedContent:
        """The content of the file, rendered on first access."""
        return self._render()

    @cached_property
    def inputs_digest(self) -> str | None:
        """Digest of the inputs, or None if it is unknown."""
        return self._compute_inputs_digest()

    @property
    def name(self) -> str:
        """The path in a folder, where a page is the `index.html` of its own folder."""
        return f"{self.path.rstrip('/')}/index.html"[1:] if self.is_page else self.path[1:]

    @property
    def key(self) -> str:
        """The key in a bucket, which needs no suffix, but must not be that of a folder."""
        return f"{self.path}index.html"[1:] if self.path.endswith("/") else self.path[1:]


class Export:
    """All files of an edition, rendered one at a time. Its pictures come from a store."""

    def __init__(self, edition: Edition, media: MediaFolder, pictures: PictureStore) -> None:
        """Set the edition, and the sources of its media files and pictures."""
        self.edition, self._media, self._pictures = edition, media, pictures
        site = edition.site
        policy = ("Content-Security-Policy", content_security_policy(site.url))
        self.headers: Headers = (
            ("Cache-Control", cache_control(min(STATIC_MAX_AGE_SECONDS, site.max_age))),
            *SECURITY_HEADERS,
            policy,
        )

    def files(
        self, copies: Iterable[ExportedFile] = (), *, only: Collection[str] | None = None
    ) -> Iterator[ExportedFile]:
        """Yield the files in the order in which they are written, with `copies` before the manifest.

        `only` are the paths of the documents, besides the manifest; by default, all of them.
        """
        yield from self._picture_files()
        yield from self._media_files()
        yield from self._generated_files()
        if self.edition.routes.search == "static":
            yield from self._search_files()
        manifest = f"{self.edition.site.path}{MANIFEST_PATH}"
        paths = self._paths() if only is None else only
        yield from map(self._document, sorted((path for path in paths if path != manifest), key=self._stage))
        yield from copies
        yield self._document(manifest)

    def sources(self) -> Sources:
        """Return what the documents are made from."""
        edition = self.edition
        articles = {each.slug: (edition.article_digest(each), each.estimated_size) for each in edition.catalog.appeared}
        return Sources(fingerprint_bytes(f"{edition.order_digest} {self._common_digest}".encode()), articles)

    def affected_by(self, slugs: Iterable[str], previous: Sources) -> set[str] | None:
        """Return the paths of documents that articles which changed since `previous` may affect; None for any."""
        articles = self.edition.catalog.articles
        sizes = {slug: max(articles[slug].estimated_size, previous.articles[slug][1]) for slug in slugs}
        return self.edition.affected_paths(sizes)

    def _paths(self) -> Iterator[str]:
        guesses = {guess for guess, _ in self.edition.guessed_paths()}
        return (path for path in self.edition if path not in guesses)

    def _stage(self, path: str) -> int:
        """Return the stage of a document. Documents that others refer to have an earlier one."""
        site = self.edition.site
        site_path = site.split_language(path.removeprefix(site.path))[1]
        if site_path.startswith(("/static/", "/articles/")):
            return 0
        if site_path.startswith("/feeds/") and path.endswith(_FEED_SUFFIXES):
            return 3 if path in self.edition.manifest.documents else 2  # 2 includes the archives that feeds link to
        return 4 if site_path == MANIFEST_PATH else 1

    def rewrites(self) -> dict[str, str]:
        """Return the paths that are answered from another file, each with the path of that file in a folder."""
        site = self.edition.site
        homes = (site.path + site.home_path(language) for language in site.languages)
        return {**{home: f"{home}index.html" for home in homes}, **dict(self.edition.guessed_paths())}

    def not_found_pages(self) -> dict[str, str]:
        """Return the not-found pages by the path prefix that each is for."""
        site = self.edition.site
        return {"": "/404.html"} | {
            f"{site.path}/{language}/": f"{site.path}/{language}/404.html" for language in site.languages[1:]
        }

    def guessed_path_copies(self, *, with_ending: bool = False) -> Iterator[ExportedFile]:
        """Yield copies of feeds under the paths that readers guess.

        `with_ending` yields only those whose media type a host can derive from the suffix.
        """
        for guess, path in self.edition.guessed_paths():
            if not with_ending or "." in guess:
                yield self._document(path, guess)

    def moved_path_copies(self) -> Iterator[ExportedFile]:
        """Yield copies of feeds under old paths that redirect to them, for a host that cannot redirect."""
        site = self.edition.site
        for old, new in self.redirects().items():
            path = site.path + new.removeprefix(site.url)
            if path in self.edition.manifest.documents and _OLD_PATH.fullmatch(old):
                yield self._document(path, old)

    def redirects(self) -> dict[str, str]:
        """Return the redirects from old paths to URLs. A path that exists again is left out."""
        site = self.edition.site
        targets = self.edition.redirects.paths.items()
        media = {f"{site.path}/media/{path}" for path in self.edition.files}
        return {old: new for old, new in targets if old and old not in media and not self.edition.has(old)}

    def query_redirects(self) -> dict[str, dict[str, str]]:
        """Return the redirects that depend on a query, as URLs by query by path. Only a server can apply them."""
        site = self.edition.site
        return {site.path + path: targets for path, targets in site.query_redirects.items()}

    def _document(self, path: str, public_path: str | None = None) -> ExportedFile:
        revision = self.edition.manifest.documents.get(path)
        modified = revision.modified if revision else self.edition.modified
        make = partial(self._content_of, partial(self.edition.render, path), modified)
        is_page = "." not in path.rpartition("/")[2]
        compute_inputs = partial(self._inputs_digest_of, path)
        month, is_main = self._month(path), revision is not None
        return ExportedFile(public_path or path, self._stage(path), is_page, make, compute_inputs, month, is_main, path)

    def _month(self, path: str) -> str:
        """Return the month of an article's page or of a page or document of a month; empty for any other path."""
        if match := _MONTH.search(path):
            return match[1]
        folder, _, slug = path.rpartition("/")
        article = self.edition.catalog.articles.get(slug) if folder.endswith("/articles") else None
        return f"{article.published:%Y-%m}" if article else ""

    def _content_of(self, render: Callable[[], Rendered], modified: datetime) -> ExportedContent:
        document = render()
        headers = tuple({**dict(self.headers), **dict(document.headers)}.items())
        described = f"{document.content_type}\n{headers}\n"
        digest = fingerprint_bytes(described.encode() + document.data)
        return ExportedContent(document.data, document.content_type, headers, modified, digest)

    def _inputs_digest_of(self, path: str) -> str | None:
        digest = self.edition.inputs_digest(path)
        return fingerprint_bytes(f"{digest} {self._common_digest}".encode()) if digest else None

    @cached_property
    def _common_digest(self) -> str:
        return fingerprint(code_digest(), self.headers)

    def _generated_files(self) -> Iterator[ExportedFile]:
        """Yield the files that our own server generates on request: not-found pages and `security.txt`."""
        site, modified = self.edition.site, self.edition.modified
        sheets = {
            path: Rendered(self.edition.not_found_page(path), pages.CONTENT_TYPE)
            for path in self.not_found_pages().values()
        }
        if text := crawlers.security_txt(site, self.edition.catalog.now):
            sheets[site.path + crawlers.SECURITY_TXT_PATH] = Rendered(text, crawlers.TEXT_TYPE)
        for path, sheet in sheets.items():
            yield ExportedFile(path, 0, False, partial(self._content_of, lambda sheet=sheet: sheet, modified))  # type: ignore[misc]

    def _shown_originals(self) -> Iterable[Original]:
        catalog = self.edition.catalog
        return catalog.originals(article for article in catalog.live if not article.withdrawal(catalog.now))

    def _picture_files(self) -> Iterator[ExportedFile]:
        """Yield the renditions that live articles show. Those for pages are created if they are missing."""
        site, pictures = self.edition.site, self.edition.builder.entries.pictures
        headers = (("Cache-Control", IMMUTABLE_CACHE_CONTROL), *self.headers[1:])
        files: dict[str, Path] = {}
        for original in self._shown_originals():
            if renditions := pictures.of(original):
                self._pictures.make_small_pictures(original)
                for rendition in (renditions.feed, renditions.card):
                    files[rendition.name] = self._verified_file(original, rendition.name)
                for name in original.small_names:
                    files[name] = self._pictures.verified_path(name) or files[renditions.feed.name]
        for stem in self.edition.title_card_stems:
            if (card := pictures.renditions.get(stem)) and (path := self._pictures.verified_path(card.name)):
                files[card.name] = path
        for name, file in files.items():
            media_type = RENDITION_TYPES.get(name.rpartition(".")[2], SMALL_PICTURE_TYPE)
            content = ExportedContent(
                file, media_type, headers, _date_of(file), fingerprint(media_type, file.name, headers)
            )
            yield ExportedFile(site.path + picture_path(name), 0, False, lambda content=content: content)  # type: ignore[misc]

    def _verified_file(self, original: Original, name: str) -> Path:
        """Return the file of a rendition, which is made again if it is damaged."""
        if self._pictures.verified_path(name) is None:
            self._pictures.make(original)
        return self._pictures.folder / name

    def _search_files(self) -> Iterator[ExportedFile]:
        """Yield the files of the search index, which is written into a temporary folder."""
        self._index_folder = TemporaryDirectory(prefix="feeds-search-")
        folder = Path(self._index_folder.name)
        try:
            paths = static_search.write_index(self.edition, folder)
        except static_search.SearchIndexError as error:
            logger.error("%s; the search finds nothing until the next build", error)
            return
        # the worker compiles WebAssembly, and a worker has the policy of its own response
        policy = ("Content-Security-Policy", content_security_policy(self.edition.site.url, is_search=True))
        headers = (*self.headers[:-1], policy)
        for path in paths:
            media_type = guess_type(path.name) or UNKNOWN
            digest = fingerprint(media_type, fingerprint_bytes(path.read_bytes()), headers)
            content = ExportedContent(path, media_type, headers, self.edition.modified, digest)
            name = f"{self.edition.site.path}/{static_search.FOLDER}/{path.relative_to(folder).as_posix()}"
            yield ExportedFile(name, 0, False, lambda content=content: content)  # type: ignore[misc]

    def _media_files(self) -> Iterator[ExportedFile]:
        site = self.edition.site
        for path, file in self.edition.files.items():
            headers = self.headers
            if file.type in SCRIPTABLE_TYPES:
                headers = (*headers[:-1], ("Content-Security-Policy", SANDBOX_POLICY))
            source = self._media.path_of(file)
            digest = fingerprint(file.type, self._media.etag(file), headers)
            content = ExportedContent(source, file.type, headers, _date_of(source), digest)
            yield ExportedFile(f"{site.path}/media/{path}", 0, False, lambda content=content: content)  # type: ignore[misc]


def _date_of(file: Path) -> datetime:
    return datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
