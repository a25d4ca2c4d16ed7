"""Renditions: the sizes and formats in which a picture is published; `content.pictures` creates them.

A rendition's name is derived from the bytes of its original and from how it is rendered, so that no
name stands for two pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from feeds.base.fingerprint import fingerprint_bytes

from .mediafile import MediaFile

RENDITION_VERSION = "1"
"""Version of the rendering, part of every name: changes if an original is rendered differently."""

TITLE_CARD_VERSION = "title card 1"
"""Version of the drawing of title cards: changes if the same texts are drawn differently."""

FEED_PICTURE_PIXELS = 1600
"""Longest side of a picture in feeds, in pixels."""

MAX_RENDITION_BYTES = 999_999
"""Maximum size of a picture in feeds and on cards: some networks refuse a million bytes."""

CARD_SIZE = (1200, 630)
"""Width and height of a card in pixels, as networks show it."""

PAGE_PICTURE_WIDTHS = (480, 800, 1200)
"""Smaller widths in which pages offer a picture, in pixels."""

STEM_LENGTH = 20
"""Number of characters of the digest that a name starts with."""

Focus = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rendition:
    """A published picture: `name` is its path below `/pictures/`, `length` is in bytes, sides in pixels."""

    name: str
    type: str
    length: int
    width: int
    height: int


def picture_path(name: str) -> str:
    """Return the path of a rendition below the site's URL."""
    return f"/pictures/{name}"


@dataclass(frozen=True)
class Original:
    """An author's picture and the point that a crop keeps (by default the centre): the source of renditions."""

    file: MediaFile
    focus: Focus | None = None

    @cached_property
    def feed_stem(self) -> str:
        """Start of the names of its feed picture and of smaller ones."""
        return _stem(self.file.digest)

    @cached_property
    def card_stem(self) -> str:
        """Start of the name of its card."""
        x, y = self.focus or (0.5, 0.5)
        return _stem(self.file.digest, f"({x}, {y})")

    @property
    def stems(self) -> tuple[str, str]:
        """The starts of the names of all its renditions."""
        return self.feed_stem, self.card_stem

    @property
    def fills_card(self) -> bool:
        """Return whether it fills a card of the largest size without being enlarged."""
        return (self.file.width or 0) >= CARD_SIZE[0] and (self.file.height or 0) >= CARD_SIZE[1]

    @property
    def small_names(self) -> Mapping[str, int]:
        """Names of the smaller pictures for pages, with their widths; none is enlarged."""
        return {
            f"{self.feed_stem}-{width}.webp": width for width in PAGE_PICTURE_WIDTHS if width < (self.file.width or 0)
        }


@dataclass(frozen=True)
class TitleCard:
    """A card that is drawn from texts, for an article without a picture: the source of one rendition.

    `kicker` is shown above the title. `name` is the name of the site, shown below it next to the logo.
    """

    title: str
    kicker: str
    name: str
    accent: str
    logo: MediaFile | None = None

    @cached_property
    def card_stem(self) -> str:
        """Start of the name of its rendition."""
        logo = self.logo.digest if self.logo else ""
        return _stem(TITLE_CARD_VERSION, self.title, self.kicker, self.name, self.accent, logo)

    @property
    def name_of_file(self) -> str:
        """The name of its rendition, which is known before it exists."""
        return f"{self.card_stem}-{CARD_SIZE[0]}x{CARD_SIZE[1]}.jpg"


@dataclass(frozen=True, slots=True)
class Renditions:
    """The renditions of an original: the picture in feeds, and the card."""

    feed: Rendition
    card: Rendition


@dataclass(frozen=True)
class Pictures:
    """The renditions that exist so far, by stem.

    Until they exist, an article is published without its picture. `failed_cards` are the stems of title cards that
    cannot be drawn.
    """

    renditions: Mapping[str, Rendition] = field(default_factory=dict)
    failed_cards: frozenset[str] = frozenset()

    def of(self, original: Original) -> Renditions | None:
        """Return the renditions of an original, or None unless both exist."""
        feed, card = self.renditions.get(original.feed_stem), self.renditions.get(original.card_stem)
        return Renditions(feed, card) if feed and card else None

    def card(self, source: Original | TitleCard | None) -> Rendition | None:
        """Return the card of a source, or None unless it exists."""
        return self.renditions.get(source.card_stem) if source else None


def scaled_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the size of a picture scaled down to fit into a square; none is enlarged."""
    scale = min(1.0, side / max(width, height))
    return max(round(width * scale), 1), max(round(height * scale), 1)


def crop_box(width: int, height: int, focus: Focus | None) -> tuple[float, float, float, float]:
    """Return the largest box in a card's aspect ratio, as near to the focus as the edges allow."""
    x, y = focus or (0.5, 0.5)
    scale = min(width / CARD_SIZE[0], height / CARD_SIZE[1])
    part_width, part_height = CARD_SIZE[0] * scale, CARD_SIZE[1] * scale
    left = max(min(x * width - part_width / 2, width - part_width), 0)
    top = max(min(y * height - part_height / 2, height - part_height), 0)
    return left, top, min(left + part_width, width), min(top + part_height, height)


def _stem(*parts: str) -> str:
    """Return the start of a name; it is part of permanent URLs, and never changes."""
    return fingerprint_bytes("\0".join((RENDITION_VERSION, *parts)).encode())[:STEM_LENGTH]
