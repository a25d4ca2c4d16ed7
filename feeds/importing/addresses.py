"""Addresses: where what was at an old address is now, and which redirects lead there.

It asks nobody, and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

from feeds.edition.edition import guesses
from feeds.model.site import Site
from feeds.model.site_fields import slug

from .categories import ANY, Categories
from .old_feed import OldFeed
from .systems import System


class Addresses:
    """The pages of entries here, by their old addresses."""

    def __init__(self, site: Site, feed: OldFeed, system: System | None) -> None:
        """Begin with none."""
        self._site, self._feed, self._system = site, feed, system
        hosts = Counter(_host(entry.url) for entry in feed.entries if entry.url)
        most = [host for host, count in hosts.items() if count * 2 > len(feed.entries)]
        self._hosts = {*most, *([_host(feed.home)] if feed.home else [])}
        self._pages: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self.left: dict[str, None] = {}
        """Addresses of the old host that texts still lead to."""

    def add(self, url: str, page: str, *, is_public: bool) -> None:
        """Take note of an entry's page by an address that it had; what is not public yet has no redirect."""
        if urlsplit(url).scheme in ("http", "https") and self.is_here(url):
            self._pages[_comparable(url)] = page
            if is_public and not urlsplit(url).fragment:
                self._paths.setdefault(path_of(url), page)

    def remove(self, page: str) -> None:
        """Forget a page that there will not be."""
        self._pages = {address: each for address, each in self._pages.items() if each != page}
        self._paths = {path: each for path, each in self._paths.items() if each != page}

    def is_here(self, url: str) -> bool:
        """Tell whether something was on the old site, and not elsewhere, where an entry only points to."""
        return not self._hosts or _host(url) in self._hosts

    def now(self, url: str) -> str:
        """Give the page here of what was at an address, and any other address as it is."""
        fragment = urlsplit(url).fragment
        page = self._pages.get(_comparable(url))
        if page is None and self._feed.home and self.is_here(url):
            self.left[url] = None
        return f"{page}#{fragment}" if page and fragment else page or url

    def redirects(
        self, categories: Categories, tags: Iterable[str], *, url: str | None, name: str, language: str
    ) -> dict[str, str]:
        """Give the old paths of entries and feeds, each with its new one, but for those that are answered as it is.

        `tags` are those that have a feed here; the feed that was at `url` is called `name` here.
        """
        site = self._site
        feeds = dict(self._feeds(categories, tags, url, name, language))
        found = {_escaped(old): new for old, new in {**feeds, **self._paths}.items()}
        there = (*site.moved_paths, *site.redirects, *self._pages.values())
        taken = {site.path + path for path in there}
        answered = {site.path + path: site.path + feed for path, feed in guesses(site)}
        return {
            old: new
            for old, new in found.items()
            if old not in ("", "/", site.path + new)
            and _decoded(old) not in taken
            and answered.get(old) != site.path + new
        }

    def _feeds(
        self, categories: Categories, tags: Iterable[str], url: str | None, name: str, language: str
    ) -> Iterator[tuple[str, str]]:
        """Give the paths of the old feeds: those that the system has, and that which was read."""
        feed_path = self._site.feed_path
        if self._system:
            root = self._root(url)
            for path, ending in self._system.feeds.items():
                yield root + path, f"{feed_path(language, 'all')}.{ending}"
            targets = [(f"tags/{slug(tag.partition(',')[0])}", self._system.tag, tag) for tag in tags]
            targets += [
                (to[0], self._system.category, old) for old, to in categories.mapping.items() if to and old != ANY
            ]
            for target, paths, old in targets:
                there = self._feed.slugs.get(old) or self._system.slug(old)
                for path, ending in paths.items():
                    yield root + path.format(there), f"{feed_path(language, target)}.{ending}"
        if url and urlsplit(url).scheme in ("http", "https"):
            yield path_of(url), f"{feed_path(language, name)}.{self._feed.kind}"

    def _root(self, url: str | None) -> str:
        """Tell the path of the old site: what stands before that of the feed, or that of its home page."""
        assert self._system
        path = path_of(url or "")
        known = next((each for each in self._system.feeds if path.endswith(each)), None)
        if known:
            return path.removesuffix(known)
        return urlsplit(self._feed.home or "").path.rstrip("/") if self._system.has_home else ""


def _escaped(path: str) -> str:
    """Write what no path may have as it is sent."""
    return quote(path, safe="/%?&=:@!$'()*+,;~[]-._")


def _decoded(path: str) -> str:
    """Write a path as the site's redirects have it: decoded, but for its query."""
    found, mark, query = path.partition("?")
    return unquote(found) + mark + query


def _comparable(url: str) -> str:
    """Make addresses comparable: with or without encryption and a final slash, they lead to the same."""
    parts = urlsplit(url)
    return f"{_host(url)}{parts.path.rstrip('/')}?{parts.query}"


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def path_of(url: str) -> str:
    """Give the path of an address, with its query if it has one."""
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path
