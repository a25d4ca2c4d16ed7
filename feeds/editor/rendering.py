"""Pages of the editor in the language of the person who reads them, and the texts beside the fields of forms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from flask import Response, flash, g, get_flashed_messages, request, session, url_for
from flask_wtf.csrf import generate_csrf
from jinja2 import Environment

from feeds.base import translations
from feeds.formats import page, pages
from feeds.formats.page import Page
from feeds.formats.previews import State
from feeds.model.messages import MESSAGES
from feeds.model.problems import Message, Problem
from feeds.server.web import current_edition

from .store import CheckedFile
from .values import field_of

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data: blob:;"
    " media-src 'self' https:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'"
)
"""The policy of the editor's pages. An author's text can run no script, and no other site can frame a form."""

FIELD_TEXTS = {
    "key-missing": "Please fill in this field.",
    "text-empty": "Please fill in this field.",
    "placeholder": "Please fill in this field.",
    "body-expected": "Please write the text.",
    "date-not-recognised": "Please choose a date and a time.",
    "time-not-recognised": "Please choose a date and a time.",
    "fraction-expected": "Two numbers from 0 to 1 are expected, such as 0.5, 0.3 (from the left, from the top).",
    "attachment-neither": "Please choose a file, or enter an address.",
    "attachment-both": "Please keep only the file or only the address.",
    "expires-when-published": "Please choose a time after the publication.",
}
"""Texts beside the fields of forms, for problems whose usual text speaks of the file."""


LABELS = {
    "title": "Title",
    "summary": "Summary",
    "body": "Text",
    "categories": "Categories",
    "language": "Language",
    "published": "Publication",
    "expires": "Expiry",
    "tags": "Tags",
    "authors": "Authors",
    "picture": "Picture",
    "picture-file": "File of the picture",
    "picture-alt": "What the picture shows",
    "picture-credit": "Credit",
    "picture-caption": "Caption",
    "picture-focus": "Focal point",
    "attachments": "Attachments",
    "attachments-file": "File",
    "attachments-url": "Or its address on another site",
    "attachments-title": "Title of the file",
    "social": "Posts on social networks",
    "social-text": "Text for all networks",
    "social-hashtags": "Hashtags",
    "withdrawn": "Withdrawal",
    "withdrawn-reason": "Reason (published)",
    "withdrawn-at": "Withdrawn from",
}
"""Labels of the fields by their names, without the numbers of attachments."""


def label_of(name: str) -> str:
    """Return the label of a field in the language of the person."""
    plain = re.sub("-[0-9]+", "", name)
    label = LABELS.get(plain) or LABELS.get(plain.partition("-")[0], name)
    return translations.translate(interface_language(), label)


Texts = dict[str, list[tuple[str, str]]]
"""The severities and texts of messages by the names of the fields that they stand beside."""

STATE_NAMES: dict[State, str] = {
    "draft": "draft",
    "scheduled": "scheduled",
    "live": "live",
    "expired": "expired",
    "withdrawn": "withdrawn",
    "faulty": "with errors",
}
"""The states of articles, as filters list them and each article has them."""


@cache
def _environment() -> Environment:
    environment = page.templates_with("feeds.editor")
    environment.autoescape = True
    return environment


def interface_language() -> str:
    """Return the language in which the person reads the editor: chosen here, else preferred by the browser."""
    chosen = session.get("language")
    if chosen in translations.LANGUAGES:
        return str(chosen)
    default = current_edition().site.default_language.partition("-")[0]
    preferred = request.accept_languages.best_match(translations.LANGUAGES)
    return preferred or (default if default in translations.LANGUAGES else "en")


def translate(message: str, /, **values: object) -> str:
    """Return a text of the interface in the language of the person."""
    return translations.translate(interface_language(), message, **values)


def notify(message: str) -> None:
    """Show a text at the top of the next page."""
    flash(message)


def render(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page of the editor."""
    edition, language = current_edition(), interface_language()
    context: dict[str, Any] = {
        "page": Page(edition.builder, language),
        "site": edition.site,
        "language": language,
        "languages": translations.LANGUAGES,
        "name_of_language": translations.language_name,
        "translate": translate,
        "label_of": label_of,
        "colon": "\u00a0: " if language == "fr" else ": ",
        "states": STATE_NAMES,
        "user": g.get("user"),
        "notices": get_flashed_messages(),
        "csrf_token": generate_csrf,
        "url_for": url_for,
        **values,
    }
    data = page.render_template(template, environment=_environment(), **context)
    return Response(data, status, content_type=pages.CONTENT_TYPE)


def problem_text(problem: Problem, draft: CheckedFile, field: str) -> str:
    """Return the text of a problem beside a field. In the body, it begins with the line."""
    language, message = interface_language(), problem.message
    if field == "categories" and message.code in ("key-missing", "list-empty"):
        return translate("Please choose at least one category.")
    if field == "picture-focus":
        return translations.translate(language, FIELD_TEXTS["fraction-expected"])
    text = translations.translate(language, FIELD_TEXTS[message.code]) if message.code in FIELD_TEXTS else ""
    text = text or _sentence(message, language)
    if problem.key == "body" and draft.tree and message.code not in FIELD_TEXTS:
        line = problem.line - 1 - draft.tree.values_at[("body",)].line
        return translate("Line {number}: {text}", number=line, text=text) if line > 0 else text
    return text


def _sentence(message: Message, language: str) -> str:
    """Return a text with a capital letter, unless it begins with what the author wrote."""
    text = message.text(language)
    return text if MESSAGES[message.code].startswith(("{", "media/")) else f"{text[0].upper()}{text[1:]}"


def texts_by_field(draft: CheckedFile, problems: Iterable[Problem]) -> Texts:
    """Return the severities and texts of problems by the names of the form's fields; others under an empty name."""
    texts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for problem in problems:
        name = field_of(draft.tree, problem)
        item = problem.severity, problem_text(problem, draft, name)
        if not name:
            item = item[0], f"{problem.key}: {item[1]}" if problem.key else item[1]
        if item not in texts[name]:
            texts[name].append(item)
    return dict(texts)
