"""The list of all articles: their states, filters and pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from feeds.formats.previews import Preview
from feeds.model.article import Article

PAGE_SIZE = 50
"""Articles on a page of the list."""


UNCOUNTED_CODES = ("translation-missing",)
"""Codes of warnings that the list does not count, and forms do not show: they say that themselves."""


@dataclass(frozen=True)
class Filters:
    """What the list is limited to; an empty value does not limit it."""

    status: str = ""
    category: str = ""
    language: str = ""
    q: str = ""

    def matches(self, item: Preview, article: Article | None) -> bool:
        """Return whether an article file is listed. One with errors, without a valid version, has only a state."""
        if self.status and item.state != self.status:
            return False
        if self.category and not (article and self.category in article.categories):
            return False
        if self.language and not (article and article.language == self.language):
            return False
        return all(word in _searchable(item, article) for word in folded(self.q).split(" ") if word)


@dataclass(frozen=True)
class Row:
    """An article file in the list. `article` is its last valid version, if there is one."""

    preview: Preview
    article: Article | None
    errors: int
    warnings: int


@dataclass(frozen=True)
class Listing:
    """A page of the list: its rows, its number, the number of pages, and of all articles that match."""

    rows: list[Row]
    page: int
    pages: int
    total: int


def listing(previews: Mapping[str, Preview], articles: Mapping[str, Article], filters: Filters, page: int) -> Listing:
    """Return a page of the articles that match, the newest first."""
    matches = [item for item in previews.values() if filters.matches(item, articles.get(item.slug))]
    pages = max(-(-len(matches) // PAGE_SIZE), 1)
    page = min(max(page, 1), pages)
    rows = [_row(item, articles.get(item.slug)) for item in matches[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    return Listing(rows, page, pages, len(matches))


def _row(item: Preview, article: Article | None) -> Row:
    problems = [each for each in item.problems if each.message.code not in UNCOUNTED_CODES]
    errors = sum(problem.severity == "error" for problem in problems)
    return Row(item, article, errors, len(problems) - errors)


def folded(text: str) -> str:
    """Return a text in lower case without accents, and with simple spaces and apostrophes."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return " ".join("".join(each for each in plain if not unicodedata.combining(each)).split())


def _searchable(item: Preview, article: Article | None) -> str:
    texts = [item.title, item.slug]
    if article:
        texts += [article.summary or "", *article.tags, *(author.name for author in article.authors)]
    return folded(" ".join(texts))
