"""Compressed copies of files, which web servers and hosts look for next to each file. It writes nothing."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from feeds.edition.document import compress_brotli, compress_gzip, worth_compressing

from .export import ExportedFile

ENDINGS = (".gz", ".br")
"""The suffixes of compressed copies."""

BEST_QUALITY, BEST_GZIP_LEVEL = 10, 9
"""Levels of Brotli and gzip for the files that are fetched most. They save a tenth, and take twenty times as long.

Brotli's level 11 saves two per cent more, and takes three times as long again.
"""

MAX_BEST_BYTES = 500_000
"""Size in bytes above which Brotli's best level takes seconds."""

_MAX_NAME_BYTES = 255
"""Maximum length of a file name in bytes."""

CompressedCopies = Mapping[str, bytes | None]
"""The compressed copies of a file by suffix. None if a copy is not worth keeping."""


def compress(file: ExportedFile, endings: tuple[str, ...]) -> CompressedCopies:
    """Return the copies of a file with some suffixes."""
    content = file.content
    if not content.is_text or isinstance(content.source, Path):  # an author may have a file with that name
        return dict.fromkeys(endings)
    data = content.data
    is_best = file.is_main and len(data) <= MAX_BEST_BYTES
    compressors = {
        ".gz": partial(gzip.compress, compresslevel=BEST_GZIP_LEVEL, mtime=0) if is_best else compress_gzip,
        ".br": partial(compress_brotli, quality=BEST_QUALITY) if is_best else compress_brotli,
    }
    free_bytes = _MAX_NAME_BYTES - len(os.fsencode(file.name.rpartition("/")[2]))
    copies = {ending: compressors[ending](data) if len(ending) <= free_bytes else data for ending in endings}
    return {
        ending: compressed if worth_compressing(compressed, data) else None for ending, compressed in copies.items()
    }
