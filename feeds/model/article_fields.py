"""What the texts behind an article's keys may be: each reader takes one as YAML has it, and says what is wrong with it.

It knows no more of an article than its single values; `article` puts them together.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from .dates import PATTERN, after_last_moment, first_moment
from .fields import TEXT_SCHEMA, line, matching, number, one_or_more, title
from .mediafile import Media
from .problems import InvalidValue, show
from .site import Person, Site
from .site_fields import slug


@dataclass(frozen=True)
class ArticleContext:
    """What an article file is read against; `slug` comes from its name."""

    site: Site
    media: Media
    slug: str


def context_of(info: ValidationInfo) -> ArticleContext:
    """Give the context that a reader was called in."""
    return cast(ArticleContext, info.context)


def _first_moment(value: object, info: ValidationInfo) -> datetime:
    return first_moment(value, context_of(info).site.timezone)


def _after_last_moment(value: object, info: ValidationInfo) -> datetime:
    return after_last_moment(value, context_of(info).site.timezone)


def _category(value: object, info: ValidationInfo) -> str:
    known = context_of(info).site.categories
    found = line(value)
    if found in known:
        return found
    if "," in found:
        raise InvalidValue("categories-one-text", value=show(found))
    meant = [slug for slug, category in known.items() if found.casefold() in map(str.casefold, category.title.values())]
    raise InvalidValue("category-not-in-site", value=show(value), expected=", ".join(meant or known))


def _tag(value: object) -> str:
    found = title(value)
    if "," in found:
        raise InvalidValue("tag-comma", value=show(found))
    if not slug(found):
        raise InvalidValue("without-letters", value=show(found))
    return found


def _author(value: object) -> object:
    found = {"name": value} if isinstance(value, str) else value
    if isinstance(found, dict) and isinstance(name := found.get("name"), str) and name and not slug(name):
        raise InvalidValue("without-letters", value=show(name))
    return found


def _people(value: object) -> object:
    if isinstance(value, str) and "," in value:
        raise InvalidValue("authors-one-text", value=show(value))
    return one_or_more(value)


def _language(value: object, info: ValidationInfo) -> str:
    site: Site = context_of(info).site
    if value is None:
        return site.default_language
    if value not in site.languages:
        raise InvalidValue("language-not-in-site", language=show(value), languages=", ".join(site.languages))
    return str(value)


def entry_id(value: object, site: Site, slug: str) -> str:
    """Tell which id an article has by what is written behind its key; `slug` is that of its file. Raises ValueError."""
    if value is None:
        return site.tag(slug)
    if isinstance(value, dict):
        exact = value.get("exact")
        if list(value) != ["exact"] or not isinstance(exact, str) or not exact.strip() or "\n" in exact:
            raise InvalidValue("id-not-recognised", value=show(value))
        return exact
    found = value if isinstance(value, str) else show(value)
    if is_word(found):
        return site.tag(found)
    if not isinstance(value, str) or ":" not in found or found != found.strip() or "\n" in found:
        raise InvalidValue("id-not-recognised", value=show(found))
    return found


is_word = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*").fullmatch
"""Tell whether an id is one of ours, which the tag authority is put before."""


def _id(value: object, info: ValidationInfo) -> str:
    context = context_of(info)
    return entry_id(value, context.site, context.slug)


_twin = matching("[A-Za-z0-9._-]+", "twin-not-recognised")
_media_type = matching(
    "(application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9.+-]*", "media-type-not-recognised"
)


def _body(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue("body-expected", value=show(value))
    return unicodedata.normalize("NFC", value)


def _duration(value: object) -> int:
    form = re.fullmatch("(?:(?:([0-9]{1,2}):)?([0-9]{1,2}):)?([0-9]{1,6})", str(value))
    if not form or (form[2] and int(form[3]) > 59) or (form[1] and int(form[2]) > 59):
        raise InvalidValue("duration-not-recognised", value=show(value))
    return int(form[1] or 0) * 3600 + int(form[2] or 0) * 60 + int(form[3])


def _fraction(value: object) -> float:
    if not re.fullmatch(r"0|1|0?\.[0-9]+|1\.0+|0\.0*", str(value)):
        raise InvalidValue("fraction-expected", value=show(value))
    return float(str(value))


_DATE = WithJsonSchema({"type": "string", "pattern": PATTERN})
_STRING = WithJsonSchema({"type": "string"})
_EXACT = {"type": "object", "properties": {"exact": {"type": "string"}}, "required": ["exact"]}
_ID = {"anyOf": [{"type": "string"}, {**_EXACT, "additionalProperties": False}]}

FirstMoment = Annotated[datetime, PlainValidator(_first_moment), _DATE]
AfterLastMoment = Annotated[datetime, PlainValidator(_after_last_moment), _DATE]
CategoryName = Annotated[str, PlainValidator(_category), _STRING]
CategoryNames = Annotated[tuple[CategoryName, ...], BeforeValidator(one_or_more)]
Tag = Annotated[str, PlainValidator(_tag), WithJsonSchema(TEXT_SCHEMA)]
Tags = Annotated[tuple[Tag, ...], BeforeValidator(one_or_more)]
Author = Annotated[Person, BeforeValidator(_author)]
Authors = Annotated[tuple[Author, ...], BeforeValidator(_people)]
Language = Annotated[str, PlainValidator(_language), _STRING]
EntryId = Annotated[str, PlainValidator(_id), WithJsonSchema(_ID)]
Word = Annotated[str, PlainValidator(_twin), WithJsonSchema(TEXT_SCHEMA)]
Body = Annotated[str, PlainValidator(_body), _STRING]
MediaType = Annotated[str, PlainValidator(_media_type), _STRING]
Bytes = Annotated[int, PlainValidator(number(1, 10**12)), WithJsonSchema({"type": "integer", "minimum": 1})]
Seconds = Annotated[int, PlainValidator(_duration), WithJsonSchema({"type": ["integer", "string"]})]
Fraction = Annotated[float, PlainValidator(_fraction), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
