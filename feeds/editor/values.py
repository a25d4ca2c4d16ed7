"""The values of an article file as a form shows them, and back: which keys of the file a form changes.

A key whose form value did not change is not touched, so that its bytes in the file stay.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from feeds.base.fingerprint import fingerprint
from feeds.content.checks import PLACEHOLDER
from feeds.model.dates import parse_start
from feeds.model.fields import WHITESPACE
from feeds.model.problems import InvalidValue, Problem
from feeds.model.yaml_edit import Value
from feeds.model.yamlfile import FORBIDDEN, Tree

from .forms import ArticleForm

FormValues = dict[str, Any]
"""The values of a form by key: texts, lists of texts, and groups of texts."""

GROUPS = {
    "picture": ("file", "alt", "credit", "caption", "focus"),
    "withdrawn": ("at", "reason"),
    "social": ("text", "mastodon", "bluesky", "x", "linkedin", "hashtags", "skip"),
}
"""Groups of keys that the form has."""

ATTACHMENT_KEYS = ("file", "url", "title")
"""Keys of an attachment that the form has."""

TIMES = ("published", "expires")
LISTS = ("categories", "tags", "authors")
TEXTS = ("title", "summary", "body", "language")

NOW = "now"
"""The value of `updated` that stands for the time of saving."""

TIME_FORMAT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class LocalClock:
    """The time of a request and the site's time zone, in which authors write times."""

    now: datetime
    zone: ZoneInfo

    @property
    def text(self) -> str:
        """The time as files have it, to the minute."""
        return self.now.astimezone(self.zone).strftime(TIME_FORMAT)

    @property
    def precise_text(self) -> str:
        """The time as files have it, to the second: a correction may follow in the minute of the publication."""
        return self.now.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def shown(self, value: object) -> str:
        """Return a time of a file as forms have it, in the time zone; a text that is not a time is unchanged."""
        text = _text(value)
        try:
            local = parse_start(text, self.zone).astimezone(self.zone)
        except InvalidValue:
            return text
        return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else TIME_FORMAT)

    def written(self, value: str) -> str:
        """Return a time of a form as files have it. One that occurs twice, when clocks change, is the first."""
        try:
            parse_start(value, self.zone)
        except InvalidValue as error:
            if error.message.code == "time-ambiguous":
                return str(dict(error.message.parameters)["first"])
        return value

    def is_future(self, value: object) -> bool:
        """Return whether a value of a form or a file is a time that has not been reached yet."""
        instant = self._instant(value)
        return instant is not None and instant > self.now

    def is_past(self, value: object) -> bool:
        """Return whether a value of a form or a file is a time that has been reached."""
        instant = self._instant(value)
        return instant is not None and instant <= self.now

    def _instant(self, value: object) -> datetime | None:
        try:
            return parse_start(_text(value), self.zone)
        except InvalidValue:
            return None


LINES = ("title", "file", "alt", "credit", "focus", "url")
"""Keys whose values forms have on one line: browsers remove line breaks there."""

_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
"""Line breaks other than a line feed, as word processors paste them."""


def _text(value: object, key: str = "") -> str:
    """Return a text as a form has it: with simple line breaks, and empty for a placeholder or a group."""
    text = value if isinstance(value, str) else ""
    text = _LINE_BREAKS.sub("\n", text).strip("\n")
    text = re.sub(r"[ \t]*\n[ \t\n]*", " ", text) if key in LINES else text
    return "" if text.strip(WHITESPACE) == PLACEHOLDER else text


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    names = (item.get("name") if isinstance(item, dict) else item for item in items)
    return [text for name in names if (text := _text(name, "title").strip(WHITESPACE))]


def _group(key: str, value: object) -> FormValues:
    first, *_ = GROUPS[key]
    values = value if isinstance(value, dict) else {first: value}
    group: FormValues = {name: _text(values.get(name), name).strip(WHITESPACE) for name in GROUPS[key]}
    if key == "picture" and isinstance(focus := values.get("focus"), list):
        group["focus"] = ", ".join(map(str, focus))
    if key == "social":
        group["hashtags"] = ", ".join(_texts(values.get("hashtags")))
        group["skip"] = values.get("skip") == "true"
    return group


def form_values(values: Mapping[str, Any], clock: LocalClock, default_language: str) -> FormValues:
    """Return the values of a file as the form has them."""
    is_draft = values.get("draft") == "true"
    shown: FormValues = {key: _text(values.get(key), key) for key in TEXTS}
    shown |= {key: _texts(values.get(key)) for key in LISTS}
    shown |= {key: clock.shown(values.get(key)) for key in TIMES}
    shown |= {key: _group(key, values.get(key)) for key in GROUPS}
    shown["withdrawn"]["at"] = clock.shown(shown["withdrawn"]["at"])
    shown["language"] = shown["language"] or default_language
    shown["draft"], shown["updated"] = is_draft, ""
    items = values.get("attachments")
    attachments = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    shown["attachments"] = [
        {key: _text(item.get(key), key).strip(WHITESPACE) for key in ATTACHMENT_KEYS} for item in attachments
    ]
    if is_draft and clock.is_past(values.get("published")):
        shown["published"] = ""  # a draft appears when it is published
    return shown


def submitted_values(form: ArticleForm, fields: Collection[str], shown: FormValues) -> FormValues:
    """Return the values that a form was sent with, in the same form as `form_values`.

    `fields` are the names of the fields that were sent. What the form did not have is as in `shown`.
    """
    sent: FormValues = {key: _sent_text(form[key].data, key) for key in (*TEXTS, *TIMES, "updated") if key in fields}
    if "body" in fields:
        sent["body"] = _without_forbidden(form.body.data or "").strip("\n")
    for key in LISTS:
        if key in fields:
            sent[key] = [text for each in form[key].data if (text := _sent_text(each, "title"))]
    for key, names in GROUPS.items():
        sent[key] = dict(shown[key])
        for name in names:
            if name == "skip" and "social-text" in fields:
                sent[key][name] = bool(form[key].data[name])
            elif f"{key}-{name}" in fields or (name == "file" and f"{key}-upload" in fields):
                sent[key][name] = _sent_text(form[key].data[name], name)
    if any(name.startswith("attachments-") for name in fields):
        rows = [{key: _sent_text(row[key], key) for key in ATTACHMENT_KEYS} for row in form.attachments.data]
        sent["attachments"] = [row for row in rows if any(row.values())]
    return {**shown, "updated": "", **sent, "draft": bool(form.draft.data)}


def _sent_text(value: str | None, key: str) -> str:
    text = _without_forbidden(value or "")
    return (text.replace("\n", " ") if key in LINES else text).strip(WHITESPACE)


def _without_forbidden(text: str) -> str:
    """Return a text with simple line breaks, and without characters that no file may contain: they are invisible."""
    return FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text))


def in_order(items: list[str], before: list[str]) -> list[str]:
    """Return items in the order that they had before, and new ones after them: boxes in a form have another order."""
    return [item for item in before if item in items] + [item for item in items if item not in before]


def digests(values: FormValues) -> dict[str, str]:
    """Return the digests of the form's values by key, which a form carries to tell what its author changed."""
    return {key: fingerprint(comparable(key, value))[:8] for key, value in values.items()}


def comparable(key: str, value: Any) -> Any:
    """Return a value of a form that is equal to another if both mean the same: the order of boxes does not matter."""
    return sorted(value) if key in ("categories", "tags") else value


def changes(
    file: Mapping[str, Any], shown: FormValues, sent: FormValues, clock: LocalClock, people: Mapping[str, Any]
) -> dict[str, Value | None]:
    """Return the keys of a file that a form changes, each with its new value; None removes a key.

    `people` are authors of other articles by name, with their addresses. A draft gets placeholders for what it lacks.
    """
    changed: dict[str, Value | None] = {}
    sent = {**sent, **{key: in_order(sent[key], shown[key]) for key in ("categories", "tags")}}
    if sent == shown and list(file) != ["id"]:
        return {}  # a file that exists keeps every byte, even if it is incomplete
    for key in ("title", "summary", "language"):
        if sent[key] != shown[key].strip(WHITESPACE):
            changed[key] = sent[key] or None
    if sent["body"] != shown["body"]:
        changed["body"] = f"{sent['body']}\n" if sent["body"].strip() else None
    for key in TIMES:
        if sent[key] != shown[key]:
            changed[key] = clock.written(sent[key]) if sent[key] else None
    if sent["updated"]:
        changed["updated"] = clock.precise_text if sent["updated"] == NOW else clock.written(sent["updated"])
    if sent["categories"] != shown["categories"]:
        changed["categories"] = sent["categories"] or None
    if sent["tags"] != shown["tags"]:
        changed["tags"] = sent["tags"] or None
    if sent["authors"] != shown["authors"]:
        changed["authors"] = _authors(file.get("authors"), sent["authors"], people) or None
    for key in GROUPS:
        if sent[key] != shown[key]:
            changed[key] = _changed_group(key, file.get(key), shown[key], sent[key], clock)
    if sent["attachments"] != shown["attachments"]:
        changed["attachments"] = _attachments(file.get("attachments"), sent["attachments"]) or None
    if sent["draft"] != shown["draft"]:
        changed["draft"] = "true" if sent["draft"] else None
    return _with_defaults(file, sent, changed, clock)


def _with_defaults(
    file: Mapping[str, Any], sent: FormValues, changed: dict[str, Value | None], clock: LocalClock
) -> dict[str, Value | None]:
    """Add the date of publication, and, for a draft, placeholders for what is to be written."""
    after = {key: value for key, value in {**file, **changed}.items() if value is not None}
    is_draft = file.get("draft") == "true"
    if not sent["published"] and (is_draft or not clock.is_past(file.get("published"))):  # it has not appeared
        changed.pop("published", None)
        if not (sent["draft"] and is_draft and "published" in file):
            changed["published"] = clock.text
    if sent["draft"]:
        changed |= {key: f"{PLACEHOLDER}{end}" for key, end in _REQUIRED_TEXTS.items() if not _has_text(after.get(key))}
        if not after.get("categories"):
            changed["categories"] = []
        picture = after.get("picture")
        if isinstance(picture, dict) and picture.get("file") and not picture.get("alt"):
            changed["picture"] = {**picture, "alt": PLACEHOLDER}
    else:
        changed |= _without_placeholders(after)
    return {key: value for key, value in changed.items() if value is not None or key in file}


def _without_placeholders(values: Mapping[str, Any]) -> dict[str, Value | None]:
    """Return the changes that remove placeholders, so that what is still to be written is reported as missing."""
    removed: dict[str, Value | None] = {}
    for key in _REQUIRED_TEXTS:
        if _has_text(values.get(key)) and not _text(values[key]):
            removed[key] = None
    picture = values.get("picture")
    if isinstance(picture, dict) and picture.get("alt") == PLACEHOLDER:
        removed["picture"] = {key: value for key, value in picture.items() if key != "alt"}
    return removed


_REQUIRED_TEXTS = {"title": "", "body": "\n"}
"""Texts that every article has, with how they end in a file."""


def _has_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _authors(before: object, names: list[str], people: Mapping[str, Any]) -> list[Any]:
    """Return authors by their names, with the addresses that the file or other articles have."""
    unused = list(before if isinstance(before, list) else [before])
    authors = []
    for name in names:
        own = next((item for item in unused if _texts(item) == [name]), None)
        if own is not None:
            unused.remove(own)
        authors.append(deepcopy(own if own is not None else people.get(name, name)))
    return authors


def _changed_group(key: str, before: object, shown: FormValues, sent: FormValues, clock: LocalClock) -> Value | None:
    first, *_ = GROUPS[key]
    required = {"picture": "file", "withdrawn": "reason"}.get(key)
    if required and shown[required] and not sent[required]:
        return None  # whoever empties it removes the group
    group: dict[str, Any] = deepcopy(before) if isinstance(before, dict) else {}
    if isinstance(before, str) and before:
        group = {first: before}
    for name in GROUPS[key]:
        if sent[name] == shown[name]:
            continue
        if sent[name]:
            group[name] = _group_value(key, name, sent[name], clock)
        else:
            group.pop(name, None)
    if key == "withdrawn" and group.get("reason") and not group.get("at"):
        group = {"at": clock.text, **group}
    if key == "social" and list(group) == ["text"]:
        return str(group["text"])
    return group or None


def _group_value(key: str, name: str, value: Any, clock: LocalClock) -> Any:
    if name == "skip":
        return "true"
    if name in ("focus", "hashtags"):
        return [part.strip(WHITESPACE) for part in value.split(",") if part.strip(WHITESPACE)]
    return clock.written(value) if name == "at" else value


def _attachments(before: object, rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return attachments. One that stays the same file keeps the keys that the form does not have."""
    unused = [item for item in before if isinstance(item, dict)] if isinstance(before, list) else []
    result = []
    for row in rows:
        same = [
            item
            for item in unused
            if all(_text(item.get(key), key).strip(WHITESPACE) == row[key] for key in ("file", "url"))
        ]
        own = next((item for item in same if _text(item.get("title")) == row["title"]), same[0] if same else {})
        if own:
            unused.remove(own)
        kept = {key: value for key, value in own.items() if key not in ATTACHMENT_KEYS or row[key]}
        result.append({**kept, **{key: value for key, value in row.items() if value}})
    return result


def field_of(tree: Tree | None, problem: Problem) -> str:
    """Return the name of the form's field for a problem; empty if the form has no field for it."""
    path = tree.path_of(problem) if tree else ()
    if not path:
        return ""
    name = str(path[0])
    if name == "attachments":
        index = path[1] if len(path) > 1 else 0
        return f"attachments-{index}-{path[2] if len(path) > 2 and path[2] in ATTACHMENT_KEYS else 'file'}"
    if name in GROUPS:
        return f"{name}-{path[1] if len(path) > 1 and path[1] in GROUPS[name] else GROUPS[name][0]}"
    return name if name in (*TEXTS, *TIMES, *LISTS, "updated", "draft") else ""
