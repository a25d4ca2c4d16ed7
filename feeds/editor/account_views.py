"""Signing in and out, the language of the editor, links that show one draft, and the files of the pages."""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import Response, abort, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from feeds.formats import assets

from .access import LINK_SECONDS, SHARED_COOKIE, current_access, share_token, shared_article
from .context import current_articles, current_store
from .form_pages import preview_page
from .forms import SignInForm
from .rendering import render, translate
from .security import ACCOUNT_LIMIT, ADDRESS_LIMIT, blueprint, client_and_name, limiter, use_language

ASSETS = {"editor.css": assets.CSS_TYPE, "editor.js": assets.SCRIPT_TYPE}
"""Files of the package's `static` folder, with their types."""


@blueprint.before_app_request
def choose_language() -> None:
    """Show the editor in the language that `?interface=` names."""
    if code := request.args.get("interface"):
        use_language(code)


@blueprint.post("/<slug>/share")
def share(slug: str) -> BaseResponse:
    """Make a link that shows the article to somebody without an account."""
    article = current_articles().get(slug) if current_store().open(slug) else None
    if article is None:
        abort(HTTPStatus.NOT_FOUND)
    root = (current_access().url or request.host_url).rstrip("/")
    session["shared-link"] = root + url_for("editor.shared", token=share_token(article.id))
    return redirect(url_for("editor.edit", slug=slug, _anchor="share"), HTTPStatus.SEE_OTHER)


@blueprint.get("/shared/<token>")
def shared(token: str) -> Response:
    """Show the article of a link, with its pictures."""
    article = shared_article(token, current_articles())
    if article is None:
        return render("message.html", HTTPStatus.NOT_FOUND, text=translate("This link is invalid or has expired."))
    response = preview_page(article, {}, shared=True)
    response.set_cookie(SHARED_COOKIE, token, LINK_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """Render the form for a name and a password."""
    return render("sign_in.html", next=request.args.get("next", ""), failed=False, name="")


@blueprint.post("/sign-in", endpoint="sign_in_post")
@limiter.limit(ADDRESS_LIMIT)
@limiter.limit(ACCOUNT_LIMIT, key_func=client_and_name)
def check_password() -> Response | BaseResponse:
    """Begin a session, and redirect to the page that was asked for."""
    form, target = SignInForm(), request.form.get("next", "")
    name = (form.name.data or "").strip()
    if not current_access().sign_in(name, form.password.data or ""):
        return render("sign_in.html", HTTPStatus.UNPROCESSABLE_ENTITY, next=target, failed=True, name=name)
    is_ours = re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/(edit|preview)([/?][A-Za-z0-9/?&=%.,_~+-]*)?", target)
    return redirect(target if is_ours else url_for("editor.index"), HTTPStatus.SEE_OTHER)


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """End all sessions of the author."""
    current_access().sign_out()
    return redirect(url_for("editor.sign_in"), HTTPStatus.SEE_OTHER)


@blueprint.get("/-/<name>")
def asset(name: str) -> Response:
    """Return the stylesheet or the script."""
    if name not in ASSETS:
        abort(HTTPStatus.NOT_FOUND)
    data = assets.read(name, "feeds.editor")
    return Response(data, content_type=ASSETS[name])


@blueprint.errorhandler(HTTPStatus.NOT_FOUND)
def missing(error: Exception) -> Response:
    """Render a page with the way back to the list."""
    text = translate("There is no such article. It may have been deleted.")
    return render("message.html", HTTPStatus.NOT_FOUND, text=text)
