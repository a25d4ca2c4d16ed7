"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from feeds.feed.values import Enclosure, Entry, Feed
from feeds.model.site import Person

KEPT = 1024
"""How many entries' items are kept for the next feed they are in."""

VERSION = "https://jsonfeed.org/version/1.1"


def render(feed: Feed) -> bytes:
    """Write a feed as JSON Feed; what is absent is left out."""
    document = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.url,
        "feed_url": f"{feed.address}.json",
        "next_url": f"{feed.history.previous}.json" if feed.history.previous else None,
        "description": feed.subtitle,
        "icon": feed.icon.url if feed.icon else None,
        "favicon": feed.icon.url if feed.icon else None,
        "authors": [_person(feed.author)],
        "language": feed.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in feed.hubs] or None,
    }
    head = _text(_present(document)).removesuffix("\n}")
    items = ",".join(_item(entry) for entry in feed.entries)
    end = "\n ]\n}\n" if items else "]\n}\n"
    return f'{head},\n "items": [{items}{end}'.encode()


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=1)


@lru_cache(maxsize=KEPT)
def _item(entry: Entry) -> str:
    """Write an item in its place in a document, once for all the feeds it is in."""
    people = [_person(author) for author in entry.authors]
    item = _present(
        {
            "id": entry.id,
            "url": entry.url,
            "title": entry.title,
            "content_html": entry.content,
            "summary": entry.summary,
            "image": entry.picture.url if entry.picture else None,
            "date_published": _date(entry.published),
            "date_modified": _date(entry.updated),
            "authors": people or None,
            "author": people[0] if people else None,  # what readers of version 1 look for
            "tags": [term.label for term in entry.categories] or None,
            "language": entry.language,
            "attachments": [_attachment(each) for each in entry.enclosures if each.type != "text/html"] or None,
        }
    )
    return "\n  " + _text(item).replace("\n", "\n  ")


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(
        {
            "url": enclosure.url,
            "mime_type": enclosure.type,
            "title": enclosure.title,
            "size_in_bytes": enclosure.length,
            "duration_in_seconds": enclosure.duration,
        }
    )


def _person(person: Person) -> dict[str, str]:
    return _present({"name": person.name, "url": person.url})


def _date(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
