"""Readership: what a census found, as values, and the sums that people ask for.

It counts nothing itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property

from .programs import Kind


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked: of `told` requests the log tells whether they were conditional. `sent` and `saved` are bytes.

    `clients` are those that were told apart each day, added up over days and feeds; a service counts once for each id.
    """

    requests: int = 0
    clients: int = 0
    not_modified: int = 0
    told: int = 0
    conditional: int = 0
    sent: int = 0
    saved: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Add up."""
        return Usage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def unchanged_share(self) -> float:
        """The share of answers that were 304."""
        return self.not_modified / self.requests if self.requests else 0.0

    @property
    def conditional_share(self) -> float | None:
        """The share of requests that were conditional, where the log tells of all of them."""
        return self.conditional / self.told if self.told and self.told == self.requests else None


@dataclass(frozen=True, slots=True)
class Readership:
    """How many subscribe to a feed through a program on a day, and what it asked."""

    day: date
    feed: str
    program: str
    kind: Kind
    subscribers: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class ImplausibleClaim:
    """A number of subscribers that was `stated` and is not believed: it counts as so many."""

    program: str
    feed: str
    stated: int
    counted: int


@dataclass(frozen=True, slots=True)
class OverPolling:
    """Clients of a program that asked too often for a feed: `most` times one of them, on a `day`.

    `times` is on how many days, of one client or another, it was too often.
    """

    program: str
    feed: str
    most: int
    day: date
    times: int


@dataclass(frozen=True, slots=True)
class Program:
    """A program over all days and feeds: `interval` is in seconds, from one request of a client to its next."""

    name: str
    kind: Kind
    subscribers: int
    usage: Usage
    interval: float | None


@dataclass(frozen=True)
class Audience:
    """The readership of all feeds; `rows` are in the order of days, feeds and programs.

    `elsewhere` are requests of other things than feeds, `unserved` those of feeds that got another answer than 200 or
    304. More than `max_polls` requests in a day are too many. `missed` are paths at which readers looked for a feed
    that does not exist, with how often. On `sampled` days the readers are estimated; on `reopened` ones they are the
    least that there can have been.
    """

    rows: tuple[Readership, ...]
    implausible_claims: tuple[ImplausibleClaim, ...] = ()
    over_polling: tuple[OverPolling, ...] = ()
    max_polls: int = 0
    missed: tuple[tuple[str, int], ...] = ()
    requests: int = 0
    elsewhere: int = 0
    unserved: int = 0
    sampled: tuple[date, ...] = ()
    reopened: tuple[date, ...] = ()

    @cached_property
    def days(self) -> list[date]:
        """The days on which any feed was asked for: others are taken for days that the log does not have."""
        return sorted({row.day for row in self.rows})

    @cached_property
    def whole_days(self) -> list[date]:
        """The days but the first and the last, of which a log may have a part; all, where there are no others."""
        return self.days[1:-1] or self.days

    @cached_property
    def feeds(self) -> list[str]:
        """The names of the feeds, by how many subscribe, the most first."""
        totals = {row.feed: 0.0 for row in self.rows} | {
            feed: self.mean(series) for feed, series in self._series.items()
        }
        return sorted(totals, key=lambda feed: (-totals[feed], feed))

    @cached_property
    def _series(self) -> dict[str, dict[date, int]]:
        return _added(self.rows, lambda row: row.feed)

    def series(self, feed: str) -> dict[date, int]:
        """Give how many subscribed to a feed, by day; a day on which nobody was seen is not in it."""
        return self._series.get(feed, {})

    def programs_of(self, feed: str) -> dict[str, dict[date, int]]:
        """Give how many subscribed through each program, by day; the most first."""
        found = _added((row for row in self.rows if row.feed == feed and row.subscribers), lambda row: row.program)
        return dict(sorted(found.items(), key=lambda each: (-self.mean(each[1]), each[0])))

    def mean(self, series: Mapping[date, int]) -> float:
        """Give the mean of a series over the whole days."""
        return sum(series.get(day, 0) for day in self.whole_days) / max(1, len(self.whole_days))

    def share(self) -> dict[str, float]:
        """Give the mean number of subscriptions of all feeds through each program, the most first."""
        found = _added((row for row in self.rows if row.subscribers), lambda row: row.program)
        means = {program: self.mean(series) for program, series in found.items()}
        return dict(sorted(means.items(), key=lambda each: (-each[1], each[0])))

    @cached_property
    def programs(self) -> list[Program]:
        """All programs, by kind, and by how much they asked."""
        grouped: defaultdict[str, list[Readership]] = defaultdict(list)
        for row in self.rows:
            grouped[row.program].append(row)
        shares, whole = self.share(), set(self.whole_days)
        found = []
        for name, rows in grouped.items():
            usage = _total(rows)
            seen = _total(row for row in rows if row.day in whole)
            interval = seen.clients * 86_400 / seen.requests if seen.requests else None
            found.append(Program(name, rows[0].kind, round(shares.get(name, 0)), usage, interval))
        return sorted(found, key=lambda each: (each.kind.order, -each.subscribers, -each.usage.requests, each.name))

    @property
    def total(self) -> Usage:
        """What all asked together."""
        return _total(self.rows)


def _total(rows: Iterable[Readership]) -> Usage:
    total = Usage()
    for row in rows:
        total += row.usage
    return total


def _added(rows: Iterable[Readership], key: Callable[[Readership], str]) -> dict[str, dict[date, int]]:
    """Add up subscribers by something and day."""
    found: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        if row.subscribers:
            series = found[key(row)]
            series[row.day] = series.get(row.day, 0) + row.subscribers
    return dict(found)
