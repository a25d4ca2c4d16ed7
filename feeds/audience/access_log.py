"""Access logs: files of them, plain or compressed, as requests.

It counts nothing, and knows no form: `logforms` does.
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

from .log_formats import KNOWN_FORMS, Reader, Request, Unread, reader_of

BLOCK = 1 << 20
"""Bytes that are read at a time."""


LONGEST = 1 << 16
"""Bytes of a line beyond which it is no request's."""


_MAGIC: dict[bytes, Callable[[BufferedReader], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


class LogError(Exception):
    """A log that cannot be read, in words for administrators."""


class Log:
    """An access log that is open, plain or compressed; it gives its requests once, block by block."""

    def __init__(self, name: str, stored: BufferedReader) -> None:
        """Look at its first bytes, and unpack it if it is compressed. Raises LogError."""
        start = stored.peek(6)[:6]
        if start.startswith(_ZSTANDARD):
            raise LogError(f"{name} is compressed with zstd (use a pipe: zstdcat {name} | flask audience -)")
        unpack = next((unpack for magic, unpack in _MAGIC.items() if start.startswith(magic)), None)
        self._plain = cast(IO[bytes], unpack(stored)) if unpack else stored
        self.unread = Unread(name)

    def __iter__(self) -> Iterator[Iterator[Request]]:
        """Give the requests; `unread` is complete once they are all taken. Raises LogError."""
        read: Reader | None = None
        try:
            for lines in _blocks(self._plain):
                read = read or reader_of(lines)
                if read:
                    yield read(lines, self.unread)
                else:
                    for number, line in enumerate(lines, 1):
                        if line.strip():
                            self.unread.add(number)
                self.unread.read += len(lines)
            if read is None and self.unread.lines:
                raise LogError(f"{self.unread.name} is not a known access log (expected {KNOWN_FORMS})")
        except (EOFError, OSError, lzma.LZMAError, zlib.error) as fault:  # it was cut, or it is damaged
            raise LogError(f"{self.unread.name}: {fault} (expected a complete file)") from None

    def first_day(self) -> date:
        """Tell the day of the first request, or the last of all days if there is none."""
        return next((request[1] for block in self for request in block), date.max)


def _blocks(plain: IO[bytes]) -> Iterator[list[bytes]]:
    """Cut into lines, without their ends; of one that does not end soon, only the start is kept."""
    rest = b""
    while block := plain.read(BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        rest = rest[:LONGEST]
        if lines:
            yield lines
    if rest:
        yield [rest]
