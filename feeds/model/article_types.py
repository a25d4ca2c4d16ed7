"""Field types of an article: each validator parses one YAML value, or raises InvalidValue.

A validator sees a single value; `article` combines them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from .dates import DATE_PATTERN, parse_end, parse_start
from .fields import TEXT_SCHEMA, line, matching, number, one_or_more, title
from .languages import canonical_tag
from .mediafile import Media
from .problems import InvalidValue, show
from .site import Site
from .site_groups import Author
from .site_types import slug


@dataclass(frozen=True)
class ArticleContext:
    """Validation context of an article file; `slug` comes from the file's name."""

    site: Site
    media: Media
    slug: str


def context_of(info: ValidationInfo) -> ArticleContext:
    """Return the validation context of an article file."""
    return cast(ArticleContext, info.context)


def _parse_start(value: object, info: ValidationInfo) -> datetime:
    return parse_start(value, context_of(info).site.timezone)


def _parse_end(value: object, info: ValidationInfo) -> datetime:
    return parse_end(value, context_of(info).site.timezone)


def _category(value: object, info: ValidationInfo) -> str:
    categories = context_of(info).site.categories
    name = line(value)
    if name in categories:
        return name
    if "," in name:
        raise InvalidValue("categories-one-text", value=show(name))
    suggestions = [
        slug for slug, category in categories.items() if name.casefold() in map(str.casefold, category.title.values())
    ]
    raise InvalidValue("category-not-in-site", value=show(value), expected=", ".join(suggestions or categories))


def _categories(value: object, info: ValidationInfo) -> object:
    return [] if value == [] and info.data.get("draft") else one_or_more(value)


def _feed_name(value: object, info: ValidationInfo) -> str:
    site, name = context_of(info).site, line(value)
    names = ("all", *site.categories, *site.feeds)
    if name not in names:
        raise InvalidValue("feed-not-in-site", value=show(value), expected=", ".join(names))
    return name


def _tag(value: object) -> str:
    tag = title(value)
    if "," in tag:
        raise InvalidValue("tag-comma", value=show(tag))
    if not slug(tag):
        raise InvalidValue("without-letters", value=show(tag))
    return tag


def _author(value: object) -> object:
    author = {"name": value} if isinstance(value, str) else value
    if isinstance(author, dict) and isinstance(name := author.get("name"), str) and name and not slug(name):
        raise InvalidValue("without-letters", value=show(name))
    return author


def _people(value: object) -> object:
    if isinstance(value, str) and "," in value:
        raise InvalidValue("authors-one-text", value=show(value))
    return one_or_more(value)


def _language(value: object, info: ValidationInfo) -> str:
    site: Site = context_of(info).site
    if value is None:
        return site.default_language
    tag = canonical_tag(value) if isinstance(value, str) else None
    if tag not in site.languages:
        raise InvalidValue("language-not-in-site", language=show(value), languages=", ".join(site.languages))
    return tag


def entry_id(value: object, site: Site, slug: str) -> str:
    """Return the id of an article from the value of its key; `slug` is its file's. Raises ValueError."""
    if value is None:
        return site.tag_uri(slug)
    if isinstance(value, dict):
        exact = value.get("exact")
        if list(value) != ["exact"] or not isinstance(exact, str) or not exact.strip() or "\n" in exact:
            raise InvalidValue("id-not-recognised", value=show(value))
        return exact
    text = value if isinstance(value, str) else show(value)
    if is_word(text):
        return site.tag_uri(text)
    if not isinstance(value, str) or ":" not in text or text != text.strip() or "\n" in text:
        raise InvalidValue("id-not-recognised", value=show(text))
    return text


is_word = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*").fullmatch
"""Return whether an id is a plain word, which is prefixed with the tag authority."""


def _id(value: object, info: ValidationInfo) -> str:
    context = context_of(info)
    return entry_id(value, context.site, context.slug)


_twin = matching("[A-Za-z0-9._-]+", "twin-not-recognised")
_media_type = matching(
    "(application|audio|chemical|font|haptics|image|message|model|text|video)/[a-z0-9][a-z0-9.+-]*",
    "media-type-not-recognised",
)


def _body(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue("body-expected", value=show(value))
    return unicodedata.normalize("NFC", value)


def _duration(value: object) -> int:
    match = re.fullmatch("(?:(?:([0-9]{1,2}):)?([0-9]{1,2}):)?([0-9]{1,6})", str(value))
    if not match or (match[2] and int(match[3]) > 59) or (match[1] and int(match[2]) > 59):
        raise InvalidValue("duration-not-recognised", value=show(value))
    return int(match[1] or 0) * 3600 + int(match[2] or 0) * 60 + int(match[3])


def _fraction(value: object) -> float:
    if not re.fullmatch(r"0|1|0?\.[0-9]+|1\.0+|0\.0*", str(value)):
        raise InvalidValue("fraction-expected", value=show(value))
    return float(str(value))


_DATE_SCHEMA = WithJsonSchema({"type": "string", "pattern": DATE_PATTERN})
_STRING_SCHEMA = WithJsonSchema({"type": "string"})
_EXACT_ID_SCHEMA = {"type": "object", "properties": {"exact": {"type": "string"}}, "required": ["exact"]}
_ID_SCHEMA = {"anyOf": [{"type": "string"}, {**_EXACT_ID_SCHEMA, "additionalProperties": False}]}

StartTime = Annotated[datetime, PlainValidator(_parse_start), _DATE_SCHEMA]
EndTime = Annotated[datetime, PlainValidator(_parse_end), _DATE_SCHEMA]
CategoryName = Annotated[str, PlainValidator(_category), _STRING_SCHEMA]
CategoryNames = Annotated[tuple[CategoryName, ...], BeforeValidator(_categories)]
FeedName = Annotated[str, PlainValidator(_feed_name), _STRING_SCHEMA]
FeedNames = Annotated[tuple[FeedName, ...], BeforeValidator(one_or_more)]
Tag = Annotated[str, PlainValidator(_tag), WithJsonSchema(TEXT_SCHEMA)]
Tags = Annotated[tuple[Tag, ...], BeforeValidator(one_or_more)]
Authors = Annotated[tuple[Annotated[Author, BeforeValidator(_author)], ...], BeforeValidator(_people)]
Language = Annotated[str, PlainValidator(_language), _STRING_SCHEMA]
EntryId = Annotated[str, PlainValidator(_id), WithJsonSchema(_ID_SCHEMA)]
Word = Annotated[str, PlainValidator(_twin), WithJsonSchema(TEXT_SCHEMA)]
Body = Annotated[str, PlainValidator(_body), _STRING_SCHEMA]
MediaType = Annotated[str, PlainValidator(_media_type), _STRING_SCHEMA]
Bytes = Annotated[int, PlainValidator(number(1, 10**12)), WithJsonSchema({"type": "integer", "minimum": 1})]
Seconds = Annotated[int, PlainValidator(_duration), WithJsonSchema({"type": ["integer", "string"]})]
Fraction = Annotated[float, PlainValidator(_fraction), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
