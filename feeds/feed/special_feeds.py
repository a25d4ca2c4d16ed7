"""Feeds for one kind of client: posts for automations, and podcasts. They have no archives and no translations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from feeds.base import translations
from feeds.model.article import Article
from feeds.model.site_groups import Person, Podcast

from . import posts
from .builder import FeedBuilder
from .catalog import ALL_ARTICLES
from .manifest import EntryState
from .posts import Network
from .values import Entry, Feed, Show, Topic

MAX_EPISODES = 300
"""Maximum number of episodes in a podcast feed."""


def post_feed(
    builder: FeedBuilder, topic: Topic, states: Mapping[str, EntryState], network: Network | None = None
) -> Feed:
    """Return a topic's feed for automations: titles are the posts, dates the posting times.

    Posts are for one network, or short enough for all. An article is included once, under the
    categories it first had, however it is edited. A withdrawn one is not included.
    """
    language, dated_articles = topic.language, posted_articles(builder, topic, states)
    outline = builder.outline(topic)
    return replace(
        outline,
        address=f"{outline.address}.{network.key if network else 'social'}",
        updated=max([outline.updated, *(posted for posted, _ in dated_articles[:1])]),
        title=(
            translations.translate(language, "{feed} (for {network})", feed=outline.title, network=network.name)
            if network
            else translations.translate(language, "{feed} (for posts)", feed=outline.title)
        ),
        translations={},
        entries=tuple(_post(builder, article, posted, network) for posted, article in dated_articles),
    )


def posted_articles(
    builder: FeedBuilder, topic: Topic, states: Mapping[str, EntryState]
) -> list[tuple[datetime, Article]]:
    """Return the articles in a topic's feeds for posts, each with its posting time, newest first."""
    now, dated_articles = builder.catalog.now, []
    for article in _candidates(builder, topic):
        state = states.get(article.id)
        if state is None or not state.is_posted or state.posted > now:
            continue
        if topic.kind == "category" and topic.name not in state.topics:
            continue
        is_skipped = article.social is not None and article.social.skip
        if builder.catalog.is_live(article) and not is_skipped and not article.withdrawal(now):
            dated_articles.append((state.posted, article))
    dated_articles.sort(key=lambda item: item[0], reverse=True)
    return dated_articles[: builder.max_entries(topic)]


def _candidates(builder: FeedBuilder, topic: Topic) -> Iterable[Article]:
    """Return the articles that a topic's feeds for posts may contain, including those that left a category."""
    if topic.kind != "category":
        return builder.group(topic).appeared(builder.catalog.now)
    every = builder.catalog.group(*ALL_ARTICLES).appeared(builder.catalog.now)
    return (each for each in every if each.language == topic.language and topic.name not in each.hide_from)


def _post(builder: FeedBuilder, article: Article, posted: datetime, network: Network | None) -> Entry:
    entry = builder.entries.of(article)
    return replace(
        entry,
        title=posts.compose(entry, article.social, builder.site.social.hashtags, network),
        published=posted,
        updated=posted,
        picture=entry.card if entry.card and entry.card.length else None,  # an enclosure needs its length
        enclosures=(),
        categories=(),  # feed2toot would turn them into hashtags again
    )


def podcast_feed(builder: FeedBuilder, topic: Topic, settings: Podcast) -> tuple[Feed, Show]:
    """Return a topic's podcast: a feed of playable entries of known length, and the show."""
    live = filter(builder.catalog.is_live, builder.group(topic).appeared(builder.catalog.now))
    playable_entries = (
        entry for entry in map(builder.entries.of, live) if entry.rss_enclosure and entry.rss_enclosure.is_playable
    )
    outline = builder.outline(topic)
    entries = tuple(islice(playable_entries, MAX_EPISODES))
    feed = replace(outline, address=f"{outline.address}.podcast", translations={}, entries=entries)
    owner = Person(name=settings.owner.name, email=settings.owner.email)
    artwork = builder.site.absolute(settings.artwork.url_path)
    return feed, Show(settings.author, owner, artwork, settings.category, settings.explicit)
