"""PictureStore: makes the renditions of pictures with Pillow, once, and keeps them in a folder.

It decides nothing: which pictures are wanted, it is told. What is in the folder is known by its name, which says what
it is of; a file that is half written has no such name.
"""

from __future__ import annotations

import fcntl
import io
import logging
import os
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from .media import FORMATS, MediaFolder
from .renditions import CARD, FEED_SIDE, MOST_BYTES, Original, Pictures, Rendition, cut, fitted

TYPES = {"jpg": "image/jpeg", "png": "image/png"}

QUALITIES = (85, 75, 65, 55)
"""What is tried for a JPEG before its sides are made shorter."""

_NAME = re.compile(r"([0-9a-f]{20})-([0-9]+)x([0-9]+)\.(jpg|png)")
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

log = logging.getLogger(__name__)


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
        self.failed: dict[Original, str] = {}  # what nothing could be made of, and why
        self._one_at_a_time = threading.Lock()

    @property
    def folder(self) -> Path:
        """The folder that they are in: the one given, or a temporary one where that cannot be used."""
        if self._folder is None:
            self._folder = self._usable() or self._own()
        return self._folder

    def look(self) -> Pictures:
        """Look what is in the folder: another process may have made some."""
        if self._folder is None and self._root is None:
            return self.pictures  # nothing was made that could be there
        changed = self.folder.stat().st_mtime_ns
        if changed != self._seen:
            named = ((_NAME.fullmatch(entry.name), entry) for entry in os.scandir(self.folder))
            found = {name[1]: _rendition(name, entry.stat().st_size) for name, entry in named if name}
            if found != self.pictures.made:
                self.pictures = Pictures(found)
            self._seen = changed
        return self.pictures

    def is_missing(self, original: Original) -> bool:
        """Tell whether something is still to be made of an original; not of one that cannot be read."""
        return original not in self.failed and self.pictures.of(original) is None

    def make(self, original: Original) -> None:
        """Make what feeds and cards need of an original; one that cannot be read is `failed`, and harms no other."""
        with self._alone():
            self.look()
            if not self.is_missing(original):
                return
            try:
                with self._opened(original, FEED_SIDE) as picture:
                    self._keep(original.feed_stem, _resized(picture, fitted(*picture.size, FEED_SIDE)))
                    self._keep(original.card_stem, _resized(picture, CARD, cut(*picture.size, original.focus)))
            except Exception as fault:  # Pillow raises of many kinds; whatever it is, the other pictures are made
                self.failed[original] = _flaw(original, fault)
            self.look()

    def flaw(self, original: Original) -> str | None:
        """Tell why nothing can be made of an original, by decoding it and making nothing."""
        try:
            with self._opened(original, 1, least=1):
                return None
        except Exception as fault:
            return _flaw(original, fault)

    def small(self, original: Original, name: str) -> Path | None:
        """Give the file of a smaller picture for pages, which is made at its first request."""
        width, path = original.small_names.get(name), self.folder / name
        if width is None or path.exists():
            return path if width else None
        with suppress(OSError, ValueError, SyntaxError), self._alone():
            with self._opened(original, width) as picture:
                height = max(round(picture.height * width / picture.width), 1)
                self._write(name, _encoded(_resized(picture, (width, height)), "WEBP", quality=80, method=4))
            return path
        return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads out, and other processes, so that nothing is made twice (flock)."""
        with self._one_at_a_time, (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _usable(self) -> Path | None:
        if self._root is None:
            return None
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root):
                return self._root
        except OSError as fault:
            log.error("%s cannot be used: %s; pictures are made anew at each start until it can", self._root, fault)
            return None

    def _own(self) -> Path:
        """Make a folder that goes with this object."""
        folder = tempfile.mkdtemp(prefix="feeds-pictures-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    @contextmanager
    def _opened(self, original: Original, side: int, least: int = max(CARD)) -> Iterator[Image.Image]:
        """Open a picture upright, in sRGB and without metadata, not much larger than a side that is wanted of it."""
        with Image.open(self._media.path_of(original.file), formats=tuple(FORMATS)) as picture:
            picture.draft("RGB", fitted(*picture.size, max(side, least)))  # a JPEG is read at a half, a quarter …
            yield _in_srgb(ImageOps.exif_transpose(picture))

    def _keep(self, stem: str, picture: Image.Image) -> None:
        """Write a picture in the smallest form that loses nothing to be seen, and below the bytes that are allowed."""
        while True:
            width, height = picture.size
            if picture.mode == "RGBA":
                data, ending = _encoded(picture, "PNG", optimize=True), "png"
            else:
                data, ending = _jpeg(picture), "jpg"
            if len(data) <= MOST_BYTES:
                self._write(f"{stem}-{width}x{height}.{ending}", data)
                return
            picture = _resized(picture, (width * 4 // 5, height * 4 // 5))

    def _write(self, name: str, data: bytes) -> None:
        """Write a file whole: to another name first."""
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="new-", delete=False) as file:
            file.write(data)
        os.chmod(file.name, 0o644)
        os.replace(file.name, self.folder / name)


def _flaw(original: Original, fault: Exception) -> str:
    return f"media/{original.file.path} cannot be decoded: {fault} (want a picture that opens)"


def _rendition(name: re.Match[str], length: int) -> Rendition:
    return Rendition(name[0], TYPES[name[4]], length, int(name[2]), int(name[3]))


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Convert a picture's colours; transparency stays where there is any."""
    is_clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    alpha = picture.convert("RGBA").getchannel("A") if is_clear else None
    profile = picture.info.get("icc_profile")
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
