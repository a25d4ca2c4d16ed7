"""Tables of other systems: pipe tables where possible, or else clean HTML.

The caller maps the addresses of links and pictures.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from bs4 import BeautifulSoup, Comment
from bs4.element import PageElement, Tag

from feeds.feed.markup import ALLOWED_ATTRIBUTES, ALLOWED_TAGS

from .code_blocks import rows_of
from .old_feed import one_line

BREAK = "\x02"
"""Placeholder for a paragraph break that consecutive `<br>` made."""

PLAYERS = ("iframe", "video", "audio", "embed")

HTML_TABLE = "html-table"
"""Element name of a table that stays HTML."""

_COMPLEX = (
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", HTML_TABLE, "blockquote", "figure"),
    *("hr", "pre", "details", "video", "audio", "iframe", "embed"),
)
"""Elements that a cell of a pipe table cannot contain."""

_ADDRESSES = {"a": "href", "img": "src"}

_ALIGNMENT = re.compile(r"(?:text-align:\s*|has-text-align-)(left|center|right)\b")
_DELIMITERS = {"left": ":--", "center": ":-:", "right": "--:"}


def normalize_tables(soup: BeautifulSoup) -> None:
    """Make each table one that Markdown can express, or mark it with the name `HTML_TABLE`.

    Tables that only arrange other elements are replaced by these.
    """
    for cell in soup.find_all(["td", "th"]):
        styles = f"{cell.get('style') or ''} {' '.join(cell.get('class') or ())}"
        if not cell.get("align") and (alignment := _ALIGNMENT.search(styles)):
            cell["align"] = alignment[1]
    for table in reversed(soup.find_all("table")):  # inner tables first
        rows = rows_of(table)
        rows.sort(key=lambda row: row.find_parent(["table", "tfoot"]) is not table)  # a footer may precede the body
        cells = [list(row.find_all(["td", "th"], recursive=False)) for row in rows]
        if caption := _blogger_caption(table):
            _make_figure(table, caption)
        elif sum(map(len, cells)) < 2 or table.get("role") == "presentation":
            _unwrap(table, rows, [cell for row in cells for cell in row])
        elif _fits_pipes(table, cells):
            _rebuild(soup, table, rows, cells)
        else:
            table.name = HTML_TABLE


def _blogger_caption(table: Tag) -> Tag | None:
    """Return the caption of a Blogger picture, which is in a table with it."""
    caption = table.select_one("td.tr-caption")
    return caption if caption and table.find("img") else None


def _make_figure(table: Tag, caption: Tag) -> None:
    picture = table.find("img")
    link = picture.find_parent("a") if isinstance(picture, Tag) else None
    caption.name, caption.attrs = "figcaption", {}
    shown = (link or picture).extract()  # type: ignore[union-attr]
    caption.extract()
    table.clear()
    table.name, table.attrs = "figure", {}
    table.extend([shown, caption])


def _unwrap(table: Tag, rows: list[Tag], cells: list[Tag]) -> None:
    for each in (table, *rows, *cells, *table.find_all(["tbody", "thead", "tfoot", "caption"])):
        each.name, each.attrs = "div", {}
    for each in table.find_all(["colgroup", "col"]):
        each.decompose()


def _fits_pipes(table: Tag, cells: list[list[Tag]]) -> bool:
    """Return whether a table has no caption, one row of headers at most, and only single cells of running text."""
    width = len(cells[0])
    in_cells = "".join(cell.get_text() for row in cells for cell in row)
    return (
        len("".join(in_cells.split())) == len("".join(table.get_text().split()))
        and all(len(row) <= width for row in cells)
        and not any(cell.name == "th" for row in cells[1:] for cell in row)
        and len({cell.name for cell in cells[0]}) == 1
        and not any(cell.find(_COMPLEX) or _spans(cell) for row in cells for cell in row if not _is_paragraph(cell))
    )


def _is_paragraph(cell: Tag) -> bool:
    """Unwrap the only paragraph of a cell. Return whether there was one."""
    inner = [each for each in cell.children if isinstance(each, Tag) or str(each).strip()]
    if len(inner) == 1 and isinstance(inner[0], Tag) and inner[0].name in ("p", "div"):
        if inner[0].find(_COMPLEX) or _spans(cell):
            return False
        inner[0].unwrap()
        return True
    return False


def _spans(cell: Tag) -> bool:
    return any(str(cell.get(name) or "1").strip() != "1" for name in ("colspan", "rowspan"))


def _rebuild(soup: BeautifulSoup, table: Tag, rows: list[Tag], cells: list[list[Tag]]) -> None:
    """Replace the parts of a table with those that markdownify expects.

    These are a `thead` if it has headers, and a `tbody` with all else.
    """
    has_header = cells[0][0].name == "th" or rows[0].find_parent("thead") is not None
    head = soup.new_tag("thead")
    if has_header:
        head.append(rows[0].extract())
        for cell in cells[0]:
            cell.name = "th"
    tail = soup.new_tag("tbody")
    tail.extend([row.extract() for row in rows[int(has_header) :]])
    table.clear()
    table.extend([head, tail] if has_header else [tail])


def delimiter_row(cells: list[Tag]) -> str:
    """Return the row below the headers of a pipe table, with the alignment of each column."""
    return f"| {' | '.join(_DELIMITERS.get(str(cell.get('align')).lower(), '---') for cell in cells)} |\n"


def clean_html(node: PageElement, address: Callable[[Tag], str], player: Callable[[Tag], str]) -> str:
    """Return a table as HTML on one line, with only the elements and attributes allowed in bodies.

    `address` returns the address of a link or picture; if it is empty, only the text of the link stays. `player`
    returns the link that replaces a player.
    """
    if not isinstance(node, Tag):
        return "" if isinstance(node, Comment) else _text(node)
    if node.name in PLAYERS:
        return player(node)
    name = "table" if node.name == HTML_TABLE else node.name
    children = [each for each in node.children if name not in _PARTS or isinstance(each, Tag) or str(each).strip()]
    inner = "".join(clean_html(child, address, player) for child in children)
    if name in ("div", "section", "article"):
        return f"<p>{inner.strip()}</p>" if inner.strip() and not node.find(_BLOCK) else f" {inner} "
    if name not in ALLOWED_TAGS:
        return inner
    if name in ("br", "hr"):
        return f"<{name}>"
    allowed = {*ALLOWED_ATTRIBUTES.get(name, ()), "lang", "dir"} - {"id"}
    attributes = {key: one_line(str(value)) for key, value in node.attrs.items() if key in allowed}
    if name in _ADDRESSES:
        attributes[_ADDRESSES[name]] = address(node)
        if not attributes[_ADDRESSES[name]]:
            return inner
    start = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    if name == "img":
        return f"<img{start}>"
    return f"<{name}{start}>{inner if name == 'pre' else _strip(name, inner)}</{name}>"


_BLOCK = re.compile(r"^(p|div|h[1-6]|ul|ol|dl|table|html-table|blockquote|figure|hr|pre|details|section|article)$")
_PARTS = ("table", "thead", "tbody", "tfoot", "tr", "ul", "ol")
"""Elements that contain only other elements."""

_STRIPPED = ("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "ul", "ol", "li", "p", "blockquote")


def _strip(name: str, inner: str) -> str:
    return inner.strip(" ") if name in _STRIPPED else inner


def _text(node: PageElement) -> str:
    """Return a text on one line, since an empty line would end the HTML block (CommonMark, section 4.6)."""
    if node.find_parent("pre"):
        return html.escape(str(node), quote=False).replace("\n", "&#10;")
    text = html.escape(re.sub(r"[ \t\r\n\f]+", " ", str(node)), quote=False)
    return text.replace(BREAK, "<br><br>")
