"""RSS and Atom of other systems, in all the forms in which they occur, and which of the kinds of feeds something is.

It asks nobody and changes nothing.
"""

from __future__ import annotations

import calendar
import html
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import feedparser

from .oldfeed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, plain
from .oldjson import read_json

_NEVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
"""What systems write that have no date."""


def read_feed(data: bytes, url: str = "", content_type: str = "") -> OldFeed:
    """Read RSS, Atom or JSON Feed. Raises FeedError where it is none."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return read_json(data, url)
    found = feedparser.parse(BytesIO(data.lstrip()), sanitize_html=False, resolve_relative_uris=False)
    if not found.get("version"):
        raise FeedError(f"it is no feed{_feeds_named(data, url)} (want RSS, Atom or JSON Feed, or a WordPress export)")
    about = found.feed
    links = {each.get("rel"): each.get("href") for each in about.get("links", ())}
    older = links.get("prev-archive") or links.get("next")
    return OldFeed(
        title=plain(about.get("title", "")),
        entries=tuple(_entry(each, found.version, url) for each in found.entries),
        kind="atom" if found.version.startswith("atom") else "rss",
        home=about.get("link"),
        generator=" ".join(filter(None, [about.get("generator"), (about.get("generator_detail") or {}).get("href")])),
        language=about.get("language"),
        older=urljoin(url, older) if older else None,
        has_texts=any(each.get("content") for each in found.entries),
    )


def _feeds_named(data: bytes, url: str) -> str:
    """Tell which feeds a page names, for who gave its address instead of theirs."""
    links = re.findall(rb"<link\b[^>]*\balternate\b[^>]*>", data[:200_000], re.IGNORECASE)
    feeds = [link for link in links if re.search(rb"application/(rss\+xml|atom\+xml|feed\+json)", link)]
    found = [re.search(rb"href\s*=\s*[\"']?([^\"'> ]+)", link) for link in feeds]
    named = ", ".join(urljoin(url, html.unescape(each[1].decode("utf-8", "replace"))) for each in found if each)
    return f" but a page that names {named}" if named else ""


def _entry(entry: Any, version: str, url: str) -> OldEntry:
    is_atom = version.startswith("atom")
    link = urljoin(url, entry.get("feedburner_origlink") or entry.get("link") or "") or None
    id = entry.get("id") or (entry.get("link") or "")
    content = next((each.get("value") for each in entry.get("content") or () if each.get("value")), "")
    summary = (entry.get("summary") or "") if "summary" in entry else ""
    published = _date(entry, "published") or _date(entry, "updated") or _date(entry, "created")
    updated = _date(entry, "updated") if is_atom and "updated" in entry else None
    pictures, files = _enclosed(entry, link or url)
    return OldEntry(
        id=id,
        title=plain(entry.get("title", "")),
        url=link,
        published=published,
        updated=updated if updated and published and updated > published else None,
        authors=tuple(_people(entry)),
        categories=tuple(dict.fromkeys(plain(each.term) for each in entry.get("tags", ()) if each.get("term"))),
        summary=summary if content and summary != content else "",
        html=content or summary,
        picture=next(iter(pictures), None),
        files=tuple(files),
        language=entry.get("language"),
        slug="",
        refusal=None if id else "it has neither id nor link",
    )


def _date(entry: Any, name: str) -> datetime | None:
    found: time.struct_time | None = entry.get(f"{name}_parsed") if name in entry else None
    if found is None:
        return None
    try:
        moment = datetime.fromtimestamp(calendar.timegm(found), UTC)
    except (ValueError, OverflowError, OSError):
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
        address, kind = urljoin(base, each.get("href") or ""), each.get("type") or ""
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
            pictures.append(OldPicture(urljoin(base, address)))
    pictures += [
        OldPicture(urljoin(base, each["url"])) for each in entry.get("media_thumbnail") or () if each.get("url")
    ]
    return pictures, files
