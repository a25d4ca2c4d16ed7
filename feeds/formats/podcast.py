"""Podcasts: RSS 2.0 with what Apple's and Podcasting 2.0's directories ask for besides.

Apple: https://podcasters.apple.com/support/823-podcast-requirements; the other: https://podcasting2.org/docs.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from lxml import etree

from feeds.feed.values import Entry, Feed, Show

from .rss_atom import render_rss

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"

GUIDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace of podcast:guid: a UUIDv5 of the feed's address without its scheme."""


def render(feed: Feed, show: Show) -> bytes:
    """Write the podcast of a feed, whose every entry has something that plays."""
    written = etree.fromstring(render_rss(feed), etree.XMLParser(remove_blank_text=True))
    names: Any = {"itunes": ITUNES, "podcast": PODCAST, **written.nsmap}
    root = etree.Element("rss", version="2.0", nsmap=names)
    for before in reversed(list(written.itersiblings(preceding=True))):
        root.addprevious(before)
    root.append(channel := written[0])
    items = channel.findall("item")
    place = channel.index(items[0]) if items else len(channel)
    channel[place:place] = list(_of_show(feed, show))
    for item, entry in zip(items, feed.entries, strict=True):
        item.extend(_of_episode(entry, show))
    data: bytes = etree.tostring(etree.ElementTree(root), pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data


def _of_show(feed: Feed, show: Show) -> Iterator[Any]:
    address = f"{feed.address}.rss"
    yield _itunes("author", show.author)
    owner = _itunes("owner")
    owner.extend([_itunes("name", show.owner.name), _itunes("email", show.owner.email)])
    yield owner
    yield _itunes("image", href=show.artwork)
    yield _itunes("type", "episodic")
    yield _itunes("explicit", _truth(show.is_explicit))
    above: Any = None
    for name in reversed(show.category):
        below, above = above, _itunes("category", text=name)
        if below is not None:
            above.append(below)
    yield above
    yield _podcast("guid", str(uuid.uuid5(GUIDS, address.partition("://")[2].rstrip("/"))))
    yield _podcast("medium", "podcast")
    yield _podcast("locked", "yes", owner=show.owner.email or "")


def _of_episode(entry: Entry, show: Show) -> Iterator[Any]:
    if entry.enclosed and entry.enclosed.duration:
        yield _itunes("duration", str(entry.enclosed.duration))
    yield _itunes("explicit", _truth(show.is_explicit))
    yield _itunes("episodeType", "full")


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _itunes(name: str, text: str | None = None, /, **attributes: str) -> Any:
    return _element(f"{{{ITUNES}}}{name}", text, attributes)


def _podcast(name: str, text: str | None = None, /, **attributes: str) -> Any:
    return _element(f"{{{PODCAST}}}{name}", text, attributes)


def _element(name: str, text: str | None, attributes: dict[str, str]) -> Any:
    element = etree.Element(name, attributes)
    element.text = text
    return element
