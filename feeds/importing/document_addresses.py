"""URLs and ids of the documents of a static site generator: from the old feed, or by the generator's rules.

It reads no files.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TypeVar
from urllib.parse import quote, unquote, urljoin
from zoneinfo import ZoneInfo

from feeds.model.site_types import slug

from .documents import FILE_DATE, Document
from .generators import GeneratedSite
from .old_feed import OldEntry, split_url
from .permalinks import build_id, build_url, derive_id_pattern, derive_url_patterns
from .template_tags import Target

T = TypeVar("T")

FILE_MARK = re.compile(r"^(?:\{(?:static|attach|filename)\}|\|(?:static|filename)\||@/|link://\w+/)")
"""Prefixes with which Pelican, Zola and Nikola refer to a file or an article."""

_KEYS: tuple[tuple[Callable[[OldEntry], str], Callable[[Document], str]], ...] = (
    (lambda entry: _path_of(entry.url or ""), lambda document: _path_of(document.address)),
    (lambda entry: slug(entry.title), lambda document: slug(document.title)),
    (lambda entry: _name_of(_path_of(entry.url or "")), lambda document: document.slug),
)
"""What an entry and its document have in common, the most reliable first."""


def match_entries(documents: Sequence[Document], entries: Iterable[OldEntry]) -> dict[PurePosixPath, OldEntry]:
    """Return the matching entry of each document, by its own address, title or name, if the match is unique.

    What is not public matches only by its address: another article may have the same title.
    """
    known = list(entries)
    public = [each for each in documents if not each.is_draft and each.refusal is None]
    matches: dict[PurePosixPath, OldEntry] = {}
    matched: set[str] = set()
    for index, (entry_key, document_key) in enumerate(_KEYS):
        by_key = _unique((entry_key(entry), entry) for entry in known if entry.id not in matched)
        candidates = [each for each in (public if index else documents) if each.path not in matches]
        for key, document in _unique((document_key(each), each) for each in candidates).items():
            entry = by_key.get(key)
            if entry and (index == 0 or _is_plausible(document, entry, has_same_title=index == 1)):
                matches[document.path] = entry
                matched.add(entry.id)
    return matches


def _is_plausible(document: Document, entry: OldEntry, *, has_same_title: bool) -> bool:
    """Return whether an entry may be of a document that has the same title, or else the same name.

    A name must come with the day or the folder, and a title with the name if the document has no date.
    """
    path = _path_of(entry.url or "")
    if document.published is None:
        return has_same_title and _name_of(path) in (document.slug, document.path.stem)
    if has_same_title:
        return True
    is_same_day = entry.published and abs(entry.published - document.published) <= timedelta(days=1)
    return bool(is_same_day) or (document.folder != "" and f"/{document.folder}/" in path)


def _unique(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Return the values whose key is unique."""
    known = list(pairs)
    counts = Counter(key for key, _ in known)
    return {key: value for key, value in known if key and counts[key] == 1}


def _path_of(address: str) -> str:
    return unquote(split_url(address).path).rstrip("/")


def _name_of(path: str) -> str:
    return re.sub(r"\.\w+$", "", PurePosixPath(path).name)


class DocumentAddresses:
    """The ids and addresses of documents."""

    def __init__(
        self,
        documents: Sequence[Document],
        matches: Mapping[PurePosixPath, OldEntry],
        site: GeneratedSite,
        home: str,
        zone: ZoneInfo,
    ) -> None:
        """Derive the URLs and ids of all documents from those in the old feed."""
        self.home = home
        values = {each.path: each.values(zone) for each in documents}
        with_url = [(values[path], entry.url, entry.id) for path, entry in matches.items() if entry.url]
        default_pattern = split_url(home).path.rstrip("/") + site.generator.permalink
        all_patterns = [*derive_url_patterns((each, split_url(url).path) for each, url, _ in with_url), default_pattern]
        patterns = {  # sections may have patterns of their own
            section: [
                *derive_url_patterns(
                    (each, split_url(url).path) for each, url, _ in with_url if each["section"] == section
                ),
                *all_patterns,
            ]
            for section in {each.section for each in documents}
        }
        id_pattern = derive_id_pattern(with_url, site.generator.id)
        self.urls: dict[PurePosixPath, str] = {}
        self.ids: dict[PurePosixPath, str] = {}
        used_ids = {entry.id for entry in matches.values()}
        for document in sorted(documents, key=lambda each: (each.language_suffix != "", each.path)):
            match = matches.get(document.path)
            url = (match and match.url) or self._own_url(document)
            if not url:
                path = build_url(patterns[document.section], values[document.path], home)
                path = path or urljoin(home, quote(document.path.with_suffix("").as_posix()))
                url = self._with_language(path, document, site.default_language or "en")
            id = match.id if match else build_id(id_pattern, values[document.path], url)
            if not match and id in used_ids:  # translations may differ only in their file name
                id = f"{id}#{quote(document.path.as_posix())}"
            used_ids.add(id)
            self.urls[document.path], self.ids[document.path] = url, id
        targets = {each.path.as_posix(): Target(self.urls[each.path], each.title) for each in documents}
        names = [
            (key.strip("/"), targets[document.path.as_posix()])
            for document in documents
            for key in {document.path.stem, document.slug, _path_of(self.urls[document.path]), *_places(document)}
        ]
        self._targets = {**_unique(names), **targets}

    def entries_at_urls(
        self, entries: Iterable[OldEntry], matches: Mapping[PurePosixPath, OldEntry]
    ) -> dict[PurePosixPath, OldEntry]:
        """Return the entries without a document whose URL was derived for a document without an entry."""
        matched = {entry.id for entry in matches.values()}
        by_path = _unique((_path_of(each.url or ""), each) for each in entries if each.id not in matched)
        return {
            document: by_path[path]
            for document, url in self.urls.items()
            if document not in matches and (path := _path_of(url)) in by_path
        }

    def _with_language(self, url: str, document: Document, default: str) -> str:
        """Return the address of a translation, which has the code of its language before its path."""
        code, home = document.language_suffix, self.home.rstrip("/")
        if code in ("", default) or not url.startswith(home) or url.startswith(f"{home}/{code}/"):
            return url
        return f"{home}/{code}{url.removeprefix(home)}"

    def _own_url(self, document: Document) -> str:
        """Return the URL that a document states, or an empty string."""
        if "://" in document.address or not document.address:
            return document.address
        return self.home.rstrip("/") + quote(document.address, safe="/%?&=+,;:@-._~")

    def target(self, document: Document, reference: str) -> Target | None:
        """Return the article that a reference names: by file, name or path."""
        path, separator, fragment = unquote(reference).partition("#")
        path = FILE_MARK.sub("", path).partition("?")[0]
        beside = posixpath.normpath(f"{document.path.parent}/{path}")
        name = posixpath.normpath(path).strip("/") if path else ""
        last_name = _without_ending(PurePosixPath(name).name)
        keys: tuple[str, ...] = (beside, name, _without_ending(name), FILE_DATE.sub("", name), last_name)
        if document.language_suffix:  # a translation refers to translations
            translated = (f"{_without_ending(key)}.{document.language_suffix}.md" for key in keys)
            keys = (*translated, *keys)
        target = next((self._targets[key] for key in keys if key in self._targets), None)
        return replace(target, url=f"{target.url}{separator}{fragment}") if target else None


def _places(document: Document) -> list[str]:
    """Return further names of a document: its path without extension and, for a page bundle, its folder."""
    folder = document.path.parent
    bundle = [folder.as_posix(), folder.name] if document.is_bundle else []
    return [document.path.with_suffix("").as_posix(), *bundle]


def _without_ending(name: str) -> str:
    return re.sub(r"\.(?:md|markdown|mdx|html?)$", "", name)
