"""RSS and Atom of other systems, in all the forms in which they occur, and which of the kinds of feeds something is.

It asks nobody and changes nothing.
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

from .old_feed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, joined, paragraphs, plain
from .old_json import read_json

_NEVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
"""What systems write that have no date."""

_ZONES = {"CET": "+0100", "CEST": "+0200", "MET": "+0100", "MEST": "+0200", "WET": "+0000", "WEST": "+0100"}
_ZONES |= {"BST": "+0100", "EET": "+0200", "EEST": "+0300"}
"""European zones by their names, which feedparser takes for UTC."""

_ZONED = re.compile(rf"\b({'|'.join(_ZONES)})$", re.IGNORECASE)


def read_feed(data: bytes, url: str = "", content_type: str = "") -> OldFeed:
    """Read RSS, Atom or JSON Feed. Raises FeedError where it is none."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return read_json(data, url)
    headers = {"content-type": content_type} if content_type else None
    found = feedparser.parse(
        BytesIO(data.lstrip()), sanitize_html=False, resolve_relative_uris=False, response_headers=headers
    )
    if not found.get("version"):
        raise FeedError(
            f"it is not a feed{_feeds_named(data, url)} (expected RSS, Atom or JSON Feed, or a WordPress export)"
        )
    about = found.feed
    links = {each.get("rel"): each.get("href") for each in about.get("links", ())}
    older = links.get("prev-archive") or links.get("next")
    return OldFeed(
        title=plain(about.get("title", "")),
        entries=tuple(_entry(each, id, found.version, url) for each, id in _with_ids(data, found)),
        kind="atom" if found.version.startswith("atom") else "rss",
        home=about.get("link"),
        generator=" ".join(filter(None, [about.get("generator"), (about.get("generator_detail") or {}).get("href")])),
        language=about.get("language"),
        older=joined(url, older) or None if older else None,
        has_texts=any(each.get("content") for each in found.entries),
    )


def _with_ids(data: bytes, found: Any) -> Iterator[tuple[Any, str]]:
    """Give entries with their ids as they stand in the document: feedparser resolves some, and mends their letters."""
    names = ("{http://www.w3.org/2005/Atom}id",) if found.version.startswith("atom1") else ("guid",)
    ids: list[str] = []
    with suppress(etree.XMLSyntaxError):
        parser = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, no_network=True)
        root = etree.fromstring(data.lstrip(), parser)
        for entry in root.iter("{*}item", "{*}entry") if root is not None else ():
            texts = [each.text for each in entry if each.tag in names and each.text]
            ids.append(texts[0].strip(" \t\r\n") if texts else "")
    is_sure = len(ids) == len(found.entries)
    for at, entry in enumerate(found.entries):
        yield entry, (ids[at] if is_sure and ids[at] else entry.get("id") or "")


def _feeds_named(data: bytes, url: str) -> str:
    """Tell which feeds a page names, for who gave its address instead of theirs."""
    links = re.findall(rb"<link\b[^>]*\balternate\b[^>]*>", data[:200_000], re.IGNORECASE)
    feeds = [link for link in links if re.search(rb"application/(rss\+xml|atom\+xml|feed\+json)", link)]
    found = [re.search(rb"href\s*=\s*[\"']?([^\"'> ]+)", link) for link in feeds]
    named = ", ".join(joined(url, html.unescape(each[1].decode("utf-8", "replace"))) for each in found if each)
    return f" but a page that names {named}" if named else ""


def _entry(entry: Any, id: str, version: str, url: str) -> OldEntry:
    is_atom = version.startswith("atom")
    written = entry.get("feedburner_origlink") or entry.get("link") or ""
    link = joined(url, written) if written else ""
    link = link if link.startswith(("http://", "https://")) else ""
    content: Any = next((each for each in entry.get("content") or () if each.get("value")), {})
    summary = (entry.get("summary") or "") if "summary" in entry else ""
    published = _date(entry, "published") or _date(entry, "updated") or _date(entry, "created")
    updated = _date(entry, "updated") if is_atom and "updated" in entry else None
    pictures, files = _enclosed(entry, link or url)
    title, text = entry.get("title", ""), content.get("value", "")
    is_plain = is_atom and (entry.get("title_detail") or {}).get("type") == "text/plain"
    return OldEntry(
        id=id or (entry.get("link") or ""),
        title=" ".join(title.split()) if is_plain else plain(title),
        url=link or None,
        published=published,
        updated=updated if updated and published and updated > published else None,
        authors=tuple(_people(entry)),
        categories=tuple(dict.fromkeys(plain(each.term) for each in entry.get("tags", ()) if each.get("term"))),
        summary=summary if text and summary != text else "",
        html=(paragraphs(text) if content.get("type") == "text/plain" else text) or summary,
        base=joined(url, content.get("base") or "") if content.get("base") else "",
        picture=next(iter(pictures), None),
        files=tuple(files),
        language=entry.get("language"),
        slug="",
        refusal=None if id or link else "it has neither id nor link",
    )


def _date(entry: Any, name: str) -> datetime | None:
    if name not in entry:
        return None
    written, found = str(entry[name]), entry.get(f"{name}_parsed")
    try:
        if zoned := _ZONED.search(written):
            return parsedate_to_datetime(written[: zoned.start()] + _ZONES[zoned[1].upper()]).astimezone(UTC)
        if found is None:
            moment = parsedate_to_datetime(written)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        else:
            moment = datetime.fromtimestamp(calendar.timegm(found), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return None if moment in _NEVER or moment.year < 1900 else moment


def _people(entry: Any) -> Iterator[OldPerson]:
    seen = set()
    for each in entry.get("authors") or ():
        name = plain(each.get("name") or (each.get("email") or "").partition("@")[0])
        if name and name not in seen:
            seen.add(name)
            yield OldPerson(name, each.get("href"))


def _enclosed(entry: Any, base: str) -> tuple[list[OldPicture], list[OldFile]]:
    """Sort what is attached into pictures and files."""
    pictures, files = [], []
    for each in entry.get("enclosures") or ():
        address, kind = joined(base, each.get("href") or ""), each.get("type") or ""
        if not address:
            continue
        if kind.startswith("image/"):
            pictures.append(OldPicture(address))
        else:
            length = str(each.get("length") or "")
            files.append(
                OldFile(
                    address,
                    kind,
                    int(length) if length.isdigit() and int(length) else None,
                    duration=entry.get("itunes_duration") or "",
                )
            )
    for each in entry.get("media_content") or ():
        address, kind = each.get("url"), each.get("type") or ""
        if address and (each.get("medium") == "image" or kind.startswith("image/")) and "gravatar.com" not in address:
            pictures.append(OldPicture(joined(base, address)))
    pictures += [
        OldPicture(joined(base, each["url"])) for each in entry.get("media_thumbnail") or () if each.get("url")
    ]
    return [each for each in pictures if each.url], files
