"""The pages that show a form: with an article, with what is wrong with it, or with the versions of two authors."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Response, g, request, session

from feeds.base import translations
from feeds.content.repair import decoded
from feeds.formats import pages, previews
from feeds.formats.page import Page
from feeds.model.article import Article
from feeds.server.preview import as_live

from .access import LINK_SECONDS, current_access
from .context import (
    article_previews,
    cross_file_problems,
    current_articles,
    current_clock,
    current_site,
    translations_of,
)
from .rendering import Texts, interface_language, label_of, render, texts_by_field, translate
from .store import CheckedFile, Conflict
from .suggestions import Suggestions
from .values import FormValues, LocalClock, digests, form_values


def shown_values(draft: CheckedFile) -> FormValues:
    """Return the values of a file as its form has them."""
    return form_values(draft.values, current_clock(), current_site().default_language)


def form_page(
    opened: CheckedFile | None,
    values: FormValues,
    *,
    draft: CheckedFile | None = None,
    texts: Texts | None = None,
    version: str | None = None,
    base: str | None = None,
    original: CheckedFile | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    theirs: dict[str, tuple[str, str]] | None = None,
) -> Response:
    """Render a form. `draft` is the text with the problems to show; `texts` are others by field, and
    `theirs` the values of another author, each with the one that was sent.

    `version` and `base` are those of the form that was sent, if it is shown again without another reading of the file.
    """
    if opened and opened.tree is None:
        return text_page(opened, opened, HTTPStatus.OK)
    checked = draft or opened
    problems = [*checked.problems, *(cross_file_problems(opened) if opened and not draft else [])] if checked else []
    texts = {**(texts_by_field(checked, problems) if checked else {}), **(texts or {})}
    if g.get("is_form_old"):
        status, texts = HTTPStatus.BAD_REQUEST, {**texts, "": [("error", translate("Please check, and save again."))]}
    elif status == HTTPStatus.OK and request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    site, language, clock = current_site(), interface_language(), current_clock()
    return render(
        "form.html",
        status,
        opened=opened,
        slug=opened.slug if opened else "new",
        file_id=opened.values.get("id", "") if opened else "",
        values=values,
        texts=texts,
        has_errors=any(severity == "error" for items in texts.values() for severity, _ in items),
        version=opened.version if opened and version is None else version or "",
        base=base or json.dumps(digests(shown_values(opened) if opened else values), separators=(",", ":")),
        zone=translations.zone_name(language, clock.now, site.timezone),
        local_time=translations.day_and_time(language, clock.now, site.timezone),
        suggestions=Suggestions.of(current_articles()),
        original=original,
        original_values=shown_values(original) if original else None,
        theirs=theirs,
        shared_link=session.pop("shared-link", ""),
        link_days=LINK_SECONDS // 86_400,
        has_address=bool(current_access().url),
        **_article_values(opened, clock),
    )


def _article_values(opened: CheckedFile | None, clock: LocalClock) -> dict[str, Any]:
    """Return what a form says about an article that exists: its state and its translations."""
    article = current_articles().get(opened.slug) if opened else None
    preview = article_previews().get(opened.slug) if opened else None
    translated = translations_of(article) if article else []
    languages = {each.language for each in (*translated, article) if each}
    has_appeared = article is not None and article.has_appeared(clock.now)
    state = preview.state if preview else "draft"
    return {
        "article": article,
        "state": state,
        "is_live": has_appeared,
        "is_public": has_appeared and state in ("live", "expired", "withdrawn"),
        "translations_of": translated,
        "missing_languages": [each for each in current_site().languages if languages and each not in languages],
    }


def lost_page(current: CheckedFile | None, sent: FormValues) -> Response:
    """Render what was sent, if the file of an article is no longer there, or no longer readable."""
    text = translate("Somebody else deleted this article.")
    if current:
        text = translate("Somebody else changed the file of this article, and it now has an error.")
    return render("message.html", HTTPStatus.CONFLICT, text=text, values=dict(_flat(sent)))


def _flat(values: FormValues, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield all texts of a form with the names of their fields."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}-")
        elif isinstance(value, list):
            rows = {str(index): each for index, each in enumerate(value)}
            yield from _flat(rows, f"{prefix}{key}-")
        elif isinstance(value, str) and value:
            yield f"{prefix}{key}", value


def conflict_page(conflict: Conflict, sent: FormValues, base_text: str) -> Response:
    """Render the form with both versions: what only the other changed is taken over, and the rest is as it was sent."""
    current = conflict.current
    if current is None or current.tree is None:
        return lost_page(current, sent)
    theirs = shown_values(current)
    base, own_digests, their_digests = _parsed_digests(base_text), digests(sent), digests(theirs)
    differing = {
        key: (_as_text(key, theirs[key]), _as_text(key, sent[key]))
        for key in theirs
        if own_digests[key] != their_digests[key] and key != "updated"
    }
    merged = {key: theirs[key] if base.get(key) == own_digests[key] else sent[key] for key in sent}
    merged["updated"] = sent["updated"]
    return form_page(current, merged, status=HTTPStatus.CONFLICT, theirs=differing)


def _as_text(key: str, value: Any) -> str:
    """Return a value of a form as people read it: a text on each line, with its label in a group."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    labelled = (f"{label_of(name)}: {text}" if name != key else text for name, text in _flat({key: value}))
    return "\n".join(labelled)


def _parsed_digests(text: str) -> dict[str, Any]:
    """Return the digests that a form was sent with; none if somebody changed them."""
    try:
        digests_by_key = json.loads(text)
    except ValueError:
        return {}
    return digests_by_key if isinstance(digests_by_key, dict) else {}


def text_page(
    opened: CheckedFile,
    draft: CheckedFile,
    status: HTTPStatus,
    *,
    theirs: CheckedFile | None = None,
    message: str = "",
    version: str | None = None,
) -> Response:
    """Render the whole text of a file that no form can show. One that cannot be read has no text, and no form."""
    is_converted = opened.is_readable and decoded(opened.data).encode() != opened.data.removeprefix(BOM_UTF8)
    return render(
        "text.html",
        status,
        opened=opened,
        text=decoded(draft.data),
        message=message,
        is_converted=is_converted,
        problems=draft.problems,
        version=version or opened.version,
        theirs=decoded(theirs.data) if theirs else None,
    )


def preview_page(article: Article | None, texts: Texts, *, shared: bool = False) -> Response:
    """Render an article as a page, as an entry in a feed reader, and as posts; or why there is no preview."""
    if article is None:
        return render("preview_frame.html", HTTPStatus.UNPROCESSABLE_ENTITY, article=None, texts=texts, entry=None)
    builder, article = as_live(article)
    page = Page(builder, interface_language())
    document = pages.article(Page(builder, article.language, has_scripts=False), article).decode()
    values = previews.appearances(page, article)
    return render(
        "preview_frame.html", article=article, texts=texts, document=document, shared=shared, is_live=False, **values
    )
