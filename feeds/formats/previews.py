"""Previews for authors: the list of what is not live, and an article as its page, its entry and its cards will be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from feeds.base import translations
from feeds.feed import posts
from feeds.feed.builder import FeedTable
from feeds.feed.values import Entry
from feeds.model.article import Article
from feeds.model.problems import Problem

from .pages import Page, render

State = Literal["broken", "draft", "embargoed", "expired", "withdrawn", "live"]

STATES: dict[State, str] = {
    "broken": "With faults",
    "draft": "Drafts",
    "embargoed": "Yet to appear",
    "expired": "Expired",
    "withdrawn": "Withdrawn",
    "live": "Live",
}
"""The states in the order in which they are listed, and what each is called."""

MOST = 100
"""How many articles of a state are listed, the newest."""

LONG_SUMMARY = 320
"""Characters beyond which readers and cards cut a summary."""


@dataclass(frozen=True, slots=True)
class Preview:
    """An article file as it stands: `title` is its name where it has no title yet, `problems` are its own."""

    slug: str
    title: str
    state: State
    published: datetime | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """What a network makes of a post with a link to the article: `count` of `most` characters."""

    network: str
    post: str
    count: int
    most: int

    @property
    def is_too_long(self) -> bool:
        """Tell whether the network refuses it."""
        return self.count > self.most


def listing(table: FeedTable, previews: Sequence[Preview], problems: Sequence[Problem], revision: int) -> bytes:
    """Render the list of all previews; `problems` are those of no article, `revision` is that of the content."""
    page = Page(table, table.site.default_language)
    groups = [(STATES[state], [each for each in previews if each.state == state][:MOST]) for state in STATES]
    return render(
        "previews.html",
        page,
        topics=[],
        groups=[(page.say(name), found) for name, found in groups if found],
        problems=problems,
        revision=revision,
        canonical=None,
        others={},
    )


def preview(table: FeedTable, preview: Preview, article: Article | None, revision: int) -> bytes:
    """Render the preview of one article, whose table makes it live; without it, of the problems of its file."""
    page = Page(table, table.site.default_language)
    entry = table.entries.of(article) if article else None
    return render(
        "preview.html",
        page,
        topics=[],
        preview=preview,
        revision=revision,
        state=page.say(STATES[preview.state]),
        article=article,
        entry=entry,
        host=urlsplit(table.site.url).netloc,
        cards=list(_cards(entry, article.social)) if entry and article else [],
        wanting=list(_wanting(page, article, entry)) if entry and article else [],
        minute=translations.minute,
        canonical=None,
        others={},
    )


def _cards(entry: Entry, social: str | None) -> Iterator[Card]:
    post = social or posts.compose(entry)
    for network in posts.NETWORKS:
        yield Card(network.name, post, network.count(f"{post} {entry.url}"), network.most)


def _wanting(page: Page, article: Article, entry: Entry) -> Iterator[str]:
    """Tell what cards and readers would show better with."""
    if entry.picture is None:
        yield page.say("There is no picture: cards will show none.")
    elif article.original and not article.original.is_large:
        size = f"{article.original.file.width} × {article.original.file.height}"
        yield page.say("The picture has {size} pixels (expected at least 1200 × 630).", size=size)
    if len(entry.summary) > LONG_SUMMARY:
        yield page.say("The summary has {count} characters (expected about 300).", count=len(entry.summary))
