"""What all models share: their base, the kinds of text they hold, and pydantic's findings in plain words.

It knows no key of ours, and no file: `validate` takes a `Tree` that was read before.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import ErrorDetails

from .problems import InvalidValue, Message, show
from .yamlfile import Path, Tree

Model = TypeVar("Model", bound=BaseModel)

BLANKS = " \t\r\n"
"""All that is ever stripped: `str.strip()` would take an author's U+00A0 and U+202F with it."""


class Strict(BaseModel):
    """The base of every model: frozen, and unknown keys are faults; a key with nothing behind it counts as absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value != "" or key not in cls.model_fields}
        return data


def text(value: object) -> str:
    """Normalise to NFC and strip blanks; nothing else of an author's characters is touched."""
    if not isinstance(value, str):
        raise InvalidValue("text-expected", value=show(value))
    stripped = unicodedata.normalize("NFC", value).strip(BLANKS)
    if all(unicodedata.category(character)[0] in "CZ" for character in stripped):  # nothing of it can be seen
        raise InvalidValue("text-empty")
    return stripped


def line(value: object) -> str:
    """Be a text on one line."""
    found = text(value)
    if "\n" in found or "\r" in found:
        raise InvalidValue("line-expected", value=show(found))
    return found


def title(value: object) -> str:
    """Be a line without anything that Liferea and feed2toot would take for an HTML tag and delete."""
    found = line(value)
    if tag := re.search(r"<[/!?]?[A-Za-z][^>\s]*>?", found):
        raise InvalidValue("title-tag", tag=show(tag[0]))
    return found


def truth(value: object) -> bool:
    """Read `true` or `false`."""
    if value not in ("true", "false"):
        raise InvalidValue("boolean-expected", value=show(value))
    return value == "true"


def number(low: int, high: int) -> Callable[[object], int]:
    """Make a reader of whole numbers from `low` to `high`."""

    def parse(value: object) -> int:
        if not (isinstance(value, str) and re.fullmatch("[0-9]{1,15}", value) and low <= int(value) <= high):
            raise InvalidValue("number-expected", value=show(value), low=low, high=high)
        return int(value)

    return parse


def matching(pattern: str, code: str) -> Callable[[object], str]:
    """Return a parser of lines that match a pattern in full; others are invalid with the message of a code."""

    def parse(value: object) -> str:
        found = line(value)
        if not re.fullmatch(pattern, found):
            raise InvalidValue(code, value=show(found))
        return found

    return parse


url = matching(
    r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!#$%&'()*+,./:;=?@\[\]_~A-Za-z0-9-]*)?",
    "url-not-recognised",
)
"""Read an http or https address, whole and in ASCII (RFC 3986)."""

email = matching(r"[^@\s<>()]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "email-not-recognised")
"""Read an e-mail address; only its shape is looked at."""

fediverse = matching(r"@?[\w.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "fediverse-not-recognised")
"""Read the account of somebody on Mastodon and its like."""


def contact(value: object) -> str:
    """Read an address, or an e-mail address as one."""
    found = line(value)
    return url(found) if found.startswith("http") else "mailto:" + email(found.removeprefix("mailto:"))


TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}
"""What editors may take a text for, since they resolve `1.0` and `true`; here it is text all the same."""

Text = Annotated[str, PlainValidator(text), WithJsonSchema(TEXT_SCHEMA)]
Line = Annotated[str, PlainValidator(line), WithJsonSchema(TEXT_SCHEMA)]
Title = Annotated[str, PlainValidator(title), WithJsonSchema(TEXT_SCHEMA)]
Truth = Annotated[bool, PlainValidator(truth), WithJsonSchema({"type": "boolean"})]
Url = Annotated[str, PlainValidator(url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Email = Annotated[str, PlainValidator(email), WithJsonSchema({"type": "string", "pattern": "^[^@ ]+@[^@ ]+$"})]


Fediverse = Annotated[
    str, PlainValidator(fediverse), WithJsonSchema({"type": "string", "pattern": "^@?[^@ ]+@[^@ ]+$"})
]
Contact = Annotated[str, PlainValidator(contact), WithJsonSchema({"type": "string"})]


def one_or_more(value: object) -> object:
    """Take a single text for a list of one, and refuse an empty list."""
    if value == []:
        raise InvalidValue("list-empty")
    return [value] if isinstance(value, str) else value


def validate(tree: Tree, model: type[Model], context: object) -> Model | None:
    """Make a `model` of a file's values, or add what is wrong with them to the tree's problems and return nothing."""
    try:
        return model.model_validate(tree.value, context=context)
    except ValidationError as fault:
        for error in fault.errors(include_url=False):
            path, at_key = error["loc"], error["type"] == "extra_forbidden"
            if path[-1:] == ("[key]",) and not at_key:  # how pydantic names a mapping's key itself
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
        return _unknown(str(path[-1]), _model_at(model, path[:-1]))
    if kind in ("model_type", "dict_type"):
        return Message.of("group-expected", value=value, example=example)
    if kind in ("list_type", "tuple_type"):
        return Message.of("list-expected", value=value, example=example)
    return Message.of("value-not-recognised", value=value, reason=error["msg"], example=example)


def _unknown(key: str, model: type[BaseModel]) -> Message:
    known = list(model.model_fields)
    if key.strip() in known:
        return Message.of("key-no-break-space", key=key.strip())
    if " " in key:
        return Message.of("key-comma")
    synonyms: dict[str, str] = getattr(model, "synonyms", {})
    near = synonyms.get(key.casefold()) or next(iter(difflib.get_close_matches(key, known, n=1, cutoff=0.6)), None)
    return Message.of("key-unknown", key=near) if near else Message.of("key-unknown-of", keys=", ".join(known))


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
