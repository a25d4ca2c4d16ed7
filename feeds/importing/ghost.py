"""Parser for Ghost exports: its posts as entries, with the ids of its feed. It makes no requests.

https://docs.ghost.org/migration/custom
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .dates import read_date
from .notes import Note
from .old_feed import (
    FeedError,
    OldEntry,
    OldFeed,
    OldPerson,
    OldPicture,
    absolute_url,
    later,
    one_line,
    plain,
    publication_state,
)
from .old_json import list_at, load_json, text_at

_HOME_PLACEHOLDER = "__GHOST_URL__"
_GATED = re.compile("<!--kg-gated-block:begin(?![^>]*nonMember:true).*?(?:<!--kg-gated-block:end-->|$)", re.DOTALL)
"""Parts of a text that Ghost shows only to members."""

_INTERNAL_TAG = "#"
"""Prefix of Ghost's internal tags, which it does not show."""

Row = Mapping[str, Any]
"""A row of a database table."""


def is_ghost_export(data: bytes) -> bool:
    """Return whether a file starts like a Ghost export."""
    start = data[:200_000]
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"exported_on"' in start


def read_ghost_export(data: bytes, home: str) -> OldFeed:
    """Parse an export of the site that was at `home`. Raises FeedError if it has no posts."""
    document = load_json(data, "a Ghost export")
    database = document.get("db") if isinstance(document, dict) else None
    tables = database[0] if isinstance(database, list) and database else document
    tables = tables.get("data") if isinstance(tables, dict) else None
    posts = _rows(tables, "posts") if isinstance(tables, dict) else []
    if not posts:
        raise FeedError("it is a Ghost export without posts (export all content)")
    assert isinstance(tables, dict)
    home = home.rstrip("/")
    settings = {row.get("key"): row.get("value") for row in _rows(tables, "settings")}
    meta = {row.get("post_id"): row for row in _rows(tables, "posts_meta")}
    tags = _related(tables, "posts_tags", "tags", "tag_id")
    authors = _related(tables, "posts_authors", "users", "author_id")
    kinds = Counter(_kind(row) for row in posts)
    public_tags = [row for row in _rows(tables, "tags") if not text_at(row, "name").startswith(_INTERNAL_TAG)]
    return OldFeed(
        title=plain(str(settings.get("title") or "")),
        entries=tuple(
            _entry(row, meta.get(row.get("id"), {}), tags.get(row.get("id"), []), authors.get(row.get("id"), []), home)
            for row in posts
            if _kind(row) == "post"
        ),
        kind="rss",
        home=f"{home}/",
        generator="Ghost",
        language=str(settings.get("locale") or settings.get("lang") or "") or None,
        category_slugs={text_at(row, "name"): (text_at(row, "slug"),) for row in public_tags if row.get("slug")},
        others={kind: count for kind, count in kinds.items() if kind != "post"},
    )


def _kind(row: Row) -> str:
    return text_at(row, "type") or ("page" if row.get("page") else "post")


def _related(tables: Row, link_table: str, table: str, key: str) -> dict[object, list[Row]]:
    """Return the rows of a table that are linked to each post, in their order."""
    rows = {row.get("id"): row for row in _rows(tables, table)}
    found: dict[object, list[Row]] = {}
    for link in sorted(_rows(tables, link_table), key=lambda link: str(link.get("sort_order") or 0).zfill(9)):
        if row := rows.get(link.get(key)):
            found.setdefault(link.get("post_id"), []).append(row)
    return found


def _entry(row: Row, meta: Row, tags: list[Row], authors: list[Row], home: str) -> OldEntry:
    is_draft, refusal = publication_state(text_at(row, "status"), text_at(row, "visibility"))
    public_html, gated_count = _GATED.subn("", text_at(row, "html"))
    published, updated = _date(row.get("published_at")), _date(row.get("updated_at"))
    picture = absolute_url(f"{home}/", text_at(row, "feature_image").replace(_HOME_PLACEHOLDER, home))
    names = [plain(text_at(tag, "name")) for tag in tags if not text_at(tag, "name").startswith(_INTERNAL_TAG)]
    return OldEntry(
        id=str(row.get("id") or ""),
        title=one_line(text_at(row, "title")),
        url=f"{home}/{text_at(row, 'slug')}/" if row.get("slug") else None,
        published=published,
        updated=later(updated, published),
        authors=tuple(OldPerson(plain(text_at(each, "name")), text_at(each, "website") or None) for each in authors),
        categories=tuple(dict.fromkeys(filter(None, names))),
        summary=html.escape(text_at(row, "custom_excerpt")),
        html=public_html.replace(_HOME_PLACEHOLDER, home),
        picture=OldPicture(picture, text_at(meta, "feature_image_alt"), plain(text_at(meta, "feature_image_caption")))
        if row.get("feature_image") and picture
        else None,
        slug=text_at(row, "slug"),
        is_draft=is_draft,
        unreadable_date=str(row.get("published_at") or ""),
        refusal=refusal or (None if row.get("id") else Note.of("it has no id")),
        notes=(Note.of("a part that only members can read is removed"),) if gated_count else (),
    )


def _date(value: object) -> datetime | None:
    """Return a date in UTC. Old exports write milliseconds since 1970."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value // 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return read_date(value, None) if isinstance(value, str) else None


def _rows(tables: Row, name: str) -> list[Row]:
    return [row for row in list_at(tables, name) if isinstance(row, dict)]
