"""Runs a function on many values, in as many processes as there are cores."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")

MIN_VALUES = 500
"""Fewest values that are worth a process."""

MAX_PROCESSES = 8

OWN_SHARE = 1.3
"""How much more than another process this one does: its results need not be carried."""

logger = logging.getLogger(__name__)

_job: Callable[[Any], bytes | None]


def parallel_map(
    values: Sequence[Value],
    work: Callable[[Value], Result],
    *,
    pack: Callable[[Result], bytes | None],
    unpack: Callable[[Value, bytes], Result],
) -> list[Result]:
    """Return the result of `work` for each value, in order; `pack` and `unpack` carry results between processes.

    Values for which `pack` returns None, and those of a process that failed, are worked on in this process. If it has
    threads, no other is forked: a copy would have their locks, and not the threads that release them.
    """
    count = min(len(os.sched_getaffinity(0)), MAX_PROCESSES, max(len(values) // MIN_VALUES, 1))
    if count == 1 or threading.active_count() > 1:
        return [work(value) for value in values]
    size = int(len(values) / (count + OWN_SHARE - 1))
    own = len(values) - size * (count - 1)
    shares = [values[start : start + size] for start in range(own, len(values), size)]
    pool = ProcessPoolExecutor(
        len(shares), mp_context=get_context("fork"), initializer=_set_job, initargs=(lambda value: pack(work(value)),)
    )
    with pool:
        try:
            futures = [pool.submit(_run, share) for share in shares]
        except OSError as error:  # the system allows no more processes
            logger.warning("no process can be started (%s); its work is done in this one", error)
            return [work(value) for value in values]
        try:
            results = [work(value) for value in values[:own]]
            for share, future in zip(shares, futures, strict=True):
                for value, packed in zip(share, _packed(future, len(share)), strict=True):
                    results.append(work(value) if packed is None else unpack(value, packed))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return results


def _set_job(job: Callable[[Any], bytes | None]) -> None:
    global _job
    _job = job


def _run(share: Sequence[Any]) -> list[bytes | None]:
    return [_job(value) for value in share]


def _packed(future: Future[list[bytes | None]], count: int) -> list[bytes | None]:
    try:
        return future.result()
    except BrokenProcessPool:
        logger.warning("a process failed; its work is done in this one")
        return [None] * count
