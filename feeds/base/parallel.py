"""Does one thing for many values, in as many processes as there are cores; what is done is none of its affair."""

from __future__ import annotations

import logging
import os
import signal
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
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
_END = b"\0this is the end\0"

logger = logging.getLogger(__name__)


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
    with ExitStack() as begun:
        others = []
        for share in shares:
            others.append(_Share(share, work, pack))
            begun.callback(others[-1].end)
        results = [work(value) for value in values[:own]]
        for other in others:
            for value, packed in zip(other.values, other.packed(), strict=True):
                results.append(work(value) if packed is None else unpack(value, packed))
    return results


class _Share(Generic[Value]):
    """Some of the values, worked at in a process of its own, which hands over its results in memory."""

    def __init__(
        self, values: Sequence[Value], work: Callable[[Value], Result], pack: Callable[[Result], bytes | None]
    ) -> None:
        self.values = values
        self._memory = os.memfd_create("feeds")
        self._has_ended = False
        try:
            self._process = os.fork()
        except OSError as fault:  # there may be as many processes as there may be
            logger.warning("no process can be begun (%s); its work is done here", fault)
            self._process, self._has_ended = -1, True
        if self._process == 0:
            try:
                with os.fdopen(self._memory, "wb", closefd=False) as memory:
                    for value in values:
                        packed = pack(work(value))
                        memory.write(_LENGTH.pack(_NONE if packed is None else len(packed)) + (packed or b""))
                    memory.write(_END)
            finally:
                os._exit(0)  # whatever happened: this process must not go on as a second one

    def end(self) -> None:
        """End the process, if it has not ended, and let go of its memory."""
        if not self._has_ended:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            self._wait()
        os.close(self._memory)

    def _wait(self) -> None:
        self._has_ended = True
        with suppress(ChildProcessError):  # where SIGCHLD is ignored, it has been waited for by then
            os.waitpid(self._process, 0)

    def packed(self) -> Iterator[bytes | None]:
        """Give the results; of a process that did not come to its end, none."""
        if not self._has_ended:
            self._wait()
        with os.fdopen(self._memory, "rb", closefd=False) as memory:
            memory.seek(0)
            data = memory.read()
        if not data.endswith(_END):
            logger.warning("a process failed; its work is done here")
            yield from (None for _ in self.values)
            return
        place = 0
        while place < len(data) - len(_END):
            (length,) = _LENGTH.unpack_from(data, place)
            place += _LENGTH.size
            yield None if length == _NONE else data[place : place + length]
            place += max(length, 0)
