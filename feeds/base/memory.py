"""Settings of glibc's allocator that return memory to the system (mallopt(3)). Elsewhere they do nothing."""

from __future__ import annotations

import ctypes
import platform
from contextlib import suppress

THRESHOLD_BYTES = 128 * 1024
"""glibc's first threshold, which it raises by itself after a large block was freed."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def return_freed_memory() -> None:
    """Let freed memory return to the system: one arena for all threads, and fixed thresholds."""
    if platform.libc_ver()[0] != "glibc":
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in (
            (_M_ARENA_MAX, 1),
            (_M_TRIM_THRESHOLD, THRESHOLD_BYTES),
            (_M_MMAP_THRESHOLD, THRESHOLD_BYTES),
        ):
            mallopt(option, value)
