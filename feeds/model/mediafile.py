"""MediaFile: a file under `media/` as a value, measured by whoever may open it.

It opens nothing itself; `media` does, and hands these values to the models.
"""

from __future__ import annotations

from dataclasses import dataclass
from mimetypes import MimeTypes
from typing import Protocol
from urllib.parse import quote

from .problems import Message


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file: its path below `media/`, size in bytes, media type, SHA-256 in hex; pixels where it is a picture.

    `flaw` tells why something that looks like a picture cannot be shown as one, and `moves` that it is animated.
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
        """Its place below the site's address, percent-encoded (RFC 3986 section 2.1)."""
        return "/media/" + quote(self.path)


_TYPES = MimeTypes()  # Python's own table and never the host's, so that every host says the same
for _type, _ending in (
    ("image/webp", ".webp"),
    ("image/avif", ".avif"),
    ("audio/mp4", ".m4a"),
    ("audio/ogg", ".ogg"),
    ("audio/opus", ".opus"),
    ("application/epub+zip", ".epub"),
    ("text/markdown", ".md"),
    ("text/vtt", ".vtt"),
):
    _TYPES.add_type(_type, _ending)


def guess_type(path: str) -> str | None:
    """Tell the media type of a file by the end of its name."""
    return _TYPES.guess_type(path.lower(), strict=True)[0]


class Media(Protocol):
    """Where models look up the files that authors name."""

    def find(self, path: str) -> MediaFile:
        """Give the file at a path below `media/`. Raises ValueError, in words for authors, where there is none."""
