"""Access logs: read files, plain or compressed, as requests.

It counts nothing and knows no log format: `log_formats` does.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from io import BufferedReader
from typing import IO, cast

from .log_formats import KNOWN_FORMATS, LogParser, Request, SkippedLines, detect_parser, unusable_format

READ_BLOCK_BYTES = 1 << 20
"""Bytes to read at a time."""


MAX_LINE_BYTES = 1 << 16
"""Maximum bytes kept of an unfinished line; no line of a request is longer."""


_DECOMPRESSORS: dict[bytes, Callable[[BufferedReader], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"


class LogError(Exception):
    """Raised if a log cannot be read, with a message for administrators."""


class Log:
    """An open access log, plain or compressed. Iterating yields its requests once, block by block."""

    def __init__(self, name: str, file: BufferedReader) -> None:
        """Read the first bytes, and decompress the log if it is compressed. Raises LogError."""
        start = file.peek(6)[:6]
        if start.startswith(_ZSTANDARD_MAGIC):
            raise LogError(f"{name} is compressed with zstd (use a pipe: zstdcat {name} | feeds audience -)")
        decompress = next((decompress for magic, decompress in _DECOMPRESSORS.items() if start.startswith(magic)), None)
        self._stream = cast(IO[bytes], decompress(file)) if decompress else file
        self.skipped_lines = SkippedLines(name)

    def __iter__(self) -> Iterator[Iterator[Request]]:
        """Yield the requests. `skipped_lines` is complete after the last one. Raises LogError."""
        parser: LogParser | None = None
        try:
            for lines in _line_blocks(self._stream):
                parser = parser or detect_parser(lines)
                if parser:
                    yield parser(lines, self.skipped_lines)
                else:
                    if name := unusable_format(lines):
                        raise LogError(
                            f"{self.skipped_lines.name} is in the format of {name}, which has no User-Agent "
                            "(make the server write the combined format)"
                        )
                    for number, line in enumerate(lines, 1):
                        if line.strip():
                            self.skipped_lines.add(number)
                self.skipped_lines.read += len(lines)
            if parser is None and self.skipped_lines.lines:
                raise LogError(f"{self.skipped_lines.name} is not a known access log (expected {KNOWN_FORMATS})")
        except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:  # truncated or damaged
            raise LogError(f"{self.skipped_lines.name}: {error} (expected a complete file)") from None

    def first_day(self) -> date:
        """Return the day of the first request, or `date.max` if there is none."""
        return next((request[1] for block in self for request in block), date.max)


def _line_blocks(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """Yield blocks of lines without their line ends. Only the start of an overlong line is kept."""
    rest = b""
    while block := stream.read(READ_BLOCK_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        rest = rest[:MAX_LINE_BYTES]
        if lines:
            yield lines
    if rest:
        yield [rest]
