"""Old addresses: the pages that replace them here, and the redirects that lead there.

It makes no requests and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from feeds.edition.guessed_paths import guessed_paths
from feeds.model.site import Site

from .categories import Categories
from .languages import Languages
from .old_feed import OldFeed, host_of, split_url
from .systems import System


class NameInLanguage(NamedTuple):
    """The name of a category or tag on the old site, and the language of its articles."""

    name: str
    language: str


class FeedAddress(NamedTuple):
    """A feed of the old site: its URL if it is known, its language on this site, and the extension of its format."""

    url: str | None
    language: str
    extension: str


class Addresses:
    """Maps the old addresses of entries to their pages here."""

    def __init__(self, site: Site, feed: OldFeed, system: System | None, feed_urls: Iterable[str] = ()) -> None:
        """Start with no pages. The hosts of `feed_urls` are those of the old site too."""
        self._site, self._feed, self._system = site, feed, system
        hosts = Counter(host_of(entry.url) for entry in feed.entries if entry.url)
        home = host_of(feed.home or "")
        common_hosts = [host for host, count in hosts.items() if count * 2 > len(feed.entries)]
        has_home = hosts[home] > 0  # then another common host is one to which a link blog links
        own_hosts = (each for each in common_hosts if not has_home or _domain(each) == _domain(home))
        self._hosts = {*own_hosts, home, *map(host_of, feed_urls)} - {""}
        self._tag_names = {tag for entry in feed.entries for tag in entry.tags}
        self._category_names = {name for entry in feed.entries for name in entry.categories}
        self._pages_by_url: dict[str, str] = {}
        self._pages_by_path: dict[str, str] = {}
        self.old_host_links: dict[str, None] = {}
        """Addresses on the old host that texts still use."""

        self.unreplaced_feeds: dict[str, None] = {}
        """Old paths of feeds that no feed here replaces, since none has the same articles."""

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
        return not self._hosts or host_of(url) in self._hosts

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
        self,
        categories: Categories,
        names: Iterable[NameInLanguage],
        tags: Iterable[NameInLanguage],
        languages: Languages,
        *,
        feeds: Sequence[FeedAddress] = (),
        feed_name: str = "all",
    ) -> dict[str, str]:
        """Return the old paths of feeds, entries and lists with their new paths, except those that already work.

        `names` are all old categories and tags, and `tags` those that become tags here. `feeds` are the known feeds
        of the old site, and `feed_name` is the name of the feed here that replaces them.
        """
        site = self._site
        documents: dict[str, str] = {}
        pages: dict[str, str] = {}
        for old, new, extension in self._feeds(categories, names, tags, languages, feeds, feed_name):
            pages.setdefault(old, new)
            if extension:
                documents.setdefault(old, f"{new}.{extension}")
        candidates = pages | documents | self._pages_by_path
        by_importance = dict.fromkeys([*documents, *self._pages_by_path, *candidates])
        candidates = {_escape(old): candidates[old] for old in by_importance}
        homes = map(site.home_path, site.languages)
        used_here = (*site.path_redirects, *site.redirects, *self._pages_by_url.values(), *homes)
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
        self,
        categories: Categories,
        names: Iterable[NameInLanguage],
        tags: Iterable[NameInLanguage],
        languages: Languages,
        known: Sequence[FeedAddress],
        feed_name: str,
    ) -> Iterator[tuple[str, str, str]]:
        """Yield old paths of feeds and lists, the paths of the feed pages that replace them, and file extensions.

        They are the known feeds, and those of the system. The extension is empty for a list. Of equal paths, the first
        counts.
        """
        for feed in known:
            if feed.url and split_url(feed.url).scheme in ("http", "https"):
                yield path_of(feed.url), self._site.feed_path(feed.language, feed_name), feed.extension
        if self._system:
            system, here = self._system, self._languages_of_lists(languages)
            urls = {feed.language: feed.url for feed in known}
            prefixes = {
                each: languages.prefix(each, urls.get(each)) if system.has_languages else ""
                for each in self._site.languages
            }
            root = self._root(min((each.url for each in known if each.url), key=len, default=""), prefixes.values())
            for language in here:
                if prefixes[language]:
                    yield f"{root}{prefixes[language]}/", self._site.home_path(language), ""
                for path, extension in system.feeds.items():
                    yield root + prefixes[language] + path, self._site.feed_path(language, "all"), extension
            for (old, language), target, paths in self._lists(categories, names, tags, languages, feed_name):
                is_section = paths is system.section
                for old_slug in [_section_slug(old)] if is_section else self._old_slugs(old, paths):
                    for path, extension in paths.items():
                        old_path = root + prefixes[language] + path.format(old_slug)
                        if target:
                            yield old_path, self._site.feed_path(language, target), extension
                        elif extension:
                            self.unreplaced_feeds[_escape(old_path)] = None

    def _languages_of_lists(self, languages: Languages) -> tuple[str, ...]:
        """Return the languages in which the system has feeds and lists, the main one first."""
        return languages.present if self._system and self._system.has_languages else (languages.main,)

    def _lists(
        self,
        categories: Categories,
        names: Iterable[NameInLanguage],
        tags: Iterable[NameInLanguage],
        languages: Languages,
        feed_name: str,
    ) -> Iterator[tuple[NameInLanguage, str, Mapping[str, str]]]:
        """Yield each old category, section and tag, the name of the feed here that replaces its own, and their paths.

        The name of the feed is empty if none has the same articles: in a larger one, readers would show old entries as
        new, and automations would post them. `feed_name` is the feed here with all that is imported.
        """
        assert self._system
        main, has_languages = languages.main, self._system.has_languages
        for old in dict.fromkeys(each if has_languages else NameInLanguage(each.name, main) for each in names):
            if old.name in categories.mapping and old.name not in self._feed.sections:
                is_tag = old.name in self._tag_names and old.name not in self._category_names
                targets = categories.mapping[old.name]
                for paths in self._paths_of(old.name):
                    yield old, "" if is_tag or not targets else targets[0], paths
        for section, target in self._sections(categories, languages, feed_name):
            yield section, target, self._system.section
        for tag in tags:
            for paths in self._paths_of(tag.name):
                yield tag, f"tags/{self._site.tag_slug(tag.name.partition(',')[0])}", paths

    def _sections(
        self, categories: Categories, languages: Languages, feed_name: str
    ) -> Iterator[tuple[NameInLanguage, str]]:
        """Yield each section in each of its languages, and the name of the feed here with the same articles."""
        sections = {_section_slug(each): each for each in self._feed.sections}
        in_section: dict[NameInLanguage, set[str]] = {}
        in_feed: dict[NameInLanguage, set[str]] = {}
        for entry in self._feed.entries if sections else ():
            if not entry.is_draft and entry.refusal is None:
                language = languages.of(entry)
                found, _ = categories.resolve((*entry.categories, *entry.tags))
                for name in (*found, feed_name):
                    in_feed.setdefault(NameInLanguage(name, language), set()).add(entry.id)
                for folder in split_url(entry.url or "").path.split("/"):
                    if folder in sections:
                        in_section.setdefault(NameInLanguage(sections[folder], language), set()).add(entry.id)
        for name in sections.values():
            for language in self._languages_of_lists(languages):
                section, ids = NameInLanguage(name, language), in_section.get(NameInLanguage(name, language))
                feeds = (
                    each
                    for each in (feed_name, *self._site.categories)
                    if in_feed.get(NameInLanguage(each, language)) == ids
                )
                if targets := categories.mapping.get(name):
                    yield section, targets[0]
                elif ids:
                    yield section, next(feeds, "")
                elif not any(each.name == name for each in in_section):  # URLs do not contain it
                    yield section, feed_name if len(sections) == 1 else ""

    def _paths_of(self, name: str) -> list[Mapping[str, str]]:
        """Return the paths of the lists of a name: of a category, a tag, or both if the feed has only categories."""
        assert self._system
        is_tag, is_category = name in self._tag_names, name in self._category_names
        has_tags = bool(self._tag_names)
        return [
            *([self._system.category] if is_category or not has_tags else []),
            *([self._system.tag] if is_tag or not has_tags else []),
        ]

    def _old_slugs(self, name: str, paths: Mapping[str, str]) -> dict[str, None]:
        """Return the slugs that a name may have in the old paths of its lists."""
        assert self._system
        slugs = self._feed.tag_slugs if paths is self._system.tag else self._feed.category_slugs
        known = slugs.get(name, ())
        path = self._feed.category_paths.get(name, "")
        return dict.fromkeys(filter(None, (*known, path, *(() if known else self._system.slugs(name)))))

    def _root(self, url: str, prefixes: Iterable[str]) -> str:
        """Return the path at which the old site starts, from that of its feed or its home page.

        `prefixes` are the folders of languages, which are not part of it.
        """
        assert self._system
        path = path_of(url)
        suffix = next((each for each in self._system.feeds if path.endswith(each)), None)
        if suffix is None:
            return split_url(self._feed.home or "").path.rstrip("/") if self._system.has_home else ""
        root = path.removesuffix(suffix)
        return root.removesuffix(next((each for each in prefixes if each and root.endswith(each)), ""))


def _section_slug(name: str) -> str:
    """Return the name of a section in paths."""
    return name.lower().replace(" ", "-")


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
    return f"{host_of(url)}{parts.path.rstrip('/')}?{parts.query}"


def _domain(host: str) -> str:
    """Return the last two labels of a host name, which the hosts of one institution usually share."""
    return ".".join(host.split(".")[-2:])


def path_of(url: str) -> str:
    """Return the path of an address, with its query if it has one."""
    parts = split_url(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path
