"""Checks of an author's Markdown: whether it can be rendered in bounded time, and what `markup` removes from it.

It knows neither articles nor files: each problem is an offset in the text and a message.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from lxml import etree

from feeds.model.problems import Message, show
from feeds.model.yamlfile import FORBIDDEN, name_character

from .markup import ALLOWED_ATTRIBUTES, ALLOWED_SCHEMES, ALLOWED_TAGS, REMOVED_WITH_CONTENT, commonmark

MAX_DEPTH = 100
"""Maximum nesting depth of elements; the time that sanitizing takes grows with its square."""

MAX_TAG_LENGTH = 5_000
"""Maximum length of a tag in characters, for the same reason."""

MAX_BODY_LENGTH = 250_000
"""Maximum length of a text in characters. Some constructs need 500 bytes of memory a character to render."""

MAX_TABLE_CELLS = 20_000
"""Maximum number of cells in the tables of a text."""

MAX_PROBLEMS = 50
"""Maximum number of problems that are reported for a text."""

MAX_REPETITIONS = 100_000
"""Maximum number of times that formatting elements which are not closed may be repeated."""

_FORMATTING = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
"""The formatting elements of the HTML standard (13.2.4.3)."""

_TAG_NAME = re.compile("<(/?)([A-Za-z][A-Za-z0-9]*)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line with its end (CommonMark, section 2.1)."""

_DELIMITER_CHARACTERS = "|:- \t\r\n>*+.)0123456789"
"""The characters of a table's delimiter row, which may be in a list or a block quote."""


def complexity_problem(body: str) -> tuple[int, Message] | None:
    """Return why a text would take unbounded time or memory to render, with the offset; None if it is safe."""
    if len(body) > MAX_BODY_LENGTH:
        return MAX_BODY_LENGTH, Message.of("body-too-long", length=len(body), limit=MAX_BODY_LENGTH)
    if (offset := _table_overflow(body)) is not None:
        return offset, Message.of("body-table-too-large", limit=MAX_TABLE_CELLS)
    if "<" not in body and body.count(">") <= MAX_DEPTH:
        return None  # only block quotes and an author's own HTML can be nested that deep
    rendered = commonmark(body)
    if tag := re.search(f"<[A-Za-z/!?][^>]{{{MAX_TAG_LENGTH}}}", rendered):
        return max(body.find(tag[0][:20]), 0), Message.of("body-tag-too-long", limit=MAX_TAG_LENGTH)
    if element_depth(rendered) > MAX_DEPTH:
        return 0, Message.of("body-too-deep", limit=MAX_DEPTH)
    if name := _open_element(rendered):
        return max(body.lower().find(f"<{name}"), 0), Message.of("body-element-open", element=name)
    return None


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
    for closing, name in _TAG_NAME.findall(rendered):
        name = name.lower()
        if name not in _FORMATTING:
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
    with suppress(_LimitReachedError):
        _parse_elements(content, counter)
    return counter.deepest


def problems(body: str) -> list[tuple[int, Message]]:
    """Return up to MAX_PROBLEMS problems of a text, and then a note if there are more.

    Each result is an offset in `body` and a message.
    """
    rendered = commonmark(body)
    collector = _ProblemCollector(body)
    with suppress(_LimitReachedError):
        if "<" in body or "](" in body or "]:" in body:
            _parse_elements(rendered, collector)
        if character := FORBIDDEN.search(rendered):
            collector.add(r"&#", Message.of("body-character-removed", character=name_character(character[0])))
    return sorted(collector.problems)


class _LimitReachedError(Exception):
    """Raised to stop the parser, since a limit is reached."""


def _parse_elements(rendered: str, target: Any) -> Any:
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
            raise _LimitReachedError

    def end(self, tag: str) -> None:
        self._depth -= 1

    def close(self) -> None:
        """Do nothing: `deepest` is complete."""


class _ProblemCollector:
    """Collects problems in the order of the text. Each is searched for after the previous one."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._cursor = 0
        self.problems: list[tuple[int, Message]] = []

    def add(self, pattern: str, message: Message) -> None:
        expression = re.compile(pattern, re.IGNORECASE)
        match = expression.search(self._body, self._cursor) or expression.search(self._body)
        offset = match.start() if match else 0
        self._cursor = max(self._cursor, match.end() if match else 0)
        if len(self.problems) == MAX_PROBLEMS:
            self.problems.append((offset, Message.of("body-more-problems", limit=MAX_PROBLEMS)))
            raise _LimitReachedError
        if (offset, message) not in self.problems:
            self.problems.append((offset, message))

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # pragma: no mutate block (lxml counts parameters)
        if tag in ("html", "body"):  # added by libxml2 around the text
            return
        if tag not in ALLOWED_TAGS:
            code = "body-element-removed" if tag in REMOVED_WITH_CONTENT else "body-element-unwrapped"
            self.add(f"<{re.escape(tag)}", Message.of(code, element=tag))
            return
        allowed = ALLOWED_ATTRIBUTES["*"] | ALLOWED_ATTRIBUTES.get(tag, set())
        for name, value in attributes.items():
            if name in ("href", "src") and name in allowed:
                self._check_address(name, value)
            elif name not in allowed and (tag, name) != ("code", "class"):  # comrak's, for a fence's language
                self.add(re.escape(name) + r"\s*=", Message.of("body-attribute-removed", attribute=name, element=tag))
        if tag == "img" and not attributes.get("alt"):
            self.add(r"!\[\s*\]|<img", Message.of("body-picture-undescribed"))

    def close(self) -> None:
        """Do nothing: `problems` is complete."""

    def _check_address(self, name: str, value: str) -> None:
        if re.match(r"(?!media/)[^/#?:]+(?![^/]*:)", value):
            self.add(re.escape(value), Message.of("body-address-relative", value=show(value)))
        scheme = re.match(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.-]*):", value)
        if scheme and scheme[1].lower() not in ALLOWED_SCHEMES:
            self.add(re.escape(scheme[1]) + ":", Message.of("body-address-removed", value=show(value)))
