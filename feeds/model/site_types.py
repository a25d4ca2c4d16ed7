"""Field types of the site: each validator parses one YAML value, or raises InvalidValue.

A validator sees a single value; `site` combines them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Protocol, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree
from pydantic import BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema
from slugify import slugify

from .colours import MIN_CONTRAST, PAGE_BACKGROUND, contrast, readable_shade
from .fields import TEXT_SCHEMA, line, matching, number, one_or_more, text, title, url
from .languages import canonical_tag
from .mediafile import Media, MediaFile
from .problems import InvalidValue, show
from .stylesheet import Stylesheet, read_stylesheet

RESERVED_SLUGS = ("all", "tags", "authors")
"""Names under `/feeds/` that no category may use."""


RESERVED_PATHS = (
    *("articles", "atom", "edit", "feed", "feeds", "health", "index", "media", "metrics", "pages", "pagefind"),
    *("pictures", "preview", "robots", "rss", "search", "sitemap", "static"),
)
"""Names that paths begin with."""


class SiteFiles(Media, Protocol):
    """Lookup of the files that a site file names: those below `media/`, and texts in the content folder."""

    def text(self, path: str) -> str:
        """Return the text of a file in the content folder. Raises ValueError with a message for authors."""


@dataclass(frozen=True)
class SiteContext:
    """Validation context of a site file."""

    languages: tuple[str, ...]
    media: SiteFiles


MAX_LOGO_RATIO = 12
"""Maximum ratio of the sides of a logo: its height on pages is fixed."""


@dataclass(frozen=True)
class Logo:
    """A logo, and its width and height: in pixels, or in the units of an SVG."""

    file: MediaFile
    width: float
    height: float


_IS_SLUG_PATTERN = "[a-z0-9]+(-[a-z0-9]+)*"
_IS_SLUG = re.compile(_IS_SLUG_PATTERN).fullmatch
_SLUG_SEPARATORS = (("’", "-"), ("'", "-"), (",", "-"))
"""Characters that separate words in French, and that slugify would drop: `l’été` is `l-ete`, not `lete`."""


@lru_cache(maxsize=65_536)
def slug(name: str) -> str:
    """Return an ASCII slug, `génétique` → `genetique`; empty if nothing can be transliterated."""
    return name if _IS_SLUG(name) else slugify(name, replacements=_SLUG_SEPARATORS)


def _language(value: object) -> str:
    tag = canonical_tag(line(value))
    if tag is None:
        raise InvalidValue("language-not-recognised", value=show(value))
    if tag in RESERVED_PATHS:  # which may follow /, as the prefix of a language does
        raise InvalidValue("language-reserved", value=tag)
    return tag


def _zone(value: object) -> ZoneInfo:
    name = line(value)
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise InvalidValue("timezone-not-recognised", value=show(name)) from None


_authority = matching(r"[a-z0-9-]+(\.[a-z0-9-]+)+,[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", "tag-authority-not-recognised")


def _tag_authority(value: object) -> str:
    """Parse a domain and a date (RFC 4151 section 2.1)."""
    authority = _authority(value)
    try:
        tag_authority_date(authority)
    except ValueError:
        raise InvalidValue("tag-authority-date", value=authority) from None
    return authority


def tag_authority_date(authority: str) -> datetime:
    """Return the first instant of a tag authority's date, in UTC."""
    year, month, day = (authority.partition(",")[2] + "-01-01").split("-")[:3]
    return datetime(int(year), int(month), int(day), tzinfo=UTC)


_colour = matching("#[0-9a-fA-F]{6}", "colour-not-recognised")


def _accent(value: object) -> str:
    """Parse the colour of links, which must be readable on the background of pages."""
    colour = _colour(value)
    ratio = contrast(colour, PAGE_BACKGROUND)
    if ratio < MIN_CONTRAST:
        raise InvalidValue("accent-contrast", value=colour, ratio=f"{ratio:.1f}", shade=readable_shade(colour))
    return colour


def site_url(value: object) -> str:
    """Parse the URL that all others begin with: no query or fragment; a trailing slash is removed."""
    address = url(value).rstrip("/")
    parts = urlsplit(address)
    if not re.fullmatch(r"https?://[^/?#]+(/[A-Za-z0-9._~-]+)*", address):
        raise InvalidValue("site-url-not-plain", value=show(address))
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"


def _hub(value: object) -> str:
    """Parse the URL of a hub, which must be https except on this machine."""
    address = url(value)
    if not re.fullmatch(r"[a-z0-9_-]+([.][a-z0-9_-]+)*", urlsplit(address).hostname or ""):
        raise InvalidValue("hub-host", value=show(address))
    if urlsplit(address).scheme != "https" and urlsplit(address).hostname not in ("localhost", "127.0.0.1"):
        raise InvalidValue("hub-not-encrypted", value=show(address))
    return address


def _category_slug(value: object) -> str:
    name = str(value)
    if name in RESERVED_SLUGS:
        raise InvalidValue("category-slug-reserved", value=name)
    if not _IS_SLUG(name):
        raise InvalidValue("category-slug-not-recognised", value=show(name), example=slug(name) or "research")
    return name


_path = matching(r"/[^\s?#\"<>\\^`{|}]*", "path-not-recognised")


_QUERY = re.compile(r"[^\s?#\"<>\\^`{|}&]+(&[^\s?#\"<>\\^`{|}&]+)*")


def _old_path(value: object) -> str:
    """Parse a path, decoded as requests have it; a query is unchanged."""
    path, separator, query = line(value).partition("?")
    decoded = unquote(_path(path))
    if "?" in decoded or (separator and not _QUERY.fullmatch(query)):
        raise InvalidValue("old-path-not-recognised", value=show(value))
    return decoded + separator + query


def _redirect_target(value: object) -> str:
    target = line(value)
    return quote(unquote(_path(target))) if target.startswith("/") else url(target)


def category_title(value: object) -> str:
    """Return a title without a comma, at which some readers split categories."""
    name = title(value)
    if "," in name:
        raise InvalidValue("category-title-comma", value=show(name))
    return name


def media_file(value: object, info: ValidationInfo) -> MediaFile:
    """Return the file that a text names below `media/`."""
    return cast(SiteContext, info.context).media.find(line(value))


def picture_file(value: object, info: ValidationInfo) -> MediaFile:
    """Return a file that is a picture which every reader shows."""
    file = media_file(value, info)
    if file.flaw:
        raise InvalidValue(file.flaw.code, **dict(file.flaw.parameters))
    if file.width is None:
        raise InvalidValue("picture-expected", path=f"media/{file.path}")
    return file


def _logo(value: object, info: ValidationInfo) -> Logo:
    file = media_file(value, info)
    if file.type == "image/svg+xml":
        return _with_shape(
            Logo(file, *_svg_size(file, cast(SiteContext, info.context).media.text(f"media/{file.path}")))
        )
    if file.type != "image/png":
        raise InvalidValue("logo-type", path=f"media/{file.path}", type=file.type)
    file = picture_file(value, info)
    return _with_shape(Logo(file, file.width or 1, file.height or 1))


def _with_shape(logo: Logo) -> Logo:
    """Return a logo that is visible at the height of a line, and not wider than a page."""
    if not 1 / MAX_LOGO_RATIO <= logo.width / logo.height <= MAX_LOGO_RATIO:
        size = {"width": f"{logo.width:g}", "height": f"{logo.height:g}"}
        raise InvalidValue("logo-shape", path=f"media/{logo.file.path}", **size, ratio=MAX_LOGO_RATIO)
    return logo


def _svg_size(file: MediaFile, text: str) -> tuple[float, float]:
    """Return the width and height of an SVG file (SVG 2, sections 8.2 and 8.6)."""
    try:
        root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise InvalidValue("svg-not-readable", path=f"media/{file.path}", reason=error.msg or "") from None
    is_svg = etree.QName(root).localname == "svg"
    size = re.split(r"[\s,]+", root.get("viewBox", "").strip())[2:4] or [root.get("width", ""), root.get("height", "")]
    numbers = [re.fullmatch(r"([0-9]{0,6}\.?[0-9]{1,6})(?:px)?", each) for each in size] if is_svg else []
    sides = [float(number[1]) for number in numbers if number]
    if len(sides) != 2 or min(sides) <= 0:
        raise InvalidValue("svg-without-size", path=f"media/{file.path}")
    return sides[0], sides[1]


def _stylesheet(value: object, info: ValidationInfo) -> Stylesheet:
    name, files = line(value), cast(SiteContext, info.context).media
    if not name.endswith(".css"):
        raise InvalidValue("stylesheet-name", value=show(name))
    return read_stylesheet(name, files.text(name), files)


def _per_language(read: Callable[[object], str]) -> PlainValidator:
    """Return a validator of one text for all languages, or of a mapping with a text for each."""

    def parse(value: object, info: ValidationInfo) -> dict[str, str]:
        languages = cast(SiteContext, info.context).languages
        if not isinstance(value, dict):
            return dict.fromkeys(languages, read(value))
        value = {canonical_tag(key) or key: text for key, text in value.items()}
        if missing := [language for language in languages if not value.get(language)]:
            raise InvalidValue("translation-of-text-missing", languages=", ".join(missing))
        if unknown := [key for key in value if key not in languages]:
            raise InvalidValue("language-not-in-site", language=", ".join(unknown), languages=", ".join(languages))
        return {language: read(value[language]) for language in languages}

    return PlainValidator(parse)


_PER_LANGUAGE_SCHEMA = WithJsonSchema({"anyOf": [TEXT_SCHEMA, {"type": "object", "additionalProperties": TEXT_SCHEMA}]})
_STRING_SCHEMA = WithJsonSchema({"type": "string"})
_TAG_AUTHORITY_PATTERN = "^[a-z0-9.-]+,[0-9]{4}(-[0-9]{2}){0,2}$"

APPLE_CATEGORIES = {
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
"""Apple's podcast categories, which other directories use too, and their subcategories."""

ARTWORK_PIXELS = range(1400, 3001)
"""Side lengths in pixels that Apple accepts for a podcast's picture."""


def _apple_category(value: object) -> tuple[str, ...]:
    names = tuple(part.strip(" ") for part in line(value).split(">"))
    if names[0] not in APPLE_CATEGORIES:
        suggestions = difflib.get_close_matches(names[0], APPLE_CATEGORIES, n=1, cutoff=0.5)
        expected = suggestions[0] if suggestions else ", ".join(APPLE_CATEGORIES)
        raise InvalidValue("podcast-category-not-recognised", value=show(names[0]), expected=expected)
    subcategories = APPLE_CATEGORIES[names[0]]
    if len(names) > 2 or (len(names) == 2 and names[1] not in subcategories):
        expected = ", ".join(f"{names[0]} > {name}" for name in subcategories) or names[0]
        raise InvalidValue("podcast-category-not-recognised", value=show(" > ".join(names)), expected=expected)
    return names


def _artwork(value: object, info: ValidationInfo) -> MediaFile:
    file = picture_file(value, info)
    if file.width != file.height or file.width not in ARTWORK_PIXELS or file.type not in ("image/jpeg", "image/png"):
        raise InvalidValue(
            "artwork-unsuitable",
            path=f"media/{file.path}",
            type=file.type,
            width=file.width or 0,
            height=file.height or 0,
            smallest=ARTWORK_PIXELS[0],
            largest=ARTWORK_PIXELS[-1],
        )
    return file


FilePath = Annotated[MediaFile, PlainValidator(media_file), _STRING_SCHEMA]
PicturePath = Annotated[MediaFile, PlainValidator(picture_file), _STRING_SCHEMA]
LogoPath = Annotated[Logo, PlainValidator(_logo), _STRING_SCHEMA]
StylesheetPath = Annotated[Stylesheet, PlainValidator(_stylesheet), _STRING_SCHEMA]
ArtworkPath = Annotated[MediaFile, PlainValidator(_artwork), _STRING_SCHEMA]
AppleCategory = Annotated[tuple[str, ...], PlainValidator(_apple_category), _STRING_SCHEMA]
Texts = Annotated[dict[str, str], _per_language(text), _PER_LANGUAGE_SCHEMA]
Titles = Annotated[dict[str, str], _per_language(title), _PER_LANGUAGE_SCHEMA]
CategoryTitles = Annotated[dict[str, str], _per_language(category_title), _PER_LANGUAGE_SCHEMA]
Names = Annotated[
    tuple[Annotated[str, PlainValidator(line), WithJsonSchema(TEXT_SCHEMA)], ...], BeforeValidator(one_or_more)
]
Urls = Annotated[dict[str, str], _per_language(url), _PER_LANGUAGE_SCHEMA]
SiteUrl = Annotated[str, PlainValidator(site_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Language = Annotated[str, PlainValidator(_language), _STRING_SCHEMA]
Languages = Annotated[tuple[Language, ...], BeforeValidator(one_or_more)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone), _STRING_SCHEMA]
TagAuthority = Annotated[
    str, PlainValidator(_tag_authority), WithJsonSchema({"type": "string", "pattern": _TAG_AUTHORITY_PATTERN})
]
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
"""Names and values of a decoded query, sorted by name."""


TRACKING_PARAMETERS = "utm_[a-z_]+|at_[a-z_]+|mtm_[a-z_]+|pk_[a-z_]+|fbclid|gclid|_"
"""Pattern of query parameters that do not change the response: campaigns and readers add them."""

is_tracking_parameter = re.compile(TRACKING_PARAMETERS).fullmatch
"""Return whether the name of a query parameter is one of those."""


def read_query(query: str) -> Query:
    """Parse a form-encoded query (https://url.spec.whatwg.org/#application/x-www-form-urlencoded)."""
    return tuple(sorted(parse_qsl(query, keep_blank_values=True)))


OldPath = Annotated[str, PlainValidator(_old_path), _STRING_SCHEMA]
RedirectTarget = Annotated[str, PlainValidator(_redirect_target), _STRING_SCHEMA]
CategorySlug = Annotated[str, PlainValidator(_category_slug), _STRING_SCHEMA]
TagSlug = Annotated[str, PlainValidator(matching(_IS_SLUG_PATTERN, "tag-slug-not-recognised")), _STRING_SCHEMA]
PageSlug = Annotated[str, PlainValidator(matching(_IS_SLUG_PATTERN, "page-slug-not-recognised")), _STRING_SCHEMA]
