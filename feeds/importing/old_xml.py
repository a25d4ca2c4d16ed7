"""Parser for RSS and Atom of other systems in all variants; it also detects the kind of a feed.

It makes no requests and changes nothing.
"""

from __future__ import annotations

import calendar
import html
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any

import feedparser
from lxml import etree

from .old_feed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, absolute_url, paragraphs, plain
from .old_json import read_json

_PLACEHOLDER_DATES = (datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
"""Dates that systems write if they have none."""

_ZONE_OFFSETS = {"CET": "+0100", "CEST": "+0200", "MET": "+0100", "MEST": "+0200", "WET": "+0000", "WEST": "+0100"}
_ZONE_OFFSETS |= {"BST": "+0100", "EET": "+0200", "EEST": "+0300"}
"""European zones by their names, which feedparser takes for UTC."""

_ZONE_NAME = re.compile(rf"\b({'|'.join(_ZONE_OFFSETS)})$", re.IGNORECASE)


def read_feed(data: bytes, url: str = "", content_type: str = "") -> OldFeed:
    """Parse RSS, Atom or JSON Feed. Raises FeedError if it is none of them."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return read_json(data, url)
    headers = {"content-type": content_type} if content_type else None
    document = feedparser.parse(
        BytesIO(data.lstrip()), sanitize_html=False, resolve_relative_uris=False, response_headers=headers
    )
    if not document.get("version"):
        raise FeedError(
            f"it is not a feed{_linked_feeds(data, url)} (expected RSS, Atom or JSON Feed, or a WordPress export)"
        )
    channel = document.feed
    links = {each.get("rel"): each.get("href") for each in channel.get("links", ())}
    older = links.get("prev-archive") or links.get("next")
    return OldFeed(
        title=plain(channel.get("title", "")),
        entries=tuple(_entry(each, id, document.version, url) for each, id in _with_ids(data, document)),
        kind="atom" if document.version.startswith("atom") else "rss",
        home=channel.get("link"),
        generator=" ".join(
            filter(None, [channel.get("generator"), (channel.get("generator_detail") or {}).get("href")])
        ),
        language=channel.get("language"),
        older_url=absolute_url(url, older) or None if older else None,
        has_texts=any(each.get("content") for each in document.entries),
    )


def _with_ids(data: bytes, document: Any) -> Iterator[tuple[Any, str]]:
    """Yield entries with their ids as in the document; feedparser resolves some and repairs characters."""
    names = ("{http://www.w3.org/2005/Atom}id",) if document.version.startswith("atom1") else ("guid",)
    ids: list[str] = []
    with suppress(etree.XMLSyntaxError):
        parser = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, no_network=True)
        root = etree.fromstring(data.lstrip(), parser)
        for entry in root.iter("{*}item", "{*}entry") if root is not None else ():
            texts = [each.text for each in entry if each.tag in names and each.text]
            ids.append(texts[0].strip(" \t\r\n") if texts else "")
    is_aligned = len(ids) == len(document.entries)
    for index, entry in enumerate(document.entries):
        yield entry, (ids[index] if is_aligned and ids[index] else entry.get("id") or "")


def _linked_feeds(data: bytes, url: str) -> str:
    """Return a hint with the feeds that a web page links to, for users who gave its address instead."""
    links = re.findall(rb"<link\b[^>]*\balternate\b[^>]*>", data[:200_000], re.IGNORECASE)
    feeds = [link for link in links if re.search(rb"application/(rss\+xml|atom\+xml|feed\+json)", link)]
    hrefs = [re.search(rb"href\s*=\s*[\"']?([^\"'> ]+)", link) for link in feeds]
    urls = ", ".join(absolute_url(url, html.unescape(each[1].decode("utf-8", "replace"))) for each in hrefs if each)
    return f" but a page that names {urls}" if urls else ""


def _entry(entry: Any, id: str, version: str, url: str) -> OldEntry:
    is_atom = version.startswith("atom")
    raw_link = entry.get("feedburner_origlink") or entry.get("link") or ""
    link = absolute_url(url, raw_link) if raw_link else ""
    link = link if link.startswith(("http://", "https://")) else ""
    content: Any = next((each for each in entry.get("content") or () if each.get("value")), {})
    summary = (entry.get("summary") or "") if "summary" in entry else ""
    published = _date(entry, "published") or _date(entry, "updated") or _date(entry, "created")
    updated = _date(entry, "updated") if is_atom and "updated" in entry else None
    pictures, files = _attachments(entry, link or url)
    title, text = entry.get("title", ""), content.get("value", "")
    is_plain = is_atom and (entry.get("title_detail") or {}).get("type") == "text/plain"
    return OldEntry(
        id=id or (entry.get("link") or ""),
        title=" ".join(title.split()) if is_plain else plain(title),
        url=link or None,
        published=published,
        updated=updated if updated and published and updated > published else None,
        authors=tuple(_authors(entry)),
        categories=tuple(dict.fromkeys(plain(each.term) for each in entry.get("tags", ()) if each.get("term"))),
        summary=summary if text and summary != text else "",
        html=(paragraphs(text) if content.get("type") == "text/plain" else text) or summary,
        base=absolute_url(url, content.get("base") or "") if content.get("base") else "",
        picture=next(iter(pictures), None),
        files=tuple(files),
        language=entry.get("language"),
        slug="",
        refusal=None if id or link else "it has neither id nor link",
    )


def _date(entry: Any, name: str) -> datetime | None:
    if name not in entry:
        return None
    raw_date, parsed_date = str(entry[name]), entry.get(f"{name}_parsed")
    try:
        if zone := _ZONE_NAME.search(raw_date):
            return parsedate_to_datetime(raw_date[: zone.start()] + _ZONE_OFFSETS[zone[1].upper()]).astimezone(UTC)
        if parsed_date is None:
            date = parsedate_to_datetime(raw_date)
            date = date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
        else:
            date = datetime.fromtimestamp(calendar.timegm(parsed_date), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return None if date in _PLACEHOLDER_DATES or date.year < 1900 else date


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
        else:
            length = str(item.get("length") or "")
            files.append(
                OldFile(
                    address,
                    kind,
                    int(length) if length.isdigit() and int(length) else None,
                    duration=entry.get("itunes_duration") or "",
                )
            )
    for item in entry.get("media_content") or ():
        address, kind = item.get("url"), item.get("type") or ""
        if address and (item.get("medium") == "image" or kind.startswith("image/")) and "gravatar.com" not in address:
            pictures.append(OldPicture(absolute_url(base, address)))
    pictures += [
        OldPicture(absolute_url(base, item["url"])) for item in entry.get("media_thumbnail") or () if item.get("url")
    ]
    return [item for item in pictures if item.url], files
