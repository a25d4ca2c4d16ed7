"""Catalog: which articles are live at an instant, in what order, in which groups, and when that next changes.

It renders nothing and makes no address; `feedtable` turns its groups into feeds. Following a change takes work that
grows with the change, and hardly with the number of articles.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from itertools import islice
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from feeds.model.article import Article
from feeds.model.renditions import Original
from feeds.model.site import Site
from feeds.model.site_fields import slug

_SECOND = timedelta(seconds=1)

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Key = tuple[str, ...]
"""Names a group: nothing for all articles; else its kind, and what tells it from others of that kind."""

EVERYTHING: Key = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Articles that belong together, newest first; two of one moment in the order of their ids, so that hosts agree.

    It knows no instant, and holds embargoed articles too. `moments` and `wakings` are those of all its articles, in
    order; `withdrawn` are the articles that are or will be.
    """

    articles: tuple[Article, ...] = ()
    moments: tuple[datetime, ...] = ()
    wakings: tuple[datetime, ...] = ()
    withdrawn: tuple[Article, ...] = ()

    def appeared(self, now: datetime) -> tuple[Article, ...]:
        """Give those that have appeared by `now`, newest first."""
        return self.articles[bisect_left(self.articles, (-now.timestamp(),), key=_order) :]

    def between(self, first: datetime, end: datetime) -> tuple[Article, ...]:
        """Give those published from one instant on and before another, newest first; dates are in whole seconds."""
        places = (bisect_left(self.articles, (0.5 - moment.timestamp(),), key=_order) for moment in (end, first))
        return self.articles[slice(*places)]

    def last_moment(self, now: datetime) -> datetime | None:
        """Tell the latest of their moments that `now` has reached."""
        place = bisect_right(self.moments, now)
        return self.moments[place - 1] if place else None

    def next_waking(self, now: datetime) -> datetime | None:
        """Tell the first instant after `now` at which anything of any of them changes for readers."""
        place = bisect_right(self.wakings, now)
        return self.wakings[place] if place < len(self.wakings) else None

    def changed(self, gone: Sequence[Article], come: Sequence[Article]) -> Group:
        """Take out some of its articles, and put others in."""
        return Group(
            _changed(self.articles, gone, come, _order),
            _changed(self.moments, _all(gone, _moments), _all(come, _moments)),
            _changed(self.wakings, _all(gone, _wakings), _all(come, _wakings)),
            _changed(self.withdrawn, _withdrawn(gone), _withdrawn(come), _order),
        )


_order, _moments, _wakings = attrgetter("order"), attrgetter("moments"), attrgetter("wakings")


def _all(articles: Iterable[Article], dates: Callable[[Article], Iterable[datetime]]) -> list[datetime]:
    return [moment for article in articles for moment in dates(article)]


def _withdrawn(articles: Iterable[Article]) -> list[Article]:
    return [article for article in articles if article.withdrawn]


def _changed(
    values: tuple[Any, ...], gone: Sequence[Any], come: Sequence[Any], key: Callable[[Any], Any] | None = None
) -> tuple[Any, ...]:
    """Change a sorted tuple; where little comes, nothing is sorted again."""
    found = list(values)
    for each in gone:
        del found[bisect_left(found, key(each) if key else each, key=key)]
    if len(come) > len(found):
        found.extend(come)
        found.sort(key=key)
    else:
        for each in come:
            insort(found, each, key=key)
    return tuple(found)


@dataclass(frozen=True)
class Catalog:
    """The articles of a site, by slug and (but for drafts) in groups; `now` tells which of them have appeared.

    `come` and `gone` are what it has and has not, compared with the catalog of the same site that it followed.
    """

    site: Site
    now: datetime
    articles: Mapping[str, Article]
    groups: Mapping[Key, Group]
    gone: tuple[Article, ...] = field(repr=False)
    come: tuple[Article, ...] = field(repr=False)

    @classmethod
    def at(cls, now: datetime, site: Site, articles: Mapping[str, Article], before: Catalog | None = None) -> Catalog:
        """Take stock of all articles, by slug; the catalog `before` saves work, if it is of the same site."""
        old, groups = (before.articles, dict(before.groups)) if before and before.site is site else ({}, {})
        come = tuple(article for name, article in articles.items() if old.get(name) is not article)
        gone = tuple(old[article.slug] for article in come if article.slug in old)
        if len(old) - len(gone) + len(come) != len(articles):  # some are not there any more
            gone = tuple(article for name, article in old.items() if articles.get(name) is not article)
        changes: dict[Key, tuple[list[Article], list[Article]]] = defaultdict(lambda: ([], []))
        for part, some in enumerate((gone, come)):
            for article in some:
                for key in _keys(article) if not article.draft else ():
                    changes[key][part].append(article)
        for key, change in changes.items():
            groups[key] = groups.get(key, Group()).changed(*change)
            if not groups[key].articles:
                del groups[key]
        return cls(site, now, articles, groups, gone, come)

    def group(self, *key: str) -> Group:
        """Give a group by its key; an empty one where there is no such article."""
        return self.groups.get(key, Group())

    def names(self, kind: str, language: str) -> list[str]:
        """Give the names of all groups of a kind that something has appeared in, in order."""
        found = (key for key in self.groups if key[:2] == (kind, language))
        return sorted(key[2] for key in found if self.groups[key].appeared(self.now))

    @cached_property
    def appeared(self) -> tuple[Article, ...]:
        """All that have appeared, newest first; the expired among them are left out of `live`."""
        return self.group(*EVERYTHING).appeared(self.now)

    @cached_property
    def live(self) -> tuple[Article, ...]:
        """The articles that are in feeds."""
        return tuple(article for article in self.appeared if self.is_live(article))

    @cached_property
    def next_change(self) -> datetime | None:
        """The first instant after `now` at which anything of any article changes for readers, in UTC."""
        epoch = self.site.epoch if self.site.epoch > self.now else None  # feeds without an article have this date
        changes = (self.group(*EVERYTHING).next_waking(self.now), epoch)
        return min((change for change in changes if change), default=None)

    def article(self, language: str, slug: str) -> Article | None:
        """Find an article that has appeared."""
        found = self.articles.get(slug)
        return found if found and found.language == language and found.has_appeared(self.now) else None

    def is_live(self, article: Article) -> bool:
        """Tell whether an article is in feeds."""
        return article.has_appeared(self.now) and not article.has_expired(self.now)

    def original(self, stem: str) -> Original | None:
        """Find a picture that something live shows, by what the names of its renditions begin with."""
        live = (each for each in self.group("picture", stem).articles if self.is_live(each))
        originals = (original for each in live if not each.withdrawal(self.now) for original in each.originals)
        return next((each for each in originals if stem in (each.feed_stem, each.card_stem)), None)

    def twins(self, article: Article) -> list[Article]:
        """Give the live translations of an article, in the order of the site's languages."""
        others = self.group("twin", article.twin).articles if article.twin else ()
        live = (each for each in others if each.language != article.language and self.is_live(each))
        one_each = {each.language: each for each in live}  # the oldest, where a language has several
        return sorted(one_each.values(), key=lambda each: self.site.languages.index(each.language))

    def is_only_elsewhere(self, article: Article, language: str) -> bool:
        """Tell whether an article is live, and neither in a language nor translated into it."""
        if article.language == language or not self.is_live(article):
            return False
        return all(twin.language != language for twin in self.twins(article))

    def neighbours(self, article: Article, category: str) -> tuple[Article | None, Article | None]:
        """Give the live articles of a category just before and just after one, those that have no translation too."""
        found: tuple[list[Article], list[Article]] = ([], [])
        for language in self.site.languages:
            articles = self.group("category", language, category).articles
            place = bisect_left(articles, article.order, key=_order)
            is_own = language == article.language
            is_near = self.is_live if is_own else partial(self._is_other, article)
            sides = articles[place + is_own :], reversed(articles[:place])
            for near, side in zip(found, sides, strict=True):
                near += islice(filter(is_near, side), 1)
        return min(found[0], key=_order, default=None), max(found[1], key=_order, default=None)

    def _is_other(self, article: Article, other: Article) -> bool:
        """Tell whether an article is only in other languages than one's, and not its translation."""
        return self.is_only_elsewhere(other, article.language) and (not other.twin or other.twin != article.twin)

    def elsewhere(self, key: Key, language: str, since: datetime) -> list[Article]:
        """Give the live articles of a group that are not in a language, newest first, published since an instant."""
        others = (each for each in self.site.languages if each != language)
        groups = (self.group(key[0], other, *key[2:]) for other in others)
        found = (each for group in groups for each in group.between(since, self.now + _SECOND))
        return sorted((each for each in found if self.is_only_elsewhere(each, language)), key=_order)

    def months(self, group: Group, *, expired: bool = False) -> Iterator[date]:
        """Give the first days of the months, in the site's zone, in which something live of a group was published.

        The newest comes first; with `expired`, there are those too of which nothing is live any more.
        """
        left = group.appeared(self.now)
        while left:
            first = first_of_month(left[0].published, self.site.timezone)
            start, end = month_of(first, self.site.timezone)
            if expired or any(map(self.is_live, group.between(start, end))):
                yield first
            left = left[bisect_left(left, (0.5 - start.timestamp(),), key=_order) :]

    def last_change(self, group: Group) -> datetime:
        """Tell the latest of a group's moments that `now` has reached; of none, a date that stays."""
        return group.last_moment(self.now) or (self.site.epoch if self.site.epoch <= self.now else UNIX_EPOCH)

    def woken(self, then: datetime) -> list[Article]:
        """Give the articles that changed by themselves between `then` and now, in either direction."""
        first, last = sorted((then, self.now))
        change = self.group(*EVERYTHING).next_waking(first)
        if change is None or change > last:
            return []
        return [each for each in self.articles.values() if any(first < moment <= last for moment in each.wakings)]


def first_of_month(moment: datetime, zone: ZoneInfo) -> date:
    """Give the first day of the month that an instant is in, in a zone."""
    return moment.astimezone(zone).date().replace(day=1)


def beside(months: Sequence[date], first: date) -> tuple[date | None, date | None]:
    """Give the next newer and the next older of some months, which stand newest first."""
    place = months.index(first)
    return months[place - 1] if place else None, months[place + 1] if place + 1 < len(months) else None


def month_of(first: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give the instants at which a month begins and ends in a zone, by its first day."""
    following = (first + timedelta(days=31)).replace(day=1)
    start, end = (datetime(day.year, day.month, 1, tzinfo=zone).astimezone(UTC) for day in (first, following))
    return start, end


def _keys(article: Article) -> Iterator[Key]:
    """Give the keys of all groups that an article is in."""
    language = article.language
    yield EVERYTHING
    yield "all", language
    for category in article.categories:
        yield "category", language, category
    for tag in dict.fromkeys(map(slug, article.tags)):
        yield "tag", language, tag
    for author in dict.fromkeys(author.slug for author in article.authors):
        yield "author", language, author
    if article.twin:
        yield "twin", article.twin
    for stem in dict.fromkeys(stem for each in article.originals for stem in (each.feed_stem, each.card_stem)):
        yield "picture", stem
