"""Feed: metadata and entries, ready for any format; these are values, and `feedtable` makes them.

What an author writes is an article; once it is inside a feed, it is an entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from feeds.model.site import Person

Kind = Literal["all", "category", "tag", "author"]


@dataclass(frozen=True, slots=True)
class Term:
    """A category of an entry: what people read, and the URI of the vocabulary it is from."""

    label: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture where it can be fetched; `length` in bytes, sides in pixels; `smaller` are URLs of it with widths."""

    url: str
    type: str
    length: int
    width: int
    height: int
    alt: str
    credit: str | None
    smaller: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with an entry; `length` in bytes and `duration` in seconds, where they are known."""

    url: str
    type: str
    title: str
    length: int | None
    duration: int | None

    @property
    def plays(self) -> bool:
        """Tell whether it is sound or film."""
        return self.type.startswith(("audio/", "video/"))


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as readers get it: `title` and `summary` plain, `content` safe HTML; none of the three is empty.

    Datetimes are in UTC, in whole seconds, and not in the future; `updated` is `published` if there was no edit. `card`
    is the picture in the shape in which networks show it.
    """

    id: str
    url: str
    title: str
    published: datetime
    updated: datetime
    summary: str
    content: str
    language: str
    authors: tuple[Person, ...] = ()
    categories: tuple[Term, ...] = ()
    picture: Image | None = None
    card: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()

    @property
    def enclosures_in_order(self) -> list[Enclosure]:
        """What can be enclosed: what plays first, then the picture, then the rest; many readers look at the first."""
        picture = self.picture
        shown = [Enclosure(picture.url, picture.type, picture.alt, picture.length, None)] if picture else []
        files = [each for each in self.enclosures if each.type != "text/html"]
        plays = [each for each in files if each.plays]
        return plays + shown + [each for each in files if not each.plays]

    @property
    def enclosed(self) -> Enclosure | None:
        """The one that RSS has room for; its length has to be known."""
        return next((each for each in self.enclosures_in_order if each.length), None)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A withdrawn entry that is in the feed no more: its id, since when it is withdrawn (in UTC), and why."""

    id: str
    when: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What a feed is about, in one language; `name` is its place below `/feeds/`, `label` its name for people."""

    language: str
    kind: Kind
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Show:
    """What directories want to know of a podcast: `category` from the general to the special, `artwork` as a URL."""

    author: str
    owner: Person
    artwork: str
    category: tuple[str, ...]
    is_explicit: bool


@dataclass(frozen=True, slots=True)
class History:
    """Where a document stands among those of its feed (RFC 5005): addresses without the ending of a format.

    An archive document has a `current`, the subscription document; the older archive is `previous`, the newer `next`.
    """

    current: str | None = None
    previous: str | None = None
    next: str | None = None

    def links(self) -> Iterator[tuple[str, str]]:
        """Give its link relations (RFC 5005 sections 2 and 4), each with an address."""
        relations = (("current", self.current), ("prev-archive", self.previous), ("next-archive", self.next))
        yield from ((rel, address) for rel, address in relations if address)


@dataclass(frozen=True)
class Feed:
    """A subscription or archive document before it is written: entries newest first, and what is said of them all.

    `address` is where the feed is, without the ending of a format; `url` is what it is about, `page` our page about it,
    `style` the stylesheet for browsers that open it. `translations` are its topic's addresses in other languages, and
    `hubs` those that are told of each change (WebSub).
    """

    id: str
    address: str
    url: str
    page: str
    title: str
    subtitle: str
    language: str
    updated: datetime
    author: Person
    ttl: int
    style: str
    rights: str | None = None
    logo: Image | None = None
    icon: Image | None = None
    translations: dict[str, str] = field(default_factory=dict)
    history: History = History()
    hubs: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
