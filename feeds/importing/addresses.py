"""Old addresses: the pages that replace them here, and the redirects that lead there.

It makes no requests and writes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

from feeds.edition.guessed_paths import guessed_paths
from feeds.model.site import Site
from feeds.model.site_types import slug

from .categories import FALLBACK_NAME, Categories
from .old_feed import OldFeed, split_url
from .systems import System


class NameInLanguage(NamedTuple):
    """The name of a category or tag on the old site, and the language of its articles."""

    name: str
    language: str


class Addresses:
    """Maps the old addresses of entries to their pages here."""

    def __init__(self, site: Site, feed: OldFeed, system: System | None) -> None:
        """Start with no pages."""
        self._site, self._feed, self._system = site, feed, system
        hosts = Counter(_host(entry.url) for entry in feed.entries if entry.url)
        home = _host(feed.home or "")
        common_hosts = [host for host, count in hosts.items() if count * 2 > len(feed.entries)]
        has_home = hosts[home] > 0  # then another common host is one that a link blog links to
        own_hosts = (each for each in common_hosts if not has_home or _domain(each) == _domain(home))
        self._hosts = {*own_hosts, home} - {""}
        self._tag_names = {tag for entry in feed.entries for tag in entry.tags}
        self._category_names = {name for entry in feed.entries for name in entry.categories}
        self._pages_by_url: dict[str, str] = {}
        self._pages_by_path: dict[str, str] = {}
        self.old_host_links: dict[str, None] = {}
        """Addresses on the old host that texts still use."""

        self.ending_feeds: dict[str, None] = {}
        """Old paths of feeds without one here that has the same articles."""

    def add(self, url: str, page: str, *, is_public: bool) -> None:
        """Record an entry's page under one of its old addresses. Only public entries get a redirect."""
        parts = split_url(url)
        if parts.scheme in ("http", "https") and self.was_on_old_site(url):
            self._pages_by_url.setdefault(_normalize(url), page)
            if is_public and not parts.fragment:
                self._pages_by_path.setdefault(path_of(url), page)

    def remove(self, page: str) -> None:
        """Remove a page that will not be created."""
        self._pages_by_url = {address: target for address, target in self._pages_by_url.items() if target != page}
        self._pages_by_path = {path: target for path, target in self._pages_by_path.items() if target != page}

    def was_on_old_site(self, url: str) -> bool:
        """Return whether an address belongs to the old site."""
        return not self._hosts or _host(url) in self._hosts

    def hosts_of(self, urls: Iterable[str]) -> list[str]:
        """Return the hosts of those URLs that were on the old site."""
        return list(
            dict.fromkeys(host for url in urls if (host := split_url(url).netloc) and self.was_on_old_site(url))
        )

    def new_url(self, url: str) -> str:
        """Return the page here that replaces an address, or the address unchanged if there is none."""
        fragment = split_url(url).fragment
        page = self._pages_by_url.get(_normalize(url))
        if page is None and self._feed.home and self.was_on_old_site(url):
            self.old_host_links[url] = None
        return f"{page}#{fragment}" if page and fragment else page or url

    def redirects(
        self, categories: Categories, tags: Iterable[NameInLanguage], *, url: str | None, name: str, language: str
    ) -> dict[str, str]:
        """Return the old paths of feeds, entries and lists with their new paths, except those that already work.

        `tags` are those that have a feed here. `name` is our name for the feed that was at `url`.
        """
        site = self._site
        old_feeds = list(self._feeds(categories, tags, url, name, language))
        feeds = {old: f"{new}.{ending}" for old, new, ending in old_feeds if ending}
        candidates = {old: new for old, new, _ in old_feeds} | feeds | self._pages_by_path
        by_importance = dict.fromkeys([*feeds, *self._pages_by_path, *candidates])
        candidates = {_escape(old): candidates[old] for old in by_importance}
        used_here = (*site.path_redirects, *site.redirects, *self._pages_by_url.values())
        used_paths = {site.path + path for path in used_here}
        new_paths = {site.path + new for new in candidates.values()}
        guess_targets = {site.path + path: site.path + feed for path, feed in guessed_paths(site)}
        return {
            old: new
            for old, new in candidates.items()
            if old not in ("", "/", site.path + new)
            and _decode(old) not in new_paths
            and _decode(old) not in used_paths
            and guess_targets.get(old) != site.path + new
        }

    def _feeds(
        self, categories: Categories, tags: Iterable[NameInLanguage], url: str | None, name: str, language: str
    ) -> Iterator[tuple[str, str, str]]:
        """Yield the paths of old feeds with those of the pages of the new ones, and the file extension of the feed.

        They are the feeds and lists of the system, and this feed. The extension is empty for a list.
        """
        if self._system:
            system, root = self._system, self._root(url)
            yield from ((root + path, self._site.feed_path(language, "all"), end) for path, end in system.feeds.items())
            for (old, spoken), target, paths in self._lists(categories, tags, name, language):
                prefix = f"/{spoken}" if system.has_languages and spoken != language else ""
                is_section = paths is system.section
                for old_slug in [old.lower().replace(" ", "-")] if is_section else self._old_slugs(old, system):
                    for path, ending in paths.items():
                        if target:
                            yield root + prefix + path.format(old_slug), self._site.feed_path(spoken, target), ending
                        elif ending:
                            self.ending_feeds[_escape(root + prefix + path.format(old_slug))] = None
        if url and split_url(url).scheme in ("http", "https"):
            yield path_of(url), self._site.feed_path(language, name), self._feed.kind

    def _lists(
        self, categories: Categories, tags: Iterable[NameInLanguage], name: str, language: str
    ) -> Iterator[tuple[NameInLanguage, str, Mapping[str, str]]]:
        """Yield the old names of lists with their languages, our feeds that replace them, and their paths.

        Our feed is an empty string if none has the same articles: in a larger one, readers would show old entries as
        new, and automations would post them. `name` is that of our feed with all that is imported.
        """
        assert self._system
        known_tags = list(tags)
        for tag in known_tags:
            for paths in self._paths_of(tag.name):
                yield tag, f"tags/{slug(tag.name.partition(',')[0])}", paths
        spoken_here = self._site.languages if self._system.has_languages else (language,)
        languages = [
            each for each in spoken_here if each == language or any(tag.language == each for tag in known_tags)
        ]
        for spoken in languages:
            for old, to in categories.mapping.items():
                if old != FALLBACK_NAME and old not in self._feed.sections:
                    is_tag = old in self._tag_names and old not in self._category_names
                    for paths in self._paths_of(old):
                        yield NameInLanguage(old, spoken), "" if is_tag or not to else to[0], paths
            for old in self._feed.sections:
                whole = name if len(self._feed.sections) == 1 else ""
                target = (categories.mapping.get(old) or (whole,))[0]
                yield NameInLanguage(old, spoken), target, self._system.section

    def _paths_of(self, name: str) -> list[Mapping[str, str]]:
        """Return the paths of the lists of a name: of a category, a tag, or both if the feed has only categories."""
        assert self._system
        is_tag, is_category = name in self._tag_names, name in self._category_names
        has_tags = bool(self._tag_names)
        return [
            *([self._system.category] if is_category or not has_tags else []),
            *([self._system.tag] if is_tag or not has_tags else []),
        ]

    def _old_slugs(self, name: str, system: System) -> dict[str, None]:
        """Return the slugs that a name may have in the old paths of lists."""
        known = [each[name] for each in (self._feed.slugs, self._feed.category_paths) if name in each]
        own = [system.slug(name)] if name not in self._feed.slugs else []
        accented = re.sub(r"[^\w.+#-]+", "-", name.lower()) if system.keeps_accents else ""
        return dict.fromkeys(each for each in (*known, *own, accented) if each)

    def _root(self, url: str | None) -> str:
        """Return the path at which the old site starts, from that of its feed or its home page."""
        assert self._system
        path = path_of(url or "")
        suffix = next((each for each in self._system.feeds if path.endswith(each)), None)
        if suffix:
            return path.removesuffix(suffix)
        return split_url(self._feed.home or "").path.rstrip("/") if self._system.has_home else ""


def _escape(path: str) -> str:
    """Percent-encode the characters that a path cannot contain in a request."""
    return quote(path, safe="/%?&=:@!$'()*+,;~[]-._")


def _decode(path: str) -> str:
    """Return a path as in `site.redirects`: decoded, except for its query."""
    encoded, separator, query = path.partition("?")
    return unquote(encoded) + separator + query


def _normalize(url: str) -> str:
    """Return an address for comparison, without its scheme, `www.` and a trailing slash."""
    parts = split_url(url)
    return f"{_host(url)}{parts.path.rstrip('/')}?{parts.query}"


def _host(url: str) -> str:
    return split_url(url).netloc.lower().removeprefix("www.")


def _domain(host: str) -> str:
    """Return the last two labels of a host name, which the hosts of one institution usually share."""
    return ".".join(host.split(".")[-2:])


def path_of(url: str) -> str:
    """Return the path of an address, with its query if it has one."""
    parts = split_url(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path
