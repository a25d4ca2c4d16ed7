"""HTML pages: home, feeds and their months, articles, the site's own pages, search, and unknown addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from urllib.parse import urlencode

from feeds.base import translations
from feeds.feed import html_text
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import UNIX_EPOCH, adjacent
from feeds.feed.posts import NETWORKS
from feeds.feed.values import Entry, Topic
from feeds.model.article import Article
from feeds.model.site_groups import Person
from feeds.model.static_page import StaticPage

from . import cards
from .page import Page, render

CONTENT_TYPE = "text/html; charset=utf-8"

GRID_ENTRIES, SECTION_ENTRIES, NEWEST_ENTRIES = 6, 4, 3
"""Articles in the grid of the home page, in each of its sections, and in short lists, such as that of related ones."""

RESULTS_PER_PAGE = 20

MAX_PAGE_ENTRIES = 20
"""Maximum entries on a page; older ones are on the monthly pages."""

MAX_OTHER_LANGUAGE_ENTRIES = 5
"""Maximum articles that a page lists from other languages, where its own has no translation."""


def home(page: Page) -> bytes:
    """Render the home page of a language."""
    builder, language, topic = page.builder, page.language, page.topic("all")
    first, sections, others = articles_on_home(builder, language)
    entry = builder.entries.of
    entries = list(map(entry, first))
    return render(
        "home.html",
        page,
        topics=[topic for topic in page.main_topics if topic.kind != "own"],
        topic=topic,
        lead=entries[0] if entries else None,
        grid=entries[1:],
        sections=[(topic, list(map(entry, articles))) for topic, articles in sections.items()],
        elsewhere=list(map(entry, others)),
        canonical=builder.site.absolute(builder.site.home_path(language)),
        others={other: builder.site.home_path(other) for other in builder.site.languages if other != language},
    )


def articles_on_home(
    builder: FeedBuilder, language: str
) -> tuple[list[Article], dict[Topic, list[Article]], list[Article]]:
    """Return the articles on a home page: the first ones, others by category, and those in other languages only.

    No article is listed twice, and none is withdrawn, except among the last.
    """
    topics = builder.main_topics(language)
    articles, others = articles_on_page(builder, topics[0])
    first = list(filter(builder.catalog.is_readable, articles))[: GRID_ENTRIES + 1]
    listed, sections = {article.slug for article in first}, {}
    for topic in topics:
        if topic.kind == "category":
            readable = filter(builder.catalog.is_readable, builder.articles_in(topic))
            candidates = (article for article in readable if article.slug not in listed)
            if section := list(islice(candidates, SECTION_ENTRIES)):
                sections[topic] = section
                listed.update(article.slug for article in section)
    return first, sections, others


def feed(page: Page, topic: Topic) -> bytes:
    """Render the page of a feed."""
    builder, outline = page.builder, page.builder.outline(topic)
    entries = _entries_on_page(page, topic)
    return render(
        "feed.html",
        page,
        topics=list(dict.fromkeys([topic, page.topic("all")])),
        place=topic.name,
        topic=topic,
        feed=outline,
        networks=NETWORKS,
        has_podcast=builder.podcast_settings(topic) is not None,
        author_url=_author_url(builder, topic),
        **entries,
        newest=[] if entries["entries"] else newest_entries(builder, topic.language),
        months=builder.months(topic),
        month=translations.month_name,
        canonical=builder.address(topic),
        others=_other_feeds(builder, topic),
    )


def _author_url(builder: FeedBuilder, topic: Topic) -> str | None:
    """Return the address of a page about an author, which the newest of their articles gives, or None."""
    if topic.kind != "author":
        return None
    slug = topic.name.rpartition("/")[2]
    authors = (author for article in builder.articles_in(topic)[:1] for author in article.authors)
    return next((author.url for author in authors if author.slug == slug), None)


def month(page: Page, topic: Topic, first: date) -> bytes:
    """Render the page of a feed's articles of a month, given the first day of the month."""
    builder = page.builder
    newer, older = adjacent(builder.months(topic), first)
    return render(
        "month.html",
        page,
        topics=list(dict.fromkeys([topic, page.topic("all")])),
        place=topic.name,
        topic=topic,
        name=translations.month(topic.language, first),
        month=translations.month,
        entries=[builder.entries.of(article) for article in builder.live_in_month(topic, first)],
        newer=newer,
        older=older,
        canonical=f"{builder.address(topic)}/{first:%Y-%m}",
        others=_other_months(builder, topic, first),
    )


def article(page: Page, article: Article) -> bytes:
    """Render the page of a published article, including expired ones."""
    builder = page.builder
    entry, site, now = builder.entries.of(article), builder.site, builder.catalog.now
    withdrawal = article.withdrawal(now)
    twins = builder.catalog.twins(article)
    is_readable = builder.catalog.is_readable(article)
    return render(
        "article.html",
        page,
        topics=[page.topic(name) for name in article.categories] + [page.topic("all")],
        place=next(iter(article.categories), None),  # a draft may have none yet
        article=article,
        entry=entry,
        expired=article.has_expired(now),
        withdrawal=withdrawal,
        is_readable=is_readable,
        body=entry.content if withdrawal else builder.entries.body(article),
        files=[] if withdrawal else list(zip(article.attachments_at(now), entry.enclosures, strict=True)),
        neighbours=neighbours(builder, article) if is_readable else [],
        related=[builder.entries.of(each) for each in related_articles(builder, article)],
        author_path=lambda author: page.absolute_path(_author_path(builder, article.language, author)),
        properties=list(cards.open_graph(site, article, entry, [twin.language for twin in twins])),
        json_ld=cards.json_ld(site, article, entry),
        end=translations.until_text,
        size=translations.size,
        duration=translations.duration,
        canonical=entry.url,
        others={twin.language: site.article_path(twin.language, twin.slug) for twin in twins},
    )


def neighbours(builder: FeedBuilder, article: Article) -> list[tuple[str, Article]]:
    """Return the previous and the next article of an article's first category, each with its link relation."""
    older, newer = builder.catalog.neighbours(article, next(iter(article.categories), "all"))
    return [(rel, each) for rel, each in (("prev", older), ("next", newer)) if each]


def related_articles(builder: FeedBuilder, article: Article) -> list[Article]:
    """Return the articles that share the most tags with an article.

    For one that cannot be read any more, they are the newest ones of its category.
    """
    if builder.catalog.is_readable(article):
        return builder.catalog.related(article)[:NEWEST_ENTRIES]
    topic = builder.topic(article.language, next(iter(article.categories), "all"))
    articles = builder.articles_in(topic) if topic else []
    return list(filter(builder.catalog.is_readable, articles))[:NEWEST_ENTRIES]


def _author_path(builder: FeedBuilder, language: str, author: Person) -> str:
    return builder.site.feed_path(language, f"authors/{author.slug}")


def static_page(page: Page, subject: StaticPage) -> bytes:
    """Render one of the site's own pages."""
    builder, site = page.builder, page.builder.site
    body = builder.entries.page_body(subject)
    return render(
        "static_page.html",
        page,
        topics=[page.topic("all")],
        subject=subject,
        body=body,
        description=html_text.excerpt(body) or subject.title,
        canonical=site.absolute(site.page_path(subject.language, subject.slug)),
        others={
            twin.language: site.page_path(twin.language, twin.slug) for twin in builder.catalog.page_twins(subject)
        },
    )


def search(
    page: Page, query: str, articles: Sequence[Article], *, total: int, number: int, elsewhere: Mapping[str, int]
) -> bytes:
    """Render a page of the results of a search.

    `total` counts all results in the language, and `elsewhere` those in others. `number` counts pages from 1.
    """
    site, language = page.builder.site, page.language
    plain = urlencode({"q": query})

    def address(other_number: int) -> str:
        return f"{page.search_path}?{plain}" + (f"&page={other_number}" if other_number > 1 else "")

    names = {other: translations.language_name(other, language) for other in elsewhere}
    return render(
        "search.html",
        page,
        topics=[page.topic("all")],
        query=query,
        arguments=plain,
        summary=_count_text(page, query, total),
        entries=[page.builder.entries.of(article) for article in articles],
        previous=address(number - 1) if number > 1 else None,
        next=address(number + 1) if total > number * RESULTS_PER_PAGE else None,
        in_other_languages=[
            (
                other,
                page.translate("Results in {language}: {count}", language=names[other], count=count),
                f"{page.absolute_path(site.search_path(other))}?{plain}",
            )
            for other, count in elsewhere.items()
            if count
        ],
        newest=[] if articles else newest_entries(page.builder, language),
        canonical=None,
        others={other: f"{site.search_path(other)}{f'?{plain}' if query else ''}" for other in elsewhere},
    )


def static_search(page: Page) -> bytes:
    """Render the page on which the browser searches the index of a built folder."""
    site = page.builder.site
    others = {other: site.search_path(other) for other in site.languages if other != page.language}
    return render("static_search.html", page, topics=[page.topic("all")], canonical=None, others=others)


def _count_text(page: Page, query: str, total: int) -> str:
    if total == 0:
        return page.translate("No results for “{query}”", query=query)
    if total == 1:
        return page.translate("One result for “{query}”", query=query)
    count = translations.number(page.language, total)
    return page.translate("{count} results for “{query}”", query=query, count=count)


def missing(page: Page, nearest: Sequence[Article] = ()) -> bytes:
    """Render the page for an address that does not exist; `nearest` are articles that may be meant."""
    return render(
        "missing.html",
        page,
        topics=[page.topic("all")],
        nearest=list(map(page.builder.entries.of, nearest)),
        newest=[] if nearest else newest_entries(page.builder, page.language),
        canonical=None,
        others={},
    )


def newest_entries(builder: FeedBuilder, language: str) -> list[Entry]:
    """Return the newest entries of a language that can be read, for pages without articles of their own."""
    first, _, _ = articles_on_home(builder, language)
    return list(map(builder.entries.of, first[:NEWEST_ENTRIES]))


def _other_feeds(builder: FeedBuilder, topic: Topic) -> dict[str, str]:
    return {
        other: builder.site.feed_path(other, topic.name)
        for other in builder.site.languages
        if other != topic.language and builder.topic(other, topic.name)
    }


def _other_months(builder: FeedBuilder, topic: Topic, first: date) -> dict[str, str]:
    """Return the paths of the same month in other languages that have it."""
    topics = {other: builder.topic(other, topic.name) for other in builder.site.languages if other != topic.language}
    return {
        other: f"{builder.site.feed_path(other, topic.name)}/{first:%Y-%m}"
        for other, twin in topics.items()
        if twin and first in builder.months(twin)
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
