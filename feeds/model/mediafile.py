"""The `MediaFile` value: a file under `media/`, with its measurements.

Nothing here opens a file: `content.media` does, and passes these values to the models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from .problems import Message


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file: path below `media/`, size in bytes, media type, digest in hex, and a picture's pixels.

    `flaw` is why an apparent picture cannot be shown as one. `moves` is whether it is animated.
    """

    path: str
    size: int
    type: str
    digest: str
    width: int | None = None
    height: int | None = None
    flaw: Message | None = None
    moves: bool = False

    @property
    def url_path(self) -> str:
        """Its path below the site's URL, percent-encoded (RFC 3986 section 2.1)."""
        return "/media/" + quote(self.path)


RSS_LOGO_SIZE = (144, 400)
"""Maximum width and height in pixels of the picture of an RSS feed (RSS 2.0, image)."""


class Measured(Protocol):
    """A picture of known type and size."""

    @property
    def type(self) -> str:
        """Its media type."""

    @property
    def width(self) -> int | None:
        """Its width in pixels."""

    @property
    def height(self) -> int | None:
        """Its height in pixels."""


def fits_rss(picture: Measured) -> bool:
    """Return whether an RSS feed may have a picture as its image: a small GIF, JPEG or PNG (RSS 2.0, image)."""
    is_small = (picture.width or 0) <= RSS_LOGO_SIZE[0] and (picture.height or 0) <= RSS_LOGO_SIZE[1]
    return picture.type in ("image/gif", "image/jpeg", "image/png") and is_small


class Media(Protocol):
    """Lookup of the media files that authors name."""

    def find(self, path: str) -> MediaFile:
        """Return the file at a path below `media/`. Raises ValueError with a message for authors."""
