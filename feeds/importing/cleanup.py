"""Tidying: what is not the author's, and what shows nothing, is taken out of the HTML of other systems.

It knows no Markdown, but leaves a mark where breaks parted paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterable

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from .images import sizes_of
from .old_feed import joined

BLOCKS = (
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "blockquote", "figure", "hr", "pre"),
)
"""Elements that stand by themselves."""

BREAK = "\x02"
"""Stands for the end of a paragraph that breaks made."""

_GONE = ("script", "style", "form", "svg", "noscript", "template", "select", "button", "input", "textarea", "object")
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-orig-file")
_INLINE = ("b", "strong", "i", "em", "span", "a", "sub", "sup", "u", "small", "font")


def tidy(soup: BeautifulSoup, base: str, extras: Iterable[str]) -> list[str]:
    """Take out what is not the author's, and what no reader keeps."""
    notes = []
    for selector in extras:
        for each in soup.select(selector):
            each.decompose()
    for each in soup.find_all("img"):
        lazy = next((each[name] for name in _LAZY if each.get(name)), None)
        if lazy:
            each["src"] = lazy
        source = str(each.get("src") or "")
        if "/images/core/emoji/" in source or "wp-smiley" in (each.get("class") or []):
            each.replace_with(str(each.get("alt") or ""))
        elif (each.get("width"), each.get("height")) == ("1", "1") or not (source or sizes_of(each)):
            each.decompose()
        elif source.startswith("data:") and not sizes_of(each):
            notes.append("a picture that stood in the text itself is left out")
            each.decompose()
    for each in soup.select("a a"):  # which HTML does not have, and Markdown cannot
        each.unwrap()
    while _drop_empty(soup) or _settle_breaks(soup):
        continue
    gone = [each for each in soup.find_all(_GONE) if each.name not in ("noscript", "style")]
    notes += [f"<{name}> is left out" for name in dict.fromkeys(each.name for each in gone)]
    for each in soup.find_all(_GONE):
        if not each.decomposed:
            each.decompose()
    _drop_footer(soup, base)
    return notes


def _drop_empty(soup: BeautifulSoup) -> bool:
    """Take out words without a word; tell whether there was one."""
    empty = [each for each in soup.find_all(_INLINE) if not each.contents or not (each.get_text() or each.find(True))]
    for each in empty:
        each.decompose()
    return bool(empty)


def _settle_breaks(soup: BeautifulSoup) -> bool:
    """Keep breaks between words alone: at the edges of a block they show nothing, and two of them part paragraphs.

    Tell whether there was one that is none.
    """
    before_all = len(soup.find_all("br"))
    for each in soup.find_all("br"):
        if each.decomposed:
            continue
        if each.find_parent("pre"):
            each.replace_with("\n")
            continue
        before, after = _neighbour(each, "previous_sibling"), _neighbour(each, "next_sibling")
        if _is_edge(before) or _is_edge(after):
            each.decompose()
        elif isinstance(after, Tag) and after.name == "br":
            while isinstance(after, Tag) and after.name == "br":
                after.decompose()
                after = _neighbour(each, "next_sibling")
            if _is_edge(after):
                each.decompose()
            elif not each.find_parent(("li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6")):
                each.replace_with(BREAK)
    return len(soup.find_all("br")) < before_all


def _neighbour(element: PageElement, side: str) -> PageElement | None:
    """Give what stands beside an element, but for blanks and comments."""
    found = getattr(element, side)
    while isinstance(found, NavigableString) and (type(found) is not NavigableString or not found.strip()):
        found = getattr(found, side)
    return found  # type: ignore[no-any-return]


def _is_edge(element: PageElement | None) -> bool:
    return element is None or (isinstance(element, Tag) and element.name in BLOCKS)


def _drop_footer(soup: BeautifulSoup, base: str) -> None:
    """Take out the line in which WordPress says, in any language, that a post appeared there first."""
    paragraphs = [each for each in soup.find_all("p") if each.get_text().strip()]
    if paragraphs:
        links = [joined(base, str(each.get("href"))) for each in paragraphs[-1].find_all("a")]
        if len(links) == 2 and links[0].rstrip("/") == base.rstrip("/") and base.startswith(links[1].rstrip("/")):
            paragraphs[-1].decompose()
