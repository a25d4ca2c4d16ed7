"""Limits of an author's Markdown, so that it is rendered in bounded time and memory.

It knows neither articles nor files: a problem is an offset in the text and a message.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from lxml import etree

from feeds.model.problems import Message
from feeds.model.yamlfile import FORBIDDEN

from .markup import commonmark

MAX_DEPTH = 100
"""Maximum nesting depth of elements; the time that sanitizing takes grows with its square."""

MAX_TAG_LENGTH = 5_000
"""Maximum length of a tag in characters, for the same reason."""

MAX_BODY_LENGTH = 250_000
"""Maximum length of a text in characters. Some constructs need 500 bytes of memory a character to render."""

MAX_TABLE_CELLS = 20_000
"""Maximum number of cells in the tables of a text."""

MAX_FOOTNOTES = 2_000
"""Maximum number of footnotes and of references to them in a text. Each needs several kilobytes to render."""

MAX_REPETITIONS = 100_000
"""Maximum number of times that formatting elements which are not closed may be repeated."""

FORMATTING_ELEMENTS = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
"""The formatting elements of the HTML standard (13.2.4.3)."""

TAG_NAME = re.compile("<(/?)([A-Za-z][A-Za-z0-9]*)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line with its end (CommonMark, section 2.1)."""

_DELIMITER_CHARACTERS = "|:- \t\r\n>*+.)0123456789"
"""The characters of a table's delimiter row, which may be in a list or a block quote."""


def complexity_problem(body: str) -> tuple[int, Message] | None:
    """Return why a text would take unbounded time or memory to render, with the offset; None if it is safe."""
    if len(body) > MAX_BODY_LENGTH:
        return MAX_BODY_LENGTH, Message.of("body-too-long", length=len(body), limit=MAX_BODY_LENGTH)
    if body.count("[^") > MAX_FOOTNOTES:
        return max(body.find("[^"), 0), Message.of("body-too-many-footnotes", limit=MAX_FOOTNOTES)
    if (offset := _table_overflow(body)) is not None:
        return offset, Message.of("body-table-too-large", limit=MAX_TABLE_CELLS)
    if "<" not in body and body.count(">") <= MAX_DEPTH:
        return None  # only block quotes and an author's own HTML can be nested that deep
    rendered = commonmark(body)
    if tag := re.search(f"<[A-Za-z/!?][^>]{{{MAX_TAG_LENGTH}}}", rendered):
        return max(body.find(tag[0][:20]), 0), Message.of("body-tag-too-long", limit=MAX_TAG_LENGTH)
    if element_depth(rendered) > MAX_DEPTH or _nesting(rendered) > MAX_DEPTH:
        return 0, Message.of("body-too-deep", limit=MAX_DEPTH)
    if name := _open_element(rendered):
        return max(body.lower().find(f"<{name}"), 0), Message.of("body-element-open", element=name)
    return None


def _nesting(rendered: str) -> int:
    """Return how deep elements may be nested for a browser, which closes fewer of them by itself than libxml2.

    The result is at most MAX_DEPTH + 1.
    """
    deepest, stack = 0, list[str]()
    for closing, name in TAG_NAME.findall(rendered):
        name = name.lower()
        if closing:
            while name in stack and stack.pop() != name:
                pass
        elif name not in _VOID:
            ended_by_this = _ENDED_BY.get(name, ())
            while stack and stack[-1] in ended_by_this:
                stack.pop()
            stack.append(name)
            deepest = max(deepest, len(stack))
            if deepest > MAX_DEPTH:
                break
    return deepest


_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
_CELLS = ("td", "th", "p")
_ENDED_BY = {
    **dict.fromkeys(("td", "th"), _CELLS),
    **dict.fromkeys(("dd", "dt"), ("dd", "dt", "p")),
    **dict.fromkeys(("tbody", "tfoot", "thead"), (*_CELLS, "tr", "tbody", "tfoot", "thead")),
    **dict.fromkeys(
        ("blockquote", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "ul"), ("p",)
    ),
    "li": ("li", "p"),
    "tr": (*_CELLS, "tr"),
    "option": ("option",),
}
"""Elements whose end tag may be left out before each element (HTML standard, 13.1.2.4)."""


def _table_overflow(body: str) -> int | None:
    """Return the offset of the table at which the tables of a text exceed MAX_TABLE_CELLS, or None.

    A short row is padded to the columns of the delimiter row, so that few characters can make many cells.
    """
    if "|" not in body:
        return None
    cells = columns = offset = start = 0  # columns of the widest table since the last blank line
    for line in _LINE.findall(body):
        if "|" in line and "-" in line and not line.strip(_DELIMITER_CHARACTERS):
            own_columns = line.strip(_DELIMITER_CHARACTERS.replace("-", "")).count("|") + 1
            columns, start = max(columns, own_columns), offset
        if not line.strip(" \t\r\n>"):
            columns = 0
        cells += columns
        if cells > MAX_TABLE_CELLS:
            return start
        offset += len(line)
    return None


def _open_element(rendered: str) -> str | None:
    """Return a formatting element that is not closed and would be repeated in very many others, or None.

    A browser, and so nh3, opens such elements again in each following paragraph (HTML standard, 13.2.4.3).
    """
    counts: dict[str, int] = {}
    open_count = repetitions = 0
    for closing, name in TAG_NAME.findall(rendered):
        name = name.lower()
        if name not in FORMATTING_ELEMENTS:
            repetitions += open_count
        elif not closing:
            counts[name] = counts.get(name, 0) + 1
            open_count += 1
        elif counts.get(name):
            counts[name] -= 1
            open_count -= 1
        if repetitions > MAX_REPETITIONS:
            return max(counts, key=lambda each: counts[each])
    return None


def element_depth(content: str) -> int:
    """Return how deep the elements of HTML are nested, at most MAX_DEPTH + 1."""
    counter = _DepthCounter()
    with suppress(LimitReachedError):
        parse_elements(content, counter)
    return counter.deepest


class LimitReachedError(Exception):
    """Raised to stop the parser, since a limit is reached."""


def parse_elements(rendered: str, target: Any) -> Any:
    """Parse HTML with libxml2, which calls `target` for each element.

    Return the result of its `close`.
    """
    parser = etree.HTMLParser(target=target, huge_tree=True, remove_comments=True)
    parser.feed(FORBIDDEN.sub("", rendered) or " ")
    return parser.close()


class _DepthCounter:
    def __init__(self) -> None:
        self._depth = self.deepest = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # pragma: no mutate block (lxml counts parameters)
        self._depth += 1
        self.deepest = max(self.deepest, self._depth)
        if self.deepest > MAX_DEPTH:
            raise LimitReachedError

    def end(self, tag: str) -> None:
        self._depth -= 1

    def close(self) -> None:
        """Do nothing: `deepest` is complete."""
