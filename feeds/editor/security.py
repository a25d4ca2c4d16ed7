"""Checks before each request to the editor: its host, its author, and that a form was sent from one of our pages."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, redirect, request, session, url_for
from flask_limiter import Limiter, RateLimitExceeded
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response as BaseResponse

from feeds.base import translations
from feeds.content.uploads import MAX_UPLOAD_BYTES
from feeds.feed.title_cards import title_card
from feeds.model.problems import Message
from feeds.server.web import current_publisher

from .access import SHARED_COOKIE, current_access, shared_article
from .accounts import AccountError
from .rendering import CONTENT_POLICY, interface_language, render, translate

MAX_TEXT_BYTES = 4 << 20
"""Maximum size of the texts of a form: four times that of an article file."""

ACCOUNT_LIMIT, ADDRESS_LIMIT = "10 per 5 minutes", "100 per hour"
"""Attempts to sign in from an address: with one name, and in all."""

MAX_SIGN_IN_BYTES = 16 << 10
"""Maximum size of the form with name and password, which anybody may send."""

MAX_ANONYMOUS_FORMS, MAX_FORMS_OF_ADDRESS = 16, 4
"""Forms of people who are not signed in that are read at a time, in all and from an address: each may occupy a thread
for as long as it arrives.
"""

MAX_FIELDS = 5_000
"""Maximum number of fields of a form."""

PUBLIC_ENDPOINTS = ("editor.sign_in", "editor.sign_in_post", "editor.shared", "editor.asset")
"""Endpoints that need no sign-in."""

FORM_ENDPOINTS = ("editor.create", "editor.save")
"""Endpoints that show a form again if its token is too old, so that no text is lost."""

logger = logging.getLogger(__name__)

blueprint = Blueprint("editor", __name__, url_prefix="/edit")
csrf = CSRFProtect()


def client_network() -> str:
    """Return the address of the client; of an IPv6 address, the network, in which a client may choose any other."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def client_and_name() -> str:
    """Return the address of the client, with the name that it tries to sign in with."""
    return f"{client_network()} {request.form.get('name', '').strip()}"


anonymous_forms: Counter[str] = Counter()
_forms_lock = threading.Lock()
limiter = Limiter(client_network, storage_uri="memory://", strategy="moving-window")


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
    if request.method == "POST" and origin is not None and origin.partition("://")[2] != request.host:
        abort(HTTPStatus.FORBIDDEN)


def _is_ours() -> bool:
    return request.blueprint in ("editor", "preview")


@blueprint.before_app_request
def _check_author() -> BaseResponse | Response | None:
    """Ask for a name and a password, unless the request is from an author or for a public page."""
    access = current_access()
    g.user = access.user()
    if request.method == "POST" and g.user is None and _is_ours():
        _take_slot(client_network())
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
    if request.endpoint in PUBLIC_ENDPOINTS:
        request.max_content_length = MAX_SIGN_IN_BYTES
    request.max_form_memory_size, request.max_form_parts = MAX_TEXT_BYTES, MAX_FIELDS
    g.is_form_old = False
    try:
        csrf.protect()
    except CSRFError:
        if request.endpoint not in FORM_ENDPOINTS:
            raise
        g.is_form_old = True


def _take_slot(network: str) -> None:
    """Count a form of somebody who is not signed in, or abort it with 503 if there are too many."""
    with _forms_lock:
        if anonymous_forms.total() >= MAX_ANONYMOUS_FORMS or anonymous_forms[network] >= MAX_FORMS_OF_ADDRESS:
            abort(HTTPStatus.SERVICE_UNAVAILABLE)
        anonymous_forms[network] += 1
        g.slot = network


@blueprint.teardown_app_request
def _free_slot(error: BaseException | None) -> None:
    if network := g.pop("slot", None):
        with _forms_lock:
            anonymous_forms[network] -= 1
            if not anonymous_forms[network]:
                del anonymous_forms[network]


@blueprint.app_errorhandler(CSRFError)
def _form_too_old(error: CSRFError) -> Response:
    return render("message.html", HTTPStatus.BAD_REQUEST, text=translate("This page has expired. Reload it."))


@blueprint.app_errorhandler(RateLimitExceeded)
def _too_many_attempts(error: RateLimitExceeded) -> Response:
    text = translate("Too many sign-in attempts. Wait a while, then try again.")
    response = render("message.html", HTTPStatus.TOO_MANY_REQUESTS, text=text)
    response.headers["Retry-After"] = "300"
    return response


@blueprint.app_errorhandler(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
def _too_large(error: Exception) -> Response:
    limit = (request.max_content_length or MAX_UPLOAD_BYTES) >> 20
    text = Message.of("upload-too-large", limit=max(limit, 1)).text(interface_language())
    if request.accept_mimetypes.best == "application/json":
        return Response(
            json.dumps({"error": text}), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, content_type="application/json"
        )
    return render("message.html", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text=text)


@blueprint.app_errorhandler(AccountError)
def _accounts_unusable(error: AccountError) -> Response:
    logger.error("%s", error)
    text = translate("Signing in is not possible at the moment. Tell your administrator.")
    g.user = None
    return render("message.html", HTTPStatus.SERVICE_UNAVAILABLE, text=text)


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
    articles = current_publisher().loaded_content.articles
    article = shared_article(request.cookies.get(SHARED_COOKIE, ""), articles)
    if article is None:
        return False
    if kind == "pictures":
        site = current_publisher().loaded_content.site
        stems = {stem for original in article.originals for stem in original.stems}
        return name in stems or (site is not None and name == title_card(site, article).card_stem)
    files = (*(original.file for original in article.originals), *(each.file for each in article.attachments))
    return any(file and file.path == name for file in files) or f"media/{name}" in article.body


def use_language(code: str) -> None:
    """Show the editor in a language from now on."""
    if code in translations.LANGUAGES:
        session["language"] = code
