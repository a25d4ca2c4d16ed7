"""Reads the metadata of Markdown files, with the keys of static site generators and their common themes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from .dates import read_date
from .front_matter import Metadata, find, text_of, texts_of
from .generators import Generator
from .notes import Note
from .old_feed import absolute_url, publication_state

DATE_NAMES = ("date", "pubdate", "publishdate", "published", "published_at", "publicationdate", "created")
UPDATE_NAMES = ("updated", "lastmod", "modified", "last_modified_at", "updateddate", "updated_at", "last_updated")
EMBARGO_NAMES = ("publishdate",)
EXPIRY_NAMES = ("expirydate", "expires", "unpublishdate")
PICTURE_NAMES = (
    *("image", "cover", "featured_image", "featuredimage", "featureimage", "feature_image", "heroimage", "hero_image"),
    *("banner", "thumbnail", "images", "header"),
)
_PICTURE_KEYS = ("src", "url", "image", "path", "file", "relative", "teaser", "overlay_image")
ALT_NAMES = ("image_alt", "imagealt", "image.alt", "cover.alt", "heroimagealt", "thumbnail_alt", "banner.alt")
CAPTION_NAMES = ("image_caption", "imagecaption", "image.caption", "cover.caption", "header.caption")
_HAS_OFFSET = re.compile(r"(?:Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2}|(?:UTC|GMT) ?[+-]\d{1,2}|[A-Z]\w+/[\w/]+)\s*$")
_HIDING_NAMES = ("private", "hidden", "unlisted", "headless", "password", "eleventyexcludefromcollections")
_FALSE = ("", "false", "no", "off", "n", "0", "null", "~")

_BOOLEANS = ("true", "false", "yes", "no", "on", "off")


def own_address(text: str) -> str:
    """Return a URL or an absolute path, or an empty string for anything else, such as a pattern with placeholders."""
    is_plain = re.fullmatch(r"/[^:{}]*|https?://[^{}]*", text)
    return text if is_plain and absolute_url("https://site.invalid", text) else ""


def date_in(metadata: Metadata, names: tuple[str, ...], zone: ZoneInfo) -> tuple[str, datetime | None]:
    """Return the text of a date and its value. `published: false` is not a date."""
    text = next((text for name in names if (text := _word(metadata.get(name)))), "")
    return text, read_local_date(text, zone)


def read_local_date(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the date in a text, in UTC. Without an offset, it is in `zone`."""
    date = read_date(text, None) if text else None
    if date and not _HAS_OFFSET.search(text):
        date = date.replace(tzinfo=zone).astimezone(UTC)
    return date


def state_of(metadata: Metadata, path: PurePosixPath, generator: Generator) -> tuple[bool, str | None]:
    """Return whether a document is a draft, and the reason not to import it if its site does not show it."""
    states = [each.lower() for each in names_in(metadata, ("tags",), generator)] if generator.name == "Nikola" else []
    if is_draft := (
        text_of(find(metadata, "draft", "isdraft")).lower() not in _FALSE
        or any(text_of(metadata.get(name)).lower() in ("false", "no", "off") for name in ("published", "publish"))
        or not {"_drafts", "drafts"}.isdisjoint(path.parts[:-1])
        or "draft" in states
    ):
        return is_draft, None
    if "private" in states:
        return False, _hidden("private")
    if name := next((name for name in _HIDING_NAMES if text_of(metadata.get(name)).lower() not in _FALSE), None):
        return False, Note.of("it is password-protected") if name == "password" else _hidden(name)
    if text_of(find(metadata, "build.render", "_build.render", "build.list", "_build.list")).lower() in (
        "never",
        "false",
    ):
        return False, _hidden("build")
    if generator.name == "Zola" and text_of(metadata.get("render")).lower() == "false":
        return False, _hidden("render")
    if text_of(metadata.get("permalink")).lower() == "false":
        return False, _hidden("permalink")
    return publication_state(text_of(metadata.get("status")), text_of(metadata.get("visibility")))


def _hidden(name: str) -> Note:
    return Note.of("it is hidden on the old site ({name})", name=name)


def names_in(metadata: Metadata, names: tuple[str, ...], generator: Generator) -> list[str]:
    """Return names from a list, or from a string with the separator of the generator."""
    value: Any = find(metadata, *names)
    if isinstance(value, str):
        parts = value.split() if generator.splits_at_spaces else value.split(",")
        return [part.strip() for part in parts if part.strip()]
    values = value if isinstance(value, list) else []
    flat = [inner for each in values for inner in (each if isinstance(each, list) else [each])]  # Hexo's hierarchies
    return texts_of(flat)


def authors_in(metadata: Metadata) -> list[tuple[str, str]]:
    """Return the names of authors with their addresses."""
    value = find(metadata, "authors", "author", "byline")
    people = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            people.append((text_of(each.get("name")), text_of(each.get("url") or each.get("link"))))
        else:
            people.append((text_of(each), ""))
    return [(name, url) for name, url in people if name]


def picture_in(value: object) -> str:
    """Return the URL of a picture, which may be within a mapping or a list."""
    if isinstance(value, list):
        return picture_in(next(iter(value), ""))
    if isinstance(value, dict):
        return next((text for key in _PICTURE_KEYS if (text := _word(value.get(key)))), "")
    return _word(value)


def _word(value: object) -> str:
    """Return a scalar that is not a boolean; empty for anything else."""
    text = text_of(value)
    return "" if text.lower() in _BOOLEANS else text
