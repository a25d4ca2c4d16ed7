"""PictureStore: creates the renditions of pictures with Pillow, once, and stores them in a folder.

The caller decides which pictures are needed. The name of a file identifies its original and its size. A half-written
file never has such a name.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import os
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from feeds.base.atomic import atomic_write
from feeds.base.locks import FileLock
from feeds.model.problems import Message
from feeds.model.renditions import (
    CARD_SIZE,
    FEED_PICTURE_PIXELS,
    MAX_RENDITION_BYTES,
    Original,
    Pictures,
    Rendition,
    crop_box,
    scaled_size,
)

from .media import PICTURE_FORMATS, MediaFolder

RENDITION_TYPES = {"jpg": "image/jpeg", "png": "image/png"}

JPEG_QUALITIES = (85, 75, 65, 55)
"""JPEG qualities that are tried before the picture is scaled down."""

_RENDITION_NAME = re.compile(r"([0-9a-f]{20})-([0-9]+)x([0-9]+)\.(jpg|png)")
_SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

logger = logging.getLogger(__name__)


class PictureStore:
    """The renditions of a site's pictures. They are in a temporary folder if the given one is not writable.

    `pictures` contains the renditions that exist. It is replaced by another object when that changes.
    """

    def __init__(self, media: MediaFolder, root: Path | None) -> None:
        """Set the folder of originals and that of renditions. Nothing is read yet."""
        self.pictures = Pictures()
        self._media, self._root = media, root
        self._folder: Path | None = None
        self._folder_mtime: int | None = None  # mtime of the folder when it was last read
        self.loss_count = 0  # how often a known rendition was missing when the folder was read
        self._is_error_logged = False
        self.failures: dict[Original, Message] = {}  # originals that cannot be decoded, and why
        self._thread_lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """The folder of the renditions: the given one, or a temporary one if that is not usable."""
        if self._folder is None:
            self._folder = self._writable_root() or self._temporary_folder()
        return self._folder

    def refresh(self) -> Pictures:
        """Return the renditions in the folder, which is read again if it changed.

        Another process may have added some, and somebody may have removed some.
        """
        if self._folder is None and self._root is None:
            return self.pictures  # no folder was created, so nothing can be in it
        try:
            mtime = self.folder.stat().st_mtime_ns
            if mtime != self._folder_mtime:
                matches = ((_RENDITION_NAME.fullmatch(entry.name), entry) for entry in os.scandir(self.folder))
                renditions = {
                    match[1]: _rendition(match, entry.stat().st_size)
                    for match, entry in matches
                    if match and entry.is_file()
                }
                self.loss_count += not self.pictures.renditions.keys() <= renditions.keys()
                self.pictures = self.pictures if renditions == self.pictures.renditions else Pictures(renditions)
                self._folder_mtime = mtime
        except OSError as error:
            self._reset_folder(error)
        return self.pictures

    def is_missing(self, original: Original) -> bool:
        """Return whether a rendition of an original is still missing. False if it cannot be decoded."""
        return original not in self.failures and self.pictures.of(original) is None

    def make(self, original: Original) -> None:
        """Create the feed picture and the card of an original. One that cannot be decoded is added to `failures`.

        If the folder fails, that is logged once, and the renditions stay missing.
        """
        try:
            with self._exclusive():
                self.refresh()
                if self.is_missing(original):
                    files = self._render_missing(original)
                    for name, data in files.items():
                        atomic_write(self.folder / name, data)
            self.refresh()
        except _ChangedError:
            return  # the file has changed, and is read again next
        except OSError as error:
            self._reset_folder(error)

    def _render_missing(self, original: Original) -> dict[str, bytes]:
        """Render the feed picture and the card, unless they exist. Returns their bytes by file name."""
        try:
            with self.opened(
                original, lambda size: max(_scale(size, FEED_PICTURE_PIXELS), _card_scale(size))
            ) as picture:
                files = {}
                if original.feed_stem not in self.pictures.renditions:
                    name, data = _encode_within_limit(_resize(picture, scaled_size(*picture.size, FEED_PICTURE_PIXELS)))
                    files[f"{original.feed_stem}-{name}"] = data
                if original.card_stem not in self.pictures.renditions:
                    name, data = _encode_within_limit(
                        _flatten_on_white(_resize(picture, CARD_SIZE, crop_box(*picture.size, original.focus)))
                    )
                    files[f"{original.card_stem}-{name}"] = data
                return files
        except _ChangedError:
            raise
        except Exception as error:  # Pillow raises many kinds; none may affect the other pictures
            self.failures[original] = _decode_message(original, error)
            return {}

    def decode_error(self, original: Original) -> Message | None:
        """Return why an original cannot be decoded, or None. Nothing is written."""
        try:
            with self.opened(original, lambda _: 0):
                return None
        except Exception as error:
            return _decode_message(original, error)

    def small_picture(self, original: Original, name: str) -> Path | None:
        """Return the file of a smaller picture for pages, which is created at its first request.

        None for an unknown name, and if it cannot be created.
        """
        width, path = original.small_names.get(name), self.folder / name
        if width is None or path.exists():
            return path if width else None
        try:
            with self._exclusive():
                if not path.exists():
                    with self.opened(original, lambda size: width / size[0]) as picture:
                        height = max(round(picture.height * width / picture.width), 1)
                        small = _resize(picture, (width, height))
                    atomic_write(self.folder / name, _encode(small, "WEBP", quality=80, method=4))
            return path
        except Exception:  # the caller uses the feed picture instead
            return None

    def make_small_pictures(self, original: Original) -> None:
        """Create all smaller pictures of an original, so that no reader waits for one."""
        for name in original.small_names:
            self.small_picture(original, name)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Exclude other threads and processes (flock), so that nothing is created twice."""
        with self._thread_lock, FileLock(self.folder / "lock"):
            yield

    def _writable_root(self) -> Path | None:
        if self._root is None:
            return None
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root):
                return self._root
        except OSError as error:
            self._log_error(error)
            return None

    def _temporary_folder(self) -> Path:
        """Create a folder that is deleted together with this object."""
        folder = tempfile.mkdtemp(prefix="feeds-pictures-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def _reset_folder(self, error: OSError) -> None:
        """Log an error, and choose a folder again next time. `pictures` is unchanged until then."""
        self._log_error(error)
        self._folder, self._folder_mtime = None, None

    def _log_error(self, error: OSError) -> None:
        if not self._is_error_logged:
            logger.error("%s cannot be used: %s; until it can, pictures are missing or made again", self._root, error)
            self._is_error_logged = True

    @contextmanager
    def opened(self, original: Original, scale: Callable[[tuple[int, int]], float]) -> Iterator[Image.Image]:
        """Open a picture upright, in sRGB, without metadata, and not much larger than needed.

        Raises _ChangedError if the file is no longer the one that was measured.
        """
        data = self._media.path_of(original.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != original.file.digest:
            raise _ChangedError
        with Image.open(io.BytesIO(data), formats=tuple(PICTURE_FORMATS)) as picture:
            factor = min(scale((original.file.width or 1, original.file.height or 1)), 1.0)
            width, height = (max(math.ceil(side * factor), 1) for side in picture.size)
            picture.draft("RGB", (width, height))  # a JPEG can be decoded at 1/2, 1/4 or 1/8
            yield _convert_to_srgb(ImageOps.exif_transpose(picture))


class _ChangedError(Exception):
    """The file of an original has changed since it was measured."""


def _scale(size: tuple[int, int], side: int) -> float:
    return side / max(size)


def _card_scale(size: tuple[int, int]) -> float:
    return max(CARD_SIZE[0] / size[0], CARD_SIZE[1] / size[1])


def _encode_within_limit(picture: Image.Image) -> tuple[str, bytes]:
    """Encode a picture within the size limit. Return the end of its file name, and its bytes."""
    while True:
        width, height = picture.size
        if picture.mode == "RGBA":
            data, ending = _encode(picture, "PNG", optimize=True), "png"
            if len(data) > MAX_RENDITION_BYTES:
                data = _encode(picture.quantize(256, Image.Quantize.FASTOCTREE), "PNG", optimize=True)
        else:
            data, ending = _encode_jpeg(picture), "jpg"
        if len(data) <= MAX_RENDITION_BYTES:
            return f"{width}x{height}.{ending}", data
        picture = _resize(picture, (width * 4 // 5, height * 4 // 5))


def _flatten_on_white(picture: Image.Image) -> Image.Image:
    """Return a transparent picture on white. Networks would choose a background of their own."""
    if picture.mode != "RGBA":
        return picture
    background = Image.new("RGB", picture.size, "white")
    background.paste(picture, mask=picture.getchannel("A"))
    return background


def _decode_message(original: Original, error: Exception) -> Message:
    return Message.of("picture-not-decoded", path=f"media/{original.file.path}", reason=str(error))


def _rendition(name: re.Match[str], length: int) -> Rendition:
    return Rendition(name[0], RENDITION_TYPES[name[4]], length, int(name[2]), int(name[3]))


def _convert_to_srgb(picture: Image.Image) -> Image.Image:
    """Return a picture with its colours converted to sRGB. Transparency is preserved."""
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    alpha = picture.convert("RGBA").getchannel("A") if has_alpha else None
    profile = picture.info.get("icc_profile")
    if picture.mode in ("P", "PA"):
        picture = picture.convert("RGB")
    converted = picture
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError):  # an unreadable profile is ignored
            source_profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            base = picture.convert("RGB") if picture.mode == "RGBA" else picture
            converted = ImageCms.profileToProfile(base, source_profile, _SRGB_PROFILE, outputMode="RGB") or picture
    if picture.mode.startswith("I;16"):
        converted = picture.point(lambda value: value / 256).convert("L")
    converted = converted.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        converted.putalpha(alpha)
    converted.info = {}
    return converted


def _resize(
    picture: Image.Image, size: tuple[int, int], crop: tuple[float, float, float, float] | None = None
) -> Image.Image:
    if picture.size == size and crop is None:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, box=crop, reducing_gap=3.0)


def _encode_jpeg(picture: Image.Image) -> bytes:
    for quality in JPEG_QUALITIES:
        data = _encode(picture, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(data) <= MAX_RENDITION_BYTES:
            break
    return data


def _encode(picture: Image.Image, format_name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()
