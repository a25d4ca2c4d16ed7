"""The report of an import: what became of each entry, as values and as a table.

It decides nothing: `importer` and `comparison` do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from feeds.base.text import printable

from .comparison import FeedComparison
from .importer import PlannedArticle

Outcome = Literal["published", "draft", "scheduled", "known", "left out"]

MAX_REASONS = 6
"""Maximum number of reasons in a row."""


@dataclass(frozen=True)
class ReportedEntry:
    """What became of an entry. `page` is the path of its page here, `old_url` its old address, `file` its new file."""

    title: str
    outcome: Outcome
    published: datetime | None
    old_url: str
    page: str = ""
    file: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()


class ComparedFeeds(NamedTuple):
    """A feed of the old site, by its URL or file, and the URL of the feed here that its subscribers will get."""

    old_feed: str
    feed_url: str
    comparison: FeedComparison


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do if it `is_dry_run`.

    `source` is what was imported, and `system` what generated it. `unmapped` is how many entries no mapping puts into
    a category: nothing is written as long as there are any. `names` maps the names of the old system to our
    categories, where None stands for a tag, and `name_counts` to their numbers of entries. `media_files` is how many
    files are new in `media/`; None if none were to be copied. `old_links` are addresses on the old host that texts
    still contain. `redirects` maps old paths to ours. `hints` are about the import as a whole. `comparisons` are what
    subscribers will see; there are none if no old feed is known. `others` counts what is not an article, by kind.
    `had_feed` is whether the old site had a feed.
    """

    title: str
    source: str
    system: str
    date: datetime
    is_dry_run: bool
    entries: tuple[ReportedEntry, ...]
    others: Mapping[str, int]
    names: Mapping[str, tuple[str, ...] | None]
    name_counts: Mapping[str, int]
    media_files: int | None
    old_links: tuple[str, ...]
    redirects: Mapping[str, str]
    hints: tuple[str, ...] = ()
    unmapped: int = 0
    comparisons: tuple[ComparedFeeds, ...] = ()
    had_feed: bool = True

    def of(self, *outcomes: Outcome) -> list[ReportedEntry]:
        """Return the entries with one of several outcomes."""
        return [entry for entry in self.entries if entry.outcome in outcomes]

    @property
    def reasons(self) -> Counter[str]:
        """Number of entries left out, by reason, without the details after its first colon."""
        return Counter(entry.reason.partition(":")[0] for entry in self.of("left out"))


def reported_entries(plan: Sequence[PlannedArticle], now: datetime, root: Path) -> tuple[ReportedEntry, ...]:
    """Return what became of the entries of a plan, after they were converted. `root` is the content folder."""
    return tuple(
        ReportedEntry(
            title=planned.entry.title or planned.entry.id,
            outcome=_outcome(planned, now),
            published=planned.entry.published,
            old_url=planned.entry.url or "",
            page=planned.page or "",
            file=planned.path.relative_to(root).as_posix() if planned.path else "",
            reason=planned.refusal or "",
            notes=tuple(dict.fromkeys(planned.notes)),
        )
        for planned in plan
    )


def _outcome(planned: PlannedArticle, now: datetime) -> Outcome:
    if planned.refusal:
        return "left out"
    if planned.is_known:
        return "known"
    if planned.entry.is_draft:
        return "draft"
    return "scheduled" if planned.entry.published and planned.entry.published > now else "published"


def as_table(report: ImportReport) -> str:
    """Render the numbers of a report as a table for terminals."""
    rows = list(_rows(report))
    width = max(len(label) for label, *_ in rows)
    return "\n".join(f"  {label:<{width}}  {number:>6,}  {about}".rstrip() for label, number, about in rows)


def _rows(report: ImportReport) -> Iterator[tuple[str, int, str]]:
    drafts, scheduled = len(report.of("draft")), len(report.of("scheduled"))
    states = [f"{drafts:,} draft{'s' * (drafts > 1)}"] if drafts else []
    states += [f"{scheduled:,} scheduled"] if scheduled else []
    yield "imported", len(report.of("published", "draft", "scheduled")), ", ".join(states)
    yield "already here", len(report.of("known")), ""
    yield "left out", len(report.of("left out")), _counted(report.reasons)
    if report.others:
        yield "not articles", sum(report.others.values()), _counted(Counter(report.others))
    if report.media_files is not None:
        yield "media files", report.media_files, ""
    yield "redirects", len(report.redirects), ""


def _counted(counts: Counter[str]) -> str:
    """Return the most common names with their counts: `page: 3, event: 2`."""
    listed = [f"{printable(name)}: {count:,}" for name, count in counts.most_common(MAX_REASONS)]
    return ", ".join([*listed, *(["…"] if len(counts) > MAX_REASONS else [])])
