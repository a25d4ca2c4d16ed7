"""Export: an edition as files, each with what a host has to know of it, in the order in which they are put.

It writes nothing; `folder` and `bucket` do. What is put later refers to what is there by then: pictures first, then
pages, then feeds, and the manifest at the end, so that an interrupted copy shows no reader what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from feeds.base.fingerprint import fingerprint, fingerprint_bytes
from feeds.base.version import code_digest
from feeds.content.media import MediaFolder
from feeds.content.pictures import TYPES, PictureStore
from feeds.edition.document import IMMUTABLE, SANDBOX, SCRIPTABLE, SECURITY, cache_control, content_security_policy
from feeds.edition.edition import MANIFEST, Edition
from feeds.edition.routes import Sheet
from feeds.formats import crawlers, pages
from feeds.model.renditions import Original, picture_path

SHORT = 60
"""Seconds that a copy from a host of files may be kept: such a host does not know when an embargo ends."""

ENTRIES = 20_000
"""How many entries are kept, since each is in its page, and in pages and documents of months."""

SMALL_TYPE = "image/webp"

_NAME = re.compile(r"(/(?![.])[^/\x00-\x1f]+)+")
"""An old path that can be the key of an object."""

_ENDINGS = (".rss", ".atom", ".json")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A file as it is made: its bytes or the file that has them, and all headers that do not tell of the bytes.

    `digest` changes when any of that does; `modified` is in UTC and whole seconds.
    """

    source: bytes | Path
    content_type: str
    headers: Headers
    modified: datetime
    digest: str

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @property
    def is_text(self) -> bool:
        """Tell whether it pays to compress it; pictures, sound and film are compressed already."""
        kind = self.content_type.partition(";")[0]
        return kind.startswith("text/") or kind.endswith(("xml", "json"))


@dataclass
class ExportedFile:
    """A file of an edition: `path` is the decoded path that it answers; it is `made` when it is asked for.

    `made_of` is a digest of what it is made of, where that is known without making it: of the same, the same is made.
    What is of one `stage` refers to what is of an earlier one, or of its own.
    """

    path: str
    stage: int
    is_page: bool
    _make: Callable[[], Made]
    _parts: Callable[[], str | None] = lambda: None

    @cached_property
    def made(self) -> Made:
        """What it is."""
        return self._make()

    @cached_property
    def made_of(self) -> str | None:
        """What it is made of."""
        return self._parts()

    @property
    def name(self) -> str:
        """Its path in a folder, where a page is the `index.html` of a folder of its own."""
        return f"{self.path.rstrip('/')}/index.html"[1:] if self.is_page else self.path[1:]

    @property
    def key(self) -> str:
        """Its path in a bucket, where a name needs no ending, but may not be that of a folder."""
        return f"{self.path}index.html"[1:] if self.path.endswith("/") else self.path[1:]


class Export:
    """All files of an edition, made one after the other; the pictures that it shows are taken from a store."""

    def __init__(self, edition: Edition, media: MediaFolder, pictures: PictureStore) -> None:
        """Take an edition, and where its files and pictures are."""
        self.edition, self._media, self._pictures = edition, media, pictures
        edition.table.entries.most = ENTRIES
        site = edition.site
        policy = ("Content-Security-Policy", content_security_policy(site.url))
        self.headers: Headers = (("Cache-Control", cache_control(min(SHORT, site.max_age))), *SECURITY, policy)

    def files(self, copies: Iterable[ExportedFile] = ()) -> Iterator[ExportedFile]:
        """Go through them in the order in which they are to be put, with copies where they belong."""
        yield from self._made_pictures()
        yield from self._media_files()
        yield from self._others()
        *paths, manifest = sorted(self._paths(), key=self._stage)
        yield from map(self._document, paths)
        yield from copies
        yield self._document(manifest)

    def _paths(self) -> Iterator[str]:
        guesses = {guess for guess, _ in self.edition.guesses()}
        return (path for path in self.edition if path not in guesses)

    def _stage(self, path: str) -> int:
        """Tell how late a document is put: those that others refer to come first."""
        site = self.edition.site
        place = site.language_of(path.removeprefix(site.path))[1]
        if place.startswith(("/static/", "/articles/")):
            return 0
        if place.startswith("/feeds/") and path.endswith(_ENDINGS):
            return 3 if path in self.edition.manifest.documents else 2  # what is older is in the others
        return 4 if place == MANIFEST else 1

    def count(self) -> int:
        """Tell how many files there are, without making them."""
        pictures = sum(2 + len(each.small_names) for each in self._shown())
        return sum(1 for _ in self._paths()) + pictures + len(self.edition.files) + len(self.edition.site.languages) + 1

    def places(self) -> dict[str, str]:
        """Give the paths that are answered from another file than their own, each with that file's path in a folder."""
        site = self.edition.site
        homes = (site.path + site.home_path(language) for language in site.languages)
        return {**{home: f"{home}index.html" for home in homes}, **dict(self.edition.guesses())}

    def missing(self) -> dict[str, str]:
        """Give the pages for addresses that lead nowhere, by what the addresses begin with that each is for."""
        site = self.edition.site
        return {"": "/404.html"} | {
            f"{site.path}/{language}/": f"{site.path}/{language}/404.html" for language in site.languages[1:]
        }

    def guessed(self, *, with_ending: bool = False) -> Iterator[ExportedFile]:
        """Give feeds once more, under the paths that readers guess; or those alone whose type a host can tell."""
        for guess, path in self.edition.guesses():
            if not with_ending or "." in guess:
                yield self._document(path, guess)

    def moved(self) -> Iterator[ExportedFile]:
        """Give feeds once more, under old paths that are redirected to them, for a host that cannot redirect."""
        site = self.edition.site
        for old, new in self.redirects().items():
            path = site.path + new.removeprefix(site.url)
            if path in self.edition.manifest.documents and _NAME.fullmatch(old):
                yield self._document(path, old)

    def redirects(self) -> dict[str, str]:
        """Give the old paths that lead elsewhere; what is there again is no old path."""
        site = self.edition.site
        found = ((site.path + old, new) for old, new in site.moved_paths.items())
        media = {f"{site.path}/media/{path}" for path in self.edition.files}
        return {old: new for old, new in found if old and old not in media and not self.edition.has(old)}

    def asked(self) -> dict[str, dict[str, str]]:
        """Give the paths that lead elsewhere with some query, which only a server can tell."""
        site = self.edition.site
        return {site.path + path: found for path, found in site.moved_queries.items()}

    def _document(self, path: str, at: str | None = None) -> ExportedFile:
        known = self.edition.manifest.documents.get(path)
        modified = known.modified if known else self.edition.modified
        make = partial(self._made, partial(self.edition.sheet, path), modified)
        is_page = "." not in path.rpartition("/")[2]
        return ExportedFile(at or path, self._stage(path), is_page, make, partial(self._made_of, path))

    def _made(self, sheet: Callable[[], Sheet], modified: datetime) -> Made:
        found = sheet()
        headers = tuple({**dict(self.headers), **dict(found.headers)}.items())
        digest = fingerprint(found.content_type, fingerprint_bytes(found.data), headers)
        return Made(found.data, found.content_type, headers, modified, digest)

    def _made_of(self, path: str) -> str | None:
        found = self.edition.made_of(path)
        return fingerprint(found, code_digest(), self.headers) if found else None

    def _others(self) -> Iterator[ExportedFile]:
        """Give what a server of ours makes at the request: pages of what is not there, and where to report a fault."""
        site, modified = self.edition.site, self.edition.modified
        sheets = {path: Sheet(self.edition.missing(path), pages.CONTENT_TYPE) for path in self.missing().values()}
        if text := crawlers.security(site, self.edition.catalog.now):
            sheets[site.path + crawlers.SECURITY] = Sheet(text, crawlers.TEXT_TYPE)
        for path, sheet in sheets.items():
            yield ExportedFile(path, 0, False, partial(self._made, lambda sheet=sheet: sheet, modified))  # type: ignore[misc]

    def _shown(self) -> Iterable[Original]:
        catalog = self.edition.catalog
        live = (each for each in catalog.live if not each.withdrawal(catalog.now))
        return dict.fromkeys(original for each in live for original in each.originals)

    def _made_pictures(self) -> Iterator[ExportedFile]:
        """Give the forms of pictures that something live shows; those for pages are made if they are not there yet."""
        site, there = self.edition.site, self.edition.table.entries.pictures
        headers = (("Cache-Control", IMMUTABLE), *self.headers[1:])
        found: dict[str, Path] = {}
        for original in self._shown():
            if renditions := there.of(original):
                for each in (renditions.feed, renditions.card):
                    found[each.name] = self._pictures.folder / each.name
                for name in original.small_names:
                    found[name] = self._pictures.small(original, name) or self._pictures.folder / renditions.feed.name
        for name, file in found.items():
            kind = TYPES.get(name.rpartition(".")[2], SMALL_TYPE)
            made = Made(file, kind, headers, _date_of(file), fingerprint(kind, file.name, headers))
            yield ExportedFile(site.path + picture_path(name), 0, False, lambda made=made: made)  # type: ignore[misc]

    def _media_files(self) -> Iterator[ExportedFile]:
        site = self.edition.site
        for path, file in self.edition.files.items():
            headers = self.headers
            if file.type in SCRIPTABLE:
                headers = (*headers[:-1], ("Content-Security-Policy", SANDBOX))
            source, digest = self._media.path_of(file), fingerprint(file.type, file.digest, headers)
            made = Made(source, file.type, headers, _date_of(source), digest)
            yield ExportedFile(f"{site.path}/media/{path}", 0, False, lambda made=made: made)  # type: ignore[misc]


def _date_of(file: Path) -> datetime:
    return datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
