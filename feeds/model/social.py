"""What goes to social networks: the texts of an article for them, and the settings of a site."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from .fields import TEXT_SCHEMA, Bool, StrictModel, line, number, one_or_more, text
from .problems import InvalidValue, show

_NOTHING = {
    *("aucun", "false", "no", "non", "none", "nothing", "null", "off", "oui", "rien", "skip", "true", "yes", "~"),
}
"""Texts in lower case that are no posts: authors mean a switch."""

MAX_DAYS = 3_650


def _hashtag(value: object) -> str:
    word = line(value).removeprefix("#")
    if not word.replace("_", "").isalnum() or word.isdigit():
        raise InvalidValue("hashtag-not-recognised", value=show(value))
    return f"#{word}"


def _hashtags(value: object) -> object:
    is_nothing = value == [] or (isinstance(value, str) and value.casefold() in _NOTHING)
    return () if is_nothing else one_or_more(value)


def _post_text(value: object) -> str:
    social_text(value)
    return text(value)


def social_text(value: object) -> object:
    """Return the group of keys that a text stands for. Raises InvalidValue for a text that means “nothing”."""
    if isinstance(value, str) and value.strip(" \t\r\n.").casefold() in _NOTHING:
        raise InvalidValue("social-skip", value=show(value), line="social: {skip: true}")
    return {"text": value} if isinstance(value, str) else value


Hashtag = Annotated[str, PlainValidator(_hashtag), WithJsonSchema(TEXT_SCHEMA)]
Hashtags = Annotated[tuple[Hashtag, ...], BeforeValidator(_hashtags)]
PostText = Annotated[str, PlainValidator(_post_text), WithJsonSchema(TEXT_SCHEMA)]
Days = Annotated[int, PlainValidator(number(0, MAX_DAYS)), WithJsonSchema({"type": "integer", "minimum": 0})]


class Social(StrictModel):
    """The texts of an article for social networks: one for all, and others for single networks."""

    text: PostText | None = Field(None, description="The text for all networks.", examples=["…"])
    mastodon: PostText | None = Field(None, description="The text for Mastodon.", examples=["…"])
    bluesky: PostText | None = Field(None, description="The text for Bluesky.", examples=["…"])
    x: PostText | None = Field(None, description="The text for X.", examples=["…"])
    linkedin: PostText | None = Field(None, description="The text for LinkedIn.", examples=["…"])
    hashtags: Hashtags | None = Field(
        None,
        description="Hashtags in place of those of tags and categories; `[]` for none.",
        examples=["[OctobreRose]"],
    )
    skip: Bool = Field(False, description="`true`: nothing is posted.", examples=["true"])

    def text_for(self, network: str | None) -> str | None:
        """Return the text for a network, by its key here, or for all networks."""
        own = getattr(self, network) if network else None
        return own or self.text


_SOCIAL_SCHEMA = Social.model_json_schema()
SOCIAL_SCHEMA = {"anyOf": [TEXT_SCHEMA, {key: _SOCIAL_SCHEMA[key] for key in ("type", "properties")}]}


class HashtagSettings(StrictModel):
    """Which terms of an article become hashtags."""

    tags: Bool = Field(True, description="Its tags.", examples=["true"])
    categories: Bool = Field(True, description="Its categories.", examples=["false"])


class SocialSettings(StrictModel):
    """Settings of the feeds for posts."""

    hashtags: HashtagSettings = Field(
        default_factory=HashtagSettings,
        description="Which terms become hashtags: `tags`, `categories`.",
        examples=["{categories: false}"],
    )
    newer_than: Days = Field(
        7, description="An article older than this many days when it is first seen is not posted.", examples=["7"]
    )
