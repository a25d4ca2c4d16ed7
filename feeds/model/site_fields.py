"""What the texts behind the site's keys may be: each reader takes one as YAML has it, and says what is wrong with it.

It knows no more of a site than its single values; `site` puts them together.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from pydantic import BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema
from slugify import slugify

from .fields import TEXT_SCHEMA, line, matching, number, one_or_more, text, title, url
from .mediafile import Media, MediaFile
from .problems import InvalidValue, show

RESERVED = ("all", "tags", "authors")
"""Names under `/feeds/` that no category may take."""


@dataclass(frozen=True)
class SiteContext:
    """What the texts of a site file are read against."""

    languages: tuple[str, ...]
    media: Media


_IS_SLUG = re.compile("[a-z0-9]+(-[a-z0-9]+)*").fullmatch
_APART = (("’", "-"), ("'", "-"), (",", "-"))
"""What separates words in French, and slugify would drop: `l’été` is `l-ete` and not `lete`."""


@lru_cache(maxsize=65_536)
def slug(words: str) -> str:
    """Make an ASCII slug, `génétique` → `genetique`; empty where nothing can be spelled."""
    return words if _IS_SLUG(words) else slugify(words, replacements=_APART)


def _language(value: object) -> str:
    found = line(value)
    try:
        if re.fullmatch("[a-z]{2,3}(-[A-Z]{2})?", found):
            Locale.parse(found, sep="-")
            return found
    except UnknownLocaleError:
        pass
    raise InvalidValue("language-not-recognised", value=show(found))


def _zone(value: object) -> ZoneInfo:
    found = line(value)
    try:
        return ZoneInfo(found)
    except (KeyError, OSError, ValueError):
        raise InvalidValue("timezone-not-recognised", value=show(found)) from None


_authority = matching(r"[a-z0-9-]+(\.[a-z0-9-]+)+,[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", "tag-authority-not-recognised")


def _tag_authority(value: object) -> str:
    """Read domain and date (RFC 4151 section 2.1)."""
    found = _authority(value)
    try:
        first_day(found)
    except ValueError:
        raise InvalidValue("tag-authority-date", value=found) from None
    return found


def first_day(authority: str) -> datetime:
    """Give the first moment of a tag authority's date, in UTC."""
    year, month, day = (authority.partition(",")[2] + "-01-01").split("-")[:3]
    return datetime(int(year), int(month), int(day), tzinfo=UTC)


_accent = matching("#[0-9a-fA-F]{6}", "colour-not-recognised")


def site_url(value: object) -> str:
    """Read the address that all others begin with: no query, no fragment, no final slash."""
    found = url(value).rstrip("/")
    parts = urlsplit(found)
    if not re.fullmatch(r"https?://[^/?#]+(/[A-Za-z0-9._~-]+)*", found):
        raise InvalidValue("site-url-not-plain", value=show(found))
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"


def _hub(value: object) -> str:
    """Read the address of a hub: what it is told of goes through no foreign hands, but on this very machine."""
    found = url(value)
    if not re.fullmatch(r"[a-z0-9_-]+([.][a-z0-9_-]+)*", urlsplit(found).hostname or ""):
        raise InvalidValue("hub-host", value=show(found))
    if urlsplit(found).scheme != "https" and urlsplit(found).hostname not in ("localhost", "127.0.0.1"):
        raise InvalidValue("hub-not-encrypted", value=show(found))
    return found


def _category_slug(value: object) -> str:
    found = str(value)
    if found in RESERVED:
        raise InvalidValue("category-slug-reserved", value=found)
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", found):
        raise InvalidValue("category-slug-not-recognised", value=show(found), example=slug(found) or "research")
    return found


_path = matching(r"/[^\s?#\"<>\\^`{|}]*", "path-not-recognised")


_QUERY = re.compile(r"[^\s?#\"<>\\^`{|}&]+(&[^\s?#\"<>\\^`{|}&]+)*")


def _old_path(value: object) -> str:
    """Read a path as requests bring it, decoded; a query stays as it is."""
    path, mark, query = line(value).partition("?")
    found = unquote(_path(path))
    if "?" in found or (mark and not _QUERY.fullmatch(query)):
        raise InvalidValue("old-path-not-recognised", value=show(value))
    return found + mark + query


def _new_place(value: object) -> str:
    found = line(value)
    return quote(unquote(_path(found))) if found.startswith("/") else url(found)


def category_title(value: object) -> str:
    """Be a title without a comma, which some readers split categories at."""
    found = title(value)
    if "," in found:
        raise InvalidValue("category-title-comma", value=show(found))
    return found


def media_file(value: object, info: ValidationInfo) -> MediaFile:
    """Find the file that a text names below `media/`."""
    return cast(SiteContext, info.context).media.find(line(value))


def picture_file(value: object, info: ValidationInfo) -> MediaFile:
    """Find a file that is a picture every reader shows."""
    found = media_file(value, info)
    if found.flaw:
        raise InvalidValue(found.flaw.code, **dict(found.flaw.parameters))
    if found.width is None:
        raise InvalidValue("picture-expected", path=f"media/{found.path}")
    return found


def _per_language(read: Callable[[object], str]) -> PlainValidator:
    """Read a text that may be one for all languages, or a mapping that names each."""

    def parse(value: object, info: ValidationInfo) -> dict[str, str]:
        languages = cast(SiteContext, info.context).languages
        if not isinstance(value, dict):
            return dict.fromkeys(languages, read(value))
        if missing := [language for language in languages if not value.get(language)]:
            raise InvalidValue("translation-of-text-missing", languages=", ".join(missing))
        if unknown := [key for key in value if key not in languages]:
            raise InvalidValue("language-not-in-site", language=", ".join(unknown), languages=", ".join(languages))
        return {language: read(value[language]) for language in languages}

    return PlainValidator(parse)


_PER_LANGUAGE = WithJsonSchema({"anyOf": [TEXT_SCHEMA, {"type": "object", "additionalProperties": TEXT_SCHEMA}]})
_STRING = WithJsonSchema({"type": "string"})
_AUTHORITY = "^[a-z0-9.-]+,[0-9]{4}(-[0-9]{2}){0,2}$"

APPLE = {
    "Arts": ("Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"),
    "Business": ("Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"),
    "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
    "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
    "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
    "Government": (),
    "Health & Fitness": ("Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"),
    "History": (),
    "Kids & Family": ("Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"),
    "Leisure": (
        *("Animation & Manga", "Automotive", "Aviation", "Crafts", "Games", "Hobbies", "Home & Garden", "Video Games"),
    ),
    "Music": ("Music Commentary", "Music History", "Music Interviews"),
    "News": (
        *("Business News", "Daily News", "Entertainment News", "News Commentary", "Politics", "Sports News"),
        "Tech News",
    ),
    "Religion & Spirituality": (
        *("Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality"),
    ),
    "Science": (
        *("Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics", "Natural Sciences", "Nature"),
        *("Physics", "Social Sciences"),
    ),
    "Society & Culture": ("Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"),
    "Sports": (
        *("Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey", "Rugby", "Running"),
        *("Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness", "Wrestling"),
    ),
    "Technology": (),
    "True Crime": (),
    "TV & Film": ("After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"),
}
"""Apple's categories of podcasts, which other directories use too, and what is below each."""

ARTWORK = range(1400, 3001)
"""The sides, in pixels, that Apple takes of a podcast's picture."""


def _apple_category(value: object) -> tuple[str, ...]:
    found = tuple(part.strip(" ") for part in line(value).split(">"))
    if found[0] not in APPLE:
        near = difflib.get_close_matches(found[0], APPLE, n=1, cutoff=0.5)
        expected = near[0] if near else ", ".join(APPLE)
        raise InvalidValue("podcast-category-not-recognised", value=show(found[0]), expected=expected)
    below = APPLE[found[0]]
    if len(found) > 2 or (len(found) == 2 and found[1] not in below):
        expected = ", ".join(f"{found[0]} > {name}" for name in below) or found[0]
        raise InvalidValue("podcast-category-not-recognised", value=show(" > ".join(found)), expected=expected)
    return found


def _artwork(value: object, info: ValidationInfo) -> MediaFile:
    found = picture_file(value, info)
    if found.width != found.height or found.width not in ARTWORK or found.type not in ("image/jpeg", "image/png"):
        raise InvalidValue(
            "artwork-unsuitable",
            path=f"media/{found.path}",
            type=found.type,
            width=found.width or 0,
            height=found.height or 0,
            smallest=ARTWORK[0],
            largest=ARTWORK[-1],
        )
    return found


FilePath = Annotated[MediaFile, PlainValidator(media_file), _STRING]
PicturePath = Annotated[MediaFile, PlainValidator(picture_file), _STRING]
ArtworkPath = Annotated[MediaFile, PlainValidator(_artwork), _STRING]
AppleCategory = Annotated[tuple[str, ...], PlainValidator(_apple_category), _STRING]
Texts = Annotated[dict[str, str], _per_language(text), _PER_LANGUAGE]
Titles = Annotated[dict[str, str], _per_language(title), _PER_LANGUAGE]
CategoryTitles = Annotated[dict[str, str], _per_language(category_title), _PER_LANGUAGE]
Urls = Annotated[dict[str, str], _per_language(url), _PER_LANGUAGE]
SiteUrl = Annotated[str, PlainValidator(site_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Language = Annotated[str, PlainValidator(_language), _STRING]
Languages = Annotated[tuple[Language, ...], BeforeValidator(one_or_more)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone), _STRING]
TagAuthority = Annotated[str, PlainValidator(_tag_authority), WithJsonSchema({"type": "string", "pattern": _AUTHORITY})]
Accent = Annotated[str, PlainValidator(_accent), WithJsonSchema({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"})]
Hub = Annotated[str, PlainValidator(_hub), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Hubs = Annotated[tuple[Hub, ...], BeforeValidator(one_or_more)]
Entries = Annotated[
    int, PlainValidator(number(1, 500)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 500})
]
MaxAge = Annotated[
    int, PlainValidator(number(0, 604_800)), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 604_800})
]
Query = tuple[tuple[str, str], ...]
"""Names and values of a query, decoded, in the order of the names."""


CAMPAIGNS = "utm_[a-z_]+|at_[a-z_]+|mtm_[a-z_]+|pk_[a-z_]+|fbclid|gclid|_"
"""Names in queries that say nothing of what is asked for: campaigns and readers add them."""

is_added = re.compile(CAMPAIGNS).fullmatch
"""Tell whether a name in a query is one of those."""


def read_query(query: str) -> Query:
    """Read a query as forms write it (https://url.spec.whatwg.org/#application/x-www-form-urlencoded)."""
    return tuple(sorted(parse_qsl(query, keep_blank_values=True)))


OldPath = Annotated[str, PlainValidator(_old_path), _STRING]
NewPlace = Annotated[str, PlainValidator(_new_place), _STRING]
CategorySlug = Annotated[str, PlainValidator(_category_slug), _STRING]
