from __future__ import annotations

import re
import string
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from feeds.audience.page import KIND_LABELS, TRANSLATED_NAMES
from feeds.base import translations
from feeds.commands.context import COUNTED
from feeds.editor.rendering import FIELD_TEXTS, LABELS, STATE_NAMES
from feeds.formats.previews import STATES
from feeds.importing.report_page import COUNT_LABELS as IMPORTED
from feeds.importing.report_page import OUTCOME_LABELS
from feeds.model.article import Article
from feeds.model.messages import MESSAGES
from feeds.model.problems import Message, Problem
from feeds.model.yaml_mistakes import name_character
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
        return {str(each.id): str(each.string) for each in read_po(file) if each.id and not each.context}


def phrases() -> dict[str, str]:
    """Return the translations of phrases that are parameters of messages."""
    with (ROOT / "feeds" / "base" / "locale" / "fr.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file) if each.context == translations.VALUE_CONTEXT}


def translated_messages() -> set[str]:
    """Return all messages that the code and the templates translate."""
    found = {*STATES.values(), *KIND_LABELS.values(), *TRANSLATED_NAMES, *MESSAGES.values()}
    found |= {noun for nouns in COUNTED.values() for noun in nouns}
    found |= {*STATE_NAMES.values(), *FIELD_TEXTS.values(), *LABELS.values(), *OUTCOME_LABELS.values(), *IMPORTED}
    for path in [*(ROOT / "feeds").rglob("*.py"), *(ROOT / "feeds").rglob("*.html")]:
        literals = re.findall(
            r"\b(?:Note\.of|translate)\(\s*"
            r'(?:(?:language|interface|self\.interface|current_language\(\)),\s*)?((?:\s*"[^"]+")+)',
            path.read_text(encoding="utf-8"),
        )
        found |= {"".join(re.findall('"([^"]+)"', literal)) for literal in literals}
        found |= set(re.findall(r"\btranslate\('([^']+)'", path.read_text(encoding="utf-8")))
    return found


def test_the_french_catalogue_has_exactly_the_texts_in_use() -> None:
    assert set(catalogue()) == translated_messages()


@pytest.mark.parametrize(("english", "french"), catalogue().items())
def test_french_translations_have_their_placeholders_and_spacing(english: str, french: str) -> None:
    """E: our own translations have French spacing, and the typographic apostrophe."""
    assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", french))
    assert not re.search(r" [:;?»]| !(?!\[)|« ", french)
    assert "'" not in french or "'" in english
    parameters, translated = (
        sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
        for text in (english, french)
    )
    assert parameters == translated


def test_phrases_in_messages_are_translated() -> None:
    names = {name for letter in " \u00a0\u202f\ufeff\u200b\x07" for name in [name_character(letter)[8:-1]]}
    examples = {str(field.examples[0]) for field in Article.model_fields.values() if field.examples}
    english = {example for example in examples if re.search(r"\b(the|a|for|or|and)\b", example, re.IGNORECASE)}
    assert (names - {"space"}) | english <= set(phrases())


@pytest.mark.parametrize(
    ("message", "french"),
    [
        (
            Message.of("file-too-large", size=1234567, limit=1048576),
            "le fichier a 1 234 567 octets (attendu : au plus 1 048 576)",
        ),
        (
            Message.of("group-expected", value="a list", example="…"),
            "une liste n’est pas un groupe de clés (attendu : …)",
        ),
        (
            Message.of("body-character-removed", character="U+00A0 (no-break space)"),
            "U+00A0 (espace insécable) est supprimé (ne l’écrivez pas)",
        ),
    ],
)
def test_a_message_has_a_french_text_with_french_numbers_and_names(message: Message, french: str) -> None:
    assert re.sub("[\u00a0\u202f]", " ", message.text("fr")) == french


def test_a_problem_has_a_french_line() -> None:
    problem = Problem("a.yaml", 3, 12, "published", Message.of("date-not-recognised", value="12/01/2026"), "warning")
    text = "12/01/2026 n’est pas une date (attendu\u00a0: 2026-03-01 ou 2026-03-01T09:00)"
    assert problem.text("fr") == f"a.yaml:3:12: avertissement: published: {text}"
    assert problem.to_dict("fr")["message"] == text and str(problem).startswith("a.yaml:3:12: warning: published: ")
