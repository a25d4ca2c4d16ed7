"""Media importer: stores pictures in `media/`, once each, if all feed readers can show them.

It also stores other files of an imported folder. It overwrites no files.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from urllib.parse import unquote

from PIL import Image

from feeds.base.atomic import atomic_write
from feeds.base.fingerprint import fingerprint_bytes
from feeds.base.http import HttpError
from feeds.content.media import PICTURE_FORMATS, MediaFolder
from feeds.content.reader import free_name
from feeds.model.media_types import guess_type
from feeds.model.problems import Message
from feeds.model.site_types import slug

from .fetcher import Fetcher
from .notes import Note
from .old_feed import split_url

MAX_FILE_BYTES = 40_000_000
"""Maximum size of a file in bytes."""


class MediaError(Exception):
    """Raised if a picture cannot be imported, with a reason for users."""

    def __init__(self, reason: str | Message) -> None:
        """Set the reason."""
        self.reason: str | Message = reason
        super().__init__(str(reason))


class MediaImporter:
    """Imports the files of one import, and remembers the path of each below `media/`."""

    def __init__(self, media: MediaFolder, fetcher: Fetcher, files: Mapping[str, Path] = MappingProxyType({})) -> None:
        """Set the media folder to write to. `files` maps addresses to local files, which are not fetched."""
        self._media, self._fetcher, self._files = media, fetcher, files
        self._results: dict[str, str | MediaError] = {}
        self._digests: dict[Path, dict[str, str]] = {}
        self.new_files: list[str] = []

    def import_picture(self, url: str, year: str) -> str:
        """Return the path below `media/` of the picture at an address, which is fetched once.

        Raises MediaError.
        """
        result = self._cached(url, lambda: self._fetch(url, year))
        if isinstance(result, MediaError):
            raise result
        return result

    def import_file(self, url: str, year: str) -> str | None:
        """Return the path below `media/` of a file in the imported folder, or None if it cannot be stored."""
        path = PurePosixPath(unquote(split_url(url).path))
        if url not in self._files or guess_type(path.name) is None:
            return None
        result = self._cached(url, lambda: self._store(self._read(url), year, path.stem, path.suffix.lower()))
        return None if isinstance(result, MediaError) else result

    def _cached(self, url: str, store: Callable[[], str]) -> str | MediaError:
        """Return the path for an address, or the reason why there is none. Each is stored only once."""
        if url not in self._results:
            try:
                self._results[url] = store()
            except MediaError as error:
                self._results[url] = error
            except HttpError as error:
                self._results[url] = MediaError(str(error))
        return self._results[url]

    def _fetch(self, url: str, year: str) -> str:
        data = self._read(url) if url in self._files else self._fetcher.get(url, max_bytes=MAX_FILE_BYTES).data
        return self._store(data, year, PurePosixPath(unquote(split_url(url).path)).stem, _extension(data, url), url)

    def _store(self, data: bytes, year: str, stem: str, extension: str, url: str = "") -> str:
        """Return the path of a new file below `media/`, or of one with the same bytes. Raises MediaError."""
        digest = fingerprint_bytes(data)
        folder = self._media.root / year
        known_files = self._files_by_digest(folder)
        if digest in known_files:
            return known_files[digest]
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.stem for path in folder.iterdir()}
        path = folder / f"{free_name(slug(stem) or 'file', names)}{extension}"
        atomic_write(path, data)
        relative = path.relative_to(self._media.root).as_posix()
        if flaw := self._media.find(relative).flaw:
            path.unlink()
            raise MediaError(flaw.replace(path=url))
        known_files[digest] = relative
        self.new_files.append(relative)
        return relative

    def _read(self, url: str) -> bytes:
        file = self._files[url]
        try:
            if file.stat().st_size > MAX_FILE_BYTES:
                raise MediaError(
                    Note.of("{file} is larger than {size} MB", file=file, size=MAX_FILE_BYTES // 1_000_000)
                )
            return file.read_bytes()
        except OSError as error:
            raise MediaError(Note.of("{file} cannot be read: {reason}", file=file, reason=error.strerror)) from None

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
    """Return the file extension that matches the content of a picture."""
    try:
        without_warnings = warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning)
        with without_warnings, Image.open(io.BytesIO(data), formats=tuple(PICTURE_FORMATS)) as picture:
            return PICTURE_FORMATS[str(picture.format)][1][0]
    except Exception:  # Pillow raises many types
        reason = Note.of("{url} is not a picture that feed readers display (expected JPEG, PNG, GIF or WebP)", url=url)
        raise MediaError(reason) from None
