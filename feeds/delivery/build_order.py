"""The order in which the files of a build are written, and the processes that write them. It writes nothing itself."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from multiprocessing import get_context
from typing import TypeVar

from feeds.base.parallel import core_count, parallel_map

from .export import ExportedFile

MIN_FILES_TO_PARALLELIZE = 500
"""Minimum number of files of months that justifies several processes."""

Result = TypeVar("Result")

BuildFiles = Callable[[Sequence[ExportedFile]], list[Result]]
"""Builds files in order, and returns what became of each."""


def build_in_order(
    files: Iterable[ExportedFile], build: BuildFiles[Result], progress: Callable[[int], object]
) -> Iterator[Result]:
    """Build files so that none refers to a missing one, and yield what became of each.

    First come files that show no articles. The files of each month follow, in several processes if there are many,
    so that an article is rendered once for its page and its archives. Then come the files that refer to those, stage
    by stage. `progress` is called with the number of files that are done.
    """
    months: dict[str, list[ExportedFile]] = defaultdict(list)
    stages: dict[int, list[ExportedFile]] = defaultdict(list)
    for file in files:
        if file.month:
            months[file.month].append(file)
        else:
            stages[file.stage].append(file)
    first = stages.pop(0, [])
    yield from build(first)
    yield from _build_months(list(months.values()), build, lambda done: progress(len(first) + done))
    count = len(first) + sum(map(len, months.values()))
    for _, stage in sorted(stages.items()):
        yield from build(stage)
        count += len(stage)
        progress(count)


def _build_months(
    months: Sequence[Sequence[ExportedFile]], build: BuildFiles[Result], progress: Callable[[int], object]
) -> Iterator[Result]:
    """Build the files of months, each in one process, and yield the results in any order."""
    this_process, done = os.getpid(), get_context("fork").Value("q", 0)

    def build_month(files: Sequence[ExportedFile]) -> list[Result]:
        results = build(files)
        with done.get_lock():
            done.value += len(files)
        if os.getpid() == this_process:
            progress(done.value)
        return results

    count = core_count()
    mixed = list(chain.from_iterable(months[index::count] for index in range(count)))  # recent ones have more articles
    is_large = sum(map(len, months)) >= MIN_FILES_TO_PARALLELIZE
    results = parallel_map(
        mixed,
        build_month,
        pack=_identity,
        unpack=lambda _, results: results,
        min_values=1 if is_large else len(months) + 1,
        parent_share=1,
    )
    yield from chain.from_iterable(results)


def _identity(results: list[Result]) -> list[Result]:
    return results
