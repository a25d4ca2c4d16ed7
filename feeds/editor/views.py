"""The list of articles, and their forms: opening, saving, previewing and deleting them, and uploads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response, abort, g, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from feeds.base import translations
from feeds.content.uploads import store_file
from feeds.model.problems import InvalidValue
from feeds.model.yaml_edit import Value
from feeds.server.web import current_publisher

from .context import (
    article_previews,
    current_articles,
    current_desk,
    current_moment,
    current_site,
    known_people,
    translations_of,
)
from .desk import RESERVED_SLUGS, Conflict, Draft, Refused
from .form_pages import conflict_page, form_page, lost_page, preview_page, shown_values, text_page
from .forms import ArticleForm
from .listing import Filters, listing
from .rendering import interface_language, notify, render, say, texts_by_field
from .security import blueprint
from .translating import shared_values, with_twin
from .values import FormValues, Moment, changes, form_values, submitted_values


@blueprint.get("")
def index() -> Response:
    """Render the list of all articles."""
    filters = Filters(**{name: request.args.get(name, "") for name in ("status", "category", "language", "q")})
    page = request.args.get("page", 1, int)
    found = listing(article_previews(), current_articles(), filters, page)
    others = {name: value for name, value in asdict(filters).items() if value}
    problems = [each for each in current_publisher().problems if not each.file.startswith(_articles_folder())]
    return render("list.html", found=found, filters=filters, others=others, problems=problems, reserved=RESERVED_SLUGS)


def _articles_folder() -> str:
    return str(current_publisher().content.root / "articles")


@blueprint.get("/new")
def new() -> Response:
    """Render an empty form, or one for the translation of an article."""
    original = _original()
    shown = form_values({}, current_moment(), current_site().default_language)
    if original:
        assert original.article, "checked by _original()"
        existing = {each.language for each in (original.article, *translations_of(original.article))}
        shown |= shared_values(original, current_moment(), current_site(), existing)
    shown["draft"] = True
    return form_page(None, shown, original=original)


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
    form, original, moment = ArticleForm(), _original(), current_moment()
    errors = _store_uploads(form)
    sent = submitted_values(form)
    if errors or g.is_form_old:
        return form_page(None, sent, texts=errors, original=original)

    def new_values(file: Mapping[str, Any]) -> Mapping[str, Value | None]:
        return with_twin(_changes(file, sent, moment), original)

    try:
        draft = current_desk().create(sent["title"] or say("Draft"), moment.text, new_values, g.user)
    except Refused as refused:
        return form_page(None, sent, draft=refused.draft, original=original)
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
    return form_page(draft, shown_values(draft))


@blueprint.post("/<slug>")
def save(slug: str) -> Response | BaseResponse:
    """Save an article; if that is not possible, show the form again with what is wrong, and what was sent."""
    form, desk = ArticleForm(), current_desk()
    version = form.version.data or ""
    if "text" in request.form:
        return _save_text(slug, version, request.form["text"])
    opened, sent = desk.open(slug), submitted_values(form)
    if opened is None or opened.tree is None:
        return lost_page(opened, sent)
    errors = _store_uploads(form)
    sent = submitted_values(form)
    if errors or g.is_form_old:
        return form_page(opened, sent, texts=errors, version=version)
    moment = current_moment()
    try:
        return _saved(desk.save(slug, version, lambda file: _changes(file, sent, moment), g.user))
    except Conflict as conflict:
        return conflict_page(conflict, sent, form.base.data or "{}")
    except Refused as refused:
        return form_page(opened, sent, draft=refused.draft)


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
        return text_page(opened, draft, status, theirs=opened if is_conflict else None)


def _changes(file: Mapping[str, Any], sent: FormValues, moment: Moment) -> dict[str, Value | None]:
    shown = form_values(file, moment, current_site().default_language)
    return changes(file, shown, sent, moment, known_people())


def _saved(draft: Draft) -> BaseResponse:
    """Redirect to the form, which says what will happen with the article."""
    article, now, zone = draft.article, current_publisher().clock(), current_site().timezone
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


@blueprint.post("/<slug>/preview")
def preview(slug: str) -> Response:
    """Render an unsaved form as a page, as an entry in a feed reader, and as posts."""
    form, desk, moment = ArticleForm(), current_desk(), current_moment()
    sent = {**submitted_values(form), "draft": True}
    opened = None if slug == "new" else desk.open(slug)
    blank = opened or desk.blank(sent["title"], moment.text)
    draft = desk.edited(blank, _changes(blank.values, sent, moment))
    return preview_page(draft.article, texts_by_field(draft, draft.problems))


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
