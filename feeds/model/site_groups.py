"""Groups of keys in `site.yaml`: people, categories with their podcasts, tags and feeds.

`site` combines them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .fields import Bool, Email, Fediverse, StrictModel, Title, Url
from .site_types import AppleCategory, ArtworkPath, CategoryTitles, Entries, Names, TagSlug, Texts, Titles, slug


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
