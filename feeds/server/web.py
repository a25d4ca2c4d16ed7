"""Flask's part: files of `media/`, redirects, errors and `/health`.

Requests for documents never reach it.
"""

from __future__ import annotations

import re
import threading
import time
import weakref
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, request, send_file
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable

from feeds.content.media import is_within
from feeds.edition.document import (
    IMMUTABLE_MAX_AGE,
    SANDBOX_POLICY,
    SECURITY_HEADERS,
    SHARED_MAX_AGE,
    cache_control,
    content_security_policy,
)
from feeds.edition.edition import Edition
from feeds.feed.title_cards import title_card
from feeds.formats import crawlers, pages
from feeds.model.article import Article
from feeds.model.media_types import SCRIPTABLE_TYPES
from feeds.model.redirects import forwards_query
from feeds.model.renditions import STEM_LENGTH

from .publisher import Publisher

blueprint = Blueprint("feeds", __name__)

UNPUBLISHED_KEY = "feeds-unpublished"
"""Key of the extension that says who gets files that are not public, given `media` or `pictures` and a name."""

UNPUBLISHED_CACHE_CONTROL = "private, no-store"
"""Cache-Control of what is not public: no cache may give it to somebody else."""

MAX_LARGE_DOWNLOADS = 24
"""Maximum large files that a process sends at a time; each occupies a thread for as long as a slow
client takes.
"""

LARGE_FILE_BYTES = 500_000
"""Size in bytes above which a file counts as large; smaller ones are handed over at once."""

_SINGLE_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-[0-9]{1,18})[ \t]*", re.IGNORECASE)
"""A Range header with one range: its first and last position, or the length of a suffix."""

MAX_NEAREST = 3
"""Maximum number of articles that the page for an unknown address suggests."""

NEW_PICTURE_SECONDS = 10.0
"""Seconds for which a new picture of another worker is served although this worker does not know its article yet."""

download_slots = threading.BoundedSemaphore(MAX_LARGE_DOWNLOADS)


def current_publisher() -> Publisher:
    """Return the publisher of the current application."""
    publisher: Publisher = current_app.extensions["feeds"]
    return publisher


def current_edition() -> Edition:
    """Return the current edition. Aborts the request with 503 if there is none."""
    edition = current_publisher().edition
    if edition is None:
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return edition


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


@blueprint.get("/health")
def health() -> tuple[Response, int]:
    """Return the state of the service, without any of the content."""
    publisher = current_publisher()
    edition, refreshed = publisher.edition, publisher.refreshed_at
    state = {
        "edition": edition.id if edition else None,
        "age": int(publisher.age(edition)) if edition else None,
        "refreshed": _iso(refreshed),
        "next_change": _iso(edition.next_change) if edition else None,
        "watching": publisher.watcher.mode,
        "errors": sum(problem.severity == "error" for problem in publisher.problems),
        "problems": len(publisher.problems),
    }
    return jsonify(state), HTTPStatus.OK if edition else HTTPStatus.SERVICE_UNAVAILABLE


@blueprint.get(crawlers.SECURITY_TXT_PATH)
def security() -> Response:
    """Return security.txt, which is not a document of the edition, because it expires."""
    edition = current_edition()
    text = crawlers.security_txt(edition.site, current_publisher().clock())
    if text is None or request.root_path != edition.site.path:
        abort(HTTPStatus.NOT_FOUND)
    response = Response(text, content_type=crawlers.TEXT_TYPE)
    response.headers["Cache-Control"] = cache_control(edition.site.max_age)
    return response


@blueprint.get("/media/<path:name>")
def media(name: str) -> Response:
    """Send a media file that the site or a live article names, or a part of it, which players request."""
    edition, folder = current_edition(), current_publisher().content.media
    is_public = name in edition.files
    if not (is_public or _shows_unpublished("media", name)) or request.root_path != edition.site.path:
        abort(HTTPStatus.NOT_FOUND)
    try:
        file = edition.files.get(name) or folder.find(name)
        path, etag = folder.path_of(file).resolve(), folder.etag(file)
    except (ValueError, OSError):
        abort(HTTPStatus.NOT_FOUND)
    if not is_within(path, folder.root) or not path.is_file():
        abort(HTTPStatus.NOT_FOUND)
    is_stable = folder.is_unchanged_since_measured(file)  # else it may be in the middle of being replaced
    max_age = max(0, int(min(edition.site.max_age, current_publisher().seconds_left(edition)))) if is_stable else 0
    response = _send(path, file.type, etag=etag, max_age=max_age)
    if not is_public:
        response.headers["Cache-Control"] = UNPUBLISHED_CACHE_CONTROL
    else:
        response.cache_control.public = True
        if max_age > SHARED_MAX_AGE:
            response.cache_control.s_maxage = SHARED_MAX_AGE
    if file.type in SCRIPTABLE_TYPES:
        response.headers["Content-Security-Policy"] = SANDBOX_POLICY
    return response


@blueprint.get("/pictures/<name>")
def picture(name: str) -> Response:
    """Send a version of a picture that something live shows; the bytes of a name never change."""
    edition, store = current_edition(), current_publisher().pictures
    stem = name[:STEM_LENGTH]
    original = edition.catalog.original(stem)
    rendition = store.pictures.renditions.get(stem) or store.refresh().renditions.get(stem)
    is_shown = rendition is not None and edition.shows_picture(stem)
    is_unpublished = not is_shown and _shows_unpublished("pictures", stem)
    is_allowed = is_shown or is_unpublished or _was_just_made(edition, store.folder / name, stem)
    if rendition is None or not is_allowed or request.root_path != edition.site.path:
        abort(HTTPStatus.NOT_FOUND)
    if name == rendition.name:
        path = store.verified_path(name)
    elif original and name in original.small_names:
        path = store.verified_path(name) or store.verified_path(rendition.name)  # the feed picture until then
    else:
        path = None
    if path is None:
        abort(HTTPStatus.NOT_FOUND)
    is_exact = path.name == name  # the substitute for a version that cannot be made is not cached for ever
    max_age = IMMUTABLE_MAX_AGE if is_exact else edition.site.max_age
    response = _send(path.resolve(), None, etag=path.stem, max_age=max_age)
    response.cache_control.public, response.cache_control.immutable = True, is_exact
    response.cache_control.s_maxage = SHARED_MAX_AGE  # so that a withdrawn picture disappears from shared caches
    if is_unpublished:
        response.headers["Cache-Control"] = UNPUBLISHED_CACHE_CONTROL
    return response


def _shows_unpublished(kind: str, name: str) -> bool:
    """Return whether a request may get a picture or file that is not public, as previews show them."""
    allows: Callable[[str, str], bool] | None = current_app.extensions.get(UNPUBLISHED_KEY)
    return allows is not None and allows(kind, name)


def _was_just_made(edition: Edition, path: Path, stem: str) -> bool:
    """Return whether a picture was made just now by another worker, which has newer content than this one."""
    articles = edition.catalog.articles.values()
    if edition.catalog.group("picture", stem).articles:
        return False
    if any(title_card(edition.site, each).card_stem == stem for each in articles if each.original is None):
        return False
    try:
        return time.time() - path.stat().st_mtime < NEW_PICTURE_SECONDS
    except OSError:
        return False


def _send(path: Path, media_type: str | None, *, etag: str, max_age: int) -> Response:
    """Send a file or the requested part of it; limit how many large files are sent at a time."""
    if request.method != "GET" or not is_supported_range(request.headers.get("Range", "")):
        request.environ.pop("HTTP_RANGE", None)
    response = send_file(path, media_type, etag=etag, max_age=max_age, conditional=True)
    has_body = request.method == "GET" and response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
    if has_body and (response.content_length or 0) > LARGE_FILE_BYTES:
        if not download_slots.acquire(blocking=False):
            response.close()
            raise ServiceUnavailable
        # the body outlives the response; Granian 2.8 does not close it (PEP 3333), but drops its reference
        weakref.finalize(response.response, download_slots.release)
    return response


def is_supported_range(header: str) -> bool:
    """Return whether a Range header has one valid range in bytes; any other is ignored (RFC 9110 section 14.2)."""
    match = _SINGLE_RANGE.fullmatch(header)
    return match is not None and not (match[1] and match[2] and int(match[1]) > int(match[2]))


@blueprint.app_errorhandler(HTTPException)
def error(exception: HTTPException) -> Response:
    """Return a short page for an error.

    If an address does not exist, the response is a redirect if there is one, else the not-found page.
    """
    edition = current_publisher().edition
    if edition is None:
        exception = ServiceUnavailable()
    elif exception.code == HTTPStatus.NOT_FOUND:
        return _redirect_for(edition) or _not_found(edition, exception)
    status = HTTPStatus(exception.code or 500)
    reason = f": {exception.description}" if isinstance(exception, SecurityError) else ""
    response = Response(f"{status.value} {status.phrase}{reason}\n", status, content_type="text/plain; charset=utf-8")
    response.headers.extend(
        [(name, value) for name, value in exception.get_headers() if name in ("Allow", "Content-Range")]
    )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "60"
    return response


def _redirect_for(edition: Edition) -> Response | None:
    """Redirect an old path to its new URL, and a path with a missing or extra slash to the right one.

    Returns None for any other path.
    """
    site, path = edition.site, request.path
    if request.root_path != site.path:
        return None
    query = request.query_string.decode("latin-1")
    target = edition.redirects.by_query(site.path + path, query) if query else None
    if target is None:
        target = edition.redirects.by_path(site.path + (path if request.environ["PATH_INFO"] else ""))
        if target and query and forwards_query(site, target):
            target = f"{target}?{query}"
    if target is None:
        alternative = path.rstrip("/") if path.endswith("/") else path + "/"
        target = site.absolute(alternative) if edition.find(site.path + alternative) else None
    if target is None:
        return None
    seconds_left = current_publisher().seconds_left(edition)
    response = cast(Response, redirect(target, HTTPStatus.MOVED_PERMANENTLY))
    response.headers["Cache-Control"] = cache_control(site.max_age, seconds_left, shared=SHARED_MAX_AGE)
    return response


def _not_found(edition: Edition, exception: HTTPException) -> Response:
    """Return the page for an unknown address, with articles that contain words of the address."""
    path, publisher = request.root_path + request.path, current_publisher()
    nearest: list[Article] = []
    if edition.serves_search and publisher.search_index.slots.acquire(blocking=False):
        try:
            words, language = path.rpartition("/")[2], edition.language_of(path)
            nearest = publisher.search_index.nearest(edition.catalog, publisher.clock(), words, language, MAX_NEAREST)
            if not nearest and "/articles/" in path:
                nearest = edition.articles_spelled_like(words, language)[:MAX_NEAREST]
        finally:
            publisher.search_index.slots.release()
    return Response(edition.not_found_page(path, nearest), exception.code, content_type=pages.CONTENT_TYPE)


@blueprint.after_app_request
def secure(response: Response) -> Response:
    """Add the headers of every response, and forbid caching of errors: the address may exist tomorrow."""
    edition = current_publisher().edition
    for name, value in SECURITY_HEADERS:
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_security_policy(edition.site.url if edition else ""))
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
