"""MediaFolder: finds and measures the files under `media/` that authors refer to.

It neither creates nor changes files. The result for a file is a `MediaFile`, cached until the file changes.
"""

from __future__ import annotations

import difflib
import errno
import hashlib
import os
import re
import stat
import time
import unicodedata
import warnings
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image

from feeds.base.fingerprint import FileState, file_state, fingerprint, state_of
from feeds.model.media_types import UNKNOWN, guess_type
from feeds.model.mediafile import MediaFile
from feeds.model.problems import InvalidValue, Message, show

PICTURE_FORMATS = {
    "JPEG": ("image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif")),
    "PNG": ("image/png", (".png",)),
    "GIF": ("image/gif", (".gif",)),
    "WEBP": ("image/webp", (".webp",)),
    "MPO": ("image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")),  # from phones: a JPEG with another appended
}
"""The picture formats that every reader shows, by Pillow's name: media type and file suffixes."""

_PICTURE_SIGNATURES = re.compile(rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP", re.DOTALL)
"""The signatures at the start of files of these formats."""

MAX_PIXELS = 100_000_000
"""Maximum number of pixels in a picture. A small file can decompress into more than memory holds."""

_ORIENTATION_TAG = 0x0112
"""The EXIF tag for orientation. From 5 on, width and height are swapped."""

_TAIL_BYTES = 1 << 16
"""Bytes at the end of a file that are searched for the end marker. Cameras append data after it."""

UPLOAD_CODE = "media-growing"
"""The code of the problem that a file is still being written."""

MAX_HASHED_BYTES = 16_000_000
"""Size up to which a file is hashed as a whole. Of a larger one, only the ends are: hashing a film takes minutes."""

_END_BYTES = 1 << 16
"""Bytes that are read at both ends of a large file."""

MAX_TEXT_BYTES = 1_000_000
"""Maximum size of a stylesheet or an SVG file that is read as text."""

UPLOAD_SECONDS = 3.0
"""Seconds that a file must stay unchanged before it is published: an upload may be in progress."""


MediaEntry = tuple[str, FileState | None, str | None]
"""A file below the folder: its relative path, its state, and its target if it is a link."""


class PublishedMedia:
    """The media folder without the wait for uploads, for content that was already published."""

    def __init__(self, media: MediaFolder) -> None:
        """Set the folder."""
        self._media = media

    def find(self, path: str) -> MediaFile:
        """Return the measured file at a path, whether it is being written or not. Raises InvalidValue."""
        return self._media.find(path, is_upload_accepted=True)

    def text(self, path: str) -> str:
        """Return the text of a file in the content folder. Raises InvalidValue."""
        return self._media.text(path)


_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b"\xff\xd9"


class MediaFolder:
    """The files below one folder, by their relative path with forward slashes."""

    def __init__(self, root: Path, *, upload_seconds: float = 0) -> None:
        """Set the folder. No file is measured yet.

        A file that was written in the last `upload_seconds` is not found.
        """
        self.root = root
        self._upload_seconds = upload_seconds
        self._measurements: dict[str, tuple[FileState | None, MediaFile]] = {}
        self._new_paths: dict[str, None] = {}  # paths measured since pop_new_measurements() was last called

    def find(self, path: str, *, is_upload_accepted: bool = False) -> MediaFile:
        """Return the measured file at a path. Raises InvalidValue if there is none, or it is still being written."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            raise InvalidValue("media-path-outside", path=show(path))
        name = "/".join(parts)
        try:
            file = self._locate(name)
            if file is None:
                if nearest := self._nearest(name):
                    raise InvalidValue("media-missing", path=show(name), nearest=nearest)
                raise InvalidValue("media-absent", path=show(name), folder=str(self.root))
            if not is_within(file, self.root):
                raise InvalidValue("media-link-outside", path=show(name))
            return self._measure(file, 0 if is_upload_accepted else self._upload_seconds)
        except OSError as error:
            raise InvalidValue("media-unreadable", path=show(name), reason=error.strerror or "") from None

    def text(self, path: str) -> str:
        """Return the text of a file next to the folder, or in it (`media/…`). Raises InvalidValue if there is none."""
        file, parent = self.root.parent / path, self.root.parent
        try:
            if not is_within(file, parent) or not _is_file(file) or file.stat().st_size > MAX_TEXT_BYTES:
                raise InvalidValue("text-file-missing", path=show(path), folder=str(parent))
            return file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise InvalidValue("text-file-missing", path=show(path), folder=str(parent)) from None

    def state(self) -> frozenset[MediaEntry]:
        """Return a value that changes when any file does: names, change times, sizes, inodes, link targets."""
        paths = ((name, (self.root / name)) for name in self._names())
        entries = ((name, path, os.readlink(path) if path.is_symlink() else None) for name, path in paths)
        return frozenset((name, file_state(path), link) for name, path, link in entries)

    def state_of(self, file: MediaFile) -> FileState | None:
        """Return the state in which a file was measured. None for a link, since its target may change."""
        return None if (self.root / file.path).is_symlink() else self._measurements[file.path][0]

    def is_unchanged(self, path: str, state: FileState) -> bool:
        """Return whether the file at a path still has a state, and is not a link."""
        file = self.root / path
        return file_state(file) == state and not file.is_symlink()

    def is_unchanged_since_measured(self, file: MediaFile) -> bool:
        """Return whether a file still is in the state in which it was measured."""
        measured_state, _ = self._measurements.get(file.path, (None, file))
        return measured_state == file_state(self.path_of(file))

    def etag(self, file: MediaFile) -> str:
        """Return an ETag for the current bytes of a file. The file is not read, since a request must not wait for that.

        The tag is the digest of the file if it covers all bytes and is current, else a fingerprint of the path and the
        state of the file. Raises OSError.
        """
        state = state_of(self.path_of(file).stat())
        measured_state, measured = self._measurements.get(file.path, (None, file))
        if state == measured_state and measured.size <= MAX_HASHED_BYTES:
            return measured.digest
        return fingerprint(file.path, state)

    def path_of(self, file: MediaFile) -> Path:
        """Return the path of a file on disk."""
        return self.root / file.path

    def _locate(self, name: str) -> Path | None:
        """Return the path of a file, however its name is normalized, or None if there is no such file.

        macOS writes `é` as two characters, editors as one.
        """
        if "\x00" in name:
            return None
        exact = self.root / name
        if _is_file(exact):
            return exact
        normalized = unicodedata.normalize("NFC", name)
        return next(
            (
                self.root / candidate
                for candidate in self._names()
                if unicodedata.normalize("NFC", candidate) == normalized
            ),
            None,
        )

    def _names(self) -> list[str]:
        """Return the paths of all files, sorted. What cannot be read is left out."""
        paths = (os.path.join(folder, name) for folder, _, names in os.walk(self.root) for name in names)
        return sorted(os.path.relpath(path, self.root) for path in paths if os.path.isfile(path))

    def _nearest(self, name: str) -> str | None:
        """Return the file with the most similar path; None if no path is similar."""
        names = {
            candidate.casefold(): candidate
            for candidate in self._names()
            if os.fsencode(candidate).decode(errors="replace") == candidate
        }
        matches = difflib.get_close_matches(name.removeprefix("media/").casefold(), names, n=1, cutoff=0.75)
        return names[matches[0]] if matches else None

    def _measure(self, file: Path, upload_seconds: float = 0) -> MediaFile:
        path, state = file.relative_to(self.root).as_posix(), file_state(file)
        cached = self._measurements.get(path)
        if cached and cached[0] == state:
            return cached[1]
        if state and abs(time.time() - state[0] / 1e9) < upload_seconds:
            raise InvalidValue(UPLOAD_CODE, path=show(path), seconds=int(upload_seconds))
        with file.open("rb") as stream:
            size, digest = os.fstat(stream.fileno()).st_size, digest_of(stream)
        info = _read_picture_info(file, f"media/{path}")
        media_type = info.type or guess_type(path) or UNKNOWN
        media_file = MediaFile(path, size, media_type, digest, info.width, info.height, info.flaw, info.moves)
        self._measurements[path] = (state, media_file)
        self._new_paths[path] = None
        return media_file

    def add_measurement(self, state: FileState, file: MediaFile) -> None:
        """Cache a measurement of a file. It is used only while the file is in that state."""
        self._measurements.setdefault(file.path, (state, file))

    def pop_new_measurements(self) -> list[tuple[FileState, MediaFile]]:
        """Return the files measured since the last call, with their states."""
        paths, self._new_paths = self._new_paths, {}
        measurements = (self._measurements[path] for path in paths if path in self._measurements)
        return [(state, file) for state, file in measurements if state]


def digest_of(stream: BufferedReader) -> str:
    """Return the SHA-256 of a file, in hex; of a large one, that of its size and its ends."""
    size = os.fstat(stream.fileno()).st_size
    if size <= MAX_HASHED_BYTES:
        return hashlib.file_digest(stream, "sha256").hexdigest()
    digest = hashlib.sha256(f"{size}\n".encode())
    for position in (0, size - _END_BYTES):
        stream.seek(position)
        digest.update(stream.read(_END_BYTES))
    return digest.hexdigest()


class _PictureInfo(NamedTuple):
    """The result of reading a file as a picture: its displayed size, or why it cannot be shown."""

    type: str | None = None
    width: int | None = None
    height: int | None = None
    flaw: Message | None = None
    moves: bool = False


def _read_picture_info(file: Path, path: str) -> _PictureInfo:
    """Return the type and size of a picture without decoding it."""
    try:
        no_warnings = warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning)
        with no_warnings, Image.open(file, formats=tuple(PICTURE_FORMATS)) as picture:
            width, height = picture.size
            media_type, suffixes = PICTURE_FORMATS[str(picture.format)]
            exif = Image.Exif()
            if media_type == "image/png":
                exif.load(picture.info.get("exif", b""))  # `getexif` would decode it
            else:
                exif = picture.getexif()
            orientation, moves = (
                exif.get(_ORIENTATION_TAG),
                media_type == "image/webp" and getattr(picture, "is_animated", False),
            )
    except Image.DecompressionBombError:
        return _PictureInfo(flaw=Message.of("picture-far-too-large", path=path, limit=MAX_PIXELS))
    except Exception:  # Pillow raises many kinds; no file may prevent the others from being read
        with file.open("rb") as stream:
            is_picture = _PICTURE_SIGNATURES.match(stream.read(12))
        return _PictureInfo(flaw=Message.of("picture-damaged", path=path) if is_picture else None)
    if isinstance(orientation, int) and orientation >= 5:
        width, height = height, width
    if width * height > MAX_PIXELS:
        message = Message.of("picture-too-large", path=path, width=width, height=height, limit=MAX_PIXELS)
        return _PictureInfo(media_type, flaw=message)
    if file.suffix.lower() not in suffixes:
        return _PictureInfo(
            media_type,
            flaw=Message.of("picture-misnamed", path=path, type=media_type, name=f"{file.stem}{suffixes[0]}"),
        )
    if _is_truncated(file, media_type):
        return _PictureInfo(media_type, flaw=Message.of("picture-damaged", path=path))
    return _PictureInfo(media_type, width, height, moves=moves)


def _is_truncated(file: Path, media_type: str) -> bool:
    """Return whether the end of a picture file is missing. Data after the end marker is ignored."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        if media_type == "image/jpeg":
            return not _has_jpeg_end(stream)
        head = stream.read(12)
        if media_type == "image/webp":
            return size < int.from_bytes(head[4:8], "little") + 8  # RIFF states its length
        stream.seek(max(size - _TAIL_BYTES, 0))
        tail = stream.read()
    return {"image/png": b"IEND", "image/gif": b"\x3b"}[media_type] not in tail


def _has_jpeg_end(stream: BufferedReader) -> bool:
    """Return whether the end marker of a JPEG follows its image data (ITU T.81, B.1.1).

    The segments before the data are skipped: one of them may be a thumbnail, which has an end marker of its own.
    """
    position = 2  # after the start marker
    while True:
        stream.seek(position)
        marker, code, *length = stream.read(4).ljust(4, b"\0")
        if marker != 0xFF:
            return False
        if code == 0xFF:  # fill byte
            position += 1
            continue
        position += 2 + int.from_bytes(length, "big")
        if code == _START_OF_SCAN:
            break
    stream.seek(position)
    previous = b""
    while chunk := stream.read(_TAIL_BYTES):
        if _END_OF_IMAGE in previous + chunk:  # in image data, 0 follows each 0xFF
            return True
        previous = chunk[-1:]
    return False


def is_within(path: Path, root: Path) -> bool:
    """Return whether a path is below a folder once all links are resolved."""
    return os.path.realpath(path).startswith(os.path.realpath(root) + os.sep)


def _is_file(path: Path) -> bool:
    """Return whether a path leads to a regular file. Raises OSError if that cannot be found out.

    `Path.is_file` hides such errors since Python 3.14.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return False
        raise
