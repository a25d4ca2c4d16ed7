"""Time and memory to count a log of ten million lines, compared with `grep -c` on the same file.

Run it with `make bench`, or alone. Both run on one core, and only once each, since each takes long.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import access_log
from programs import FEEDS, ROOT

LINES = int(os.environ.get("BENCH_LINES", "10000000"))


def measured(command: list[str], **environment: str) -> tuple[float, float]:
    """Run a program on one core; return its seconds and its peak memory in MiB."""
    start = time.perf_counter()
    cpu = {min(os.sched_getaffinity(0))}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,  # with /dev/null, grep ends at the first line
        env={**os.environ, **environment},
        preexec_fn=lambda: os.sched_setaffinity(0, cpu),
    )
    assert process.stdout
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Measure both programs and print the results."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        count = access_log.write(log, min_lines=LINES, days=30, readers=10_000)
        grep, _ = measured(["grep", "-c", "feeds", str(log)])
        command = [FEEDS, "audience", str(log), "--format", "json"]
        ours, memory = measured(command, FEEDS_CONTENT=str(ROOT / "content"), PYTHONPATH=str(ROOT))
        size = log.stat().st_size
    print(f"{count:,} lines, {size / 1e9:.2f} GB, on one core")
    print(f"feeds audience: {ours:.1f} s, {count / ours:,.0f} lines a second, {memory:.0f} MiB")
    print(f"grep -c:        {grep:.1f} s, {count / grep:,.0f} lines a second")
    print(f"ratio:          {ours / grep:.1f}")


if __name__ == "__main__":
    main()
