"""Fingerprints: digests of values and bytes, and file states. Equal ones mean equal content."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

FileState = tuple[int, ...]
"""Modification and change times in ns, size in bytes, and inode: differs after any change to the file."""


def fingerprint(*values: Any) -> str:
    """Return 128 bits of the SHA-256 of the values' canonical JSON, in hex.

    Values may be JSON types, dates, dataclasses and pydantic models; anything else is converted
    with `str()`. Keys are sorted, so that equal mappings have equal fingerprints.
    """
    plain = to_jsonable_python(values, fallback=str)
    return fingerprint_bytes(json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def fingerprint_bytes(data: bytes) -> str:
    """Return 128 bits of the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()[:32]


def state_of(status: os.stat_result) -> FileState:
    """Return the file state in an `os.stat()` result."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def file_state(path: Path | str) -> FileState | None:
    """Return the state of a file, or None if it cannot be accessed."""
    try:
        return state_of(os.stat(path))
    except OSError:
        return None
