"""A real server during a random walk of edits, and while its processes are killed."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import feedparser
import pytest

from feeds.feed.manifest import Manifest
from tests.builders import PLAIN, SITE, as_yaml, content_folder
from tests.processes import Process, get, served, wait_until

pytestmark = pytest.mark.integration

FEED = "/feeds/all.json"
ANCHORS = {f"anchor-{number}" for number in range(3)}


class Walk:
    """A folder that is edited at random, and the titles by slug that its feed must contain afterwards."""

    def __init__(self, content: Path, seed: int) -> None:
        self.content, self.random = content, random.Random(seed)
        self.good = {slug: slug for slug in ANCHORS}
        self.broken: set[str] = set()
        self.count = 0
        content_folder(content, {slug: {"title": slug} for slug in ANCHORS})

    def path(self, slug: str) -> Path:
        return self.content / "articles" / f"{slug}.yaml"

    def burst(self, size: int) -> None:
        """Make random edits, but break only articles that the server has already seen valid."""
        settled = sorted(set(self.good) - self.broken - ANCHORS)
        for _ in range(size):
            self.count += 1
            others = sorted((set(self.good) | self.broken) - ANCHORS)
            kinds = [self.add] if len(others) < 6 else [self.add, self.edit, self.replace, self.remove, self.site]
            if settled and len(others) >= 6 and self.random.random() < 0.3:
                self.harm(settled.pop(self.random.randrange(len(settled))))
                continue
            slug = self.random.choice(others) if others else ""
            self.random.choice(kinds)(slug)
            settled = [each for each in settled if each != slug]

    def write(self, slug: str) -> None:
        title = f"{slug} {self.count}"
        self.path(slug).write_text(as_yaml({**PLAIN, "title": title, "id": slug}), encoding="utf-8")
        self.good[slug] = title
        self.broken.discard(slug)

    def add(self, _: str) -> None:
        self.write(f"article-{self.count}")

    def edit(self, slug: str) -> None:
        self.write(slug)

    def replace(self, slug: str) -> None:
        aside = self.content / "articles" / ".aside"
        self.write(slug)
        self.path(slug).rename(aside)
        aside.rename(self.path(slug))

    def harm(self, slug: str) -> None:
        faults = ["", "title: ", "title: a : b\n", "\x07", as_yaml({**PLAIN, "draft": "x"})]
        self.path(slug).write_text(self.random.choice(faults))
        self.broken.add(slug)

    def remove(self, slug: str) -> None:
        self.path(slug).unlink()
        self.good.pop(slug, None)
        self.broken.discard(slug)

    def site(self, _: str) -> None:
        broken = self.random.random() < 0.5
        (self.content / "site.yaml").write_text("title: " if broken else SITE, encoding="utf-8")


def titles(data: bytes) -> dict[str, str]:
    return {item["url"].rpartition("/")[2]: item["title"] for item in json.loads(data)["items"]}


class Reader(threading.Thread):
    """A client that polls a path as feed readers do, and records what it should never receive."""

    def __init__(self, port: int, path: str, validator: str) -> None:
        super().__init__(daemon=True)
        self.port, self.path, self.validator = port, path, validator
        self.ended = threading.Event()
        self.faults: list[str] = []
        self.answers = 0

    def run(self) -> None:
        known: dict[str, str] = {}
        while not self.ended.wait(0.02):
            try:
                status, headers, data = get(self.port, self.path, **known)
                self.answers += 1
                if status == 200:
                    header = "etag" if self.validator == "None_Match" else "last-modified"
                    known = {f"If_{self.validator}": headers[header]}
                    self.look_at(data)
                elif status != 304:
                    self.faults.append(f"{self.path}: {status}")
            except Exception as fault:
                self.faults.append(f"{self.path}: {fault!r}")

    def look_at(self, data: bytes) -> None:
        if self.path.endswith(".json"):
            found = set(titles(data))
        else:
            parsed = feedparser.parse(data)
            assert parsed.bozo == 0, parsed.bozo_exception
            found = {entry.link.rpartition("/")[2] for entry in parsed.entries}
        assert found >= ANCHORS, f"absent: {ANCHORS - found}"


@contextmanager
def readers(port: int) -> Iterator[list[Reader]]:
    found = [
        Reader(port, "/feeds/all.rss", "None_Match"),
        Reader(port, "/feeds/all.atom", "Modified_Since"),
        Reader(port, "/feeds/research.json", "None_Match"),
        Reader(port, "/feeds/research.rss", "Modified_Since"),
    ]
    for reader in found:
        reader.start()
    try:
        yield found
    finally:
        for reader in found:
            reader.ended.set()
        for reader in found:
            reader.join(timeout=20)


def agreed(port: int, holds: Callable[[bytes], bool], process: Process) -> datetime:
    """Wait until all workers give the same, expected response, and return its Last-Modified date."""
    seen: list[tuple[bytes, str, str]] = []

    def alike() -> bool:
        answers = (get(port, FEED) for _ in range(16))
        seen[:] = list({(data, headers["etag"], headers["last-modified"]) for _, headers, data in answers})
        return len(seen) == 1 and holds(seen[0][0])

    wait_until(alike, process)
    return parsedate_to_datetime(seen[0][2])


def test_readers_see_no_error_during_valid_and_broken_edits(content: Path, is_long: bool) -> None:
    bursts = 20 if is_long else 4
    walk = Walk(content, seed=20260109)
    with served(content, "--workers", "2") as (port, process), readers(port) as polling:
        last = agreed(port, lambda data: titles(data) == walk.good, process)
        for _ in range(bursts):
            walk.burst(5)
            date = agreed(port, lambda data: titles(data) == walk.good, process)
            assert date >= last, "Last-Modified went back"
            last = date
    assert walk.count == 5 * bursts
    assert [fault for reader in polling for fault in reader.faults] == []
    assert all(reader.answers > bursts for reader in polling)


def test_processes_killed_at_any_moment_lose_nothing(content: Path, is_long: bool) -> None:
    walk = Walk(content, seed=42)
    last = None
    for _ in range(10 if is_long else 4):
        with served(content) as (port, process):
            date = agreed(port, lambda data: titles(data) == walk.good, process)
            assert last is None or date >= last
            last = date
            walk.edit("victim")
            time.sleep(walk.random.uniform(0, 0.25))  # the point at which it dies
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)
        manifest = content.parent / "state" / "manifest.json"
        assert Manifest.from_json(manifest.read_bytes()).entries


def test_a_worker_that_is_killed_is_replaced(content: Path) -> None:
    walk = Walk(content, seed=7)
    with served(content, "--workers", "2") as (port, process):
        wait_until(lambda: _listeners(port) == 2, process)
        before = _workers(process)
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: len(set(_workers(process)) - set(before)) == 1 and len(_workers(process)) == 2, process)
        walk.edit("after")
        agreed(port, lambda data: titles(data) == walk.good, process)


def _workers(process: Process) -> list[int]:
    """Return the process ids of a server's live children."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in path.read_text().split() if "(zombie)" not in _status(int(pid))]


def _listeners(port: int) -> int:
    """Count the sockets that listen on a port (proc_pid_net(5)): each worker has its own."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def _status(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/status").read_text()
    return "(zombie)"
