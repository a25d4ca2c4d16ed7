"""Makes glibc's allocator return memory to the system (mallopt(3)). With any other libc, it does nothing."""

from __future__ import annotations

import ctypes
import platform
from contextlib import suppress

THRESHOLD_BYTES = 128 * 1024
"""glibc's initial threshold. Setting it explicitly stops glibc from raising it when large blocks are freed."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def configure_allocator() -> None:
    """Use one arena for all threads, and fixed thresholds, so that more of the freed memory can return."""
    for option, value in (
        (_M_ARENA_MAX, 1),
        (_M_TRIM_THRESHOLD, THRESHOLD_BYTES),
        (_M_MMAP_THRESHOLD, THRESHOLD_BYTES),
    ):
        _call("mallopt", option, value)


def trim_heap() -> None:
    """Return all freed memory to the system (malloc_trim(3))."""
    _call("malloc_trim", 0)


def _call(function: str, *arguments: int) -> None:
    if platform.libc_ver()[0] == "glibc":
        with suppress(OSError, AttributeError):
            getattr(ctypes.CDLL(None), function)(*arguments)
