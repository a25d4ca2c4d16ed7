"""Addresses: where what was at an old address is now, and which redirects lead there.

It asks nobody, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from feeds.edition import guesses
from feeds.site import Site
from feeds.sitekeys import slug

from .categories import Categories
from .oldfeed import OldFeed
from .systems import System


class Addresses:
    """The pages of entries here, by their old addresses."""

    def __init__(self, site: Site, feed: OldFeed, system: System | None) -> None:
        """Begin with none."""
        self._site, self._feed, self._system = site, feed, system
        self._pages: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self.left: dict[str, None] = {}
        """Addresses of the old host that texts still lead to."""

    def add(self, url: str, page: str, *, is_public: bool) -> None:
        """Take note of an entry's page; what is not public yet has no redirect."""
        if self.is_here(url):
            self._pages[_comparable(url)] = page
            if is_public:
                self._paths.setdefault(path_of(url), page)

    def remove(self, page: str) -> None:
        """Forget a page that there will not be."""
        self._pages = {address: each for address, each in self._pages.items() if each != page}
        self._paths = {path: each for path, each in self._paths.items() if each != page}

    def is_here(self, url: str) -> bool:
        """Tell whether something was on the old site, and not elsewhere, where an entry only points to."""
        host = _host(self._feed.home or "")
        return not host or _host(url) == host

    def now(self, url: str) -> str:
        """Give the page here of what was at an address, and any other address as it is."""
        fragment = urlsplit(url).fragment
        page = self._pages.get(_comparable(url))
        if page is None and self._feed.home and self.is_here(url):
            self.left[url] = None
        return f"{page}#{fragment}" if page and fragment else page or url

    def redirects(self, categories: Categories, *, url: str | None, name: str, language: str) -> dict[str, str]:
        """Give the old paths of entries and feeds, each with its new one, but for those that are answered as it is.

        The feed that was at `url` is that called `name` here.
        """
        site = self._site
        found = {**self._paths, **dict(self._feeds(categories, url, name, language))}
        taken = {site.path + path for path in (*site.moved_paths, *site.redirects, *self._pages.values())}
        answered = {site.path + path: site.path + feed for path, feed in guesses(site)}
        return {
            old: new
            for old, new in found.items()
            if old not in ("", "/", site.path + new)
            and unquote(old) not in taken
            and answered.get(old) != site.path + new
        }

    def _feeds(self, categories: Categories, url: str | None, name: str, language: str) -> Iterator[tuple[str, str]]:
        """Give the paths of the old feeds: those that the system has, and that which was read."""
        feed_path = self._site.feed_path
        if self._system:
            root = urlsplit(self._feed.home or url or "").path.rstrip("/")
            for path, ending in self._system.feeds.items():
                yield root + path, f"{feed_path(language, 'all')}.{ending}"
            for target, paths, old in self._groups(categories):
                for path, ending in paths.items():
                    yield root + path.format(old), f"{feed_path(language, target)}.{ending}"
        if url and urlsplit(url).scheme in ("http", "https"):
            yield path_of(url), f"{feed_path(language, name)}.{self._feed.kind}"

    def _groups(self, categories: Categories) -> Iterator[tuple[str, Mapping[str, str], str]]:
        """Give our feed for each old category and tag, the paths that its feeds had, and its slug there."""
        assert self._system
        for name in dict.fromkeys([*self._tags(), *categories.counts]):
            old = self._feed.slugs.get(name) or slug(name)
            if mapped := categories.mapping.get(name):
                yield mapped[0], self._system.category, old
            elif name not in categories.mapping and slug(name):
                yield f"tags/{slug(name)}", self._system.tag, old

    def _tags(self) -> Iterable[str]:
        return (tag for entry in self._feed.entries for tag in entry.tags)


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
