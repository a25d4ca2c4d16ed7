"""MediaFolder: finds and measures the files under `media/` that authors name.

It changes no file and makes none; what it learns of one is a `MediaFile`, kept until the file changes.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import unicodedata
import warnings
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image

from feeds.base.fingerprint import FileState, file_state
from feeds.model.mediafile import MediaFile, guess_type
from feeds.model.problems import InvalidValue, Message, show

FORMATS = {
    "JPEG": ("image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif")),
    "PNG": ("image/png", (".png",)),
    "GIF": ("image/gif", (".gif",)),
    "WEBP": ("image/webp", (".webp",)),
    "MPO": ("image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")),  # a JPEG with another behind it, from telephones
}
"""The formats that every reader shows, by Pillow's names: their media types, and how such files are called."""

_BEGINNINGS = re.compile(rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP", re.DOTALL)
"""What files of these formats begin with."""

MAX_PIXELS = 100_000_000
"""What a picture may have; a small file can unfold into more than a machine can hold."""

_ORIENTATION = 0x0112
"""The EXIF tag that turns a picture: from 5 on, its sides are exchanged."""

_TAIL = 1 << 16
"""Bytes in which the mark of a picture's end is looked for: cameras write more behind it."""


Entry = tuple[str, FileState | None, str | None]
"""A file below the folder: its path there, its state, and where it leads if it is a link."""


class MediaFolder:
    """The files below one folder, by their path there, with slashes."""

    def __init__(self, root: Path) -> None:
        """Look at a folder; nothing is measured yet."""
        self.root = root
        self._measured: dict[str, tuple[FileState | None, MediaFile]] = {}
        self._newly_measured: dict[str, None] = {}  # what was measured since somebody asked, by path

    def find(self, path: str) -> MediaFile:
        """Give the file at a path, measured. Raises ValueError, in words for authors, where there is none."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            raise InvalidValue("media-path-outside", path=show(path))
        name = "/".join(parts)
        try:
            file = self._locate(name)
            if file is None:
                raise InvalidValue("media-missing", path=show(name), nearest=self._nearest(name))
            if not is_within(file, self.root):
                raise InvalidValue("media-link-outside", path=show(name))
            return self._measure(file)
        except OSError as fault:
            raise InvalidValue("media-unreadable", path=show(name), reason=fault.strerror or "") from None

    def state(self) -> frozenset[Entry]:
        """Tell what changes when any file does: names, times of change, sizes and numbers, and where links lead."""
        found = ((name, (self.root / name)) for name in self._names())
        links = ((name, path, os.readlink(path) if path.is_symlink() else None) for name, path in found)
        return frozenset((name, file_state(path), link) for name, path, link in links)

    def state_of(self, file: MediaFile) -> FileState | None:
        """Tell in which state a file was when it was measured; nothing for a link, which may lead elsewhere."""
        return None if (self.root / file.path).is_symlink() else self._measured[file.path][0]

    def is_unchanged(self, path: str, state: FileState) -> bool:
        """Tell whether the file at a path is in a state still."""
        place = self.root / path
        return file_state(place) == state and not place.is_symlink()

    def path_of(self, file: MediaFile) -> Path:
        """Tell where a file is on the disk."""
        return self.root / file.path

    def _locate(self, name: str) -> Path | None:
        """Find a file however its name is composed: macOS writes `é` as two characters, editors as one."""
        if "\x00" in name:
            return None
        exact = self.root / name
        if exact.is_file():
            return exact
        wanted = unicodedata.normalize("NFC", name)
        return next((self.root / each for each in self._names() if unicodedata.normalize("NFC", each) == wanted), None)

    def _names(self) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in sorted(self.root.rglob("*")) if path.is_file()]

    def _nearest(self, name: str) -> str:
        known = {each.casefold(): each for each in self._names() if os.fsencode(each).decode(errors="replace") == each}
        near = difflib.get_close_matches(name.removeprefix("media/").casefold(), known, n=1, cutoff=0.75)
        return known[near[0]] if near else f"it in the folder {self.root}"

    def _measure(self, file: Path) -> MediaFile:
        path, state = file.relative_to(self.root).as_posix(), file_state(file)
        kept = self._measured.get(path)
        if kept and kept[0] == state:
            return kept[1]
        with file.open("rb") as opened:
            size, digest = os.fstat(opened.fileno()).st_size, hashlib.file_digest(opened, "sha256").hexdigest()
        look = _look(file, f"media/{path}")
        kind = look.type or guess_type(path) or "application/octet-stream"
        measured = MediaFile(path, size, kind, digest, look.width, look.height, look.flaw, look.moves)
        self._measured[path] = (state, measured)
        self._newly_measured[path] = None
        return measured

    def remember(self, state: FileState, file: MediaFile) -> None:
        """Take a file for measured, as it was in a state: only while it is in that, this counts."""
        self._measured.setdefault(file.path, (state, file))

    def newly_measured(self) -> list[tuple[FileState, MediaFile]]:
        """Give what was measured since this was asked last, and in which states."""
        paths, self._newly_measured = self._newly_measured, {}
        found = (self._measured[path] for path in paths if path in self._measured)
        return [(state, file) for state, file in found if state]


class _Look(NamedTuple):
    """What a look at a file as a picture found: its size as it is shown, or why it cannot be shown."""

    type: str | None = None
    width: int | None = None
    height: int | None = None
    flaw: Message | None = None
    moves: bool = False


def _look(file: Path, path: str) -> _Look:
    """Measure a picture, without decoding it."""
    try:
        quietly = warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning)
        with quietly, Image.open(file, formats=tuple(FORMATS)) as picture:
            width, height = picture.size
            kind, endings = FORMATS[str(picture.format)]
            exif = Image.Exif()
            if kind == "image/png":
                exif.load(picture.info.get("exif", b""))  # `getexif` would decode it
            else:
                exif = picture.getexif()
            orientation, moves = exif.get(_ORIENTATION), kind == "image/webp" and getattr(picture, "is_animated", False)
    except Image.DecompressionBombError:
        return _Look(flaw=Message.of("picture-far-too-large", path=path, limit=MAX_PIXELS))
    except Exception:  # Pillow raises of many kinds, and no file may keep the others from being read
        with file.open("rb") as opened:
            is_picture = _BEGINNINGS.match(opened.read(12))
        return _Look(flaw=Message.of("picture-damaged", path=path) if is_picture else None)
    if isinstance(orientation, int) and orientation >= 5:
        width, height = height, width
    if width * height > MAX_PIXELS:
        message = Message.of("picture-too-large", path=path, width=width, height=height, limit=MAX_PIXELS)
        return _Look(kind, flaw=message)
    if file.suffix.lower() not in endings:
        return _Look(kind, flaw=Message.of("picture-misnamed", path=path, type=kind, name=f"{file.stem}{endings[0]}"))
    if _ends_early(file, kind):
        return _Look(kind, flaw=Message.of("picture-damaged", path=path))
    return _Look(kind, width, height, moves=moves)


def _ends_early(file: Path, kind: str) -> bool:
    """Tell whether the end of a picture's file is missing; what follows behind the end is no matter."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        head = opened.read(12)
        if kind == "image/webp":
            return size < int.from_bytes(head[4:8], "little") + 8  # RIFF tells its length
        opened.seek(max(size - _TAIL, 0))
        tail = opened.read()
    return {"image/jpeg": b"\xff\xd9", "image/png": b"IEND", "image/gif": b"\x3b"}[kind] not in tail


def is_within(path: Path, root: Path) -> bool:
    """Tell whether a path is below a folder once all links are followed."""
    return os.path.realpath(path).startswith(os.path.realpath(root) + os.sep)
