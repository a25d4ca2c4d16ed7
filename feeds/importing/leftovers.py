"""Leftovers of other systems: permalinks of headings, links back from footnotes, and formulas in several forms."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from .notes import Note

_PERMALINK_TEXTS = ("", "#", "¶", "§", "🔗", "⚓", "∞")
_RETURN_TEXTS = ("↩", "↵", "⤴", "↑", "⬆", "⏎", "^")
_INVISIBLE = re.compile("[\\s\u200b\u2060\ufe0e\ufe0f]+")
_FORMULAS = (
    *(".katex-display", ".katex", "mjx-container", ".MathJax_Preview", ".MathJax_Display", ".MathJax", "math"),
    *(".MJX_Assistive_MathML", 'script[type^="math/tex"]'),
)


def remove_leftovers(soup: BeautifulSoup, base: str) -> list[str]:
    """Remove what a system added to a text at `base`, and keep only one form of each formula.

    Return notes on what changed.
    """
    for link in soup.find_all("a", href=re.compile("#")):
        if not is_internal_link(str(link.get("href")), base):
            continue
        text = _INVISIBLE.sub("", link.get_text())
        is_return = text.rstrip("0123456789") in _RETURN_TEXTS  # several back-links to a note are numbered
        is_permalink = text in _PERMALINK_TEXTS and not link.find("img") and link.find_parent(re.compile("^h[1-6]$"))
        if is_permalink or is_return:
            link.decompose()
    return [Note.of("a formula is replaced with its TeX source")] if _replace_formulas(soup) else []


def is_internal_link(href: str, base: str) -> bool:
    """Return whether an address leads to another part of the text at `base`."""
    page = href.partition("#")[0]
    return "#" in href and (not page or page.rstrip("/") == base.rstrip("/"))


def _replace_formulas(soup: BeautifulSoup) -> bool:
    """Replace each formula with its TeX source, or with its text if it has none. Return whether any had a source."""
    has_source = False
    for formula in soup.select(", ".join(_FORMULAS)):
        if formula.decomposed:
            continue
        if formula.name != "script" and _script_after(formula):  # MathJax 2 puts the source after its rendering
            formula.decompose()
            continue
        source = _source(formula)
        has_source = has_source or bool(source)
        text = source or (formula.select_one(".katex-html") or formula).get_text()
        replacement = Tag(name="code" if source else "span")
        replacement.string = text
        formula.replace_with(replacement)
    return has_source


def _script_after(formula: Tag) -> bool:
    """Return whether the source of a formula of MathJax 2 follows what was drawn."""
    if not any(name.startswith("MathJax") for name in formula.get("class") or ()):
        return False
    following = formula.next_sibling
    while isinstance(following, NavigableString) and not following.strip():
        following = following.next_sibling
    if isinstance(following, Tag) and "MathJax" in " ".join(following.get("class") or ()):
        return _script_after(following)
    return isinstance(following, Tag) and str(following.get("type")).startswith("math/tex")


def _source(formula: Tag) -> str:
    if formula.name == "script":
        return formula.get_text().strip()
    annotation = formula.find("annotation", encoding="application/x-tex")
    if isinstance(annotation, Tag):
        return annotation.get_text().strip()
    math = formula if formula.name == "math" else formula.find("math")
    return str(math.get("alttext") or "").strip() if isinstance(math, Tag) else ""
