"""Parallel map: runs a function on many values, in up to one process for each core."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")
Packed = TypeVar("Packed")

MIN_VALUES_PER_PROCESS = 500
"""Minimum number of values that justifies another process."""

MAX_PROCESSES = 8

PARENT_SHARE = 1.1
"""Share of values for this process, relative to a worker's: its results need no transfer."""

_PARENT_POLL_SECONDS = 0.2

logger = logging.getLogger(__name__)

_job: Callable[[int], Any]


def parallel_map(
    values: Sequence[Value],
    work: Callable[[Value], Result],
    *,
    pack: Callable[[Result], Packed | None],
    unpack: Callable[[Value, Packed], Result],
    min_values: int = MIN_VALUES_PER_PROCESS,
    parent_share: float = PARENT_SHARE,
) -> list[Result]:
    """Return `work(value)` for each value, in order; `pack` and `unpack` transfer results between processes.

    This process handles the values for which `pack` returns None, and those of a worker that
    failed. If it has threads, it does not fork: a child would inherit their locks, but not the
    threads that release them. Each process has at least `min_values`, and this one has
    `parent_share` times as many as a worker.
    """
    count = min(core_count(), MAX_PROCESSES, max(len(values) // min_values, 1))
    if count == 1 or threading.active_count() > 1:
        return [work(value) for value in values]
    size = int(len(values) / (count + parent_share - 1))
    parent_count = len(values) - size * (count - 1)
    shares = [range(start, start + size) for start in range(parent_count, len(values), size)]
    earlier_children = set(active_children())
    pool = ProcessPoolExecutor(
        len(shares),
        mp_context=get_context("fork"),
        initializer=_start_worker,
        initargs=(lambda index: pack(work(values[index])), os.getpid()),
    )
    try:
        futures = [pool.submit(_run, share) for share in shares]
    except (OSError, RuntimeError) as error:  # the limit of processes or threads is reached
        _kill(set(active_children()) - earlier_children)
        logger.warning("no process can be started (%s); its work is done in this one", error)
        return [work(value) for value in values]
    try:
        results = [work(value) for value in values[:parent_count]]
        for share, future in zip(shares, futures, strict=True):
            for index, packed in zip(share, _packed_results(future, len(share)), strict=True):
                results.append(work(values[index]) if packed is None else unpack(values[index], packed))
    except BaseException:  # an interrupt does not wait for the workers
        _kill(set(active_children()) - earlier_children)
        raise
    finally:
        pool.shutdown()
    return results


def core_count() -> int:
    """Return the number of cores that this process may use, or on macOS that of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start_worker(job: Callable[[int], Any], parent_pid: int) -> None:
    global _job
    _job = job
    threading.Thread(target=_exit_with_parent, args=(parent_pid,), daemon=True).start()


def _exit_with_parent(parent_pid: int) -> None:
    """End this process after its parent has ended: it would wait for more work, and hold inherited locks."""
    while os.getppid() == parent_pid:
        time.sleep(_PARENT_POLL_SECONDS)
    os._exit(1)


def _kill(processes: Iterable[BaseProcess]) -> None:
    for process in processes:
        process.kill()
        process.join()


def _run(share: range) -> list[Any]:
    return [_job(index) for index in share]


def _packed_results(future: Future[list[Any]], count: int) -> list[Any]:
    try:
        return future.result()
    except BrokenProcessPool:
        logger.warning("a process failed; its work is done in this one")
        return [None] * count
