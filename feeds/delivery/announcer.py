"""Announcer: one of the serving processes notifies hubs of changes, once all processes have the new bytes.

It builds no edition and serves nothing. `websub` decides what a hub is notified of, and how.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from feeds.base import log
from feeds.base.locks import FileLock
from feeds.content.state import StateFolder
from feeds.edition.edition import Edition
from feeds.server.publisher import Publisher

from .websub import (
    LIVE_TIMEOUT_SECONDS,
    HubError,
    NotifiedTopics,
    Topics,
    notify_hub,
    pending,
    topics_of,
    wait_until_live,
)

MAX_RETRY_SECONDS = 900
"""Maximum seconds between two attempts, unless the hub asks for more."""

ANNOUNCER_LOCK = "announcer"
"""Name of the file in the state folder that the process which notifies hubs has locked."""

WORKERS_FOLDER = "workers"
"""Name of the folder in the state folder with a locked file per process, which records its edition."""

MAX_WORKER_LAG_SECONDS = 5.0
"""Maximum seconds to wait for all processes to have the new bytes, since one may be failing."""

_WORKER_POLL_SECONDS = 0.02
_ROLE_RETRY_SECONDS = 1.0
"""Seconds between two attempts to take over the role of a process that ended."""

logger = logging.getLogger(__name__)


class Workers:
    """The processes that serve from one state folder, each with the date of its edition.

    A process holds a lock on its file in the folder. The mtime of the file is that date.
    """

    def __init__(self, root: Path) -> None:
        """Set the state folder. No file is created before `record`."""
        self._folder, self._name = root / WORKERS_FOLDER, secrets.token_hex(8)  # containers have the same process ids
        self._worker_lock, self._announcer_lock = (
            FileLock(root / f"worker-{self._name}"),
            FileLock(root / ANNOUNCER_LOCK),
        )
        self._is_registered = False

    def close(self) -> None:
        """Release both locks, as if the process had ended."""
        self._worker_lock.release()
        self._announcer_lock.release()

    def record(self, date: datetime) -> None:
        """Record the date of the edition that this process serves."""
        path = self._folder / self._name
        if not self._is_registered:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._worker_lock.acquire()
            os.utime(self._worker_lock.path, (0, 0))
            self._worker_lock.path.rename(path)  # it is locked before others can see it
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
        """Return whether this process notifies hubs. It takes the role if no other process has it."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        return self._announcer_lock.acquire(wait=False)


@dataclass
class Retry:
    """Failures in a row, and when to retry, on the monotonic clock."""

    failures: int = 0
    retry_at: float = 0.0

    def record_failure(self, wait: float | None) -> None:
        """Schedule the next attempt: the delay doubles with each failure, and is at least `wait`."""
        self.failures += 1
        delay = max(wait or 0.0, min(2.0 ** (self.failures - 1), MAX_RETRY_SECONDS))
        self.retry_at = time.monotonic() + delay


@dataclass
class HubState:
    """State of a hub: when its topics became pending, and when to retry the hub and single topics."""

    since: float = 0.0
    retry: Retry = field(default_factory=Retry)
    topic_retries: dict[str, Retry] = field(default_factory=dict)


@dataclass
class Announcer:
    """Notifies hubs of topics whenever they change, each in its own thread, until the process ends.

    `save` stores the notified topics; it is called by one thread at a time. `count` is called with the hub and
    the outcome of each attempt.
    """

    notified_topics: NotifiedTopics
    save: Callable[[NotifiedTopics], None]
    count: Callable[[str, str], None] | None = None
    _hubs: tuple[str, ...] = field(default=(), init=False)
    _topics: Topics = field(default_factory=dict, init=False)
    _states: dict[str, HubState] = field(default_factory=dict, init=False)
    _condition: threading.Condition = field(default_factory=threading.Condition, init=False)

    def update(self, hubs: tuple[str, ...], topics: Topics) -> None:
        """Set the hubs and their topics. Hubs are notified of those that they do not know yet."""
        with self._condition:
            if (self._hubs, self._topics) == (hubs, topics):
                return
            self._hubs, self._topics = hubs, topics
            for hub in hubs:
                if hub not in self._states:
                    self._states[hub] = HubState()
                    threading.Thread(target=self._notify_forever, args=(hub,), name=f"hub {hub}", daemon=True).start()
            self._condition.notify_all()

    def _is_current(self, topics: Topics) -> bool:
        return self._topics is topics

    def _notify_forever(self, hub: str) -> None:
        state = self._states[hub]
        while True:
            with self._condition:
                while not self._due_topics(hub):
                    self._condition.wait(self._seconds_to_wait(hub))
                topics, notified_topics, due = self._topics, self.notified_topics.get(hub, {}), self._due_topics(hub)
                state.since = state.since or time.monotonic()
            refused, error, was_tried = dict[str, HubError](), None, False
            try:
                until = state.since + LIVE_TIMEOUT_SECONDS
                wait_until_live(topics, due, until=until, is_wanted=partial(self._is_current, topics))
                if self._topics is topics or time.monotonic() >= until:
                    was_tried = True
                    refused = notify_hub(hub, notified_topics, topics, partial(self._record_topics, hub), due)
            except HubError as exception:
                error = exception
            except Exception as exception:  # whatever it is, other hubs are notified, and this one is retried
                logger.exception("hub %s", hub)
                error = HubError(repr(exception))
            with self._condition:
                self._record_outcome(hub, due if was_tried else [], refused, error)
                self._log_attempt(hub, len(due), error or next(iter(refused.values()), None))

    def _log_attempt(self, hub: str, count: int, error: HubError | None) -> None:
        """Log and count an attempt to notify a hub."""
        is_up_to_date = not error and not self._pending(hub)
        if not is_up_to_date and not error:
            return  # newer topics are pending
        outcome = "failed" if error else "notified"
        if self.count:
            self.count(hub, outcome)
        log.log_event("announcement", hub=hub, outcome=outcome, topics=count, error=str(error) if error else None)

    def _record_topics(self, hub: str, hub_topics: Topics) -> None:
        with self._condition:
            self.notified_topics = {other_hub: self.notified_topics.get(other_hub, {}) for other_hub in self._hubs} | {
                hub: hub_topics
            }
            self.save(self.notified_topics)

    def _pending(self, hub: str) -> list[str]:
        return pending(self.notified_topics.get(hub, {}), self._topics) if hub in self._hubs else []

    def _retry_time(self, hub: str, topic: str) -> float:
        state = self._states[hub]
        return max(state.retry.retry_at, state.topic_retries.get(topic, state.retry).retry_at)

    def _due_topics(self, hub: str) -> list[str]:
        """Return the pending topics that a hub may be notified of now."""
        now = time.monotonic()
        return [topic for topic in self._pending(hub) if self._retry_time(hub, topic) <= now]

    def _seconds_to_wait(self, hub: str) -> float | None:
        times = [self._retry_time(hub, topic) for topic in self._pending(hub)]
        return max(min(times) - time.monotonic(), 0.0) if times else None

    def _record_outcome(
        self, hub: str, tried: Sequence[str], refused: Mapping[str, HubError], error: HubError | None
    ) -> None:
        """Record the outcome of an attempt, and schedule retries of the hub or of the topics that it refused."""
        state = self._states[hub]
        if error:
            state.retry.record_failure(error.wait)
            if state.retry.failures == 1:
                logger.warning("hub %s: %s; it is notified later", hub, error)
            return
        if tried:
            state.since = 0.0  # the next change may take its own time to get through caches
        for topic in tried:
            if topic not in refused:
                state.topic_retries.pop(topic, None)
        for topic, topic_error in refused.items():
            retry = state.topic_retries.setdefault(topic, Retry())
            retry.record_failure(topic_error.wait)
            if retry.failures == 1:
                logger.warning("hub %s: %s for %s; it is notified later", hub, topic_error, topic)
        if not self._pending(hub) and state.retry.failures:
            log.log_event("announcement", hub=hub, outcome="caught up")
        state.retry = Retry()


def start(publisher: Publisher, count: Callable[[str, str], None] | None) -> None:
    """Start a thread that notifies hubs of what this machine's processes serve. It ends with the process."""
    if publisher.state:
        arguments = publisher, publisher.state, count
        threading.Thread(target=_run, args=arguments, name="announcing", daemon=True).start()


def _run(publisher: Publisher, state: StateFolder, count: Callable[[str, str], None] | None) -> None:
    workers, logged_error = Workers(state.root), ""
    announcer: Announcer | None = None
    edition: Edition | None = None
    while True:
        edition = publisher.wait(edition, _ROLE_RETRY_SECONDS)
        if edition is None or not (edition.site.hubs or announcer):
            continue
        try:
            is_announcer, message = _is_announced_here(workers, edition.modified), ""
        except OSError as error:  # then every process notifies hubs: twice is better than never
            is_announcer, message = True, str(error)
        if message not in ("", logged_error):
            logger.error("each process notifies hubs of changes: %s", message)
        logged_error = message
        if is_announcer:
            announcer = announcer or Announcer(state.read_notified_topics(), state.write_notified_topics, count)
            announcer.update(edition.site.hubs, topics_of(edition.site, edition.manifest))


def _is_announced_here(workers: Workers, date: datetime) -> bool:
    """Return whether this process notifies hubs of an edition. If so, wait until all processes have it."""
    workers.record(date)
    if not workers.is_announcer():
        return False
    deadline = time.monotonic() + MAX_WORKER_LAG_SECONDS
    while not workers.all_have(date) and time.monotonic() < deadline:
        time.sleep(_WORKER_POLL_SECONDS)
    return True
