"""OldFeed: what a feed of another system says, as values.

HTML stays as it is, and ids are those that readers know, to the byte. It reads none: `old_xml`, `old_json`, `wxr` do.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urljoin, urlsplit


class FeedError(Exception):
    """Why something is no feed, in words for people."""


@dataclass(frozen=True)
class OldPerson:
    """Who wrote an entry."""

    name: str
    url: str | None = None


@dataclass(frozen=True)
class OldPicture:
    """A picture that goes with an entry, at an absolute address."""

    url: str
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True)
class OldFile:
    """What is attached to an entry: an absolute address, and what the feed says of what is there."""

    url: str
    type: str = ""
    length: int | None = None
    title: str = ""
    duration: str = ""


@dataclass(frozen=True)
class OldEntry:
    """An entry: `id` as readers know it, `title` plain, `summary` and `html` as they are, relative to `base` or `url`.

    `categories` and `tags` are names, and where a system does not tell them apart all are categories. Datetimes are
    aware and in UTC. `slug` is the last part of its address there. `refusal` tells why it is not to be taken over, and
    `notes` what of it could not be read.
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
    base: str = ""
    picture: OldPicture | None = None
    files: tuple[OldFile, ...] = ()
    language: str | None = None
    link: str | None = None
    slug: str = ""
    is_draft: bool = False
    refusal: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OldFeed:
    """A feed: `home` is the page that it is about, `generator` what made it, `older` where it goes on.

    `has_texts` tells whether any entry has a text besides its description. `slugs` are what addresses there have for
    the names of categories and tags, where that is told.
    """

    title: str
    entries: tuple[OldEntry, ...]
    kind: str
    home: str | None = None
    generator: str = ""
    language: str | None = None
    older: str | None = None
    has_texts: bool = True
    slugs: Mapping[str, str] = field(default_factory=dict)


def joined(base: str, reference: str) -> str:
    """Make an address of a reference, with blanks and accents escaped; empty where it is none."""
    try:
        found = urljoin(base, reference.strip())
        urlsplit(found).port  # noqa: B018 - which is read only now, and may be none
    except ValueError:
        return ""
    return quote(found, safe="%/:?#[]@!$&'()*+,;=~-._")


def plain(markup: str) -> str:
    """Make plain text on one line of what may be HTML."""
    text = html.unescape(re.sub(r"</?[A-Za-z!?][^<>]*>", "", markup)) if re.search("[<&]", markup) else markup
    return re.sub("[ \t\r\n]+", " ", text).strip(" ")


def paragraphs(text: str) -> str:
    """Make HTML of plain text."""
    parts = [html.escape(part).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text.strip("\n")) if part]
    return "".join(f"<p>{part}</p>" for part in parts)
