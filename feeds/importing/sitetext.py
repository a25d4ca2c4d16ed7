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
    """Add redirects to those that a text has, below the last of them, or at its end. Raises SiteTextError.

    What comes of it is read back: where it does not say what it did and the redirects, it is not given.
    """
    if not redirects:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    try:
        found = _with_lines(text.replace("\r\n", "\n"), redirects).replace("\n", end)
        before, after = (yaml.load(each, yaml.BaseLoader) for each in (text, found))
    except yaml.YAMLError as fault:
        raise SiteTextError(f"its redirects cannot be added to: {' '.join(str(fault).split())}") from None
    old = before.get("redirects") or {}
    if not isinstance(old, dict) or after != {**before, "redirects": {**old, **redirects}}:
        raise SiteTextError("its redirects are written in a way that cannot be added to (want a line each, indented)")
    return found


def fitting(text: str, redirects: Mapping[str, str], *, most: int) -> dict[str, str]:
    """Give as many redirects, the first before the last, as a text of so many bytes has room for."""
    room, found = most - len(text.encode()) - 1000, {}
    for old, new in redirects.items():
        room -= len(old.encode()) + len(new.encode()) + 12
        if room > 0:
            found[old] = new
    return found


def _with_lines(text: str, redirects: Mapping[str, str]) -> str:
    lines = [f"{_scalar(old)}: {_scalar(new)}" for old, new in redirects.items()]
    root = yaml.compose(text, yaml.BaseLoader)
    if not isinstance(root, yaml.MappingNode):
        raise SiteTextError("it is no group of keys (want title, url, …)")
    pair = next((pair for pair in root.value if pair[0].value == "redirects"), None)
    if pair is None:
        return text.rstrip("\n") + "\nredirects:\n" + "".join(f"  {line}\n" for line in lines)
    key, block = pair
    if isinstance(block, yaml.ScalarNode):  # with nothing behind it
        at = text.find("\n", key.end_mark.index)
        head, tail = (text[:at], text[at:]) if at >= 0 else (text, "\n")
        return head + "".join(f"\n  {line}" for line in lines) + tail
    if not isinstance(block, yaml.MappingNode):
        raise SiteTextError("redirects is no group (want /old: /new, a line each)")
    if block.flow_style:
        at = block.value[-1][1].end_mark.index if block.value else block.start_mark.index + 1
        quoted = ", ".join(f"{_quoted(old)}: {_quoted(new)}" for old, new in redirects.items())
        return text[:at] + (", " if block.value else "") + quoted + text[at:]
    last, indent = block.value[-1][1].end_mark, " " * block.value[0][0].start_mark.column
    at = text.find("\n", last.index)
    head, tail = (text[:at], text[at:]) if at >= 0 else (text, "\n")
    return head + "".join(f"\n{indent}{line}" for line in lines) + tail


def _scalar(text: str) -> str:
    """Write a path or an address; in quotes, where YAML needs them."""
    return text if re.fullmatch(r"(/|https?://)[A-Za-z0-9/._~%+@=?&;!$()*-]*", text) else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "%5C").replace('"', "%22") + '"'
