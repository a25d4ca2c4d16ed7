"""Code blocks of other systems: normalizes each to one `<pre>` with its language, without line numbers.

Highlighters put line numbers into a column of a table, or at the start of each line.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Comment
from bs4.element import NavigableString, Tag

LANGUAGE_ATTRIBUTE = "data-language"
"""Attribute of a `<pre>` with the language of its code."""

_NUMBERS = (
    *("gutter", "linenos", "lineno", "linenumber", "line-number", "line-numbers", "line-numbers-rows", "lnt", "ln"),
    *("rouge-gutter", "blob-num", "crayon-nums", "react-syntax-highlighter-line-number", "hljs-ln-numbers"),
)
"""Classes of line numbers in Hexo, Hugo, Pygments, Rouge, Prism, highlight.js, GitHub and plugins of WordPress."""

_NUMBER_SELECTOR = ", ".join(f".{name}" for name in _NUMBERS)
_WRAPPERS = {"highlight", "highlighter-rouge", "chroma", "sourceCode", "crayon-syntax", "code-toolbar", "codehilite"}
_CODE_CLASS = re.compile(r"\b(?:blob-code|hljs-ln-(?:code|numbers)|rouge-code|crayon-code|code)\b")
_MEDIA = ["img", "picture", "iframe", "video", "audio", "embed", "object"]
_LINE_BLOCKS = ("div", "li", "p", "tr")
_LANGUAGE_CLASS = re.compile(r"\b(?:language|lang|highlight-source|brush:?)[- ]?([A-Za-z0-9+#]+)")
_WRAPPER_CLASS = re.compile(r"\b(?:highlight|sourceCode)[- ]([A-Za-z0-9+#]+)")
_NO_LANGUAGE = ("default", "none", "plain", "plaintext", "text", "highlight", "chroma", "source", "numberlines")


def normalize_code(soup: BeautifulSoup) -> None:
    """Replace each block of highlighted code with a plain one."""
    for table in soup.find_all("table"):
        if not table.decomposed and _is_code(table):
            outer = _outermost(table)
            _replace(table if _has_more(outer, table) else outer, _language(outer), "\n".join(_lines(table)))
    for element in soup.find_all(["span", "font"]):
        if not element.find_parent("pre"):
            element.unwrap()
    for code in soup.find_all(["code", "tt"]):
        if not code.find_parent("pre") and not code.find(["pre", "img", "table"]):
            code.name = "code"
            code.string = re.sub(r"\s", " ", _text(code))
    for block in soup.find_all("pre"):
        if block.decomposed or block.find_parent("pre"):
            continue
        outer = _outermost(block)
        outer = block if _has_more(outer, block) else outer
        for number in block.select(_NUMBER_SELECTOR):
            if not number.decomposed and re.fullmatch(r"[\s0-9]*", number.get_text()) and number.name != "code":
                number.decompose()
        _replace(outer, _language(outer), _text(block).strip("\n"))


def join_code(soup: BeautifulSoup) -> None:
    """Join adjacent `<code>` elements, which Markdown cannot separate."""
    for code in soup.find_all("code"):
        before = code.previous_sibling
        while isinstance(before, Comment):
            before = before.previous_sibling
        if isinstance(before, Tag) and before.name == "code" and not code.find_parent("pre"):
            code.string = before.get_text() + code.get_text()
            before.decompose()


def rows_of(table: Tag) -> list[Tag]:
    """Return the rows of a table, without those of tables in it."""
    return [each for each in table.find_all("tr") if each.find_parent("table") is table]


def _has_more(outer: Tag, block: Tag) -> bool:
    """Return whether an element contains more than a block of code."""
    is_longer = outer.get_text().strip() != block.get_text().strip()
    return is_longer or (outer is not block and outer.find(_MEDIA) is not None)


def _is_code(table: Tag) -> bool:
    """Return whether a table is a block of code: each row has a cell of line numbers and one of code."""
    rows = rows_of(table)
    return bool(rows) and all(_has_code(row) for row in rows) and any(_numbers(row) for row in rows)


def _has_code(row: Tag) -> bool:
    """Return whether a row consists of a cell that may contain line numbers, and one of code."""
    cells = row.find_all("td", recursive=False)
    if len(cells) < 2 or not re.fullmatch(r"[\s0-9]*", cells[-2].get_text()):
        return False
    classes = " ".join([*(cells[-1].get("class") or ()), *(cells[-2].get("class") or ())])
    return cells[-1].find(["pre", "code"]) is not None or _CODE_CLASS.search(classes) is not None


def _numbers(row: Tag) -> bool:
    """Return whether a row has a cell that is marked as line numbers."""
    cells = row.find_all("td", recursive=False)[:-1]
    return any(
        any(name in _NUMBERS for name in cell.get("class") or ()) or cell.select_one(_NUMBER_SELECTOR) for cell in cells
    )


def _lines(table: Tag) -> list[str]:
    return [_text(row.find_all("td", recursive=False)[-1]).strip("\n") for row in rows_of(table)]


def _outermost(block: Tag) -> Tag:
    """Return the outermost wrapper of a highlighter around a block."""
    outer = block
    for parent in block.parents:
        is_wrapper = parent.name in ("div", "figure") and not _WRAPPERS.isdisjoint(parent.get("class") or ())
        if parent.name == "pre" or is_wrapper:
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
    """Return the text of code. Its line breaks may be elements."""
    parts: list[str] = []
    for node in element.children:
        if type(node) is NavigableString:
            text = str(node)
        elif isinstance(node, Tag) and node.name == "br":
            text = "\n"
        elif isinstance(node, Tag):
            text = _text(node)
            if node.name in _LINE_BLOCKS:
                text = text if text.endswith("\n") else f"{text}\n"
                text = text if not parts or parts[-1].endswith("\n") else f"\n{text}"
        else:
            continue
        if text:
            parts.append(text)
    return "".join(parts)


def _replace(old: Tag, language: str, text: str) -> None:
    old.name, old.attrs = "pre", {LANGUAGE_ATTRIBUTE: language} if language else {}
    old.string = text
