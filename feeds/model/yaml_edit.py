"""Edits single keys of a YAML text; every other line stays as it is, byte for byte.

PyYAML's parser, which also reads the files, finds the lines of a key. Texts are replaced in place; for other changes,
ruamel.yaml writes the lines of the key, which preserves its comments and quotes where possible.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString, LiteralScalarString, ScalarString
from ruamel.yaml.util import load_yaml_guess_indent

from .article_text import body_block, key_line
from .yamlfile import Tree, parse_yaml

Value = str | list[Any] | dict[str, Any]
"""A text, or a list or mapping of values."""

_PLAIN = re.compile(r"[^\W\d_][\w ’.-]*(?<! )|[0-9][0-9T:.+-]*(?<!:)")
"""Texts that need no quotes: words, and dates."""

LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line with its line break, as PyYAML counts lines."""


class EditError(Exception):
    """Raised if a text cannot be edited: it is not a mapping of keys in block style."""


class _TextResolver(VersionedResolver):
    """Resolves all plain scalars as text, except empty ones: the models give values their types."""

    versioned_resolver = {"": [("tag:yaml.org,2002:null", re.compile("^$"))]}  # noqa: RUF012


class _LongKeyEmitter(Emitter):
    """Writes keys of any length that YAML allows (section 7.4.2) without a question mark."""

    MAX_SIMPLE_KEY_LENGTH = 1024


def set_keys(text: str, values: Mapping[str, Value | None], order: list[str]) -> str:
    """Return a text with new values of top-level keys; None removes a key. Raises EditError.

    A key that is new is inserted after the keys that precede it in `order`.
    """
    for key, value in values.items():
        text = set_key(text, key, value, order)
    return text


def set_key(text: str, key: str, value: Value | None, order: list[str]) -> str:
    """Return a text with a new value of one key. Raises EditError."""
    before = _parse(text)
    if before.value.get(key) == value:
        return text
    expected = {name: each for name, each in before.value.items() if name != key}
    if value is not None:
        expected[key] = value
    for candidate in _candidates(text, key, value, order):
        tree, _ = parse_yaml(candidate.encode(), "")
        if tree and tree.value == expected:
            return candidate
    raise EditError(f"{key} cannot be changed in this file")


def rename_key(text: str, tree: Tree, path: tuple[str | int, ...], name: str) -> str:
    """Return a text with a key renamed. Raises EditError if the key is in quotes."""
    position, key = tree.keys_at[path], str(path[-1])
    lines = LINE.findall(text)
    line = lines[position.line]
    if not line.startswith(key, position.column):
        raise EditError(f"{key} is in quotes")
    lines[position.line] = f"{line[: position.column]}{name}{line[position.column + len(key) :]}"
    return "".join(lines)


def _parse(text: str) -> Tree:
    tree, _ = parse_yaml(text.encode(), "")
    if tree is None:
        raise EditError("it is not YAML")
    return tree


def _candidates(text: str, key: str, value: Value | None, order: list[str]) -> list[str]:
    """Return texts with the new value, the best first."""
    lines = LINE.findall(text)
    new: list[str | None]
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    root = yaml.compose(text, yaml.CSafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise EditError("its keys are not on lines of their own")
    sections = _sections(root, lines)
    if key not in sections:
        assert value is not None
        start = end = _place_for(key, sections, order)
        new = _new_sections(key, value)
    else:
        start, end = sections[key]
        section = "".join(lines[start:end])
        new = [""] if value is None else _changed_sections(section, key, value)
    above, below = "".join(lines[:start]), "".join(lines[end:])
    if above and not above.endswith(("\n", "\r")):
        above += newline
    return [f"{above}{each.replace(chr(10), newline)}{below}" for each in new if each is not None]


def _sections(root: yaml.MappingNode, lines: list[str]) -> dict[str, tuple[int, int]]:
    """Return the lines of each key, from the first to after the last; of a repeated key, the first ones."""
    starts = [key.start_mark.line for key, _ in root.value]
    sections: dict[str, tuple[int, int]] = {}
    for (key, value), next_start in zip(root.value, [*starts[1:], len(lines)], strict=True):
        end = min(_last_line(value, lines), next_start - 1) + 1
        sections.setdefault(key.value, (key.start_mark.line, max(end, key.start_mark.line + 1)))
    return sections


def _last_line(node: yaml.Node, lines: list[str]) -> int:
    """Return the last line of a value, without comments and empty lines below it."""
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        line = min(node.end_mark.line, len(lines)) - (1 if node.end_mark.column == 0 else 0)
        while line > node.start_mark.line and (not lines[line].strip() or lines[line].startswith("#")):
            line -= 1
        return line
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last, lines)
    return int(node.end_mark.line)


def _place_for(key: str, sections: Mapping[str, tuple[int, int]], order: list[str]) -> int:
    """Return the line before which a new key is inserted."""
    preceding = order[: order.index(key)] if key in order else order
    ends = [end for name, (_, end) in sections.items() if name in preceding]
    return max(ends) if ends else min(start for start, _ in sections.values())


def _changed_sections(section: str, key: str, value: Value) -> list[str | None]:
    """Return the lines of a key with a new value, those that change least first."""
    others = [_edited_section(section, key, value), *_new_sections(key, value)]
    if key == "body" and "|" not in section.partition("\n")[0]:  # a text of several paragraphs, on several lines
        others.reverse()
        others.insert(0, _new_sections(key, value)[0])
    return [_edited_scalars(section, key, value), *others]


def _edited_scalars(section: str, key: str, value: Value) -> str | None:
    """Return the lines of a key in which only texts on single lines are replaced; None if more has to change."""
    section = section.replace("\r\n", "\n")
    root = yaml.compose(section, yaml.CSafeLoader)
    assert isinstance(root, yaml.MappingNode), "a section is a key with its value"
    replaced: list[tuple[yaml.ScalarNode, str]] = []
    if not _find_changes(root.value[0][1], value, replaced) or key == "body":
        return None
    for node, text in sorted(replaced, key=lambda pair: -pair[0].start_mark.index):
        section = section[: node.start_mark.index] + _scalar(node, text) + section[node.end_mark.index :]
    return section


def _find_changes(node: yaml.Node, value: Any, replaced: list[tuple[yaml.ScalarNode, str]]) -> bool:
    """Collect the texts on single lines that differ from a value; return whether nothing else differs."""
    if isinstance(node, yaml.ScalarNode) and isinstance(value, str):
        if node.value != value:
            replaced.append((node, value))
        is_on_one_line = node.start_mark.line == node.end_mark.line and node.start_mark.index < node.end_mark.index
        return node.value == value or (is_on_one_line and "\n" not in value)
    if isinstance(node, yaml.SequenceNode) and isinstance(value, list) and len(node.value) == len(value):
        return all(_find_changes(each, item, replaced) for each, item in zip(node.value, value, strict=True))
    if isinstance(node, yaml.MappingNode) and isinstance(value, dict):
        pairs = [(each.value, item) for each, item in node.value]
        is_same = [name for name, _ in pairs] == list(value)
        return is_same and all(_find_changes(item, value[name], replaced) for name, item in pairs)
    return False


def _scalar(node: yaml.ScalarNode, text: str) -> str:
    """Return a text as YAML in the quotes of the one that it replaces."""
    if node.style == "'":
        return "'" + text.replace("'", "''") + "'"
    is_plain = not node.style and _PLAIN.fullmatch(text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _new_sections(key: str, value: Value) -> list[str | None]:
    """Return the lines of a new key: as people write them, and as JSON has its texts."""
    if isinstance(value, str):
        return [body_block(value) if key == "body" else _dumped({key: value}), key_line(key, value)]
    return [_dumped({key: _merged(None, value)}), key_line(key, value)]


def _edited_section(section: str, key: str, value: Value) -> str | None:
    """Return the lines of a key with a new value, with the comments in them; None if ruamel.yaml cannot."""
    try:
        document, indent, offset = load_yaml_guess_indent(section.replace("\r\n", "\n"), yaml=_round_trip())
        document[key] = _merged(document.get(key), value)
    except (YAMLError, AttributeError, KeyError, TypeError, ValueError):
        return None
    return _dumped(document, indent or 2, offset)


def _round_trip() -> YAML:
    round_trip = YAML()
    round_trip.preserve_quotes, round_trip.width = True, 1 << 16  # no line is wrapped
    round_trip.Resolver, round_trip.Emitter = _TextResolver, _LongKeyEmitter
    return round_trip


def _dumped(document: Any, indent: int = 2, offset: int | None = None) -> str | None:
    """Return the text of a document; None if ruamel.yaml cannot write it."""
    round_trip, written = _round_trip(), io.StringIO()
    if offset is None:
        round_trip.indent(mapping=indent, sequence=indent + 2, offset=2)
    else:
        round_trip.indent(mapping=max(indent - offset, 2), sequence=max(indent, offset + 2), offset=offset)
    try:
        round_trip.dump(document, written)
    except (YAMLError, AttributeError, TypeError, ValueError):
        return None
    return written.getvalue()


def _merged(old: Any, new: Value) -> Any:
    """Return a new value in the form of the old one: with its comments, its quotes and its style."""
    if isinstance(new, str):
        return _merged_text(old, new)
    if isinstance(new, dict):
        mapping = old if isinstance(old, CommentedMap) else CommentedMap()
        for key in [key for key in mapping if key not in new]:
            del mapping[key]
        quote = DoubleQuotedScalarString if mapping.fa.flow_style() else str  # for a question mark within { }
        for key, value in new.items():
            if key in mapping:
                mapping[key] = _merged(mapping[key], value)
            else:
                mapping[quote(key)] = quote(value) if isinstance(value, str) else _merged(None, value)
        return mapping
    items = old if isinstance(old, CommentedSeq) else CommentedSeq()
    if not items and not any(isinstance(value, dict) for value in new):
        items.fa.set_flow_style()
    for index, value in enumerate(new):
        if index < len(items):
            items[index] = _merged(items[index], value)
        else:
            items.append(_merged(None, value))
    del items[len(new) :]
    return items


def _merged_text(old: Any, new: str) -> Any:
    if isinstance(old, str) and str(old) == new:
        return old
    if "\n" in new:
        return LiteralScalarString(new) if isinstance(old, LiteralScalarString) else DoubleQuotedScalarString(new)
    has_quotes = isinstance(old, ScalarString) and not isinstance(old, LiteralScalarString | FoldedScalarString)
    return type(old)(new) if has_quotes else new
