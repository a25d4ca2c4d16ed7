"""MediaFolder: finds and measures the files under `media/` that authors name.

It changes no file and makes none; what it learns of one is a `MediaFile`, kept until the file changes.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import unicodedata
from pathlib import Path, PurePosixPath

from PIL import Image, UnidentifiedImageError

from .mediafile import MediaFile, guess_type
from .yamlfile import show

PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
"""The formats that every reader shows, by Pillow's names."""

_ORIENTATION = 0x0112
"""The EXIF tag that turns a picture: from 5 on, its sides are exchanged."""

_CHUNK = 1 << 20


State = tuple[int, ...]
"""What changes when a file does: times of its last changes, size, and number."""


class MediaFolder:
    """The files below one folder, by their path there, with slashes."""

    def __init__(self, root: Path) -> None:
        """Look at a folder; nothing is measured yet."""
        self.root = root
        self._measured: dict[str, tuple[State | None, MediaFile]] = {}

    def find(self, path: str) -> MediaFile:
        """Give the file at a path, measured. Raises ValueError, in words for authors, where there is none."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            raise ValueError(f"{show(path)} leaves media/ (want a path below it, such as cheque.jpg)")
        name = "/".join(parts)
        try:
            file = self._locate(name)
            if file is None:
                raise ValueError(f"there is no file media/{show(name)} (want {self._nearest(name)})")
            if not is_within(file, self.root):
                raise ValueError(f"media/{show(name)} is a link that leaves media/ (want the file itself)")
            return self._measure(file)
        except OSError as fault:
            raise ValueError(f"media/{show(name)} cannot be read: {fault.strerror} (want a readable file)") from None

    def state(self) -> frozenset[tuple[object, ...]]:
        """Tell what changes when any file does: names, times of change, sizes and numbers."""
        found = ((name, (self.root / name)) for name in self._names())
        return frozenset((name, file_state(path)) for name, path in found)

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
        near = difflib.get_close_matches(name.removeprefix("media/"), self._names(), n=1, cutoff=0.75)
        return near[0] if near else f"it in the folder {self.root}"

    def _measure(self, file: Path) -> MediaFile:
        path, state = file.relative_to(self.root).as_posix(), file_state(file)
        kept = self._measured.get(path)
        if kept and kept[0] == state:
            return kept[1]
        size, digest = _digest(file)
        kind, width, height = _picture(file)
        measured = MediaFile(path, size, kind or guess_type(path) or "application/octet-stream", digest, width, height)
        self._measured[path] = (state, measured)
        return measured


def file_state(file: Path) -> State | None:
    """Give what changes when a file does; nothing where it cannot be looked at."""
    try:
        found = file.stat()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
    except OSError:
        return None


def _digest(file: Path) -> tuple[int, str]:
    found, size = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            found.update(chunk)
            size += len(chunk)
    return size, found.hexdigest()


def _picture(file: Path) -> tuple[str | None, int | None, int | None]:
    """Measure a picture as it is shown; nothing where it is none that readers show."""
    try:
        with Image.open(file, formats=tuple(PICTURES)) as picture:
            width, height = picture.size
            orientation = picture.getexif().get(_ORIENTATION)
            if isinstance(orientation, int) and orientation >= 5:
                width, height = height, width
            return PICTURES[str(picture.format)], width, height
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None, None, None


def is_within(path: Path, root: Path) -> bool:
    """Tell whether a path is below a folder once all links are followed."""
    return os.path.realpath(path).startswith(os.path.realpath(root) + os.sep)
