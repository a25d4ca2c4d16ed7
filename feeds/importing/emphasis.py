"""Emphasis: whether its delimiters work in Markdown, which depends on adjacent characters.

https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis
"""

from __future__ import annotations

from itertools import takewhile
from typing import Literal
from unicodedata import category

from bs4.element import NavigableString, PageElement, Tag

from .cleanup import BLOCKS

EMPHASIS = ("b", "strong", "i", "em")
"""Elements of emphasis."""


def flanks(outside: str, inside: str) -> bool:
    """Return whether a delimiter between two characters can open or close emphasis (CommonMark: flanking)."""
    if outside and outside in "*_":
        return False
    return not _is_punctuation(inside) or not outside or outside.isspace() or _is_punctuation(outside)


def _is_punctuation(character: str) -> bool:
    return category(character)[0] in "PS"


def adjacent_character(element: PageElement, side: Literal["next", "previous"]) -> str:
    """Return the character next to an element in its block.

    It is `*` if another delimiter will be there, and empty at the edge of the block.
    """
    sibling, index = getattr(element, f"{side}_sibling"), 0 if side == "next" else -1
    if sibling is None:
        parent = element.parent
        if parent is None or parent.name in (*BLOCKS, "td", "th", "body"):
            return ""
        return "*" if parent.name in EMPHASIS else adjacent_character(parent, side)
    if isinstance(sibling, Tag):
        if sibling.name == "br":
            return " "
        texts = [each for each in sibling.find_all(string=True) if each]
        if sibling.name not in EMPHASIS and texts:
            inner = takewhile(lambda parent: parent is not sibling, texts[index].parents)
            return "*" if any(parent.name in EMPHASIS for parent in inner) else str(texts[index])[index]
        return "*" if sibling.name in EMPHASIS else adjacent_character(sibling, side)
    return str(sibling)[index] if type(sibling) is NavigableString and sibling else adjacent_character(sibling, side)
