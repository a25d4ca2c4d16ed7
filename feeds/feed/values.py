"""Feed: metadata and entries as values, ready for any format; `builder` creates them.

What an author writes is an article; inside a feed, it is an entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from feeds.model.site_groups import Person

Kind = Literal["all", "category", "own", "tag", "author"]


@dataclass(frozen=True, slots=True)
class Term:
    """A category of an entry: its label for people, and the URI of its vocabulary."""

    label: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that can be fetched; `length` is in bytes, sides are in pixels.

    `smaller` are URLs of smaller versions with their widths.
    """

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
    """A file attached to an entry.

    `length` is in bytes and `duration` in seconds, if they are known.
    """

    url: str
    type: str
    title: str
    length: int | None
    duration: int | None

    @property
    def is_playable(self) -> bool:
        """Return whether it is audio or video."""
        return self.type.startswith(("audio/", "video/"))


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as readers get it.

    `title` and `summary` are plain text, `content` is safe HTML, and none is empty. Datetimes are
    in UTC, in whole seconds, and not in the future. `updated` equals `published` if there was no
    edit. The content of a withdrawn entry is the notice that says so. `card` is the picture in the
    shape that networks show.
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
    is_withdrawn: bool = False

    @property
    def enclosures_in_order(self) -> list[Enclosure]:
        """All enclosures: playable files, then the picture, then the rest.

        Many readers use only the first.
        """
        picture = self.picture
        pictures = [Enclosure(picture.url, picture.type, picture.alt, picture.length, None)] if picture else []
        files = [enclosure for enclosure in self.enclosures if enclosure.type != "text/html"]
        playable = [enclosure for enclosure in files if enclosure.is_playable]
        return playable + pictures + [enclosure for enclosure in files if not enclosure.is_playable]

    @property
    def rss_enclosure(self) -> Enclosure | None:
        """The only enclosure that RSS has room for, or None; its length must be known."""
        return next((enclosure for enclosure in self.enclosures_in_order if enclosure.length), None)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A withdrawn entry that left the feed: its id, time of withdrawal (in UTC), and reason."""

    id: str
    when: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Topic:
    """The subject of a feed in one language.

    `name` is its path below `/feeds/`, `label` its name for people.
    """

    language: str
    kind: Kind
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Show:
    """What podcast directories require: `category` from general to specific, `artwork` as a URL."""

    author: str
    owner: Person
    artwork: str
    category: tuple[str, ...]
    is_explicit: bool


@dataclass(frozen=True, slots=True)
class History:
    """The neighbours of a document in its feed (RFC 5005), as addresses without a format's ending.

    An archive document has a `current`, the subscription document; `previous` is the older archive,
    `next` the newer one.
    """

    current: str | None = None
    previous: str | None = None
    next: str | None = None

    def links(self) -> Iterator[tuple[str, str]]:
        """Yield the link relations (RFC 5005 sections 2 and 4), each with an address."""
        relations = (("current", self.current), ("prev-archive", self.previous), ("next-archive", self.next))
        yield from ((rel, address) for rel, address in relations if address)


@dataclass(frozen=True)
class Feed:
    """A subscription or archive document before rendering: entries, newest first, and metadata.

    `address` is the URL of the feed without a format's ending, and `query` the query string of a search. `url` is the
    page that the feed is about, `page` our page about the feed, `style` the stylesheet for browsers that open it.
    `translations` are the topic's addresses in other languages. `hubs` are notified of each change (WebSub).
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
    query: str = ""

    def url_in(self, ending: str) -> str:
        """Return the URL of the feed in a format, by the ending of the format."""
        return f"{self.address}.{ending}" + (f"?{self.query}" if self.query else "")
