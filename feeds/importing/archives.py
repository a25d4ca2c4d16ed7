"""Archives: adds the entries of older documents to a feed, as far back as they can be fetched.

It follows RFC 5005's links and JSON Feed's `next_url`.
WordPress has neither, so `?paged=` is requested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlunsplit

from feeds.base.http import HttpError

from .fetcher import Fetcher
from .old_feed import FeedError, OldFeed, split_url
from .old_xml import read_feed
from .systems import system_of

MAX_FEED_BYTES = 50_000_000
"""Maximum size of a feed document in bytes."""

MAX_FEED_PAGES = 1_000


def with_older(feed: OldFeed, url: str, fetcher: Fetcher, note: Callable[[str], None]) -> OldFeed:
    """Return a feed with the entries of older documents. `note` is called if they are incomplete."""
    entries, ids = list(feed.entries), {entry.id for entry in feed.entries}
    seen_urls, page, older_url = {url}, 1, _older_url(feed, url, 2)
    while older_url and older_url not in seen_urls and len(seen_urls) < MAX_FEED_PAGES:
        seen_urls.add(older_url)
        page += 1
        try:
            response = fetcher.get(older_url, max_bytes=MAX_FEED_BYTES)
            document = read_feed(response.data, response.url, response.content_type)
        except (HttpError, FeedError) as error:
            is_end = feed.older_url is None and getattr(error, "status", None) == 404
            if not is_end:
                note(f"the older entries could not be fetched: {error}")
            break
        new_entries = [entry for entry in document.entries if entry.id not in ids]
        entries += new_entries
        ids |= {entry.id for entry in new_entries}
        if feed.older_url is None and not new_entries:  # a cache may ignore the page number
            break
        older_url = _older_url(document if feed.older_url else feed, url, page + 1)
    return replace(feed, entries=tuple(entries))


def _older_url(feed: OldFeed, url: str, page: int) -> str | None:
    """Return the URL of the next older document: the link in the feed, or the page `page` of WordPress."""
    if feed.older_url:
        return feed.older_url
    system = system_of(feed.generator, [])
    if system is None or not system.page_parameter or not feed.entries:
        return None
    parts = split_url(url)
    query = [
        *((name, value) for name, value in parse_qsl(parts.query) if name != system.page_parameter),
        (system.page_parameter, str(page)),
    ]
    return urlunsplit(parts._replace(query=urlencode(query)))
