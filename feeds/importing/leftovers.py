"""Leftovers of other systems: permalinks of headings, links back from footnotes, and formulas in several forms."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import Tag

_PERMALINK_TEXTS = ("", "#", "¶", "§", "🔗", "⚓", "∞")
_RETURN_TEXTS = ("↩", "↵", "⤴", "↑", "⬆", "⏎", "^")
_INVISIBLE = re.compile("[\\s\u200b\u2060\ufe0e\ufe0f]+")
_FORMULAS = (
    *(".katex-display", ".katex", "mjx-container", ".MathJax_Preview", ".MathJax_Display", ".MathJax", "math"),
    *(".MJX_Assistive_MathML", 'script[type^="math/tex"]'),
)


def remove_leftovers(soup: BeautifulSoup) -> list[str]:
    """Remove what a system added to a text, and give each formula once. Return notes on what changed."""
    for link in soup.find_all("a", href=re.compile("#")):
        text = _INVISIBLE.sub("", link.get_text())
        is_permalink = text in _PERMALINK_TEXTS and not link.find("img") and link.find_parent(re.compile("^h[1-6]$"))
        if is_permalink or text in _RETURN_TEXTS:
            link.decompose()
    return ["a formula is its TeX source now"] if _replace_formulas(soup) else []


def _replace_formulas(soup: BeautifulSoup) -> bool:
    """Replace each formula with its TeX source, or with its text if it has none. Return whether any had a source."""
    has_source = False
    for formula in soup.select(", ".join(_FORMULAS)):
        if formula.decomposed:
            continue
        if formula.name != "script" and _script_after(formula):  # MathJax 2 puts the source after what it drew
            formula.decompose()
            continue
        source = _source(formula)
        has_source = has_source or bool(source)
        drawn = formula.select_one(".katex-html") or formula
        replacement = Tag(name="code" if source else "span")
        replacement.string = source or drawn.get_text()
        formula.insert_before(replacement)
        formula.decompose()
    return has_source


def _script_after(formula: Tag) -> bool:
    following = formula.find_next("script")
    return (
        isinstance(following, Tag)
        and str(following.get("type")).startswith("math/tex")
        and following.parent is formula.parent
    )


def _source(formula: Tag) -> str:
    if formula.name == "script":
        return formula.get_text().strip()
    annotation = formula.find("annotation", encoding="application/x-tex")
    if isinstance(annotation, Tag):
        return annotation.get_text().strip()
    math = formula if formula.name == "math" else formula.find("math")
    return str(math.get("alttext") or "").strip() if isinstance(math, Tag) else ""
