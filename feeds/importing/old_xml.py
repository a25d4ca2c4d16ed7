"""Parser for all variants of RSS and Atom from other systems. It also detects JSON Feed.

It makes no requests and changes nothing.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import Any

import feedparser
from lxml import etree

from .characters import repair_document
from .dates import read_date
from .notes import Note
from .old_feed import (
    PASSWORD_FORM,
    FeedError,
    OldEntry,
    OldFeed,
    OldFile,
    OldPerson,
    OldPicture,
    absolute_url,
    ends_document,
    later,
    one_line,
    paragraphs,
    plain,
    publication_state,
)
from .old_json import read_json

_ATOM = "http://www.w3.org/2005/Atom"
_FACT_NAMES = ("draft", "status", "visibility", "type", "filename")
_STATE = re.compile(rb"<(?:app:draft|(?:wp|blogger|ghost):(?:status|visibility))\b")
_CDATA = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_BLOGGER_KIND = re.compile("#(comment|page|settings|template)$")
"""End of the category with which Blogger marks items that are not posts."""


@dataclass(frozen=True)
class _Facts:
    """What feedparser does not tell of an entry: its id unchanged, its state, and its kind if it is no article.

    `path` is that of its address, which Blogger's exports have instead of a link.
    """

    id: str = ""
    status: str = ""
    visibility: str = ""
    kind: str = ""
    path: str = ""


def read_feed(data: bytes, url: str = "", content_type: str = "") -> OldFeed:
    """Parse RSS, Atom or JSON Feed, whose addresses are relative to `url`. Raises FeedError if it is none of them."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return read_json(data, url)
    data = repair_document(data)
    headers = {"content-type": content_type} if content_type else None
    document = feedparser.parse(
        BytesIO(data.lstrip()), sanitize_html=False, resolve_relative_uris=False, response_headers=headers
    )
    if not document.get("version"):
        expected = "RSS, Atom or JSON Feed, or an export of WordPress, Blogger or Ghost"
        raise FeedError(f"it is not a feed{_linked_feeds(data, url)} (expected {expected})")
    channel = document.feed
    links = {each.get("rel"): each.get("href") for each in channel.get("links", ())}
    older = links.get("prev-archive") or links.get("next")
    entries = list(_with_facts(data, document))
    return OldFeed(
        title=plain(channel.get("title", "")),
        entries=tuple(_entry(each, facts, document.version, url) for each, facts in entries if not facts.kind),
        kind="atom" if document.version.startswith("atom") else "rss",
        home=absolute_url(url, channel.get("link") or "") or None,
        is_complete=ends_document(data),
        generator=" ".join(
            filter(None, [channel.get("generator"), (channel.get("generator_detail") or {}).get("href")])
        ),
        language=channel.get("language"),
        older_url=absolute_url(url, older) or None if older else None,
        has_texts=any(each.get("content") for each in document.entries),
        others=Counter(facts.kind for _, facts in entries if facts.kind),
    )


def _with_facts(data: bytes, document: Any) -> Iterator[tuple[Any, _Facts]]:
    """Yield entries with their facts: feedparser resolves some ids and alters characters."""
    name = f"{{{_ATOM}}}id" if document.version.startswith("atom1") else "guid"
    found: list[_Facts] = []
    with suppress(etree.XMLSyntaxError):
        parser = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, no_network=True)
        root = etree.fromstring(data.lstrip(), parser)
        elements = root.iter("{*}item", "{*}entry") if root is not None else ()
        found = [_facts(each, name) for each in elements if _is_entry(each)]
    is_aligned = len(found) == len(document.entries)
    has_states = (
        any(each.status or each.visibility for each in found) or _STATE.search(_CDATA.sub(b"", data)) is not None
    )
    by_id: dict[str, _Facts] = {}
    for each in found:  # if several share an id, one that is not public wins
        if each.id not in by_id or each.status or each.visibility:
            by_id[each.id] = each
    for index, entry in enumerate(document.entries):
        id = entry.get("id") or ""
        unknown = _Facts(status="draft" if has_states else "")  # rather than publish what may be one
        facts = found[index] if is_aligned else by_id.get(id, unknown)
        yield entry, facts if facts.id else replace(facts, id=id)


def _is_entry(element: etree._Element) -> bool:
    """Return whether an element is an entry of the feed, and not part of the text of one."""
    parent = element.getparent()
    return parent is not None and (parent.getparent() is None or etree.QName(parent).localname == "channel")


def _id_in(element: etree._Element) -> str:
    """Return the text of an id; empty if it contains an entity, which only feedparser resolves."""
    if any(isinstance(each, etree._Entity) for each in element):
        return ""
    return "".join([element.text or "", *(each.tail or "" for each in element)]).strip(" \t\r\n")


def _facts(entry: etree._Element, id_name: str) -> _Facts:
    ids = [id for each in entry.iterchildren(id_name) if (id := _id_in(each))]
    extensions: dict[str, str] = {}
    for element in (*entry, *(inner for control in entry.iterchildren("{*}control") for inner in control)):
        name = etree.QName(element) if isinstance(element.tag, str) else None
        value = (element.text or "").strip()
        if name and value and name.namespace not in (None, _ATOM) and name.localname in _FACT_NAMES:
            extensions.setdefault(name.localname, value if name.localname == "filename" else value.lower())
    kinds = [_BLOGGER_KIND.search(str(each.get("term"))) for each in entry.iterchildren("{*}category")]
    kind = next((each[1] for each in kinds if each), extensions.get("type", ""))
    return _Facts(
        id=next(iter(ids), ""),
        status="draft" if extensions.get("draft") in ("yes", "true", "1") else extensions.get("status", ""),
        visibility=extensions.get("visibility", ""),
        kind="" if kind == "post" else kind,
        path=extensions.get("filename", ""),
    )


def _linked_feeds(data: bytes, url: str) -> str:
    """Return a hint with the feeds that a web page links to, for users who passed the URL of the page."""
    links = re.findall(rb"<link\b[^>]*\balternate\b[^>]*>", data[:200_000], re.IGNORECASE)
    feeds = [link for link in links if re.search(rb"application/(rss\+xml|atom\+xml|feed\+json)", link)]
    hrefs = [re.search(rb"href\s*=\s*[\"']?([^\"'> ]+)", link) for link in feeds]
    urls = ", ".join(absolute_url(url, html.unescape(each[1].decode("utf-8", "replace"))) for each in hrefs if each)
    return f", but a web page that links to {urls}" if urls else ""


def _entry(entry: Any, facts: _Facts, version: str, url: str) -> OldEntry:
    is_atom = version.startswith("atom")
    is_draft, refusal = publication_state(facts.status, facts.visibility)
    raw_link = entry.get("feedburner_origlink") or entry.get("link") or ""
    links = (absolute_url(url, each) for each in (raw_link, facts.path) if each)
    link = next((each for each in links if each.startswith(("http://", "https://"))), "")
    content: Any = next((each for each in entry.get("content") or () if each.get("value")), {})
    summary = (entry.get("summary") or "") if "summary" in entry else ""
    published = _date(entry, "published") or _date(entry, "updated") or _date(entry, "created")
    updated = _date(entry, "updated") if is_atom and "updated" in entry else None
    pictures, files = _attachments(entry, link or url)
    title, text = entry.get("title", ""), content.get("value", "")
    if PASSWORD_FORM in text or PASSWORD_FORM in summary:
        refusal = Note.of("it is password-protected")
    is_plain = is_atom and (entry.get("title_detail") or {}).get("type") == "text/plain"
    return OldEntry(
        id=facts.id or (entry.get("link") or ""),
        title=one_line(title) if is_plain else plain(title),
        url=link or None,
        published=published,
        updated=later(updated, published),
        authors=tuple(_authors(entry)),
        categories=tuple(dict.fromkeys(plain(each.term) for each in entry.get("tags", ()) if each.get("term"))),
        summary=summary if text and summary != text else "",
        html=(paragraphs(text) if content.get("type") == "text/plain" else text) or summary,
        base=absolute_url(url, content.get("base") or "") if content.get("base") else "",
        picture=next(iter(pictures), None),
        files=tuple(files),
        language=entry.get("language"),
        slug="",
        is_draft=is_draft,
        is_dated_by_update=is_atom and updated is not None and _date(entry, "published") is None,
        unreadable_date=next((str(entry[name]) for name in ("published", "updated", "created") if name in entry), ""),
        refusal=refusal or (None if facts.id or link else Note.of("it has neither id nor link")),
    )


def _date(entry: Any, name: str) -> datetime | None:
    return read_date(str(entry[name]), entry.get(f"{name}_parsed")) if name in entry else None


def _authors(entry: Any) -> Iterator[OldPerson]:
    names = set()
    for author in entry.get("authors") or ():
        name = plain(author.get("name") or (author.get("email") or "").partition("@")[0])
        if name and name not in names:
            names.add(name)
            yield OldPerson(name, author.get("href"))


def _attachments(entry: Any, base: str) -> tuple[list[OldPicture], list[OldFile]]:
    """Return the pictures and the other files that are attached to an entry."""
    pictures, files = [], []
    for item in entry.get("enclosures") or ():
        address, kind = absolute_url(base, item.get("href") or ""), item.get("type") or ""
        if not address:
            continue
        if kind.startswith("image/"):
            pictures.append(OldPicture(address))
        if not kind.startswith("image/") or len(pictures) > 1:
            length = str(item.get("length") or "")
            files.append(
                OldFile(
                    address,
                    kind,
                    int(length) if length.isdigit() and int(length) else None,
                    duration=entry.get("itunes_duration") or "",
                )
            )
    enclosed = {each.url for each in files}
    for item in entry.get("media_content") or ():
        address, kind = item.get("url"), item.get("type") or ""
        if address and kind.startswith(("video/", "audio/")) and absolute_url(base, address) not in enclosed:
            files.append(OldFile(absolute_url(base, address), kind))
        if address and (item.get("medium") == "image" or kind.startswith("image/")) and "gravatar.com" not in address:
            pictures.append(OldPicture(absolute_url(base, address)))
    pictures += [
        OldPicture(absolute_url(base, item["url"])) for item in entry.get("media_thumbnail") or () if item.get("url")
    ]
    return [item for item in pictures if item.url], files
