"""Reports of an audience: a table for terminals, JSON and CSV for programs.

It is in English, as all that commands print is; `page` is for everybody.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date

from .readership import Audience, Program

PROGRAMS = 5
"""Programs of a feed that have a column; the others are added up."""

NAMED = 10
"""Programs that are named for their over_polling."""

FIELDS = (
    *("day", "feed", "kind", "program", "subscribers", "requests", "clients", "not_modified", "told", "conditional"),
    *("sent", "saved"),
)


def as_json(audience: Audience) -> str:
    """Write all rows, each with what it counts, and what is remarkable."""
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
    """Write a row a line (RFC 4180)."""
    file = io.StringIO()
    writer = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    writer.writerows(_records(audience))
    return file.getvalue()


def _records(audience: Audience) -> Iterable[dict[str, object]]:
    for row in audience.rows:
        about = {"day": row.day.isoformat(), "feed": row.feed, "kind": row.kind.value, "program": row.program}
        yield {**about, "subscribers": row.subscribers, **asdict(row.usage)}


def as_table(audience: Audience) -> str:
    """Write, feed by feed and day by day, how many subscribe through what; then what each program asked."""
    if not audience.rows:
        return "No feed was asked for."
    parts = [_feed(audience, feed) for feed in audience.feeds if audience.series(feed)]
    parts.append(_programs(audience))
    if audience.over_polling:
        heading = ("asked too often", "feed", "most in a day", "on", "times")
        rows = [
            (each.program, each.feed, f"{each.most:,}", f"{each.day}", f"{each.times:,}")
            for each in audience.over_polling[:NAMED]
        ]
        parts.append(_aligned([heading, *rows]))
    if audience.missed:
        missed = [(path[:70], f"{count:,}") for path, count in audience.missed[:NAMED]]
        parts.append(_aligned([("readers found no feed at", "requests"), *missed]))
    return "\n\n".join([*parts, *_notes(audience)])


def _feed(audience: Audience, feed: str) -> str:
    programs = audience.programs_of(feed)
    first, others = list(programs)[:PROGRAMS], list(programs)[PROGRAMS:]
    series = audience.series(feed)
    rows = []
    for day in audience.days:
        counts = [programs[name].get(day, 0) for name in first]
        rest = [sum(programs[name].get(day, 0) for name in others)] if others else []
        rows.append((f"{day}", *(f"{count:,}" for count in [series.get(day, 0), *counts, *rest])))
    means = [series, *(programs[name] for name in first)]
    rest_of = [sum(audience.mean(programs[name]) for name in others)] if others else []
    last = ("mean", *(f"{mean:,.0f}" for mean in [*map(audience.mean, means), *rest_of]))
    return _aligned([(feed, "total", *first, *(["others"] if others else [])), *rows, last])


def _programs(audience: Audience) -> str:
    heading = ("program", "kind", "subscribers", "requests", "304", "conditional", "every", "sent", "saved")
    return _aligned([heading, *map(_program, audience.programs)])


def _program(program: Program) -> tuple[str, ...]:
    usage = program.usage
    return (
        program.name,
        program.kind.value,
        f"{program.subscribers:,}" if program.subscribers else "–",
        f"{usage.requests:,}",
        f"{usage.unchanged_share:.0%}",
        "–" if usage.conditional_share is None else f"{usage.conditional_share:.0%}",
        _duration(program.interval) if program.interval else "–",
        _size(usage.sent) if usage.sent else "–",
        _size(usage.saved) if usage.saved else "–",
    )


def _notes(audience: Audience) -> list[str]:
    days, total = audience.days, audience.total
    sizes = f"; {_size(total.sent)} sent, {_size(total.saved)} saved" if total.sent else ""
    notes = [
        f"{total.requests:,} requests of feeds from {days[0]} to {days[-1]}, {total.unchanged_share:.0%} answered with"
        f" 304{sizes}. Besides, {audience.unserved:,} requests of feeds"
        f" with another answer, and {audience.elsewhere:,} of other things. Means are over whole days."
    ]
    for each in audience.implausible_claims:
        notes.append(
            f"{each.program} stated {each.stated:,} subscribers of the feed {each.feed}, which is not believed"
            f" (--max-claim): it counts as {each.counted:,}"
        )
    if audience.sampled:
        notes.append(f"Readers are estimated, for there were too many to tell apart: {_list(audience.sampled)}")
    if audience.reopened:
        notes.append(f"Readers may be more, for the log goes back and forth: {_list(audience.reopened)}")
    return notes


def _list(days: Iterable[date]) -> str:
    return ", ".join(map(str, days))


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _size(length: int) -> str:
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if length >= least:
            return f"{length / least:.1f} {unit}"
    return f"{length} B"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write columns: words to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lefts = [not any(row[at][:1].isdigit() for row in rows[1:]) or at == 0 for at in range(len(widths))]
    lines = []
    for row in rows:
        cells = (
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, lefts, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
