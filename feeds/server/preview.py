"""What `/preview` shows in `flask run`: articles before they are live, and what is wrong with those that cannot be.

It changes nothing, and is nowhere else: the production server has no such address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify

from feeds.edition.document import content_security_policy
from feeds.feed.builder import FeedTable
from feeds.feed.catalog import Catalog
from feeds.formats import assets, pages, previews
from feeds.formats.previews import Preview, State
from feeds.model.article import Article
from feeds.model.problems import Problem
from feeds.model.site_fields import slug

from .web import current_edition, current_publisher

blueprint = Blueprint("preview", __name__, url_prefix="/preview")


@blueprint.get("")
def listing() -> Response:
    """List what is not live and why, and then what is."""
    publisher, table = current_publisher(), current_edition().table
    problems = publisher.problems
    found = _previews(publisher.loaded.articles, problems, publisher.clock())
    others = [each for each in problems if _slug_of(each) not in found]
    return _answer(previews.listing(table, list(found.values()), others, publisher.revision))


@blueprint.get("/<name>")
def preview(name: str) -> Response:
    """Show an article as its page, as an entry, and as cards; or what is wrong with its file."""
    publisher = current_publisher()
    found = _previews(publisher.loaded.articles, publisher.problems, publisher.clock()).get(name) or abort(
        HTTPStatus.NOT_FOUND
    )
    shown = _as_live(name)
    table, article = shown or (current_edition().table, None)
    return _answer(previews.preview(table, found, article, publisher.revision))


@blueprint.get("/<name>/page")
def page(name: str) -> Response:
    """Give the page of an article as it will be, for the frame in its preview."""
    table, article = _as_live(name) or abort(HTTPStatus.NOT_FOUND)
    return _answer(pages.article(table, article))


@blueprint.get("/-/revision")
def revision() -> Response:
    """Tell which reading of the content this is; previews ask for it, and load themselves anew at another."""
    return jsonify(current_publisher().revision)


@blueprint.get("/-/preview.js")
def script() -> Response:
    """Give the script that asks."""
    return Response(assets.read("preview.js"), content_type=assets.SCRIPT_TYPE)


def _answer(data: bytes) -> Response:
    response = Response(data, content_type=pages.CONTENT_TYPE)
    policy = content_security_policy(current_edition().site.url, framed_by="'self'")
    response.headers["Content-Security-Policy"] = f"{policy}; frame-src 'self'; connect-src 'self'"
    return response


def _slug_of(problem: Problem) -> str:
    """Give the slug of the article file that a problem is in; none of ours has an empty one."""
    path = Path(problem.file)
    return slug(path.stem) if path.is_relative_to(current_publisher().content.root / "articles") else ""


def _previews(articles: Mapping[str, Article], found_wrong: Iterable[Problem], now: datetime) -> dict[str, Preview]:
    """Tell how each article file stands, by slug, the newest first; those without an article have faults."""
    problems: dict[str, list[Problem]] = defaultdict(list)
    for problem in found_wrong:
        if name := _slug_of(problem):
            problems[name].append(problem)
    found = []
    for name in {**articles, **problems}:
        article, own = articles.get(name), tuple(problems.get(name, ()))
        title = article.title if article else Path(own[0].file).name
        found.append(Preview(name, title, _state(article, own, now), article.published if article else None, own))
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return {
        each.slug: each for each in sorted(found, key=lambda each: (each.published or far, each.slug), reverse=True)
    }


def _state(article: Article | None, problems: tuple[Problem, ...], now: datetime) -> State:
    if article is None or any(problem.severity == "error" for problem in problems):
        return "broken"
    if article.draft:
        return "draft"
    if not article.has_appeared(now):
        return "embargoed"
    if article.has_expired(now):
        return "expired"
    return "withdrawn" if article.withdrawal(now) else "live"


def _as_live(name: str) -> tuple[FeedTable, Article] | None:
    """Make an article live for its preview alone: no draft, and at the moment of its publication at the earliest."""
    publisher, edition = current_publisher(), current_edition()
    loaded = publisher.loaded
    site, articles = loaded.site, loaded.articles
    if site is None or name not in articles:
        return None
    article = articles[name].model_copy(update={"draft": False})
    for original in article.originals:
        publisher.pictures.make(original)
    now = max(publisher.clock(), article.published)
    catalog = Catalog.at(now, site, {**articles, name: article}, edition.catalog)
    return FeedTable(catalog, pictures=publisher.pictures.pictures), article
