"""Catalog: live articles at a given time, their order and groups, the next change, and the site's own pages.

It renders nothing and builds no URL; `builder` turns its groups into feeds. The cost of an update
grows with the size of the change, and hardly with the number of articles.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from feeds.model.article import Article
from feeds.model.renditions import Original
from feeds.model.site import Site
from feeds.model.site_groups import OwnFeed
from feeds.model.site_types import slug
from feeds.model.static_page import StaticPage, translations_of

T = TypeVar("T")

_SECOND = timedelta(seconds=1)

RELATED_CANDIDATES = 50
"""Maximum number of articles of a tag that are considered as related articles."""

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

GroupKey = tuple[str, ...]
"""Key of a group: empty for all articles, else the group's kind and what distinguishes it within that kind."""

ALL_ARTICLES: GroupKey = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Articles that belong together, newest first.

    Articles of the same time are ordered by id, so that hosts agree. It does not depend on the
    time, and contains embargoed articles too. `visible_changes` and `change_times` are those of all
    its articles, in order. `withdrawn` are the articles that are or will be withdrawn.
    """

    articles: tuple[Article, ...] = ()
    visible_changes: tuple[datetime, ...] = ()
    change_times: tuple[datetime, ...] = ()
    withdrawn: tuple[Article, ...] = ()

    def appeared(self, now: datetime) -> tuple[Article, ...]:
        """Return the articles that have appeared by `now`, newest first."""
        return self.articles[bisect_left(self.articles, (-now.timestamp(),), key=_order) :]

    def published_between(self, first: datetime, end: datetime) -> tuple[Article, ...]:
        """Return the articles published from `first` until before `end`, newest first.

        Dates are in whole seconds.
        """
        bounds = (bisect_left(self.articles, (0.5 - moment.timestamp(),), key=_order) for moment in (end, first))
        return self.articles[slice(*bounds)]

    def last_change(self, now: datetime) -> datetime | None:
        """Return the time of the latest visible change up to `now`, or None."""
        index = bisect_right(self.visible_changes, now)
        return self.visible_changes[index - 1] if index else None

    def next_change(self, now: datetime) -> datetime | None:
        """Return the first time after `now` at which an article changes for readers, or None."""
        index = bisect_right(self.change_times, now)
        return self.change_times[index] if index < len(self.change_times) else None

    def changed(self, removed: Sequence[Article], added: Sequence[Article]) -> Group:
        """Return the group without the `removed` articles and with the `added` ones."""
        return Group(
            _with_changes(self.articles, removed, added, _order),
            _with_changes(
                self.visible_changes, _all_times(removed, _visible_changes), _all_times(added, _visible_changes)
            ),
            _with_changes(self.change_times, _all_times(removed, _change_times), _all_times(added, _change_times)),
            _with_changes(self.withdrawn, _withdrawn(removed), _withdrawn(added), _order),
        )


_order, _visible_changes, _change_times = (
    attrgetter("sort_key"),
    attrgetter("visible_changes"),
    attrgetter("change_times"),
)


def _all_times(articles: Iterable[Article], dates: Callable[[Article], Iterable[datetime]]) -> list[datetime]:
    return [moment for article in articles for moment in dates(article)]


def _withdrawn(articles: Iterable[Article]) -> list[Article]:
    return [article for article in articles if article.withdrawn]


def _with_changes(
    values: tuple[Any, ...], removed: Sequence[Any], added: Sequence[Any], key: Callable[[Any], Any] | None = None
) -> tuple[Any, ...]:
    """Return a sorted tuple with values removed and added.

    A few additions are inserted without sorting again.
    """
    items = list(values)
    for value in removed:
        del items[bisect_left(items, key(value) if key else value, key=key)]
    if len(added) > len(items):
        items.extend(added)
        items.sort(key=key)
    else:
        for value in added:
            insort(items, value, key=key)
    return tuple(items)


@dataclass(frozen=True)
class Catalog:
    """The articles of a site, by slug and (except drafts) in groups.

    `now` decides which have appeared. `added` and `removed` are the differences from the previous
    catalog of the same site.
    """

    site: Site
    now: datetime
    articles: Mapping[str, Article]
    groups: Mapping[GroupKey, Group]
    removed: tuple[Article, ...] = field(repr=False)
    added: tuple[Article, ...] = field(repr=False)
    pages: Mapping[str, StaticPage] = field(default_factory=dict, repr=False)

    @classmethod
    def at(
        cls,
        now: datetime,
        site: Site,
        articles: Mapping[str, Article],
        previous: Catalog | None = None,
        *,
        pages: Mapping[str, StaticPage] | None = None,
    ) -> Catalog:
        """Return the catalog of all articles and pages of a site, by slug.

        A `previous` catalog of the same site saves work.
        """
        previous_articles, groups = (
            (previous.articles, dict(previous.groups)) if previous and previous.site is site else ({}, {})
        )
        added = tuple(article for name, article in articles.items() if previous_articles.get(name) is not article)
        removed = tuple(previous_articles[article.slug] for article in added if article.slug in previous_articles)
        if len(previous_articles) - len(removed) + len(added) != len(articles):  # some articles no longer exist
            removed = tuple(article for name, article in previous_articles.items() if articles.get(name) is not article)
        changes: dict[GroupKey, tuple[list[Article], list[Article]]] = defaultdict(lambda: ([], []))
        for index, changed_articles in enumerate((removed, added)):
            for article in changed_articles:
                for key in group_keys(article, site) if not article.draft else ():
                    changes[key][index].append(article)
        for key, change in changes.items():
            groups[key] = groups.get(key, Group()).changed(*change)
            if not groups[key].articles:
                del groups[key]
        return cls(site, now, articles, groups, removed, added, pages or {})

    def group(self, *key: str) -> Group:
        """Return the group with a key; it is empty if there is no such article."""
        return self.groups.get(key, Group())

    def names(self, kind: str, language: str) -> list[str]:
        """Return the names of all groups of a kind in which an article has appeared, sorted."""
        keys = (key for key in self.groups if key[:2] == (kind, language))
        return sorted(key[2] for key in keys if self.groups[key].appeared(self.now))

    @cached_property
    def appeared(self) -> tuple[Article, ...]:
        """All articles that have appeared, newest first.

        Unlike `live`, it includes expired ones.
        """
        return self.group(*ALL_ARTICLES).appeared(self.now)

    @cached_property
    def live(self) -> tuple[Article, ...]:
        """The articles that are in feeds."""
        return tuple(article for article in self.appeared if self.is_live(article))

    @cached_property
    def next_change(self) -> datetime | None:
        """The first time after `now` at which any article changes for readers, in UTC, or None."""
        epoch = self.site.epoch if self.site.epoch > self.now else None  # the date of feeds without articles
        changes = (self.group(*ALL_ARTICLES).next_change(self.now), epoch)
        return min((change for change in changes if change), default=None)

    def article(self, language: str, slug: str) -> Article | None:
        """Return an article, or None if it does not exist or has not appeared."""
        article = self.articles.get(slug)
        return article if article and article.language == language and article.has_appeared(self.now) else None

    def page(self, language: str, slug: str) -> StaticPage | None:
        """Return a page of the site, or None if it does not exist in a language."""
        page = self.pages.get(slug)
        return page if page and page.language == language else None

    def page_twins(self, page: StaticPage) -> list[StaticPage]:
        """Return the translations of a page, in the order of the site's languages."""
        twins = translations_of(page, self.pages)
        return [twins[language] for language in self.site.languages if language in twins]

    def is_readable(self, article: Article) -> bool:
        """Return whether an article is live and not withdrawn."""
        return self.is_live(article) and article.withdrawal(self.now) is None

    def is_live(self, article: Article) -> bool:
        """Return whether an article is in feeds."""
        return article.has_appeared(self.now) and not article.has_expired(self.now)

    @cached_property
    def articles_with_title_cards(self) -> frozenset[str]:
        """The slugs of articles whose cards show their titles: the newest and the embargoed ones without a picture.

        In each language, they are among the newest `entries` articles and the embargoed ones. The others share a card.
        """
        slugs: set[str] = set()
        if self.site.card is None:
            for language in self.site.languages:
                group = self.group("all", language)
                embargoed_count = len(group.articles) - len(group.appeared(self.now))
                newest = group.articles[: embargoed_count + self.site.entries]
                slugs.update(each.slug for each in newest if each.original is None and not self._is_over(each))
        return frozenset(slugs)

    def _is_over(self, article: Article) -> bool:
        return article.has_expired(self.now) or article.withdrawal(self.now) is not None

    def originals(self, articles: Iterable[Article]) -> list[Original]:
        """Return the pictures of articles that are not drafts, oldest first, after those of the site and its pages."""
        public = sorted((article for article in articles if not article.draft), key=lambda article: article.published)
        site = [self.site.card_original] if self.site.card_original else []
        pages = (original for page in self.pages.values() for original in page.originals)
        return list(dict.fromkeys([*site, *pages, *(original for article in public for original in article.originals)]))

    def original(self, stem: str) -> Original | None:
        """Return the picture whose renditions' names begin with `stem` if an article, a page or the site shows it."""
        live = [each for each in self.group("picture", stem).articles if self.is_live(each)]
        shown = [each for each in live if not each.withdrawal(self.now)]
        originals = self.originals(shown)
        return next((each for each in originals if stem in each.stems), None)

    def twins(self, article: Article) -> list[Article]:
        """Return the live translations of an article, in the order of the site's languages."""
        candidates = self.group("twin", article.twin).articles if article.twin else ()
        live = (twin for twin in candidates if twin.language != article.language and self.is_live(twin))
        by_language = {twin.language: twin for twin in live}  # the oldest one if a language has several
        return sorted(by_language.values(), key=lambda twin: self.site.languages.index(twin.language))

    def is_untranslated(self, article: Article, language: str) -> bool:
        """Return whether an article is live, not in `language`, and not translated into it."""
        if article.language == language or not self.is_live(article):
            return False
        return all(twin.language != language for twin in self.twins(article))

    def neighbours(self, article: Article, category: str) -> tuple[Article | None, Article | None]:
        """Return the next older and the next newer readable article of a category in its language, or None for each."""
        older, newer = self.around(article, ("category", article.language, category))
        return next(filter(self.is_readable, older), None), next(filter(self.is_readable, newer), None)

    def related(self, article: Article) -> list[Article]:
        """Return live articles in the same language that share tags with an article: most tags first, then newest.

        For each tag, only the newest RELATED_CANDIDATES are considered.
        """
        shared: Counter[str] = Counter()
        for tag in dict.fromkeys(map(self.site.tag_slug, article.tags)):
            appeared = self.group("tag", article.language, tag).appeared(self.now)
            shared.update(each.slug for each in appeared[:RELATED_CANDIDATES] if each.slug != article.slug)
        candidates = (self.articles[name] for name in shared)
        return sorted(filter(self.is_readable, candidates), key=lambda each: (-shared[each.slug], each.sort_key))

    def around(self, article: Article, key: GroupKey) -> tuple[Iterable[Article], Iterable[Article]]:
        """Return the older and the newer articles of a group, each side beginning with the nearest to `article`."""
        articles = self.group(*key).articles
        index = bisect_left(articles, article.sort_key, key=_order)
        is_member = index < len(articles) and articles[index] is article
        return islice(articles, index + is_member, None), reversed(articles[:index])

    def untranslated(self, key: GroupKey, language: str, since: datetime) -> list[Article]:
        """Return a group's live articles that are not available in `language`, newest first.

        Only articles published since `since` are included.
        """
        other_languages = (each for each in self.site.languages if each != language)
        groups = (self.group(key[0], other, *key[2:]) for other in other_languages)
        articles = (each for group in groups for each in group.published_between(since, self.now + _SECOND))
        return sorted((each for each in articles if self.is_untranslated(each, language)), key=_order)

    def months(self, group: Group, *, expired: bool = False) -> Iterator[date]:
        """Yield the first days of the months in which a live article of a group was published.

        Months are those of the site's time zone, newest first. With `expired`, months without any
        live article are included.
        """
        remaining_articles = group.appeared(self.now)
        while remaining_articles:
            first = first_of_month(remaining_articles[0].published, self.site.timezone)
            start, end = month_bounds(first, self.site.timezone)
            if expired or any(map(self.is_live, group.published_between(start, end))):
                yield first
            remaining_articles = remaining_articles[
                bisect_left(remaining_articles, (0.5 - start.timestamp(),), key=_order) :
            ]

    def last_change(self, group: Group) -> datetime:
        """Return the group's latest visible change up to `now`; without one, the date is fixed."""
        return group.last_change(self.now) or (self.site.epoch if self.site.epoch <= self.now else UNIX_EPOCH)

    def changed_by_time(self, then: datetime) -> list[Article]:
        """Return the articles that changed by themselves between `then` and now.

        `then` may be later.
        """
        first, last = sorted((then, self.now))
        change = self.group(*ALL_ARTICLES).next_change(first)
        if change is None or change > last:
            return []
        return [
            article
            for article in self.articles.values()
            if any(first < moment <= last for moment in article.change_times)
        ]


def first_of_month(moment: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the month of an instant, in a time zone."""
    return moment.astimezone(zone).date().replace(day=1)


def adjacent(values: Sequence[T], value: T) -> tuple[T | None, T | None]:
    """Return the values before and after a value in a sequence, or None for each."""
    index = values.index(value)
    return values[index - 1] if index else None, values[index + 1] if index + 1 < len(values) else None


def month_bounds(first: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the start and end of a month in a time zone, as UTC; `first` is its first day."""
    next_month = (first + timedelta(days=31)).replace(day=1)
    start, end = (datetime(day.year, day.month, 1, tzinfo=zone).astimezone(UTC) for day in (first, next_month))
    return start, end


def _is_selected(article: Article, feed: OwnFeed, site: Site) -> bool:
    """Return whether an article belongs to a feed of the site."""
    tags, authors = set(map(site.tag_slug, article.tags)), {author.slug for author in article.authors}
    return (
        (not feed.categories or any(name in article.categories for name in feed.categories))
        and not any(name in article.categories for name in feed.without)
        and (not feed.tags or any(site.tag_slug(name) in tags for name in feed.tags))
        and (not feed.authors or any(slug(name) in authors for name in feed.authors))
    )


def group_keys(article: Article, site: Site) -> Iterator[GroupKey]:
    """Yield the keys of all groups that contain an article."""
    language = article.language
    yield ALL_ARTICLES
    if "all" not in article.hide_from:
        yield "all", language
    for category in article.categories:
        if category not in article.hide_from:
            yield "category", language, category
    for name, feed in site.feeds.items():
        if name not in article.hide_from and _is_selected(article, feed, site):
            yield "own", language, name
    for tag in dict.fromkeys(map(site.tag_slug, article.tags)):
        yield "tag", language, tag
    for author in dict.fromkeys(author.slug for author in article.authors):
        yield "author", language, author
    if article.twin:
        yield "twin", article.twin
    for stem in dict.fromkeys(stem for original in article.originals for stem in original.stems):
        yield "picture", stem
