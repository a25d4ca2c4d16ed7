"""Article files as text: the keys of one, in the order in which an author reads them.

It writes no file, and checks nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from feeds.model.schema import schema_line
from feeds.model.yamlfile import FORBIDDEN

_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
"""What YAML takes for the end of a line besides a line feed (YAML 1.1 section 4.2)."""

_PLAIN = re.compile(r"[a-z0-9]+([.:+-]+[a-z0-9T]+)*|[0-9-]+T[0-9:+-]+")
"""What needs no quotes: slugs and moments."""


def article_text(values: Mapping[str, object], *, depth: int) -> str:
    """Write a file's text; a `body` is a text of several lines, `depth` how many folders below `articles/` it is."""
    lines = [schema_line(depth)]
    for key, value in values.items():
        if key == "body":
            lines.append(_block(str(value)))
        else:
            lines.append(f"{key}: {_flow(_cleaned(value))}\n")
    return "".join(lines)


def _flow(value: object) -> str:
    """Write a value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _cleaned(value: object) -> object:
    """Leave out what no file may have, in all texts of a value."""
    if isinstance(value, str):
        return FORBIDDEN.sub("", _BREAKS.sub(" ", value))
    if isinstance(value, dict):
        return {key: _cleaned(each) for key, each in value.items()}
    return [_cleaned(each) for each in value] if isinstance(value, list | tuple) else value


def _block(body: str) -> str:
    """Write a text as a block (YAML 1.1 section 9.3)."""
    text = FORBIDDEN.sub("", _BREAKS.sub("\n", body)).strip("\n")
    mark = "|2" if text.startswith((" ", "\t")) else "|"
    return f"body: {mark}\n" + "".join(f"  {line}\n" if line else "\n" for line in text.split("\n"))
