"""Checks before each request to the editor: its host, its author, and that a form was sent from one of our pages."""

from __future__ import annotations

import json
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, redirect, request, session, url_for
from flask_limiter import Limiter, RateLimitExceeded
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response as BaseResponse

from feeds.base import translations
from feeds.content.uploads import MAX_UPLOAD_BYTES
from feeds.model.problems import Message
from feeds.server.web import current_publisher

from .access import SHARED_COOKIE, current_access, shared_slug
from .rendering import CONTENT_POLICY, interface_language, render, say

MAX_TEXT_BYTES = 4 << 20
"""Maximum size of the texts of a form: four times that of an article file."""

SIGN_IN_LIMITS = "10 per 5 minutes; 50 per day"
"""Failed attempts to sign in from an address."""

PUBLIC_ENDPOINTS = ("editor.sign_in", "editor.sign_in_post", "editor.shared", "editor.asset")
"""Endpoints that need no author."""

FORM_ENDPOINTS = ("editor.create", "editor.save")
"""Endpoints that show a form again if its token is too old, so that no text is lost."""

blueprint = Blueprint("editor", __name__, url_prefix="/edit")
csrf = CSRFProtect()
limiter = Limiter(lambda: request.remote_addr or "unknown", storage_uri="memory://", strategy="moving-window")


@blueprint.before_app_request
def _check_host() -> None:
    """Abort a request for an unknown host name: another page may have made it resolve to us (DNS rebinding)."""
    host = (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
    if host not in current_access().hosts:
        raise SecurityError(f"{host or 'this host'} is unknown (expected {' or '.join(current_access().hosts)})")


@blueprint.before_app_request
def _check_origin() -> None:
    """Abort a request that a page of another site sent (Origin, RFC 6454)."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin is not None and urlsplit(origin).netloc != request.host:
        abort(HTTPStatus.FORBIDDEN)


def _is_ours() -> bool:
    return request.blueprint in ("editor", "preview")


@blueprint.before_app_request
def _check_author() -> BaseResponse | Response | None:
    """Ask for a name and a password, unless the request is from an author or for a public page."""
    access = current_access()
    g.user = access.user()
    if not _is_ours() or request.endpoint in PUBLIC_ENDPOINTS or g.user is not None:
        return None
    if access.header:
        abort(HTTPStatus.FORBIDDEN)
    target = request.full_path.rstrip("?")
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("editor.sign_in", next=target), HTTPStatus.SEE_OTHER)
    if request.accept_mimetypes.best == "application/json":
        return Response("{}", HTTPStatus.UNAUTHORIZED, content_type="application/json")
    request.max_content_length = MAX_TEXT_BYTES
    texts = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return render("signed_out.html", HTTPStatus.UNAUTHORIZED, texts=texts, target=request.path)


@blueprint.before_app_request
def _check_form() -> None:
    """Abort a form without the token of the session, and limit its size."""
    if request.method != "POST" or not _is_ours():
        return
    has_uploads = request.mimetype == "multipart/form-data"
    request.max_content_length = MAX_UPLOAD_BYTES if has_uploads else MAX_TEXT_BYTES
    request.max_form_memory_size = MAX_TEXT_BYTES
    g.is_form_old = False
    try:
        csrf.protect()
    except CSRFError:
        if request.endpoint not in FORM_ENDPOINTS:
            raise
        g.is_form_old = True


@blueprint.app_errorhandler(CSRFError)
def _form_too_old(error: CSRFError) -> Response:
    return render("message.html", HTTPStatus.BAD_REQUEST, text=say("This page was open for too long. Load it again."))


@blueprint.app_errorhandler(RateLimitExceeded)
def _too_many_attempts(error: RateLimitExceeded) -> Response:
    text = say("There were too many attempts to sign in. Wait a few minutes, and try again.")
    response = render("message.html", HTTPStatus.TOO_MANY_REQUESTS, text=text)
    response.headers["Retry-After"] = "300"
    return response


@blueprint.app_errorhandler(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
def _too_large(error: Exception) -> Response:
    text = Message.of("upload-too-large", limit=MAX_UPLOAD_BYTES).text(interface_language())
    if request.accept_mimetypes.best == "application/json":
        return Response(
            json.dumps({"error": text}), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, content_type="application/json"
        )
    return render("message.html", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text=text)


@blueprint.after_app_request
def _secure(response: Response) -> Response:
    """Add the headers of the editor's pages, which no cache may keep."""
    if _is_ours():
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        if request.blueprint == "editor":
            response.headers["Content-Security-Policy"] = CONTENT_POLICY
    return response


def shows_unpublished(kind: str, name: str) -> bool:
    """Return whether this request may get a picture or file that is not public: an author may.

    Whoever has a link to a draft may get the files of this draft. `kind` is media or pictures.
    """
    if g.get("user") is not None:
        return True
    slug = shared_slug(request.cookies.get(SHARED_COOKIE, ""))
    article = current_publisher().loaded_content.articles.get(slug or "")
    if article is None:
        return False
    if kind == "pictures":
        return any(name in (original.feed_stem, original.card_stem) for original in article.originals)
    files = (*(original.file for original in article.originals), *(each.file for each in article.attachments))
    return any(file and file.path == name for file in files) or f"media/{name}" in article.body


def use_language(code: str) -> None:
    """Show the editor in a language from now on."""
    if code in translations.LANGUAGES:
        session["language"] = code
