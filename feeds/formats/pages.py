"""HTML pages for people: home, a feed's page and its months, an article's page, and that of an address with nothing.

Links between them are relative to the root of the host, so that a page works under whatever name it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds.base import translations
from feeds.base.fingerprint import fingerprint_bytes
from feeds.feed.builder import FeedTable
from feeds.feed.catalog import UNIX_EPOCH, beside
from feeds.feed.values import Entry, Image, Topic
from feeds.model.article import Article

from . import assets, cards
from .registry import FORMATS

CONTENT_TYPE = "text/html; charset=utf-8"

SHOWN = 20
"""How many entries a page lists; what is older is on the pages of the months."""

MOST_ELSEWHERE = 5
"""How many articles a page names that its language has not."""

READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F{}"),
    ("Inoreader", "https://www.inoreader.com/?add_feed={}"),
    ("NewsBlur", "https://www.newsblur.com/?url={}"),
    ("Feedbin", "https://feedbin.com/?subscribe={}"),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url={}"),
)
"""Readers on the web that many people have, and the address at which each takes in a feed."""

_templates = Environment(
    loader=PackageLoader("feeds.formats"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_templates.filters["safe_html"] = Markup  # for what `markup` has cleaned, and nothing else
_templates.filters["plain_spaces"] = cards.plain_spaces


@dataclass(frozen=True)
class Page:
    """What every template knows: the table of feeds, a language, and how to say and link things in it."""

    table: FeedTable
    language: str

    @property
    def direction(self) -> str:
        """The direction in which the page is written."""
        return translations.direction(self.language)

    def localized(self, text: str) -> str:
        """Make the addresses of ours in a safe HTML text relative to the root of the host, and its pictures lazy."""
        local = text.replace(f'="{self.table.site.url}/', f'="{self.table.site.path}/')
        return local.replace("<img ", '<img loading="lazy" ')

    def say(self, said: str, /, **values: object) -> str:
        """Say our words in the page's language."""
        return translations.say(self.language, said, **values)

    def day(self, moment: datetime) -> str:
        """Write the day of an instant in the site's zone."""
        return translations.day(self.language, moment, self.table.site.timezone)

    def here(self, path: str) -> str:
        """Make a path of ours relative to the root of the host."""
        return self.table.site.path + path

    def asset(self, name: str) -> str:
        """Give the place of a stylesheet or script, with a mark of its content, so that no cache gives an old one."""
        data = assets.style(self.table.site) if name == "style.css" else assets.read(name)
        return self.here(f"/static/{name}?{fingerprint_bytes(data)[:8]}")

    def local(self, url: str) -> str:
        """Make a URL relative to the root of the host if it is on ours."""
        site = self.table.site.url
        return urlsplit(url)._replace(scheme="", netloc="").geturl() if url.startswith(site + "/") else url

    @property
    def main_topics(self) -> list[Topic]:
        """Everything and the categories, in the page's language."""
        return self.table.main_topics(self.language)

    @property
    def categories(self) -> list[Topic]:
        """The categories in the page's language."""
        return self.main_topics[1:]

    def topic(self, name: str) -> Topic:
        """Give the topic of a name that the page's language has."""
        found = self.table.topic(self.language, name)
        assert found, name
        return found

    def source_set(self, picture: Image) -> str:
        """Name the smaller forms of a picture with their widths, for the browser to choose from."""
        return ", ".join(f"{self.local(url)} {width}w" for url, width in picture.smaller)

    def tags(self, article: Article) -> list[Topic]:
        """Give the topics of an article's tags."""
        return list(self.table.tags_of(article))

    def feed_path(self, topic: Topic) -> str:
        """Give the path of a feed's page, relative to the root of the host."""
        return self.here(self.table.site.feed_path(topic.language, topic.name))

    def month_path(self, topic: Topic, first: date) -> str:
        """Give the path of the page of a feed's month."""
        return f"{self.feed_path(topic)}/{first:%Y-%m}"

    def address(self, topic: Topic, ending: str) -> str:
        """Give the address of a feed, to be copied."""
        return f"{self.table.address(topic)}.{ending}"

    def readers(self, topic: Topic) -> list[tuple[str, str]]:
        """Give readers on the web, each with the address that opens a feed there."""
        address = quote(self.address(topic, "rss"), safe="")
        return [(name, where.format(address)) for name, where in READERS]

    def language_name(self, language: str) -> str:
        """Write the name of a language in itself."""
        return translations.language_name(language)

    def in_language(self, language: str) -> str:
        """Say that something is in a language, in the page's."""
        return self.say("in {language}", language=translations.language_name(language, self.language))


def home(table: FeedTable, language: str) -> bytes:
    """Render the home page of a language."""
    page = Page(table, language)
    topic = page.topic("all")
    entries = table.feed(topic).entries[:SHOWN]
    others = {other: table.site.home_path(other) for other in table.site.languages if other != language}
    return render(
        "home.html",
        page,
        topics=page.main_topics,
        topic=topic,
        entries=entries,
        elsewhere=_elsewhere(page, topic, entries),
        canonical=table.site.absolute(table.site.home_path(language)),
        others=others,
    )


def feed(table: FeedTable, topic: Topic) -> bytes:
    """Render the page of a feed."""
    page, feed = Page(table, topic.language), table.feed(topic)
    entries = feed.entries[:SHOWN]
    return render(
        "feed.html",
        page,
        topics=list(dict.fromkeys([topic, page.topic("all")])),
        topic=topic,
        feed=feed,
        entries=entries,
        months=table.months(topic),
        month=translations.month_alone,
        elsewhere=_elsewhere(page, topic, entries),
        canonical=table.address(topic),
        others=_other_feeds(table, topic),
    )


def month(table: FeedTable, topic: Topic, first: date) -> bytes:
    """Render the page of what a feed had in one of its months, by the first day of that."""
    page = Page(table, topic.language)
    newer, older = beside(table.months(topic), first)
    return render(
        "month.html",
        page,
        topics=list(dict.fromkeys([topic, page.topic("all")])),
        topic=topic,
        name=translations.month(topic.language, first),
        month=translations.month,
        entries=[table.entries.of(article) for article in table.live_of_month(topic, first)],
        newer=newer,
        older=older,
        canonical=f"{table.address(topic)}/{first:%Y-%m}",
        others={},
    )


def article(table: FeedTable, article: Article) -> bytes:
    """Render the page of an article that has appeared, expired ones included."""
    page = Page(table, article.language)
    entry, site, now = table.entries.of(article), table.site, table.catalog.now
    withdrawal = article.withdrawal(now)
    twins = table.catalog.twins(article)
    older, newer = table.catalog.neighbours(article, article.categories[0])
    return render(
        "article.html",
        page,
        topics=[page.topic(name) for name in article.categories] + [page.topic("all")],
        article=article,
        entry=entry,
        expired=article.has_expired(now),
        withdrawal=withdrawal,
        body=entry.content if withdrawal else table.entries.body(article),
        files=[] if withdrawal else list(zip(article.attachments_at(now), entry.enclosures, strict=True)),
        neighbours=[(name, each) for name, each in (("newer", newer), ("older", older)) if each],
        properties=list(cards.open_graph(site, article, entry, [twin.language for twin in twins])),
        json_ld=cards.json_ld(site, article, entry),
        end=translations.end,
        size=translations.size,
        duration=translations.duration,
        canonical=entry.url,
        others={twin.language: site.article_path(twin.language, twin.slug) for twin in twins},
    )


def missing(table: FeedTable, language: str) -> bytes:
    """Render the page of an address that leads nowhere."""
    page = Page(table, language)
    return render("missing.html", page, topics=[page.topic("all")], canonical=None, others={})


def _other_feeds(table: FeedTable, topic: Topic) -> dict[str, str]:
    return {
        other: table.site.feed_path(other, topic.name)
        for other in table.site.languages
        if other != topic.language and table.topic(other, topic.name)
    }


def _elsewhere(page: Page, topic: Topic, entries: Sequence[Entry]) -> list[Entry]:
    """Give the newest articles of a topic that the page's language has not, none older than what it lists."""
    table = page.table
    since = entries[-1].published if entries else UNIX_EPOCH
    found = table.catalog.elsewhere(table.key(topic), topic.language, since)
    return [table.entries.of(article) for article in found[:MOST_ELSEWHERE]]


def render(template: str, page: Page, *, topics: Iterable[Topic], **values: Any) -> bytes:
    """Fill a template; `topics` are those that it names to readers, the most specific first."""
    about = {"site": page.table.site, "language": page.language, "topics": topics, "formats": FORMATS}
    return fill(template, page=page, **about, **values)


def fill(template: str, **values: Any) -> bytes:
    """Fill a template that knows nothing but some values."""
    return _templates.get_template(template).render(values).encode()
