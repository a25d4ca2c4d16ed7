"""URLs and ids of the documents of a static site generator: from the old feed, or by the generator's rules.

It reads no files.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TypeVar
from urllib.parse import quote, unquote, urljoin
from zoneinfo import ZoneInfo

from feeds.model.site_types import slug

from .documents import FILE_DATE, Document
from .generators import GeneratedSite
from .old_feed import OldEntry, absolute_url, split_url
from .permalinks import Values, build_id, build_url, derive_id_pattern, derive_url_patterns
from .template_tags import Target

T = TypeVar("T")

FILE_PREFIX = re.compile(r"^(?:\{(?:static|attach|filename)\}|\|(?:static|filename)\||@/|link://\w+/)")
"""Prefixes with which Pelican, Zola and Nikola refer to a file or an article."""

_Key = tuple[Callable[[OldEntry], str], Callable[[Document], str]]
"""Functions that return what an entry and its document have in common. An empty string matches nothing."""

_ANY = "*"

_ADDRESS: _Key = (lambda entry: _path_of(entry.url or ""), lambda document: _path_of(document.address))
_TITLE: _Key = (lambda entry: slug(entry.title), lambda document: slug(document.title))
_NAME: _Key = (lambda entry: _name_of(_path_of(entry.url or "")), lambda document: document.slug)

Matches = dict[PurePosixPath, OldEntry]
"""The entries of documents, by the paths of these."""


def match_entries(documents: Sequence[Document], entries: Sequence[OldEntry]) -> Matches:
    """Return the entry that each document matches, by its own address, title or name, if the match is unique.

    Drafts and hidden documents match only by their address, since another article may have the same title.
    """
    matches: Matches = {}
    _match(_ADDRESS, documents, entries, matches)
    for key in (_TITLE, _NAME):
        _match(key, _public(documents), entries, matches)
    return matches


def match_translations(
    documents: Sequence[Document], entries: Sequence[OldEntry], matches: Matches, default_language: str
) -> Matches:
    """Return further matches by title or name in the same language, as translations may have the same.

    Documents that state no language are in `default_language`.
    """
    more = dict(matches)
    for default in (default_language, None):  # what remains may be unique
        for key in (_TITLE, _NAME):
            _match(key, _public(documents), entries, more, default)
    return {path: entry for path, entry in more.items() if path not in matches}


def _match(
    key: _Key, documents: Sequence[Document], entries: Sequence[OldEntry], matches: Matches, default: str | None = None
) -> None:
    """Add the unique matches of a key. Languages are compared too if there is a `default` for documents."""

    def in_language(common: str, language: str | None) -> str:
        if default is None or not common:
            return common
        return f"{re.split('[-_]', language.lower())[0]} {common}" if language else ""

    entry_key, document_key = key
    matched = {entry.id for entry in matches.values()}
    by_key = _unique((in_language(entry_key(each), each.language), each) for each in entries if each.id not in matched)
    keys = (
        (in_language(document_key(each), each.language or default), each)
        for each in documents
        if each.path not in matches
    )
    for common, document in _unique(keys).items():
        entry = by_key.get(common)
        if entry and (key is _ADDRESS or _is_plausible(document, entry, has_same_title=key is _TITLE)):
            matches[document.path] = entry


def _public(documents: Iterable[Document]) -> list[Document]:
    return [each for each in documents if not each.is_draft and each.refusal is None]


def _is_plausible(document: Document, entry: OldEntry, *, has_same_title: bool) -> bool:
    """Return whether an entry may belong to a document with the same title, or else the same name.

    For a name, the day or the folder must match too. For a title, so must the name if the document has no date.
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
        self.home, self._site = home, site
        values = {each.path: each.values(zone) for each in documents}
        with_url = [(values[path], entry.url, entry.id) for path, entry in matches.items() if entry.url]
        patterns = self._patterns(documents, matches, values)
        id_pattern = derive_id_pattern(with_url, site.generator.id)
        self.urls: dict[PurePosixPath, str] = {}
        self.ids: dict[PurePosixPath, str] = {}
        used_ids = {entry.id for entry in matches.values()}
        for document in sorted(documents, key=lambda each: (each.path_language != "", each.path)):
            match = matches.get(document.path)
            url = (match and match.url) or self._own_url(document)
            url = url or self._derived_url(document, patterns, values[document.path])
            id = match.id if match else build_id(id_pattern, values[document.path], url)
            if not match and id in used_ids:  # translations may differ only in their file name
                id = f"{id}#{quote(document.path.as_posix())}"
            used_ids.add(id)
            self.urls[document.path], self.ids[document.path] = url, id
        targets = {each.path.as_posix(): Target(self.urls[each.path], each.title) for each in documents}
        names = [
            (key, targets[document.path.as_posix()])
            for document in documents
            for key in {each.strip("/") for each in (_path_of(self.urls[document.path]), *_names_of(document))}
        ]
        self._targets = {**_unique(names), **targets}

    def _patterns(
        self,
        documents: Sequence[Document],
        matches: Mapping[PurePosixPath, OldEntry],
        values: Mapping[PurePosixPath, Values],
    ) -> dict[tuple[str, str], list[str]]:
        """Return the patterns of URLs by section and language, either of which may be `_ANY`.

        Those for any language are without a code.
        """
        pairs: dict[tuple[str, str], list[tuple[Values, str]]] = {}
        for document in documents:
            if url := document.path in matches and matches[document.path].url:
                path, language = split_url(url).path, document.path_language
                pair = (values[document.path], self._without_code(path, language))
                pairs.setdefault((_ANY, _ANY), []).append(pair)
                for group in ((document.section, language), (_ANY, language)):
                    pairs.setdefault(group, []).append((values[document.path], path))
        patterns = {group: derive_url_patterns(each) for group, each in pairs.items() if group != (_ANY, _ANY)}
        has_codes = any(language for _, language in pairs if language != _ANY)
        general = derive_url_patterns(pairs.get((_ANY, _ANY), ())) if has_codes else patterns.get((_ANY, ""), [])
        return {**patterns, (_ANY, _ANY): general}

    def _derived_url(
        self,
        document: Document,
        patterns: Mapping[tuple[str, str], list[str]],
        values: Values,
    ) -> str:
        """Return the URL of a document by the patterns of its section, its language or others, or by default."""
        section, language = document.section, document.path_language
        own = [*patterns.get((section, language), ()), *patterns.get((_ANY, language), ())]
        if url := build_url(own, values, self.home):
            return url
        default = split_url(self.home).path.rstrip("/") + self._site.generator.permalink
        url = build_url([*patterns.get((_ANY, _ANY), ()), default], values, self.home)
        url = url or urljoin(self.home, quote(document.path.with_suffix("").as_posix()))
        without_code = self._site.default_language or ("en" if document.language_suffix else "")
        if document.has_language_folder and not self._site.has_language_folders:
            without_code = ""  # the folder is part of the URL
        if language.lower() in ("", without_code.lower()):
            return url
        home = self.home.rstrip("/")
        return f"{home}/{language}{url.removeprefix(home)}" if url.startswith(home) else url

    def _without_code(self, path: str, language: str) -> str:
        """Return a path without the code of a language at its beginning."""
        start = split_url(self.home).path.rstrip("/")
        rest = path.removeprefix(start)
        has_code = language and rest.lower().startswith(f"/{language.lower()}/")
        return start + rest[len(language) + 1 :] if has_code else path

    def entries_at_urls(
        self, entries: Iterable[OldEntry], matches: Mapping[PurePosixPath, OldEntry]
    ) -> dict[PurePosixPath, OldEntry]:
        """Return the entries that match no document yet, by the document for which their URL was derived."""
        matched = {entry.id for entry in matches.values()}
        by_path = _unique((_path_of(each.url or ""), each) for each in entries if each.id not in matched)
        documents = _unique((_path_of(url), path) for path, url in self.urls.items() if path not in matches)
        return {document: by_path[path] for path, document in documents.items() if path in by_path}

    def old_urls(self, document: Document) -> Iterator[str]:
        """Yield the former URLs of a document.

        Hugo puts the code of its language before those of a translation, and resolves others against its folder.
        """
        home, start = self.home.rstrip("/"), split_url(self.home).path.rstrip("/")
        is_hugo, url = self._site.generator.name == "Hugo", self.urls[document.path]
        codes = (code for code in (document.path_language, self._site.default_language) if code and is_hugo)
        code = next((f"/{code}" for code in codes if url.startswith(f"{home}/{code}/")), "")
        for address in document.old_addresses:
            is_path = address.startswith("/") and not (start and address.startswith(f"{start}/"))
            base = url.rstrip("/") if is_hugo else self.home
            if old_url := absolute_url(base, f"{home}{code}{address}" if is_path else address):
                yield old_url

    def _own_url(self, document: Document) -> str:
        """Return the URL that a document states, or an empty string."""
        if "://" in document.address or not document.address:
            return document.address
        return self.home.rstrip("/") + quote(document.address, safe="/%?&=+,;:@-._~")

    def target(self, document: Document, reference: str) -> Target | None:
        """Return the article that a reference names: by file, name or path."""
        path, separator, fragment = unquote(reference).partition("#")
        path = FILE_PREFIX.sub("", path).partition("?")[0]
        relative_path = posixpath.normpath(f"{document.path.parent}/{path}")
        name = posixpath.normpath(path).strip("/") if path else ""
        last_name = _without_extension(PurePosixPath(name).name)
        keys: tuple[str, ...] = (relative_path, name, _without_extension(name), FILE_DATE.sub("", name), last_name)
        if document.language_suffix:  # a translation refers to translations
            translated = (f"{_without_extension(key)}.{document.language_suffix}.md" for key in keys)
            keys = (*translated, *keys)
        elif document.has_language_folder:
            keys = (*(f"{document.path.parts[0]}/{_without_extension(key)}" for key in keys), *keys)
        target = next((self._targets[key] for key in keys if key in self._targets), None)
        return replace(target, url=f"{target.url}{separator}{fragment}") if target else None


def _names_of(document: Document) -> list[str]:
    """Return the names of a document: also its path without extension and, for a page bundle, its folder."""
    folder = document.path.parent
    bundle = [folder.as_posix(), folder.name] if document.is_bundle else []
    return [document.path.stem, document.slug, document.path.with_suffix("").as_posix(), *bundle]


def _without_extension(name: str) -> str:
    return re.sub(r"\.(?:md|markdown|mdx|html?)$", "", name)
