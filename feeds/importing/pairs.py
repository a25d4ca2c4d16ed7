"""Pairs of opening and closing tags in a text, found in linear time even if many are not closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """An opening mark, what it encloses, and where the pair starts and ends in the text."""

    opening: re.Match[str]
    inner: str
    start: int
    end: int


def find_pairs(text: str, opening: re.Pattern[str], closing: str) -> Iterator[Pair]:
    """Yield the pairs of a text that are not within another.

    In `closing`, `{}` stands for the first group of the opening tag. Case is ignored.
    """
    end, unclosed = 0, set()
    for match in opening.finditer(text):
        mark = closing.format(match[1].lower()) if opening.groups else closing
        if match.start() < end or mark in unclosed:
            continue
        closed = re.compile(re.escape(mark), re.IGNORECASE).search(text, match.end())
        if closed is None:
            unclosed.add(mark)
            continue
        end = closed.end()
        yield Pair(match, text[match.end() : closed.start()], match.start(), end)


def replace_pairs(text: str, opening: re.Pattern[str], closing: str, replacement: Callable[[Pair], str]) -> str:
    """Return a text in which each pair is replaced."""
    parts, position = [], 0
    for pair in find_pairs(text, opening, closing):
        parts += [text[position : pair.start], replacement(pair)]
        position = pair.end
    return "".join([*parts, text[position:]])
