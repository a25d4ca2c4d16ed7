"""Prometheus metrics of all serving processes together (prometheus_client's multiprocess mode).

Import this module only after PROMETHEUS_MULTIPROC_DIR is set: prometheus_client reads the variable
at import. Each process writes its own values there. Those of a process that has ended still count.
https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

from collections import Counter as Tally
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from .publisher import Publisher

METRICS_HOST = "127.0.0.1"
"""The loopback address: only this machine can read the metrics."""

_MOST_RECENT: Final = "mostrecent"

_requests = Counter("feeds_requests", "Responses.", ["path", "status"])
_announcements = Counter("feeds_announcements", "Announcements to hubs.", ["hub", "outcome"])
_editions = Counter("feeds_editions", "Editions, counted once by every process that made them.")
_problems = Gauge("feeds_problems", "Problems of the content.", ["severity"], multiprocess_mode=_MOST_RECENT)
_articles = Gauge("feeds_articles", "Articles, last good versions included.", multiprocess_mode=_MOST_RECENT)
_entries = Gauge("feeds_entries", "Articles that are in feeds.", multiprocess_mode=_MOST_RECENT)
_watching = Gauge(
    "feeds_watching", "1 if the system reports changed files, 0 if all are scanned.", multiprocess_mode=_MOST_RECENT
)
_refreshed = Gauge(
    "feeds_refreshed_timestamp_seconds", "When the content was last read.", multiprocess_mode=_MOST_RECENT
)
_modified = Gauge("feeds_modified_timestamp_seconds", "When a feed last changed.", multiprocess_mode=_MOST_RECENT)
_next_change = Gauge(
    "feeds_next_change_timestamp_seconds", "Next scheduled change, 0 if there is none.", multiprocess_mode=_MOST_RECENT
)


def serve(port: int) -> None:
    """Serve the metrics of all processes on a port of this machine, in a daemon thread.

    Raises OSError if it cannot listen on the port.
    """
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    start_http_server(port, METRICS_HOST, registry)


def count_request(path: str, status: str) -> None:
    """Count a response; `status` starts with its three digits."""
    _requests.labels(path, status[:3]).inc()


def count_announcement(hub: str, outcome: str) -> None:
    """Count an attempt to notify a hub."""
    _announcements.labels(hub, outcome).inc()


def follow(publisher: Publisher) -> None:
    """Update the values of this process now, and after each refresh of a publisher."""
    counted_editions = 0

    def update() -> None:
        nonlocal counted_editions
        _editions.inc(publisher.edition_count - counted_editions)
        counted_editions = publisher.edition_count
        severities = Tally(problem.severity for problem in publisher.problems)
        for severity in ("error", "warning"):
            _problems.labels(severity).set(severities[severity])
        _watching.set(publisher.watcher.mode == "events")
        if publisher.refreshed_at:
            _refreshed.set(publisher.refreshed_at.timestamp())
        if edition := publisher.edition:
            _articles.set(len(edition.catalog.articles))
            _entries.set(len(edition.manifest.entries))
            _modified.set(edition.modified.timestamp())
            _next_change.set(edition.next_change.timestamp() if edition.next_change else 0)

    publisher.on_refresh = update
    update()
