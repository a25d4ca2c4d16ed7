"""Front matter: the metadata at the start of a Markdown file, in YAML, TOML or JSON, or as `Name: value` lines.

It reads no files, and does not interpret the metadata.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import yaml
from frontmatter.default_handlers import BaseHandler, JSONHandler, YAMLHandler

from .notes import Note
from .old_feed import one_line

Metadata = Mapping[str, Any]
"""Values by lower-case name, read with `text_of`, `texts_of` and `find`."""

_METADATA_LINE = re.compile(r"^(?:\.\. )?([A-Za-z][A-Za-z0-9_-]*):[ \t]*(.*)$")
_KEY_LINE = re.compile(r"\A(?:---|\+\+\+)\s*\n[A-Za-z_-]+\s*[:=]")
_COMMENT = re.compile(r"\A\s*<!--\s*\n(\.\. .*?)-->\s*", re.DOTALL)
"""The HTML comment that contains Nikola's metadata."""

_LIST_NAMES = ("tags", "keywords", "categories", "authors")
"""Keys whose value is a list, separated by semicolons, or by commas if it contains none."""


class FrontMatterError(ValueError):
    """Raised if front matter cannot be read, with a reason for users."""

    def __init__(self, reason: Note) -> None:
        """Set the reason."""
        self.reason: Note = reason
        super().__init__(reason)


class _YamlHandler(YAMLHandler):
    """Loads all scalars as strings, so that dates and titles stay as written."""

    def load(self, fm: str, **kwargs: object) -> Any:
        return yaml.load(fm, Loader=yaml.CBaseLoader)


class _TomlHandler(BaseHandler):
    FM_BOUNDARY = re.compile(r"^\+{3,}\s*$", re.MULTILINE)
    START_DELIMITER = END_DELIMITER = "+++"

    def load(self, fm: str, **kwargs: object) -> Any:
        return tomllib.loads(fm)


class _JsonHandler(JSONHandler):
    def load(self, fm: str, **kwargs: object) -> Any:
        return json.loads(fm)


_HANDLERS = (_YamlHandler(), _TomlHandler(), _JsonHandler())


def read_front_matter(text: str, *, allows_lines: bool = False) -> tuple[Metadata, str]:
    """Return the metadata of a document and the text below it. Raises FrontMatterError.

    With `allows_lines`, the metadata may also be lines such as `Title: …` (Pelican, Nikola).
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    handler = next((each for each in _HANDLERS if each.detect(text)), None)
    if handler is None:
        return _read_lines(text) if allows_lines else ({}, text)
    try:
        front, body = handler.split(text)
    except ValueError:
        if _KEY_LINE.match(text):
            reason = Note.of(
                "its front matter is not closed (expected a line {end} below it)", end=handler.END_DELIMITER
            )
            raise FrontMatterError(reason) from None
        return {}, text  # a thematic break
    try:
        metadata = handler.load(front) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reason = Note.of("its front matter is not valid YAML: line {line}: {problem}", line=line, problem=error.problem)
        raise FrontMatterError(reason) from None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        problem = str(error) or type(error).__name__
        raise FrontMatterError(Note.of("its front matter cannot be read: {problem}", problem=problem)) from None
    if not isinstance(metadata, Mapping):
        raise FrontMatterError(Note.of("its front matter has no keys (expected lines such as title: …)"))
    return {str(name).lower(): value for name, value in metadata.items()}, body.strip("\n")


def _read_lines(text: str) -> tuple[Metadata, str]:
    """Read lines such as `Title: …` up to the first empty one; indented lines continue a value."""
    comment = _COMMENT.match(text)
    head, _, body = (comment[1], "", text[comment.end() :]) if comment else text.lstrip("\n").partition("\n\n")
    values: dict[str, str] = {}
    name = ""
    for line in head.strip("\n").split("\n"):
        if match := _METADATA_LINE.match(line):
            name = match[1].lower()
            values[name] = match[2].strip()
        elif name and line.startswith((" ", "\t")):
            values[name] = f"{values[name]} {line.strip()}".strip()
        else:
            return {}, text
    return {name: _split(value) if name in _LIST_NAMES else value for name, value in values.items()}, body


def _split(line: str) -> list[str]:
    return [part.strip() for part in line.split(";" if ";" in line else ",") if part.strip()]


def text_of(value: object) -> str:
    """Return a scalar as YAML would have it, on one line; empty for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return one_line(str(value)) if isinstance(value, str | int | float) else ""


def texts_of(value: object) -> list[str]:
    """Return the scalars of a list, or of a single value, without empty ones."""
    values = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(filter(None, map(text_of, values))))


def find(metadata: Metadata, *names: str) -> Any:
    """Return the first value under one of several names, such as `cover.image`, or None."""
    for name in names:
        value: Any = metadata
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value not in (None, "", []):
            return value
    return None
