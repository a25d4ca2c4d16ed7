"""Values of another system's feed.

HTML and ids are unchanged. The readers are `old_xml`, `old_json`, `wxr`, `ghost`, `feeds_folder` and
`markdown_folder`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from .characters import repair_references
from .notes import Note

_DRAFT_STATES = ("draft", "pending", "unpublished", "in-review", "auto-draft")
_PUBLIC_VISIBILITIES = ("", "public", "published", "visible", "open", "everyone", "all", "world", "true", "1")
_PRIVATE_STATES = (
    *("private", "members", "paid", "tiers", "hidden", "sent", "archived", "skip"),
    *("trash", "trashed", "soft_trashed", "deleted"),
)
PASSWORD_FORM = "action=postpass"
"""Part of the form that WordPress shows in place of a text that needs a password."""


class FeedError(Exception):
    """Raised if a document is not a feed, with a message for users."""


@dataclass(frozen=True)
class OldPerson:
    """An author of an entry."""

    name: str
    url: str | None = None


@dataclass(frozen=True)
class OldPicture:
    """A picture of an entry, with an absolute URL. `focus` is the point that cuts keep, from the left and the top."""

    url: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    focus: tuple[float, float] | None = None


@dataclass(frozen=True)
class OldFile:
    """An attachment of an entry: an absolute URL, and what the feed says about the file.

    `until` is when it is no longer offered.
    """

    url: str
    type: str = ""
    length: int | None = None
    title: str = ""
    duration: str = ""
    until: str = ""


@dataclass(frozen=True)
class OldEntry:
    """An entry: `id` as readers know it, `title` in plain text, `summary` and `html` unchanged.

    `markdown` is the text as the author of another Feeds site wrote it, which replaces `html`.

    References are relative to `base` or `url`. `categories` and `tags` are names; if a system does not
    distinguish them, all are categories. Datetimes are aware and in UTC. `slug` is the last part of its old
    address, and `old_urls` are further addresses that led to it. `copied_values` are keys of our article files,
    with their values. `has_unique_url` is whether no other entry can have its URL, and
    `is_url_derived` whether this URL was not read, but follows from others. `is_dated_by_update` is
    whether the date of its publication is unknown, and that of its last edit stands in. `unreadable_date` is the text
    of a date that cannot be read. `refusal` is the reason not to import it, and `notes` say what could not be read.
    """

    id: str
    title: str
    url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[OldPerson, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str = ""
    html: str = ""
    markdown: str = ""
    base: str = ""
    picture: OldPicture | None = None
    files: tuple[OldFile, ...] = ()
    language: str | None = None
    link: str | None = None
    slug: str = ""
    old_urls: tuple[str, ...] = ()
    expires: datetime | None = None
    copied_values: Mapping[str, object] = field(default_factory=dict)
    is_draft: bool = False
    has_unique_url: bool = False
    is_url_derived: bool = False
    is_dated_by_update: bool = False
    unreadable_date: str = ""
    refusal: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OldFeed:
    """A feed: `home` is its web page, and `older_url` the URL of its next older document.

    `has_texts` is whether any entry has a text besides its description. `category_slugs` and `tag_slugs` map the
    names of categories and tags to the slugs in old addresses, if the feed contains them; `category_paths` maps those
    of categories within others to paths. `sections` are the top-level folders of articles, and `undated` the pages
    without a date. `others` counts what is not an article, such as comments, by kind. `is_complete` is whether the
    document is not truncated.
    """

    title: str
    entries: tuple[OldEntry, ...]
    kind: str
    home: str | None = None
    generator: str = ""
    language: str | None = None
    older_url: str | None = None
    has_texts: bool = True
    category_slugs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag_slugs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    category_paths: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    is_complete: bool = True

    @property
    def slugs(self) -> dict[str, tuple[str, ...]]:
        """The slugs of all names."""
        names = dict.fromkeys([*self.category_slugs, *self.tag_slugs])
        pairs = ((name, (*self.category_slugs.get(name, ()), *self.tag_slugs.get(name, ()))) for name in names)
        return {name: tuple(dict.fromkeys(slugs)) for name, slugs in pairs}


class SubscribedFeed(NamedTuple):
    """A feed of the old site, without archives, as its subscribers get it.

    `name` is its URL or file, and `language` that which was given for it.
    """

    name: str
    feed: OldFeed
    language: str = ""

    @property
    def url(self) -> str | None:
        """Its URL, if it is known."""
        return self.name if "://" in self.name else None


def later(updated: datetime | None, published: datetime | None) -> datetime | None:
    """Return when an entry was updated, if that is later than its publication."""
    return updated if updated and published and updated > published else None


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL; all are empty if it is invalid."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def host_of(url: str) -> str:
    """Return the host of a URL with its port, in lower case and without `www.`."""
    return split_url(url).netloc.lower().removeprefix("www.")


def absolute_url(base: str, reference: str) -> str:
    """Return the absolute URL of a reference, with blanks and accents escaped; empty if it is invalid."""
    try:
        url = urljoin(base, reference.strip())
        urlsplit(url).port  # noqa: B018 - the port is validated only when it is read
    except ValueError:
        return ""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~-._")


def ends_document(data: bytes) -> bool:
    """Return whether an XML document of a feed has its end; comments may follow."""
    return re.search(rb"</(?:\w+:)?(?:rss|feed|RDF)\s*>", data[-5000:]) is not None


def publication_state(status: str, visibility: str = "") -> tuple[bool, str | None]:
    """Return whether an entry is a draft, and the reason not to import it if only some may read it.

    An unknown visibility is taken for one of only some; an unknown status says nothing about who may read.
    """
    if visibility.strip().lower() not in _PUBLIC_VISIBILITIES:
        return False, Note.of("it is visible only to {names}", names=visibility.strip()[:40])
    for state in (status.strip().lower(), visibility.strip().lower()):
        if state in _DRAFT_STATES:
            return True, None
        if state in _PRIVATE_STATES:
            return False, Note.of("its status on the old site is {state}", state=state.replace("_", " "))
    return False, None


def plain(markup: str) -> str:
    """Return text that may be HTML as plain text on one line."""
    markup = repair_references(markup)
    return one_line(html.unescape(re.sub(r"</?[A-Za-z!?][^<>]*>", "", markup)) if re.search("[<&]", markup) else markup)


def one_line(text: str) -> str:
    """Return a text on one line; no-break spaces stay."""
    return re.sub("[ \t\r\n]+", " ", text).strip(" ")


def paragraphs(text: str) -> str:
    """Return plain text as HTML paragraphs."""
    parts = [html.escape(part).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text.strip("\n")) if part]
    return "".join(f"<p>{part}</p>" for part in parts)
