"""PictureStore: the renditions of pictures, in a folder. `rendering` makes each of them once, in a child process.

The caller decides which pictures are needed. The name of a file identifies its original and its size. A half-written
file never has such a name.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import PIL

from feeds.base.atomic import atomic_write
from feeds.base.fingerprint import FileState, file_state
from feeds.base.locks import FileLock
from feeds.model.problems import InvalidValue, Message
from feeds.model.renditions import (
    CARD_SIZE,
    FEED_PICTURE_PIXELS,
    MAX_RENDITION_BYTES,
    Original,
    Pictures,
    Rendition,
    TitleCard,
    crop_box,
    scaled_size,
)

from . import rendering
from .media import MediaFolder
from .rendering import UNREADABLE_SECONDS, Rendered, RenderError, Version

RENDITION_TYPES = {"jpg": "image/jpeg", "png": "image/png"}

INDEX = "index.txt"
"""Name of the file with a line for each rendition: its SHA-256, its length and its name."""

FAILED_SUFFIX = ".failed"
"""Suffix of the file that records that an original cannot be decoded, and why."""

CARD_BATCH = 100
"""Maximum number of title cards that one process draws."""

CARD_RETRY_SECONDS = 600
"""Seconds after which title cards that could not be drawn are tried again."""

INTERRUPTED_SECONDS = 600
"""Seconds after which a picture is tried again if the service stopped twice while it was decoded."""

_INTERRUPTED = "the service stopped while it was decoded"

_RENDITION_NAME = re.compile(r"([0-9a-f]{20})-([0-9]+)x([0-9]+)\.(jpg|png)")

logger = logging.getLogger(__name__)


def render(path: Path, size: tuple[int, int], versions: Sequence[Version]) -> list[Rendered]:
    """Render versions of a picture; tests replace this function, since it starts a process."""
    return rendering.render_in_child(path, size, versions)


def draw(cards: Sequence[Mapping[str, str | None]]) -> list[bytes]:
    """Draw title cards; tests replace this function, since it starts a process."""
    return rendering.draw_in_child(cards)


class PictureStore:
    """The renditions of a site's pictures. They are in a temporary folder if the given one is not writable.

    `pictures` contains the renditions that exist. It is replaced by another object when that changes.
    """

    def __init__(self, media: MediaFolder, root: Path | None) -> None:
        """Set the folder of originals and that of renditions. Nothing is read yet."""
        self.pictures = Pictures()
        self._media, self._root = media, root
        self._folder: Path | None = None
        self._folder_state: object = None  # state of the folder and its index when they were last read
        self._index: dict[str, tuple[str, int]] = {}  # SHA-256 and length of the renditions by name
        self._verified_states: dict[str, FileState] = {}
        self.loss_count = 0  # how often a known rendition was missing when the folder was read
        self._is_error_logged = False
        self.failures: dict[Original, Message] = {}  # originals that cannot be decoded, and why
        self._retry_times: dict[Original, float] = {}  # when they may be tried again
        self._failed_cards: dict[TitleCard, float] = {}  # when they may be drawn again
        self._thread_lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """The folder of the renditions: the given one, or a temporary one if that is not usable."""
        if self._folder is None:
            self._folder = self._writable_root() or self._temporary_folder()
        return self._folder

    def refresh(self) -> Pictures:
        """Return the renditions in the folder, which is read again if it changed.

        Another process may have added some, and somebody may have removed or damaged some.
        """
        if self._folder is None and self._root is None:
            return self.pictures  # no folder was created, so nothing can be in it
        try:
            state = self.folder.stat().st_mtime_ns, file_state(self.folder / INDEX)
            if state != self._folder_state:
                self._index = self._read_index()
                matches = ((_RENDITION_NAME.fullmatch(entry.name), entry) for entry in os.scandir(self.folder))
                renditions = {
                    match[1]: _rendition(match, length)
                    for match, entry in matches
                    if match and (length := self._known_length(entry)) is not None
                }
                self.loss_count += not self.pictures.renditions.keys() <= renditions.keys()
                self._replace_pictures(renditions)
                self._folder_state = state
        except OSError as error:
            self._reset_folder(error)
        return self.pictures

    def _replace_pictures(self, renditions: Mapping[str, Rendition]) -> None:
        failed = frozenset(card.card_stem for card in self._failed_cards)
        if (renditions, failed) != (self.pictures.renditions, self.pictures.failed_cards):
            self.pictures = Pictures(renditions, failed)

    def _read_index(self) -> dict[str, tuple[str, int]]:
        """Return the digests and lengths of the renditions by name. A line that is damaged is left out."""
        with suppress(FileNotFoundError):
            text = (self.folder / INDEX).read_text(encoding="ascii", errors="replace")
            lines = (line.split("  ") for line in text.splitlines())
            return {line[2]: (line[0], int(line[1])) for line in lines if len(line) == 3 and line[1].isdigit()}
        return {}

    def _known_length(self, entry: os.DirEntry[str]) -> int | None:
        """Return the length of a rendition, or None if it is not the length in the index."""
        length = entry.stat().st_size
        return length if self._index.get(entry.name, ("", -1))[1] == length else None

    def verified_path(self, name: str) -> Path | None:
        """Return the path of a version if its digest is that in the index, else None. A damaged file is removed.

        The file is read at the first call, and again if it changes.
        """
        path = self.folder / name
        state = file_state(path)
        if state and name not in self._index:
            self.refresh()  # another process may have made it
        digest, _ = self._index.get(name, ("", 0))
        if state is None or not digest:
            return None
        if self._verified_states.get(name) != state:
            with suppress(OSError):
                if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                    self._verified_states[name] = state
                    return path
                logger.warning("%s is damaged; it is made again", path)
                path.unlink()
            return None
        return path

    def is_missing(self, original: Original) -> bool:
        """Return whether a rendition of an original is still missing. False while it counts as undecodable."""
        return original not in self.failures and self.pictures.of(original) is None

    def make(self, original: Original) -> bool:
        """Create the feed picture and the card of an original. One that cannot be decoded is added to `failures`.

        Return False if the folder cannot be used, which is logged once; then the renditions stay missing.
        """
        versions = {original.feed_stem: _feed_version(original), original.card_stem: _card_version(original)}
        try:
            with self._exclusive():
                self.refresh()
                if self.is_missing(original):
                    known = self.pictures.renditions
                    self._make(original, {stem: version for stem, version in versions.items() if stem not in known})
            self.refresh()
        except OSError as error:
            self._reset_folder(error)
            return False
        return True

    def draw(self, cards: Collection[TitleCard]) -> bool:
        """Draw the missing title cards. Return False if the folder is not writable or no process can be started."""
        try:
            with self._exclusive():
                self.refresh()
                missing = self.missing_cards(cards)
                for start in range(0, len(missing), CARD_BATCH):
                    self._draw(missing[start : start + CARD_BATCH])
            self.refresh()
        except OSError as error:
            self._reset_folder(error)
            return False
        return True

    def missing_cards(self, cards: Collection[TitleCard]) -> list[TitleCard]:
        """Return the title cards that are still to be drawn."""
        return [card for card in cards if self.pictures.card(card) is None and card not in self._failed_cards]

    def _draw(self, cards: Sequence[TitleCard]) -> None:
        try:
            drawn = draw([self._drawing(card) for card in cards])
        except RenderError as error:
            logger.error("title cards cannot be drawn: %s", error)
            self._failed_cards.update(dict.fromkeys(cards, time.time() + CARD_RETRY_SECONDS))
            self._replace_pictures(self.pictures.renditions)
            return
        for card, data in zip(cards, drawn, strict=True):
            self._write(card.name_of_file, data)

    def _drawing(self, card: TitleCard) -> dict[str, str | None]:
        logo = str(self._media.path_of(card.logo)) if card.logo else None
        return {"title": card.title, "kicker": card.kicker, "name": card.name, "accent": card.accent, "logo": logo}

    def make_small_pictures(self, original: Original) -> None:
        """Create the smaller pictures for pages that are missing."""
        try:
            if original in self.failures or all(self.verified_path(name) for name in original.small_names):
                return
            with self._exclusive():
                self.refresh()
                missing = {name: width for name, width in original.small_names.items() if not self.verified_path(name)}
                self._make(original, {name: _page_version(original, width) for name, width in missing.items()})
            self.refresh()
        except OSError as error:
            self._reset_folder(error)

    def _make(self, original: Original, versions: dict[str, Version]) -> None:
        """Render versions and write them. The keys are names of files, or stems to which the size is added.

        An attempt is recorded before it is made, so that one that crashes the service or the machine is not repeated
        again and again. Raises OSError.
        """
        if not versions or self._has_failed(original) or not self._is_current(original):
            return  # a file that was replaced is read and queued again
        record = self.folder / f"{original.feed_stem}{FAILED_SUFFIX}"
        self._record_attempt(record)
        try:
            rendered = render(self._media.path_of(original.file), _size(original), list(versions.values()))
        except RenderError as error:
            if error.retry_seconds > UNREADABLE_SECONDS:
                self._record_failure(record, str(error), error.retry_seconds)
            else:
                self._clear_failure(record)
            self._set_failure(original, str(error), time.time() + error.retry_seconds)
            return
        except InterruptedError:
            self._clear_failure(record)
            return
        except OSError as error:  # no process could be started
            self._clear_failure(record)
            raise OSError(error.errno, f"no picture can be decoded: {error.strerror}") from None
        self._clear_failure(record)
        if self._is_current(original):  # else the file was replaced meanwhile, and is read again next
            for name, (ending, data) in zip(versions, rendered, strict=True):
                self._write(name if "." in name else f"{name}-{ending}", data)

    def _write(self, name: str, data: bytes) -> None:
        with (self.folder / INDEX).open("a", encoding="ascii") as index:
            index.write(f"{hashlib.sha256(data).hexdigest()}  {len(data)}  {name}\n")
        atomic_write(self.folder / name, data)

    def _record_attempt(self, record: Path) -> None:
        """Record that an attempt begins. If the previous one was interrupted, too, the next one has to wait."""
        was_interrupted = False
        with suppress(OSError, ValueError, KeyError, TypeError):
            was_interrupted = json.loads(record.read_bytes())["reason"] == _INTERRUPTED
        self._record_failure(record, _INTERRUPTED, INTERRUPTED_SECONDS if was_interrupted else 0)

    def _record_failure(self, record: Path, reason: str, seconds: float) -> None:
        values = {"reason": reason, "until": time.time() + seconds, "limits": _LIMITS}
        atomic_write(record, json.dumps(values, ensure_ascii=False).encode())

    def _clear_failure(self, record: Path) -> None:
        try:
            record.unlink()
        except OSError:
            self._record_failure(record, "", 0)

    def _has_failed(self, original: Original) -> bool:
        """Return whether an attempt to decode an original failed, in any process, and if so, add it to `failures`."""
        try:
            values = json.loads((self.folder / f"{original.feed_stem}{FAILED_SUFFIX}").read_bytes())
            if values["limits"] != _LIMITS or time.time() > values["until"]:
                return False
            reason = str(values["reason"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        self._set_failure(original, reason, float(values["until"]))
        return True

    def _set_failure(self, original: Original, reason: str, until: float) -> None:
        self.failures[original] = _decode_message(original, reason)
        self._retry_times[original] = until

    def forget_old_failures(self) -> list[Original]:
        """Forget the failures that are old enough, and return their originals, which may be tried again."""
        now = time.time()
        originals = [original for original, until in list(self._retry_times.items()) if now > until]
        for original in originals:
            self._retry_times.pop(original, None)
            self.failures.pop(original, None)
        return originals

    def forget_failed_cards(self) -> list[TitleCard]:
        """Forget the failures to draw cards that are old enough, and return these cards."""
        now = time.time()
        cards = [card for card, until in list(self._failed_cards.items()) if now > until]
        for card in cards:
            self._failed_cards.pop(card, None)
        return cards

    def _is_current(self, original: Original) -> bool:
        """Return whether the file of an original still has the bytes that were measured."""
        try:
            return self._media.find(original.file.path, is_upload_accepted=True).digest == original.file.digest
        except InvalidValue as error:
            if error.message.code == "media-unreadable":
                self._set_failure(original, str(error), time.time() + UNREADABLE_SECONDS)
            return False

    def decode_error(self, original: Original) -> Message | None:
        """Return why an original cannot be decoded, or None. Nothing is written."""
        try:
            render(self._media.path_of(original.file), _size(original), [])
            return None
        except (RenderError, OSError) as error:
            return _decode_message(original, str(error))

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
        self._folder, self._folder_state = None, None

    def _log_error(self, error: OSError) -> None:
        if not self._is_error_logged:
            logger.error("%s cannot be used: %s; until it can, pictures are missing or made again", self._root, error)
            self._is_error_logged = True


_LIMITS = [PIL.__version__, rendering.MEMORY_BYTES, rendering.DEADLINE_SECONDS]
"""What a failure depends on besides the file. With other limits, or another Pillow, the picture is tried again."""


def _size(original: Original) -> tuple[int, int]:
    return original.file.width or 1, original.file.height or 1


def _feed_version(original: Original) -> Version:
    return Version(scaled_size(*_size(original), FEED_PICTURE_PIXELS), None, "feed", MAX_RENDITION_BYTES)


def _card_version(original: Original) -> Version:
    return Version(CARD_SIZE, crop_box(*_size(original), original.focus), "card", MAX_RENDITION_BYTES)


def _page_version(original: Original, width: int) -> Version:
    full_width, full_height = _size(original)
    return Version((width, max(round(full_height * width / full_width), 1)), None, "page")


def _decode_message(original: Original, reason: str) -> Message:
    return Message.of("picture-not-decoded", path=f"media/{original.file.path}", reason=reason)


def _rendition(name: re.Match[str], length: int) -> Rendition:
    return Rendition(name[0], RENDITION_TYPES[name[4]], length, int(name[2]), int(name[3]))
