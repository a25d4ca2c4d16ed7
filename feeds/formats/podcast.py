"""Podcasts: RSS 2.0 with the additional elements that Apple's and Podcasting 2.0's directories require.

Apple: https://podcasters.apple.com/support/823-podcast-requirements
Podcasting 2.0: https://podcasting2.org/docs
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

GUID_NAMESPACE = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""Namespace UUID of podcast:guid, which is a UUIDv5 of the feed's address without its scheme."""


def render(feed: Feed, show: Show) -> bytes:
    """Render a feed as a podcast; every entry must have an enclosure that plays."""
    rss = etree.fromstring(render_rss(feed), etree.XMLParser(remove_blank_text=True))
    namespaces: Any = {"itunes": ITUNES, "podcast": PODCAST, **rss.nsmap}
    root = etree.Element("rss", version="2.0", nsmap=namespaces)
    for node in reversed(list(rss.itersiblings(preceding=True))):
        root.addprevious(node)
    root.append(channel := rss[0])
    items = channel.findall("item")
    index = channel.index(items[0]) if items else len(channel)
    channel[index:index] = list(_show_elements(feed, show))
    for item, entry in zip(items, feed.entries, strict=True):
        item.extend(_episode_elements(entry, show))
    data: bytes = etree.tostring(etree.ElementTree(root), pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data


def _show_elements(feed: Feed, show: Show) -> Iterator[Any]:
    address = feed.url_in("rss")
    yield _itunes("author", show.author)
    owner = _itunes("owner")
    owner.extend([_itunes("name", show.owner.name), _itunes("email", show.owner.email)])
    yield owner
    yield _itunes("image", href=show.artwork)
    yield _itunes("type", "episodic")
    yield _itunes("explicit", _format_bool(show.is_explicit))
    parent: Any = None
    for name in reversed(show.category):
        child, parent = parent, _itunes("category", text=name)
        if child is not None:
            parent.append(child)
    yield parent
    yield _podcast("guid", str(uuid.uuid5(GUID_NAMESPACE, address.partition("://")[2].rstrip("/"))))
    yield _podcast("medium", "podcast")
    yield _podcast("locked", "yes", owner=show.owner.email or "")


def _episode_elements(entry: Entry, show: Show) -> Iterator[Any]:
    if entry.rss_enclosure and entry.rss_enclosure.duration:
        yield _itunes("duration", str(entry.rss_enclosure.duration))
    yield _itunes("explicit", _format_bool(show.is_explicit))
    yield _itunes("episodeType", "full")


def _format_bool(value: bool) -> str:
    return "true" if value else "false"


def _itunes(name: str, text: str | None = None, /, **attributes: str) -> Any:
    return _element(f"{{{ITUNES}}}{name}", text, attributes)


def _podcast(name: str, text: str | None = None, /, **attributes: str) -> Any:
    return _element(f"{{{PODCAST}}}{name}", text, attributes)


def _element(name: str, text: str | None, attributes: dict[str, str]) -> Any:
    element = etree.Element(name, attributes)
    element.text = text
    return element
