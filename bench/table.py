"""All benchmarks with a goal, in one table: our cost, the other program's, their ratio and its maximum.

Run it with `make bench`. With a folder, the figures are also written there as plots and as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import build
import growth
import loading
import plot
import reload
import search
import serving
from programs import Row, print_rows


def main() -> None:
    """Measure and print everything, and list the goals that are missed."""
    rows: list[Row] = []
    for measure in (serving.measure, loading.measure, build.measure, reload.rows, search.measure, growth.measure):
        results = measure()
        print_rows(results)
        print()
        rows += results
    missed = [row for row in rows if row.is_missed]
    print(f"{len(missed)} of {sum(bool(row.maximum) for row in rows)} goals are missed:")
    print(
        "".join(
            f"  {row.what}, against {row.against}: {row.ratio:.2f} ({row.ours:.3g} {row.unit}), at most {row.maximum}\n"
            for row in missed
        )
    )
    for folder in map(Path, sys.argv[1:]):
        (folder / "performance.json").write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")
        plot.write(rows, folder / "performance.svg")


if __name__ == "__main__":
    main()
