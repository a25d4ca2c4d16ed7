"""JSON Feed of other systems (https://www.jsonfeed.org/version/1.1/).

It asks nobody and changes nothing.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from .oldfeed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, plain


def read_json(data: bytes, url: str) -> OldFeed:
    """Read it. Raises FeedError where it is none."""
    try:
        feed = json.loads(data.decode("utf-8-sig"))
    except ValueError as fault:
        raise FeedError(f"it is no JSON: {fault} (want a whole JSON Feed)") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise FeedError("it is JSON and no JSON Feed (want one with version and items)")
    older = feed.get("next_url")
    return OldFeed(
        title=plain(_text(feed, "title")),
        entries=tuple(_json_entry(each, url) for each in items if isinstance(each, dict)),
        kind="json",
        home=_text(feed, "home_page_url") or None,
        generator=_text(feed, "generator"),
        language=_text(feed, "language") or None,
        older=urljoin(url, older) if isinstance(older, str) and older else None,
    )


def _json_entry(item: dict[str, Any], url: str) -> OldEntry:
    id = item.get("id")
    link = urljoin(url, _text(item, "url")) if item.get("url") else None
    base = link or url
    text = _text(item, "content_html") or _paragraphs(_text(item, "content_text"))
    published, updated = _iso(item.get("date_published")), _iso(item.get("date_modified"))
    people = item.get("authors") or ([item["author"]] if isinstance(item.get("author"), dict) else [])
    picture = _text(item, "image") or _text(item, "banner_image")
    found = [each for each in item.get("attachments") or () if isinstance(each, dict) and each.get("url")]
    return OldEntry(
        id=str(id) if isinstance(id, str | int | float) and not isinstance(id, bool) else (link or ""),
        title=plain(_text(item, "title")),
        url=link,
        published=published or updated,
        updated=updated if updated and published and updated > published else None,
        authors=tuple(
            OldPerson(plain(each["name"]), each.get("url"))
            for each in people
            if isinstance(each, dict) and isinstance(each.get("name"), str)
        ),
        categories=tuple(plain(each) for each in item.get("tags") or () if isinstance(each, str)),
        summary=html.escape(_text(item, "summary")),
        html=text or _paragraphs(_text(item, "summary")),
        picture=OldPicture(urljoin(base, picture)) if picture else None,
        files=tuple(
            OldFile(
                urljoin(base, each["url"]),
                _text(each, "mime_type"),
                each["size_in_bytes"] if isinstance(each.get("size_in_bytes"), int) else None,
                _text(each, "title"),
                str(each.get("duration_in_seconds") or ""),
            )
            for each in found
            if not _text(each, "mime_type").startswith("image/")
        ),
        language=_text(item, "language") or None,
        link=_text(item, "external_url") or None,
        refusal=None if id or link else "it has neither id nor url",
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name)
    return found if isinstance(found, str) else ""


def _paragraphs(text: str) -> str:
    """Make HTML of plain text."""
    parts = [html.escape(part).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text.strip("\n")) if part]
    return "".join(f"<p>{part}</p>" for part in parts)


def _iso(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC).replace(microsecond=0)
