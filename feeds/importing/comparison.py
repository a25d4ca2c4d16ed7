"""Comparison of a feed of ours with the old feed that it replaces, from a subscriber's point of view.

It makes no requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from feeds.edition.guessed_paths import guessed_paths
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import first_of_month
from feeds.feed.values import Topic
from feeds.formats.registry import FORMATS
from feeds.model.redirects import Redirects

from .addresses import path_of
from .old_feed import OldFeed, split_url


@dataclass(frozen=True)
class FeedComparison:
    """The differences between our feed and the old one: entries by id, with their titles.

    `entries` and `old_entries` count the entries of the two feeds. `new` are entries that only our feed has. Of the
    entries of the old feed that are not live in the language of ours, `unpublished` have an article that is not live,
    and `gone` have an article in another language, or neither an article nor a redirect. `retitled` maps old titles to
    ours. `unredirected` maps old paths without a redirect to the new ones. `fitting` is the largest number of entries
    with which our feed has no new one; None unless only its oldest entries are new.
    """

    entries: int
    old_entries: int
    new: Mapping[str, str]
    unpublished: Mapping[str, str]
    gone: Mapping[str, str]
    retitled: Mapping[str, str]
    unredirected: Mapping[str, str]
    fitting: int | None

    @property
    def has_nothing_in_common(self) -> bool:
        """Whether no entry of the old feed has an article or a redirect here."""
        return 0 < self.old_entries == len(self.gone)

    @property
    def is_safe(self) -> bool:
        """Whether no entry appears twice, and no link of an old entry leads nowhere."""
        return not (self.new or self.unpublished or self.gone or self.unredirected)


def topic_of(builder: FeedBuilder, name: str | None, url: str, old: OldFeed) -> Topic:
    """Return the feed with a name, or the one that an old URL redirects to, or that of all articles in its language.

    Raises ValueError if there is no such feed.
    """
    path = f"/{name}" if name else _redirect_target(builder, url) or _feed_of_all(builder, old)
    language, place = builder.site.split_language(path)
    stem = place.removeprefix("/").removeprefix("feeds/")
    ending = next((f".{each}" for each in FORMATS if stem.endswith(f".{each}")), "")
    topic = builder.topic(language, stem.removesuffix(ending))
    if topic is None:
        names = ", ".join(feed_names(builder))
        raise ValueError(f"--feed {name or path}: there is no such feed (expected {names}, or that of a tag or author)")
    return topic


def feed_names(builder: FeedBuilder) -> list[str]:
    """Return the names of our feeds, except those of tags and authors, as `topic_of` accepts them."""
    names = ("all", *builder.site.categories, *builder.site.feeds)
    return [
        builder.site.feed_path(language, name).removeprefix("/").replace("feeds/", "", 1)
        for language in builder.site.languages
        for name in names
    ]


def _redirect_target(builder: FeedBuilder, url: str) -> str:
    parts = split_url(url)
    target = (Redirects(builder.site).target(unquote(parts.path), parts.query) or "").removeprefix(builder.site.url)
    if "/feeds/" in target:
        return target
    return dict(guessed_paths(builder.site)).get(parts.path.removeprefix(builder.site.path), "")


def _feed_of_all(builder: FeedBuilder, old: OldFeed) -> str:
    """Return the path of the feed of all articles in the language of most entries of an old feed."""
    ids = {entry.id for entry in old.entries}
    counts = Counter(article.language for article in builder.catalog.live if article.id in ids)
    language = max(counts, key=lambda each: counts[each], default=builder.site.default_language)
    return builder.site.feed_path(language, "all")


def compare(builder: FeedBuilder, topic: Topic, old: OldFeed) -> FeedComparison:
    """Compare a feed of ours with an old feed."""
    our_entries = builder.feed(topic).entries
    old_entries = {entry.id: entry for entry in old.entries if not entry.is_draft and not entry.refusal}
    live = {article.id: article for article in builder.catalog.live if article.language == topic.language}
    elsewhere = {article.id for article in builder.catalog.live} - live.keys()
    new = {entry.id: entry.title for entry in our_entries if entry.id not in old_entries}
    first_new = next(
        (index for index, entry in enumerate(our_entries) if entry.id not in old_entries), len(our_entries)
    )
    months = [first_of_month(entry.published, builder.site.timezone) for entry in our_entries]
    is_avoidable = (
        0 < first_new < len(our_entries)
        and all(entry.id not in old_entries for entry in our_entries[first_new:])
        and months[first_new] != months[0]  # a feed always has the whole month of its newest entry
    )
    matches = [(entry, live[entry.id]) for entry in old_entries.values() if entry.id in live]
    missing = [entry for entry in old_entries.values() if entry.id not in live]
    known = {article.id for article in builder.catalog.articles.values()}
    unredirected, redirects = {}, Redirects(builder.site)
    for entry, article in matches:
        page = builder.site.article_path(article.language, article.slug)
        old_path, prefix = path_of(entry.url or ""), builder.site.path
        path, _, query = old_path.partition("?")
        target = redirects.target(unquote(path), query) or builder.site.absolute(unquote(path).removeprefix(prefix))
        is_below = f"{old_path}/".startswith(f"{prefix}/")  # otherwise no redirect of ours can match it
        old_path = old_path.removeprefix(prefix)
        if old_path and is_below and article.link is None and target != builder.site.absolute(page):
            unredirected[old_path] = page
    return FeedComparison(
        entries=len(our_entries),
        old_entries=len(old_entries),
        new=new,
        unpublished={entry.id: entry.title for entry in missing if entry.id in known - elsewhere},
        gone={
            entry.id: entry.title
            for entry in missing
            if entry.id in elsewhere or (entry.id not in known and not _leads_somewhere(entry.url or "", redirects))
        },
        retitled={
            entry.title: article.title
            for entry, article in matches
            if entry.title and _visible(entry.title) != _visible(article.title)
        },
        unredirected=unredirected,
        fitting=first_new if is_avoidable else None,
    )


def _leads_somewhere(url: str, redirects: Redirects) -> bool:
    """Return whether the path of an old URL redirects to something here."""
    parts = split_url(url)
    return parts.path not in ("", "/") and redirects.target(unquote(parts.path), parts.query) is not None


def _visible(title: str) -> str:
    """Return a title as feed readers show it, with no-break spaces like others."""
    return " ".join(title.split())
