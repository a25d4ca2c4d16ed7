"""Archive documents: how the articles of a month are divided among them, so that none grows without bound.

It renders nothing. `builder` decides which documents exist, and what is in the subscription document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from feeds.model.article import BYTES_PER_ENTRY, Article

MAX_FEED_BYTES = 1_000_000
"""Size in bytes above which some aggregators refuse a feed."""


class Part(NamedTuple):
    """An archive document: the first day of its month, and its number within it, counted from the oldest articles."""

    first: date
    number: int = 1

    def __str__(self) -> str:
        """Return its name in paths: `2026-03`, and `2026-03-2` for the second part of a month."""
        return f"{self.first:%Y-%m}" + (f"-{self.number}" if self.number > 1 else "")


def max_entries(entries: int) -> int:
    """Return how many entries a document may contain, given how many a feed usually has."""
    return 2 * entries


def that_fit(articles: Iterable[Article], entries: int, *, is_short: bool = False) -> list[Article]:
    """Return the first articles that fit into one document, at least one; with `is_short`, without their bodies."""
    fitting: list[Article] = []
    size = 0
    for article in articles:
        size += BYTES_PER_ENTRY if is_short else article.estimated_size
        if fitting and (size > MAX_FEED_BYTES or len(fitting) == max_entries(entries)):
            break
        fitting.append(article)
    return fitting


def parts_of(articles: Sequence[Article], entries: int, *, is_short: bool = False) -> list[list[Article]]:
    """Divide the articles of a month, newest first, into those of its parts, from the oldest part on.

    A new article changes the last part only. A part whose successor has begun is complete.
    """
    parts: list[list[Article]] = []
    remaining = list(reversed(articles))
    while remaining:
        part = that_fit(remaining, entries, is_short=is_short)
        parts.append(part[::-1])
        remaining = remaining[len(part) :]
    return parts
