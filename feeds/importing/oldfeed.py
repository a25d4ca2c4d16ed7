"""OldFeed: what a feed of another system says, whatever its format, as values.

It asks nobody and changes nothing: HTML stays as it is, and ids are those that readers know, to the byte.
"""

from __future__ import annotations

import calendar
import html
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import feedparser

_NEVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
"""What systems write that have no date."""


class FeedError(Exception):
    """Why something is no feed, in words for people."""


@dataclass(frozen=True)
class OldPerson:
    """Who wrote an entry."""

    name: str
    url: str | None = None


@dataclass(frozen=True)
class OldPicture:
    """A picture that goes with an entry, at an absolute address."""

    url: str
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True)
class OldFile:
    """What is attached to an entry: an absolute address, and what the feed says of what is there."""

    url: str
    type: str = ""
    length: int | None = None
    title: str = ""
    duration: str = ""


@dataclass(frozen=True)
class OldEntry:
    """An entry: `id` as readers know it, `title` plain, `summary` and `html` as they are, relative to `url`.

    `categories` and `tags` are names, and where a system does not tell them apart all are categories. Datetimes are
    aware and in UTC. `slug` is the last part of its address there, `refusal` tells why it is not to be taken over.
    """

    id: str
    title: str
    url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[OldPerson, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str = ""
    html: str = ""
    picture: OldPicture | None = None
    files: tuple[OldFile, ...] = ()
    language: str | None = None
    link: str | None = None
    slug: str = ""
    is_draft: bool = False
    refusal: str | None = None


@dataclass(frozen=True)
class OldFeed:
    """A feed: `home` is the page that it is about, `generator` what made it, `older` where it goes on.

    `has_texts` tells whether any entry has a text besides its description. `slugs` are what addresses there have for
    the names of categories and tags, where that is told.
    """

    title: str
    entries: tuple[OldEntry, ...]
    kind: str
    home: str | None = None
    generator: str = ""
    language: str | None = None
    older: str | None = None
    has_texts: bool = True
    slugs: Mapping[str, str] = field(default_factory=dict)


def read_feed(data: bytes, url: str = "", content_type: str = "") -> OldFeed:
    """Read RSS, Atom or JSON Feed. Raises FeedError where it is none."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _read_json(data, url)
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


def plain(markup: str) -> str:
    """Make plain text on one line of what may be HTML."""
    text = html.unescape(re.sub(r"</?[A-Za-z!?][^<>]*>", "", markup)) if re.search("[<&]", markup) else markup
    return re.sub("[ \t\r\n]+", " ", text).strip(" ")


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


def _read_json(data: bytes, url: str) -> OldFeed:
    """Read a JSON Feed (https://www.jsonfeed.org/version/1.1/)."""
    try:
        feed = json.loads(data.decode("utf-8-sig"))
    except ValueError as fault:
        raise FeedError(f"it is no JSON: {fault} (want a whole JSON Feed)") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise FeedError("it is JSON and no JSON Feed (want one with version and items)")
    older = feed.get("next_url")
    return OldFeed(
        title=plain(_text(feed, "title")),
        entries=tuple(_json_entry(each, url) for each in items if isinstance(each, dict)),
        kind="json",
        home=_text(feed, "home_page_url") or None,
        generator=_text(feed, "generator"),
        language=_text(feed, "language") or None,
        older=urljoin(url, older) if isinstance(older, str) and older else None,
    )


def _json_entry(item: dict[str, Any], url: str) -> OldEntry:
    id = item.get("id")
    link = urljoin(url, _text(item, "url")) if item.get("url") else None
    base = link or url
    text = _text(item, "content_html") or _paragraphs(_text(item, "content_text"))
    published, updated = _iso(item.get("date_published")), _iso(item.get("date_modified"))
    people = item.get("authors") or ([item["author"]] if isinstance(item.get("author"), dict) else [])
    picture = _text(item, "image") or _text(item, "banner_image")
    found = [each for each in item.get("attachments") or () if isinstance(each, dict) and each.get("url")]
    return OldEntry(
        id=str(id) if isinstance(id, str | int | float) and not isinstance(id, bool) else (link or ""),
        title=plain(_text(item, "title")),
        url=link,
        published=published or updated,
        updated=updated if updated and published and updated > published else None,
        authors=tuple(
            OldPerson(plain(each["name"]), each.get("url"))
            for each in people
            if isinstance(each, dict) and isinstance(each.get("name"), str)
        ),
        categories=tuple(plain(each) for each in item.get("tags") or () if isinstance(each, str)),
        summary=html.escape(_text(item, "summary")),
        html=text or _paragraphs(_text(item, "summary")),
        picture=OldPicture(urljoin(base, picture)) if picture else None,
        files=tuple(
            OldFile(
                urljoin(base, each["url"]),
                _text(each, "mime_type"),
                each["size_in_bytes"] if isinstance(each.get("size_in_bytes"), int) else None,
                _text(each, "title"),
                str(each.get("duration_in_seconds") or ""),
            )
            for each in found
            if not _text(each, "mime_type").startswith("image/")
        ),
        language=_text(item, "language") or None,
        link=_text(item, "external_url") or None,
        refusal=None if id or link else "it has neither id nor url",
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name)
    return found if isinstance(found, str) else ""


def _paragraphs(text: str) -> str:
    """Make HTML of plain text."""
    parts = [html.escape(part).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text.strip("\n")) if part]
    return "".join(f"<p>{part}</p>" for part in parts)


def _iso(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC).replace(microsecond=0)
