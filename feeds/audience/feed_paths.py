"""FeedPaths: which feed the target of a request is, whatever its format.

It knows the shapes of our addresses and not which feeds there are: what was answered with 200 or 304 was there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import normpath
from urllib.parse import unquote

from feeds.edition.edition import GUESSES
from feeds.edition.routes import PODCAST, SOCIAL
from feeds.formats.registry import FORMATS
from feeds.model.redirects import Redirects
from feeds.model.site import Site

_MOST = 20_000
"""Targets that are remembered at a time."""

_NAME = re.compile("((?:tags/|authors/)?[a-z0-9]+(?:-[a-z0-9]+)*)[.]([a-z.]+)")
_LIKE_FEED = re.compile(r"(^|/)(feeds?|rss2?|atom|rdf)(/|$)|[.](rss|atom|rdf|xml)$|[?&](feed|format)=", re.IGNORECASE)
_LONGEST = 512


@dataclass(slots=True, eq=False)
class FeedPath:
    """A document that is fetched: the feed's name, its format, and the size in bytes of its last whole answer.

    One without a feed's name is not ours, but was asked for as if it were a feed; `path` is its own.
    """

    feed: str
    document: bytes
    path: str
    size: int = 0


class FeedPaths(dict[bytes, "FeedPath | None"]):
    """Feeds by the targets of requests, each looked at once."""

    def __init__(self, site: Site) -> None:
        """Take the site whose addresses they are below, and whose redirects lead old addresses to them."""
        self._site, self._redirects = site, Redirects(site)
        self._known: dict[str, FeedPath] = {}

    def __missing__(self, target: bytes) -> FeedPath | None:
        """Look at one that was not seen before."""
        if len(self) > _MOST:  # of somebody who makes them up
            self.clear()
        text = re.sub(r"^https?://[^/]*", "", target[:_LONGEST].decode("utf-8", "replace"))
        path, _, query = text.partition("?")
        path = unquote(path)
        if "//" in path or "/." in path:
            path = normpath(path).replace("//", "/")
        found = self._found(path, query) if path.isprintable() else None
        if len(target) <= _LONGEST:
            self[target] = found
        return found

    def _found(self, path: str, query: str) -> FeedPath | None:
        if self._site.path and not path.startswith(f"{self._site.path}/"):
            return None
        below = path.removeprefix(self._site.path)
        document = self._document(below) or self._document(self._replaced(path, query))
        is_old = document is None and _LIKE_FEED.search(f"{path}?{query}" if query else path)
        if document is None and not is_old:
            return None
        feed, name = document or ("", path)
        if name not in self._known and len(self._known) < _MOST:
            self._known[name] = FeedPath(feed, name.encode(), path)
        return self._known.get(name)

    def _replaced(self, path: str, query: str) -> str:
        """Tell which of our paths a redirect of the site leads to."""
        return (self._redirects.place(path, query) or "").removeprefix(self._site.url)

    def _document(self, path: str) -> tuple[str, str] | None:
        """Name the feed at a path as in its address, without its format, and the document with it."""
        language, place = self._site.language_of(path or "/")
        prefix = "" if language == self._site.default_language else f"{language}/"
        if place[1:] in GUESSES:
            return f"{prefix}all", f"{prefix}all.{GUESSES[place[1:]]}"
        named = _NAME.fullmatch(place.removeprefix("/feeds/")) if place.startswith("/feeds/") else None
        if not named:
            return None
        name, ending = named.groups()
        if ending in FORMATS:
            return prefix + name, f"{prefix}{name}.{ending}"
        if ending in (SOCIAL, PODCAST):
            feed = f"{prefix}{name}.{ending.removesuffix('.rss')}"
            return feed, feed
        return None
