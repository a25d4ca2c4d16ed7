"""Parses YAML files into plain values whose every scalar is text, and errors into `Problem`s.

The models decide what is a date, a number or a boolean. This module opens no file and knows no key.
It records the line and column of every value, so that a problem with it can be located.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from struct import Struct
from typing import Any, NamedTuple

import yaml

from . import yaml_mistakes
from .problems import Message, Problem, Severity, show
from .yaml_mistakes import name_character, quoted

MAX_YAML_BYTES = 1 << 20
"""Maximum size of a file that is read: 1 MiB."""

MAX_YAML_DEPTH = 16
"""Maximum nesting of lists and mappings; no key needs more than four levels."""

_FORBIDDEN_IN_BMP = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff\ud800-\udfff"
_FORBIDDEN_BEYOND_BMP = "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
)
FORBIDDEN = re.compile(f"[{_FORBIDDEN_IN_BMP}\U0001fffe-\U0010ffff](?<=[{_FORBIDDEN_IN_BMP}{_FORBIDDEN_BEYOND_BMP}])")
"""Characters that XML 1.0 section 2.2 forbids, or that readers, editors and YAML treat as line breaks.

The first class contains them all and few others. It is short, which makes the search ten times
faster.
"""

Path = tuple[str | int, ...]


class Position(NamedTuple):
    """The start of a value in a text; line and column count from 0, as in libyaml."""

    line: int
    column: int


OUTLINE_PATHS: tuple[Path, ...] = ((), ("id",), ("twin",), ("tags",), ("authors",), ("picture", "file"), ("body",))
"""The keys whose positions are kept for each file, for problems that are found later."""

_PLACES = Struct(f"{2 * len(OUTLINE_PATHS)}i")
_NOWHERE = Position(-1, -1)


@dataclass(frozen=True, slots=True)
class Outline:
    """The positions of some values of a file, packed, since there is an outline for each file."""

    file: str
    places: bytes

    @classmethod
    def of(cls, file: str, numbers: Iterable[int]) -> Outline:
        """Return an outline from its numbers."""
        return cls(file, _PLACES.pack(*numbers))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The line and the column of each of OUTLINE_PATHS; -1 for a value that is not there."""
        return _PLACES.unpack(self.places)

    def problem(self, path: Path, message: Message, severity: Severity = "error") -> Problem:
        """Return a problem at the value at `path`, or at the nearest one above it."""
        numbers = self.numbers
        positions = {each: Position(*numbers[2 * index :][:2]) for index, each in enumerate(OUTLINE_PATHS)}
        key = dotted(path)
        while path and positions.get(path, _NOWHERE) == _NOWHERE:
            path = path[:-1]
        return Problem(self.file, positions[path].line + 1, positions[path].column + 1, key, message, severity)


@dataclass(frozen=True, slots=True)
class Tree:
    """The values of a file, all of them text, and their positions."""

    file: str
    text: str
    value: dict[str, Any]
    problems: list[Problem]
    values_at: dict[Path, Position] = field(repr=False)
    keys_at: dict[Path, Position] = field(repr=False)

    def problem(
        self, path: Path, message: Message, severity: Severity = "error", *, at_key: bool = False, line: int = 0
    ) -> Problem:
        """Return a problem at the value (or the key) at `path`, `line` lines below its start."""
        key = dotted(path)
        while path and path not in self.values_at:
            path = path[:-1]
        mark = self.keys_at.get(path, self.values_at[path]) if at_key else self.values_at[path]
        if line:
            return Problem(self.file, mark.line + 1 + line, 1, key, message, severity)
        return Problem(self.file, mark.line + 1, mark.column + 1, key, message, severity)

    def path_of(self, problem: Problem) -> Path:
        """Return the path of a problem's value, with the indices of lists, which its key does not have."""
        parts = problem.key.split(".") if problem.key else []
        path: Path = tuple(parts)
        for candidate, mark in chain(self.keys_at.items(), self.values_at.items()):
            words = [part for part in candidate if isinstance(part, str)]
            is_here = (mark.line + 1, mark.column + 1) == (problem.line, problem.column)
            if candidate and is_here and [show(word) for word in words] == parts[: len(words)]:
                path = (*candidate, *parts[len(words) :])
        return path

    def outline(self) -> Outline:
        """Return what is needed to report problems of some values later."""
        positions = (self.values_at.get(path, _NOWHERE) for path in OUTLINE_PATHS)
        return Outline.of(self.file, chain.from_iterable(positions))

    def block_problem(self, path: Path, offset: int, message: Message, severity: Severity) -> Problem:
        """Return a problem at `offset` in a top-level text; exact to the line in a block (`|`)."""
        mark = self.values_at[path]
        text: str = self.value[str(path[0])]
        line = self.text.splitlines()[mark.line]
        is_block = line[mark.column : mark.column + 1] == "|"
        return self.problem(path, message, severity, line=1 + text.count("\n", 0, offset) if is_block else 0)


def parse_yaml(data: bytes, file: str) -> tuple[Tree | None, list[Problem]]:
    """Parse a file's bytes. Return its tree, or None if it cannot be parsed, and its problems.

    `file` is the name in the problems. A tree may have problems of its own, such as a repeated key,
    beside its values.
    """
    try:
        text = _decode(data, file)
        _check_characters(text, file)
        tree = _Builder(text, file).build()
        return tree, tree.problems
    except _YamlError as error:
        return None, [error.problem]


class _YamlError(Exception):
    def __init__(self, file: str, line: int, column: int, message: Message) -> None:
        self.problem = Problem(file, line, column, "", message)


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_YAML_BYTES:
        raise _YamlError(file, 1, 1, Message.of("file-too-large", size=len(data), limit=MAX_YAML_BYTES))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _YamlError(file, 1, 1, Message.of("encoding-utf-16"))
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line, column = _position(before, len(before))
        message = Message.of("encoding-not-utf-8", byte=f"{data[error.start]:02X}")
        raise _YamlError(file, line, column, message) from None
    if not text.strip(" \t\r\n"):
        raise _YamlError(file, 1, 1, Message.of("file-empty"))
    return text


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, offset - max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset))


def _not_allowed_message(character: str) -> Message:
    return Message.of("character-not-allowed", character=name_character(character))


def _check_characters(text: str, file: str) -> None:
    if match := FORBIDDEN.search(text):
        line, column = _position(text, match.start())
        raise _YamlError(file, line, column, _not_allowed_message(match[0]))


class _Parser(yaml.CSafeLoader):
    """libyaml's parser, used only for its events: nothing is resolved or constructed."""


class _Builder:
    """Builds text, lists and mappings from events; all other features of YAML are errors."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.problems: list[Problem] = []
        self.values_at: dict[Path, Position] = {}
        self.keys_at: dict[Path, Position] = {}
        self.escapes = "\\" in text
        self.comments = " #" in text

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def _line(self, mark: Position) -> str:
        return self._lines[mark.line] if mark.line < len(self._lines) else ""

    def build(self) -> Tree:
        parser = _Parser(self.text)
        try:
            value = self._document(iter(parser.get_event, None))
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error) from None
        finally:
            parser.dispose()
        if not isinstance(value, dict):
            mark = self.values_at[()]
            raise self._yaml_error(mark, Message.of("keys-expected", value=show(value)))
        return Tree(self.file, self.text, value, self.problems, self.values_at, self.keys_at)

    def _yaml_error(self, mark: Position, message: Message) -> _YamlError:
        return _YamlError(self.file, mark.line + 1, mark.column + 1, message)

    def _document(self, events: Iterator[Any]) -> Any:
        value = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if value is not None:
                    raise self._yaml_error(_start(event), Message.of("yaml-second-document"))
                value = self._value(next(events), events, ())
        if value is None:
            raise _YamlError(self.file, 1, 1, Message.of("file-empty"))
        return value

    def _value(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        mark = _start(event)
        self.values_at[path] = mark
        if isinstance(event, yaml.AliasEvent):
            raise self._yaml_error(mark, Message.of("yaml-alias", name=str(event.anchor)))
        if event.anchor is not None:
            raise self._yaml_error(mark, Message.of("yaml-anchor", name=event.anchor))
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._yaml_error(mark, Message.of("yaml-tag", tag=shown))
        if len(path) > MAX_YAML_DEPTH:
            raise self._yaml_error(mark, Message.of("yaml-too-deep", limit=MAX_YAML_DEPTH))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _scalar(self, event: Any, path: Path) -> str:
        text: str = event.value
        if self.escapes and (match := FORBIDDEN.search(text)):
            raise self._yaml_error(_start(event), _not_allowed_message(match[0]))
        if text.startswith("-") and not event.style:
            self._check_dashes(text, event, path)
        if self.comments and not event.style:
            self._warn_about_comment(text, event, path)
        return text

    def _check_dashes(self, text: str, event: Any, path: Path) -> None:
        """Report a list whose first dash lacks its space, so that YAML reads all of it as one text."""
        if event.start_mark.line != event.end_mark.line and re.match(r"-[^\W\d_].* -", text):
            mark, line = _start(event), f"- {text[1:]}".partition(" -")[0]
            message = Message.of("yaml-dash-without-space", character="-", line=show(line))
            self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, dotted(path), message))

    def _warn_about_comment(self, text: str, event: Any, path: Path) -> None:
        """Report a comment that seems to be text.

        A hashtag, as in `title: Mois #sanstabac`, is an error; any other comment after words is a warning.
        """
        start, end = _start(event), Position(event.end_mark.line, event.end_mark.column)
        line = self._line(end)
        if "#" not in line:
            return
        is_prose = " " in text and any(character.isalpha() for character in text)
        match = re.match(r"[ \t]*(#.+)", line[end.column :])
        if not match or not (is_prose or re.match(r"#[^\s#]", match[1])):
            return
        severity: Severity = "warning"
        message = Message.of("yaml-comment", comment=show(match[1]))
        is_text = any(part in yaml_mistakes.TEXT_KEYS for part in path)
        if is_text and re.match(r"#[^\W_]", match[1]):
            severity, message = "error", Message.of("yaml-hashtag", comment=show(match[1]), line="the text in quotes")
            if start.line == end.line and len(line) <= yaml_mistakes.MAX_SHOWN_LINE:
                indent = line[start.column :][: len(line[start.column :]) - len(line[start.column :].lstrip())]
                value = quoted(line[start.column :].strip())
                message = message.replace(line=f"{line[: start.column]}{indent}{value}".strip())
        column = end.column + 1 + match.start(1)
        self.problems.append(Problem(self.file, end.line + 1, column, dotted(path), message, severity))

    def _sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(event, events, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            mark = _start(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._yaml_error(mark, Message.of("yaml-key-not-text"))
            key = self._value(event, events, (*path, event.value))
            key_path = (*path, key)
            if key in items:
                line = self.keys_at[key_path].line + 1
                self._value(next(events), events, (*key_path, ""))
                message = Message.of("key-repeated", line=line)
                self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, show(key), message))
                continue
            self.keys_at[key_path] = mark
            items[key] = self._value(next(events), events, key_path)
        return items

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> _YamlError:
        error_mark: Any = error.problem_mark or error.context_mark
        mark = Position(error_mark.line, error_mark.column)
        if cause := yaml_mistakes.cause_of(self._lines, mark.line):
            number, column, message = cause
            return _YamlError(self.file, number + 1, column + 1, message)
        line = self._line(mark)
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent:
            return _YamlError(self.file, mark.line + 1, indent.index("\t") + 1, Message.of("yaml-tab"))
        reason = error.problem or "not YAML"
        if "mapping values are not allowed" in reason and re.fullmatch(r"\s*[\w-]+", line[: mark.column]):
            return self._yaml_error(mark, Message.of("yaml-line-continued"))
        if re.search("unexpected end of stream|expected ',' or", reason) and (opening_mark := error.context_mark):
            mark = Position(opening_mark.line, opening_mark.column)
        for fragment, code in _SYNTAX_CODES:
            if fragment in reason:
                is_quotable, line = code in _QUOTABLE_CODES, self._line(mark)
                corrected = yaml_mistakes.with_quotes(line, is_open=code == "yaml-quote") if is_quotable else None
                return self._yaml_error(mark, Message.of(code, line=corrected or "the whole text in quotes"))
        context = f" {error.context}" if error.context else ""
        return self._yaml_error(mark, Message.of("yaml-other", reason=f"{reason}{context}"))


def _start(event: Any) -> Position:
    return Position(event.start_mark.line, event.start_mark.column)


_SYNTAX_CODES = (
    ("mapping values are not allowed", "yaml-colon"),
    ("expected ',' or ']'", "yaml-bracket"),
    ("expected ',' or '}'", "yaml-brace"),
    ("could not find expected ':'", "yaml-no-key"),
    ("found unexpected end of stream", "yaml-quote"),
    ("did not find expected key", "yaml-after-quote"),
    ("block sequence entries are not allowed", "yaml-dash"),
    ("cannot start any token", "yaml-first-character"),
    ("found undefined tag handle", "yaml-exclamation-mark"),
    ("did not find expected alphabetic", "yaml-ampersand"),
)
"""Fragments of libyaml's errors, and the codes of our messages for them."""


_QUOTABLE_CODES = ("yaml-colon", "yaml-after-quote", "yaml-quote", "yaml-first-character")
"""Codes of mistakes that quotes around the whole value of a key would correct."""


def dotted(path: Path) -> str:
    """Return the keys of a path as problems name them, `picture.alt`; indices of lists are omitted."""
    return ".".join(show(part) for part in path if isinstance(part, str))
