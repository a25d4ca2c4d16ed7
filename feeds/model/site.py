"""The `Site` model: the content of `site.yaml`, and the URLs and ids derived from it.

Nothing here knows articles. Every absolute URL begins with `Site.url`, never with the host of a
request.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from .fields import Contact, StrictModel, Title, Url, one_or_more, validate
from .languages import canonical_tag
from .mediafile import MediaFile
from .problems import InvalidValue
from .renditions import Original
from .site_groups import (
    Category,
    FooterLink,
    HeaderLogo,
    OwnFeed,
    Person,
    Press,
    TagSettings,
    group_or_text_schema,
    header_logo_keys,
)
from .site_types import (
    Accent,
    CategorySlug,
    Entries,
    Hubs,
    Languages,
    MaxAge,
    OldPath,
    PicturePath,
    RedirectTarget,
    SiteContext,
    SiteFiles,
    SiteUrl,
    StylesheetPath,
    TagAuthority,
    Texts,
    Titles,
    Urls,
    Zone,
    slug,
    tag_authority_date,
)
from .social import SocialSettings
from .yamlfile import Tree

ICON_PATHS = ("/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png")
"""Paths at which browsers and phones look for an icon by default."""


class Site(StrictModel):
    """A site file. Texts are per language; `url` has no trailing slash."""

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
    rights: Texts | None = Field(None, description="The copyright line of feeds and pages.", examples=["© CRCM"])
    logo: PicturePath | None = Field(
        None,
        description="A picture in `media/`; in RSS too if it is at most 144 × 400 px and JPEG, PNG or GIF.",
        examples=["logo.png"],
    )
    icon: PicturePath | None = Field(
        None, description="A square picture in `media/`, 512 px wide at best.", examples=["icon.png"]
    )
    header_logo: (
        Annotated[HeaderLogo, BeforeValidator(header_logo_keys), WithJsonSchema(group_or_text_schema(HeaderLogo))]
        | None
    ) = Field(
        None,
        description="The logo at the top of pages: an SVG or PNG in `media/`, or a group of keys.",
        examples=["logo.svg"],
    )
    card: PicturePath | None = Field(
        None,
        description="The picture on cards of articles without one, of at least 1200 × 630 px.",
        examples=["card.jpg"],
    )
    stylesheet: StylesheetPath | None = Field(
        None, description="A CSS file next to site.yaml, which is appended to our stylesheet.", examples=["style.css"]
    )
    links: tuple[FooterLink, ...] = Field(
        (),
        description="Links at the end of pages: `title` with `page` or `url`.",
        examples=["[{title: …, page: legal}]"],
    )
    profiles: Annotated[tuple[Url, ...], BeforeValidator(one_or_more)] = Field(
        (),
        description="Addresses of the institution elsewhere, such as its accounts on social networks.",
        examples=["[https://social.example/@crcm]"],
    )
    press: Press | None = Field(
        None, description="The press contact: `name`, `email`, `phone`.", examples=["{name: …, email: …}"]
    )
    accent: Accent = Field("#0b5c8e", description="The colour of links on the pages.", examples=["'#0b5c8e'"])
    security_contact: Contact | None = Field(
        None,
        description="Where to report a security problem: an e-mail address or a page (RFC 9116).",
        examples=["security@crcm.example"],
    )
    entries: Entries = Field(50, description="How many entries a feed holds.", examples=["50"])
    max_age: MaxAge = Field(3600, description="Seconds for which a copy of a feed may be cached.", examples=["3600"])
    hubs: Hubs = Field(
        (),
        description="WebSub hubs, which carry each change to subscribers at once.",
        examples=["[https://hub.example/]"],
    )
    redirects: dict[OldPath, RedirectTarget] = Field(
        default_factory=dict,
        description="Old paths below `url`, each with the path or address that replaced it.",
        examples=["{/rss.php: /feeds/all.rss}"],
    )
    categories: dict[CategorySlug, Category] = Field(
        description="The categories, by the slug that stands in their feeds' addresses.",
        examples=["{research: {title: Recherche, description: …}}"],
    )

    tags: dict[Title, TagSettings] = Field(
        default_factory=dict,
        description="Tags that need a slug of their own, since they would share a feed with another.",
        examples=["{C++: {slug: cpp}}"],
    )

    feeds: dict[CategorySlug, OwnFeed] = Field(
        default_factory=dict,
        description="Additional feeds, by the slug in their addresses.",
        examples=["{press: {title: Presse, description: …, tags: [presse]}}"],
    )
    social: SocialSettings = Field(
        default_factory=SocialSettings,
        description="Settings of the feeds for posts: `hashtags`, `newer_than`.",
        examples=["{newer_than: 7}"],
    )
    complete: Languages | None = Field(
        None,
        description="The languages in which every article should exist; by default, all of them.",
        examples=["[fr]"],
    )

    @field_validator("tags")
    @classmethod
    def _no_repeated_tag(cls, value: dict[str, TagSettings]) -> dict[str, TagSettings]:
        names = [tag.casefold() for tag in value]
        for tag in value:
            if names.count(tag.casefold()) > 1:
                raise InvalidValue("tag-repeated", tag=tag)
        return value

    @field_validator("feeds")
    @classmethod
    def _known_categories(cls, value: dict[str, OwnFeed], info: ValidationInfo) -> dict[str, OwnFeed]:
        categories = info.data.get("categories", {})
        for name, feed in value.items():
            if name in categories:
                raise InvalidValue("feed-slug-of-category", value=name)
            for category in (*feed.categories, *feed.without):
                if categories and category not in categories:
                    raise InvalidValue("feed-category-unknown", value=category, expected=", ".join(categories))
        return value

    @field_validator("complete")
    @classmethod
    def _languages_of_site(cls, value: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        languages: tuple[str, ...] = info.data.get("languages", value or ())
        for language in value or ():
            if language not in languages:
                raise InvalidValue("language-not-in-site", language=language, languages=", ".join(languages))
        return value

    @field_validator("languages")
    @classmethod
    def _no_repeated_language(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise InvalidValue("language-repeated", languages=", ".join(value))
        return value

    @field_validator("redirects")
    @classmethod
    def _no_chained_redirect(cls, value: dict[str, str]) -> dict[str, str]:
        for old, new in value.items():
            if unquote(new) in value:
                raise InvalidValue("redirect-chained", old=old, new=new)
        return value

    @field_validator("hubs")
    @classmethod
    def _no_repeated_hub(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise InvalidValue("hub-repeated", hubs=", ".join(value))
        return value

    @field_validator("categories")
    @classmethod
    def _at_least_one_category(cls, value: dict[str, Category]) -> dict[str, Category]:
        if not value:
            raise InvalidValue("categories-empty")
        return value

    @field_validator("home")
    @classmethod
    def _home_on_same_host(cls, value: dict[str, str] | None, info: ValidationInfo) -> dict[str, str] | None:
        # FreshRSS and NewsBlur resolve links and group feeds by the channel's host, so items must have the same host
        host = urlsplit(info.data.get("url", "")).netloc
        for home in (value or {}).values():
            if host and urlsplit(home).netloc.lower() != host:
                raise InvalidValue("home-on-other-host", value=home, host=host)
        return value

    @cached_property
    def _tag_slugs(self) -> dict[str, str]:
        return {tag.casefold(): settings.slug for tag, settings in self.tags.items()}

    def tag_slug(self, tag: str) -> str:
        """Return the last segment of the paths of a tag's feeds."""
        return self._tag_slugs.get(tag.casefold()) or slug(tag)

    @property
    def default_language(self) -> str:
        """The language without a prefix in paths."""
        return self.languages[0]

    @cached_property
    def path(self) -> str:
        """The path of the site's URL: empty, or such as `/news`."""
        return urlsplit(self.url).path

    @property
    def epoch(self) -> datetime:
        """The first instant of the tag authority's date, in UTC: the date of a feed that never had an entry."""
        return tag_authority_date(self.tag_authority)

    def with_url(self, url: str) -> Site:
        """Return the site with another URL; a home page on its host moves with it."""
        host = {"scheme": urlsplit(url).scheme, "netloc": urlsplit(url).netloc}
        home = {language: urlsplit(page)._replace(**host).geturl() for language, page in (self.home or {}).items()}
        return self.model_copy(update={"url": url, "home": home or None})

    def prefix(self, language: str) -> str:
        """Return the prefix of paths in a language: empty for the default one, else such as `/en`."""
        return "" if language == self.default_language else f"/{language}"

    @property
    def files(self) -> list[MediaFile]:
        """The files below `media/` that the site publishes unchanged."""
        shows = (category.podcast for category in self.categories.values())
        logos = (self.header_logo.file, self.header_logo.dark) if self.header_logo else ()
        files = [
            self.logo,
            self.icon,
            *(show.artwork for show in shows if show),
            *(logo.file for logo in logos if logo),
        ]
        return [file for file in (*files, *(self.stylesheet.files if self.stylesheet else ())) if file]

    @cached_property
    def card_original(self) -> Original | None:
        """The source of the card of articles without a picture, or None if cards are made from titles."""
        return Original(self.card) if self.card else None

    @property
    def path_redirects(self) -> dict[str, str]:
        """Decoded paths below `url` that redirect with any query, each with the URL of its target."""
        homes = {self.home_path(language)[:-1]: self.home_path(language) for language in self.languages}
        folders = {
            f"{self.prefix(language)}/{name}": self.feed_path(language, "all")
            for language in self.languages
            for name in ("articles", "feeds")
        }
        icons = dict.fromkeys(ICON_PATHS, self.icon.url_path) if self.icon else {}
        plain = {old: new for old, new in self.redirects.items() if "?" not in old}
        slashed = {old[:-1] if old.endswith("/") else f"{old}/": new for old, new in plain.items() if old != "/"}
        folders |= {f"{old}/": new for old, new in folders.items()}
        folders |= {f"{self.search_path(language)}/": self.search_path(language) for language in self.languages}
        return {old: self._target_url(new) for old, new in {**slashed, **icons, **folders, **homes, **plain}.items()}

    @property
    def query_redirects(self) -> dict[str, dict[str, str]]:
        """Decoded paths that redirect with certain queries, each with those and the URLs of their targets."""
        targets: dict[str, dict[str, str]] = {}
        for old, new in self.redirects.items():
            path, separator, query = old.partition("?")
            if separator:
                targets.setdefault(path, {})[query] = self._target_url(new)
        return targets

    def _target_url(self, new: str) -> str:
        return self.absolute(new) if new.startswith("/") else new

    def split_language(self, path: str) -> tuple[str, str]:
        """Return the language of a path, and the path without the prefix of that language."""
        first, slash, rest = path[1:].partition("/")
        if slash and first in self.languages[1:]:
            return first, slash + rest
        return self.default_language, path

    def absolute(self, path: str) -> str:
        """Return the URL of a path; `path` is percent-encoded and begins with a slash."""
        return self.url + path

    def home_path(self, language: str) -> str:
        """Return the path of the home page in a language."""
        return f"{self.prefix(language)}/"

    def feed_path(self, language: str, name: str) -> str:
        """Return the path of a feed's page; with `.rss`, `.atom` or `.json` added, it is that of the feed."""
        return f"{self.prefix(language)}/feeds/{name}"

    def page_path(self, language: str, slug: str) -> str:
        """Return the path of one of the pages in `pages/`."""
        return f"{self.prefix(language)}/pages/{slug}"

    def search_path(self, language: str) -> str:
        """Return the path of the search in a language."""
        return f"{self.prefix(language)}/search"

    def feed_style_path(self, language: str) -> str:
        """Return the path of the stylesheet for feeds in a language."""
        return f"/static/feed-{language}.css"

    def article_path(self, language: str, slug: str) -> str:
        """Return the path of an article's page."""
        return f"{self.prefix(language)}/articles/{slug}"

    def tag_uri(self, specific: str) -> str:
        """Return a `tag:` URI (RFC 4151 section 2.1)."""
        return f"tag:{self.tag_authority}:{specific}"


def read_site(tree: Tree, media: SiteFiles) -> Site | None:
    """Return the site in a file's values, or None after adding its problems to the tree."""
    language_value = tree.value.get("languages")
    names = language_value if isinstance(language_value, list) else [language_value]
    languages = tuple(canonical_tag(name) or name for name in names if isinstance(name, str))
    return validate(tree, Site, SiteContext(languages, media))


def read_last_good_site(tree: Tree, media: SiteFiles) -> Site | None:
    """Return the site in a file that was good when it was stored, or None.

    Files that it names may have broken since. Optional keys that are no longer valid are left out, such as the
    podcast of a category.
    """
    site = read_site(tree, media)
    if site or not tree.problems:
        return site
    optional = {name for name, field in Site.model_fields.items() if not field.is_required()}
    for problem in tree.problems:
        parts = problem.key.split(".")
        *parents, name = parts[:1] if parts[0] in optional else parts[:3]
        group: object = tree.value
        for parent in parents:
            group = group.get(parent) if isinstance(group, dict) else None
        if isinstance(group, dict):
            group.pop(name, None)
    return read_site(tree, media)
