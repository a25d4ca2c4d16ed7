"""Code of other systems: one `<pre>` per block, with its language and without line numbers.

Highlighters put line numbers into a column of a table, or at the start of each line.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

LANGUAGE_ATTRIBUTE = "data-language"
"""Attribute of a `<pre>` with the language of its code."""

_NUMBERS = (
    *("gutter", "linenos", "lineno", "linenumber", "line-number", "line-numbers", "line-numbers-rows", "lnt", "ln"),
    *("rouge-gutter", "blob-num", "crayon-nums", "react-syntax-highlighter-line-number", "hljs-ln-numbers"),
)
"""Classes of line numbers in Hexo, Hugo, Pygments, Rouge, Prism, highlight.js, GitHub and plugins of WordPress."""

_NUMBER_SELECTOR = ", ".join(f".{name}" for name in _NUMBERS)
_WRAPPERS = re.compile(r"\b(highlight|highlighter-rouge|chroma|sourceCode|crayon-syntax|code-toolbar|codehilite)\b")
_LINE_BLOCKS = ("div", "li", "p", "tr")
_LANGUAGE_CLASS = re.compile(r"\b(?:language|lang|highlight-source|brush:?)[- ]?([A-Za-z0-9+#]+)")
_WRAPPER_CLASS = re.compile(r"\b(?:highlight|sourceCode)[- ]([A-Za-z0-9+#]+)")
_NO_LANGUAGE = ("default", "none", "plain", "plaintext", "text", "highlight", "chroma", "source", "numberlines")


def normalize_code(soup: BeautifulSoup) -> None:
    """Replace each block of highlighted code with a plain one."""
    for table in soup.find_all("table"):
        if not table.decomposed and _is_code(table):
            outer = _outermost(table)
            _replace(outer, _language(outer), "\n".join(_lines(table)))
    for element in soup.find_all(["span", "font"]):
        if not element.find_parent("pre"):
            element.unwrap()
    for code in soup.find_all(["code", "kbd", "samp", "tt"]):
        if not code.find_parent("pre") and not code.find(["pre", "img", "table"]):
            before = code.previous_sibling
            if isinstance(before, Tag) and before.name == code.name:  # Markdown cannot separate the two
                code.insert(0, before.extract())
            code.string = _text(code).replace("\n", " ")
    for block in soup.find_all("pre"):
        if block.decomposed or block.find_parent("pre"):
            continue
        outer = _outermost(block)
        has_other_text = outer.get_text().strip() != block.get_text().strip()
        for number in block.select(_NUMBER_SELECTOR):
            if not number.decomposed:
                number.decompose()
        _replace(block if has_other_text else outer, _language(outer), _text(block).strip("\n"))


def _is_code(table: Tag) -> bool:
    """Return whether a table is a block of code: each row has a cell of line numbers and one of code."""
    rows = [each for each in table.find_all("tr") if each.find_parent("table") is table]
    return bool(rows) and all(len(_numbers(row)) and len(row.find_all("td", recursive=False)) > 1 for row in rows)


def _numbers(row: Tag) -> list[Tag]:
    """Return the cells of a row that contain line numbers."""
    cells = row.find_all("td", recursive=False)
    found = []
    for cell in cells[:-1]:
        is_marked = any(name in _NUMBERS for name in cell.get("class") or ()) or cell.select_one(_NUMBER_SELECTOR)
        if is_marked and re.fullmatch(r"[\s0-9]*", cell.get_text()):
            found.append(cell)
    return found


def _lines(table: Tag) -> list[str]:
    rows = [each for each in table.find_all("tr") if each.find_parent("table") is table]
    return [_text(row.find_all("td", recursive=False)[-1]).strip("\n") for row in rows]


def _outermost(block: Tag) -> Tag:
    """Return the outermost wrapper that a highlighter put around a block."""
    outer = block
    for parent in block.parents:
        classes = " ".join(parent.get("class") or ())
        if parent.name == "pre" or (parent.name in ("div", "figure", "td") and _WRAPPERS.search(classes)):
            outer = parent
        elif parent.name not in ("div", "code", "figure"):
            break
    return outer


def _language(outer: Tag) -> str:
    for element in (outer, *outer.find_all(["div", "figure", "pre", "code"])):
        for name in ("data-lang", LANGUAGE_ATTRIBUTE):
            if value := str(element.get(name) or "").strip():
                return value.lower()
        classes = " ".join(element.get("class") or ())
        for pattern in (_LANGUAGE_CLASS, _WRAPPER_CLASS):
            found = pattern.search(classes)
            if found and found[1].lower() not in _NO_LANGUAGE:
                return found[1].lower()
    return ""


def _text(element: Tag) -> str:
    """Return the text of code with its line breaks, which may be elements."""
    parts: list[str] = []
    for node in element.descendants:
        if type(node) is NavigableString:
            parts.append(str(node))
        elif isinstance(node, Tag) and (
            node.name == "br" or (node.name in _LINE_BLOCKS and parts and not parts[-1].endswith("\n"))
        ):
            parts.append("\n")
    return "".join(parts)


def _replace(old: Tag, language: str, text: str) -> None:
    old.name, old.attrs = "pre", {LANGUAGE_ATTRIBUTE: language} if language else {}
    old.string = text
