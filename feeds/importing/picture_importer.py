"""Picture importer: saves pictures from elsewhere in `media/`, each once, if every reader can show them.

It overwrites no file.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from PIL import Image

from feeds.base.atomic import atomic_write
from feeds.base.fingerprint import fingerprint_bytes
from feeds.base.http import HttpError
from feeds.content.media import PICTURE_FORMATS, MediaFolder
from feeds.content.reader import free_name
from feeds.model.site_types import slug

from .fetcher import Fetcher

MAX_PICTURE_BYTES = 40_000_000
"""Maximum size of a picture in bytes."""


class PictureError(Exception):
    """Raised if a picture cannot be imported, with a message for users."""


class PictureImporter:
    """Imports the pictures of one import, and remembers the path of each below `media/`."""

    def __init__(self, media: MediaFolder, fetcher: Fetcher) -> None:
        """Set the media folder to write to."""
        self._media, self._fetcher = media, fetcher
        self._results: dict[str, str | PictureError] = {}
        self._digests: dict[Path, dict[str, str]] = {}
        self.new_files: list[str] = []

    def import_picture(self, url: str, year: str) -> str:
        """Return the path below `media/` of the picture at an address, which is fetched once.

        Raises PictureError.
        """
        if url not in self._results:
            try:
                self._results[url] = self._fetch(url, year)
            except (HttpError, PictureError) as error:
                self._results[url] = PictureError(str(error))
        result = self._results[url]
        if isinstance(result, PictureError):
            raise result
        return result

    def _fetch(self, url: str, year: str) -> str:
        data = self._fetcher.get(url, max_bytes=MAX_PICTURE_BYTES).data
        extension = _extension(data, url)
        stem = slug(PurePosixPath(unquote(urlsplit(url).path)).stem) or "picture"
        digest = fingerprint_bytes(data)
        folder = self._media.root / year
        known_files = self._files_by_digest(folder)
        if digest in known_files:
            return known_files[digest]
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.stem for path in folder.iterdir()}
        path = folder / f"{free_name(stem, names)}{extension}"
        atomic_write(path, data)
        relative = path.relative_to(self._media.root).as_posix()
        if flaw := self._media.find(relative).flaw:
            path.unlink()
            raise PictureError(str(flaw.replace(path=url)))
        known_files[digest] = relative
        self.new_files.append(relative)
        return relative

    def _files_by_digest(self, folder: Path) -> dict[str, str]:
        """Return the files of a folder by digest, since an earlier import may have written them."""
        if folder not in self._digests:
            files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
            self._digests[folder] = {
                fingerprint_bytes(path.read_bytes()): path.relative_to(self._media.root).as_posix()
                for path in sorted(files)
            }
        return self._digests[folder]


def _extension(data: bytes, url: str) -> str:
    """Return the file extension for a picture, according to its content."""
    try:
        without_warnings = warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning)
        with without_warnings, Image.open(io.BytesIO(data), formats=tuple(PICTURE_FORMATS)) as picture:
            return PICTURE_FORMATS[str(picture.format)][1][0]
    except Exception:  # Pillow raises many types
        raise PictureError(f"{url} is not a picture that readers show (expected JPEG, PNG, GIF or WebP)") from None
