"""Writes a file whole or not at all: under another name first, so that nobody sees half of it; it knows no content."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

PREFIX = "new-"
"""What the other name begins with."""


def write_whole(
    path: Path,
    source: bytes | Path,
    *,
    modified: datetime | None = None,
    is_durable: bool = True,
    is_new: bool = False,
    prefix: str = PREFIX,
) -> int:
    """Write bytes, or a copy of a file, readable for all; give the length.

    A durable one is on the disk when this returns, and a new one takes no other's place. Raises OSError, and then
    nothing is left of it.
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
