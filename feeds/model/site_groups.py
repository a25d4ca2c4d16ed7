"""Groups of keys in `site.yaml`: people, categories with their podcasts, tags, feeds, and parts of pages.

`site` combines them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from .fields import TEXT_SCHEMA, Bool, Email, Fediverse, Phone, StrictModel, Title, Url
from .problems import InvalidValue
from .site_types import (
    AppleCategory,
    ArtworkPath,
    CategoryTitles,
    Entries,
    LogoPath,
    Names,
    PageSlug,
    TagSlug,
    Texts,
    Titles,
    slug,
)


class Person(StrictModel):
    """A person or an organisation; URL and e-mail address are published if they are given."""

    name: Title = Field(description="The name as it is printed.", examples=["Ligue contre le cancer"])
    url: Url | None = Field(None, description="A page about them.", examples=["https://www.ligue-cancer.net"])
    email: Email | None = Field(None, description="An address to write to.", examples=["presse@crcm.example"])
    fediverse: Fediverse | None = Field(
        None, description="Their account on Mastodon or another fediverse service.", examples=["@crcm@social.example"]
    )

    @property
    def slug(self) -> str:
        """The last segment of the paths of their feeds."""
        return slug(self.name)


class Author(Person):
    """An author of an article."""

    type: Literal["person", "organization"] | None = Field(
        None, description="`person` or `organization`, for search engines.", examples=["organization"]
    )
    role: Title | None = Field(None, description="What they did, as displayed.", examples=["photos"])


class Owner(StrictModel):
    """The owner of a podcast, to whom directories write."""

    name: Title = Field(description="The name.", examples=["CRCM"])
    email: Email = Field(description="The e-mail address.", examples=["podcast@crcm.example"])


class Podcast(StrictModel):
    """What podcast directories require in addition to the texts of the category."""

    author: Title = Field(description="Who makes it, as it is printed.", examples=["CRCM"])
    owner: Owner = Field(description="`name` and `email`.", examples=["{name: CRCM, email: podcast@crcm.example}"])
    artwork: ArtworkPath = Field(
        description="A square JPEG or PNG in `media/`, of 1400 to 3000 pixels a side.", examples=["podcast.png"]
    )
    category: AppleCategory = Field(
        description="One of Apple's categories, with `>` before one below it.", examples=["Science > Life Sciences"]
    )
    explicit: Bool = Field(False, description="`true` if children should not hear it.", examples=["true"])


class Category(StrictModel):
    """A category of the site, with its texts in each language."""

    title: CategoryTitles = Field(description="Its name, without a comma.", examples=["{fr: Recherche, en: Research}"])
    description: Texts = Field(
        description="What it is about, in a sentence: the subtitle of its feeds.", examples=["{fr: …, en: …}"]
    )
    podcast: Podcast | None = Field(
        None,
        description="Makes a podcast of its articles with sound: `author`, `owner`, `artwork`, `category`, `explicit`.",
        examples=["{author: CRCM, …}"],
    )


class TagSettings(StrictModel):
    """Settings of a tag."""

    slug: TagSlug = Field(description="The slug in the addresses of its feeds.", examples=["cpp"])


class OwnFeed(StrictModel):
    """A feed of articles that are selected by their categories, tags and authors.

    An article matches each of `categories`, `tags` and `authors` that is given if it has at least one of the values.
    The feed contains the articles that match all of these and have none of the categories in `without`.
    """

    title: Titles = Field(description="Its name.", examples=["{fr: Presse, en: Press}"])
    description: Texts = Field(description="What it is about, in a sentence.", examples=["{fr: …, en: …}"])
    categories: Names = Field((), description="An article has any of these categories.", examples=["[research]"])
    without: Names = Field((), description="An article has none of these categories.", examples=["[funding]"])
    tags: Names = Field((), description="An article has any of these tags.", examples=["[presse]"])
    authors: Names = Field((), description="An article has an author with one of these names.", examples=["[CRCM]"])
    text: Literal["full", "summary"] = Field(
        "full", description="`summary`: entries contain the summary instead of the text.", examples=["summary"]
    )
    entries: Entries | None = Field(None, description="How many entries it holds.", examples=["20"])


class HeaderLogo(StrictModel):
    """The logo at the top of pages, beside the title of the site or in its place."""

    file: LogoPath = Field(description="An SVG or PNG file in `media/`.", examples=["logo.svg"])
    dark: LogoPath | None = Field(
        None,
        description="A version for dark pages, if the other one is not readable there.",
        examples=["logo-dark.svg"],
    )
    with_title: Bool = Field(True, description="`false`: the logo contains the title.", examples=["false"])


def header_logo_keys(value: object) -> object:
    """Return the group of keys that the path of a logo stands for."""
    return {"file": value} if isinstance(value, str) else value


def group_or_text_schema(model: type[StrictModel]) -> dict[str, Any]:
    """Return the JSON Schema of a key whose value is a group, or a text that stands for one."""
    schema = model.model_json_schema()
    return {"anyOf": [TEXT_SCHEMA, {key: schema[key] for key in ("type", "properties", "required") if key in schema}]}


class FooterLink(StrictModel):
    """A link at the end of each page: to a page of the site, or to any other address."""

    title: Titles = Field(description="Its text.", examples=["{fr: Mentions légales, en: Legal notice}"])
    page: PageSlug | None = Field(
        None, description="A page in `pages/`, by the name of its file in one of the languages.", examples=["legal"]
    )
    url: Url | None = Field(
        None, validate_default=True, description="An address elsewhere.", examples=["https://www.crcm.example/contact"]
    )

    @field_validator("url")
    @classmethod
    def _page_or_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "page" in info.data and (value is None) == (info.data["page"] is None):
            raise InvalidValue("link-both" if value else "link-neither")
        return value


class Press(StrictModel):
    """The press contact."""

    name: Title = Field(description="A person or an office.", examples=["Service communication"])
    email: Email | None = Field(None, description="The e-mail address.", examples=["presse@crcm.example"])
    phone: Phone | None = Field(None, description="The telephone number.", examples=["+33 4 00 00 00 00"])
