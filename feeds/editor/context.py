"""What the views of the editor share: the store, the site, the articles, and the time of the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import current_app

from feeds.formats.previews import Preview
from feeds.model.article import Article
from feeds.model.problems import Problem
from feeds.model.site import Site
from feeds.server.preview import previews_of_files
from feeds.server.web import current_edition, current_publisher

from .listing import UNCOUNTED_CODES
from .store import ArticleStore, CheckedFile
from .values import LocalClock


def current_store() -> ArticleStore:
    """Return the store of the current application."""
    return cast(ArticleStore, current_app.extensions["feeds-store"])


def current_site() -> Site:
    """Return the site."""
    return current_edition().site


def current_clock() -> LocalClock:
    """Return the time, and the time zone in which authors write times."""
    return LocalClock(current_publisher().clock(), current_site().timezone)


def article_previews() -> dict[str, Preview]:
    """Return the state and the problems of each article file, by slug, the newest first."""
    publisher = current_publisher()
    return previews_of_files(publisher.loaded_content.articles, publisher.problems, publisher.clock())


def current_articles() -> Mapping[str, Article]:
    """Return the last valid version of each article, by slug."""
    return current_publisher().loaded_content.articles


def known_people() -> dict[str, Any]:
    """Return the authors of all articles that have an address, by name."""
    authors = (author for article in current_articles().values() for author in article.authors)
    return {
        author.name: author.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        for author in authors
        if author.url or author.email or author.fediverse
    }


def translations_of(article: Article) -> list[Article]:
    """Return the translations of an article, drafts too."""
    others = current_articles().values() if article.twin else ()
    return [other for other in others if other.twin == article.twin and other.language != article.language]


def existing_languages(original: CheckedFile) -> set[str]:
    """Return the languages in which an article exists already."""
    article = original.article
    return {each.language for each in (article, *translations_of(article))} if article else set()


def cross_file_problems(draft: CheckedFile) -> list[Problem]:
    """Return the problems of a saved file that show only if all files are read, such as an id that is taken."""
    own = set(draft.problems)
    others = (each for each in current_publisher().problems if each.file == str(draft.path) and each not in own)
    return [each for each in others if each.message.code not in UNCOUNTED_CODES]
