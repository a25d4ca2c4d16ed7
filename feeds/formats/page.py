"""Page: the context in which the templates of pages are rendered, and the environment of the templates.

Links between pages are relative to the root of the host, so a page works under any host name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds.base import translations
from feeds.base.fingerprint import fingerprint_bytes
from feeds.feed.builder import MAIN_KINDS, FeedBuilder
from feeds.feed.title_cards import general_card
from feeds.feed.values import Entry, Image, Topic
from feeds.model.article import Article
from feeds.model.static_page import page_in

from . import assets, cards, typography
from .registry import FORMATS

WEB_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F{}"),
    ("Inoreader", "https://www.inoreader.com/?add_feed={}"),
    ("NewsBlur", "https://www.newsblur.com/?url={}"),
    ("Feedbin", "https://feedbin.com/?subscribe={}"),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url={}"),
)
"""Popular web-based feed readers, each with the URL at which it subscribes to a feed."""

MAX_MENU_CHARACTERS = 100
"""Length of the names of all categories, with the space between them, up to which wide pages list them in a line."""

SHARE_ADDRESSES = (
    ("Mastodon", "https://share.joinmastodon.org/#text={title}%20{url}"),
    ("Bluesky", "https://bsky.app/intent/compose?text={title}%20{url}"),
    ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}"),
)
"""Networks, each with the address that opens a post about a page. Nothing is requested before a reader follows it."""

NETWORK_HOSTS = {
    **{"bsky.app": "Bluesky", "facebook.com": "Facebook", "github.com": "GitHub", "instagram.com": "Instagram"},
    **{"linkedin.com": "LinkedIn", "threads.net": "Threads", "tiktok.com": "TikTok", "twitter.com": "X"},
    **{"vimeo.com": "Vimeo", "wikidata.org": "Wikidata", "x.com": "X", "youtube.com": "YouTube"},
}
"""Names of networks by their hosts."""

_templates = Environment(
    loader=PackageLoader("feeds.formats"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
    auto_reload=False,
)
_templates.filters["safe_html"] = Markup  # only for HTML that `markup` has sanitized
_templates.filters["plain_spaces"] = cards.plain_spaces
_templates.filters["capitalized"] = typography.capitalize


@dataclass(frozen=True)
class Page:
    """The context of the pages in a language: the table of feeds, helpers for texts and links, and shared parts.

    What many pages share is rendered once. `has_search` is whether pages lead to a search, and
    `has_scripts` whether they load scripts.
    """

    builder: FeedBuilder
    language: str
    has_search: bool = True
    has_scripts: bool = True
    _feed_links: dict[Topic, Markup] = field(default_factory=dict, repr=False)
    _menus: dict[tuple[Topic | None, bool], Markup] = field(default_factory=dict, repr=False)

    def _part(self, name: str, *arguments: object) -> Markup:
        """Return the result of a macro of shared.html."""
        macro = getattr(_templates.get_template("shared.html").module, name)
        return Markup(macro(self, *arguments))  # noqa: S704

    def feed_links(self, topic: Topic) -> Markup:
        """Return the links to a topic's feeds, by which browsers and readers find them."""
        if topic.kind not in MAIN_KINDS:  # the number of tags and authors is unlimited
            return self._part("feed_links", topic, FORMATS)
        if (links := self._feed_links.get(topic)) is None:
            links = self._feed_links[topic] = self._part("feed_links", topic, FORMATS)
        return links

    def menu(self, canonical: str | None, place: str | None) -> Markup:
        """Return the links to the categories and the search. `place` is the category that the page belongs to."""
        current = next((topic for topic in self.categories if topic.name == place), None)
        is_page = current is not None and self.builder.address(current) == canonical
        if (menu := self._menus.get((current, is_page))) is None:
            menu = self._menus[current, is_page] = self._part("menu", self.builder.site, current, is_page)
        return menu

    @cached_property
    def has_short_menu(self) -> bool:
        """Whether the names of the categories fit into a line on a wide screen."""
        return sum(len(topic.label) + 3 for topic in self.categories) <= MAX_MENU_CHARACTERS

    @cached_property
    def search_form(self) -> Markup:
        """The form for searches, if there is a search."""
        return self._part("search")

    @cached_property
    def name(self) -> Markup:
        """The name of the site, its logo or both, as a link to the home page."""
        return self._part("name", self.builder.site)

    def preview_tags(self, title: str, description: str) -> Markup:
        """Return the Open Graph properties of a page that is not an article (https://ogp.me/)."""
        site, entries = self.builder.site, self.builder.entries
        card = entries.card(general_card(site, self.language), site.title[self.language])
        return self._part("preview_tags", title, description, card)

    @cached_property
    def style_links(self) -> Markup:
        """The links to the icon and the stylesheet."""
        return self._part("style_links", self.builder.site)

    @cached_property
    def footer(self) -> Markup:
        """The end of each page."""
        return self._part("footer", self.builder.site)

    @cached_property
    def site_links(self) -> list[tuple[str, str]]:
        """The titles and addresses of the links of the site; pages that do not exist in the language are left out."""
        links = []
        for link in self.builder.site.links:
            page = link.page and page_in(self.language, link.page, self.builder.catalog.pages)
            path = page and self.absolute_path(self.builder.site.page_path(page.language, page.slug))
            if address := link.url or path:
                links.append((link.title[self.language], address))
        return links

    @cached_property
    def profiles(self) -> list[tuple[str, str]]:
        """The addresses of the institution elsewhere, each with the name of its network or host."""
        return [(_network_name(address), address) for address in self.builder.site.profiles]

    @property
    def search_path(self) -> str:
        """The path of the search in the page's language."""
        return self.absolute_path(self.builder.site.search_path(self.language))

    def share_links(self, entry: Entry) -> list[tuple[str, str]]:
        """Return services with which a reader can share an entry, each with an address that fills in a post."""
        title, url = quote(entry.title, safe=""), quote(entry.url, safe="")
        by_mail = f"mailto:?subject={title}&body={url}"
        return [
            (self.translate("By e-mail"), by_mail),
            *((name, address.format(title=title, url=url)) for name, address in SHARE_ADDRESSES),
        ]

    def phone(self, number: str) -> str:
        """Return a telephone number without visual separators, for a tel: URI (RFC 3966)."""
        plain = re.sub(r"(?<=[0-9])\s*\(0\)", "", number) if number.startswith(("+", "00")) else number
        return re.sub("[^+0-9]", "", plain)

    @cached_property
    def direction(self) -> str:
        """The text direction of the page's language: ltr or rtl."""
        return translations.text_direction(self.language)

    def with_relative_links(self, text: str) -> str:
        """Return sanitized HTML with root-relative links, lazy-loading pictures, and marked task lists.

        Only links to the site itself are changed.
        """
        if "☐" in text or "☑" in text:
            text = re.sub("<ul>(?=\\s*<li>(?:<p>)?[☐☑])", '<ul class="tasks">', text)
        if "://" in text:
            text = _BARE_LINK.sub(r'<a class="bare" href="\1"', text)
        html = text.replace(f'="{self.builder.site.url}/', f'="{self.builder.site.path}/')
        return html.replace("<img ", '<img loading="lazy" ')

    def translate(self, text: str, /, **values: object) -> str:
        """Return a text of the interface in the page's language."""
        return translations.translate(self.language, text, **values)

    def day(self, instant: datetime) -> str:
        """Return the date of an instant in the site's time zone, in the page's language."""
        return translations.day(self.language, instant, self.builder.site.timezone)

    def absolute_path(self, path: str) -> str:
        """Return a path of the site relative to the root of the host."""
        return self.builder.site.path + path

    def asset(self, name: str) -> str:
        """Return the path of a stylesheet or script, with a fingerprint against stale caches."""
        data = assets.style(self.builder.site) if name == "style.css" else assets.read(name)
        return self.absolute_path(f"/static/{name}?{fingerprint_bytes(data)[:8]}")

    def relative_url(self, url: str) -> str:
        """Return a URL of the site relative to the root of the host, and any other URL unchanged."""
        site = self.builder.site
        return site.path + url.removeprefix(site.url) if url.startswith(f"{site.url}/") else url

    @cached_property
    def main_topics(self) -> list[Topic]:
        """The topic of all articles, and then the categories, in the page's language."""
        return self.builder.main_topics(self.language)

    @cached_property
    def categories(self) -> list[Topic]:
        """The categories in the page's language."""
        return [topic for topic in self.main_topics if topic.kind == "category"]

    @property
    def own_feeds(self) -> list[Topic]:
        """The site's own feeds in the page's language."""
        return [topic for topic in self.main_topics if topic.kind == "own"]

    def topic(self, name: str) -> Topic:
        """Return the topic with a name, which the page's language must have."""
        match = self.builder.topic(self.language, name)
        assert match, name
        return match

    def source_set(self, picture: Image) -> str:
        """Return the smaller versions of a picture with their widths, for the browser to choose."""
        return ", ".join(f"{self.relative_url(url)} {width}w" for url, width in picture.smaller)

    def tags(self, article: Article) -> list[Topic]:
        """Return the topics of an article's tags."""
        return list(self.builder.tag_topics(article))

    def feed_path(self, topic: Topic) -> str:
        """Return the path of a feed's page, relative to the root of the host."""
        return self.absolute_path(self.builder.site.feed_path(topic.language, topic.name))

    def month_path(self, topic: Topic, first: date) -> str:
        """Return the path of a feed's page for a month, given its first day."""
        return f"{self.feed_path(topic)}/{first:%Y-%m}"

    def feed_url(self, topic: Topic, ending: str) -> str:
        """Return the URL of a feed, for readers to copy."""
        return f"{self.builder.address(topic)}.{ending}"

    def web_readers(self, topic: Topic) -> list[tuple[str, str]]:
        """Return web-based feed readers, each with the URL that opens a feed there."""
        address = quote(self.feed_url(topic, "rss"), safe="")
        return [(name, template.format(address)) for name, template in WEB_READERS]

    def language_name(self, language: str) -> str:
        """Return the name of a language in that language."""
        return translations.language_name(language)

    def in_language(self, language: str) -> str:
        """Return the phrase “in (a language)” in the page's language."""
        return self.translate("in {language}", language=translations.language_name(language, self.language))


_BARE_LINK = re.compile('<a href="([^"]+)"(?=[^<>]*>\\1<)')
"""The start of a link whose text is its address, which is not printed twice."""


def _network_name(address: str) -> str:
    """Return the name of a network, or the host of an address elsewhere."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    name = NETWORK_HOSTS.get(host) or NETWORK_HOSTS.get(host.partition(".")[2])  # fr.linkedin.com
    return name or ("Mastodon" if parts.path.startswith("/@") else host)


def render(template: str, page: Page, *, topics: Iterable[Topic], place: str | None = None, **values: Any) -> bytes:
    """Render a template; `topics` are the feeds that it links for readers, the most specific first.

    `place` is the slug of the category that the page belongs to.
    """
    context: dict[str, Any] = {
        "place": place,
        "site": page.builder.site,
        "language": page.language,
        "topics": topics,
        "formats": FORMATS,
    }
    return render_template(template, page=page, **context, **values)


def templates_with(package: str) -> Environment:
    """Return the environment of our templates and those of another package, which take precedence."""
    return _templates.overlay(loader=ChoiceLoader([PackageLoader(package), PackageLoader("feeds.formats")]))


def render_template(template: str, *, environment: Environment = _templates, **values: Any) -> bytes:
    """Render a template that gets only the given values."""
    html = environment.get_template(template).render(values)
    is_french = str(values.get("language", "")).partition("-")[0] == "fr"
    return (typography.keep_french_spaces(html) if is_french else html).encode()
