"""Turn the bytes of a YAML file into plain values whose every scalar is text, and faults into `Problem`s.

The models decide what is a date, a number or a truth. This module opens no file and knows no key; it keeps the line and
column of every value, so that whoever finds fault with one can say where it stands.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from .problems import Message, Problem, Severity, show

MAX_BYTES = 1 << 20
"""Size of the largest file that is read: 1 MiB."""

MAX_DEPTH = 16
"""How deep lists and mappings may stand in each other; no key of ours needs more than four."""

_FORBIDDEN_EARLY = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff\ud800-\udfff"
_FORBIDDEN_LATE = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
FORBIDDEN = re.compile(f"[{_FORBIDDEN_EARLY}\U0001fffe-\U0010ffff](?<=[{_FORBIDDEN_EARLY}{_FORBIDDEN_LATE}])")
"""Characters that XML 1.0 section 2.2 refuses, or that readers, editors and YAML take for line breaks.

The first class has all of them and little else; it is short, which makes the search ten times faster.
"""

Path = tuple[str | int, ...]


class Position(NamedTuple):
    """Where something starts in a text, from 0: the way libyaml counts."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The values of a file, all text, and where each of them stands."""

    file: str
    text: str
    value: dict[str, Any]
    problems: list[Problem]
    values_at: dict[Path, Position] = field(repr=False)
    keys_at: dict[Path, Position] = field(repr=False)

    def problem(
        self, path: Path, message: Message, severity: Severity = "error", *, at_key: bool = False, line: int = 0
    ) -> Problem:
        """Make a problem of the value (or the key) at `path`, `line` lines below its start."""
        key = dotted(path)
        while path and path not in self.values_at:
            path = path[:-1]
        mark = self.keys_at.get(path, self.values_at[path]) if at_key else self.values_at[path]
        if line:
            return Problem(self.file, mark.line + 1 + line, 1, key, message, severity)
        return Problem(self.file, mark.line + 1, mark.column + 1, key, message, severity)

    def outline(self, *paths: Path) -> Tree:
        """Keep no more than is needed to tell problems of a few values later."""
        places = {path: self.values_at[path] for path in ((), *paths) if path in self.values_at}
        return Tree(self.file, "", {}, [], places, {})

    def block_problem(self, path: Path, offset: int, message: Message, severity: Severity) -> Problem:
        """Make a problem of the character at `offset` of a top-level text, exact to the line in a block (`|`)."""
        mark = self.values_at[path]
        text: str = self.value[str(path[0])]
        line = self.text.splitlines()[mark.line]
        is_block = line[mark.column : mark.column + 1] == "|"
        return self.problem(path, message, severity, line=1 + text.count("\n", 0, offset) if is_block else 0)


def read(data: bytes, file: str) -> tuple[Tree | None, list[Problem]]:
    """Parse a file's bytes; without a tree where nothing can be read of it.

    `file` is the name that problems carry. A tree may have problems of its own (a key given twice) beside its values.
    """
    try:
        text = _decode(data, file)
        _refuse_characters(text, file)
        tree = _Builder(text, file).build()
        return tree, tree.problems
    except _Unreadable as fault:
        return None, [fault.problem]


class _Unreadable(Exception):
    def __init__(self, file: str, line: int, column: int, message: Message) -> None:
        self.problem = Problem(file, line, column, "", message)


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise _Unreadable(file, 1, 1, Message.of("file-too-large", size=len(data), limit=MAX_BYTES))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unreadable(file, 1, 1, Message.of("encoding-utf-16"))
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        before = data[: fault.start].decode()
        line, column = _position(before, len(before))
        message = Message.of("encoding-not-utf-8", byte=f"{data[fault.start]:02X}")
        raise _Unreadable(file, line, column, message) from None
    if not text.strip(" \t\r\n"):
        raise _Unreadable(file, 1, 1, Message.of("file-empty"))
    return text


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, offset - max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset))


def name_character(character: str) -> str:
    """Name a character that cannot be shown, as `U+0007 (control character)`."""
    code = ord(character)
    name = unicodedata.name(character, "control character" if code < 0xA0 else "not a character").lower()
    return f"U+{code:04X} ({name})"


def _not_allowed(character: str) -> Message:
    return Message.of("character-not-allowed", character=name_character(character))


def _refuse_characters(text: str, file: str) -> None:
    if found := FORBIDDEN.search(text):
        line, column = _position(text, found.start())
        raise _Unreadable(file, line, column, _not_allowed(found[0]))


class _Parser(yaml.CSafeLoader):
    """libyaml's parser, used for its events alone: nothing is resolved or constructed."""


class _Builder:
    """Values from events: text, lists and mappings, and nothing that YAML could do besides."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.problems: list[Problem] = []
        self.values_at: dict[Path, Position] = {}
        self.keys_at: dict[Path, Position] = {}
        self.escapes = "\\" in text
        self.comments = " #" in text

    def build(self) -> Tree:
        parser = _Parser(self.text)
        try:
            value = self._document(iter(parser.get_event, None))
        except yaml.MarkedYAMLError as fault:
            raise self._syntax(fault) from None
        finally:
            parser.dispose()
        if not isinstance(value, dict):
            mark = self.values_at[()]
            raise self._unreadable(mark, Message.of("keys-expected", value=show(value)))
        return Tree(self.file, self.text, value, self.problems, self.values_at, self.keys_at)

    def _unreadable(self, mark: Position, message: Message) -> _Unreadable:
        return _Unreadable(self.file, mark.line + 1, mark.column + 1, message)

    def _document(self, events: Iterator[Any]) -> Any:
        value = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if value is not None:
                    raise self._unreadable(_start(event), Message.of("yaml-second-document"))
                value = self._value(next(events), events, ())
        if value is None:
            raise _Unreadable(self.file, 1, 1, Message.of("file-empty"))
        return value

    def _value(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        mark = _start(event)
        self.values_at[path] = mark
        if isinstance(event, yaml.AliasEvent):
            raise self._unreadable(mark, Message.of("yaml-alias", name=str(event.anchor)))
        if event.anchor is not None:
            raise self._unreadable(mark, Message.of("yaml-anchor", name=event.anchor))
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._unreadable(mark, Message.of("yaml-tag", tag=shown))
        if len(path) > MAX_DEPTH:
            raise self._unreadable(mark, Message.of("yaml-too-deep", limit=MAX_DEPTH))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _scalar(self, event: Any, path: Path) -> str:
        text: str = event.value
        if self.escapes and (found := FORBIDDEN.search(text)):
            raise self._unreadable(_start(event), _not_allowed(found[0]))
        if self.comments and not event.style:
            self._warn_of_comment(text, event, path)
        return text

    def _warn_of_comment(self, text: str, event: Any, path: Path) -> None:
        """Tell when `title: Mois #sanstabac` loses its end: a comment that starts like a word, or follows words."""
        end = Position(event.end_mark.line, event.end_mark.column)
        is_prose = " " in text and any(character.isalpha() for character in text)
        comment = r"[ \t]*(#.+)" if is_prose else r"[ \t]*(#[^\s#].*)"
        if found := re.match(comment, _line_of(self.text, end)[end.column :]):
            message = Message.of("yaml-comment", comment=show(found[1]))
            line, column = end.line + 1, end.column + 1 + found.start(1)
            self.problems.append(Problem(self.file, line, column, dotted(path), message, "warning"))

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
                raise self._unreadable(mark, Message.of("yaml-key-not-text"))
            key = self._value(event, events, (*path, event.value))
            place = (*path, key)
            if key in items:
                line = self.keys_at[place].line + 1
                self._value(next(events), events, (*place, ""))
                message = Message.of("key-repeated", line=line)
                self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, show(key), message))
                continue
            self.keys_at[place] = mark
            items[key] = self._value(next(events), events, place)
        return items

    def _syntax(self, fault: yaml.MarkedYAMLError) -> _Unreadable:
        place: Any = fault.problem_mark or fault.context_mark
        mark = Position(place.line, place.column)
        line = _line_of(self.text, mark)
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent:
            return _Unreadable(self.file, mark.line + 1, indent.index("\t") + 1, Message.of("yaml-tab"))
        found = fault.problem or "not YAML"
        if "mapping values are not allowed" in found and re.fullmatch(r"\s*[\w-]+", line[: mark.column]):
            return self._unreadable(mark, Message.of("yaml-line-continued"))
        if re.search("unexpected end of stream|expected ',' or", found) and (opened := fault.context_mark):
            mark = Position(opened.line, opened.column)
        for words, code in _SYNTAX_CODES:
            if words in found:
                return self._unreadable(mark, Message.of(code))
        context = f" {fault.context}" if fault.context else ""
        return self._unreadable(mark, Message.of("yaml-other", reason=f"{found}{context}"))


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
"""Words of libyaml's errors, and the codes of messages that say the same to authors."""


def _line_of(text: str, mark: Position) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[mark.line] if mark.line < len(lines) else ""


def dotted(path: Path) -> str:
    """Write the keys of a path as problems name them, `picture.alt`; places in lists are left to the line."""
    return ".".join(show(part) for part in path if isinstance(part, str))
