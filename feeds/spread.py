"""Does one thing for many values, in as many processes as there are cores; what is done is none of its affair."""

from __future__ import annotations

import logging
import os
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")

FEWEST = 500
"""So many values are worth a process of their own."""

MOST = 8
"""Processes at most."""

OWN = 1.3
"""How much more than another this process takes on: results that need not be carried cost less."""

_LENGTH = struct.Struct("<q")
_NONE = -1

log = logging.getLogger(__name__)


def spread(
    values: Sequence[Value],
    work: Callable[[Value], Result],
    pack: Callable[[Result], bytes | None],
    unpack: Callable[[Value, bytes], Result],
) -> list[Result]:
    """Give what `work` makes of each value, in their order; `pack` and `unpack` carry results between processes.

    What `pack` gives None for, and all of a process that failed, is worked at here. Where this process has threads, it
    is the only one: a copy of it would have their locks, and not the threads that open them.
    """
    count = min(len(os.sched_getaffinity(0)), MOST, max(len(values) // FEWEST, 1))
    if count == 1 or threading.active_count() > 1:
        return [work(value) for value in values]
    size = int(len(values) / (count + OWN - 1))
    own = len(values) - size * (count - 1)
    shares = [values[start : start + size] for start in range(own, len(values), size)]
    others = [_Share(share, work, pack) for share in shares]
    results = [work(value) for value in values[:own]]
    for share in others:
        for value, packed in zip(share.values, share.packed(), strict=True):
            results.append(work(value) if packed is None else unpack(value, packed))
    return results


class _Share(Generic[Value]):
    """Some of the values, worked at in a process of its own, which hands over its results in memory."""

    def __init__(
        self, values: Sequence[Value], work: Callable[[Value], Result], pack: Callable[[Result], bytes | None]
    ) -> None:
        self.values = values
        self._memory = os.memfd_create("feeds")
        self._process = os.fork()
        if self._process == 0:
            status = 1
            try:
                with os.fdopen(self._memory, "wb", closefd=False) as memory:
                    for value in values:
                        packed = pack(work(value))
                        memory.write(_LENGTH.pack(_NONE if packed is None else len(packed)) + (packed or b""))
                status = 0
            finally:
                os._exit(status)  # whatever happened: this process must not go on as a second one

    def packed(self) -> Iterator[bytes | None]:
        """Give the results; of a process that failed, none."""
        _, status = os.waitpid(self._process, 0)
        with os.fdopen(self._memory, "rb") as memory:
            memory.seek(0)
            data = memory.read() if status == 0 else b""
        if status:
            log.warning("a process ended with status %d; its work is done here", status)
            yield from (None for _ in self.values)
            return
        place = 0
        while place < len(data):
            (length,) = _LENGTH.unpack_from(data, place)
            place += _LENGTH.size
            yield None if length == _NONE else data[place : place + length]
            place += max(length, 0)
