"""Metrics: what a process that serves tells Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).

It counts nothing itself. Several processes share a folder, where each writes its counts; one of them answers for all.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from feeds.base.atomic import write_whole
from feeds.base.locks import is_free

from .publisher import Publisher
from .traffic import Traffic

HOST = "127.0.0.1"
"""Nobody but this machine may ask."""

Outcomes = Counter[tuple[str, str]]
"""How often a hub was told, by its URL and what came of it: `told` or `failed`."""

_STEP = 1.0
"""Seconds between two writings of a process's counts."""

logger = logging.getLogger(__name__)


class Metrics(Collector):
    """The counts of all processes, and how this one's edition is."""

    def __init__(self, publisher: Publisher, traffic: Traffic, outcomes: Outcomes, folder: Path) -> None:
        """Take what counts, and the folder that the processes share."""
        self._publisher, self._traffic, self._outcomes, self._folder = publisher, traffic, outcomes, folder
        self._own = folder / f"{secrets.token_hex(8)}.json"
        self._written: dict[str, Any] = {}
        self._role: IO[str] | None = None

    def write(self) -> None:
        """Tell the other processes the counts of this one, if they changed."""
        counts = {
            "requests": [[*key, count] for key, count in sorted(self._traffic.counts().items())],
            "announcements": [[*key, count] for key, count in sorted(dict(self._outcomes).items())],
            "editions": self._publisher.editions,
        }
        if counts != self._written or not self._own.exists():
            write_whole(self._own, json.dumps(counts).encode(), is_durable=False)
            self._written = counts

    def answers(self) -> bool:
        """Tell whether this process answers for all; it does if no other does."""
        if self._role is None:
            file = (self._folder / "role").open("a", encoding="ascii")
            if not is_free(file):
                file.close()
                return False
            self._role = file
        return True

    def collect(self) -> Iterator[Metric]:
        """Give all metrics; counts are of all processes since the server was started, those that ended included."""
        self.write()
        written = [json.loads(path.read_bytes()) for path in self._folder.glob("*.json")]
        yield _counter("feeds_requests", "Answers.", ("path", "status"), [each["requests"] for each in written])
        told = [each["announcements"] for each in written]
        yield _counter("feeds_announcements", "Announcements to hubs.", ("hub", "outcome"), told)
        editions = CounterMetricFamily("feeds_editions", "Editions, each counted by every process that has made it.")
        editions.add_metric([], sum(each["editions"] for each in written))
        yield editions
        yield from self._of_edition()

    def _of_edition(self) -> Iterator[Metric]:
        publisher, edition = self._publisher, self._publisher.edition
        problems = GaugeMetricFamily("feeds_problems", "What is wrong with the content.", labels=["severity"])
        severities = Counter(problem.severity for problem in publisher.problems)
        for severity in ("error", "warning"):
            problems.add_metric([severity], severities[severity])
        yield problems
        if publisher.refreshed:
            yield _gauge("feeds_refreshed_timestamp_seconds", "When the content was last read.", publisher.refreshed)
        if edition:
            yield _gauge(
                "feeds_articles",
                "Articles, last good ones included.",
                len(edition.catalog.articles),
            )
            yield _gauge("feeds_entries", "Articles that are in feeds.", len(edition.manifest.entries))
            yield _gauge("feeds_edition_age_seconds", "For how long nothing has changed.", publisher.age(edition))
            yield _gauge("feeds_modified_timestamp_seconds", "When a feed last changed.", edition.modified)
            if edition.next_change:
                name, about = "feeds_next_change_timestamp_seconds", "When something changes by itself."
                yield _gauge(name, about, edition.next_change)


def _counter(name: str, about: str, labels: tuple[str, str], counts: list[list[list[Any]]]) -> Metric:
    total: Counter[tuple[str, str]] = Counter()
    for each in counts:
        for first, second, count in each:
            total[first, second] += count
    found = CounterMetricFamily(name, about, labels=labels)
    for key, count in sorted(total.items()):
        found.add_metric(list(key), count)
    return found


def _gauge(name: str, about: str, value: Any) -> Metric:
    return GaugeMetricFamily(name, about, value=value if isinstance(value, int | float) else value.timestamp())


def start(metrics: Metrics, port: int) -> None:
    """Keep the counts of this process written, and answer for all if no other does, in a thread that ends with it."""
    threading.Thread(target=_follow, args=(metrics, port), name="metrics", daemon=True).start()


def _follow(metrics: Metrics, port: int) -> None:
    is_answering, told = False, ""
    registry = CollectorRegistry()
    registry.register(metrics)
    while True:
        try:
            metrics.write()
            if not is_answering and metrics.answers():
                start_http_server(port, HOST, registry)
                is_answering = True
            told = ""
        except OSError as fault:
            if str(fault) != told:
                logger.error("no metrics at %s:%d: %s", HOST, port, fault)
            told = str(fault)
        time.sleep(_STEP)
