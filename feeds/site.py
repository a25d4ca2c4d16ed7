"""Site: what `site.yaml` says, and the addresses and ids that follow from it.

It knows no article. Every absolute URL of ours begins with `Site.url`, never with what a request says of its host.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, cast
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator
from slugify import slugify

from .mediafile import Media, MediaFile
from .model import (
    TEXT_SCHEMA,
    Email,
    Strict,
    Title,
    Url,
    line,
    matching,
    number,
    one_or_more,
    text,
    title,
    url,
    validate,
)
from .yamlfile import Tree, show

RESERVED = ("all", "tags", "authors")
"""Names under `/feeds/` that no category may take."""


@dataclass(frozen=True)
class SiteContext:
    """What the texts of a site file are read against."""

    languages: tuple[str, ...]
    media: Media


_APART = (("’", "-"), ("'", "-"), (",", "-"))
"""What separates words in French, and slugify would drop: `l’été` is `l-ete` and not `lete`."""


@lru_cache(maxsize=65_536)
def slug(words: str) -> str:
    """Make an ASCII slug, `génétique` → `genetique`; empty where nothing can be spelled."""
    return slugify(words, replacements=_APART)


def _language(value: object) -> str:
    found = line(value)
    try:
        if re.fullmatch("[a-z]{2,3}(-[A-Z]{2})?", found):
            Locale.parse(found, sep="-")
            return found
    except UnknownLocaleError:
        pass
    raise ValueError(f"{show(found)} is not a language (want a tag such as fr or en-GB, BCP 47)")


def _zone(value: object) -> ZoneInfo:
    found = line(value)
    try:
        return ZoneInfo(found)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{show(found)} is not a time zone (want one such as Europe/Paris)") from None


_authority = matching(
    r"[a-z0-9-]+(\.[a-z0-9-]+)+,[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", "a tag authority", "your.domain,2026 in lower case"
)


def _tag_authority(value: object) -> str:
    """Read domain and date (RFC 4151 section 2.1)."""
    found = _authority(value)
    try:
        _first_day(found)
    except ValueError:
        raise ValueError(f"{found} ends with no date (want your.domain,2026 or your.domain,2026-03-01)") from None
    return found


def _first_day(authority: str) -> datetime:
    year, month, day = (authority.partition(",")[2] + "-01-01").split("-")[:3]
    return datetime(int(year), int(month), int(day), tzinfo=UTC)


_accent = matching("#[0-9a-fA-F]{6}", "a colour", "one such as '#0b5c8e', in quotes")


def site_url(value: object) -> str:
    """Read the address that all others begin with: no query, no fragment, no final slash."""
    found = url(value).rstrip("/")
    parts = urlsplit(found)
    if not re.fullmatch(r"https?://[^/?#]+(/[A-Za-z0-9._~-]+)*", found):
        raise ValueError(f"{show(found)} has more than a host and plain words (want https://host/words)")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"


def _category_slug(value: object) -> str:
    found = str(value)
    if found in RESERVED:
        raise ValueError(f"{found} is a name of ours (want a category called otherwise)")
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", found):
        raise ValueError(
            f"{show(found)} cannot be part of an address (want a slug such as {slug(found) or 'research'})"
        )
    return found


_path = matching(r"/[^\s?#\"<>\\^`{|}]*", "a path", "one such as /actualites/feed.xml")


def _old_path(value: object) -> str:
    """Read a path as requests bring it: decoded."""
    return unquote(_path(value))


def _new_place(value: object) -> str:
    found = line(value)
    return quote(unquote(_path(found))) if found.startswith("/") else url(found)


def category_title(value: object) -> str:
    """Be a title without a comma, which some readers split categories at."""
    found = title(value)
    if "," in found:
        raise ValueError(f"{show(found)} has a comma, where readers split it (want a name without)")
    return found


def media_file(value: object, info: ValidationInfo) -> MediaFile:
    """Find the file that a text names below `media/`."""
    return cast(SiteContext, info.context).media.find(line(value))


def picture_file(value: object, info: ValidationInfo) -> MediaFile:
    """Find a file that is a picture every reader shows."""
    found = media_file(value, info)
    if found.width is None:
        raise ValueError(f"media/{found.path} is not a picture that readers show (want JPEG, PNG, GIF or WebP)")
    return found


def _per_language(read: Callable[[object], str]) -> PlainValidator:
    """Read a text that may be one for all languages, or a mapping that names each."""

    def parse(value: object, info: ValidationInfo) -> dict[str, str]:
        languages = cast(SiteContext, info.context).languages
        if not isinstance(value, dict):
            return dict.fromkeys(languages, read(value))
        if missing := [language for language in languages if not value.get(language)]:
            raise ValueError(f"no text for {', '.join(missing)} (want one per language, or a single text for all)")
        if unknown := [key for key in value if key not in languages]:
            raise ValueError(f"{', '.join(unknown)} is no language of the site (want {', '.join(languages)})")
        return {language: read(value[language]) for language in languages}

    return PlainValidator(parse)


_PER_LANGUAGE = WithJsonSchema({"anyOf": [TEXT_SCHEMA, {"type": "object", "additionalProperties": TEXT_SCHEMA}]})
_STRING = WithJsonSchema({"type": "string"})
_AUTHORITY = "^[a-z0-9.-]+,[0-9]{4}(-[0-9]{2}){0,2}$"

FilePath = Annotated[MediaFile, PlainValidator(media_file), _STRING]
PicturePath = Annotated[MediaFile, PlainValidator(picture_file), _STRING]
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
Entries = Annotated[
    int, PlainValidator(number(1, 500)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 500})
]
MaxAge = Annotated[
    int, PlainValidator(number(0, 604_800)), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 604_800})
]
OldPath = Annotated[str, PlainValidator(_old_path), _STRING]
NewPlace = Annotated[str, PlainValidator(_new_place), _STRING]
CategorySlug = Annotated[str, PlainValidator(_category_slug), _STRING]


class Person(Strict):
    """Somebody, or a body, with a name; address and e-mail are published where they are given."""

    name: Title = Field(description="The name as it is printed.", examples=["Ligue contre le cancer"])
    url: Url | None = Field(None, description="A page about them.", examples=["https://www.ligue-cancer.net"])
    email: Email | None = Field(None, description="An address to write to.", examples=["presse@crcm.example"])

    @property
    def slug(self) -> str:
        """The last part of their feeds' addresses."""
        return slug(self.name)


class Category(Strict):
    """A category of the site: its texts in each language."""

    title: CategoryTitles = Field(description="Its name, without a comma.", examples=["{fr: Recherche, en: Research}"])
    description: Texts = Field(
        description="What it is about, in a sentence: the subtitle of its feeds.", examples=["{fr: …, en: …}"]
    )


class Site(Strict):
    """A site file. Texts are per language; `url` has no final slash."""

    title: Titles = Field(description="The name of the publication.", examples=["{fr: Actualités, en: News}"])
    subtitle: Texts = Field(description="What it is, in a sentence.", examples=["{fr: …, en: …}"])
    url: SiteUrl = Field(
        description="Where it is published; it may have a path, and every address of ours begins with it.",
        examples=["https://news.crcm.example"],
    )
    home: Urls | None = Field(
        None,
        description="The page that the feeds of everything are about, on the same host as `url`, if it is not ours.",
        examples=["https://news.crcm.example/actualites"],
    )
    languages: Languages = Field(
        description="The languages of the articles; the first is the default and has no prefix in addresses.",
        examples=["[fr, en]"],
    )
    timezone: Zone = Field(description="The zone of dates and times that name none.", examples=["Europe/Paris"])
    tag_authority: TagAuthority = Field(
        description="Domain and date that permanent ids begin with (RFC 4151); it stays when the host changes.",
        examples=["crcm.example,2026"],
    )
    publisher: Person = Field(description="Who publishes: `name`, `email`, `url`.", examples=["{name: CRCM}"])
    rights: Texts | None = Field(None, description="The copyright line of the feeds.", examples=["© CRCM"])
    logo: PicturePath | None = Field(
        None,
        description="A picture in `media/`; in RSS too if it is at most 144 × 400 px and JPEG, PNG or GIF.",
        examples=["logo.png"],
    )
    icon: PicturePath | None = Field(
        None, description="A square picture in `media/`, 512 px wide at best.", examples=["icon.png"]
    )
    accent: Accent = Field("#0b5c8e", description="The colour of links on the pages.", examples=["'#0b5c8e'"])
    entries: Entries = Field(50, description="How many entries a feed holds.", examples=["50"])
    max_age: MaxAge = Field(
        3600, description="Seconds that a copy of a feed may be kept before it is asked for again.", examples=["3600"]
    )
    redirects: dict[OldPath, NewPlace] = Field(
        default_factory=dict,
        description="Old paths below `url`, each with the path or address that replaced it.",
        examples=["{/rss.php: /feeds/all.rss}"],
    )
    categories: dict[CategorySlug, Category] = Field(
        description="The categories, by the slug that stands in their feeds' addresses.",
        examples=["{research: {title: Recherche, description: …}}"],
    )

    @field_validator("languages")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{', '.join(value)} names one language twice (want each once)")
        return value

    @field_validator("redirects")
    @classmethod
    def _at_once(cls, value: dict[str, str]) -> dict[str, str]:
        for old, new in value.items():
            if unquote(new) in value:
                raise ValueError(f"{old} leads to {new}, which leads on (want the last place at once)")
        return value

    @field_validator("categories")
    @classmethod
    def _some(cls, value: dict[str, Category]) -> dict[str, Category]:
        if not value:
            raise ValueError("an empty group (want one category at least)")
        return value

    @field_validator("home")
    @classmethod
    def _on_our_host(cls, value: dict[str, str] | None, info: ValidationInfo) -> dict[str, str] | None:
        # FreshRSS and NewsBlur resolve and group by the channel's host: RSS 2.0 channel and item links share one
        host = urlsplit(info.data.get("url", "")).netloc
        for home in (value or {}).values():
            if host and urlsplit(home).netloc.lower() != host:
                raise ValueError(f"{home} is not on the host of url (want a page on {host})")
        return value

    @property
    def default_language(self) -> str:
        """The language without a prefix."""
        return self.languages[0]

    @property
    def path(self) -> str:
        """The path that all of ours begin with: empty, or as in `/news`."""
        return urlsplit(self.url).path

    @property
    def epoch(self) -> datetime:
        """The first moment of the tag authority's date, in UTC: the date of a feed that never had an entry."""
        return _first_day(self.tag_authority)

    def moved(self, url: str) -> Site:
        """Be published at another address; a home page on our host moves with it."""
        host = {"scheme": urlsplit(url).scheme, "netloc": urlsplit(url).netloc}
        home = {language: urlsplit(page)._replace(**host).geturl() for language, page in (self.home or {}).items()}
        return self.model_copy(update={"url": url, "home": home or None})

    def prefix(self, language: str) -> str:
        """Say what addresses in a language begin with: nothing for the default one, else as in `/en`."""
        return "" if language == self.default_language else f"/{language}"

    def absolute(self, path: str) -> str:
        """Make the URL of one of our paths; `path` is percent-encoded and begins with a slash."""
        return self.url + path

    def home_path(self, language: str) -> str:
        """Give the path of the home page in a language."""
        return f"{self.prefix(language)}/"

    def feed_path(self, language: str, name: str) -> str:
        """Give the path of a feed's page; with `.rss`, `.atom` or `.json` behind, of the feed itself."""
        return f"{self.prefix(language)}/feeds/{name}"

    def article_path(self, language: str, slug: str) -> str:
        """Give the path of an article's page."""
        return f"{self.prefix(language)}/articles/{slug}"

    def tag(self, specific: str) -> str:
        """Make a `tag:` URI (RFC 4151 section 2.1)."""
        return f"tag:{self.tag_authority}:{specific}"


def read_site(tree: Tree, media: Media) -> Site | None:
    """Make the site of a file's values, or add what is wrong to the tree's problems."""
    written = tree.value.get("languages")
    languages = (
        tuple(name for name in written if isinstance(name, str)) if isinstance(written, list) else (str(written),)
    )
    return validate(tree, Site, SiteContext(languages, media))
