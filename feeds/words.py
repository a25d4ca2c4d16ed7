"""Our own words and dates in each language; an author's text never passes through here.

The catalogues are gettext `.po` files of the package, compiled in memory when first asked for.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

LANGUAGES = ("en", "fr")
"""The languages we have words in; a site's other languages get English ones."""


@cache
def _catalogue(language: str) -> dict[str, str]:
    source = files(__package__) / "translations" / f"{language}.po"
    if not source.is_file():
        return {}
    with source.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, language) if message.string}


def say(language: str, words: str, **values: object) -> str:
    """Say our English `words` in a language, with `{name}` filled from `values`."""
    return _catalogue(language.partition("-")[0]).get(words, words).format(**values)


def day(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write the day of an instant in a zone as people do: 10 janvier 2026, 1er mars 2026, 10 January 2026."""
    return write_date(language, moment.astimezone(zone).date())


def write_date(language: str, when: date) -> str:
    """Write a date as people do."""
    written = format_date(when, "long", locale=_locale(language))
    return "1er" + written[1:] if language.startswith("fr") and when.day == 1 else written


def minute(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write an instant in a zone, to the minute."""
    local = moment.astimezone(zone)
    time = format_datetime(local, "HH:mm", locale=_locale(language))
    return say(language, "{day} at {time}", day=write_date(language, local.date()), time=time)


@cache
def _locale(language: str) -> Locale:
    # "9 January 2026" is read the same everywhere; a site in en-US says so
    return Locale.parse("en-GB" if language == "en" else language, sep="-")


def language_name(language: str) -> str:
    """Write the name of a language in itself: français, English."""
    return Locale.parse(language, sep="-").get_display_name() or language
