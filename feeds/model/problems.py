"""Problems as values: what is wrong with a file, where, and how severe it is; `messages` has their wording."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from feeds.base import translations

from .messages import MESSAGES

Severity = Literal["error", "warning"]

Parameter = str | int


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A code of the catalogue and its parameters, sorted by name."""

    code: str
    parameters: tuple[tuple[str, Parameter], ...] = ()

    @classmethod
    def of(cls, code: str, /, **parameters: Parameter) -> Message:
        """Return the message of a code. Raises KeyError if the code is not in the catalogue."""
        if code not in MESSAGES:
            raise KeyError(code)
        return cls(code, tuple(sorted(parameters.items())))

    def replace(self, **parameters: Parameter) -> Message:
        """Return the message with some parameters replaced."""
        return Message.of(self.code, **{**dict(self.parameters), **parameters})

    def text(self, language: str) -> str:
        """Return the text in a language of the interface."""
        values = {name: _localized(language, value) for name, value in self.parameters}
        return translations.translate(language, MESSAGES[self.code], **values)

    def __str__(self) -> str:
        """Return the English text."""
        return self.text("en")


def _localized(language: str, value: Parameter) -> Parameter:
    """Return a parameter in a language: a number with its separators, a phrase or the name of a character."""
    if isinstance(value, int):
        return translations.LocalizedNumber(value, language)
    if match := _CHARACTER.fullmatch(value):
        return f"{match[1]} ({translations.translate_value(language, match[2])})"
    return translations.translate_value(language, value)


_CHARACTER = re.compile(r"(U\+[0-9A-F]{4,6}) \((.+)\)")
"""A character as `yaml_mistakes.name_character` names it."""


class InvalidValue(ValueError):
    """Raised for a value that cannot be used; `message` says why, and what was expected."""

    def __init__(self, code: str, /, **parameters: Parameter) -> None:
        """Set the message from a code of the catalogue and its parameters."""
        self.message: Message = Message.of(code, **parameters)
        super().__init__(str(self.message))


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A message about a position in a file.

    `line` and `column` count from 1. `key` is dotted, as in `picture.alt`.
    """

    file: str
    line: int
    column: int
    key: str
    message: Message
    severity: Severity = "error"

    def text(self, language: str) -> str:
        """Return the line that `feeds check` prints, in the form that editors parse."""
        parts = [f"{self.file}:{self.line}:{self.column}"]
        parts += [translations.translate(language, "warning")] if self.severity == "warning" else []
        parts += [self.key] if self.key else []
        return " ".join(": ".join([*parts, self.message.text(language)]).splitlines())  # names may have line breaks

    def __str__(self) -> str:
        """Return that line in English."""
        return self.text("en")

    def to_dict(self, language: str = "en") -> dict[str, Any]:
        """Return the problem as JSON data, for programs, with its message in a language."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "key": self.key,
            "severity": self.severity,
            "code": self.message.code,
            "parameters": dict(self.message.parameters),
            "message": self.message.text(language),
        }


_INVISIBLE = re.compile(
    "[\u00a0\u00ad\u180e\u2000-\u200b\u200e\u200f\u202a-\u202f\u205f-\u2064\u2066-\u206f\u3000\ufeff]"
)
"""Characters that look like a space or are invisible, except those that join letters and emoji."""


def without_invisible(text: str) -> str:
    """Return a text without characters that cannot be seen, and without spaces around it."""
    return _INVISIBLE.sub("", text).strip()


def show(value: object) -> str:
    """Return a value as messages quote it: at most 60 characters on one line, with code points for invisible ones."""
    if isinstance(value, Mapping):
        return "a group of keys"
    if isinstance(value, list):
        return "a list"
    text = str(value).replace("\n", " ")
    if not text.isascii():
        text = _INVISIBLE.sub(lambda character: f"⟨U+{ord(character[0]):04X}⟩", text)
    return text if len(text) <= 60 else text[:59] + "…"
