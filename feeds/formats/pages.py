"""HTML pages: home, feeds and their months, articles, and the page for an unknown address."""

from __future__ import annotations

from datetime import date

from feeds.base import translations
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import UNIX_EPOCH, adjacent
from feeds.feed.posts import NETWORKS
from feeds.feed.values import Entry, Topic
from feeds.model.article import Article

from . import cards
from .page import Page, render

CONTENT_TYPE = "text/html; charset=utf-8"

MAX_PAGE_ENTRIES = 20
"""Maximum entries on a page; older ones are on the monthly pages."""

MAX_OTHER_LANGUAGE_ENTRIES = 5
"""Maximum articles that a page lists from other languages, where its own has no translation."""


def home(page: Page) -> bytes:
    """Render the home page of a language."""
    builder, language, topic = page.builder, page.language, page.topic("all")
    other_homes = {other: builder.site.home_path(other) for other in builder.site.languages if other != language}
    return render(
        "home.html",
        page,
        topics=[topic for topic in page.main_topics if topic.kind != "own"],
        topic=topic,
        **_entries_on_page(page, topic),
        canonical=builder.site.absolute(builder.site.home_path(language)),
        others=other_homes,
    )


def feed(page: Page, topic: Topic) -> bytes:
    """Render the page of a feed."""
    builder, feed = page.builder, page.builder.outline(topic)
    return render(
        "feed.html",
        page,
        topics=list(dict.fromkeys([topic, page.topic("all")])),
        topic=topic,
        feed=feed,
        networks=NETWORKS,
        **_entries_on_page(page, topic),
        months=builder.months(topic),
        month=translations.month_name,
        canonical=builder.address(topic),
        others=_other_feeds(builder, topic),
    )


def month(page: Page, topic: Topic, first: date) -> bytes:
    """Render the page of a feed's articles of a month, given the first day of the month."""
    builder = page.builder
    newer, older = adjacent(builder.months(topic), first)
    return render(
        "month.html",
        page,
        topics=list(dict.fromkeys([topic, page.topic("all")])),
        topic=topic,
        name=translations.month(topic.language, first),
        month=translations.month,
        entries=[builder.entries.of(article) for article in builder.live_in_month(topic, first)],
        newer=newer,
        older=older,
        canonical=f"{builder.address(topic)}/{first:%Y-%m}",
        others={},
    )


def article(page: Page, article: Article) -> bytes:
    """Render the page of a published article, including expired ones."""
    builder = page.builder
    entry, site, now = builder.entries.of(article), builder.site, builder.catalog.now
    withdrawal = article.withdrawal(now)
    twins = builder.catalog.twins(article)
    first = next(iter(article.categories), "all")  # a draft may have none yet
    older, newer = builder.catalog.neighbours(article, first)
    return render(
        "article.html",
        page,
        topics=[page.topic(name) for name in article.categories] + [page.topic("all")],
        article=article,
        entry=entry,
        expired=article.has_expired(now),
        withdrawal=withdrawal,
        body=entry.content if withdrawal else builder.entries.body(article),
        files=[] if withdrawal else list(zip(article.attachments_at(now), entry.enclosures, strict=True)),
        neighbours=[(name, neighbour) for name, neighbour in (("newer", newer), ("older", older)) if neighbour],
        properties=list(cards.open_graph(site, article, entry, [twin.language for twin in twins])),
        json_ld=cards.json_ld(site, article, entry),
        end=translations.until_text,
        size=translations.size,
        duration=translations.duration,
        canonical=entry.url,
        others={twin.language: site.article_path(twin.language, twin.slug) for twin in twins},
    )


def missing(page: Page) -> bytes:
    """Render the page for an address that does not exist."""
    return render("missing.html", page, topics=[page.topic("all")], canonical=None, others={})


def _other_feeds(builder: FeedBuilder, topic: Topic) -> dict[str, str]:
    return {
        other: builder.site.feed_path(other, topic.name)
        for other in builder.site.languages
        if other != topic.language and builder.topic(other, topic.name)
    }


def articles_on_page(builder: FeedBuilder, topic: Topic) -> tuple[list[Article], list[Article]]:
    """Return the newest articles of a topic, as its page and a home page list them.

    The second list is of articles in other languages, of which there is no translation. None of them
    is older than the oldest in the first list.
    """
    articles = builder.articles_in(topic)[:MAX_PAGE_ENTRIES]
    since = articles[-1].published if articles else UNIX_EPOCH
    others = builder.catalog.untranslated(builder.key(topic), topic.language, since)
    return articles, others[:MAX_OTHER_LANGUAGE_ENTRIES]


def _entries_on_page(page: Page, topic: Topic) -> dict[str, list[Entry]]:
    articles, others = articles_on_page(page.builder, topic)
    entry = page.builder.entries.of
    return {"entries": list(map(entry, articles)), "elsewhere": list(map(entry, others))}
