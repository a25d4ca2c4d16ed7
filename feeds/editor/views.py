"""The list of articles, and their forms: opening, saving, previewing and deleting them, and uploads."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Response, abort, g, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from feeds.base import translations
from feeds.content.reader import RESERVED_SLUGS
from feeds.content.repair import Repairer
from feeds.content.uploads import store_file
from feeds.model.problems import InvalidValue
from feeds.model.yaml_edit import Value
from feeds.server.web import current_publisher

from .context import (
    article_previews,
    cross_file_problems,
    current_articles,
    current_clock,
    current_site,
    current_store,
    existing_languages,
    known_people,
)
from .form_pages import conflict_page, form_page, lost_page, preview_page, shown_values, text_page
from .forms import ArticleForm
from .listing import Filters, listing
from .rendering import Texts, interface_language, notify, render, texts_by_field, translate
from .security import blueprint
from .store import CheckedFile, Conflict, InvalidArticle
from .translating import shared_values, with_twin
from .values import FormValues, LocalClock, changes, form_values, submitted_values

logger = logging.getLogger(__name__)


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
    shown = form_values({}, current_clock(), current_site().default_language)
    if original:
        shown |= shared_values(original, current_clock(), current_site(), existing_languages(original))
    shown["draft"] = True
    return form_page(None, shown, original=original)


def _original() -> CheckedFile | None:
    """Return the article that is translated, or None."""
    slug = request.values.get("translate", "")
    original = current_store().open(slug) if slug else None
    if slug and (original is None or original.article is None):
        abort(HTTPStatus.NOT_FOUND)
    return original


@blueprint.post("/new")
def create() -> Response | BaseResponse:
    """Write a new article, or show the form again with what is wrong."""
    form, original, clock = ArticleForm(), _original(), current_clock()
    errors = {} if g.is_form_old else _store_uploads(form)
    sent = _submitted(form, None)
    if original and sent["language"] in existing_languages(original):
        errors["language"] = [("error", translate("There is already a version in this language."))]
    if errors or g.is_form_old:
        return form_page(None, sent, texts=errors, original=original)

    def new_values(file: Mapping[str, Any]) -> Mapping[str, Value | None]:
        return with_twin(_changes(file, sent, clock), original)

    try:
        draft = current_store().create(sent["title"] or translate("Draft"), clock.text, new_values, g.user)
    except InvalidArticle as refused:
        return form_page(None, sent, draft=refused.draft, original=original)
    except OSError as error:
        return form_page(None, sent, texts=_not_saved(error), original=original, status=HTTPStatus.SERVICE_UNAVAILABLE)
    if original and not original.values.get("twin"):
        _add_twin(original, draft)
    return _saved(draft)


def _submitted(form: ArticleForm, opened: CheckedFile | None) -> FormValues:
    """Return the values that a form was sent with; a field that it did not have is as in the file."""
    shown = shown_values(opened) if opened else form_values({}, current_clock(), current_site().default_language)
    return submitted_values(form, request.form.keys() | request.files.keys(), shown)


def _not_saved_text(error: OSError) -> str:
    """Return the message that the system did not allow to save, and log it."""
    logger.error("an article cannot be saved: %s", error)
    reason = translations.translate_value(interface_language(), error.strerror or str(error))
    return translate("Not saved: the server cannot write the file ({reason}). Tell your administrator.", reason=reason)


def _not_saved(error: OSError) -> Texts:
    """Return that message for a form."""
    return {"": [("error", _not_saved_text(error))]}


def _add_twin(original: CheckedFile, draft: CheckedFile) -> None:
    """Set `twin` in the file of the original. If that fails, tell the author."""
    values: Mapping[str, Value | None] = {"twin": draft.values["twin"]}
    try:
        current_store().save(original.slug, original.version, lambda _: values, g.user)
    except (Conflict, InvalidArticle, OSError):
        notify(translate("The original could not be linked to its translation. Ask your administrator to link them."))


@blueprint.get("/<slug>")
def edit(slug: str) -> Response:
    """Render the form of an article."""
    draft = current_store().open(slug) or abort(HTTPStatus.NOT_FOUND)
    if "text" in request.args:
        return text_page(draft, draft, HTTPStatus.OK)
    return form_page(draft, shown_values(draft))


@blueprint.post("/<slug>")
def save(slug: str) -> Response | BaseResponse:
    """Save an article; if that is not possible, show the form again with what is wrong, and what was sent."""
    form, store = ArticleForm(), current_store()
    version, base = form.version.data or "", form.base.data or "{}"
    if "text" in request.form:
        return _save_text(slug, version, request.form["text"])
    opened = store.open(slug)
    if opened is None and (renamed := _renamed_article()):
        return conflict_page(Conflict(renamed), _submitted(form, renamed), base)
    if opened is None or opened.tree is None:
        return lost_page(opened, _submitted(form, None))
    errors = {} if g.is_form_old else _store_uploads(form)
    sent = _submitted(form, opened)
    if errors or g.is_form_old:
        return form_page(opened, sent, texts=errors, version=version, base=base)
    clock = current_clock()
    article = current_articles().get(slug)
    if article and article.has_appeared(clock.now) and clock.is_future(sent["published"]):
        text = translate("The article is live: a later date would take it offline. To retract it, withdraw it.")
        return form_page(opened, sent, texts={"published": [("error", text)]}, version=version, base=base)
    try:
        return _saved(store.save(slug, version, lambda file: _changes(file, sent, clock), g.user))
    except Conflict as conflict:
        return conflict_page(conflict, sent, base)
    except InvalidArticle as refused:
        return form_page(opened, sent, draft=refused.draft)
    except OSError as error:
        texts = _not_saved(error)
        return form_page(opened, sent, texts=texts, version=version, base=base, status=HTTPStatus.SERVICE_UNAVAILABLE)


def _renamed_article() -> CheckedFile | None:
    """Return the file of the article that a form was opened with, if it was renamed since then."""
    word = request.form.get("id", "")
    ids = (word, current_site().tag_uri(word)) if word else ()
    article = next((each for each in current_articles().values() if each.id in ids), None)
    renamed = current_store().open(article.slug) if article else None
    return renamed if renamed and renamed.tree else None


def _save_text(slug: str, version: str, text: str) -> Response | BaseResponse:
    """Save the whole text of a file that no form can show."""
    store = current_store()
    opened = store.open(slug)
    text = re.sub("\r\n?", "\n", text).rstrip("\n") + "\n"
    if opened is None:
        return lost_page(None, {"body": text})
    if b"\r\n" in opened.data:
        text = text.replace("\n", "\r\n")
    draft = store.checked(text.encode(), opened.path)
    if "fix" in request.form:
        corrected = Repairer(current_publisher().content).corrected(text, opened.path)
        return text_page(opened, store.checked(corrected.encode(), opened.path), HTTPStatus.OK, version=version)
    try:
        if g.is_form_old:
            return text_page(opened, draft, HTTPStatus.BAD_REQUEST, version=version)
        return _saved(store.save_text(slug, version, text, g.user))
    except Conflict:
        return text_page(opened, draft, HTTPStatus.CONFLICT, theirs=opened)
    except InvalidArticle:
        return text_page(opened, draft, HTTPStatus.UNPROCESSABLE_ENTITY)
    except OSError as error:
        message = _not_saved_text(error)
        return text_page(opened, draft, HTTPStatus.SERVICE_UNAVAILABLE, message=message, version=version)


def _changes(file: Mapping[str, Any], sent: FormValues, clock: LocalClock) -> dict[str, Value | None]:
    shown = form_values(file, clock, current_site().default_language)
    return changes(file, shown, sent, clock, known_people())


def _saved(draft: CheckedFile) -> BaseResponse:
    """Redirect to the form, which says what will happen with the article."""
    article, now, zone = draft.article, current_publisher().clock(), current_site().timezone
    if errors := [each for each in cross_file_problems(draft) if each.severity == "error"]:
        text = errors[0].message.text(interface_language())
        notify(translate("Saved, but not published: {text}", text=text))
    elif article is None or article.draft:
        notify(translate("Saved as a draft. Readers cannot see it."))
    elif article.published > now:
        when = translations.day_and_time(interface_language(), article.published, zone)
        notify(translate("Saved. It appears on {day}.", day=when))
    elif article.withdrawal(now):
        notify(translate("Withdrawn. The reason is shown in its place."))
    else:
        notify(translate("Saved. It is live."))
    return redirect(url_for("editor.edit", slug=draft.slug), HTTPStatus.SEE_OTHER)


def _store_uploads(form: ArticleForm) -> Texts:
    """Store the files in a form, put their paths into its fields, and return what is wrong with them by field."""
    errors: Texts = {}
    rows = [("picture", form.picture, True)]
    rows += [(f"attachments-{index}", row, False) for index, row in enumerate(form.attachments)]
    for name, row, must_be_picture in rows:
        upload = row.upload.data
        if isinstance(upload, FileStorage) and upload.filename:
            try:
                row.form.file.data = _store(upload, must_be_picture=must_be_picture)
            except InvalidValue as error:
                errors[f"{name}-file"] = [("error", error.message.text(interface_language()))]
            except OSError as error:
                errors |= _not_saved(error)
    return errors


def _store(upload: FileStorage, *, must_be_picture: bool) -> str:
    publisher = current_publisher()
    return store_file(
        upload, upload.filename or "", publisher.content.media, publisher.clock(), must_be_picture=must_be_picture
    )


@blueprint.post("/<slug>/preview")
def preview(slug: str) -> Response:
    """Render an unsaved form as a page, as an entry in a feed reader, and as posts."""
    form, store, clock = ArticleForm(), current_store(), current_clock()
    opened = None if slug == "new" else store.open(slug)
    sent = {**_submitted(form, opened), "draft": True}
    if not sent["picture"]["file"]:  # a picture that was chosen is uploaded when the form is saved
        sent["picture"] = dict.fromkeys(sent["picture"], "")
    sent["attachments"] = [row for row in sent["attachments"] if row["file"] or row["url"]]
    blank = opened or store.blank(sent["title"], clock.text)
    draft = store.edited(blank, _changes(blank.values, sent, clock))
    article = None if draft.has_errors else draft.article  # what could not be published may take long to render
    return preview_page(article, texts_by_field(draft, draft.problems))


@blueprint.post("/<slug>/delete")
def delete(slug: str) -> BaseResponse | Response:
    """Delete a draft."""
    try:
        current_store().delete(slug, request.form.get("version", ""), g.user)
    except Conflict as conflict:
        if conflict.current is None:
            abort(HTTPStatus.NOT_FOUND)
        text = translate("The article was not deleted: it is not a draft, or somebody has changed it.")
        return render("message.html", HTTPStatus.CONFLICT, text=text)
    except OSError as error:
        text = _not_saved_text(error)
        return render("message.html", HTTPStatus.SERVICE_UNAVAILABLE, text=text)
    notify(translate("The draft was deleted."))
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
    except OSError as error:
        text = _not_saved_text(error)
        return {"error": text}, HTTPStatus.SERVICE_UNAVAILABLE
    return {"path": path, "url": f"{current_site().path}/media/{quote(path)}"}, HTTPStatus.CREATED
