"""Announcing: hubs are told of whatever changes, by one of the processes that serve, once all have the new bytes.

It makes no edition and serves nothing; what a hub is told, and how, is `websub`'s affair.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from feeds.base import log
from feeds.base.locks import FileLock
from feeds.content.state import StateFolder
from feeds.edition.edition import Edition
from feeds.server.publisher import Publisher

from .websub import LIVE_WITHIN, LONGEST, HubError, Told, Topics, await_live, pending, tell, topics_of

ROLE = "announcer"
"""The file in the state folder that the process which announces has locked."""

WORKERS = "workers"
"""The folder in it where each process says which edition it has, in a file that it has locked."""

LATEST = 5.0
"""Seconds after which hubs are told though a process has not the new bytes: it may have a fault of its own."""

_STEP = 0.02
_PATIENCE = 1.0
"""Seconds between two attempts to take over the role of a process that ended."""

logger = logging.getLogger(__name__)


class Workers:
    """The processes that serve from one state folder, each with the date of the edition that it has.

    A process holds a lock on its file in the folder, whose time of change is that date.
    """

    def __init__(self, root: Path) -> None:
        """Take the state folder; no file is created before `report`."""
        self._folder, self._name = root / WORKERS, secrets.token_hex(8)  # containers have the same process ids
        self._own, self._role = FileLock(root / f"worker-{self._name}"), FileLock(root / ROLE)
        self._is_registered = False

    def close(self) -> None:
        """Release both locks, as if the process had ended."""
        self._own.release()
        self._role.release()

    def report(self, date: datetime) -> None:
        """Record the date of the edition that this process has."""
        path = self._folder / self._name
        if not self._is_registered:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._own.acquire()
            os.utime(self._own.path, (0, 0))
            self._own.path.rename(path)  # it is locked from the moment it can be seen
            self._is_registered = True
        os.utime(path, (date.timestamp(), date.timestamp()))

    def all_have(self, date: datetime) -> bool:
        """Return whether every process has an edition of a date or a later one."""
        return all(self._has(path, date) for path in self._folder.iterdir())

    def _has(self, path: Path, date: datetime) -> bool:
        if path.name == self._name:
            return True
        lock = FileLock(path)
        try:
            if lock.acquire(wait=False):  # its process has ended
                path.unlink(missing_ok=True)
                return True
            return path.stat().st_mtime >= date.timestamp()
        except FileNotFoundError:
            return True
        finally:
            lock.release()

    def is_announcer(self) -> bool:
        """Return whether this process announces; it does if no other does."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        return self._role.acquire(wait=False)


@dataclass
class _Line:
    """Where we are with a hub: since when it has to be told, how often in a row it failed, when it is tried again."""

    since: float = 0.0
    failures: int = 0
    retry_at: float = 0.0


@dataclass
class Announcer:
    """Tells hubs of topics whenever they change, each from a thread of its own, until the process ends.

    `keep` writes down what was told; it is called by one thread at a time. `count` is called with the hub and the
    outcome of each attempt.
    """

    told: Told
    keep: Callable[[Told], None]
    count: Callable[[str, str], None] | None = None
    _hubs: tuple[str, ...] = field(default=(), init=False)
    _topics: Topics = field(default_factory=dict, init=False)
    _lines: dict[str, _Line] = field(default_factory=dict, init=False)
    _news: threading.Condition = field(default_factory=threading.Condition, init=False)

    def update(self, hubs: tuple[str, ...], topics: Topics) -> None:
        """Have hubs told of topics, as far as they do not know them."""
        with self._news:
            if (self._hubs, self._topics) == (hubs, topics):
                return
            self._hubs, self._topics = hubs, topics
            for hub in hubs:
                if hub not in self._lines:
                    self._lines[hub] = _Line()
                    threading.Thread(target=self._serve, args=(hub,), name=f"hub {hub}", daemon=True).start()
            self._news.notify_all()

    def _serve(self, hub: str) -> None:
        line = self._lines[hub]
        while True:
            with self._news:
                while not self._is_due(hub):
                    self._news.wait(self._seconds_to_wait(hub))
                topics, told = self._topics, self.told.get(hub, {})
                line.since = line.since or time.monotonic()
            fault, names = None, list[str]()
            try:
                until, names = line.since + LIVE_WITHIN, pending(told, topics)
                await_live(topics, names, until=until, is_wanted=lambda topics=topics: self._topics is topics)  # type: ignore[misc]
                if self._topics is topics or time.monotonic() >= until:
                    tell(hub, told, topics, partial(self._know, hub))
            except HubError as found:
                fault = found
            except Exception as found:  # whatever it is, the other hubs are told, and this one later
                logger.exception("hub %s", hub)
                fault = HubError(repr(found))
            with self._news:
                self._settle(line, hub, fault)
                self._tell_of(hub, len(names), fault)

    def _tell_of(self, hub: str, count: int, fault: HubError | None) -> None:
        """Log an attempt to tell a hub, and count it."""
        is_told = not fault and not pending(self.told.get(hub, {}), self._topics)
        if not is_told and not fault:
            return  # there was something newer to tell of
        outcome = "failed" if fault else "told"
        if self.count:
            self.count(hub, outcome)
        log.tell("announcement", hub=hub, outcome=outcome, topics=count, fault=str(fault) if fault else None)

    def _know(self, hub: str, known: Topics) -> None:
        with self._news:
            self.told = {each: self.told.get(each, {}) for each in self._hubs} | {hub: known}
            self.keep(self.told)

    def _is_due(self, hub: str) -> bool:
        has_news = hub in self._hubs and bool(pending(self.told.get(hub, {}), self._topics))
        return has_news and time.monotonic() >= self._lines[hub].retry_at

    def _seconds_to_wait(self, hub: str) -> float | None:
        left = self._lines[hub].retry_at - time.monotonic()
        return left if left > 0 else None

    def _settle(self, line: _Line, hub: str, fault: HubError | None) -> None:
        """Note how an attempt ended: the oftener it failed, the later it is tried again."""
        if fault is None:
            if not pending(self.told.get(hub, {}), self._topics):
                line.since = 0.0
                if line.failures:
                    logger.warning("hub %s: told of all that it missed", hub)
            line.failures, line.retry_at = 0, 0.0
            return
        line.failures += 1
        wait = max(fault.wait or 0.0, min(2.0 ** (line.failures - 1), LONGEST))
        line.retry_at = time.monotonic() + wait
        if line.failures == 1:
            logger.warning("hub %s: %s; it is told later", hub, fault)


def start(publisher: Publisher, count: Callable[[str, str], None] | None) -> None:
    """Have hubs told of what this process and its like serve, in a thread that ends with the process."""
    if publisher.state:
        about = publisher, publisher.state, count
        threading.Thread(target=_follow, args=about, name="announcing", daemon=True).start()


def _follow(publisher: Publisher, state: StateFolder, count: Callable[[str, str], None] | None) -> None:
    workers, told = Workers(state.root), ""
    announcer: Announcer | None = None
    edition: Edition | None = None
    while True:
        edition = publisher.wait(edition, _PATIENCE)
        if edition is None or not (edition.site.hubs or announcer):
            continue
        try:
            is_ours, fault = _is_ours(workers, edition.modified), ""
        except OSError as error:  # then every process announces: twice is better than never
            is_ours, fault = True, str(error)
        if fault not in ("", told):
            logger.error("each process tells hubs of changes: %s", fault)
        told = fault
        if is_ours:
            announcer = announcer or Announcer(state.read_told(), state.write_told, count)
            announcer.update(edition.site.hubs, topics_of(edition.site, edition.manifest))


def _is_ours(workers: Workers, date: datetime) -> bool:
    """Tell whether this process announces an edition; if so, wait until all processes have it."""
    workers.report(date)
    if not workers.is_announcer():
        return False
    end = time.monotonic() + LATEST
    while not workers.all_have(date) and time.monotonic() < end:
        time.sleep(_STEP)
    return True
