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
) -> int:
    """Write bytes, or a copy of a file, with mode 0644, and return the length.

    With `is_durable`, the data is on disk on return. With `is_new`, an existing file is not
    replaced. Raises OSError, and then removes the temporary file.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as file:
        try:
            if isinstance(source, Path):
                with source.open("rb") as original:
                    shutil.copyfileobj(original, file)
            else:
                file.write(source)
            length = file.tell()
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            if is_durable:
                os.fsync(file.fileno())
            if modified:
                os.utime(file.fileno(), (modified.timestamp(),) * 2)
            if is_new:
                os.link(file.name, path)
                os.unlink(file.name)
            else:
                os.replace(file.name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(file.name)
            raise
    return length
