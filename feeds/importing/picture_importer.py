"""Gallery: takes pictures from elsewhere into `media/`, each once, if they are what every reader shows.

It overwrites no file.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from PIL import Image

from feeds.base.atomic import write_whole
from feeds.base.fingerprint import fingerprint_bytes
from feeds.base.http import HttpError
from feeds.content.media import FORMATS, MediaFolder
from feeds.content.reader import free_name
from feeds.model.site_fields import slug

from .fetcher import Fetcher

MOST_BYTES = 40_000_000
"""Bytes that a picture may have."""


class PictureError(Exception):
    """Why a picture was not taken, in words for people."""


class Gallery:
    """The pictures of one import: where each address is now, below `media/`."""

    def __init__(self, media: MediaFolder, fetcher: Fetcher) -> None:
        """Take the folder they go to."""
        self._media, self._fetcher = media, fetcher
        self._taken: dict[str, str | PictureError] = {}
        self._digests: dict[Path, dict[str, str]] = {}
        self.new: list[str] = []

    def take(self, url: str, year: str) -> str:
        """Give the path below `media/` of the picture at an address, which is fetched once. Raises PictureError."""
        if url not in self._taken:
            try:
                self._taken[url] = self._fetch(url, year)
            except (HttpError, PictureError) as fault:
                self._taken[url] = PictureError(str(fault))
        found = self._taken[url]
        if isinstance(found, PictureError):
            raise found
        return found

    def _fetch(self, url: str, year: str) -> str:
        data = self._fetcher.get(url, max_bytes=MOST_BYTES).data
        ending = _ending(data, url)
        stem = slug(PurePosixPath(unquote(urlsplit(url).path)).stem) or "picture"
        digest = fingerprint_bytes(data)
        folder = self._media.root / year
        known = self._known(folder)
        if digest in known:
            return known[digest]
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.stem for path in folder.iterdir()}
        path = folder / f"{free_name(stem, names)}{ending}"
        write_whole(path, data)
        relative = path.relative_to(self._media.root).as_posix()
        if flaw := self._media.find(relative).flaw:
            path.unlink()
            raise PictureError(str(flaw.replace(path=url)))
        known[digest] = relative
        self.new.append(relative)
        return relative

    def _known(self, folder: Path) -> dict[str, str]:
        """Give the files of a folder by their digests, where an earlier import may have left them."""
        if folder not in self._digests:
            files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
            self._digests[folder] = {
                fingerprint_bytes(path.read_bytes()): path.relative_to(self._media.root).as_posix()
                for path in sorted(files)
            }
        return self._digests[folder]


def _ending(data: bytes, url: str) -> str:
    """Tell how a picture's file is to end, by its content."""
    try:
        quietly = warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning)
        with quietly, Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as picture:
            return FORMATS[str(picture.format)][1][0]
    except Exception:  # Pillow raises of many kinds
        raise PictureError(f"{url} is not a picture that readers show (expected JPEG, PNG, GIF or WebP)") from None
