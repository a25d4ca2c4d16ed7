"""RSS 2.0 and Atom 1.0, rendered by feedgen, with our extensions for what feedgen 1.0.0 loses.

Each feedgen bug that is worked around here is pinned by a test, so a release that fixes it is
noticed.
This module only turns entries into elements; `feed` decides what they contain.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from xml.parsers import expat

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feeds.base import translations
from feeds.feed.values import Entry, Feed, Image
from feeds.model.mediafile import fits_rss

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
HISTORY = "http://purl.org/syndication/history/1.0"
MEDIA = "http://search.yahoo.com/mrss/"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

RSS_SPEC = "https://www.rssboard.org/rss-specification"

ITEM_ORDER = (
    "title",
    "link",
    "guid",
    "pubDate",
    f"{{{ATOM}}}updated",
    f"{{{DC}}}creator",
    "description",
    f"{{{CONTENT}}}encoded",
    "category",
    "enclosure",
    f"{{{MEDIA}}}content",
    f"{{{MEDIA}}}thumbnail",
)
ENTRY_ORDER = ("id", "title", "updated", "published", "author", "link", "category", "summary", "content")

ENTRY_CACHE_SIZE = 1024
"""Cache size: rendered entries that are reused in other feeds with the same entry."""

MAX_COMMENT_BYTES = 250
"""Maximum bytes of the comment before the root element."""

# feedgen formats RSS dates with setlocale, which affects the whole process: render one feed at a time
render_lock = threading.Lock()


def render_rss(feed: Feed) -> bytes:
    """Render a feed as RSS 2.0 (RSS Advisory Board, 2.0.11)."""
    generator = _generator(feed, _RssChannel)
    generator.link(href=feed.url, rel="alternate")
    generator.docs(RSS_SPEC)
    generator.language(feed.language.lower())
    generator.pubDate(feed.updated)
    generator.ttl(feed.ttl)
    if feed.author.email:
        generator.managingEditor(f"{feed.author.email} ({feed.author.name})")
    if feed.logo and fits_rss(feed.logo):
        size = {"width": str(feed.logo.width), "height": str(feed.logo.height)}
        generator.image(url=feed.logo.url, title=feed.title, link=feed.url, **size)
    return serialize(generator.rss_str, map(_rss_item, feed.entries), b"  </channel>\n</rss>\n")


def render_atom(feed: Feed) -> bytes:
    """Render a feed as Atom 1.0 (RFC 4287)."""
    generator = _generator(feed, _AtomFeed)
    generator.id(feed.id)
    generator.link(href=feed.url, rel="alternate", type="text/html")
    generator.link(href=feed.url_in("atom"), rel="self", type="application/atom+xml")
    generator.author(_person(feed.author))
    if feed.logo:
        generator.logo(feed.logo.url)
    if feed.icon:
        generator.icon(feed.icon.url)
    return serialize(generator.atom_str, map(_atom_entry, feed.entries), b"</feed>\n")


def _generator(feed: Feed, extension: type[BaseExtension]) -> FeedGenerator:
    generator = FeedGenerator()
    generator.register_extension("ours", extension)
    generator.ours.feed = feed
    generator.title(feed.title)
    generator.subtitle(feed.subtitle)
    generator.updated(feed.updated)
    generator.generator("Feeds")
    if feed.rights:
        generator.rights(feed.rights)
    return generator


def serialize(write: Callable[..., bytes], entries: Iterable[bytes], end: bytes) -> bytes:
    """Return a feed as feedgen writes it, with entries before its last end tags.

    The result is parsed, so that only well-formed XML is returned. Raises ExpatError or ValueError for any other.
    """
    with render_lock:
        channel = write(pretty=True)
    if not channel.endswith(end):
        raise ValueError(f"feedgen's output does not end with {end!r}")
    data = b"".join((channel[: -len(end)], *entries, end))
    expat.ParserCreate(namespace_separator=" ").Parse(data, True)
    return data


def _pretty_bytes(element: etree._Element, *parents: etree._Element) -> bytes:
    """Return an element as it is written below its parents, whose namespaces it may use."""
    for parent in reversed(parents):
        parent.append(element)
        element = parent
    data: bytes = etree.tostring(element, pretty_print=True, encoding="UTF-8")
    lines = len(parents)
    return data.split(b"\n", lines)[lines].rsplit(b"\n", lines + 1)[0] + b"\n"


@lru_cache(maxsize=ENTRY_CACHE_SIZE)
def _rss_item(entry: Entry) -> bytes:
    item = _entry(entry, _RssItem)
    item.link(href=entry.url, rel="alternate")
    if entry.categories:  # without a domain, for which rss-parser returns an object instead of the text
        item.category([{"term": term.label} for term in entry.categories])
    if enclosure := entry.rss_enclosure:
        item.enclosure(enclosure.url, str(enclosure.length), enclosure.type)
    namespaces: Any = {"atom": ATOM, "content": CONTENT, "dc": DC, "media": MEDIA}
    return _pretty_bytes(item.rss_entry(), etree.Element("rss", nsmap=namespaces), etree.Element("channel"))


@lru_cache(maxsize=ENTRY_CACHE_SIZE)
def _atom_entry(entry: Entry) -> bytes:
    element = _entry(entry, _AtomEntry)
    element.author([_person(author) for author in entry.authors])
    if entry.categories:
        element.category([{"term": term.label, "scheme": term.scheme} for term in entry.categories])
    return _pretty_bytes(element.atom_entry(), etree.Element("feed"))


def _entry(entry: Entry, extension: type[BaseEntryExtension]) -> FeedEntry:
    element = FeedEntry()
    element.register_extension("ours", extension)
    element.ours.entry = entry
    element.guid(entry.id, permalink=False)
    element.title(entry.title)
    element.published(entry.published)
    element.updated(entry.updated)
    # both formats read a summary as HTML, so plain text is escaped once more (W3C validator: NotHtml)
    element.summary(html.escape(entry.summary, quote=False), type="html")
    element.content(entry.content, type="html")
    return element


def _person(person: Any) -> dict[str, str]:
    parts = {"name": person.name, "uri": person.url, "email": person.email}
    return {key: value for key, value in parts.items() if value}


def _sort_children(element: etree._Element, order: tuple[str, ...]) -> None:
    element[:] = sorted(element, key=lambda child: order.index(str(child.tag)))


def _add_browser_hints(root: etree._Element, feed: Feed) -> None:
    """Add a stylesheet (no XSLT) and a comment for people who open the feed in a browser.

    Chromium ignores the stylesheet and shows plain text, so the comment explains the feed there.
    Both precede the root element, which readers look for in the first 512 bytes.
    """
    explanation = translations.translate(
        feed.language, "This is a web feed. Copy its address into a feed reader to get every new article."
    )
    comment = f" {explanation} {feed.page} "
    if "--" not in comment and len(comment.encode()) < MAX_COMMENT_BYTES:  # XML 1.0 section 2.5
        root.addprevious(etree.Comment(comment))
    stylesheet = f'href="{html.escape(feed.style)}" type="text/css"'
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", stylesheet))


def _history_namespace(feed: Feed) -> dict[str, str]:
    return {"fh": HISTORY} if feed.history.current else {}


class _RssChannel(BaseExtension):  # type: ignore[misc]
    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DC, "media": MEDIA, **_history_namespace(self.feed)}

    def extend_rss(self, root: etree._Element) -> etree._Element:
        # feedgen writes only the first rel=self link, and neither hubs nor archives
        href = self.feed.url_in("rss")
        etree.SubElement(root[0], f"{{{ATOM}}}link", href=href, rel="self", type="application/rss+xml")
        for rel, address in self.feed.history.links():
            attributes = {"href": f"{address}.rss", "rel": rel, "type": "application/rss+xml"}
            etree.SubElement(root[0], f"{{{ATOM}}}link", attributes)
        for hub in self.feed.hubs:
            etree.SubElement(root[0], f"{{{ATOM}}}link", href=hub, rel="hub")
        if self.feed.history.current:
            etree.SubElement(root[0], f"{{{HISTORY}}}archive")
        _add_browser_hints(root, self.feed)
        return root


class _RssItem(BaseEntryExtension):  # type: ignore[misc]
    entry: Entry

    def extend_rss(self, item: etree._Element) -> etree._Element:
        entry = self.entry
        if entry.updated != entry.published:
            etree.SubElement(item, f"{{{ATOM}}}updated").text = entry.updated.strftime("%Y-%m-%dT%H:%M:%SZ")
        for author in entry.authors:
            etree.SubElement(item, f"{{{DC}}}creator").text = author.name  # feedgen drops authors without e-mail
        if entry.picture:
            _add_picture(item, entry.picture)
        _sort_children(item, ITEM_ORDER)
        return item


def _add_picture(item: etree._Element, picture: Image) -> None:
    """Add a description of the picture (Media RSS 1.5.1).

    Alt text and credit go inside it; outside, feedparser would take them for the summary.
    """
    size = {"width": str(picture.width), "height": str(picture.height)}
    attributes = {"url": picture.url, "type": picture.type, "medium": "image", "fileSize": str(picture.length), **size}
    content = etree.SubElement(item, f"{{{MEDIA}}}content", attributes)
    etree.SubElement(content, f"{{{MEDIA}}}description", type="plain").text = picture.alt
    if picture.credit:
        etree.SubElement(content, f"{{{MEDIA}}}credit").text = picture.credit
    etree.SubElement(item, f"{{{MEDIA}}}thumbnail", {"url": picture.url, **size})


class _AtomFeed(BaseExtension):  # type: ignore[misc]
    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        return {**({"at": TOMBSTONES} if self.feed.tombstones else {}), **_history_namespace(self.feed)}

    def extend_atom(self, root: etree._Element) -> etree._Element:
        root.set(XML_LANG, self.feed.language)
        index = root.index(root.findall("link")[-1]) + 1
        for rel, address in self.feed.history.links():
            attributes = {"href": f"{address}.atom", "rel": rel, "type": "application/atom+xml"}
            root.insert(index, etree.Element("link", attributes))
        for hub in reversed(self.feed.hubs):
            root.insert(index, etree.Element("link", href=hub, rel="hub"))
        if self.feed.history.current:
            etree.SubElement(root, f"{{{HISTORY}}}archive")
        _add_browser_hints(root, self.feed)
        for tombstone in self.feed.tombstones:  # RFC 6721 section 3
            attributes = {"ref": tombstone.id, "when": tombstone.when.strftime("%Y-%m-%dT%H:%M:%SZ")}
            element = etree.SubElement(root, f"{{{TOMBSTONES}}}deleted-entry", attributes)
            etree.SubElement(element, f"{{{TOMBSTONES}}}comment").text = tombstone.reason
        return root


class _AtomEntry(BaseEntryExtension):  # type: ignore[misc]
    entry: Entry

    def extend_atom(self, element: etree._Element) -> etree._Element:
        entry = self.entry
        element.set(XML_LANG, entry.language)
        # names without Atom's namespace, as in feedgen's tree; feedgen's own links keep only href
        etree.SubElement(element, "link", rel="alternate", type="text/html", href=entry.url)
        for enclosure in entry.enclosures_in_order:
            link = etree.SubElement(element, "link", rel="enclosure", type=enclosure.type, href=enclosure.url)
            link.set("title", enclosure.title)
            if enclosure.length is not None:
                link.set("length", str(enclosure.length))
        _sort_children(element, ENTRY_ORDER)
        return element
