"""Time of a search through 10,000 articles, over HTTP, compared with grep through their files.

Run it with `make bench`. It prints the slowest and the median of typical queries, once the index is complete.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

from articles import SITE, article, write_ours
from programs import PORT, Row, first_answer, print_rows, served

COUNT = int(os.environ.get("BENCH_ARTICLES", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))

GOAL_MS = 50.0
"""Milliseconds within which a search is answered."""


def measure() -> list[Row]:
    """Measure the queries, and return the rows of the slowest and of the median."""
    with tempfile.TemporaryDirectory() as temporary:
        ours, state = Path(temporary) / "ours", Path(temporary) / "state"
        for path in (ours / "articles", ours / "media"):
            path.mkdir(parents=True)
        (ours / "site.yaml").write_text(SITE, encoding="utf-8")
        for number in range(COUNT):
            write_ours(ours, article(number))
        words = article(COUNT // 2).body.split()
        queries = [words[0], " ".join(words[:2]), " ".join(words[:8]), article(7).title, "l’été", words[0][:3], "zzz"]
        with served(ours, state):
            first_answer(PORT)
            _ask(queries[0])  # waits for the index
            answers = [statistics.median(_ask(query) for _ in range(ROUNDS)) for query in queries]
        scans = [_scan(ours / "articles", query) for query in queries[:3]]
    rows = []
    for name, value in (("slowest", max(answers)), ("median", statistics.median(answers))):
        what = f"search, {COUNT:,} articles, {name}"
        rows.append(Row(what, "grep", value, statistics.median(scans), None, "ms", limit=GOAL_MS))
    return rows


def _ask(query: str) -> float:
    """Return the milliseconds that the page of a search takes."""
    begun = time.perf_counter()
    with urlopen(f"http://127.0.0.1:{PORT}/search?q={quote(query)}") as answer:
        answer.read()
    return (time.perf_counter() - begun) * 1000


def _scan(folder: Path, query: str) -> float:
    """Return the milliseconds that grep takes to find the files with the first word of a query."""
    begun = time.perf_counter()
    subprocess.run(["grep", "-rlie", query.split()[0], str(folder)], stdout=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    sys.exit(print_rows(measure()))
