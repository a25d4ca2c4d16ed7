"""Languages of another system: which languages of this site its entries and feeds are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from babel import localedata

from feeds.model.site import Site

from .old_feed import OldEntry, OldFeed, SubscribedFeed, host_of, split_url


class Languages:
    """Maps the language codes of a source to the languages of the site.

    `override` is the language of everything, if it is given.
    """

    def __init__(self, site: Site, source: OldFeed, override: str | None = None) -> None:
        """Set the source. Codes without a region stand for the first language of the site that has them."""
        self._source, self._override, self._default = source, override, site.default_language
        self._host, self._start = host_of(source.home or ""), split_url(source.home or "").path.rstrip("/")
        self._known = languages_by_code(site.languages)

    @cached_property
    def main(self) -> str:
        """The language of most entries, or else the one that the source states."""
        languages = (language for language, _ in self._counts.elements())
        return self._most_common(languages, self._first(self._source.language))

    @cached_property
    def present(self) -> tuple[str, ...]:
        """The languages of the entries, the main one first."""
        return tuple(dict.fromkeys([self.main, *(language for language, _ in self._counts)]))

    @cached_property
    def _counts(self) -> Counter[tuple[str, str]]:
        """Numbers of entries by language and the code in their URLs."""
        return Counter((self.of(entry), self.code_in(entry.url)) for entry in self._source.entries)

    def of(self, entry: OldEntry) -> str:
        """Return the language of an entry: the one that it states, the code in its URL, or that of the source."""
        return self._first(entry.language, self.code_in(entry.url), self._source.language)

    def of_feed(self, feed: SubscribedFeed) -> str:
        """Return the language given for a feed, or that of most of its entries.

        What it states counts last, since many feeds state the default of their system.
        """
        ids = {entry.id for entry in feed.feed.entries}
        stated = self._first(feed.language, self.code_in(feed.url), feed.feed.language, self._source.language)
        known = self._most_common((self.of(entry) for entry in self._source.entries if entry.id in ids), stated)
        return self._first(feed.language, known)

    def code_in(self, url: str | None) -> str:
        """Return the code of a language with which the path of a URL of the old site begins, or an empty string."""
        if self._host and host_of(url or "") != self._host:
            return ""
        code, _, rest = split_url(url or "").path.removeprefix(self._start).removeprefix("/").partition("/")
        return code if rest and language_named(code, self._known) else ""

    def prefix(self, language: str, feed_url: str | None = None) -> str:
        """Return the folder with which old paths in a language begin, such as `/en`, or an empty string.

        It is that of its feed, if it has one, or else that of most of its entries.
        """
        codes = {code: count for (each, code), count in self._counts.items() if each == language}
        prefers_code = language != self.main  # decides if there are as many with a code as without one
        most_common = max(codes, key=lambda code: (codes[code], bool(code) == prefers_code), default="")
        code = self.code_in(feed_url) or ("" if self._override else most_common)
        return f"/{code}" if code else ""

    def are_distinct(self, codes: Sequence[str | None]) -> bool:
        """Return whether each code stands for a different language of the site."""
        matches = {match for code in codes if code and (match := self._match(code))}
        return len(matches) == len(codes)

    def missing(self, entries: Iterable[OldEntry]) -> Counter[tuple[str, str]]:
        """Return how many entries state a language that the site lacks, by this language and the one that they get."""
        counts = Counter[tuple[str, str]]()
        for entry in entries:
            code = entry.language or self._source.language
            if code and not self._override and not self._match(code) and not self.code_in(entry.url):
                counts[code, self.of(entry)] += 1
        return counts

    def _first(self, *codes: str | None) -> str:
        """Return the language of the first code that the site has, or else its default language."""
        matches = (self._match(code) for code in (self._override, *codes) if code)
        return next(filter(None, matches), self._default)

    def _match(self, code: str) -> str | None:
        tag = code.lower().replace("_", "-")
        return self._known.get(tag) or self._known.get(tag.partition("-")[0])

    @staticmethod
    def _most_common(names: Iterable[str], default: str) -> str:
        """Return the most common name: of several, the default, which is also returned if there are none."""
        counts = Counter(names)
        return max(counts, key=lambda name: (counts[name], name == default), default=default)


def languages_by_code(languages: Sequence[str]) -> dict[str, str]:
    """Return languages by their codes in lower case, with and without the region."""
    known = {each.partition("-")[0].lower(): each for each in reversed(languages)}
    return known | {each.lower(): each for each in languages}


def language_named(code: str, known: Mapping[str, str]) -> str | None:
    """Return the language for which a file, a folder or a URL has a code, such as `en` or `en-gb`, or None."""
    base, _, region = code.lower().partition("-")
    is_code = not region or localedata.exists(f"{base}_{region.title() if len(region) == 4 else region.upper()}")
    return known.get(code.lower()) or (known.get(base) if is_code else None)
