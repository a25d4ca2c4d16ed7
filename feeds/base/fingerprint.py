"""ContentState: a digest of which files a content folder has and in what states, without reading any of them.

Two that are equal are of the same content. It knows no key of a file, and decides nothing.
"""

from __future__ import annotations

import os

ENDING = ".yaml"
"""What the names of article files end with."""

State = tuple[int, ...]
"""What changes when a file does: times of its last changes, size, and number."""


def state_of(found: os.stat_result) -> State:
    """Take from what the system tells of a file what changes when it does."""
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
