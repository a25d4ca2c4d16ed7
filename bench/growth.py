"""How the cost of things grows with the number of articles: 1,000, 10,000 and 100,000 of them.

Run it with `make bench`. A request is CPU time of the server, a reload is the time from the write of an article to its
new bytes over HTTP, a start is a server's, with nothing changed, to its first answer; what is printed besides is how
much more each costs with ten times the articles.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from loading import load_command, resident, seconds
from programs import PORT, Row, cached, first_answer, print_rows, seconds_until, served
from reload import newest, ours_says, write_content, write_ours
from serving import microseconds

COUNTS = tuple(map(int, os.environ.get("BENCH_COUNTS", "1000,10000,100000").split(",")))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


def costs(count: int) -> dict[str, float]:
    """Measure all for a number of articles."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours, _ = write_content(folder, count)
        state = folder / "state"
        found = {"first load, s": seconds(load_command(ours), folder)}
        with served(ours, state) as server:
            first_answer(PORT)
            subject, reloads = newest(count), []
            seconds_until(lambda: cached(state) >= count, time.perf_counter(), 0.1, 600)
            found["memory, MB"] = resident(server.pid) / 1e6
            found["request, µs"] = statistics.median(microseconds(PORT, server.pid, None) for _ in range(ROUNDS))
            for number in range(ROUNDS):
                time.sleep(1.5)  # a document of ours changes at most once a second
                begun = time.perf_counter()
                write_ours(ours, subject, f"Tour {number}")
                reloads.append(seconds_until(lambda number=number: ours_says(f"Tour {number}<"), begun))  # type: ignore[misc]
            found["reload, s"] = statistics.median(reloads)
        starts = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            with served(ours, state):
                first_answer(PORT)
                starts.append(time.perf_counter() - begun)
        found["start, s"] = statistics.median(starts)
    return found


def measure() -> list[Row]:
    """Measure for each number of articles; print a table, and give what ten times the articles cost."""
    found = [costs(count) for count in COUNTS]
    print("articles   " + "  ".join(f"{name:>15}" for name in found[0]))
    for count, each in zip(COUNTS, found, strict=True):
        print(f"{count:8,}   " + "  ".join(f"{value:15.3f}" for value in each.values()), flush=True)
    goals = {"request, µs": 1.1, "reload, s": 10.0, "start, s": 10.0, "memory, MB": 10.0, "first load, s": 10.0}
    rows = []
    for fewer, more, before, after in zip(COUNTS, COUNTS[1:], found, found[1:], strict=False):
        for name, goal in goals.items():
            what, unit = name.split(", ")
            rows.append(Row(f"{what}, {more:,} articles", f"{fewer:,} articles", after[name], before[name], goal, unit))
    return rows


if __name__ == "__main__":
    sys.exit(print_rows(measure()))
