"""Converts the HTML of other systems to Markdown, with the current addresses of pictures and links.

It fetches nothing: the caller maps addresses. Notes say what was removed or changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.element import Tag

from feeds.feed.body_limits import MAX_DEPTH, element_depth

from .characters import repair_references
from .cleanup import tidy
from .converter import BR, Converter, MapAddress
from .images import best_source, figure_of, same_picture
from .old_feed import OldPicture, one_line
from .tables import BREAK, HTML_TABLE

_FENCED_CODE = re.compile(r"(^(?:[ >]|[-+*] |[0-9]+\. )*(`{3,})[^`\n]*\n.*?^[ >]*\2 *$)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class MarkdownBody:
    """A body in Markdown, with notes on what was changed."""

    text: str
    notes: tuple[str, ...]


def to_markdown(
    html: str,
    *,
    base: str,
    boilerplate: Iterable[str] = (),
    lead_picture: str | None = None,
    picture: MapAddress,
    link: MapAddress,
) -> MarkdownBody:
    """Convert an HTML text whose references are relative to `base`.

    `boilerplate` are CSS selectors of what a system added. `lead_picture` is the address of a picture that is
    already shown above the text. `picture` and `link` return the current address for an absolute old one.
    Raises ValueError if the text is nested too deeply.
    """
    soup = _parse(repair_references(html).translate({2: None, 3: None}))
    notes = tidy(soup, base, boilerplate)
    _remove_lead_picture(soup, base, lead_picture)
    for element in soup.find_all(["kbd", "samp"]):  # markdownify would not escape their text
        if not element.find_parent(["pre", HTML_TABLE]):
            element.name = f"html-{element.name}"
    converter = Converter(base, picture, link)
    text = converter.convert_soup(soup.body or soup)
    parts = _FENCED_CODE.split(text)  # text, a block of code, its fence, text, and so on
    texts = [
        _normalize_whitespace(part) if index % 3 == 0 else part for index, part in enumerate(parts) if index % 3 < 2
    ]
    return MarkdownBody("".join(texts).strip("\n"), (*notes, *converter.notes))


def _parse(html: str) -> BeautifulSoup:
    """Parse HTML. Raises ValueError if its elements are nested too deeply for the converter, which is recursive."""
    if element_depth(html) > MAX_DEPTH:
        raise ValueError(f"elements are nested more than {MAX_DEPTH} levels deep")
    return BeautifulSoup(html, "lxml")


def _normalize_whitespace(text: str) -> str:
    """Return a text without trailing whitespace, and with one empty line between paragraphs."""
    text = _with_paragraph_breaks(text)
    text = re.sub(f"{BR}(\n[ >]*{BR})+\n", "\n\n", text)
    text = re.sub(rf"{BR}(?=\n[ >]*(\n|\Z)|\Z)", "", text)
    text = re.sub(rf"(?m)^([ >]*(?:[-+*] |[0-9]+\. )?){BR}\n[ >]*", r"\1", text).replace(BR, "\\")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE))


def _with_paragraph_breaks(text: str) -> str:
    """Return a text with an empty line in place of each `BREAK`, which stays in the quotation around it."""
    first, *others = text.split(BREAK)
    parts = [first]
    quotation = ""
    for other in others:
        parts[-1] = parts[-1].rstrip(" \n")
        line = (quotation if "\n" not in parts[-1] and len(parts) > 1 else "") + parts[-1].rpartition("\n")[2]
        marks = re.match("(?:> ?)+", line)
        quotation = marks[0] if marks else ""
        parts += [f"\n{quotation.rstrip()}\n{quotation}", other.lstrip(" ").lstrip("\n")]
    return "".join(parts)


def first_picture(html: str, base: str, boilerplate: Iterable[str] = ()) -> tuple[OldPicture | None, bool]:
    """Return the first picture of a text with its caption, and whether the text begins with it.

    Raises ValueError if the text is nested too deeply.
    """
    if "<img" not in html.lower():  # most texts have none
        return None, False
    soup = _parse(html)
    tidy(soup, base, boilerplate)
    image = soup.find("img")
    if not isinstance(image, Tag):
        return None, False
    caption = image.find_parent("figure") and figure_of(image).find("figcaption")
    caption_text = one_line(caption.get_text()) if isinstance(caption, Tag) else ""
    is_lead = not any(each.strip() for each in image.find_all_previous(string=True))
    return OldPicture(best_source(image, base), str(image.get("alt") or ""), caption_text), is_lead


def _remove_lead_picture(soup: BeautifulSoup, base: str, lead_picture: str | None) -> None:
    """Remove the first picture of the text if it is the one that is shown above it."""
    first = soup.find("img")
    if lead_picture and isinstance(first, Tag) and same_picture(best_source(first, base), lead_picture):
        figure_of(first).decompose()
