"""Renditions: the sizes and forms in which a picture is published, as values; `pictures` makes them.

A rendition's name follows from the bytes of its original and from what is made of it, so that it never stands for two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from feeds.base.fingerprint import fingerprint_bytes

from .mediafile import MediaFile

RECIPE = "1"
"""Changes when the same original is made into something else, and with it all names."""

FEED_SIDE = 1600
"""The longest side of a picture in feeds, in pixels."""

MOST_BYTES = 999_999
"""What a picture in feeds and on cards may weigh: some networks refuse a million bytes."""

CARD = (1200, 630)
"""Width and height of a card, as networks show it."""

WIDTHS = (480, 800, 1200)
"""The smaller widths in which pages offer a picture."""

STEM = 20
"""How many characters of a name tell what it is of."""

Focus = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture that is published: `name` is its place below `/pictures/`, `length` in bytes, sides in pixels."""

    name: str
    type: str
    length: int
    width: int
    height: int


def picture_path(name: str) -> str:
    """Give the place of a rendition below the site's address."""
    return f"/pictures/{name}"


@dataclass(frozen=True)
class Original:
    """A picture of an author's, and the point that a cut keeps (the centre, if there is none): what is made follows."""

    file: MediaFile
    focus: Focus | None = None

    @cached_property
    def feed_stem(self) -> str:
        """What the names of its feed picture and smaller ones begin with."""
        return _stem(self.file.digest)

    @cached_property
    def card_stem(self) -> str:
        """What the name of its card begins with."""
        x, y = self.focus or (0.5, 0.5)
        return _stem(self.file.digest, f"({x}, {y})")

    @property
    def is_large(self) -> bool:
        """Tell whether a card of it is as large as every network shows one, without being made larger."""
        return (self.file.width or 0) >= CARD[0] and (self.file.height or 0) >= CARD[1]

    @property
    def small_names(self) -> Mapping[str, int]:
        """The names of the smaller pictures for pages, with their widths; none is made larger than the original."""
        return {f"{self.feed_stem}-{width}.webp": width for width in WIDTHS if width < (self.file.width or 0)}


@dataclass(frozen=True, slots=True)
class Renditions:
    """What is there of an original: the picture in feeds, and the card."""

    feed: Rendition
    card: Rendition


@dataclass(frozen=True)
class Pictures:
    """What has been made so far, by stem; an article is published without its picture until that has been."""

    made: Mapping[str, Rendition] = field(default_factory=dict)

    def of(self, original: Original) -> Renditions | None:
        """Give the renditions of an original, once both are there."""
        feed, card = self.made.get(original.feed_stem), self.made.get(original.card_stem)
        return Renditions(feed, card) if feed and card else None


def fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """Give the size of a picture that fits into a square; none is made larger."""
    scale = min(1.0, side / max(width, height))
    return max(round(width * scale), 1), max(round(height * scale), 1)


def cut(width: int, height: int, focus: Focus | None) -> tuple[float, float, float, float]:
    """Give the largest part of a picture that has a card's shape, as near to the focus as the edges let it be."""
    x, y = focus or (0.5, 0.5)
    scale = min(width / CARD[0], height / CARD[1])
    part_width, part_height = CARD[0] * scale, CARD[1] * scale
    left = min(max(x * width - part_width / 2, 0), width - part_width)
    top = min(max(y * height - part_height / 2, 0), height - part_height)
    return left, top, left + part_width, top + part_height


def _stem(*parts: str) -> str:
    """Return the start of a name; it is part of permanent addresses, and stays as it is."""
    return fingerprint_bytes("\0".join((RECIPE, *parts)).encode())[:STEM]
