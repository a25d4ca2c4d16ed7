"""Parser for JSON Feed of other systems (https://www.jsonfeed.org/version/1.1/).

It makes no requests and changes nothing.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from .characters import join_surrogates
from .dates import read_date
from .notes import Note
from .old_feed import (
    FeedError,
    OldEntry,
    OldFeed,
    OldFile,
    OldPerson,
    OldPicture,
    absolute_url,
    later,
    one_line,
    paragraphs,
    plain,
    publication_state,
)


def read_json(data: bytes, url: str) -> OldFeed:
    """Parse a JSON Feed. Raises FeedError if it is not one."""
    feed = load_json(data, "a JSON Feed")
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise FeedError("it is JSON, but not a JSON Feed (expected version and items)")
    next_url = feed.get("next_url")
    return OldFeed(
        title=one_line(text_at(feed, "title")),
        entries=tuple(_entry(each, url) for each in items if isinstance(each, dict)),
        kind="json",
        home=absolute_url(url, text_at(feed, "home_page_url")) or None,
        generator=text_at(feed, "generator"),
        language=text_at(feed, "language") or None,
        older_url=absolute_url(url, next_url) or None if isinstance(next_url, str) and next_url else None,
    )


def load_json(data: bytes, name: str) -> Any:
    """Return the values in a JSON document, in which each pair of surrogates is one character.

    `name` says what is expected. Raises FeedError.
    """
    try:
        text = data.decode("utf-8-sig")
        values = json.loads(text)
        if re.search(r"\\u[dD][89a-fA-F]", text):
            values = json.loads(join_surrogates(json.dumps(values, ensure_ascii=False)))
    except RecursionError:
        raise FeedError(f"it is nested too deeply (expected {name})") from None
    except ValueError as error:
        raise FeedError(f"it is not valid JSON: {error} (expected {name}, as a complete file)") from None
    return values


def _entry(item: dict[str, Any], url: str) -> OldEntry:
    id = item.get("id")
    link = absolute_url(url, text_at(item, "url")) or None if item.get("url") else None
    base = link or url
    text = text_at(item, "content_html") or paragraphs(text_at(item, "content_text"))
    published, updated = (read_date(text_at(item, name), None) for name in ("date_published", "date_modified"))
    is_draft, refusal = publication_state(text_at(item, "status"), text_at(item, "visibility"))
    authors = list_at(item, "authors") or [item.get("author")]
    attachments = [each for each in list_at(item, "attachments") if isinstance(each, dict) and text_at(each, "url")]
    pictures = [text_at(each, "url") for each in attachments if text_at(each, "mime_type").startswith("image/")]
    picture = text_at(item, "image") or text_at(item, "banner_image") or next(iter(pictures), "")
    return OldEntry(
        id=str(id) if isinstance(id, str | int | float) and not isinstance(id, bool) else (link or ""),
        title=one_line(text_at(item, "title")),
        url=link,
        published=published or updated,
        updated=later(updated, published),
        authors=tuple(
            OldPerson(plain(each["name"]), text_at(each, "url") or None)
            for each in authors
            if isinstance(each, dict) and isinstance(each.get("name"), str)
        ),
        categories=tuple(plain(each) for each in list_at(item, "tags") if isinstance(each, str)),
        summary=html.escape(text_at(item, "summary")),
        html=text or paragraphs(text_at(item, "summary")),
        picture=OldPicture(absolute_url(base, picture)) if picture and absolute_url(base, picture) else None,
        files=tuple(
            OldFile(
                absolute_url(base, each["url"]),
                text_at(each, "mime_type"),
                each["size_in_bytes"] if isinstance(each.get("size_in_bytes"), int) else None,
                text_at(each, "title"),
                str(each.get("duration_in_seconds") or ""),
            )
            for each in attachments
            if text_at(each, "url") != picture
        ),
        language=text_at(item, "language") or None,
        link=absolute_url(base, text_at(item, "external_url")) or None if item.get("external_url") else None,
        is_draft=is_draft or str(item.get("draft")).lower() in ("true", "yes", "1"),
        unreadable_date=text_at(item, "date_published"),
        refusal=refusal or (None if id or link else Note.of("it has neither id nor link")),
    )


def list_at(values: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list, or an empty one for any other value."""
    value = values.get(name)
    return value if isinstance(value, list) else []


def text_at(values: Mapping[str, Any], name: str) -> str:
    """Return a string, or an empty one for any other value."""
    value = values.get(name)
    return value if isinstance(value, str) else ""
