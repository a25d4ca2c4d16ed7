"""Reports of an audience: a table for terminals, JSON and CSV for programs.

They are in English, like all output of the commands; `page` is translated.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date

from .readership import Audience, Program

MAX_PROGRAM_COLUMNS = 5
"""Maximum number of programs per feed with their own column; the others are added up."""

MAX_LISTED_ROWS = 10
"""Maximum number of rows in the tables of over-polling programs and of missed paths."""

FIELDS = (
    *("day", "feed", "kind", "program", "subscribers", "requests", "clients", "not_modified", "told", "conditional"),
    *("sent", "saved"),
)


def as_json(audience: Audience) -> str:
    """Return all rows with their counts, and the findings, as JSON."""
    values = {
        "requests": audience.requests,
        "elsewhere": audience.elsewhere,
        "unserved": audience.unserved,
        "rows": list(_records(audience)),
        "programs": [
            {"program": each.name, "kind": each.kind.value, "interval": each.interval and round(each.interval)}
            for each in audience.programs
        ],
        "implausible_claims": [asdict(each) for each in audience.implausible_claims],
        "over_polling": [asdict(each) for each in audience.over_polling],
        "missed": [{"path": path, "requests": count} for path, count in audience.missed],
        "sampled": audience.sampled,
        "reopened": audience.reopened,
    }
    return json.dumps(values, default=date.isoformat, ensure_ascii=False, indent=1)


def as_csv(audience: Audience) -> str:
    """Return one CSV line per row (RFC 4180)."""
    file = io.StringIO()
    writer = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    writer.writerows(_records(audience))
    return file.getvalue()


def _records(audience: Audience) -> Iterable[dict[str, object]]:
    for row in audience.rows:
        columns = {"day": row.day.isoformat(), "feed": row.feed, "kind": row.kind.value, "program": row.program}
        yield {**columns, "subscribers": row.subscribers, **asdict(row.usage)}


def as_table(audience: Audience) -> str:
    """Return subscribers by program for each feed and day, then the usage of each program."""
    if not audience.rows:
        return "No feed was requested."
    parts = [_feed_table(audience, feed) for feed in audience.feeds if audience.series(feed)]
    parts.append(_program_table(audience))
    if audience.over_polling:
        heading = ("polled too often", "feed", "most in a day", "on", "times")
        rows = [
            (client.program, client.feed, f"{client.most:,}", f"{client.day}", f"{client.times:,}")
            for client in audience.over_polling[:MAX_LISTED_ROWS]
        ]
        parts.append(_align_columns([heading, *rows]))
    if audience.missed:
        missed = [(path[:70], f"{count:,}") for path, count in audience.missed[:MAX_LISTED_ROWS]]
        parts.append(_align_columns([("readers found no feed at", "requests"), *missed]))
    return "\n\n".join([*parts, *_notes(audience)])


def _feed_table(audience: Audience, feed: str) -> str:
    programs = audience.programs_of(feed)
    largest, remaining = list(programs)[:MAX_PROGRAM_COLUMNS], list(programs)[MAX_PROGRAM_COLUMNS:]
    series = audience.series(feed)
    rows = []
    for day in audience.days:
        counts = [programs[name].get(day, 0) for name in largest]
        rest = [sum(programs[name].get(day, 0) for name in remaining)] if remaining else []
        rows.append((f"{day}", *(f"{count:,}" for count in [series.get(day, 0), *counts, *rest])))
    means = [series, *(programs[name] for name in largest)]
    rest_mean = [sum(audience.mean(programs[name]) for name in remaining)] if remaining else []
    last = ("mean", *(f"{mean:,.0f}" for mean in [*map(audience.mean, means), *rest_mean]))
    return _align_columns([(feed, "total", *largest, *(["others"] if remaining else [])), *rows, last])


def _program_table(audience: Audience) -> str:
    heading = ("program", "kind", "subscribers", "requests", "304", "conditional", "every", "sent", "saved")
    return _align_columns([heading, *map(_program_row, audience.programs)])


def _program_row(program: Program) -> tuple[str, ...]:
    usage = program.usage
    return (
        program.name,
        program.kind.value,
        f"{program.subscribers:,}" if program.subscribers else "–",
        f"{usage.requests:,}",
        f"{usage.unchanged_share:.0%}",
        "–" if usage.conditional_share is None else f"{usage.conditional_share:.0%}",
        _format_duration(program.interval) if program.interval else "–",
        _format_size(usage.sent) if usage.sent else "–",
        _format_size(usage.saved) if usage.saved else "–",
    )


def _notes(audience: Audience) -> list[str]:
    days, total = audience.days, audience.total
    sizes = f"; {_format_size(total.sent)} sent, {_format_size(total.saved)} saved" if total.sent else ""
    notes = [
        f"{total.requests:,} requests for feeds from {days[0]} to {days[-1]}, {total.unchanged_share:.0%} answered"
        f" with 304{sizes}. In addition, {audience.unserved:,} requests for feeds"
        f" with another status, and {audience.elsewhere:,} for anything else. Means are over whole days."
    ]
    for claim in audience.implausible_claims:
        notes.append(
            f"{claim.program} stated {claim.stated:,} subscribers of the feed {claim.feed}, which is implausible"
            f" (--max-claim): it counts as {claim.counted:,}"
        )
    if audience.sampled:
        notes.append(f"Numbers of readers are estimates, since there were too many: {_join_days(audience.sampled)}")
    if audience.reopened:
        notes.append(f"There may be more readers, since the log is not in order: {_join_days(audience.reopened)}")
    return notes


def _join_days(days: Iterable[date]) -> str:
    return ", ".join(map(str, days))


def _format_duration(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _format_size(length: int) -> str:
    for unit, threshold in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if length >= threshold:
            return f"{length / threshold:.1f} {unit}"
    return f"{length} B"


def _align_columns(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows as aligned columns: text to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left_aligned = [not any(row[index][:1].isdigit() for row in rows[1:]) or index == 0 for index in range(len(widths))]
    lines = []
    for row in rows:
        cells = (
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, left_aligned, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
