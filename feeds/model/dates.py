"""Dates and times as an author writes them, turned into instants in UTC.

It asks no clock and formats nothing: how people read a date is `words`' affair.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .problems import InvalidValue, show

PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})? ?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
"""What JSON Schema can say of a date or a date-time; ECMA 262 syntax."""

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
        raise InvalidValue("date-not-recognised", value=show(written))
    try:
        day = date.fromisoformat(form["date"])
    except ValueError:
        raise InvalidValue("date-not-recognised", value=written) from None
    if day.year not in _YEARS:
        raise InvalidValue("year-out-of-range", value=written, year=day.year, first=_YEARS[0], last=_YEARS[-1])
    if form["time"] is None:
        # fold 0 is the first of a repeated midnight, and in a skipped one the instant of the leap itself
        first = day + timedelta(days=days)
        return datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
    try:
        moment = datetime.fromisoformat(f"{form['date']}T{form['time']}{form['zone'] or ''}")
    except ValueError:
        raise InvalidValue("time-not-recognised", value=written) from None
    if moment.tzinfo is None:
        moment = _local(moment, zone, written)
    return moment.astimezone(UTC)


def _local(naive: datetime, zone: ZoneInfo, written: str) -> datetime:
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
    if not exists:
        raise InvalidValue("time-skipped", value=written, zone=zone.key)
    options = (moment.isoformat(timespec="minutes") for moment in (first, second))
    raise InvalidValue("time-ambiguous", value=written, zone=zone.key, first=next(options), second=next(options))
