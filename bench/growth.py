"""How costs grow with the number of articles: 1,000, 10,000 and 100,000.

Run it with `make bench`. A request is CPU time of the server. A reload is the time from the write
of an article to its new bytes over HTTP. A start is the time from a server's start, with nothing
changed, to its first response. It also prints how much more each costs with ten times the articles.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from articles import SITE, article, newest, write_ours
from loading import start
from programs import PORT, Row, cached, first_answer, print_rows, resident, seconds_until, served
from reload import ours_says
from serving import microseconds

COUNTS = tuple(map(int, os.environ.get("BENCH_COUNTS", "1000,10000,100000").split(",")))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


def costs(count: int) -> dict[str, float]:
    """Measure all costs for a number of articles, and return them by name."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ours, state = folder / "ours", folder / "state"
        for path in (ours / "articles", ours / "media"):
            path.mkdir(parents=True)
        (ours / "site.yaml").write_text(SITE, encoding="utf-8")
        for number in range(count):
            write_ours(ours, article(number))
        results = {"first start, s": start(ours, state).seconds}
        with served(ours, state) as server:
            first_answer(PORT)
            subject, reloads = newest(count), []
            seconds_until(lambda: cached(state) >= count, time.perf_counter(), 0.1, 6000)
            results["memory, MB"] = resident(server.pid) / 1e6
            results["request, µs"] = statistics.median(microseconds(PORT, server.pid, None) for _ in range(ROUNDS))
            for number in range(ROUNDS):
                time.sleep(1.5)  # our documents change at most once a second
                changed = article(subject, f"Tour {number}")
                begun = time.perf_counter()
                write_ours(ours, changed)
                reloads.append(seconds_until(lambda number=number: ours_says(f"Tour {number}<"), begun))  # type: ignore[misc]
            results["reload, s"] = statistics.median(reloads)
        results["start, s"] = statistics.median(start(ours, state).seconds for _ in range(ROUNDS))
    return results


def measure() -> list[Row]:
    """Measure each number of articles; print a table, and return what ten times the articles cost."""
    results = [costs(count) for count in COUNTS]
    print("articles   " + "  ".join(f"{name:>15}" for name in results[0]))
    for count, result in zip(COUNTS, results, strict=True):
        print(f"{count:8,}   " + "  ".join(f"{value:15.3f}" for value in result.values()), flush=True)
    goals = {"request, µs": 1.1, "reload, s": 10.0, "start, s": 10.0, "memory, MB": 10.0, "first start, s": 10.0}
    rows = []
    for fewer, more, before, after in zip(COUNTS, COUNTS[1:], results, results[1:], strict=False):
        for name, goal in goals.items():
            label, unit = name.split(", ")
            rows.append(
                Row(f"{label}, {more:,} articles", f"{fewer:,} articles", after[name], before[name], goal, unit)
            )
    return rows


if __name__ == "__main__":
    sys.exit(print_rows(measure()))
