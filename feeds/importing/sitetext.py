"""The text of `site.yaml` with more redirects: all else in it stays as it is, comments and all.

It writes no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml


class SiteTextError(Exception):
    """Why no redirects can be put into a text, in words for people."""


def with_redirects(text: str, redirects: Mapping[str, str]) -> str:
    """Add redirects to those that a text has, below the last of them, or at its end. Raises SiteTextError."""
    if not redirects:
        return text
    lines = [f"{_scalar(old)}: {_scalar(new)}" for old, new in redirects.items()]
    root = yaml.compose(text, yaml.CSafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise SiteTextError("it is no group of keys (want title, url, …)")
    block = next((value for key, value in root.value if key.value == "redirects"), None)
    if block is None or (isinstance(block, yaml.ScalarNode) and block.value == ""):
        key = "" if block is not None else "redirects:\n"
        if block is not None:  # the key is there, with nothing behind it
            return re.sub(r"(?m)^redirects:[ \t]*(#.*)?$", lambda found: "\n  ".join([found[0], *lines]), text, count=1)
        return text.rstrip("\n") + "\n" + key + "".join(f"  {line}\n" for line in lines)
    if not isinstance(block, yaml.MappingNode):
        raise SiteTextError("redirects is no group (want /old: /new, a line each)")
    if block.flow_style:
        end = block.end_mark.index - 1
        comma = ", " if block.value else ""
        quoted = (f"{_quoted(old)}: {_quoted(new)}" for old, new in redirects.items())
        return text[:end].rstrip() + comma + ", ".join(quoted) + text[end:]
    last = block.value[-1][1].end_mark
    indent = " " * block.value[0][0].start_mark.column
    at = text.find("\n", last.index)
    head, tail = (text[:at], text[at:]) if at >= 0 else (text, "\n")
    return head + "".join(f"\n{indent}{line}" for line in lines) + tail


def _scalar(text: str) -> str:
    """Write a path or an address; in quotes, where YAML needs them."""
    return text if re.fullmatch(r"(/|https?://)[A-Za-z0-9/._~%+@=?&;!$()*-]*", text) else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "%5C").replace('"', "%22") + '"'
