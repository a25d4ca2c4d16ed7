"""Readership: the result of a census as values, and the totals for reports.

It does no counting itself.
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
    """Request counts. `told` counts those whose log line tells whether they were conditional.

    `clients` are the distinct clients of each day, summed over days and feeds; a service counts once per id.
    `sent` and `saved` are in bytes.
    """

    requests: int = 0
    clients: int = 0
    not_modified: int = 0
    told: int = 0
    conditional: int = 0
    sent: int = 0
    saved: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sum of two usages."""
        return Usage(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def unchanged_share(self) -> float:
        """The share of responses that were 304."""
        return self.not_modified / self.requests if self.requests else 0.0

    @property
    def conditional_share(self) -> float | None:
        """The share of requests that were conditional, or None if the log does not say for all of them."""
        return self.conditional / self.told if self.told and self.told == self.requests else None


@dataclass(frozen=True, slots=True)
class Readership:
    """The subscribers of a feed through a program on a day, and the program's usage."""

    day: date
    feed: str
    program: str
    kind: Kind
    subscribers: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class ImplausibleClaim:
    """A number of subscribers that was `stated` but is implausible, and the number `counted` instead."""

    program: str
    feed: str
    stated: int
    counted: int


@dataclass(frozen=True, slots=True)
class OverPolling:
    """Clients of a program that requested a feed too often. `most` is the maximum by one client, on `day`.

    `times` counts each day of each client that exceeded the limit.
    """

    program: str
    feed: str
    most: int
    day: date
    times: int


@dataclass(frozen=True, slots=True)
class Program:
    """A program over all days and feeds. `interval` is the mean time between a client's requests, in seconds."""

    name: str
    kind: Kind
    subscribers: int
    usage: Usage
    interval: float | None


@dataclass(frozen=True)
class Audience:
    """The readership of all feeds. `rows` are sorted by day, feed and program.

    `elsewhere` counts requests for anything but feeds, `unserved` requests for feeds not answered with 200 or 304.
    `max_polls` is the daily limit of requests. `missed` has paths where readers found no feed, with their counts.
    On `sampled` days readers are estimated; on `reopened` days their number is a minimum.
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
        """The days on which any feed was requested. Other days count as missing from the log."""
        return sorted({row.day for row in self.rows})

    @cached_property
    def whole_days(self) -> list[date]:
        """All days but the first and the last, which the log may cover only in part; all days if none remain."""
        return self.days[1:-1] or self.days

    @cached_property
    def feeds(self) -> list[str]:
        """The names of the feeds, the one with the most subscribers first."""
        totals = {row.feed: 0.0 for row in self.rows} | {
            feed: self.mean(series) for feed, series in self._series.items()
        }
        return sorted(totals, key=lambda feed: (-totals[feed], feed))

    @cached_property
    def _series(self) -> dict[str, dict[date, int]]:
        return _sum_by_day(self.rows, lambda row: row.feed)

    def series(self, feed: str) -> dict[date, int]:
        """Return the subscribers of a feed by day, without days that have none."""
        return self._series.get(feed, {})

    def programs_of(self, feed: str) -> dict[str, dict[date, int]]:
        """Return a feed's subscribers by program and day, the program with the most first."""
        series = _sum_by_day(
            (row for row in self.rows if row.feed == feed and row.subscribers), lambda row: row.program
        )
        return dict(sorted(series.items(), key=lambda item: (-self.mean(item[1]), item[0])))

    def mean(self, series: Mapping[date, int]) -> float:
        """Return the mean of a series over the whole days."""
        return sum(series.get(day, 0) for day in self.whole_days) / max(1, len(self.whole_days))

    def mean_by_program(self) -> dict[str, float]:
        """Return the mean subscriptions to all feeds by program, the program with the most first."""
        series_by_program = _sum_by_day((row for row in self.rows if row.subscribers), lambda row: row.program)
        means = {program: self.mean(series) for program, series in series_by_program.items()}
        return dict(sorted(means.items(), key=lambda item: (-item[1], item[0])))

    @cached_property
    def programs(self) -> list[Program]:
        """All programs, sorted by kind, then subscribers and requests (descending)."""
        rows_by_program: defaultdict[str, list[Readership]] = defaultdict(list)
        for row in self.rows:
            rows_by_program[row.program].append(row)
        means, whole_days = self.mean_by_program(), set(self.whole_days)
        programs = []
        for name, rows in rows_by_program.items():
            usage = _total(rows)
            whole_day_usage = _total(row for row in rows if row.day in whole_days)
            interval = whole_day_usage.clients * 86_400 / whole_day_usage.requests if whole_day_usage.requests else None
            programs.append(Program(name, rows[0].kind, round(means.get(name, 0)), usage, interval))
        return sorted(
            programs,
            key=lambda program: (program.kind.order, -program.subscribers, -program.usage.requests, program.name),
        )

    @property
    def total(self) -> Usage:
        """The usage of all programs together."""
        return _total(self.rows)


def _total(rows: Iterable[Readership]) -> Usage:
    total = Usage()
    for row in rows:
        total += row.usage
    return total


def _sum_by_day(rows: Iterable[Readership], key: Callable[[Readership], str]) -> dict[str, dict[date, int]]:
    """Return the subscribers by key and day."""
    totals: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        if row.subscribers:
            series = totals[key(row)]
            series[row.day] = series.get(row.day, 0) + row.subscribers
    return dict(totals)
