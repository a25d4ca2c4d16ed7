"""The `/preview` pages of `feeds preview`: articles before they are live, and problems of article files.

They change nothing. The production server does not have them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, jsonify, request
from werkzeug.exceptions import SecurityError

from feeds.edition.document import content_security_policy
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import Catalog
from feeds.feed.title_cards import card_source
from feeds.formats import assets, pages, previews
from feeds.formats.page import Page
from feeds.formats.previews import Preview, State
from feeds.model.article import Article
from feeds.model.problems import Problem
from feeds.model.renditions import TitleCard
from feeds.model.site_types import slug

from .web import current_edition, current_publisher

HOSTS_KEY = "PREVIEW_HOSTS"
"""The configuration key of the host names at which the preview server answers; the editor has its own check."""

blueprint = Blueprint("preview", __name__, url_prefix="/preview")


@blueprint.before_app_request
def check_host() -> None:
    """Abort a request for an unknown host name: another web page may have made it resolve to us (DNS rebinding).

    This is not possible with an IP address. Flask's TRUSTED_HOSTS does not recognise IPv6 addresses.
    """
    if HOSTS_KEY not in current_app.config:
        return
    host = (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
    if host not in map(str.lower, current_app.config[HOSTS_KEY]) and not _is_ip_address(host):
        raise SecurityError(
            f"{host or 'this host'} is unknown (start feeds preview with --trusted-host {host}, or use the IP address)"
        )


def _is_ip_address(host: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(host))
    return False


@blueprint.get("")
def listing() -> Response:
    """Render the list of articles: those that are not live with the reason, and then the live ones."""
    publisher, builder = current_publisher(), current_edition().builder
    problems = publisher.problems
    article_previews = previews_of_files(publisher.loaded_content.articles, problems, publisher.clock())
    other_problems = [problem for problem in problems if _article_slug(problem) not in article_previews]
    return _html_response(
        previews.listing(builder, list(article_previews.values()), other_problems, publisher.revision)
    )


@blueprint.get("/<name>")
def preview(name: str) -> Response:
    """Render an article as its page, as an entry and as cards, or the problems of its file."""
    publisher = current_publisher()
    article_preview = previews_of_files(publisher.loaded_content.articles, publisher.problems, publisher.clock()).get(
        name
    ) or abort(HTTPStatus.NOT_FOUND)
    saved = current_publisher().loaded_content.articles.get(name)
    builder, article = as_live(saved) if saved else (current_edition().builder, None)
    return _html_response(previews.preview(builder, article_preview, article, publisher.revision))


@blueprint.get("/<name>/page")
def page(name: str) -> Response:
    """Render the page of an article as it will be, for the frame in its preview."""
    saved = current_publisher().loaded_content.articles.get(name) or abort(HTTPStatus.NOT_FOUND)
    builder, article = as_live(saved)
    return _html_response(pages.article(Page(builder, article.language, has_scripts=False), article))


@blueprint.get("/-/revision")
def revision() -> Response:
    """Return the revision of the content; previews poll it, and reload when it changes."""
    return jsonify(current_publisher().revision)


@blueprint.get("/-/preview.js")
def script() -> Response:
    """Return the script that polls the revision."""
    return Response(assets.read("preview.js"), content_type=assets.SCRIPT_TYPE)


def _html_response(data: bytes) -> Response:
    response = Response(data, content_type=pages.CONTENT_TYPE)
    policy = content_security_policy(current_edition().site.url, framed_by="'self'")
    response.headers["Content-Security-Policy"] = f"{policy}; frame-src 'self'"
    return response


def _article_slug(problem: Problem) -> str:
    """Return the slug of the article file with a problem; empty (no article's slug) if it is elsewhere."""
    path = Path(problem.file)
    return slug(path.stem) if path.is_relative_to(current_publisher().content.root / "articles") else ""


def previews_of_files(
    articles: Mapping[str, Article], all_problems: Iterable[Problem], now: datetime
) -> dict[str, Preview]:
    """Return previews of all article files by slug, newest first; without an article, a file is broken."""
    problems_by_slug: dict[str, list[Problem]] = defaultdict(list)
    for problem in all_problems:
        if name := _article_slug(problem):
            problems_by_slug[name].append(problem)
    previews_of_files = []
    for name in {**articles, **problems_by_slug}:
        article, own_problems = articles.get(name), tuple(problems_by_slug.get(name, ()))
        title = article.title if article else Path(own_problems[0].file).name
        previews_of_files.append(
            Preview(
                name, title, _state(article, own_problems, now), article.published if article else None, own_problems
            )
        )
    latest = datetime.max.replace(tzinfo=now.tzinfo)
    return {
        item.slug: item
        for item in sorted(previews_of_files, key=lambda item: (item.published or latest, item.slug), reverse=True)
    }


def _state(article: Article | None, problems: tuple[Problem, ...], now: datetime) -> State:
    if article is None or any(problem.severity == "error" for problem in problems):
        return "faulty"
    if article.draft:
        return "draft"
    if not article.has_appeared(now):
        return "scheduled"
    if article.has_expired(now):
        return "expired"
    return "withdrawn" if article.withdrawal(now) else "live"


def as_live(article: Article) -> tuple[FeedBuilder, Article]:
    """Return an article, saved or not, as if it were live, with the table of feeds that contain it.

    It is no draft, and `now` is at the earliest when it is published.
    """
    publisher, edition = current_publisher(), current_edition()
    is_saved = publisher.loaded_content.articles.get(article.slug) is article
    article = article.model_copy(update={"draft": False})
    for original in article.originals:
        publisher.pictures.make(original)
    now = max(publisher.clock(), article.published)
    articles = {**publisher.loaded_content.articles, article.slug: article}
    catalog = Catalog.at(now, edition.site, articles, edition.catalog, pages=edition.catalog.pages)
    if is_saved and isinstance(source := card_source(catalog, article), TitleCard):
        publisher.pictures.draw([source])  # not at each key that an author presses
    return FeedBuilder(catalog, pictures=publisher.pictures.pictures), article
