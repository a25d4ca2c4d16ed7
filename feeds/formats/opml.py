"""OPML 2.0 (http://opml.org/spec2.opml): a list of feeds that a reader imports at once."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import format_datetime

from lxml import etree

from feeds.base.translations import language_name
from feeds.feed.values import Feed

CONTENT_TYPE = "text/x-opml; charset=utf-8"


def render(title: str, feeds: Iterable[Feed]) -> bytes:
    """Render a list of feeds, grouped by language if there are several languages."""
    all_feeds = list(feeds)
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    modified = max((feed.updated for feed in all_feeds), default=None)
    if modified:
        etree.SubElement(head, "dateModified").text = format_datetime(modified, usegmt=True)
    body = etree.SubElement(root, "body")
    languages = list(dict.fromkeys(feed.language for feed in all_feeds))
    groups = {
        language: etree.SubElement(body, "outline", text=language_name(language)) if len(languages) > 1 else body
        for language in languages
    }
    for feed in all_feeds:
        address = feed.url_in("rss")
        texts = {"type": "rss", "text": feed.title, "title": feed.title, "description": feed.subtitle}
        links = {"xmlUrl": address, "htmlUrl": feed.url, "language": feed.language, "version": "RSS2"}
        etree.SubElement(groups[feed.language], "outline", {**texts, **links})
    data: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data
