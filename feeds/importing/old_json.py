"""JSON Feed of other systems (https://www.jsonfeed.org/version/1.1/).

It asks nobody and changes nothing.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .old_feed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, joined, paragraphs, plain


def read_json(data: bytes, url: str) -> OldFeed:
    """Read it. Raises FeedError where it is none."""
    try:
        feed = json.loads(data.decode("utf-8-sig"))
    except ValueError as fault:
        raise FeedError(f"it is not JSON: {fault} (expected a complete JSON Feed)") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise FeedError("it is JSON, but not a JSON Feed (expected version and items)")
    older = feed.get("next_url")
    return OldFeed(
        title=" ".join(_text(feed, "title").split()),
        entries=tuple(_json_entry(each, url) for each in items if isinstance(each, dict)),
        kind="json",
        home=_text(feed, "home_page_url") or None,
        generator=_text(feed, "generator"),
        language=_text(feed, "language") or None,
        older=joined(url, older) or None if isinstance(older, str) and older else None,
    )


def _json_entry(item: dict[str, Any], url: str) -> OldEntry:
    id = item.get("id")
    link = joined(url, _text(item, "url")) or None if item.get("url") else None
    base = link or url
    text = _text(item, "content_html") or paragraphs(_text(item, "content_text"))
    published, updated = _iso(item.get("date_published")), _iso(item.get("date_modified"))
    people = _list(item, "authors") or [item.get("author")]
    picture = _text(item, "image") or _text(item, "banner_image")
    found = [each for each in _list(item, "attachments") if isinstance(each, dict) and _text(each, "url")]
    return OldEntry(
        id=str(id) if isinstance(id, str | int | float) and not isinstance(id, bool) else (link or ""),
        title=" ".join(_text(item, "title").split()),
        url=link,
        published=published or updated,
        updated=updated if updated and published and updated > published else None,
        authors=tuple(
            OldPerson(plain(each["name"]), _text(each, "url") or None)
            for each in people
            if isinstance(each, dict) and isinstance(each.get("name"), str)
        ),
        categories=tuple(plain(each) for each in _list(item, "tags") if isinstance(each, str)),
        summary=html.escape(_text(item, "summary")),
        html=text or paragraphs(_text(item, "summary")),
        picture=OldPicture(joined(base, picture)) if picture and joined(base, picture) else None,
        files=tuple(
            OldFile(
                joined(base, each["url"]),
                _text(each, "mime_type"),
                each["size_in_bytes"] if isinstance(each.get("size_in_bytes"), int) else None,
                _text(each, "title"),
                str(each.get("duration_in_seconds") or ""),
            )
            for each in found
            if not _text(each, "mime_type").startswith("image/")
        ),
        language=_text(item, "language") or None,
        link=joined(base, _text(item, "external_url")) or None if item.get("external_url") else None,
        refusal=None if id or link else "it has neither id nor url",
    )


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    found = values.get(name)
    return found if isinstance(found, list) else []


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name)
    return found if isinstance(found, str) else ""


def _iso(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
