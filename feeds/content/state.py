"""StateFolder: what outlives the process: the manifest, the last good text of each article file, and what was read.

It decides nothing. Where the folder cannot be used, that is told once, and the service goes on without a memory.
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

from feeds.base.atomic import write_whole
from feeds.base.fingerprint import FileState, file_state
from feeds.base.locks import FileLock
from feeds.feed.manifest import Manifest

BUILT = "built.json"
"""The file of the hubs and topics that were built last."""

TOLD = "told.json"
"""The file of what each hub was told."""

Built = tuple[tuple[str, ...], dict[str, str]]
Kind = TypeVar("Kind")

_BUILT: TypeAdapter[Built] = TypeAdapter(Built)
_TOLD: TypeAdapter[dict[str, dict[str, str]]] = TypeAdapter(dict[str, dict[str, str]])

logger = logging.getLogger(__name__)


class StateFolder:
    """A folder of ours, shared by all processes of one machine."""

    def __init__(self, root: Path) -> None:
        """Look at a folder; nothing is made or read yet."""
        self.root = root
        self._is_told = False
        self._known: tuple[FileState | None, Manifest] | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out, until the block ends or the process does: the kernel frees the lock (flock)."""
        lock = FileLock(self.root / "lock")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as fault:
            self.report(fault)
        try:
            yield
        finally:
            lock.release()

    def read_manifest(self) -> Manifest | None:
        """Read the manifest; a damaged one is set aside under another name."""
        path = self.root / "manifest.json"
        try:
            state = file_state(path)
            if self._known is None or self._known[0] != state:
                self._known = (state, Manifest.from_json(path.read_bytes()))
            return self._known[1]
        except FileNotFoundError:
            return None
        except OSError as fault:
            self.report(fault)
        except ValueError as fault:
            aside = path.with_name(f"manifest.damaged-{os.getpid()}.json")
            logger.error("%s: %s; it is set aside as %s, and begun anew", path, fault, aside.name)
            with suppress(OSError):
                path.rename(aside)
        return None

    def write_manifest(self, manifest: Manifest) -> None:
        """Write down the manifest."""
        with suppress(OSError):  # it is told
            path = self._write("manifest.json", manifest.to_json(with_past=True))
            self._known = (file_state(path), manifest)

    def _write(self, name: str, data: bytes) -> Path:
        """Write a file whole. Raises OSError, which is told, and that it is over as well."""
        path = self.root / name
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        except OSError as fault:
            self.report(fault)
            raise
        if self._is_told:
            logger.warning("%s can be used again", self.root)
            self._is_told = False
        return path

    def read_built(self) -> Built | None:
        """Give the hubs and topics of what was built last as a whole: digests by the addresses that were built."""
        return self._read(BUILT, _BUILT)

    def write_built(self, built: Built) -> None:
        """Write down what was built."""
        with suppress(OSError):  # it is told
            self._write(BUILT, _BUILT.dump_json(built, indent=1))

    def read_told(self) -> dict[str, dict[str, str]]:
        """Give what each hub was told: digests by topic; where that cannot be read, all is told again."""
        return self._read(TOLD, _TOLD) or {}

    def write_told(self, told: Mapping[str, Mapping[str, str]]) -> None:
        """Write down what each hub was told."""
        with suppress(OSError):  # it is told
            self._write(TOLD, json.dumps(told, indent=1).encode())

    def _read(self, name: str, kind: TypeAdapter[Kind]) -> Kind | None:
        """Read a JSON file; one that is damaged is told of, and is as none."""
        try:
            return kind.validate_json((self.root / name).read_bytes())
        except FileNotFoundError:
            pass
        except OSError as fault:
            self.report(fault)
        except ValueError:
            logger.error("%s is damaged; it is begun anew", self.root / name)
        return None

    def report(self, fault: Exception) -> None:
        """Log once that the folder cannot be used; the next write that succeeds ends it."""
        if not self._is_told:
            logger.error("%s cannot be used: %s; nothing outlives this process until it can", self.root, fault)
            self._is_told = True
