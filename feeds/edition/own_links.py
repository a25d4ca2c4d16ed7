"""Checks of links to our own pages: whether a target exists when the page that links to it is published."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from urllib.parse import unquote, urlsplit

from feeds.feed import addresses, body_checks, body_limits
from feeds.model.article import Article
from feeds.model.problems import Message, Problem, show
from feeds.model.static_page import StaticPage
from feeds.model.yamlfile import Path, Tree

from .edition import Edition

MAX_SUGGESTIONS = 50
"""Maximum number of dead links for which a similar page is sought: each search compares all paths."""

MIN_SIMILARITY = 0.8
"""Minimum similarity of a path that is proposed instead of a dead one (difflib's ratio)."""

_MAY_LINK = re.compile(r"\]\(\s*<?(?!https?:|mailto:|tel:|#)|\]:|href", re.IGNORECASE)
"""Matches a text that may have a link to our pages without our host."""

OTHER_PATHS = ("/.well-known/security.txt", "/security.txt", "/health", "/favicon.ico")
"""Paths that the server answers, but that are not documents of an edition."""

_CHECKED_ELSEWHERE = ("/media/", "/pictures/")


class OwnLinks:
    """The links to our own pages in articles and in the redirects of a site."""

    def __init__(self, edition: Edition) -> None:
        """Set the edition; a page exists if it is one of its documents."""
        self._edition, self._site, self._suggestions = edition, edition.site, 0

    def problems(self, articles: Iterable[tuple[Article, Tree]]) -> Iterator[Problem]:
        """Yield a warning for each link in an article that leads to no page, or to one that is not live."""
        for article, tree in articles:
            page = self._edition.builder.entries.page_of(article)
            for offset, message in islice(self._in_body(article, page), body_checks.MAX_PROBLEMS):
                yield tree.block_problem(("body",), offset, message, "warning")
            for path, address in _addresses(article):
                if problem := self._problem(address, page, article):
                    yield tree.problem(path, problem, "warning")

    def page_problems(self, pages: Iterable[tuple[StaticPage, Tree]]) -> Iterator[Problem]:
        """Yield a warning for each link in one of the site's own pages that leads to no live page."""
        for page, tree in pages:
            address = self._site.absolute(self._site.page_path(page.language, page.slug))
            for offset, message in islice(self._in_body(page, address), body_checks.MAX_PROBLEMS):
                yield tree.block_problem(("body",), offset, message, "warning")

    def _in_body(self, article: Article | StaticPage, page: str) -> Iterator[tuple[int, Message]]:
        body = article.body
        may_link = _MAY_LINK.search(body) or urlsplit(self._site.url).netloc in body
        if not may_link or body_limits.complexity_problem(body):
            return
        for offset, address in body_checks.references(body):
            source = article if isinstance(article, Article) else None
            if not body_checks.RELATIVE.match(address) and (message := self._problem(address, page, source)):
                yield offset, message

    def redirect_problems(self, tree: Tree) -> Iterator[Problem]:
        """Yield a warning for each redirect in the site file whose target is not a live page."""
        for old, new in (tree.value.get("redirects") or {}).items():
            if message := self._problem(str(new), self._site.url, None):
                yield tree.problem(("redirects", old), message, "warning")

    def _problem(self, address: str, page: str, source: Article | None) -> Message | None:
        site, url = self._site, addresses.normalize(address, base=self._site.url, page=page)
        if url is None or not (url == site.url or url.startswith((f"{site.url}/", f"{site.url}?", f"{site.url}#"))):
            return None
        parts = urlsplit(url)
        path = unquote(parts.path) or "/"
        below = path.removeprefix(site.path) or "/"
        if below.startswith(_CHECKED_ELSEWHERE) or below in OTHER_PATHS:
            return None
        if self._edition.redirects.target(path, parts.query):
            return None
        language, local_path = site.split_language(below)
        if local_path == "/search":  # it depends on a query
            return None
        slug = local_path.removeprefix("/articles/") if local_path.startswith("/articles/") else ""
        target = self._edition.catalog.articles.get(slug)
        if target and target.language == language:
            return self._state_problem(target, source, show(unquote(address)))
        if source and url == page:
            return None
        other_path = path[:-1] if path.endswith("/") else f"{path}/"  # which the server redirects to
        if self._edition.has(path) or self._edition.has(other_path):
            return None
        own_path = page.removeprefix(site.url)
        nearest = self._nearest(below, target, own_path)
        return Message.of("link-dead", value=show(unquote(address)), nearest=nearest)

    def _state_problem(self, target: Article, source: Article | None, value: str) -> Message | None:
        now = self._edition.catalog.now
        moment = max(now, source.published) if source else now
        if source is target:
            return None
        if target.draft:
            return Message.of("link-to-draft", value=value)
        if not target.has_appeared(moment):
            local = target.published.astimezone(self._site.timezone)
            return Message.of("link-to-embargoed", value=value, time=f"{local:%Y-%m-%dT%H:%M}")
        if target.has_expired(moment):
            return Message.of("link-to-expired", value=value)
        return Message.of("link-to-withdrawn", value=value) if target.withdrawal(moment) else None

    def _nearest(self, path: str, article: Article | None, own_path: str) -> str:
        """Return the path of the article in its own language, or the live page whose path is most like `path`."""
        if article and article.has_appeared(self._edition.catalog.now):
            return self._site.article_path(article.language, article.slug)
        self._suggestions += 1
        candidates = self._paths if self._suggestions <= MAX_SUGGESTIONS else []
        matches = difflib.get_close_matches(path, candidates, n=2, cutoff=MIN_SIMILARITY)
        return next((match for match in matches if match != own_path), "the address of a page, or no link")

    @cached_property
    def _paths(self) -> list[str]:
        """All paths of pages and feeds, without archives and months."""
        builder, site = self._edition.builder, self._site
        articles = (site.article_path(each.language, each.slug) for each in self._edition.catalog.live)
        pages = [site.feed_path(topic.language, topic.name) for topic in builder.topics.values()]
        feeds = (path for topic in builder.topics.values() for path, _ in self._edition.routes.feed_routes(topic))
        own = (site.page_path(each.language, each.slug) for each in self._edition.catalog.pages.values())
        return [*articles, *pages, *own, *feeds, *map(site.home_path, site.languages)]


def _addresses(article: Article) -> Iterator[tuple[Path, str]]:
    """Yield the addresses in the keys of an article, each with its path in the file."""
    if article.link:
        yield ("link",), article.link
    for index, attachment in enumerate(article.attachments):
        if attachment.url:
            yield ("attachments", index, "url"), attachment.url
    for index, author in enumerate(article.authors):
        if author.url:
            yield ("authors", index, "url"), author.url
