"""The base class of all models, common field types, and readable messages for pydantic's errors.

Nothing here knows a key or opens a file: `validate` takes a `Tree` that is already parsed.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import ErrorDetails

from .problems import InvalidValue, Message, show, without_invisible
from .yaml_mistakes import name_character
from .yamlfile import Path, Tree

Model = TypeVar("Model", bound=BaseModel)

WHITESPACE = " \t\r\n"
"""The only characters that are stripped: `str.strip()` would also remove an author's U+00A0 and U+202F."""


class StrictModel(BaseModel):
    """Base of every model: frozen, and unknown keys are errors. A key with an empty value counts as absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value != "" or key not in cls.model_fields}
        return data


def text(value: object) -> str:
    """Return a text in NFC, without whitespace around it; no other character is changed."""
    if not isinstance(value, str):
        raise InvalidValue("text-expected", value=show(value))
    stripped = unicodedata.normalize("NFC", value).strip(WHITESPACE)
    if all(unicodedata.category(character)[0] in "CZ" for character in stripped):  # nothing is visible
        raise InvalidValue("text-empty")
    return stripped


def line(value: object) -> str:
    """Return a text that has only one line."""
    stripped = text(value)
    if "\n" in stripped or "\r" in stripped:
        raise InvalidValue("line-expected", value=show(stripped))
    return stripped


def title(value: object) -> str:
    """Return a line without anything that Liferea and feed2toot would delete as an HTML tag."""
    stripped = line(value)
    if tag := re.search(r"<[/!?]?[A-Za-z][^>\s]*>?", stripped):
        raise InvalidValue("title-tag", tag=show(tag[0]))
    return stripped


def boolean(value: object) -> bool:
    """Parse `true` or `false`."""
    if value not in ("true", "false"):
        raise InvalidValue("boolean-expected", value=show(value))
    return value == "true"


def number(low: int, high: int) -> Callable[[object], int]:
    """Return a parser of whole numbers from `low` to `high`."""

    def parse(value: object) -> int:
        if not (isinstance(value, str) and re.fullmatch("[0-9]{1,15}", value) and low <= int(value) <= high):
            raise InvalidValue("number-expected", value=show(value), low=low, high=high)
        return int(value)

    return parse


def matching(pattern: str, code: str) -> Callable[[object], str]:
    """Return a parser of lines that match a whole pattern; others raise InvalidValue with a code."""

    def parse(value: object) -> str:
        stripped = line(value)
        if not re.fullmatch(pattern, stripped):
            raise InvalidValue(code, value=show(stripped))
        return stripped

    return parse


url = matching(
    r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!#$%&'()*+,./:;=?@\[\]_~A-Za-z0-9-]*)?",
    "url-not-recognised",
)
"""Parse an http or https URL, absolute and in ASCII (RFC 3986)."""

email = matching(r"[^@\s<>()]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "email-not-recognised")
"""Parse an e-mail address; only its shape is checked."""

fediverse = matching(r"@?[\w.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "fediverse-not-recognised")
"""Parse a fediverse account, such as one on Mastodon."""


phone = matching(r"\+?[0-9](?:[\u00a0\u202f .()/-]{0,2}[0-9]){2,17}", "phone-not-recognised")
"""Parse a telephone number with the usual separators."""


def contact(value: object) -> str:
    """Parse a URL, or an e-mail address as a `mailto:` URL."""
    stripped = line(value)
    return url(stripped) if stripped.startswith("http") else "mailto:" + email(stripped.removeprefix("mailto:"))


TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}
"""JSON types of a text: editors read `1.0` and `true` as a number and a boolean, but we read them as text."""

Text = Annotated[str, PlainValidator(text), WithJsonSchema(TEXT_SCHEMA)]
Line = Annotated[str, PlainValidator(line), WithJsonSchema(TEXT_SCHEMA)]
Title = Annotated[str, PlainValidator(title), WithJsonSchema(TEXT_SCHEMA)]
Bool = Annotated[bool, PlainValidator(boolean), WithJsonSchema({"type": "boolean"})]
Url = Annotated[str, PlainValidator(url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Email = Annotated[str, PlainValidator(email), WithJsonSchema({"type": "string", "pattern": "^[^@ ]+@[^@ ]+$"})]


Fediverse = Annotated[
    str, PlainValidator(fediverse), WithJsonSchema({"type": "string", "pattern": "^@?[^@ ]+@[^@ ]+$"})
]
Phone = Annotated[str, PlainValidator(phone), WithJsonSchema(TEXT_SCHEMA)]
Contact = Annotated[str, PlainValidator(contact), WithJsonSchema({"type": "string"})]


def one_or_more(value: object) -> object:
    """Return a single text as a list of one. Raises InvalidValue for an empty list."""
    if value == []:
        raise InvalidValue("list-empty")
    return [value] if isinstance(value, str) else value


def validate(tree: Tree, model: type[Model], context: object) -> Model | None:
    """Return a `model` of a file's values, or None after adding its problems to the tree."""
    try:
        return model.model_validate(tree.value, context=context)
    except ValidationError as exception:
        for error in exception.errors(include_url=False):
            path, at_key = error["loc"], error["type"] == "extra_forbidden"
            if path[-1:] == ("[key]",) and not at_key:  # pydantic's name for a mapping's key itself
                path, at_key = path[:-1], True
            tree.problems.append(tree.problem(path, _explain(error, model, path), at_key=at_key))
        return None


def _explain(error: ErrorDetails, model: type[BaseModel], path: Path) -> Message:
    kind, value = error["type"], show(error["input"])
    if kind == "value_error":
        message: Message = error["ctx"]["error"].message
        return message
    example = _example(model, path)
    if kind == "missing":
        return Message.of("key-missing", key=str(path[-1]), example=example)
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), _model_at(model, path[:-1]))
    if kind in ("model_type", "dict_type"):
        return Message.of("group-expected", value=value, example=example)
    if kind in ("list_type", "tuple_type"):
        return Message.of("list-expected", value=value, example=example)
    return Message.of("value-not-recognised", value=value, reason=error["msg"], example=example)


def _unknown_key(key: str, model: type[BaseModel]) -> Message:
    keys = list(model.model_fields)
    if (visible := without_invisible(key)) != key and visible in keys:
        character = next(each for each in key if each not in visible)
        return Message.of("key-invisible", character=name_character(character), key=visible)
    name, colon, rest = key.partition(":")
    if colon and rest and name in keys:
        return Message.of("yaml-colon-without-space", line=f"{name}: {rest}")
    if " " in key:
        return Message.of("key-comma")
    synonyms: dict[str, str] = getattr(model, "synonyms", {})
    suggestion = synonyms.get(key.casefold()) or next(iter(difflib.get_close_matches(key, keys, n=1, cutoff=0.6)), None)
    return (
        Message.of("key-unknown", key=suggestion) if suggestion else Message.of("key-unknown-of", keys=", ".join(keys))
    )


def _example(model: type[BaseModel], path: Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    info = _model_at(model, tuple(names[:-1])).model_fields.get(names[-1]) if names else None
    return str(info.examples[0]) if info and info.examples else "a value"


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)
