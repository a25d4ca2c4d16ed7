"""StateFolder: what outlives a process: the manifest, the last valid text of each article file, and caches.

It makes no decisions. If the folder cannot be used, that is logged once, and the service runs without stored state.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from feeds.base import log
from feeds.base.atomic import atomic_write
from feeds.base.fingerprint import FileState, file_state
from feeds.base.locks import FileLock
from feeds.feed.manifest import Manifest

BUILT_FILE = "built.json"
"""Name of the file with the hubs and topics of the last build."""

NOTIFIED_FILE = "told.json"
"""Name of the file with the topics that each hub was notified of."""

BuiltTopics = tuple[tuple[str, ...], dict[str, str]]
Kind = TypeVar("Kind")

_BUILT_TOPICS: TypeAdapter[BuiltTopics] = TypeAdapter(BuiltTopics)
_NOTIFIED_TOPICS: TypeAdapter[dict[str, dict[str, str]]] = TypeAdapter(dict[str, dict[str, str]])

logger = logging.getLogger(__name__)


class StateFolder:
    """A folder for our own state, shared by all processes of one machine."""

    def __init__(self, root: Path) -> None:
        """Set the folder. Nothing is created or read yet."""
        self.root = root
        self._is_error_logged = False
        self._cached_manifest: tuple[FileState | None, Manifest] | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock out other processes until the block ends.

        The kernel releases the lock if the process ends (flock).
        """
        lock = FileLock(self.root / "lock")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            self.log_error(error)
        try:
            yield
        finally:
            lock.release()

    def read_manifest(self) -> Manifest | None:
        """Return the manifest, or None if there is none. A damaged file is logged and renamed."""
        path = self.root / "manifest.json"
        try:
            state = file_state(path)
            if self._cached_manifest is None or self._cached_manifest[0] != state:
                self._cached_manifest = (state, Manifest.from_json(path.read_bytes()))
            return self._cached_manifest[1]
        except FileNotFoundError:
            return None
        except OSError as error:
            self.log_error(error)
        except ValueError as error:
            backup = path.with_name(f"manifest.damaged-{os.getpid()}.json")
            logger.error("%s: %s; it is renamed to %s, and a new one is started", path, error, backup.name)
            with suppress(OSError):
                path.rename(backup)
        return None

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest."""
        with suppress(OSError):  # already logged
            path = self._write("manifest.json", manifest.to_json(with_past=True))
            self._cached_manifest = (file_state(path), manifest)

    def _write(self, name: str, data: bytes) -> Path:
        """Write a file atomically. Raises OSError, which is logged, as is the first success after it."""
        path = self.root / name
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            atomic_write(path, data)
        except OSError as error:
            self.log_error(error)
            raise
        if self._is_error_logged:
            log.log_event("state", folder=str(self.root), outcome="can be used again")
            self._is_error_logged = False
        return path

    def read_built_topics(self) -> BuiltTopics | None:
        """Return the hubs of the last complete build, and the digests of its topics by URL, or None."""
        return self._read(BUILT_FILE, _BUILT_TOPICS)

    def write_built_topics(self, built: BuiltTopics) -> None:
        """Write the hubs and topics of a build."""
        with suppress(OSError):  # already logged
            self._write(BUILT_FILE, _BUILT_TOPICS.dump_json(built, indent=1))

    def read_notified_topics(self) -> dict[str, dict[str, str]]:
        """Return the topics that each hub was notified of: digests by topic.

        If that cannot be read, it is empty, and hubs are notified of everything again.
        """
        return self._read(NOTIFIED_FILE, _NOTIFIED_TOPICS) or {}

    def write_notified_topics(self, notified_topics: Mapping[str, Mapping[str, str]]) -> None:
        """Write the topics that each hub was notified of."""
        with suppress(OSError):  # already logged
            self._write(NOTIFIED_FILE, json.dumps(notified_topics, indent=1).encode())

    def _read(self, name: str, kind: TypeAdapter[Kind]) -> Kind | None:
        """Return the content of a JSON file, or None if it is missing or damaged, which is logged."""
        try:
            return kind.validate_json((self.root / name).read_bytes())
        except FileNotFoundError:
            pass
        except OSError as error:
            self.log_error(error)
        except ValueError:
            logger.error("%s is damaged; a new one is started", self.root / name)
        return None

    def log_error(self, error: Exception) -> None:
        """Log once that the folder cannot be used. The next successful write resets this."""
        if not self._is_error_logged:
            logger.error("%s cannot be used: %s; until it can, nothing is stored across restarts", self.root, error)
            self._is_error_logged = True
