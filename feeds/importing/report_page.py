"""Renders the report of an import as a standalone page, for those who check the articles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from feeds.base import translations
from feeds.formats.standalone import StandalonePage, render_standalone
from feeds.model.site import Site

from .notes import note_text
from .report import ImportReport, Outcome

OUTCOME_LABELS: dict[Outcome, str] = {
    "published": "Published",
    "scheduled": "Scheduled",
    "draft": "Draft",
    "known": "Already here",
    "left out": "Left out",
}
"""The labels of outcomes."""

COUNT_LABELS = (
    *("Published articles", "Scheduled", "Drafts", "Already here", "Left out", "Not articles"),
    *("Media files", "Redirects"),
)
"""The labels of the numbers at the top."""


class ReportPage(StandalonePage):
    """Helpers for the template of a report."""

    def __init__(self, report: ImportReport, site: Site, language: str) -> None:
        """Prepare a page, in English if the interface is not translated into `language`."""
        super().__init__(site, language)
        self.report = report

    def day(self, date: datetime | None) -> str:
        """Return a formatted day in the time zone of the site; empty if there is none."""
        return translations.long_date(self.language, date.astimezone(self.site.timezone)) if date else ""

    def outcome(self, outcome: Outcome) -> str:
        """Return the label of an outcome."""
        return self.translate(OUTCOME_LABELS[outcome])

    def note(self, note: str) -> str:
        """Return a note or a reason in the language of the page."""
        return note_text(note, self.language)

    def readable(self, url: str) -> str:
        """Return a URL for people, with its accents."""
        return unquote(url)

    @property
    def counts(self) -> Iterator[tuple[str, int]]:
        """Labels with numbers. What was in the source is counted once, by what became of it."""
        report = self.report
        numbers = (
            *(len(report.of(each)) for each in ("published", "scheduled", "draft", "known", "left out")),
            sum(report.others.values()),
            report.media_files,
            len(report.redirects),
        )
        for label, number in zip(COUNT_LABELS, numbers, strict=True):
            if number is not None:
                yield self.translate(label), number


DRY_RUN_CLASS = "dry-run"


def is_of_dry_run(path: Path) -> bool:
    """Return whether a file is the report of a dry run, which may be overwritten."""
    try:
        return f'<body class="report {DRY_RUN_CLASS}">' in path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def render(report: ImportReport, site: Site, language: str) -> bytes:
    """Render the page, in English if the interface is not translated into `language`."""
    page = ReportPage(report, site, language)
    return render_standalone(
        "import_report.html",
        page,
        stylesheet="import_report.css",
        report=report,
        language=page.language,
        dry_run=DRY_RUN_CLASS,
    )
