"""FeedPaths: which feed the target of a request is, whatever its format.

It knows the shapes of our addresses and not which feeds there are: what was answered with 200 or 304 was there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from feeds.edition import GUESSES
from feeds.formats import FORMATS
from feeds.paths import PODCAST, SOCIAL
from feeds.site import Site

_MOST = 100_000
"""Targets that are remembered at a time."""

_ARCHIVE = re.compile(r".+/[1-9][0-9]{3}-(?:0[1-9]|1[0-2])")


@dataclass(slots=True, eq=False)
class FeedPath:
    """A path that a feed is fetched at: the feed's name, and the size in bytes of its last whole answer."""

    path: bytes
    feed: str
    size: int = 0


class FeedPaths(dict[bytes, "FeedPath | None"]):
    """Feeds by the targets of requests, each looked at once."""

    def __init__(self, site: Site) -> None:
        """Take the site whose addresses they are below."""
        self._site = site
        self._by_path: dict[bytes, FeedPath] = {}

    def __missing__(self, target: bytes) -> FeedPath | None:
        """Look at one that was not seen before."""
        if len(self) > _MOST:  # of somebody who makes them up
            self.clear()
        path = unquote_to_bytes(target.partition(b"?")[0])
        found = self._by_path.get(path)
        if found is None and (feed := self._feed(path.decode("utf-8", "replace"))):
            found = FeedPath(path, feed)
            if len(self._by_path) < _MOST:
                self._by_path[path] = found
        self[target] = found
        return found

    def _feed(self, path: str) -> str | None:
        """Name the feed at a path: as in its address, without its format; those of other languages begin with it."""
        below = path.removeprefix(self._site.path)
        if not path.startswith(f"{self._site.path}/"):
            return None
        language, place = self._site.language_of(below)
        prefix = "" if language == self._site.default_language else f"{language}/"
        if place[1:] in GUESSES:
            return f"{prefix}all"
        if not place.startswith("/feeds/"):
            return None
        name, _, ending = place.removeprefix("/feeds/").partition(".")
        if not name or _ARCHIVE.fullmatch(name):
            return None
        if ending in FORMATS:
            return prefix + name
        return f"{prefix}{name}.{ending.removesuffix('.rss')}" if ending in (SOCIAL, PODCAST) else None
