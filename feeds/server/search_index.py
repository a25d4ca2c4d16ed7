"""SearchIndex: a full-text index of the articles, in SQLite (https://www.sqlite.org/fts5.html).

It contains every article that is not a draft. Results are filtered by the time of the query, so an embargo or
a withdrawal needs no change to the index.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from feeds.feed import search_text
from feeds.feed.catalog import Catalog
from feeds.model.article import Article
from feeds.model.site import Site

WEIGHTS = (10.0, 5.0, 3.0, 1.0)
"""How much a word counts in the title, the terms (tags, categories and authors), the summary and the text."""

MAX_RANKED = 1_000
"""Maximum number of results that are ranked by relevance. If there are more, the newest come first."""

MIN_PREFIX_LENGTH = 3
"""Minimum length of a word that also matches longer words that begin with it."""

MAX_SEARCHES = 8
"""Maximum number of searches that a process answers or keeps waiting: each occupies a thread."""

BATCH = 200
"""Articles that are added at a time; searches are answered between batches."""

_CREATE = (
    "create virtual table texts using fts5 (title, terms, summary, body, tokenize='unicode61 remove_diacritics 0')"
)
_INSERT = "insert into texts (rowid, title, terms, summary, body) values (?, ?, ?, ?, ?)"
_FIND = "select rowid from texts where texts match ?"
_RANK = f"{_FIND} order by bm25(texts, {', '.join(map(str, WEIGHTS))})"

Results = dict[str, list[Article]]
"""The articles that were found, the best first, by language."""


class SearchIndex:
    """An index in a temporary file. It follows the catalogs that it is asked about."""

    def __init__(self) -> None:
        """Create an empty index."""
        self._database: sqlite3.Connection | None = None
        self._database_lock, self._update_lock = threading.Lock(), threading.Lock()
        self._articles: dict[int, Article] = {}  # by row
        self._rows: dict[str, int] = {}  # by slug
        self._indexed: object = None
        self._site: Site | None = None
        self._last_row = 0
        self.slots = threading.BoundedSemaphore(MAX_SEARCHES)

    def search(self, catalog: Catalog, now: datetime, query: str) -> Results:
        """Return the articles that contain all words of a query, or words that begin with them.

        Only live articles that are not withdrawn at `now` are found.
        """
        words = search_text.query_words(query)
        return self._find(catalog, now, " ".join(map(_expression, words))) if words else {}

    def nearest(self, catalog: Catalog, now: datetime, text: str, language: str, count: int) -> list[Article]:
        """Return the articles of a language that contain words of a text, such as an old address, the best first."""
        if self._update_lock.locked():  # nobody waits for a suggestion
            return []
        words = [word for word in search_text.query_words(text) if len(word) > MIN_PREFIX_LENGTH]
        found = self._find(catalog, now, " OR ".join(map(_expression, words)), all_results=False) if words else {}
        return found.get(language, [])[:count]

    def _find(self, catalog: Catalog, now: datetime, expression: str, *, all_results: bool = True) -> Results:
        """Return what an expression finds; without `all_results`, nothing if there are too many results to rank."""
        self.update(catalog)
        results: Results = {}
        with self._database_lock:
            assert self._database, "it was updated"
            articles = [self._articles[row] for (row,) in self._database.execute(_FIND, (expression,))]
            is_ranked = len(articles) <= MAX_RANKED
            if is_ranked:
                articles = [self._articles[row] for (row,) in self._database.execute(_RANK, (expression,))]
        if is_ranked:
            articles = [each for each in articles if catalog.article(each.language, each.slug)]
        else:
            found = set(map(id, articles)) if all_results else set()
            articles = [each for each in catalog.appeared if id(each) in found]
        for article in articles:
            changes = article.depends_on_time
            is_over = changes and (article.has_expired(now) or article.withdrawal(now) is not None)
            if article.has_appeared(now) and not is_over:
                results.setdefault(article.language, []).append(article)
        return results

    def update(self, catalog: Catalog) -> None:
        """Index the articles that changed since the last call."""
        with self._update_lock:
            if self._indexed is catalog.articles and self._site is catalog.site:
                return
            if self._database is None:
                self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
                self._database.execute(_CREATE)
            public = {name: article for name, article in catalog.articles.items() if not article.draft}
            known = (
                {name: self._articles[row] for name, row in self._rows.items()} if self._site is catalog.site else {}
            )
            changed = [each for name, each in public.items() if known.get(name) is not each]
            self._remove([*(name for name in self._rows if name not in public), *(each.slug for each in changed)])
            for start in range(0, len(changed), BATCH):
                self._add(catalog, changed[start : start + BATCH])
            self._indexed, self._site = catalog.articles, catalog.site

    def _remove(self, names: Iterable[str]) -> None:
        rows = {name: self._rows[name] for name in names if name in self._rows}
        with self._transaction() as database:
            database.executemany("delete from texts where rowid = ?", [(row,) for row in rows.values()])
        for name, row in rows.items():
            del self._rows[name]
            del self._articles[row]

    def _add(self, catalog: Catalog, articles: Sequence[Article]) -> None:
        texts = [_texts(catalog, article) for article in articles]
        rows = range(self._last_row + 1, self._last_row + 1 + len(articles))
        with self._transaction() as database:
            database.executemany(_INSERT, [(row, *each) for row, each in zip(rows, texts, strict=True)])
            self._articles.update(zip(rows, articles, strict=True))
        self._rows.update((article.slug, row) for row, article in zip(rows, articles, strict=True))
        self._last_row += len(articles)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the database for a transaction, which is rolled back if it fails. Raises sqlite3.Error."""
        with self._database_lock:
            assert self._database
            self._database.execute("begin")
            try:
                yield self._database
                self._database.execute("commit")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite has already rolled it back
                    self._database.execute("rollback")
                raise


def _expression(word: str) -> str:
    """Return an expression that matches a word; a long one also matches longer words that begin with it."""
    return f'"{word}"*' if len(word) >= MIN_PREFIX_LENGTH else f'"{word}"'


def _texts(catalog: Catalog, article: Article) -> tuple[str, str, str, str]:
    """Return the folded words of an article: of its title, its terms, its summary and its text."""
    categories = (catalog.site.categories[name].title[article.language] for name in article.categories)
    terms = "\n".join((*article.tags, *categories, *(author.name for author in article.authors)))
    title, folded_terms, summary = map(search_text.fold, (article.title, terms, article.summary or ""))
    texts = title, folded_terms, summary, search_text.fold_markdown(article.body)
    return tuple(map(search_text.separated, texts))  # type: ignore[return-value]
