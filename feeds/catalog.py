"""Catalog: which articles are live at an instant, in what order, under which names, and when that next changes.

It renders nothing and makes no address; `feed` turns its selections into feeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from .article import Article
from .site import Site
from .sitekeys import slug

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Catalog:
    """The articles that have appeared by `now`, newest first; the expired among them are kept apart by `live`.

    Two that appeared at the same moment stand in the order of their ids, so that every host agrees.
    """

    site: Site
    now: datetime
    appeared: tuple[Article, ...]
    next_change: datetime | None
    """The first instant after `now` at which anything of any article changes for readers, in UTC."""

    @classmethod
    def at(cls, now: datetime, site: Site, articles: Iterable[Article]) -> Catalog:
        """Take stock of all articles, in any order."""
        known = [article for article in articles if not article.draft]
        appeared = sorted((article for article in known if article.has_appeared(now)), key=lambda each: each.id)
        appeared.sort(key=lambda each: each.published, reverse=True)
        coming = (moment for article in known for moment in article.wakings if moment > now)
        return cls(site, now, tuple(appeared), min(coming, default=None))

    @cached_property
    def live(self) -> tuple[Article, ...]:
        """The articles that are in feeds."""
        return tuple(article for article in self.appeared if not article.has_expired(self.now))

    @cached_property
    def by_language(self) -> dict[str, list[Article]]:
        """All that appeared in each language."""
        return {
            language: [article for article in self.appeared if article.language == language]
            for language in self.site.languages
        }

    @cached_property
    def by_category(self) -> dict[tuple[str, str], list[Article]]:
        """All that appeared in each (language, category); every category is there, if empty."""
        groups: dict[tuple[str, str], list[Article]] = {
            (language, category): [] for language in self.site.languages for category in self.site.categories
        }
        for article in self.appeared:
            for category in article.categories:
                groups[article.language, category].append(article)
        return groups

    @cached_property
    def by_tag(self) -> dict[tuple[str, str], list[Article]]:
        """All that appeared under each (language, slug of a tag)."""
        return self._by_slugs(lambda article: article.tags)

    @cached_property
    def by_author(self) -> dict[tuple[str, str], list[Article]]:
        """All that appeared under each (language, slug of an author)."""
        return self._by_slugs(lambda article: [author.name for author in article.authors])

    @cached_property
    def _by_twin(self) -> dict[str, list[Article]]:
        groups: dict[str, list[Article]] = {}
        for article in self.live:
            if article.twin:
                groups.setdefault(article.twin, []).append(article)
        return groups

    def twins(self, article: Article) -> list[Article]:
        """Give the live translations of an article, in the order of the site's languages."""
        others = self._by_twin.get(article.twin or "", [])
        return sorted(
            (each for each in others if each.language != article.language),
            key=lambda each: self.site.languages.index(each.language),
        )

    def is_live(self, article: Article) -> bool:
        """Tell whether an article that appeared is still in feeds."""
        return not article.has_expired(self.now)

    def last_change(self, articles: Iterable[Article]) -> datetime:
        """Tell the latest of the articles' moments that `now` has reached; of none, a date that stays."""
        moments = (moment for article in articles for moment in article.moments if moment <= self.now)
        return max(moments, default=self.site.epoch if self.site.epoch <= self.now else UNIX_EPOCH)

    def _by_slugs(self, words: Callable[[Article], Iterable[str]]) -> dict[tuple[str, str], list[Article]]:
        groups: dict[tuple[str, str], list[Article]] = {}
        for article in self.appeared:
            for name in dict.fromkeys(slug(word) for word in words(article)):
                groups.setdefault((article.language, name), []).append(article)
        return groups
