from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from feeds.audience.page import KINDS, OWN_NAMES
from feeds.base import translations
from feeds.formats.previews import STATES
from tests.builders import ROOT

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("language", "day", "minute"),
    [
        ("fr", "1er mars 2026", "1er mars 2026 à 00:30"),
        ("en", "1 March 2026", "1 March 2026 at 00:30"),
        ("en-US", "March 1, 2026", "March 1, 2026 at 00:30"),
        ("de", "1. März 2026", "1. März 2026 at 00:30"),
    ],
)
def test_a_day_is_written_as_people_do_in_the_sites_zone(language: str, day: str, minute: str) -> None:
    moment = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert translations.day(language, moment, PARIS) == day
    assert translations.minute(language, moment, PARIS) == minute


def test_an_authors_braces_are_no_places_to_fill() -> None:
    assert translations.say("fr", "Reason: {reason}", reason="{day} {0} {") == "Motif\u00a0: {day} {0} {"


def catalogue() -> dict[str, str]:
    with (ROOT / "feeds" / "base" / "locale" / "fr.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def said() -> set[str]:
    """All words that the code and the templates say."""
    found = {*STATES.values(), *KINDS.values(), *OWN_NAMES}
    for path in [*(ROOT / "feeds").rglob("*.py"), *(ROOT / "feeds").rglob("*.html")]:
        found |= set(re.findall(r'\bsay\(\s*(?:language,\s*)?"([^"]+)"', path.read_text(encoding="utf-8")))
        found |= set(re.findall(r"\bsay\('([^']+)'", path.read_text(encoding="utf-8")))
    return found


def test_all_that_is_said_is_in_the_french_catalogue_and_nothing_else() -> None:
    assert set(catalogue()) == said()


@pytest.mark.parametrize(("english", "french"), catalogue().items())
def test_french_words_have_their_places_and_spaces(english: str, french: str) -> None:
    """E: our own words have French spacing, and the typographic apostrophe."""
    assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", french))
    assert not re.search(r" [:;!?»]|« |'", french)
