"""Dates and times as an author writes them, turned into instants in UTC.

It asks no clock and formats nothing: how people read a date is `words`' affair.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .yamlfile import show

PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})? ?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
"""What JSON Schema can say of a date or a date-time; ECMA 262 syntax."""

WANTED = "2026-03-01 or 2026-03-01T09:00"

_FORM = re.compile(
    "(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    "([T ](?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2})?) ?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_YEARS = range(1900, 3000)


def first_moment(value: object, zone: ZoneInfo) -> datetime:
    """Read a date (its first moment in `zone`) or a date-time (in `zone` unless it names its own), as UTC."""
    return _moment(value, zone, days=0)


def after_last_moment(value: object, zone: ZoneInfo) -> datetime:
    """Read a date as the first moment of the day after it, or a date-time as itself, as UTC."""
    return _moment(value, zone, days=1)


def _moment(value: object, zone: ZoneInfo, *, days: int) -> datetime:
    written = str(value).strip(" ") if isinstance(value, str) else show(value)
    form = _FORM.fullmatch(written)
    if not form:
        raise ValueError(f"{show(written)} is not a date (want {WANTED})")
    try:
        day = date.fromisoformat(form["date"])
    except ValueError:
        raise ValueError(f"{written} is not a date (want {WANTED})") from None
    if day.year not in _YEARS:
        raise ValueError(f"{written} is in the year {day.year} (want one from {_YEARS[0]} to {_YEARS[-1]})")
    if form["time"] is None:
        # fold 0 is the first of a repeated midnight, and in a skipped one the instant of the leap itself
        first = day + timedelta(days=days)
        return datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
    try:
        moment = datetime.fromisoformat(f"{form['date']}T{form['time']}{form['zone'] or ''}")
    except ValueError:
        raise ValueError(f"{written} is not a time (want {WANTED})") from None
    if moment.tzinfo is None:
        moment = _local(moment, zone, written)
    return moment.astimezone(UTC)


def _local(naive: datetime, zone: ZoneInfo, written: str) -> datetime:
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    offsets = f"{first.isoformat(timespec='minutes')} or {second.isoformat(timespec='minutes')}"
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
    what = "happens twice" if exists else "does not exist"
    wanted = offsets if exists else "another time"
    raise ValueError(f"{written} {what} in {zone.key}, where the clocks change (want {wanted})")
