"""HTML pages for people: home, a feed's page, an article's page, and the page of an address that leads nowhere.

Links between them are relative to the root of the host, so that a page works under whatever name it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds import words
from feeds.article import Article
from feeds.feed import Entry, Topic
from feeds.feedtable import FeedTable

CONTENT_TYPE = "text/html; charset=utf-8"
STYLE_TYPE = "text/css; charset=utf-8"

_templates = Environment(
    loader=PackageLoader("feeds"), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
)
_templates.filters["safe_html"] = Markup  # for what `markup` has cleaned, and nothing else


@dataclass(frozen=True)
class Page:
    """What every template knows: the table of feeds, a language, and how to say and link things in it."""

    table: FeedTable
    language: str

    def say(self, said: str, **values: object) -> str:
        """Say our words in the page's language."""
        return words.say(self.language, said, **values)

    def day(self, moment: Any) -> str:
        """Write the day of an instant in the site's zone."""
        return words.day(self.language, moment, self.table.site.timezone)

    def here(self, path: str) -> str:
        """Make a path of ours relative to the root of the host."""
        return self.table.site.path + path

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

    def feed_path(self, topic: Topic) -> str:
        """Give the path of a feed's page, relative to the root of the host."""
        return self.here(self.table.site.feed_path(topic.language, topic.name))


def home(table: FeedTable, language: str) -> bytes:
    """Render the home page of a language."""
    page = Page(table, language)
    everything = page.topic("all")
    feed = table.feed(everything)
    others = {other: table.site.home_path(other) for other in table.site.languages if other != language}
    return _render("home.html", page, feed=feed, topics=[everything], canonical=_canonical(page, ""), others=others)


def feed(table: FeedTable, topic: Topic) -> bytes:
    """Render the page of a feed."""
    page = Page(table, topic.language)
    others = {
        other: table.site.feed_path(other, topic.name)
        for other in table.site.languages
        if other != topic.language and table.topic(other, topic.name)
    }
    canonical = table.site.absolute(table.site.feed_path(topic.language, topic.name))
    topics = list(dict.fromkeys([topic, page.topic("all")]))
    return _render("feed.html", page, feed=table.feed(topic), topics=topics, canonical=canonical, others=others)


def article(table: FeedTable, article: Article) -> bytes:
    """Render the page of an article that has appeared, expired ones included."""
    page = Page(table, article.language)
    entry: Entry = table.entry(article)
    site = table.site
    return _render(
        "article.html",
        page,
        article=article,
        entry=entry,
        expired=article.has_expired(table.catalog.now),
        topics=[page.topic(name) for name in article.categories] + [page.topic("all")],
        canonical=article.link or site.absolute(site.article_path(article.language, article.slug)),
        others={twin.language: site.article_path(twin.language, twin.slug) for twin in table.catalog.twins(article)},
    )


def missing(table: FeedTable, language: str) -> bytes:
    """Render the page of an address that leads nowhere."""
    page = Page(table, language)
    return _render("missing.html", page, topics=[page.topic("all")], canonical=None, others={})


def style(accent: str) -> bytes:
    """Give the one stylesheet, with the site's colour in it."""
    return (files("feeds") / "static" / "style.css").read_bytes().replace(b"#0b5c8e", accent.encode())


def _canonical(page: Page, name: str) -> str:
    return page.table.site.absolute(page.table.site.home_path(page.language) + name)


def _render(template: str, page: Page, *, topics: Iterable[Topic], **values: Any) -> bytes:
    from . import FORMATS

    text = _templates.get_template(template).render(
        page=page, site=page.table.site, language=page.language, topics=topics, formats=FORMATS, words=words, **values
    )
    return text.encode()
