"""Cleanup of the HTML of other systems: removes what the author did not write, and what shows nothing.

It knows no Markdown, but inserts a placeholder where breaks separated paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterable

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from .images import sizes_of
from .old_feed import absolute_url

BLOCKS = (
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "blockquote", "figure", "hr", "pre"),
)
"""Block-level elements."""

BREAK = "\x02"
"""Placeholder for the end of a paragraph that consecutive `<br>` made."""

_DISCARD = ("script", "style", "form", "svg", "noscript", "template", "select", "button", "input", "textarea", "object")
_LAZY_ATTRIBUTES = ("data-src", "data-lazy-src", "data-original", "data-orig-file")
_INLINE = ("b", "strong", "i", "em", "span", "a", "sub", "sup", "u", "small", "font")


def tidy(soup: BeautifulSoup, base: str, extras: Iterable[str]) -> list[str]:
    """Remove what the author did not write and what readers drop. Return notes on what was lost."""
    notes = []
    for selector in extras:
        for element in soup.select(selector):
            element.decompose()
    for element in soup.find_all("img"):
        lazy = next((element[name] for name in _LAZY_ATTRIBUTES if element.get(name)), None)
        if lazy:
            element["src"] = lazy
        source = str(element.get("src") or "")
        if "/images/core/emoji/" in source or "wp-smiley" in (element.get("class") or []):
            element.replace_with(str(element.get("alt") or ""))
        elif (element.get("width"), element.get("height")) == ("1", "1") or not (source or sizes_of(element)):
            element.decompose()
        elif source.startswith("data:") and not sizes_of(element):
            notes.append("a picture that stood in the text itself is left out")
            element.decompose()
    for element in soup.select("a a"):  # nested links are invalid in HTML, and impossible in Markdown
        element.unwrap()
    while _remove_empty(soup) or _normalize_breaks(soup):
        continue
    dropped = [element for element in soup.find_all(_DISCARD) if element.name not in ("noscript", "style")]
    notes += [f"<{name}> is left out" for name in dict.fromkeys(element.name for element in dropped)]
    for element in soup.find_all(_DISCARD):
        if not element.decomposed:
            element.decompose()
    _remove_footer(soup, base)
    return notes


def _remove_empty(soup: BeautifulSoup) -> bool:
    """Remove inline elements without content. Return whether there were any."""
    empty = [each for each in soup.find_all(_INLINE) if not each.contents or not (each.get_text() or each.find(True))]
    for each in empty:
        each.decompose()
    return bool(empty)


def _normalize_breaks(soup: BeautifulSoup) -> bool:
    """Remove each `<br>` at the edge of a block, and replace two or more with a paragraph break.

    Return whether a redundant `<br>` was removed.
    """
    count_before = len(soup.find_all("br"))
    for line_break in soup.find_all("br"):
        if line_break.decomposed:
            continue
        if line_break.find_parent("pre"):
            line_break.replace_with("\n")
            continue
        before, after = _neighbour(line_break, "previous_sibling"), _neighbour(line_break, "next_sibling")
        if _is_edge(before) or _is_edge(after):
            line_break.decompose()
        elif isinstance(after, Tag) and after.name == "br":
            while isinstance(after, Tag) and after.name == "br":
                after.decompose()
                after = _neighbour(line_break, "next_sibling")
            if _is_edge(after):
                line_break.decompose()
            elif not line_break.find_parent(("li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6")):
                line_break.replace_with(BREAK)
    return len(soup.find_all("br")) < count_before


def _neighbour(element: PageElement, side: str) -> PageElement | None:
    """Return the node next to an element, skipping blanks and comments."""
    node = getattr(element, side)
    while isinstance(node, NavigableString) and (type(node) is not NavigableString or not node.strip()):
        node = getattr(node, side)
    return node  # type: ignore[no-any-return]


def _is_edge(element: PageElement | None) -> bool:
    return element is None or (isinstance(element, Tag) and element.name in BLOCKS)


def _remove_footer(soup: BeautifulSoup, base: str) -> None:
    """Remove WordPress's line, in any language, that says where a post appeared first."""
    paragraphs = [each for each in soup.find_all("p") if each.get_text().strip()]
    if paragraphs:
        links = [absolute_url(base, str(each.get("href"))) for each in paragraphs[-1].find_all("a")]
        if len(links) == 2 and links[0].rstrip("/") == base.rstrip("/") and base.startswith(links[1].rstrip("/")):
            paragraphs[-1].decompose()
