"""Our own words and dates in each language; an author's text never passes through here.

The catalogues are gettext `.po` files of the package, compiled in memory when first asked for.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_datetime, format_skeleton, get_month_names
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

LANGUAGES = ("en", "fr")
"""The languages we have words in; a site's other languages get English ones."""


@cache
def _catalogue(language: str) -> dict[str, str]:
    source = files(__package__) / "locale" / f"{language}.po"
    if not source.is_file():
        return {}
    with source.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, language) if message.string}


def say(language: str, words: str, /, **values: object) -> str:
    """Say our English `words` in a language, with `{name}` filled from `values`."""
    return _catalogue(language.partition("-")[0]).get(words, words).format(**values)


def day(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write the day of an instant in a zone as people do: 10 janvier 2026, 1er mars 2026, 10 January 2026."""
    return write_date(language, moment.astimezone(zone).date())


def write_date(language: str, when: date) -> str:
    """Write a date as people do."""
    written = format_date(when, "long", locale=_locale(language))
    return "1er" + written[1:] if language.partition("-")[0] == "fr" and when.day == 1 else written


def minute(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write an instant in a zone, to the minute."""
    local = moment.astimezone(zone)
    time = format_datetime(local, "HH:mm", locale=_locale(language))
    return say(language, "{day} at {time}", day=write_date(language, local.date()), time=time)


@cache
def _locale(language: str) -> Locale:
    # "9 January 2026" is read the same everywhere; a site in en-US says so
    return Locale.parse("en-GB" if language == "en" else language, sep="-")


def end(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Say until when something is offered that ends at an instant: to the end of a day, or to the minute."""
    local = moment.astimezone(zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return say(language, "until {day}", day=day(language, moment - timedelta(seconds=1), zone))
    return say(language, "until {day}", day=minute(language, moment, zone))


def month(language: str, first: date) -> str:
    """Write a month and its year as people do: janvier 2026."""
    return format_skeleton("yMMMM", first, locale=_locale(language))


def month_alone(language: str, first: date) -> str:
    """Write a month without its year, as a heading of a list: janvier, January."""
    return str(get_month_names("wide", "stand-alone", _locale(language))[first.month])


def size(language: str, length: int) -> str:
    """Write a number of bytes as people do: 57 ko, 2,9 Mo, 1,2 Go."""
    for unit, least in (("gigabyte", 1_000_000_000), ("megabyte", 1_000_000), ("kilobyte", 1_000), ("byte", 1)):
        if length >= least or least == 1:
            amount = round(length / least, 1 if least >= 1_000_000 else 0)
            return format_unit(amount, f"digital-{unit}", "short", format="#,##0.#", locale=_locale(language))
    raise AssertionError("every length is in bytes")


def number(language: str, value: int) -> str:
    """Write a whole number as people do: 130 000, 130,000."""
    return format_decimal(value, locale=_locale(language))


def percent(language: str, share: float) -> str:
    """Write a share as people do: 85 %, 85%."""
    return format_percent(share, locale=_locale(language))


def interval(language: str, seconds: float) -> str:
    """Write about how long something takes: 35 min, 2 h, 3 j."""
    lengths = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
    unit, length = next(each for each in lengths if seconds >= 1.5 * each[1] or each[1] == 1)
    return format_unit(round(seconds / length), f"duration-{unit}", "short", locale=_locale(language))


def short_date(language: str, when: date) -> str:
    """Write a day without its year, for where there is little room: 1 mars, 1 Mar."""
    return format_skeleton("MMMd", when, locale=_locale(language))


def duration(seconds: int) -> str:
    """Write how long something plays, as players do: 3:00, 1:02:30."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def territory(language: str) -> str:
    """Name a language with its country, as Open Graph does: fr_FR, en_GB."""
    if "-" in language:
        return language.replace("-", "_")
    known = str(_locale(language))
    country = str(get_global("likely_subtags").get(known, "")).rpartition("_")[2]
    return known if "_" in known or not country.isalpha() else f"{known}_{country}"


def direction(language: str) -> str:
    """Tell in which direction a language is written: ltr or rtl."""
    return Locale.parse(language, sep="-").text_direction


def language_name(language: str, told_in: str | None = None) -> str:
    """Write the name of a language in itself (français, English), or in another."""
    named_in = _locale(told_in) if told_in else None
    return Locale.parse(language, sep="-").get_display_name(named_in) or language
