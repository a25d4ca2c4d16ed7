"""Parses dates and times as authors write them into instants in UTC.

Nothing here reads the clock or formats a date: `base.translations` formats.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .problems import InvalidValue, show

DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})? ?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
"""Pattern of a date or a date-time for JSON Schema, in ECMA 262 syntax."""

_DATE_RE = re.compile(
    "(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    "([T ](?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2})?) ?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_YEARS = range(1900, 3000)


def parse_start(value: object, zone: ZoneInfo) -> datetime:
    """Parse a date (its first instant in `zone`) or a date-time (in `zone` unless it has an offset) as UTC."""
    return _parse(value, zone, days=0)


def parse_end(value: object, zone: ZoneInfo) -> datetime:
    """Parse a date as the first instant of the next day, or a date-time unchanged, as UTC."""
    return _parse(value, zone, days=1)


def _parse(value: object, zone: ZoneInfo, *, days: int) -> datetime:
    text = str(value).strip(" ") if isinstance(value, str) else show(value)
    match = _DATE_RE.fullmatch(text)
    if not match:
        raise InvalidValue("date-not-recognised", value=show(text))
    try:
        day = date.fromisoformat(match["date"])
    except ValueError:
        raise InvalidValue("date-not-recognised", value=text) from None
    if day.year not in _YEARS:
        raise InvalidValue("year-out-of-range", value=text, year=day.year, first=_YEARS[0], last=_YEARS[-1])
    if match["time"] is None:
        # fold 0 is the first of a repeated midnight; for a skipped one it is the instant of the transition
        start_day = day + timedelta(days=days)
        return datetime(start_day.year, start_day.month, start_day.day, tzinfo=zone).astimezone(UTC)
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{match['time']}{match['zone'] or ''}")
    except ValueError:
        raise InvalidValue("time-not-recognised", value=text) from None
    if moment.tzinfo is None:
        moment = _localize(moment, zone, text)
    return moment.astimezone(UTC)


def _localize(naive: datetime, zone: ZoneInfo, text: str) -> datetime:
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
    if not exists:
        raise InvalidValue("time-skipped", value=text, zone=zone.key)
    options = (moment.isoformat(timespec="minutes") for moment in (first, second))
    raise InvalidValue("time-ambiguous", value=text, zone=zone.key, first=next(options), second=next(options))
