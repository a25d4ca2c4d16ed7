"""Uploads: pictures and files that authors add to `media/`, under a safe name and with their real type."""

from __future__ import annotations

import re
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from feeds.base.atomic import atomic_write
from feeds.model.media_types import SCRIPTABLE_TYPES, TYPES, guess_type
from feeds.model.problems import InvalidValue, show
from feeds.model.site_types import slug

from . import rendering
from .media import UPLOAD_SECONDS, MediaFolder
from .reader import free_name

MAX_UPLOAD_BYTES = 256 << 20
"""Maximum size of a request with uploads: 256 MiB. Longer videos belong on a video service."""

CONVERTED_TYPES = ("image/heic", "image/avif")
"""Types of pictures, from phones, that become JPEG, since few readers show them."""

_PICTURES = {
    "image/jpeg": ("jpg", re.compile(rb"\xff\xd8\xff")),
    "image/png": ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    "image/gif": ("gif", re.compile(rb"GIF8[79]a")),
    "image/webp": ("webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    "image/avif": ("jpg", re.compile(rb"....ftypavi[fs]", re.DOTALL)),
    "image/heic": ("jpg", re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)),
}
"""Types of pictures that are accepted: the suffix that they get, and how their files begin."""

METADATA_BYTES = 1 << 18
"""Bytes at the start of a JPEG that are searched for metadata, such as the place where a photo was taken."""

_METADATA = (b"Exif\0\0", b"http://ns.adobe.com/xap/")

_SIGNATURES = {"pdf": rb"%PDF-", "zip": rb"PK", "docx": rb"PK", "xlsx": rb"PK", "pptx": rb"PK", "odt": rb"PK"}
"""How files of other types begin, by their suffixes."""

_MARKUP = re.compile(rb"\s*<(!doctype|html|script|svg|\?xml|body|head|iframe)", re.IGNORECASE)
"""Start of files that a browser might execute."""

_REFUSED = {*SCRIPTABLE_TYPES, "text/javascript", "text/css", "application/wasm", "application/x-sh"}


class SupportsSave(Protocol):
    """An upload of a form."""

    def save(self, dst: Path) -> None:
        """Write the upload to a file."""


def store_file(
    source: Path | SupportsSave, name: str, media: MediaFolder, now: datetime, *, must_be_picture: bool = False
) -> str:
    """Write a copy of a file, or an upload, to the media folder, and return its path there.

    A picture from a phone becomes a JPEG. The suffix follows the content of a picture. Raises InvalidValue or OSError.
    """
    name = Path(name.replace("\\", "/")).name
    with tempfile.TemporaryDirectory(prefix="feeds-upload-") as folder:
        path = Path(folder) / "upload"
        if isinstance(source, Path):
            shutil.copyfile(source, path)
        else:
            source.save(path)
        with path.open("rb") as stream:
            head = stream.read(256)
        if not head:
            raise InvalidValue("upload-empty", name=show(name))
        picture_type = next((kind for kind, (_, start) in _PICTURES.items() if start.match(head)), None)
        if picture_type:
            path = _as_picture(path, picture_type, show(name))
        elif must_be_picture or (guess_type(name) or "").startswith("image/"):
            raise InvalidValue("upload-not-a-picture", name=show(name))
        else:
            path = _as_file(path, head, name)
        return _moved_to(media, path, slug(Path(name).stem)[:60] or "file", now)


def _as_picture(path: Path, kind: str, name: str) -> Path:
    """Return a file with the suffix of its type, converted if necessary."""
    target = path.with_suffix(f".{_PICTURES[kind][0]}")
    with path.open("rb") as stream:
        head = stream.read(METADATA_BYTES)
    has_metadata = kind == "image/jpeg" and any(mark in head for mark in _METADATA)
    if kind in CONVERTED_TYPES or has_metadata:
        try:
            target.write_bytes(rendering.convert_in_child(path))
        except rendering.RenderError as error:
            raise InvalidValue("picture-not-decoded", path=name, reason=str(error)) from None
    else:
        path.rename(target)
    measured = MediaFolder(target.parent).find(target.name)
    if measured.flaw:
        raise InvalidValue(measured.flaw.code, **{**dict(measured.flaw.parameters), "path": name})
    return target


def _as_file(path: Path, head: bytes, name: str) -> Path:
    """Return a file with the suffix of its name, if its type is known and its content may be of that type."""
    suffix = Path(name).suffix[1:].lower()
    kind = TYPES.get(suffix)
    if kind is None or kind in _REFUSED or (_MARKUP.match(head) and not kind.startswith("application/vnd")):
        raise InvalidValue("upload-type", name=show(name))
    if not head.startswith(_SIGNATURES.get(suffix, b"")):
        raise InvalidValue("upload-damaged", name=show(name))
    return path.rename(path.with_suffix(f".{suffix}"))


def _moved_to(media: MediaFolder, path: Path, stem: str, now: datetime) -> str:
    """Move a file to a free name below `media/`.

    Its time is set in the past, so that the server does not wait for the upload to finish.
    """
    folder = media.root / f"{now:%Y}"
    folder.mkdir(parents=True, exist_ok=True)
    modified = now - timedelta(seconds=UPLOAD_SECONDS + 1)
    while True:
        existing = {file.stem.lower() for file in folder.iterdir()}
        target = folder / f"{free_name(stem, existing)}{path.suffix}"
        try:
            atomic_write(target, path, modified=modified, is_new=True, prefix=".upload-")
        except FileExistsError:  # another upload took the name
            continue
        return target.relative_to(media.root).as_posix()
