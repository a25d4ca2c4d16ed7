"""Previews for authors: the list of article files, and how an article will look as page, entry and card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from feeds.base import translations
from feeds.feed import posts
from feeds.feed.builder import FeedBuilder
from feeds.feed.values import Entry
from feeds.model.article import Article
from feeds.model.problems import Problem

from .page import Page, render

State = Literal["faulty", "draft", "scheduled", "expired", "withdrawn", "live"]

STATES: dict[State, str] = {
    "faulty": "With errors",
    "draft": "Drafts",
    "scheduled": "Scheduled",
    "expired": "Expired",
    "withdrawn": "Withdrawn",
    "live": "Live",
}
"""The states in display order, each with its heading."""

MAX_PREVIEWS_PER_STATE = 100
"""Maximum articles listed for each state, the newest first."""

LONG_SUMMARY_CHARACTERS = 320
"""Characters after which readers and cards truncate a summary."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The current state of an article file.

    `title` is the file's name if it has no title yet. `problems` are those of this file.
    """

    slug: str
    title: str
    state: State
    published: datetime | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A post on a network, with its length.

    `count` is its number of characters with the link to the article, of at most `limit`. `feed` is the path of the
    feed that contains the post.
    """

    network: str
    feed: str
    post: str
    count: int
    limit: int

    @property
    def is_too_long(self) -> bool:
        """Return whether the network would reject the post."""
        return self.count > self.limit


def listing(builder: FeedBuilder, previews: Sequence[Preview], problems: Sequence[Problem], revision: int) -> bytes:
    """Render the list of all previews.

    `problems` are those that belong to no article. `revision` is that of the content.
    """
    page = Page(builder, builder.site.default_language)
    groups = [
        (STATES[state], [item for item in previews if item.state == state][:MAX_PREVIEWS_PER_STATE]) for state in STATES
    ]
    return render(
        "previews.html",
        page,
        topics=[],
        groups=[(page.translate(name), members) for name, members in groups if members],
        problems=problems,
        revision=revision,
        canonical=None,
        others={},
    )


def preview(builder: FeedBuilder, preview: Preview, article: Article | None, revision: int) -> bytes:
    """Render the preview of one article, or of its file's problems if `article` is None.

    The given feeds must treat the article as live.
    """
    page = Page(builder, builder.site.default_language)
    return render(
        "preview.html",
        page,
        topics=[],
        preview=preview,
        revision=revision,
        state=page.translate(STATES[preview.state]),
        article=article,
        minute=translations.day_and_time,
        canonical=None,
        others={},
        is_live=preview.state == "live",
        **appearances(page, article),
    )


def appearances(page: Page, article: Article | None) -> dict[str, Any]:
    """Return the values of appearances.html: an article as readers and social networks will show it."""
    builder = page.builder
    entry = builder.entries.of(article) if article else None
    is_skipped = bool(article and article.social and article.social.skip)
    return {
        "entry": entry,
        "host": urlsplit(builder.site.url).netloc,
        "cards": list(_cards(page, entry, article)) if entry and article and not is_skipped else [],
        "is_skipped": is_skipped,
        "feeds": _feeds_of(builder, article) if article else [],
        "wanting": list(_suggestions(page, article, entry)) if entry and article else [],
    }


def _feeds_of(builder: FeedBuilder, article: Article) -> list[str]:
    """Return the names of the main feeds that contain an article."""
    topics = builder.main_topics(article.language)
    return [topic.label for topic in topics if article in builder.group(topic).articles]


def _cards(page: Page, entry: Entry, article: Article) -> Iterator[Card]:
    """Yield the posts that automations will send: that of the feed for all networks, and those for single ones."""
    settings = page.builder.site.social.hashtags
    names = ("all", *article.categories)
    name = next((name for name in names if name not in article.hide_from), "all")
    feed = page.builder.site.feed_path(article.language, name)
    strictest = next(network for network in posts.NETWORKS if network.key == "x")
    for network in (None, *posts.NETWORKS):
        post = posts.compose(entry, article.social, settings, network)
        counting = network or strictest
        title = network.name if network else page.translate("Any network")
        path = f"{feed}.{network.key if network else 'social'}.rss"
        yield Card(title, path, post, counting.count(f"{post} {entry.url}"), counting.max_length)


def _suggestions(page: Page, article: Article, entry: Entry) -> Iterator[str]:
    """Yield suggestions for a better display in cards and feed readers."""
    if entry.picture is None:
        yield page.translate("There is no picture, so cards will not show one.")
    elif article.original and not article.original.fills_card:
        size = f"{article.original.file.width} × {article.original.file.height}"
        yield page.translate("The picture has {size} pixels (expected at least 1200 × 630).", size=size)
    if len(entry.summary) > LONG_SUMMARY_CHARACTERS:
        yield page.translate("The summary has {count} characters (expected about 300).", count=len(entry.summary))
