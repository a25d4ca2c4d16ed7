"""A feed and all that came before it: archives are followed as far as they go.

RFC 5005's links and JSON Feed's `next_url` are followed; WordPress, which has neither, is asked for `?paged=`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from feeds.base.http import HttpError

from .fetcher import Fetcher
from .old_feed import FeedError, OldFeed
from .old_xml import read_feed
from .systems import system_of

MOST_BYTES = 50_000_000
"""Bytes that a document of a feed may have."""

MOST_PAGES = 1_000


def with_older(feed: OldFeed, url: str, fetcher: Fetcher, note: Callable[[str], None]) -> OldFeed:
    """Add the entries of older documents; `note` is told where they end before their end."""
    entries, ids = list(feed.entries), {entry.id for entry in feed.entries}
    seen, page, older = {url}, 1, _older(feed, url, 2)
    while older and older not in seen and len(seen) < MOST_PAGES:
        seen.add(older)
        page += 1
        try:
            answer = fetcher.get(older, max_bytes=MOST_BYTES)
            document = read_feed(answer.data, answer.url, answer.content_type)
        except (HttpError, FeedError) as fault:
            is_end = feed.older is None and getattr(fault, "status", None) == 404
            if not is_end:
                note(f"older entries are missing from here on: {fault}")
            break
        new = [entry for entry in document.entries if entry.id not in ids]
        entries += new
        ids |= {entry.id for entry in new}
        if feed.older is None and not new:  # a cache may give the first page for every number
            break
        older = _older(document if feed.older else feed, url, page + 1)
    return replace(feed, entries=tuple(entries))


def _older(feed: OldFeed, url: str, page: int) -> str | None:
    """Tell where the document before a feed's, or its page with some number, is."""
    if feed.older:
        return feed.older
    system = system_of(feed.generator, [])
    if system is None or not system.pages or not feed.entries:
        return None
    parts = urlsplit(url)
    query = [
        *((name, value) for name, value in parse_qsl(parts.query) if name != system.pages),
        (system.pages, str(page)),
    ]
    return urlunsplit(parts._replace(query=urlencode(query)))
