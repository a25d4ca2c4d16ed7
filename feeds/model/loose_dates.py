"""Parse dates as people write them, such as `12/01/2026 à 9h30`, and return each possible meaning.

The models do not accept such dates. A repair replaces one that has only one meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from functools import cache

from babel.dates import get_month_names

_SPACES = "[ \u00a0\u202f]"
_TIME = (
    rf"(?:{_SPACES}*(?:,|T|à|at|-)?{_SPACES}*(?P<hour>[0-2]?[0-9]){_SPACES}*(?::|h|H){_SPACES}*(?P<minute>[0-5][0-9])?"
    rf"(?::[0-5][0-9])?{_SPACES}*(?P<half>[ap]\.?m\.?)?)?"
)
_YEAR_FIRST = re.compile(rf"(?P<year>[0-9]{{4}})[-/.](?P<month>[0-9]{{1,2}})[-/.](?P<day>[0-9]{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(?P<first>[0-9]{{1,2}})[-/.](?P<second>[0-9]{{1,2}})[-/.](?P<year>[0-9]{{4}}){_TIME}")
_WEEKDAY = rf"(?:[^\W\d_]+\.?,?{_SPACES}+)?"
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<day>[0-9]{{1,2}})(?:er|st|nd|rd|th)?\.?{_SPACES}+(?P<name>[^\W\d_]+)\.?,?{_SPACES}+"
    rf"(?P<year>[0-9]{{4}}){_TIME}"
)
_MONTH_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<name>[^\W\d_]+)\.?{_SPACES}+(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,?{_SPACES}+"
    rf"(?P<year>[0-9]{{4}}){_TIME}"
)

LANGUAGES = ("en", "fr")
"""Languages whose names of months are known, besides that of the site."""


def readings(text: str, language: str) -> list[str]:
    """Return the dates that a text may mean, in the form that files have. `language` is that of the site.

    In English, a date such as 12/01/2026 has two readings; in other languages, the day is first.
    """
    stripped = text.strip(" \t\u00a0\u202f")
    return sorted(set(filter(None, (_written(*candidate) for candidate in _candidates(stripped, language)))))


def _candidates(text: str, language: str) -> Iterator[tuple[re.Match[str], int, int]]:
    """Yield matches, each with the month and the day."""
    if match := _YEAR_FIRST.fullmatch(text):
        yield match, int(match["month"]), int(match["day"])
    if match := _YEAR_LAST.fullmatch(text):
        yield match, int(match["second"]), int(match["first"])
        if language.partition("-")[0] == "en" or int(match["second"]) > 12:
            yield match, int(match["first"]), int(match["second"])
    for pattern in (_DAY_FIRST, _MONTH_FIRST):
        match = pattern.fullmatch(text)
        if match and (month := _months(language).get(_folded(match["name"]))):
            yield match, month, int(match["day"])


def _written(match: re.Match[str], month: int, day: int) -> str | None:
    """Return a date as files have it, with its time if it has one; None if it does not exist."""
    hour = int(match["hour"]) if match["hour"] else None
    if hour is not None and match["half"]:
        hour = hour % 12 + (12 if match["half"].startswith("p") else 0)
    try:
        moment = datetime(int(match["year"]), month, day, hour or 0, int(match["minute"] or 0))
    except ValueError:
        return None
    return moment.strftime("%Y-%m-%d" if hour is None else "%Y-%m-%dT%H:%M")


@cache
def _months(language: str) -> dict[str, int]:
    names: dict[str, int] = {}
    for code in (*LANGUAGES, language.partition("-")[0]):
        for width in ("wide", "abbreviated"):
            try:
                names |= {_folded(name): month for month, name in get_month_names(width, locale=code).items()}
            except ValueError:  # Babel does not know the language
                continue
    return names


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold().rstrip("."))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
