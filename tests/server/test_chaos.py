"""Everything at once: edits, damage, missing folders, killed and stopped workers, and a clock that jumps, under load.

No client sees an error or half a document. No article disappears that was not removed, and no embargoed article is
served early. In the end, the feed matches the content.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest
from lxml import etree

from feeds.content.cache import NAME
from tests.builders import PLAIN, TESTS, as_yaml, content_folder
from tests.processes import Process, children, get, served, wait_until

STAYING = [f"staying-{number}" for number in range(6)]
"""Articles that are edited and damaged, but never removed."""

SECRET = "secret"
MAX_ARTICLES = 20
"""Maximum number of articles, so that all are in the feeds."""

SHORT_SECONDS, LONG_SECONDS = 15, 60
KILL_SECONDS = 18.0
"""Minimum seconds between two workers that are killed or stopped. Granian exits if one fails within 5.5 seconds of its
start, and a worker that hangs is replaced only after 10.
"""


class Chaos:
    """Changes the content and disturbs the server at random, and knows which titles the feed has to show in the end."""

    def __init__(self, content: Path, clock: Path, seed: int) -> None:
        self.content, self.clock, self.random = content, clock, random.Random(seed)
        self.titles = dict.fromkeys(STAYING, "Version 0")
        self.count = 0
        self._killed_at = time.monotonic() - KILL_SECONDS / 2

    def path(self, name: str) -> Path:
        return self.content / "articles" / f"{name}.yaml"

    def write(self, name: str) -> None:
        self.count += 1
        self.titles[name] = f"Version {self.count}"
        replacement = self.path(name).with_suffix(".new~")
        replacement.write_text(as_yaml({**PLAIN, "title": self.titles[name], "body": "Un texte. " * 50}))
        replacement.replace(self.path(name))

    def edit(self) -> None:
        self.write(self.random.choice(sorted(self.titles)))

    def add(self) -> None:
        if len(self.titles) < MAX_ARTICLES:
            self.write(f"added-{self.count}")

    def remove(self) -> None:
        names = sorted(name for name in self.titles if name not in STAYING)
        if names:
            name = self.random.choice(names)
            del self.titles[name]
            self.path(name).unlink()

    def truncate(self) -> None:
        name = self.random.choice(STAYING)
        data = self.path(name).read_bytes()
        self.path(name).write_bytes(data[: len(data) // 2])
        time.sleep(0.7)
        self.path(name).write_bytes(data)

    def move_away(self) -> None:
        folder = self.random.choice([self.content, self.content / "articles", self.content / "media"])
        folder.rename(folder.with_name(f"{folder.name}.away"))
        time.sleep(0.5)
        folder.with_name(f"{folder.name}.away").rename(folder)

    def forbid(self) -> None:
        path = self.random.choice([self.content / "articles", self.path(STAYING[0]), self.content / "site.yaml"])
        mode = path.stat().st_mode
        path.chmod(0)
        time.sleep(0.5)
        path.chmod(mode)

    def damage_state(self) -> None:
        path = self.content.parent / "state" / NAME
        statement = "update articles set row = 'damaged' where random() % 2 = 0"
        with suppress(sqlite3.Error, OSError), closing(sqlite3.connect(path, timeout=1)) as cache, cache:
            cache.execute(statement)

    def move_clock(self) -> None:
        offset = self.random.choice(["0", "3600", "-1800", "86400"])
        replacement = self.clock.with_suffix(".new")
        replacement.write_text(offset)
        replacement.replace(self.clock)

    def stop_worker(self, process: Process) -> None:
        workers = children(process.pid)
        if time.monotonic() - self._killed_at > KILL_SECONDS and len(workers) == 2:
            with suppress(ProcessLookupError):
                os.kill(self.random.choice(workers), self.random.choice([signal.SIGKILL, signal.SIGSTOP]))
            self._killed_at = time.monotonic()

    def step(self, process: Process) -> None:
        common: list[Callable[[], None]] = [self.edit, self.edit, self.add, self.remove, self.truncate]
        rare: list[Callable[[], None]] = [self.move_away, self.forbid, self.damage_state, self.move_clock]
        self.random.choice(common + rare)()
        self.stop_worker(process)


class Reader:
    """Polls a feed, and records what no subscriber should see."""

    def __init__(self, port: int, path: str, parse: Callable[[bytes], set[str]]) -> None:
        self._port, self._path, self._parse = port, path, parse
        self.faults: list[object] = []
        self.count = 0

    def poll(self, end: threading.Event) -> None:
        while not end.wait(0.02):
            try:
                status, headers, data = get(self._port, self._path)
            except (OSError, http.client.HTTPException):
                continue  # a worker was killed while it answered
            self.count += 1
            try:
                slugs = self._parse(data)
            except (ValueError, etree.XMLSyntaxError) as error:
                self.faults.append((status, error, data[-100:]))
                continue
            if status != 200 or len(data) != int(headers["content-length"]):
                self.faults.append((status, headers))
            elif missing := set(STAYING) - slugs:
                self.faults.append(("missing", missing))
            elif SECRET in slugs:
                self.faults.append("the embargo leaked")


def slugs_in_rss(data: bytes) -> set[str]:
    return {str(link).rpartition("/")[2] for link in etree.fromstring(data).xpath("//item/link/text()")}  # type: ignore[union-attr]


def slugs_in_json(data: bytes) -> set[str]:
    return {item["url"].rpartition("/")[2] for item in json.loads(data)["items"]}


@pytest.mark.integration
def test_chaos_breaks_nothing_that_a_subscriber_sees(content: Path, is_long: bool, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    content_folder(content, {name: {"title": "Version 0"} for name in STAYING} | {SECRET: {"published": "2099-01-01"}})
    program = [sys.executable, "-m", "flask", "--app", str(TESTS / "peers" / "moving_clock.py")]
    variables = {"TEST_CLOCK": str(clock), "FEEDS_RESCAN": "2"}
    chaos = Chaos(content, clock, seed=20261128)
    end = threading.Event()
    with ExitStack() as stack:
        port, process = stack.enter_context(served(content, "--workers", "2", port=None, program=program, **variables))
        readers = [Reader(port, "/feeds/all.rss", slugs_in_rss), Reader(port, "/feeds/research.json", slugs_in_json)]
        threads = [threading.Thread(target=reader.poll, args=(end,)) for reader in readers]
        for thread in threads:
            thread.start()
        try:
            deadline = time.monotonic() + (LONG_SECONDS if is_long else SHORT_SECONDS)
            while time.monotonic() < deadline:
                chaos.step(process)
                assert process.poll() is None, process.stdout and process.stdout.read()
                time.sleep(0.1)
        finally:
            end.set()
            for thread in threads:
                thread.join()
        for reader in readers:
            assert reader.count > 20 and reader.faults == [], reader.faults[:5]
        clock.write_text("0")

        def is_as_the_content_says() -> bool:
            with suppress(OSError, http.client.HTTPException):  # a worker that was stopped is being replaced
                items = json.loads(get(port, "/feeds/all.json")[2])["items"]
                return {item["url"].rpartition("/")[2]: item["title"] for item in items} == chaos.titles
            return False

        wait_until(is_as_the_content_says, process)
        wait_until(lambda: b'"errors":0' in get(port, "/health")[2].replace(b" ", b""), process)
