"""Footnotes of other systems: marks references and notes, for the converter.

A mark is a raised number that links to an item of a numbered list (goldmark, kramdown, Python-Markdown,
markdown-it, Pandoc, WordPress).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from bs4 import BeautifulSoup
from bs4.element import Tag

from .leftovers import is_internal_link
from .old_feed import split_url
from .tables import HTML_TABLE

FOOTNOTE_MARK, FOOTNOTE = "footnote-mark", "footnote"
"""Names that a mark and a note get; their numbers are in `NUMBER`."""

NUMBER = "data-number"

_MARK_TEXT = re.compile(r"\[?[0-9*†‡a-z]{1,3}\]?")
_STAYS_HTML = [HTML_TABLE, "summary", "figcaption", "pre"]


def mark_footnotes(soup: BeautifulSoup, base: str) -> None:
    """Mark the footnotes of a text at `base`, and move the notes to the end."""
    links = [link for link in soup.find_all("a", href=re.compile("#.")) if _mark_of(link)]
    targets = {str(element["id"]): element for element in soup.find_all(id=True)} if links else {}
    notes: list[Tag] = []
    for link in links:
        item, mark = _note_of(link, targets, base), _mark_of(link)
        if item is None or mark is None or mark.find_parent(_STAYS_HTML) or _is_in(link, notes):
            continue
        number = next((index for index, note in enumerate(notes) if note is item), len(notes))
        notes[number:] = notes[number:] or [item]
        mark.name, mark.attrs = FOOTNOTE_MARK, {NUMBER: str(number + 1)}
        mark.clear()
    for number, item in enumerate(notes, start=1):
        _move_to_end(soup, item, number)


def _is_in(link: Tag, notes: list[Tag]) -> bool:
    item = link.find_parent("li")
    return item is not None and any(note is item for note in notes)


def _note_of(link: Tag, targets: Mapping[str, Tag], base: str) -> Tag | None:
    """Return the list item that a link of the text leads to, or None."""
    href = str(link.get("href"))
    item = targets.get(unquote(split_url(href).fragment)) if is_internal_link(href, base) else None
    if item is not None and item.name == "p":
        item = item.parent
    is_note = item is not None and item.name == "li" and item.parent is not None and item.parent.name == "ol"
    return item if is_note and not any(parent is item for parent in link.parents) else None


def _mark_of(link: Tag) -> Tag | None:
    """Return the superscript number that a link is or is in, or None."""
    text = link.get_text().strip()
    parent = link.parent
    if not _MARK_TEXT.fullmatch(text):
        return None
    if isinstance(parent, Tag) and parent.name == "sup" and parent.get_text().strip() == text:
        return parent
    return link if link.find("sup") else None


def _move_to_end(soup: BeautifulSoup, item: Tag, number: int) -> None:
    parents = [parent for parent in item.parents if parent.name in ("ol", "div", "section", "footer")]
    item.name, item.attrs = FOOTNOTE, {NUMBER: str(number)}
    (soup.body or soup).append(item.extract())
    for parent in parents:
        if parent.get_text().strip() or parent.find("img"):
            break
        parent.decompose()
