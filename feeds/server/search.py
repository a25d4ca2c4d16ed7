"""The search: its pages and its feeds, at `/search` and below the prefixes of the other languages."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response, abort, request
from werkzeug.exceptions import ServiceUnavailable

from feeds.edition import search_results
from feeds.edition.document import Document
from feeds.edition.edition import Edition
from feeds.feed.search_text import MAX_QUERY_CHARACTERS
from feeds.formats.registry import FORMATS
from feeds.model.yamlfile import FORBIDDEN

from .navigation import is_navigation, redirect_to_page
from .search_index import Results
from .web import blueprint, current_edition, current_publisher

MAX_PAGE = 10_000


@blueprint.get("/search", defaults={"language": None, "ending": None})
@blueprint.get("/search.<ending>", defaults={"language": None})
@blueprint.get("/<language>/search", defaults={"ending": None})
@blueprint.get("/<language>/search.<ending>")
def search(language: str | None, ending: str | None) -> Response:
    """Return the results of a query as a page, or as a feed that follows it."""
    edition = current_edition()
    site = edition.site
    is_language = language is None or language in site.languages[1:]
    if not is_language or ending not in (None, *FORMATS) or request.root_path != site.path or not edition.serves_search:
        abort(HTTPStatus.NOT_FOUND)
    language = language or site.default_language
    if ending and is_navigation(request.environ):
        _, headers, _ = redirect_to_page(f"{site.path}{site.search_path(language)}?{_query(request.args.get('q', ''))}")
        return Response(status=HTTPStatus.SEE_OTHER, headers=headers)
    query = " ".join(FORBIDDEN.sub(" ", request.args.get("q", "")[:MAX_QUERY_CHARACTERS]).split())
    results = find(edition, query)
    if ending:
        return _respond(search_results.feed(edition, language, query, results.get(language, []), ending), edition)
    number = request.args.get("page", "1")
    number_of_page = int(number) if number.isdecimal() and 0 < len(number) < 6 else 1
    return _respond(
        search_results.page(edition, language, query, results, min(max(number_of_page, 1), MAX_PAGE)), edition
    )


def _query(query: str) -> str:
    return urlencode({"q": query[:MAX_QUERY_CHARACTERS]})


def find(edition: Edition, query: str) -> Results:
    """Return the articles that a query finds now. Aborts the request with 503 if too many are waiting."""
    publisher = current_publisher()
    index = publisher.search_index
    if not index.slots.acquire(blocking=False):
        raise ServiceUnavailable
    try:
        return index.search(edition.catalog, publisher.clock(), query)
    finally:
        index.slots.release()


def _respond(document: Document, edition: Edition) -> Response:
    status, headers, body = document.respond(request.environ, current_publisher().seconds_left(edition))
    return Response(b"".join(body), status, headers)
