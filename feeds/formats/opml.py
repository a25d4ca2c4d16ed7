"""OPML 2.0 (http://opml.org/spec2.opml): a list of feeds that a reader takes in at once."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import format_datetime

from lxml import etree

from feeds.base.translations import language_name
from feeds.feed.values import Feed

CONTENT_TYPE = "text/x-opml; charset=utf-8"


def render(title: str, feeds: Iterable[Feed]) -> bytes:
    """Write a list of feeds, grouped by language where there are several."""
    known = list(feeds)
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    modified = max((feed.updated for feed in known), default=None)
    if modified:
        etree.SubElement(head, "dateModified").text = format_datetime(modified, usegmt=True)
    body = etree.SubElement(root, "body")
    languages = list(dict.fromkeys(feed.language for feed in known))
    groups = {
        language: etree.SubElement(body, "outline", text=language_name(language)) if len(languages) > 1 else body
        for language in languages
    }
    for feed in known:
        address = f"{feed.address}.rss"
        about = {"type": "rss", "text": feed.title, "title": feed.title, "description": feed.subtitle}
        where = {"xmlUrl": address, "htmlUrl": feed.url, "language": feed.language, "version": "RSS2"}
        etree.SubElement(groups[feed.language], "outline", {**about, **where})
    data: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data
