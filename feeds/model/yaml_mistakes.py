"""Mistakes in YAML that libyaml reports late or in terms for programmers: their position and the corrected line."""

from __future__ import annotations

import re
import unicodedata

from .problems import Message, show

TEXT_KEYS = {
    *("alt", "bluesky", "caption", "credit", "description", "hashtags", "linkedin", "mastodon", "reason", "rights"),
    *("social", "subtitle", "summary", "tags", "text", "title", "x"),
}
"""Keys whose texts may contain a hashtag, which YAML would take for a comment."""

MAX_SHOWN_LINE = 200
"""Maximum length of a line that a message shows with a correction."""

MAX_LINES_ABOVE = 12
"""Number of lines above an error that are searched for its cause."""

_SPACES = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff"
INDENTATION = re.compile(f"[ \t{_SPACES}]*")
"""The start of a line that looks like its indentation."""

_IN_LINES = (
    (re.compile(f"[ \\t]*([{_SPACES}]+)"), "yaml-indentation-character", ""),
    (re.compile(f"[ ]*[A-Za-z_]+([:：][{_SPACES}]+|：[ ]*)"), "yaml-colon-character", ": "),
    (re.compile(r"[ ]*(?!https?:)[A-Za-z_]+(:)(?=[^\s:/])"), "yaml-colon-without-space", ": "),
    (re.compile(r"[ ]*(-)(?=[^\W\d_])"), "yaml-dash-without-space", "- "),
    (re.compile(r"[^\"'#]*[\[,][ ]*(#\w+)"), "yaml-hashtag-in-list", '"{}"'),
)
"""Mistakes within a line, each with what its first group, {}, should be."""

_BLOCK_LINE = re.compile(r"[^\s#].*:[ ]*[|>][-+0-9]*[ ]*(#.*)?")

_KEY_LINE = re.compile(r"([A-Za-z_]+):[ ]*(.*)")
_KEY_AND_VALUE = re.compile(r"([ ]*(?:- )?[A-Za-z_]+: +)(\S.*?)[ ]*")
_QUOTE_PAIRS = ("''", '""', "“”", "„“", "‘’")

Mistake = tuple[int, int, Message]
"""Line and column, from 0, and what is wrong there."""


def name_character(character: str) -> str:
    """Return the name of a character that cannot be shown, such as `U+0007 (control character)`."""
    code = ord(character)
    name = unicodedata.name(character, "control character" if code < 0xA0 else "not a character").lower()
    return f"U+{code:04X} ({name})"


def cause_of(lines: list[str], last: int) -> Mistake | None:
    """Return the mistake at or above the line where libyaml noticed it, or None if none is recognised."""
    for number in range(min(last, len(lines) - 1), max(last - MAX_LINES_ABOVE, -1), -1):
        if lines[number].startswith(" ") and (number < last - 1 or _is_in_block(lines, number)):
            continue
        if mistake := _in_line(lines, number):
            return mistake
    return _without_block_mark(lines, min(last, len(lines) - 1))


def _is_in_block(lines: list[str], number: int) -> bool:
    """Return whether an indented line is in the text of a block (`|`), where anything may be written."""
    parents = (line for line in reversed(lines[:number]) if line.strip() and not line.startswith(" "))
    return _BLOCK_LINE.fullmatch(next(parents, "")) is not None


def _in_line(lines: list[str], number: int) -> Mistake | None:
    for pattern, code, replacement in _IN_LINES:
        match = pattern.match(lines[number])
        if match is None:
            continue
        while number and (match_above := pattern.match(lines[number - 1])):  # the first of several
            number, match = number - 1, match_above
        shown = show(_replaced(lines[number], match, replacement).strip())
        character = name_character((match[1].lstrip(":") or match[1])[0])
        return number, match.start(1), Message.of(code, character=character, line=shown)
    return None


def _replaced(line: str, match: re.Match[str], replacement: str) -> str:
    return f"{line[: match.start(1)]}{replacement.replace('{}', match[1])}{line[match.end(1) :]}"


def corrected(line: str, code: str) -> str | None:
    """Return a line without a mistake within it, by the code of its message; None if it is not recognised."""
    for pattern, code_of_pattern, replacement in _IN_LINES:
        if code_of_pattern == code and (match := pattern.match(line)):
            return _replaced(line, match, replacement)
    return None


def _without_block_mark(lines: list[str], last: int) -> Mistake | None:
    """Return the key whose text has several lines without a `|`, if an error is in one of these."""
    for number in range(last, max(last - 500, -1), -1):
        line = lines[number]
        if not line.strip() or line.startswith((" ", "#")):
            continue
        key = _KEY_LINE.fullmatch(line.rstrip())
        below = next((each for each in lines[number + 1 : last + 1] if each.strip()), "")
        is_group = re.match(r"[ ]+(- |[A-Za-z_]+:(\s|$))", below)
        if number == last or not key or key[2][:1] in tuple("|>\"'[{&*!") or not below.startswith(" ") or is_group:
            return None
        return number, 0, Message.of("yaml-block-missing", key=key[1])
    return None


def with_quotes(line: str, *, is_open: bool = False) -> str | None:
    """Return a line `key: value` with quotes around its value, or None if it is none or too long to show.

    With `is_open`, the value has a quote only at its start.
    """
    match = _KEY_AND_VALUE.fullmatch(line)
    if not match or len(line) > MAX_SHOWN_LINE:
        return None
    value = match[2][1:] if is_open and match[2].count(match[2][0]) == 1 else match[2]
    inner = value[1:-1]
    marks = set(re.sub(r"(?<=\w)['’](?=\w)", "", inner))  # without apostrophes
    if inner and any(value[0] + value[-1] == pair and not set(pair) & marks for pair in _QUOTE_PAIRS):
        value = inner
    if not value:
        return None
    return f"{match[1]}{quoted(value)}".strip()


def quoted(text: str) -> str:
    """Return a text in quotes as YAML has them, double ones if possible."""
    return f'"{text}"' if not re.search(r'["\\]', text) else "'" + text.replace("'", "''") + "'"
