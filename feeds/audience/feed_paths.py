"""Feed paths: which feed a request target belongs to, whatever the format.

It knows the structure of our URLs, not which feeds exist: a response with 200 or 304 means that the feed exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import normpath
from urllib.parse import unquote

from feeds.edition.guessed_paths import GUESSED_PATHS
from feeds.edition.routes import PODCAST_ENDING, POST_ENDINGS
from feeds.formats.registry import FORMATS
from feeds.model.redirects import Redirects
from feeds.model.site import Site

_TARGET_CACHE_SIZE = 20_000
"""Maximum number of targets in the cache."""

_FEED_FILENAME = re.compile("((?:tags/|authors/)?[a-z0-9]+(?:-[a-z0-9]+)*)[.]([a-z.]+)")
_LOOKS_LIKE_FEED = re.compile(
    r"(^|/)(feeds?|rss2?|atom|rdf)(/|$)|[.](rss|atom|rdf|xml)$|[?&](feed|format)=", re.IGNORECASE
)
_MAX_TARGET_BYTES = 512


@dataclass(slots=True, eq=False)
class FeedPath:
    """A requested document: the feed's name, the document's name, and the size of its last full response in bytes.

    If `feed` is empty, the path is not ours but looks like that of a feed. `path` is the requested path.
    """

    feed: str
    document: bytes
    path: str
    size: int = 0


class FeedPaths(dict[bytes, "FeedPath | None"]):
    """A cache of feed paths by request target; None for a target that is no feed."""

    def __init__(self, site: Site) -> None:
        """Create an empty cache for a site. Targets are below its URL; its redirects resolve old paths."""
        self._site, self._redirects = site, Redirects(site)
        self._paths_by_document: dict[str, FeedPath] = {}

    def __missing__(self, target: bytes) -> FeedPath | None:
        """Resolve a new target."""
        if len(self) > _TARGET_CACHE_SIZE:  # somebody requests invented paths
            self.clear()
        text = re.sub(r"^https?://[^/]*", "", target[:_MAX_TARGET_BYTES].decode("utf-8", "replace"))
        path, _, query = text.partition("?")
        path = unquote(path)
        if "//" in path or "/." in path:
            path = normpath(path).replace("//", "/")
        feed_path = self._resolve(path, query) if path.isprintable() else None
        if len(target) <= _MAX_TARGET_BYTES:
            self[target] = feed_path
        return feed_path

    def _resolve(self, path: str, query: str) -> FeedPath | None:
        if self._site.path and not path.startswith(f"{self._site.path}/"):
            return None
        local_path = path.removeprefix(self._site.path)
        document = self._parse_path(local_path) or self._parse_path(self._redirected(path, query))
        looks_like_feed = document is None and _LOOKS_LIKE_FEED.search(f"{path}?{query}" if query else path)
        if document is None and not looks_like_feed:
            return None
        feed, name = document or ("", path)
        if name not in self._paths_by_document and len(self._paths_by_document) < _TARGET_CACHE_SIZE:
            self._paths_by_document[name] = FeedPath(feed, name.encode(), path)
        return self._paths_by_document.get(name)

    def _redirected(self, path: str, query: str) -> str:
        """Return the path on this site that a redirect leads to, or an empty string."""
        return (self._redirects.target(path, query) or "").removeprefix(self._site.url)

    def _parse_path(self, path: str) -> tuple[str, str] | None:
        """Return the name of the feed at a path, without its format, and the name of the document."""
        language, local_path = self._site.split_language(path or "/")
        prefix = "" if language == self._site.default_language else f"{language}/"
        if local_path[1:] in GUESSED_PATHS:
            return f"{prefix}all", f"{prefix}all.{GUESSED_PATHS[local_path[1:]]}"
        match = (
            _FEED_FILENAME.fullmatch(local_path.removeprefix("/feeds/")) if local_path.startswith("/feeds/") else None
        )
        if not match:
            return None
        name, extension = match.groups()
        if extension in FORMATS:
            return prefix + name, f"{prefix}{name}.{extension}"
        if extension in (*POST_ENDINGS, PODCAST_ENDING):
            feed = f"{prefix}{name}.{extension.removesuffix('.rss')}"
            return feed, feed
        return None
