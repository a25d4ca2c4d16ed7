"""Documents of static site generators: reads the metadata, path and body of a Markdown file.

`metadata` lists the names of keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from zoneinfo import ZoneInfo

from feeds.model.site_types import slug

from .front_matter import FrontMatterError, Metadata, find, read_front_matter, text_of, texts_of
from .generators import Generator
from .languages import language_named, languages_by_code
from .metadata import (
    ALT_NAMES,
    CAPTION_NAMES,
    DATE_NAMES,
    EMBARGO_NAMES,
    EXPIRY_NAMES,
    PICTURE_NAMES,
    UPDATE_NAMES,
    authors_in,
    date_in,
    names_in,
    own_address,
    picture_in,
    read_local_date,
    state_of,
)
from .notes import Note, unreadable_text
from .old_feed import later

MARKDOWN_EXTENSIONS = (".md", ".markdown", ".mdown", ".mkd", ".mdx")
HTML_EXTENSIONS = (".html", ".htm")
UNDATED = Note.of("page without a date")
"""Kind of a document without a date. It is an article if an entry of the feed matches it."""

MAX_DOCUMENT_BYTES = 5_000_000
"""Maximum size of a file in bytes."""

_PLAIN_FOLDERS = (
    *("posts", "post", "blog", "articles", "article", "_posts", "_drafts", "drafts", "content", "pages", "src"),
)
"""Folders that do not name a category."""

_COLLECTIONS = ("posts", "post", "all", "blog")
"""Tags that only add an article to a collection of Eleventy."""

FILE_DATE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](?=.)")
"""The date at the start of a file name, as Jekyll requires."""

_LANGUAGE_SUFFIX = re.compile(
    r"\.((?:ar|bg|br|ca|co|cs|da|de|el|en|es|et|eu|fa|fi|fr|ga|gl|he|hi|hr|hu|id|it|ja|ko|lt|lv|nb|nl|no|oc|pl|pt|ro|ru|sk"
    r"|sl|sq|sr|sv|th|tr|uk|vi|zh)(?:-[A-Za-z]{2,4})?)$"
)
"""The code of a language at the end of a name, as in `name.fr.md`, but not that of a programming language."""

_HEADING = re.compile(r"\A\s*# +([^\n]+?)[ #]*(?:\n|\Z)")


@dataclass(frozen=True)
class Document:
    """A document: its file, its `path` below the folder of articles, and what its metadata says.

    `slug` is the name that its address usually has. `published` is in UTC; `url_date`
    is the date in its address, which an embargo does not change. `has_language_folder` is whether its first folder is
    that of its language. `address` is the one that its metadata sets, or empty.
    `kind` is empty for an article; `refusal` is the reason not to import it.
    """

    file: Path
    path: PurePosixPath
    body: str = ""
    title: str = ""
    slug: str = ""
    published: datetime | None = None
    url_date: datetime | None = None
    translation_key: str = ""
    updated: datetime | None = None
    expires: datetime | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    authors: tuple[tuple[str, str], ...] = ()
    summary: str = ""
    picture: str = ""
    picture_alt: str = ""
    picture_caption: str = ""
    language: str = ""
    has_language_folder: bool = False
    address: str = ""
    old_addresses: tuple[str, ...] = ()
    link: str = ""
    is_draft: bool = False
    unreadable_date: str = ""
    kind: str = ""
    refusal: str | None = None

    @property
    def folder(self) -> str:
        """The folders in its address: neither those with a special meaning, nor that of its language or page bundle."""
        parts = [part for part in self.path.parts[:-1] if not part.startswith("_")]
        parts = parts[1:] if self.has_language_folder else parts
        return "/".join(parts[:-1] if self.is_bundle else parts)

    @property
    def section(self) -> str:
        """The first folder of its address; empty if it is in none."""
        return self.folder.partition("/")[0]

    @property
    def language_suffix(self) -> str:
        """The code of a language at the end of its name, or an empty string."""
        return language_suffix(self.path)

    @property
    def path_language(self) -> str:
        """The language that its name or its first folder states, or an empty string."""
        return self.language_suffix or (self.path.parts[0] if self.has_language_folder else "")

    @property
    def untranslated_path(self) -> str:
        """Its path without a language and the file extension: the same for all its translations."""
        path = self.path.with_name(_LANGUAGE_SUFFIX.sub("", self.path.stem))
        return PurePosixPath(*path.parts[self.has_language_folder :]).as_posix()

    @property
    def is_bundle(self) -> bool:
        """Whether it is a page bundle, such as `name/index.md`: a folder of one document and its files."""
        return len(self.path.parts) > 1 and self.path.name.partition(".")[0] == "index"

    def values(self, zone: ZoneInfo) -> dict[str, str]:
        """Return the values for the placeholders of `permalinks`."""
        date = self.url_date.astimezone(zone) if self.url_date else None
        names = {
            "folder": self.folder,
            "section": self.section,
            "slug": self.slug,
            "stem": _stem(self.path, is_bundle=self.is_bundle),
            "title": slug(self.title),
            "language": self.language,
            "category": slug(next(iter(self.categories), "")),
            "raw_category": next(iter(self.categories), "").lower(),
            "categories": "/".join(map(slug, self.categories)),
            "raw_categories": "/".join(each.lower() for each in self.categories),
        }
        if date:
            names |= {"date": f"{date:%Y-%m-%d}", "year": f"{date:%Y}", "month": f"{date:%m}", "day": f"{date:%d}"}
            names |= {"short_month": str(date.month), "short_day": str(date.day)}
        return names


def read_document(
    file: Path,
    path: PurePosixPath,
    generator: Generator,
    zone: ZoneInfo,
    languages: Sequence[str],
    inherited: Metadata = MappingProxyType({}),
) -> Document:
    """Read a file. If it cannot be read, the document has a refusal.

    A date without an offset is in `zone`. `languages` are the codes that are recognised as the first folder or at the
    end of a name. `inherited` is the metadata that its own overrides.
    """
    unread = Document(file, path, title=path.as_posix())
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_DOCUMENT_BYTES + 1)
        if len(data) > MAX_DOCUMENT_BYTES:
            return _refused(unread, Note.of("it is larger than {size} MB", size=MAX_DOCUMENT_BYTES // 1_000_000))
        text = data.decode("utf-8-sig")
        metadata, body = read_front_matter(text, allows_lines=generator.allows_metadata_lines)
    except OSError as error:
        return _refused(unread, Note.of("it cannot be read: {reason}", reason=error.strerror))
    except UnicodeDecodeError as error:
        return _refused(unread, Note.of("it is not UTF-8 (byte {byte})", byte=error.start + 1))
    except FrontMatterError as error:
        return _refused(unread, error.reason)
    try:
        return _document(unread, {**inherited, **metadata}, body, generator, zone, languages)
    except Exception as error:  # metadata may contain anything, such as a list that contains itself
        return _refused(unread, unreadable_text(error))


def _refused(document: Document, reason: str) -> Document:
    return Document(document.file, document.path, title=document.title, refusal=reason)


def _document(
    unread: Document, metadata: Metadata, body: str, generator: Generator, zone: ZoneInfo, languages: Sequence[str]
) -> Document:
    path, is_bundle = unread.path, unread.is_bundle
    known = languages_by_code(languages)
    language = _language(metadata, path, known)
    folder_language = language_named(path.parts[0], known) if len(languages) > 1 and len(path.parts) > 1 else None
    has_language_folder = folder_language is not None and folder_language == language_named(language, known)
    unread = replace(unread, language=language, has_language_folder=has_language_folder)
    stem = _stem(path, is_bundle=is_bundle)
    date_text, published = date_in(metadata, DATE_NAMES, zone)
    file_date = FILE_DATE.match(stem)
    if published is None and file_date:
        date_text, published = file_date[1], read_local_date(file_date[1], zone)
    _, embargo = date_in(metadata, EMBARGO_NAMES, zone)
    url_date, published = published, max(published, embargo) if published and embargo else published
    title = text_of(find(metadata, "title"))
    if not title and (heading := _HEADING.match(body)):
        title, body = heading[1].strip(), body[heading.end() :]
    is_draft, refusal = state_of(metadata, path, generator)
    _, expires = date_in(metadata, EXPIRY_NAMES, zone)
    _, updated = date_in(metadata, UPDATE_NAMES, zone)
    bare_stem = FILE_DATE.sub("", stem, count=1) if file_date else stem
    own_slug = text_of(find(metadata, "slug"))
    categories = _categories(metadata, unread, generator)
    picture = find(metadata, *PICTURE_NAMES)
    return replace(
        unread,
        body=body,
        title=title,
        slug=own_slug or (slug(title) if generator.permalink == "/{title}.html" else "") or bare_stem,
        published=published,
        url_date=url_date,
        translation_key=text_of(find(metadata, "translationkey")),
        updated=later(updated, published),
        expires=expires,
        categories=categories,
        tags=tuple(
            tag
            for tag in names_in(metadata, ("tags", "tag", "keywords", "taxonomies.tags"), generator)
            if generator.name != "Eleventy" or tag.lower() not in _COLLECTIONS
        ),
        authors=tuple(authors_in(metadata)),
        summary=text_of(find(metadata, "summary", "description", "excerpt")),
        picture=picture_in(picture),
        picture_alt=text_of(find(metadata, *ALT_NAMES)),
        picture_caption=text_of(find(metadata, *CAPTION_NAMES)),
        address=own_address(text_of(find(metadata, "url", "permalink", "path"))),
        old_addresses=tuple(texts_of(find(metadata, "aliases", "alias", "redirect_from"))),
        link=link if (link := text_of(find(metadata, "external_url", "link"))).startswith("http") else "",
        is_draft=is_draft,
        unreadable_date=date_text if published is None else "",
        kind=_kind(metadata, path, has_date=bool(date_text), is_draft=is_draft),
        refusal=refusal,
    )


def language_suffix(path: PurePosixPath) -> str:
    """Return the code of a language at the end of the name of a file, or an empty string."""
    match = _LANGUAGE_SUFFIX.search(path.stem)
    return match[1].lower() if match else ""


def _stem(path: PurePosixPath, *, is_bundle: bool) -> str:
    """Return the name of a file or a page bundle, without the code of its language."""
    return path.parent.name if is_bundle else _LANGUAGE_SUFFIX.sub("", path.stem)


def _kind(metadata: Metadata, path: PurePosixPath, *, has_date: bool, is_draft: bool) -> str:
    if path.name.startswith("_index."):
        return Note.of("section page")
    if "_posts" in path.parts or is_draft or has_date:
        is_page = (
            "page" in (text_of(metadata.get("layout")), text_of(metadata.get("type"))) and "_posts" not in path.parts
        )
        return "page" if is_page else ""
    return UNDATED


def _categories(metadata: Metadata, document: Document, generator: Generator) -> tuple[str, ...]:
    """Return the categories of a document, or else the folder that it is in."""
    names = names_in(metadata, ("categories", "category", "taxonomies.categories"), generator)
    if not names and document.section and document.section.lower() not in _PLAIN_FOLDERS:
        return (document.section,)
    return tuple(names)


def _language(metadata: Metadata, path: PurePosixPath, known: Mapping[str, str]) -> str:
    """Return the language in the metadata, the file name or the first folder."""
    suffix = path.stem.rpartition(".")[2] if "." in path.stem else ""
    named = text_of(find(metadata, "lang", "language", "locale"))
    return named or language_named(suffix, known) or language_named(path.parts[0], known) or ""
