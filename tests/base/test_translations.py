from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from feeds.audience.page import KIND_LABELS, TRANSLATED_NAMES
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
def test_a_date_is_formatted_for_its_language_in_the_sites_time_zone(language: str, day: str, minute: str) -> None:
    moment = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert translations.day(language, moment, PARIS) == day
    assert translations.day_and_time(language, moment, PARIS) == minute


def test_braces_in_an_authors_text_are_not_placeholders() -> None:
    assert translations.translate("fr", "Reason: {reason}", reason="{day} {0} {") == "Motif\u00a0: {day} {0} {"


def catalogue() -> dict[str, str]:
    with (ROOT / "feeds" / "base" / "locale" / "fr.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def translated_messages() -> set[str]:
    """Return all messages that the code and the templates translate."""
    found = {*STATES.values(), *KIND_LABELS.values(), *TRANSLATED_NAMES}
    for path in [*(ROOT / "feeds").rglob("*.py"), *(ROOT / "feeds").rglob("*.html")]:
        found |= set(re.findall(r'\btranslate\(\s*(?:language,\s*)?"([^"]+)"', path.read_text(encoding="utf-8")))
        found |= set(re.findall(r"\btranslate\('([^']+)'", path.read_text(encoding="utf-8")))
    return found


def test_the_french_catalogue_has_exactly_the_texts_in_use() -> None:
    assert set(catalogue()) == translated_messages()


@pytest.mark.parametrize(("english", "french"), catalogue().items())
def test_french_translations_have_their_placeholders_and_spacing(english: str, french: str) -> None:
    """E: our own translations have French spacing, and the typographic apostrophe."""
    assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", french))
    assert not re.search(r" [:;!?»]|« |'", french)
