"""Cleanup of HTML from other systems: removes markup that the author did not write, and elements that show nothing.

It writes no Markdown, but inserts a placeholder where consecutive `<br>` separated paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterable

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from .code_blocks import join_code, normalize_code
from .footnotes import mark_footnotes
from .images import sizes_of
from .leftovers import remove_leftovers
from .notes import Note
from .old_feed import absolute_url
from .tables import BREAK, HTML_TABLE, normalize_tables

BLOCKS = (
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "blockquote", "figure", "hr", "pre"),
    *("section", "article", "details", "summary", "dl", "dt", "dd", "figcaption", HTML_TABLE),
)
"""Block-level elements."""

_EQUIVALENT_NAMES = {
    **dict.fromkeys(("aside", "header", "footer", "main", "nav", "address", "center", "fieldset", "legend"), "div"),
    **dict.fromkeys(("hgroup", "dialog", "search", "section", "article"), "div"),
    **dict.fromkeys(("menu", "dir"), "ul"),
}
"""Block-level elements that Markdown does not distinguish from others."""

_DISCARD = ("script", "style", "form", "svg", "noscript", "template", "select", "button", "input", "textarea", "object")
_LAZY_ATTRIBUTES = ("data-src", "data-lazy-src", "data-original", "data-orig-file")
_REMOVED_IF_EMPTY = (
    *("p", "div", "pre", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("ul", "ol", "blockquote", "figure", "dl", "details"),
)
_BLANKS = " \t\r\n"
_INLINE = ("b", "strong", "i", "em", "span", "a", "sub", "sup", "u", "small", "font", "q", "code")


def tidy(soup: BeautifulSoup, base: str, boilerplate: Iterable[str]) -> list[str]:
    """Remove what the author did not write and what feed readers drop. Return notes on what was removed."""
    for selector in boilerplate:
        for element in soup.select(selector):
            element.decompose()
    _replace_emoji(soup)
    notes: list[str] = list(remove_leftovers(soup, base))
    normalize_code(soup)
    soup.smooth()
    for element in soup.find_all(list(_EQUIVALENT_NAMES)):
        element.name = _EQUIVALENT_NAMES[element.name]
    for element in soup.find_all("img"):
        lazy = next((element[name] for name in _LAZY_ATTRIBUTES if element.get(name)), None)
        if lazy:
            element["src"] = lazy
        source = str(element.get("src") or "")
        if (element.get("width"), element.get("height")) == ("1", "1") or not (source or sizes_of(element)):
            element.decompose()
        elif source.startswith("data:") and not sizes_of(element):
            notes.append(Note.of("a picture that is embedded in the text (data:) is removed"))
            element.decompose()
    for element in soup.select("a a"):  # nested links are invalid in HTML, and impossible in Markdown
        element.unwrap()
    dropped = [element for element in soup.find_all(_DISCARD) if element.name not in ("noscript", "style")]
    notes += [Note.of("<{name}> is removed", name=name) for name in dict.fromkeys(element.name for element in dropped)]
    for element in soup.find_all(_DISCARD):
        if not element.decomposed:
            _remove(element, leaves_break=element.name == "form")
    _nest_lists(soup)
    while _remove_empty(soup) or _normalize_breaks(soup):
        continue
    join_code(soup)
    _remove_footer(soup, base)
    normalize_tables(soup)
    mark_footnotes(soup, base)
    return notes


def _replace_emoji(soup: BeautifulSoup) -> None:
    """Replace the pictures that WordPress inserts for emoji with the characters."""
    for element in soup.find_all("img"):
        if "/images/core/emoji/" in str(element.get("src")) or "wp-smiley" in (element.get("class") or []):
            element.replace_with(str(element.get("alt") or ""))


def _nest_lists(soup: BeautifulSoup) -> None:
    """Move each list that is a direct child of another into the item before it, as HTML requires."""
    for inner in soup.select("ul > ul, ul > ol, ol > ul, ol > ol"):
        item = inner.find_previous_sibling("li")
        if item is None:
            inner.wrap(soup.new_tag("li"))
        else:
            item.append(inner.extract())


def _remove_empty(soup: BeautifulSoup) -> bool:
    """Remove elements without content, and keep the line breaks of blocks. Return whether there were any."""
    empty = [each for each in soup.find_all(_INLINE) if not each.contents or not (each.get_text() or each.find(True))]
    blocks = [
        each
        for each in soup.find_all(_REMOVED_IF_EMPTY)
        if not each.get_text().strip(" \t\r\n") and not each.find(True)
    ]
    for each in empty:
        each.decompose()
    for each in soup.find_all(_INLINE):  # inline elements that contain only breaks
        if not each.get_text().strip() and all(inner.name == "br" for inner in each.find_all(True)):
            each.unwrap()
    for each in blocks:
        _remove(each, leaves_break=True)
    return bool(empty or blocks)


def _remove(element: Tag, *, leaves_break: bool) -> None:
    if leaves_break:
        element.clear(decompose=True)
        element.name, element.attrs = "br", {}
    else:
        element.decompose()


def _normalize_breaks(soup: BeautifulSoup) -> bool:
    """Remove each `<br>` at the edge of a block, and replace consecutive ones with a paragraph break.

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
    """Return the node next to an element in its block, skipping blanks and comments."""
    node = getattr(element, side)
    while isinstance(node, NavigableString) and (type(node) is not NavigableString or not node.strip()):
        node = getattr(node, side)
    if node is None and element.parent is not None and element.parent.name in _INLINE:
        return _neighbour(element.parent, side)
    return node  # type: ignore[no-any-return]


def _is_edge(element: PageElement | None) -> bool:
    return element is None or (isinstance(element, Tag) and element.name in BLOCKS)


def _remove_footer(soup: BeautifulSoup, base: str) -> None:
    """Remove the line, in any language, in which a WordPress plugin says where a post first appeared."""
    paragraphs = [each for each in soup.find_all("p") if each.get_text().strip()]
    if paragraphs:
        links = [absolute_url(base, str(each.get("href"))) for each in paragraphs[-1].find_all("a")]
        if len(links) == 2 and links[0].rstrip("/") == base.rstrip("/") and base.startswith(links[1].rstrip("/")):
            paragraphs[-1].decompose()
