"""Successor: a feed of ours in the place of another system's, as a subscriber of that one sees it.

It asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from feeds.feed.builder import FeedTable
from feeds.feed.values import Topic
from feeds.formats.registry import FORMATS
from feeds.model.redirects import Redirects

from .addresses import path_of
from .old_feed import OldFeed


@dataclass(frozen=True)
class Succession:
    """What differs: entries by their ids, with their titles. `entries` is how many ours has.

    `new` are those of ours that the other has not, `gone` those of the other that are nowhere here. `retitled` are
    titles there, with those here, and `unredirected` old paths that lead nowhere, with the new ones. `fitting` is how
    many entries ours may have to show nothing new, where only the oldest of it are.
    """

    entries: int
    new: Mapping[str, str]
    gone: Mapping[str, str]
    retitled: Mapping[str, str]
    unredirected: Mapping[str, str]
    fitting: int | None


def topic_of(table: FeedTable, name: str | None, url: str) -> Topic:
    """Find our feed by its name, or by where an old address is redirected to; else it is that of everything.

    Raises ValueError where there is no such feed.
    """
    path = f"/{name}" if name else _redirected(table, url)
    language, place = table.site.language_of(path)
    stem = place.removeprefix("/").removeprefix("feeds/")
    ending = next((f".{each}" for each in FORMATS if stem.endswith(f".{each}")), "")
    topic = table.topic(language, stem.removesuffix(ending))
    if topic is None:
        raise ValueError(f"--feed {name or path}: there is no such feed (expected a name such as en/all)")
    return topic


def _redirected(table: FeedTable, url: str) -> str:
    parts = urlsplit(url)
    place = (Redirects(table.site).place(unquote(parts.path), parts.query) or "").removeprefix(table.site.url)
    return place if "/feeds/" in place else "/all"


def compare(table: FeedTable, topic: Topic, old: OldFeed) -> Succession:
    """Compare what is in a feed of ours with what another has."""
    ours = table.feed(topic).entries
    theirs = {entry.id: entry for entry in old.entries if not entry.is_draft and not entry.refusal}
    live = {article.id: article for article in table.catalog.live}
    new = {entry.id: entry.title for entry in ours if entry.id not in theirs}
    first = next((at for at, entry in enumerate(ours) if entry.id not in theirs), len(ours))
    are_last = first > 0 and all(entry.id not in theirs for entry in ours[first:])
    known = [(entry, live[entry.id]) for entry in theirs.values() if entry.id in live]
    moved, redirects = {}, Redirects(table.site)
    for entry, article in known:
        page = table.site.article_path(article.language, article.slug)
        old_path, prefix = path_of(entry.url or ""), table.site.path
        path, _, query = old_path.partition("?")
        place = redirects.place(unquote(path), query) or table.site.absolute(unquote(path).removeprefix(prefix))
        is_below = f"{old_path}/".startswith(f"{prefix}/")  # else no redirect of ours can answer it
        old_path = old_path.removeprefix(prefix)
        if old_path and is_below and article.link is None and place != table.site.absolute(page):
            moved[old_path] = page
    return Succession(
        entries=len(ours),
        new=new,
        gone={entry.id: entry.title for entry in theirs.values() if entry.id not in live},
        retitled={entry.title: article.title for entry, article in known if entry.title not in ("", article.title)},
        unredirected=moved,
        fitting=first if new and are_last else None,
    )
