"""Locks on files, which the kernel releases when their process ends."""

from __future__ import annotations

import fcntl
from typing import IO


def is_free(file: IO[str]) -> bool:
    """Take the lock of a file, unless another process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
