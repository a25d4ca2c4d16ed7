"""The pages of the editor: the list, the form with its preview, uploads, links to drafts, and signing in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Response, abort, current_app, g, redirect, request, session, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from feeds.base import translations
from feeds.content.uploads import store_file
from feeds.formats import assets, pages, previews
from feeds.formats.pages import Page
from feeds.formats.previews import Preview
from feeds.model.article import Article
from feeds.model.problems import InvalidValue
from feeds.model.site import Site
from feeds.model.yaml_edit import Value
from feeds.server.preview import as_live, previews_of_files
from feeds.server.web import current_edition, current_publisher

from . import security
from .access import LINK_SECONDS, SHARED_COOKIE, current_access, share_token, shared_slug
from .desk import RESERVED_SLUGS, Conflict, Desk, Draft, Refused
from .forms import ArticleForm, SignInForm
from .listing import Filters, listing
from .rendering import interface_language, notify, render, say, texts_by_field
from .suggestions import Suggestions
from .translating import shared_values, with_twin
from .values import FormValues, Moment, changes, digests, form_values, submitted_values

blueprint = Blueprint("editor", __name__, url_prefix="/edit")
security.check_request(blueprint)

ASSETS = {"editor.css": assets.CSS_TYPE, "editor.js": assets.SCRIPT_TYPE}
"""Files of the package's `static` folder, with their types."""


def current_desk() -> Desk:
    """Return the desk of the current application."""
    return cast(Desk, current_app.extensions["feeds-desk"])


def _site() -> Site:
    return current_edition().site


def _moment() -> Moment:
    return Moment(current_publisher().clock(), _site().timezone)


def _previews() -> dict[str, Preview]:
    publisher = current_publisher()
    return previews_of_files(publisher.loaded_content.articles, publisher.problems, publisher.clock())


def _articles() -> Mapping[str, Article]:
    return current_publisher().loaded_content.articles


@blueprint.before_app_request
def choose_language() -> None:
    """Show the editor in the language that `?interface=` names."""
    if code := request.args.get("interface"):
        security.use_language(code)


@blueprint.get("")
def index() -> Response:
    """Render the list of all articles."""
    filters = Filters(**{name: request.args.get(name, "") for name in ("status", "category", "language", "q")})
    page = request.args.get("page", 1, int)
    found = listing(_previews(), _articles(), filters, page)
    others = {name: value for name, value in asdict(filters).items() if value}
    problems = [each for each in current_publisher().problems if not each.file.startswith(_articles_folder())]
    return render("list.html", found=found, filters=filters, others=others, problems=problems, reserved=RESERVED_SLUGS)


def _articles_folder() -> str:
    return str(current_publisher().content.root / "articles")


@blueprint.get("/new")
def new() -> Response:
    """Render an empty form, or one for the translation of an article."""
    original = _original()
    shown = form_values({}, _moment(), _site().default_language)
    if original:
        shown |= shared_values(original.values, _moment(), _site(), original.article)
    shown["draft"] = True
    return _form_page(None, shown, original=original)


def _original() -> Draft | None:
    """Return the article that is translated, or None."""
    slug = request.values.get("translate", "")
    original = current_desk().open(slug) if slug else None
    if slug and (original is None or original.article is None):
        abort(HTTPStatus.NOT_FOUND)
    return original


@blueprint.post("/new")
def create() -> Response | BaseResponse:
    """Write a new article, or show the form again with what is wrong."""
    form, original, moment = ArticleForm(), _original(), _moment()
    errors = _store_uploads(form)
    sent = submitted_values(form)
    if errors or g.is_form_old:
        return _form_page(None, sent, texts=errors, original=original)

    def new_values(file: Mapping[str, Any]) -> Mapping[str, Value | None]:
        return with_twin(_changes(file, sent, moment), original)

    try:
        draft = current_desk().create(sent["title"] or say("Draft"), moment.text, new_values, g.user)
    except Refused as refused:
        return _form_page(None, sent, draft=refused.draft, original=original)
    if original and "twin" not in original.values:
        _add_twin(original, draft)
    return _saved(draft)


def _add_twin(original: Draft, draft: Draft) -> None:
    """Name the pair in the file of the original too; if somebody else changes it just now, its next form will."""
    values: Mapping[str, Value | None] = {"twin": draft.values["twin"]}
    try:
        current_desk().save(original.slug, original.version, lambda _: values, g.user)
    except (Conflict, Refused):
        notify(say("The original could not be linked to its translation: give both the same “twin”."))


@blueprint.get("/<slug>")
def edit(slug: str) -> Response:
    """Render the form of an article."""
    draft = current_desk().open(slug) or abort(HTTPStatus.NOT_FOUND)
    return _form_page(draft, _shown(draft))


@blueprint.post("/<slug>")
def save(slug: str) -> Response | BaseResponse:
    """Save an article; if that is not possible, show the form again with what is wrong, and what was sent."""
    form, desk = ArticleForm(), current_desk()
    version = form.version.data or ""
    if "text" in request.form:
        return _save_text(slug, version, request.form["text"])
    opened, sent = desk.open(slug), submitted_values(form)
    if opened is None or opened.tree is None:
        return _lost_page(opened, sent)
    errors = _store_uploads(form)
    sent = submitted_values(form)
    if errors or g.is_form_old:
        return _form_page(opened, sent, texts=errors, version=version)
    moment = _moment()
    try:
        return _saved(desk.save(slug, version, lambda file: _changes(file, sent, moment), g.user))
    except Conflict as conflict:
        return _conflict_page(conflict, sent, form.base.data or "{}")
    except Refused as refused:
        return _form_page(opened, sent, draft=refused.draft)


def _save_text(slug: str, version: str, text: str) -> Response | BaseResponse:
    """Save the whole text of a file that no form can show."""
    text = "\n".join(text.splitlines()).rstrip("\n") + "\n"
    desk = current_desk()
    opened = desk.open(slug) or abort(HTTPStatus.NOT_FOUND)
    try:
        if g.is_form_old:
            raise Refused(desk.checked(text.encode(), opened.path))
        return _saved(desk.save_text(slug, version, text, g.user))
    except (Conflict, Refused) as error:
        is_conflict = isinstance(error, Conflict)
        draft = error.draft if isinstance(error, Refused) else desk.checked(text.encode(), opened.path)
        status = HTTPStatus.CONFLICT if is_conflict else HTTPStatus.UNPROCESSABLE_ENTITY
        return _text_page(opened, draft, status, theirs=opened if is_conflict else None)


def _shown(draft: Draft) -> FormValues:
    return form_values(draft.values, _moment(), _site().default_language)


def _changes(file: Mapping[str, Any], sent: FormValues, moment: Moment) -> dict[str, Value | None]:
    shown = form_values(file, moment, _site().default_language)
    return changes(file, shown, sent, moment, _people())


def _people() -> dict[str, Any]:
    """Return the authors of all articles that have an address, by name."""
    authors = (author for article in _articles().values() for author in article.authors)
    return {
        author.name: author.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        for author in authors
        if author.url or author.email or author.fediverse
    }


def _saved(draft: Draft) -> BaseResponse:
    """Redirect to the form, which says what will happen with the article."""
    article, now, zone = draft.article, current_publisher().clock(), _site().timezone
    if article is None or article.draft:
        notify(say("Saved as a draft. Nobody else sees it."))
    elif article.published > now:
        when = translations.day_and_time(interface_language(), article.published, zone)
        notify(say("Saved. It appears on {day}.", day=when))
    elif article.withdrawal(now):
        notify(say("Withdrawn. The reason is shown in its place."))
    else:
        notify(say("Saved. It is live."))
    return redirect(url_for("editor.edit", slug=draft.slug), HTTPStatus.SEE_OTHER)


def _store_uploads(form: ArticleForm) -> dict[str, list[tuple[str, str]]]:
    """Store the files in a form, put their paths into its fields, and return what is wrong with them by field."""
    errors: dict[str, list[tuple[str, str]]] = {}
    rows = [("picture", form.picture, True)]
    rows += [(f"attachments-{index}", row, False) for index, row in enumerate(form.attachments)]
    for name, row, must_be_picture in rows:
        upload = row.upload.data
        if isinstance(upload, FileStorage) and upload.filename:
            try:
                row.form.file.data = _store(upload, must_be_picture=must_be_picture)
            except InvalidValue as error:
                errors[f"{name}-file"] = [("error", error.message.text(interface_language()))]
    return errors


def _store(upload: FileStorage, *, must_be_picture: bool) -> str:
    publisher = current_publisher()
    return store_file(
        upload, upload.filename or "", publisher.content.media, publisher.clock(), must_be_picture=must_be_picture
    )


def _form_page(
    opened: Draft | None,
    values: FormValues,
    *,
    draft: Draft | None = None,
    texts: Mapping[str, list[tuple[str, str]]] | None = None,
    version: str | None = None,
    original: Draft | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    theirs: FormValues | None = None,
    base: str | None = None,
) -> Response:
    """Render a form. `draft` is the text with the problems to show; `texts` are others by field."""
    if opened and opened.tree is None:
        return _text_page(opened, opened, HTTPStatus.OK)
    checked = draft or opened
    texts = {**(texts_by_field(checked, checked.problems) if checked else {}), **(texts or {})}
    if g.get("is_form_old"):
        status, texts = HTTPStatus.BAD_REQUEST, {**texts, "": [("error", say("Please check, and save again."))]}
    elif status == HTTPStatus.OK and request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    site, article = _site(), _articles().get(opened.slug) if opened else None
    moment, now = _moment(), current_publisher().clock()
    name = opened.slug if opened else ""
    twins = current_edition().builder.catalog.twins(article) if article else []
    state = _previews()[name].state if name in _previews() else "draft"
    has_appeared = article is not None and article.has_appeared(now)
    return render(
        "form.html",
        status,
        opened=opened,
        slug=name or "new",
        article=article,
        values=values,
        texts=texts,
        has_errors=any(severity == "error" for items in texts.values() for severity, _ in items),
        version=opened.version if opened and version is None else version or "",
        base=base or digests(_shown(opened) if opened else values),
        state=state,
        is_live=has_appeared,
        is_public=has_appeared and state in ("live", "expired", "withdrawn"),
        updated=moment.shown(opened.values.get("updated")) if opened else "",
        zone=translations.zone_name(interface_language(), now, site.timezone),
        local_time=translations.day_and_time(interface_language(), now, site.timezone),
        suggestions=Suggestions.of(_articles()),
        original=original,
        original_values=_shown(original) if original else None,
        translations_of=[twin for twin in twins if twin.slug != name],
        missing_languages=[each for each in site.languages if article and each != article.language]
        if not twins
        else [],
        theirs=theirs,
        shared_link=session.pop("shared-link", ""),
        link_days=LINK_SECONDS // 86_400,
    )


def _lost_page(current: Draft | None, sent: FormValues) -> Response:
    """Render what was sent, if the file of an article is no longer there, or no longer readable."""
    text = say("Somebody else deleted this article.")
    if current:
        text = say("Somebody else changed the file of this article, and it has an error now.")
    return render("message.html", HTTPStatus.CONFLICT, text=text, values=sent)


def _conflict_page(conflict: Conflict, sent: FormValues, base_text: str) -> Response:
    """Render the form with both versions: what only the other changed is taken over, and the rest is as it was sent."""
    current = conflict.current
    if current is None or current.tree is None:
        return _lost_page(current, sent)
    theirs = _shown(current)
    try:
        base: dict[str, str] = json.loads(base_text)
        mine_digests = json.loads(digests(sent))
    except (ValueError, AttributeError):
        base, mine_digests = {}, {}
    differing = {key: value for key, value in theirs.items() if value != sent[key] and key != "updated"}
    merged = {key: theirs[key] if base.get(key) == mine_digests.get(key, "") else sent[key] for key in sent}
    return _form_page(current, merged, status=HTTPStatus.CONFLICT, theirs={**differing, "sent": sent})


def _text_page(opened: Draft, draft: Draft, status: HTTPStatus, theirs: Draft | None = None) -> Response:
    """Render the whole text of a file that no form can show."""
    return render(
        "text.html",
        status,
        opened=opened,
        text=draft.data.decode(errors="replace"),
        problems=draft.problems,
        version=opened.version,
        theirs=theirs.data.decode(errors="replace") if theirs else None,
    )


@blueprint.post("/<slug>/preview")
def preview(slug: str) -> Response:
    """Render an unsaved form as a page, as an entry in a feed reader, and as posts."""
    form, desk, moment = ArticleForm(), current_desk(), _moment()
    sent = {**submitted_values(form), "draft": True}
    opened = None if slug == "new" else desk.open(slug)
    blank = opened or desk.blank(sent["title"], moment.text)
    draft = desk.edited(blank, _changes(blank.values, sent, moment))
    return _preview_page(draft.article, texts_by_field(draft, draft.problems))


def _preview_page(
    article: Article | None, texts: Mapping[str, list[tuple[str, str]]], *, shared: bool = False
) -> Response:
    if article is None:
        return render("preview_frame.html", HTTPStatus.UNPROCESSABLE_ENTITY, article=None, texts=texts, entry=None)
    builder = as_live(article)
    article = article.model_copy(update={"draft": False})
    page = Page(builder, interface_language())
    document = pages.article(Page(builder, article.language), article).decode()
    values = previews.appearances(page, article)
    return render(
        "preview_frame.html", article=article, texts=texts, document=document, shared=shared, is_live=False, **values
    )


@blueprint.post("/<slug>/share")
def share(slug: str) -> BaseResponse:
    """Make a link that shows the article to somebody without an account."""
    current_desk().open(slug) or abort(HTTPStatus.NOT_FOUND)
    root = (current_access().url or request.host_url).rstrip("/")
    session["shared-link"] = root + url_for("editor.shared", token=share_token(slug))
    return redirect(url_for("editor.edit", slug=slug, _anchor="share"), HTTPStatus.SEE_OTHER)


@blueprint.get("/shared/<token>")
def shared(token: str) -> Response:
    """Show the article of a link, with its pictures."""
    slug = shared_slug(token)
    article = _articles().get(slug or "")
    if article is None:
        return render("message.html", HTTPStatus.NOT_FOUND, text=say("This link is not valid, or no longer valid."))
    response = _preview_page(article, {}, shared=True)
    response.set_cookie(SHARED_COOKIE, token, LINK_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.post("/<slug>/delete")
def delete(slug: str) -> BaseResponse | Response:
    """Delete a draft."""
    try:
        current_desk().delete(slug, request.form.get("version", ""), g.user)
    except Conflict as conflict:
        if conflict.current is None:
            abort(HTTPStatus.NOT_FOUND)
        text = say("The article was not deleted: it is no draft, or somebody changed it.")
        return render("message.html", HTTPStatus.CONFLICT, text=text)
    notify(say("The draft is deleted."))
    return redirect(url_for("editor.index"), HTTPStatus.SEE_OTHER)


@blueprint.post("/media")
def media() -> tuple[Response | dict[str, Any], int]:
    """Store a picture or a file, and return its path, for the script."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        abort(HTTPStatus.BAD_REQUEST)
    try:
        path = _store(upload, must_be_picture=request.form.get("kind") == "picture")
    except InvalidValue as error:
        return {"error": error.message.text(interface_language())}, HTTPStatus.UNPROCESSABLE_ENTITY
    return {"path": path, "url": url_for("feeds.media", name=path)}, HTTPStatus.CREATED


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """Render the form for a name and a password."""
    return render("sign_in.html", next=request.args.get("next", ""), failed=False, name="")


@blueprint.post("/sign-in", endpoint="sign_in_post")
@security.limiter.limit(
    security.SIGN_IN_LIMITS, deduct_when=lambda response: response.status_code != HTTPStatus.SEE_OTHER
)
def check_password() -> Response | BaseResponse:
    """Begin a session, and redirect to the page that was asked for."""
    form, target = SignInForm(), request.form.get("next", "")
    name = (form.name.data or "").strip()
    if not current_access().sign_in(name, form.password.data or ""):
        return render("sign_in.html", HTTPStatus.UNPROCESSABLE_ENTITY, next=target, failed=True, name=name)
    is_ours = target.startswith(("/edit", "/preview")) and "\\" not in target
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
