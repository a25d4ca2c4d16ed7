"""PictureStore: makes the renditions of pictures with Pillow, once, and keeps them in a folder.

It decides nothing: which pictures are wanted, it is told. What is in the folder is known by its name, which says what
it is of; a file that is half written has no such name.
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

from feeds.base.atomic import write_whole
from feeds.base.locks import FileLock
from feeds.model.problems import Message
from feeds.model.renditions import CARD, FEED_SIDE, MOST_BYTES, Original, Pictures, Rendition, cut, fitted

from .media import FORMATS, MediaFolder

TYPES = {"jpg": "image/jpeg", "png": "image/png"}

QUALITIES = (85, 75, 65, 55)
"""What is tried for a JPEG before its sides are made shorter."""

_NAME = re.compile(r"([0-9a-f]{20})-([0-9]+)x([0-9]+)\.(jpg|png)")
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

logger = logging.getLogger(__name__)


class PictureStore:
    """The renditions of a site's pictures; where no folder can be written to, they are kept in a temporary one.

    `pictures` is what there is of them: another object once there is more.
    """

    def __init__(self, media: MediaFolder, root: Path | None) -> None:
        """Take the folder of originals and that of renditions; nothing is read yet."""
        self.pictures = Pictures()
        self._media, self._root = media, root
        self._folder: Path | None = None
        self._seen: int | None = None  # the folder's time of change at the last look
        self.losses = 0  # counts the looks that missed something which had been there
        self._is_told = False
        self.failed: dict[Original, Message] = {}  # what nothing could be made of, and why
        self._one_at_a_time = threading.Lock()

    @property
    def folder(self) -> Path:
        """The folder that they are in: the one given, or a temporary one where that cannot be used."""
        if self._folder is None:
            self._folder = self._usable() or self._own()
        return self._folder

    def look(self) -> Pictures:
        """Look what is in the folder: another process may have made some, and somebody may have taken some away."""
        if self._folder is None and self._root is None:
            return self.pictures  # nothing was made that could be there
        try:
            changed = self.folder.stat().st_mtime_ns
            if changed != self._seen:
                named = ((_NAME.fullmatch(entry.name), entry) for entry in os.scandir(self.folder))
                found = {
                    name[1]: _rendition(name, entry.stat().st_size) for name, entry in named if name and entry.is_file()
                }
                self.losses += not self.pictures.made.keys() <= found.keys()
                self.pictures = self.pictures if found == self.pictures.made else Pictures(found)
                self._seen = changed
        except OSError as fault:
            self._lose_folder(fault)
        return self.pictures

    def is_missing(self, original: Original) -> bool:
        """Tell whether something is still to be made of an original; not of one that cannot be read."""
        return original not in self.failed and self.pictures.of(original) is None

    def make(self, original: Original) -> None:
        """Make what feeds and cards need of an original; one that cannot be read is `failed`, and harms no other.

        Where the folder fails, that is told once, and the original goes on missing.
        """
        try:
            with self._alone():
                self.look()
                if self.is_missing(original):
                    made = self._made(original)
                    for name, data in made.items():
                        write_whole(self.folder / name, data)
            self.look()
        except _ChangedError:
            return  # it is another picture by now, which is read next
        except OSError as fault:
            self._lose_folder(fault)

    def _made(self, original: Original) -> dict[str, bytes]:
        """Make the feed picture and the card, by their names; what is there already is left out."""
        try:
            with self._opened(original, lambda size: max(_scale(size, FEED_SIDE), _card_scale(size))) as picture:
                made = {}
                if original.feed_stem not in self.pictures.made:
                    name, data = _lightest(_resized(picture, fitted(*picture.size, FEED_SIDE)))
                    made[f"{original.feed_stem}-{name}"] = data
                if original.card_stem not in self.pictures.made:
                    name, data = _lightest(_on_white(_resized(picture, CARD, cut(*picture.size, original.focus))))
                    made[f"{original.card_stem}-{name}"] = data
                return made
        except _ChangedError:
            raise
        except Exception as fault:  # Pillow raises of many kinds; whatever it is, the other pictures are made
            self.failed[original] = _flaw(original, fault)
            return {}

    def flaw(self, original: Original) -> Message | None:
        """Tell why nothing can be made of an original, by decoding it and making nothing."""
        try:
            with self._opened(original, lambda _: 0):
                return None
        except Exception as fault:
            return _flaw(original, fault)

    def small(self, original: Original, name: str) -> Path | None:
        """Give the file of a smaller picture for pages, which is made at its first request."""
        width, path = original.small_names.get(name), self.folder / name
        if width is None or path.exists():
            return path if width else None
        try:
            with self._alone():
                if not path.exists():
                    with self._opened(original, lambda size: width / size[0]) as picture:
                        height = max(round(picture.height * width / picture.width), 1)
                        small = _resized(picture, (width, height))
                    write_whole(self.folder / name, _encoded(small, "WEBP", quality=80, method=4))
            return path
        except Exception:  # the picture that feeds have stands in for it
            return None

    def make_smaller(self, original: Original) -> None:
        """Make all smaller pictures of an original, so that no reader waits for one."""
        for name in original.small_names:
            self.small(original, name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads out, and other processes, so that nothing is made twice (flock)."""
        with self._one_at_a_time, FileLock(self.folder / "lock"):
            yield

    def _usable(self) -> Path | None:
        if self._root is None:
            return None
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root):
                return self._root
        except OSError as fault:
            self._tell(fault)
            return None

    def _own(self) -> Path:
        """Make a folder that goes with this object."""
        folder = tempfile.mkdtemp(prefix="feeds-pictures-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def _lose_folder(self, fault: OSError) -> None:
        """Look for a folder anew next time; what was made stays announced as long as it is there."""
        self._tell(fault)
        self._folder, self._seen = None, None

    def _tell(self, fault: OSError) -> None:
        if not self._is_told:
            logger.error("%s cannot be used: %s; pictures are missing, or made anew, until it can", self._root, fault)
            self._is_told = True

    @contextmanager
    def _opened(self, original: Original, scale: Callable[[tuple[int, int]], float]) -> Iterator[Image.Image]:
        """Open a picture upright, in sRGB and without metadata; not much larger than it is wanted to be.

        Raises _ChangedError where the file is not the one any more that was measured.
        """
        data = self._media.path_of(original.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != original.file.digest:
            raise _ChangedError
        with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as picture:
            wanted = min(scale((original.file.width or 1, original.file.height or 1)), 1.0)
            width, height = (max(math.ceil(side * wanted), 1) for side in picture.size)
            picture.draft("RGB", (width, height))  # a JPEG is read at a half, a quarter …
            yield _in_srgb(ImageOps.exif_transpose(picture))


class _ChangedError(Exception):
    """The file of an original has other bytes than those that were measured."""


def _scale(size: tuple[int, int], side: int) -> float:
    return side / max(size)


def _card_scale(size: tuple[int, int]) -> float:
    return max(CARD[0] / size[0], CARD[1] / size[1])


def _lightest(picture: Image.Image) -> tuple[str, bytes]:
    """Encode a picture below the bytes that are allowed; give the end of its name, and its data."""
    while True:
        width, height = picture.size
        if picture.mode == "RGBA":
            data, ending = _encoded(picture, "PNG", optimize=True), "png"
            if len(data) > MOST_BYTES:
                data = _encoded(picture.quantize(256, Image.Quantize.FASTOCTREE), "PNG", optimize=True)
        else:
            data, ending = _jpeg(picture), "jpg"
        if len(data) <= MOST_BYTES:
            return f"{width}x{height}.{ending}", data
        picture = _resized(picture, (width * 4 // 5, height * 4 // 5))


def _on_white(picture: Image.Image) -> Image.Image:
    """Put a picture that can be seen through on white, as networks would put it on some ground."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _flaw(original: Original, error: Exception) -> Message:
    return Message.of("picture-not-decoded", path=f"media/{original.file.path}", reason=str(error))


def _rendition(name: re.Match[str], length: int) -> Rendition:
    return Rendition(name[0], TYPES[name[4]], length, int(name[2]), int(name[3]))


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Convert a picture's colours; transparency stays where there is any."""
    is_clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    alpha = picture.convert("RGBA").getchannel("A") if is_clear else None
    profile = picture.info.get("icc_profile")
    if picture.mode in ("P", "PA"):
        picture = picture.convert("RGB")
    found = picture
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError):  # a profile that cannot be read changes nothing
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            base = picture.convert("RGB") if picture.mode == "RGBA" else picture
            found = ImageCms.profileToProfile(base, own, _SRGB, outputMode="RGB") or picture
    if picture.mode.startswith("I;16"):
        found = picture.point(lambda value: value / 256).convert("L")
    found = found.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        found.putalpha(alpha)
    found.info = {}
    return found


def _resized(
    picture: Image.Image, size: tuple[int, int], part: tuple[float, float, float, float] | None = None
) -> Image.Image:
    if picture.size == size and part is None:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, box=part, reducing_gap=3.0)


def _jpeg(picture: Image.Image) -> bytes:
    for quality in QUALITIES:
        data = _encoded(picture, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(data) <= MOST_BYTES:
            break
    return data


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, form, **options)
    return written.getvalue()
