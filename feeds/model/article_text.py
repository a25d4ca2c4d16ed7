"""The text of article files, with the keys in the order in which an author reads them.

It writes no file, and validates nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from .schema import schema_line
from .yamlfile import FORBIDDEN

KEY_ORDER = ["id", "title", "published", "updated", "expires", "withdrawn", "categories", "draft", "language", "twin"]
KEY_ORDER += ["authors", "tags", "summary", "picture", "attachments", "link", "social", "hide_from", "body"]
"""The keys of an article file, in the order in which new ones are written."""

_LINE_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
"""Line breaks of YAML other than a line feed (YAML 1.1 section 4.2)."""

_UNQUOTED = re.compile(r"[a-z0-9]+([.:+-]+[a-z0-9T]+)*|[0-9-]+T[0-9:+-]+")
"""Values that need no quotes: slugs and datetimes."""


def article_text(values: Mapping[str, object], *, depth: int) -> str:
    """Return the text of an article file.

    `body` may have several lines. `depth` is the number of folders between the file and `articles/`.
    """
    lines = [schema_line(depth)]
    for key, value in values.items():
        lines.append(body_block(str(value)) if key == "body" else key_line(key, value))
    return "".join(lines)


def key_line(key: str, value: object) -> str:
    """Return the line of a key, without the characters that no article file may contain."""
    return f"{key}: {_flow_value(_clean(value))}\n"


def _flow_value(value: object) -> str:
    """Return a value as YAML on one line (flow style)."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow_value, value)) + "]"
    text = str(value)
    return text if _UNQUOTED.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _clean(value: object) -> object:
    """Return a value without the characters that no article file may contain, at any depth."""
    if isinstance(value, str):
        return FORBIDDEN.sub("", _LINE_BREAKS.sub(" ", value))
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def body_block(body: str) -> str:
    """Return the `body` key with its text as a block scalar (YAML 1.1 section 9.3)."""
    text = FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", body)).strip("\n")
    indicator = "|2" if text.startswith((" ", "\t")) else "|"
    return f"body: {indicator}\n" + "".join(f"  {line}\n" if line else "\n" for line in text.split("\n"))
