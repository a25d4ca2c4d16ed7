"""BodyStore: keeps article bodies in a temporary file, since most of them are rarely needed again.

The file has no name, and is deleted when the process ends. Forked processes can read it, but not write to it.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict, deque
from threading import Lock

BLOCK_BYTES = 512
"""Size of a block. A body takes a power of two of blocks, so that its space can be reused for another one.

The space freed by a body that keeps growing is smaller than the space that it takes.
"""


class BodyStore:
    """Bodies in a file. The space of a body is reused once nothing refers to it."""

    def __init__(self) -> None:
        """Open no file yet."""
        self._process = os.getpid()
        self._descriptor: int | None = None
        self._end = 0  # in blocks
        self._free: defaultdict[int, list[int]] = defaultdict(list)  # positions by size, both in blocks
        self._released: deque[tuple[int, int]] = deque()
        self._lock = Lock()

    def put(self, data: bytes) -> StoredBody | None:
        """Store a body in UTF-8. Return None if writing fails, or if the store was made by a parent process."""
        if os.getpid() != self._process:
            return None
        size = _blocks(len(data))
        with self._lock:
            while self._released:
                released_position, released_size = self._released.popleft()
                self._free[released_size].append(released_position)
            free = self._free[size]
            position = free.pop() if free else self._end
            try:
                if self._descriptor is None:
                    with tempfile.TemporaryFile() as file:
                        self._descriptor = os.dup(file.fileno())  # it is closed with the store, and not earlier
                if os.pwrite(self._descriptor, data, position * BLOCK_BYTES) < len(data):
                    raise OSError
            except OSError:
                if position != self._end:
                    free.append(position)
                return None
            self._end = max(self._end, position + size)
        return StoredBody(self, position, len(data))

    def read(self, position: int, length: int) -> str:
        """Return the text at a position. Raises OSError."""
        assert self._descriptor is not None, "a text was stored"
        return os.pread(self._descriptor, length, position * BLOCK_BYTES).decode()

    def release(self, position: int, length: int) -> None:
        """Free the place of a text. It takes no lock, since the interpreter may call it at any moment."""
        self._released.append((position, _blocks(length)))

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return self._end * BLOCK_BYTES

    def __del__(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)


def _blocks(length: int) -> int:
    """Return how many blocks a text of some bytes takes."""
    return 1 << max((length - 1) // BLOCK_BYTES, 0).bit_length()


class StoredBody:
    """A text in a store."""

    __slots__ = ("_length", "_position", "_store")

    def __init__(self, store: BodyStore, position: int, length: int) -> None:
        """Set the place of the text."""
        self._store, self._position, self._length = store, position, length

    def read(self) -> str:
        """Return the text. Raises OSError."""
        return self._store.read(self._position, self._length)

    def __eq__(self, other: object) -> bool:
        """Return whether both texts are equal."""
        return self is other or (isinstance(other, StoredBody) and self.read() == other.read())

    __hash__ = None  # type: ignore[assignment]

    def __del__(self) -> None:
        """Free the place of the text."""
        self._store.release(self._position, self._length)
