"""Checks of dates against what was served before: whether an article would go offline, or appear among older ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from feeds.feed.catalog import Catalog
from feeds.feed.manifest import Manifest, digest_at
from feeds.model.article import Article
from feeds.model.problems import Message, Problem
from feeds.model.yamlfile import Tree

LATE = timedelta(days=1)
"""How old an article may be when readers first see it."""

STALE_DRAFT = timedelta(days=7)
"""How long ago the date of a draft may be."""


def date_problems(catalog: Catalog, served: Manifest, articles: Iterable[tuple[Article, Tree]]) -> Iterator[Problem]:
    """Yield a warning for each article whose date or state conflicts with the manifest `served`."""
    gone = served.gone_by_digest(served.entries, catalog)
    for article, tree in articles:
        is_renamed = digest_at(article, catalog.now) in gone
        if not is_renamed and (message := _problem(article, catalog, served)):
            yield tree.problem(
                ("draft",) if article.draft and "draft" in tree.value else ("published",), message, "warning"
            )


def _problem(article: Article, catalog: Catalog, served: Manifest) -> Message | None:
    now, zone = catalog.now, catalog.site.timezone
    was_live = article.id in served.entries or article.id in served.past
    if was_live and article.draft:
        return Message.of("draft-of-live")
    if was_live and article.published > now:
        return Message.of("date-moved", date=_local(article.published, zone))
    if article.draft and article.published + STALE_DRAFT < now:
        return Message.of("draft-date-past", date=_local(article.published, zone))
    is_new = not was_live and bool(served.entries) and article.has_appeared(now) and not article.has_expired(now)
    if is_new and article.published + LATE < now:
        days = (now - article.published).days
        return Message.of("date-past", date=_local(article.published, zone), days=days, today=_local(now, zone))
    return None


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"
