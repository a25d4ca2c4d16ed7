"""ContentState: a digest of which files a content folder has and in what states, without reading any of them.

Two that are equal are of the same content. It knows no key of a file, and decides nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

ENDING = ".yaml"
"""What the names of article files end with."""

State = tuple[int, ...]
"""What changes when a file does: times of its last changes, size, and number."""


def state_of(found: os.stat_result) -> State:
    """Take from what the system tells of a file what changes when it does."""
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def digest_of(states: Iterable[tuple[str, State]]) -> str:
    """Make the digest of files, by their names below the folder and their states, in any order."""
    found = hashlib.sha256()
    for name, state in sorted(states):
        found.update(f"{name}\0{state}\0".encode(errors="surrogateescape"))
    return found.hexdigest()


def content_state(root: Path) -> str:
    """Look at a content folder: its site file, its article files, and all below `media/`.

    Raises OSError where something cannot be looked at, or is a link: what that leads to may be anything.
    """
    states = [("site.yaml", state_of(os.lstat(root / "site.yaml")))]
    states += (each for each in _below(str(root / "articles"), "articles/") if each[0].endswith(ENDING))
    if (root / "media").exists():
        states += _below(str(root / "media"), "media/", with_hidden=True)
    return digest_of(states)


def _below(folder: str, prefix: str, *, with_hidden: bool = False) -> Iterator[tuple[str, State]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not with_hidden and entry.name.startswith("." if is_folder else (".", "#", "~")):
                continue
            if entry.is_symlink():
                raise OSError(f"{entry.path} is a link")
            if is_folder:
                yield from _below(entry.path, f"{prefix}{entry.name}/", with_hidden=with_hidden)
            elif entry.is_file():
                yield prefix + entry.name, state_of(entry.stat())
