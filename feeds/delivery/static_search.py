"""The search of a built folder: an index that the browser reads, written by Pagefind (https://pagefind.app).

Pagefind is an optional extra. Without it, built pages offer no search.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from feeds.base import translations
from feeds.edition.edition import Edition
from feeds.feed import html_text
from feeds.model.article import Article

FOLDER = "pagefind"
"""The folder below the site's address."""

ENTRY_FILE = "pagefind-entry.json"
"""The file that lists the languages, in an order that differs each time."""

_UNUSED = ("*-ui.*", "*component*", "*highlight*", "playground/*")
"""Files of Pagefind's own interface, which our pages do not use."""


class SearchIndexError(Exception):
    """The index cannot be written."""


def search_kind() -> Literal["static"] | None:
    """Return who answers searches of a built folder: the browser if Pagefind is installed, else nobody."""
    return "static" if all(importlib.util.find_spec(name) for name in ("pagefind", "pagefind_bin")) else None


def write_index(edition: Edition, folder: Path) -> list[Path]:
    """Write an index of the live articles of an edition into a folder, and return its files.

    Raises SearchIndexError if Pagefind fails.
    """
    try:
        asyncio.run(_write(edition, folder))
    except Exception as error:  # whatever it is, the pages are built
        raise SearchIndexError(f"Pagefind failed: {error}") from error
    entry = folder / ENTRY_FILE
    entry.write_text(json.dumps(json.loads(entry.read_bytes()), sort_keys=True), encoding="utf-8")
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if not any(path.relative_to(folder).match(pattern) for pattern in _UNUSED)]


async def _write(edition: Edition, folder: Path) -> None:
    from pagefind.index import IndexConfig, PagefindIndex  # an optional extra

    async with PagefindIndex(IndexConfig(output_path=str(folder))) as index:
        for article in _indexed(edition):
            entry = edition.builder.entries.of(article)
            text = html_text.plain_text(edition.builder.entries.body(article))
            terms = " ".join((*article.tags, *(term.label for term in entry.categories)))
            meta = {
                "title": entry.title,
                "summary": entry.summary,
                "date": translations.day(article.language, article.published, edition.site.timezone),
                "category": entry.categories[0].label if entry.categories else "",
            }
            await index.add_custom_record(
                url=edition.site.article_path(article.language, article.slug),
                content=f"{entry.title}. {entry.summary} {text} {terms}",
                language=article.language.partition("-")[0],
                meta=meta,
                sort={"date": article.published.isoformat()},
            )


def _indexed(edition: Edition) -> Iterator[Article]:
    now = edition.catalog.now
    return (article for article in edition.catalog.live if not article.withdrawal(now))
