"""Dates of other systems: accepts only complete ones.

feedparser accepts many formats and completes what is missing: a year alone becomes its first of January.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from datetime import MAXYEAR, UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import struct_time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_PLACEHOLDER_DATES = (datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
"""Dates that systems write if they have none."""

_MIN_YEAR = 1900

_ZONE_OFFSETS = {"CET": "+0100", "CEST": "+0200", "MET": "+0100", "MEST": "+0200", "WET": "+0000", "WEST": "+0100"}
_ZONE_OFFSETS |= {"BST": "+0100", "EET": "+0200", "EEST": "+0300", "MSK": "+0300", "JST": "+0900", "KST": "+0900"}
_ZONE_OFFSETS |= {"AEST": "+1000", "AEDT": "+1100", "NZST": "+1200", "NZDT": "+1300"}
"""Names of time zones, which feedparser treats as UTC."""

_NAMED_ZONE = re.compile(r"(?<=[0-9]) +([A-Z][A-Za-z_]+/[A-Za-z_/]+)$")
_UTC_OFFSET = re.compile(r"\b(?:UTC|GMT) ?([+-])(\d{1,2})(?::?(\d\d))?$")
_NAME_AFTER_OFFSET = re.compile(r"([+-]\d{2}:?\d{2}) \(?[A-Z]{2,5}\)?$")

_ZONE_NAME = re.compile(rf"(?<![A-Z])\(?\b({'|'.join(_ZONE_OFFSETS)})\)?$", re.IGNORECASE)
_TWELVE_HOURS = re.compile(r"\b(\d{1,2})(:\d\d(?::\d\d)?)\s*([AP])\.?M\b\.?", re.IGNORECASE)
_TIME_OR_OFFSET = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?|(?<=[\d\s])[+-]\d{2}:?\d{2}(?![-\d])")
_NAME = re.compile(r"[^\W\d_]{3,}")


def read_date(text: str, parsed: struct_time | None) -> datetime | None:
    """Return the datetime in a text, in UTC; None if it is not a complete date.

    `parsed` is feedparser's result. A date without a time zone is assumed to be UTC.
    """
    plain = _TWELVE_HOURS.sub(_twenty_four_hours, text.strip())
    plain = _NAME_AFTER_OFFSET.sub(r"\1", plain)
    plain = _ZONE_NAME.sub(lambda zone: _ZONE_OFFSETS[zone[1].upper()], plain)
    plain = _UTC_OFFSET.sub(lambda offset: f"{offset[1]}{offset[2]:0>2}{offset[3] or '00'}", plain)
    named_zone = _NAMED_ZONE.search(plain)
    if named_zone:
        local = read_date(plain[: named_zone.start()], None)
        return _in_zone(local, named_zone[1]) if local else None
    try:
        date = _iso_date(plain)
        if date is None and (parsed is None or plain != text.strip()):
            date = parsedate_to_datetime(plain if ":" in plain else f"{plain} 00:00")
        if date is None and parsed is not None:
            date = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
        date = date.replace(tzinfo=date.tzinfo or UTC, microsecond=0).astimezone(UTC) if date else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    if date is None or date in _PLACEHOLDER_DATES or not _MIN_YEAR <= date.year < MAXYEAR:
        return None
    return date if _is_complete(plain, date) else None


def _in_zone(local: datetime, name: str) -> datetime | None:
    """Return a date that was read as UTC, but is in a time zone; None if there is no such zone."""
    try:
        return local.replace(tzinfo=ZoneInfo(name)).astimezone(UTC)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def is_placeholder(text: str) -> bool:
    """Return whether a text is what systems write in place of a date: one in the year 0, 1 or 1970."""
    year = re.search(r"\d{4}", text)
    return year is not None and year[0] in ("0000", "0001", "1970")


def _iso_date(text: str) -> datetime | None:
    """Return an ISO 8601 date. feedparser loses the time of the basic format."""
    try:
        return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", re.sub(r"\s*(?:UTC|GMT)$", "+00:00", text)))
    except ValueError:
        return None


def _twenty_four_hours(time: re.Match[str]) -> str:
    hour = int(time[1]) % 12 + (12 if time[3].upper() == "P" else 0)
    return f"{hour:02}{time[2]}" if int(time[1]) <= 12 else f"{time[1]}{time[2]}"


def _is_complete(text: str, date: datetime) -> bool:
    """Return whether a text contains the year, the month and the day, apart from time and offset."""
    rest = _TIME_OR_OFFSET.sub(" ", text)
    numbers = Counter(
        map(int, re.findall(r"\d{1,4}", re.sub(r"^(\d{4})(\d\d)(\d\d)(?=\D|\d{6}$|$)", r"\1 \2 \3 ", rest)))
    )
    for days in (-1, 0, 1):  # an offset may change the day
        local = date + timedelta(days=days)
        month = () if _NAME.search(rest) else (local.month,)
        if any(Counter((year, local.day, *month)) <= numbers for year in (local.year, local.year % 100)):
            return True
    return False
