"""Texts of the interface, dates and numbers in each language; authors' texts are never translated.

The catalogues are gettext `.po` files of the package, loaded into memory on first use.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_datetime, format_skeleton, get_month_names, get_timezone_name
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

LANGUAGES = ("en", "fr")
"""Languages that the interface is translated into; sites in other languages show it in English."""

VALUE_CONTEXT = "value"
"""Context (msgctxt) of the phrases that are parameters of messages."""

_CONTEXT_END = "\x04"
"""Separates a context from its message, as in gettext's .mo files."""

CACHED_DATES = 1024
"""Maximum number of dates that are cached as text: formatting one takes longer than rendering a template."""


@cache
def _catalogue(language: str) -> dict[str, str]:
    source = files(__package__) / "locale" / f"{language}.po"
    if not source.is_file():
        return {}
    with source.open("rb") as file:
        messages = [message for message in read_po(file, language) if message.string]
    return {
        f"{message.context}{_CONTEXT_END}{message.id}" if message.context else str(message.id): str(message.string)
        for message in messages
    }


def translate(language: str, message: str, /, **values: object) -> str:
    """Return an English message in a language, with `{name}` filled from `values`."""
    return translation(language, message).format(**values)


def translation(language: str, message: str) -> str:
    """Return an English message in a language, with its placeholders."""
    return _catalogue(language.partition("-")[0]).get(message, message)


def translate_value(language: str, text: str) -> str:
    """Return a phrase that is a parameter of messages in a language, and any other text unchanged."""
    return _catalogue(language.partition("-")[0]).get(f"{VALUE_CONTEXT}{_CONTEXT_END}{text}", text)


class LocalizedNumber(int):
    """A whole number that the format `,` writes with the separators of a language: 130 000, 130,000."""

    _language: str

    def __new__(cls, value: int, language: str) -> LocalizedNumber:
        """Create the number."""
        instance = super().__new__(cls, value)
        instance._language = language
        return instance

    def __format__(self, specification: str) -> str:
        """Return the number as text."""
        return number(self._language, int(self)) if specification == "," else super().__format__(specification)


def day(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Return the day of an instant in a time zone: 10 janvier 2026, 1er mars 2026, 10 January 2026."""
    return long_date(language, instant.astimezone(zone).date())


@lru_cache(maxsize=CACHED_DATES)
def long_date(language: str, when: date) -> str:
    """Return a date in long form."""
    formatted = format_date(when, "long", locale=_locale(language))
    return "1er" + formatted[1:] if language.partition("-")[0] == "fr" and when.day == 1 else formatted


def day_and_time(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant in a time zone as day and time, to the minute."""
    local = instant.astimezone(zone)
    time = format_datetime(local, "HH:mm", locale=_locale(language))
    return translate(language, "{day} at {time}", day=long_date(language, local.date()), time=time)


@cache
def _locale(language: str) -> Locale:
    # "9 January 2026" is unambiguous everywhere; a site can ask for en-US
    return _known_locale("en-GB" if language == "en" else language) or Locale.parse("en_GB")


@cache
def _known_locale(language: str) -> Locale | None:
    """Return the locale of a language tag, less any final subtags that Babel does not know, or None."""
    subtags = language.split("-")
    while subtags:
        with suppress(UnknownLocaleError, ValueError):
            return Locale.parse("-".join(subtags), sep="-")
        subtags.pop()
    return None


def until_text(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Return the text `until …` for the end of an offer: a day if it ends at midnight, else day and time."""
    local = instant.astimezone(zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return translate(language, "until {day}", day=day(language, instant - timedelta(seconds=1), zone))
    return translate(language, "until {day}", day=day_and_time(language, instant, zone))


@lru_cache(maxsize=CACHED_DATES)
def month(language: str, first: date) -> str:
    """Return a month with its year: janvier 2026."""
    return format_skeleton("yMMMM", first, locale=_locale(language))


def month_name(language: str, first: date) -> str:
    """Return a month without its year, as the heading of a list: janvier, January."""
    return str(get_month_names("wide", "stand-alone", _locale(language))[first.month])


def size(language: str, length: int) -> str:
    """Return a number of bytes with a suitable unit: 57 ko, 2,9 Mo, 1,2 Go."""
    for unit, threshold in (("gigabyte", 1_000_000_000), ("megabyte", 1_000_000), ("kilobyte", 1_000), ("byte", 1)):
        if length >= threshold or threshold == 1:
            amount = round(length / threshold, 1 if threshold >= 1_000_000 else 0)
            return format_unit(amount, f"digital-{unit}", "short", format="#,##0.#", locale=_locale(language))
    raise AssertionError("every length is in bytes")


def number(language: str, value: int) -> str:
    """Return a whole number with separators: 130 000, 130,000."""
    return format_decimal(value, locale=_locale(language))


def percent(language: str, share: float) -> str:
    """Return a fraction as a percentage: 85 %, 85%."""
    return format_percent(share, locale=_locale(language))


def interval(language: str, seconds: float) -> str:
    """Return an approximate length of time: 35 min, 2 h, 3 j."""
    lengths = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
    unit, length = next(each for each in lengths if seconds >= 1.5 * each[1] or each[1] == 1)
    return format_unit(round(seconds / length), f"duration-{unit}", "short", locale=_locale(language))


def short_date(language: str, when: date) -> str:
    """Return a date without its year, for narrow spaces: 1 mars, 1 Mar."""
    return format_skeleton("MMMd", when, locale=_locale(language))


def duration(seconds: int) -> str:
    """Return a playing time as media players show it: 3:00, 1:02:30."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def zone_name(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Return the name of a time zone at an instant: heure normale d’Europe centrale (Europe/Paris)."""
    return f"{get_timezone_name(instant.astimezone(zone), 'long', locale=_locale(language))} ({zone.key})"


@cache
def og_locale(language: str) -> str:
    """Return a language with its likely country, as Open Graph writes it: fr_FR, en_GB."""
    locale = _known_locale("en-GB" if language == "en" else language)
    if locale is None:
        return language.replace("-", "_")
    name = f"{locale.language}_{locale.script}" if locale.script else locale.language
    likely_subtags = get_global("likely_subtags")
    likely = str(likely_subtags.get(name) or likely_subtags.get(locale.language, "")).rpartition("_")[2]
    country = locale.territory or likely
    return f"{locale.language}_{country}" if country.isalpha() else locale.language


def text_direction(language: str) -> str:
    """Return the writing direction of a language: ltr or rtl."""
    locale = _known_locale(language)
    return locale.text_direction if locale else "ltr"


@cache
def language_name(language: str, display_language: str | None = None) -> str:
    """Return the name of a language in itself (français, English), or in another language."""
    locale = _known_locale(language)
    display_locale = _locale(display_language) if display_language else None
    return (locale and locale.get_display_name(display_locale)) or language
