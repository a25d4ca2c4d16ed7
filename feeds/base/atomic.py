"""Atomic file writes: data goes to a temporary file first, so that nobody sees a partial file."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

TEMPORARY_PREFIX = "new-"
"""Prefix of the temporary file's name."""


def atomic_write(
    path: Path,
    source: bytes | Path,
    *,
    modified: datetime | None = None,
    is_durable: bool = True,
    is_new: bool = False,
    prefix: str = TEMPORARY_PREFIX,
    mode: int = 0o644,
) -> int:
    """Write bytes, or a copy of a file, and return the length.

    With `is_durable`, the data is on disk on return. With `is_new`, an existing file is not
    replaced. Raises OSError, and then removes the temporary file.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with open(descriptor, "wb") as file:
            if isinstance(source, Path):
                with source.open("rb") as original:
                    shutil.copyfileobj(original, file)
            else:
                file.write(source)
            length = file.tell()
            file.flush()
            os.fchmod(descriptor, mode)
            if is_durable:
                os.fsync(descriptor)
            if modified:
                os.utime(descriptor, (modified.timestamp(),) * 2)
        if is_new:
            os.link(name, path)
            os.unlink(name)
        else:
            os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    return length
