"""Fingerprints: digests of values and bytes, and the state of a file; two that are equal stand for equal content."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

FileState = tuple[int, ...]
"""What changes when a file does: times of its last changes in ns, size in bytes, and inode."""


def fingerprint(*values: Any) -> str:
    """Return 128 bits of the SHA-256 of the canonical JSON of some values, in hex.

    Values may be what JSON has, dates, dataclasses and pydantic models; anything else counts as its `str()`. Keys are
    sorted, so that equal mappings have equal fingerprints.
    """
    plain = to_jsonable_python(values, fallback=str)
    return fingerprint_bytes(json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def fingerprint_bytes(data: bytes) -> str:
    """Return 128 bits of the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()[:32]


def state_of(status: os.stat_result) -> FileState:
    """Return the state of a file by what the system says of it."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def file_state(path: Path) -> FileState | None:
    """Return the state of a file, or None where it cannot be looked at."""
    try:
        return state_of(path.stat())
    except OSError:
        return None
