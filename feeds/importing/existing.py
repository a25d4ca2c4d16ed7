"""Articles that exist already: which of them an entry became in an earlier import, and what has changed since.

It changes no files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote

from feeds.content.folder import ContentFolder
from feeds.content.reader import ArticleReader
from feeds.model.article import Article
from feeds.model.article_types import entry_id
from feeds.model.redirects import Redirects
from feeds.model.site import Site
from feeds.model.site_types import slug
from feeds.model.yamlfile import parse_yaml

from .notes import Note
from .old_feed import OldEntry, split_url

_ID_LINE = re.compile(rb"(?m)^id:.*$")


class ExistingArticle(NamedTuple):
    """An article of the content folder: `article` is None if its file is broken."""

    id: str
    page: str
    title: str
    language: str
    article: Article | None


class ExistingArticles:
    """The articles of a content folder before an import, including drafts and broken files."""

    def __init__(self, content: ContentFolder, site: Site, reader: ArticleReader) -> None:
        """Read the files."""
        self._content, self._site, self._reader = content, site, reader
        self._redirects = Redirects(site)
        articles = list(self._read())
        self._by_id = {each.id: each for each in articles}
        self._by_page = {each.page: each for each in articles}
        self._by_title = _unique_titles(articles)

    def _read(self) -> Iterator[ExistingArticle]:
        for path in self._content.article_files():
            tree, _ = self._reader.read_tree(path)
            if tree is None:  # the id of a broken file may still be readable
                line = _ID_LINE.search(self._reader.read_bytes(path)[0])
                tree = parse_yaml(line[0], str(path))[0] if line else None
            if tree is None:
                continue
            name, language = slug(path.stem), str(tree.value.get("language") or self._site.default_language)
            try:
                id = entry_id(tree.value.get("id"), self._site, name)
                page = self._site.article_path(language, name)
            except ValueError:
                continue
            article = self._reader.article(tree, path, self._site)
            yield ExistingArticle(id, page, str(tree.value.get("title") or ""), language, article)

    def find(self, entry: OldEntry, language: str, *, has_unique_title: bool) -> ExistingArticle | None:
        """Return the article that an entry became in an earlier import.

        The id of a document may depend on what the old feed contains, so its URL and a unique title count too.
        """
        if existing := self._by_id.get(entry.id):
            return existing
        if not entry.has_unique_url:
            return None
        parts = split_url(entry.url or "")
        path = unquote(parts.path).removeprefix(self._site.path)
        target = self._redirects.target(self._site.path + path, parts.query) or ""
        by_title = self._by_title.get((language, slug(entry.title))) if has_unique_title else None
        existing = self._by_page.get(target.removeprefix(self._site.url)) or by_title
        if existing and existing.id.startswith(self._site.tag_uri("")):  # it was written here
            return None
        host = split_url(existing.id).netloc if existing else ""
        is_same = existing and slug(existing.title) == slug(entry.title) and host in ("", parts.netloc)
        return existing if is_same else None

    def at(self, page: str) -> Article | None:
        """Return the article at the path of a page."""
        existing = self._by_page.get(page)
        return existing.article if existing else None

    def changes(self, entry: OldEntry, article: Article, now: datetime) -> Iterator[str]:
        """Yield notes on what has changed on the old site since an article was imported."""
        is_published_since = article.draft and not entry.is_draft and entry.refusal is None
        if is_published_since:
            yield Note.of("it is a draft here, but public on the old site (remove draft from its file)")
        published = entry.published
        is_due = published and not article.draft and max(published, article.published) > now
        has_other_date = published and abs(published - article.published).total_seconds() >= 60
        if published and has_other_date and (is_due or is_published_since):
            date = f"{published.astimezone(self._site.timezone):%Y-%m-%d %H:%M}"
            yield Note.of("its date on the old site is {date} (change published in its file)", date=date)


def _unique_titles(articles: Iterable[ExistingArticle]) -> dict[tuple[str, str], ExistingArticle]:
    """Return the articles by language and slug of their title, if no other has the same."""
    by_title: dict[tuple[str, str], list[ExistingArticle]] = {}
    for each in articles:
        by_title.setdefault((each.language, slug(each.title)), []).append(each)
    return {key: group[0] for key, group in by_title.items() if key[1] and len(group) == 1}


def title_counts(titles: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Return how often each title occurs in a language."""
    return Counter((language, slug(title)) for language, title in titles)
