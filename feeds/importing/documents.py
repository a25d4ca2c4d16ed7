"""Documents of static site generators: what the metadata and the place of a Markdown file say of an article.

The names are those of Hugo, Jekyll, Eleventy, Astro, Pelican, Zola, Hexo and their usual themes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from feeds.model.site_types import slug

from .dates import read_date
from .front_matter import FrontMatterError, Metadata, find, read_front_matter, text_of, texts_of
from .generators import Generator
from .notes import Note
from .old_feed import absolute_url, later, publication_state

MARKDOWN_ENDINGS = (".md", ".markdown", ".mdown", ".mkd", ".mdx")
HTML_ENDINGS = (".html", ".htm")
UNDATED = Note.of("page without a date")
"""The kind of a document without a date. It is an article if the feed has a date for it."""

MAX_DOCUMENT_BYTES = 5_000_000
"""Maximum size of a file in bytes."""

_DATE_NAMES = ("date", "pubdate", "publishdate", "published", "published_at", "publicationdate", "created")
_UPDATE_NAMES = ("updated", "lastmod", "modified", "last_modified_at", "updateddate", "updated_at", "last_updated")
_EXPIRY_NAMES = ("expirydate", "expires", "unpublishdate")
_PICTURE_NAMES = (
    *("image", "cover", "featured_image", "featuredimage", "featureimage", "feature_image", "heroimage", "hero_image"),
    *("banner", "thumbnail", "images", "header"),
)
_PICTURE_KEYS = ("src", "url", "image", "path", "file", "relative", "teaser", "overlay_image")
_ALT_NAMES = ("image_alt", "imagealt", "image.alt", "cover.alt", "heroimagealt", "thumbnail_alt", "banner.alt")
_CAPTION_NAMES = ("image_caption", "imagecaption", "image.caption", "cover.caption", "header.caption")
_PLAIN_FOLDERS = (
    "posts",
    "post",
    "blog",
    "articles",
    "article",
    "_posts",
    "_drafts",
    "drafts",
    "content",
    "pages",
    "src",
)
"""Folders that say nothing about what an article is filed under."""

_COLLECTIONS = ("posts", "post", "all", "blog")
"""Tags with which Eleventy collects the articles of its lists."""

FILE_DATE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](?=.)")
"""The date at the start of a file name, as Jekyll demands it."""

_HAS_OFFSET = re.compile(r"(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}:?\d{2})\s*$")
_HEADING = re.compile(r"\A\s*# +([^\n]+?)[ #]*(?:\n|\Z)")
_HIDING_NAMES = ("private", "hidden", "unlisted", "headless", "password", "eleventyexcludefromcollections")
_FALSE = ("", "false", "no", "0")


@dataclass(frozen=True)
class Document:
    """A document: its file, its `path` below the folder of articles, and what its metadata says.

    `slug` is the name that its address usually has. `published` is in UTC. `address` is one of its own, or empty.
    `kind` is empty for an article; `refusal` is the reason not to import it.
    """

    file: Path
    path: PurePosixPath
    body: str = ""
    title: str = ""
    slug: str = ""
    published: datetime | None = None
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
    address: str = ""
    old_addresses: tuple[str, ...] = ()
    link: str = ""
    is_draft: bool = False
    unreadable_date: str = ""
    kind: str = ""
    refusal: str | None = None

    @property
    def folder(self) -> str:
        """The folders of its address: neither those with a special meaning, nor that of a page bundle."""
        parts = [part for part in self.path.parts[:-1] if not part.startswith("_")]
        return "/".join(parts[:-1] if self.is_bundle else parts)

    @property
    def is_bundle(self) -> bool:
        """Whether its folder contains only this document and its files, as `name/index.md` does."""
        return len(self.path.parts) > 1 and self.path.name.partition(".")[0] == "index"

    def values(self, zone: ZoneInfo) -> dict[str, str]:
        """Return the values of which addresses are made, see `permalinks`."""
        date = self.published.astimezone(zone) if self.published else None
        names = {
            "folder": self.folder,
            "section": self.folder.partition("/")[0],
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
    file: Path, path: PurePosixPath, generator: Generator, zone: ZoneInfo, languages: Collection[str]
) -> Document:
    """Read a file. One that cannot be read is returned with a refusal.

    A date without an offset is in `zone`. `languages` are those that a folder or the end of a name may be of.
    """
    unread = Document(file, path, title=path.as_posix())
    try:
        if file.stat().st_size > MAX_DOCUMENT_BYTES:
            return _refused(unread, Note.of("it is larger than {size} MB", size=MAX_DOCUMENT_BYTES // 1_000_000))
        text = file.read_bytes().decode("utf-8-sig")
        metadata, body = read_front_matter(text, allows_lines=generator.has_metadata_lines)
    except OSError as error:
        return _refused(unread, Note.of("it cannot be read: {reason}", reason=error.strerror))
    except UnicodeDecodeError as error:
        return _refused(unread, Note.of("it is not UTF-8 (byte {byte})", byte=error.start + 1))
    except FrontMatterError as error:
        return _refused(unread, error.reason)
    return _document(unread, metadata, body, generator, zone, languages)


def _refused(document: Document, reason: str) -> Document:
    return Document(document.file, document.path, title=document.title, refusal=reason)


def _document(
    unread: Document, metadata: Metadata, body: str, generator: Generator, zone: ZoneInfo, languages: Collection[str]
) -> Document:
    path, is_bundle = unread.path, unread.is_bundle
    stem = _stem(path, is_bundle=is_bundle)
    date_text, published = _date(metadata, _DATE_NAMES, zone)
    file_date = FILE_DATE.match(stem)
    if published is None and file_date:
        date_text, published = file_date[1], _read(file_date[1], zone)
    title = text_of(find(metadata, "title"))
    if not title and (heading := _HEADING.match(body)):
        title, body = heading[1].strip(), body[heading.end() :]
    is_draft, refusal = _state(metadata, path)
    _, expires = _date(metadata, _EXPIRY_NAMES, zone)
    _, updated = _date(metadata, _UPDATE_NAMES, zone)
    bare_stem = FILE_DATE.sub("", stem, count=1) if file_date else stem
    own_slug = text_of(find(metadata, "slug"))
    categories = _categories(metadata, unread, generator)
    picture = find(metadata, *_PICTURE_NAMES)
    return Document(
        file=unread.file,
        path=path,
        body=body,
        title=title,
        slug=own_slug or (slug(title) if generator.permalink == "/{title}.html" else "") or bare_stem,
        published=published,
        updated=later(updated, published),
        expires=expires,
        categories=categories,
        tags=tuple(
            tag
            for tag in _names(metadata, ("tags", "tag", "keywords", "taxonomies.tags"), generator)
            if generator.name != "Eleventy" or tag.lower() not in _COLLECTIONS
        ),
        authors=tuple(_authors(metadata)),
        summary=text_of(find(metadata, "summary", "description", "excerpt")),
        picture=_picture(picture),
        picture_alt=text_of(find(metadata, *_ALT_NAMES)),
        picture_caption=text_of(find(metadata, *_CAPTION_NAMES)),
        language=_language(metadata, path, languages),
        address=_own_address(text_of(find(metadata, "url", "permalink", "path"))),
        old_addresses=tuple(texts_of(find(metadata, "aliases", "alias", "redirect_from"))),
        link=link if (link := text_of(find(metadata, "external_url", "link"))).startswith("http") else "",
        is_draft=is_draft,
        unreadable_date=date_text if published is None else "",
        kind=_kind(metadata, path, has_date=bool(date_text), is_draft=is_draft),
        refusal=refusal,
    )


def _own_address(text: str) -> str:
    """Return an address or a path from the root; empty for anything else, such as a form with placeholders."""
    is_plain = re.fullmatch(r"/[^:{}]*|https?://[^{}]*", text)
    return text if is_plain and absolute_url("https://site.invalid", text) else ""


def _stem(path: PurePosixPath, *, is_bundle: bool) -> str:
    """Return the name of a file or a page bundle, without the code of its language."""
    return path.parent.name if is_bundle else re.sub(r"\.[a-z]{2}(-[A-Za-z]{2,4})?$", "", path.stem)


def _date(metadata: Metadata, names: tuple[str, ...], zone: ZoneInfo) -> tuple[str, datetime | None]:
    """Return the text of a date and the date that it says. `published: false` is none."""
    text = next((text for name in names if (text := text_of(metadata.get(name))) and text not in ("true", "false")), "")
    return text, _read(text, zone)


def _read(text: str, zone: ZoneInfo) -> datetime | None:
    date = read_date(text, None) if text else None
    if date and not _HAS_OFFSET.search(text):
        date = date.replace(tzinfo=zone).astimezone(UTC)
    return date


def _state(metadata: Metadata, path: PurePosixPath) -> tuple[bool, str | None]:
    """Return whether a document is a draft, and the reason not to import it if its site does not show it."""
    if is_draft := (
        text_of(find(metadata, "draft", "isdraft")) not in _FALSE
        or text_of(metadata.get("published")) == "false"
        or not {"_drafts", "drafts"}.isdisjoint(path.parts[:-1])
    ):
        return is_draft, None
    if name := next((name for name in _HIDING_NAMES if text_of(metadata.get(name)).lower() not in _FALSE), None):
        return False, Note.of("it has a password there") if name == "password" else _hidden(name)
    if text_of(find(metadata, "build.render", "_build.render", "build.list", "_build.list")) in ("never", "false"):
        return False, _hidden("build")
    if text_of(metadata.get("permalink")) == "false":
        return False, _hidden("permalink")
    return publication_state(text_of(metadata.get("status")), text_of(metadata.get("visibility")))


def _hidden(name: str) -> Note:
    return Note.of("it is hidden there ({name})", name=name)


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
    names = _names(metadata, ("categories", "category", "taxonomies.categories"), generator)
    if not names and (section := document.folder.partition("/")[0]).lower() not in _PLAIN_FOLDERS:
        names = [section] if section else []
    return tuple(names)


def _names(metadata: Metadata, names: tuple[str, ...], generator: Generator) -> list[str]:
    value: Any = find(metadata, *names)
    if isinstance(value, str):
        return (
            value.split() if generator.splits_at_blanks else [part.strip() for part in value.split(",") if part.strip()]
        )
    values = value if isinstance(value, list) else []
    flat = [inner for each in values for inner in (each if isinstance(each, list) else [each])]  # Hexo's hierarchies
    return texts_of(flat)


def _authors(metadata: Metadata) -> list[tuple[str, str]]:
    """Return the names of authors with their addresses."""
    value = find(metadata, "authors", "author", "byline")
    people = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            people.append((text_of(each.get("name")), text_of(each.get("url") or each.get("link"))))
        else:
            people.append((text_of(each), ""))
    return [(name, url) for name, url in people if name]


def _picture(value: object) -> str:
    """Return the address of a picture, which may be in a group of keys or a list."""
    if isinstance(value, list):
        return _picture(next(iter(value), ""))
    if isinstance(value, dict):
        return next((text for key in _PICTURE_KEYS if (text := text_of(value.get(key))) and text != "true"), "")
    text = text_of(value)
    return "" if text in ("true", "false") else text


def _language(metadata: Metadata, path: PurePosixPath, languages: Collection[str]) -> str:
    """Return the language that the metadata, the end of the name or the first folder says."""
    suffix = path.stem.rpartition(".")[2] if "." in path.stem else ""
    named = text_of(find(metadata, "lang", "language", "locale"))
    return named or next((each for each in (suffix, path.parts[0]) if each in languages), "")
