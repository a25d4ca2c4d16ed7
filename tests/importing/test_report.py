"""The report of an import, as a table and as a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

import html5lib  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser

from feeds.importing.comparison import FeedComparison
from feeds.importing.notes import Note, note_text
from feeds.importing.report import ComparedFeeds, ImportReport, ReportedEntry, as_table
from feeds.importing.report_page import render
from tests.builders import site
from tests.conftest import violations

DAY = datetime(2026, 1, 5, tzinfo=UTC)
OLD = "https://old.example/a"
COMPARISON = FeedComparison(
    entries=3,
    old_entries=3,
    new={"a:1": "Neuf <b>"},
    unpublished={"a:3": "Attend"},
    gone={"a:2": "Disparu"},
    retitled={"X": "Y"},
    unredirected={},
    fitting=2,
)
REPORT = ImportReport(
    title="L’institut <script>",
    source="old-site/",
    system="Hugo",
    date=DAY,
    is_dry_run=True,
    entries=(
        ReportedEntry(
            "Un <i>titre</i>", "published", DAY, OLD, "/articles/un", "articles/2026/un.yaml", notes=("a & b", "c")
        ),
        ReportedEntry("Brouillon", "draft", DAY, "", "/articles/deux", "articles/2026/deux.yaml"),
        ReportedEntry("Demain", "scheduled", DAY, OLD, "/articles/trois", "articles/2026/trois.yaml"),
        ReportedEntry("Connu", "known", DAY, OLD, "/articles/quatre"),
        ReportedEntry("Non", "left out", None, OLD, reason="it has no date"),
        ReportedEntry("Non plus", "left out", None, OLD, reason="its date cannot be read: '2020' (expected …)"),
        ReportedEntry("Ni lui", "left out", None, OLD, reason="its date cannot be read: '2021' (expected …)"),
    ),
    others={"page": 3, "event": 1200},
    names={"Recherche": ("research",), "Divers": None, "Vide": ()},
    name_counts={"Recherche": 3, "Divers": 2, "Vide": 1},
    media_files=2,
    old_links=("https://old.example/x.pdf",),
    redirects={"/a": "/articles/un"},
    hints=(Note.of("it has no text"),),
    comparisons=(
        ComparedFeeds("https://old.example/feed/", "https://news.example/feeds/all", COMPARISON),
        ComparedFeeds("https://old.example/en/feed/", "https://news.example/en/feeds/all", COMPARISON),
    ),
)


def test_the_table_has_all_numbers_and_the_most_common_reasons() -> None:
    assert as_table(REPORT).splitlines() == [
        "  imported           3  1 draft, 1 scheduled",
        "  already here       1",
        "  left out           3  its date cannot be read: 2, it has no date: 1",
        "  not articles   1,203  event: 1,200, page: 3",
        "  media files        2",
        "  redirects          1",
    ]


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_page_names_what_became_of_each_entry(language: str) -> None:
    text = render(REPORT, site(), language).decode()
    assert "<script>" not in text and "Un &lt;i&gt;titre&lt;/i&gt;" in text and "Neuf &lt;b&gt;" in text
    for told in ("it has no date", "a &amp; b", "/articles/un", "https://old.example/x.pdf", "entries: 2", "Disparu"):
        assert told in text
    assert f'lang="{"fr" if language == "fr" else "en"}"' in text
    document = html5lib.parse(text, namespaceHTMLElements=False)
    links = [link.get("href") for link in document.iter("a")]
    assert {urlsplit(link).scheme for link in links} == {"https"}


def test_reasons_and_notes_are_in_the_language_of_the_page() -> None:
    reason = Note.of("{file} is larger than {size} MB", file="a", size=40)
    note = Note.of("its picture is not imported: {reason}", reason=reason)
    assert note == "its picture is not imported: a is larger than 40 MB"
    assert note_text(note, "fr") == "son image n’est pas importée\u00a0: a dépasse 40\u00a0Mo"
    assert note_text("anything", "fr") == "anything"


@pytest.mark.integration
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_is_accessible(browser: Browser, language: str) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    tab = browser.new_page()
    tab.set_content(render(REPORT, site(), language).decode())
    for width in (320, 1120):
        tab.set_viewport_size({"width": width, "height": 800})
        for scheme in schemes:
            tab.emulate_media(color_scheme=scheme)
            assert violations(tab) == [], (width, scheme)
    tab.close()
