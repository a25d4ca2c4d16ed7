"""What Flask answers: files of `media/`, redirects, errors and `/health`; the documents never reach it."""

from __future__ import annotations

import threading
import weakref
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, request, send_file
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from feeds.edition.document import (
    FOR_EVER,
    SANDBOX,
    SCRIPTABLE,
    SECURITY,
    SHARED,
    cache_control,
    content_security_policy,
)
from feeds.edition.edition import Edition
from feeds.formats import crawlers
from feeds.model.renditions import STEM

from .publisher import Publisher

blueprint = Blueprint("feeds", __name__)

DOWNLOADS = 24
"""How many large files a process sends at a time: each takes a thread for as long as a slow client likes."""

LARGE = 500_000
"""Bytes from which a file counts as large: less is handed over at once."""

_downloads = threading.BoundedSemaphore(DOWNLOADS)


def current_publisher() -> Publisher:
    """Give the publisher of the application that answers."""
    publisher: Publisher = current_app.extensions["feeds"]
    return publisher


def current_edition() -> Edition:
    """Give its edition, or end the request with a 503."""
    edition = current_publisher().edition
    if edition is None:
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return edition


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


@blueprint.get("/health")
def health() -> tuple[Response, int]:
    """Tell how the service is, without a word of the content."""
    publisher = current_publisher()
    edition, refreshed = publisher.edition, publisher.refreshed
    state = {
        "edition": edition.id if edition else None,
        "age": int(publisher.age(edition)) if edition else None,
        "refreshed": _iso(refreshed),
        "next_change": _iso(edition.next_change) if edition else None,
        "errors": sum(problem.severity == "error" for problem in publisher.problems),
        "problems": len(publisher.problems),
    }
    return jsonify(state), HTTPStatus.OK if edition else HTTPStatus.SERVICE_UNAVAILABLE


@blueprint.get(crawlers.SECURITY)
def security() -> Response:
    """Tell where to report a fault of security; no document of the edition, since it expires."""
    edition = current_edition()
    text = crawlers.security(edition.site, current_publisher().clock())
    if text is None or request.root_path != edition.site.path:
        abort(HTTPStatus.NOT_FOUND)
    response = Response(text, content_type=crawlers.TEXT_TYPE)
    response.headers["Cache-Control"] = cache_control(edition.site.max_age)
    return response


@blueprint.get("/media/<path:name>")
def media(name: str) -> Response:
    """Send a file that the site or a live article names; parts of it too, which players ask for."""
    edition, folder = current_edition(), current_publisher().content.media
    is_named = name in edition.files or "preview" in current_app.blueprints
    if not is_named or request.root_path != edition.site.path:
        abort(HTTPStatus.NOT_FOUND)
    try:
        file = folder.find(name)  # measured again if it changed: its tag is that of the bytes that go out
    except ValueError:
        abort(HTTPStatus.NOT_FOUND)
    max_age = max(0, int(min(edition.site.max_age, current_publisher().seconds_left(edition))))
    path = folder.path_of(file).resolve()
    response = _sent(path, file.type, etag=file.digest, max_age=max_age)
    response.cache_control.public = True
    if max_age > SHARED:
        response.cache_control.s_maxage = SHARED
    if file.type in SCRIPTABLE:
        response.headers["Content-Security-Policy"] = SANDBOX
    return response


@blueprint.get("/pictures/<name>")
def picture(name: str) -> Response:
    """Send a form of a picture that something live shows; what has a name has it for ever."""
    edition, store = current_edition(), current_publisher().pictures
    stem = name[:STEM]
    made, original = store.pictures.made.get(stem) or store.look().made.get(stem), edition.catalog.original(stem)
    is_others = not edition.catalog.group("picture", stem).articles  # of another worker, which has read more already
    is_shown = original is not None or is_others or "preview" in current_app.blueprints
    if made is None or not is_shown or request.root_path != edition.site.path:
        abort(HTTPStatus.NOT_FOUND)
    if name == made.name:
        path = store.folder / name
    elif original and name in original.small_names:
        path = store.small(original, name) or store.folder / made.name
    else:
        abort(HTTPStatus.NOT_FOUND)
    if not path.is_file():
        abort(HTTPStatus.NOT_FOUND)
    is_itself = path.name == name  # what could not be made is stood in for, but not for ever
    max_age = FOR_EVER if is_itself else edition.site.max_age
    response = _sent(path.resolve(), None, etag=path.stem, max_age=max_age)
    response.cache_control.public, response.cache_control.immutable = True, is_itself
    return response


def _sent(path: Path, kind: str | None, *, etag: str, max_age: int) -> Response:
    """Send a file, or the part of it that is asked for; of large ones only so many at a time."""
    response = send_file(path, kind, etag=etag, max_age=max_age, conditional=True)
    is_sent = request.method == "GET" and response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
    if is_sent and (response.content_length or 0) > LARGE:
        if not _downloads.acquire(blocking=False):
            response.close()
            raise ServiceUnavailable
        # what is sent outlives the response, and Granian 2.8 does not close it (PEP 3333), but lets go of it
        weakref.finalize(response.response, _downloads.release)
    return response


@blueprint.app_errorhandler(HTTPException)
def error(fault: HTTPException) -> Response:
    """Answer an error with a short page; an address that leads nowhere may have been redirected or misspelt."""
    edition = current_publisher().edition
    if edition is None:
        fault = ServiceUnavailable()
    elif fault.code == HTTPStatus.NOT_FOUND:
        return _elsewhere(edition) or _page(edition.missing(request.root_path + request.path), fault)
    status = HTTPStatus(fault.code or 500)
    response = Response(f"{status.value} {status.phrase}\n", status, content_type="text/plain; charset=utf-8")
    response.headers.extend(
        [(name, value) for name, value in fault.get_headers() if name in ("Allow", "Content-Range")]
    )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "60"
    return response


def _elsewhere(edition: Edition) -> Response | None:
    """Redirect an old path to its new place, and a path with a slash too many or too few to the right one."""
    site, path = edition.site, request.path
    if request.root_path != site.path:
        return None
    query = request.query_string.decode("latin-1")
    target = edition.redirects.by_query(site.path + path, query) if query else None
    if target is None:
        target = edition.redirects.by_path(site.path + (path if request.environ["PATH_INFO"] else ""))
    if target is None:
        other = path.rstrip("/") if path.endswith("/") else path + "/"
        target = site.absolute(other) if edition.find(site.path + other) else None
    if target is None:
        return None
    seconds_left = current_publisher().seconds_left(edition)
    response = cast(Response, redirect(target, HTTPStatus.MOVED_PERMANENTLY))
    response.headers["Cache-Control"] = cache_control(site.max_age, seconds_left, shared=SHARED)
    return response


def _page(data: bytes, fault: HTTPException) -> Response:
    return Response(data, fault.code, content_type="text/html; charset=utf-8")


@blueprint.after_app_request
def secure(response: Response) -> Response:
    """Add what every answer carries, and let no cache keep an error: an address may lead somewhere tomorrow."""
    edition = current_publisher().edition
    for name, value in SECURITY:
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_security_policy(edition.site.url if edition else ""))
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
