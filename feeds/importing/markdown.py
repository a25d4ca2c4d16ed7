"""HTML of other systems becomes our Markdown, with its pictures where they are now.

It fetches nothing: what an address becomes is asked of the caller. What is left out or changed is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Literal
from unicodedata import category
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag
from markdownify import ATX, MarkdownConverter

from .cleanup import BLOCKS, BREAK, tidy
from .images import best_source, figure_of, leads_to_picture, same_picture
from .old_feed import OldPicture, joined

Place = Callable[[str], str]
"""Tells where what was at an absolute address is now."""

_SPECIAL = re.compile(
    r"([\\`*\[\]]|!\Z)|(<)(?=[A-Za-z/!?])|(&)(?=#?[0-9A-Za-z]+;)|((?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))"
)
_AT_START = re.compile(
    r"(?m)^([^\S\n]*)(?:(>|[-+](?=\s|$)|#{1,6}(?=\s|$)|=+[ \t]*$|-{2,}[ \t]*$|~{3,})|([0-9]{1,9})([.)](?=\s|$)))"
)
_LINE = "\x03"
"""Stands for a break, until it is known what is around it."""

_EMPHASIS = ("b", "strong", "i", "em")
_FENCED = re.compile(r"(^ *(`{3,})[^\n]*\n.*?^ *\2 *$)", re.MULTILINE | re.DOTALL)
_LANGUAGE = re.compile(r"(?:language|lang|brush:?)[- ]?([A-Za-z0-9+#]+)")


@dataclass(frozen=True)
class Converted:
    """A body in Markdown, and what was changed on the way."""

    text: str
    notes: tuple[str, ...]


def to_markdown(
    html: str, *, base: str, extras: Iterable[str] = (), without: str | None = None, picture: Place, link: Place
) -> Converted:
    """Convert a text whose references are relative to `base`.

    `extras` are CSS selectors of what is not the author's, `without` the address of a picture that is shown above the
    text already; `picture` and `link` tell where absolute addresses lead now.
    """
    soup = BeautifulSoup(html.translate({2: None, 3: None}), "lxml")
    notes = tidy(soup, base, extras)
    _drop_head(soup, base, without)
    converter = _Converter(base, picture, link)
    text = converter.convert_soup(soup.body or soup)
    parts = _FENCED.split(text)  # the text between, a block of code, its fence, and so on
    tidied = [_tidied(part) if at % 3 == 0 else part for at, part in enumerate(parts) if at % 3 < 2]
    return Converted("".join(tidied).strip("\n"), (*notes, *converter.notes))


def _tidied(text: str) -> str:
    """Leave no blanks at the ends of lines, and one empty line between paragraphs."""
    text = re.sub(f" *\n* *{BREAK} *\n*|{_LINE}(\n[ >]*{_LINE})+\n", "\n\n", text)
    text = re.sub(rf"{_LINE}(?=\n[ >]*(\n|\Z)|\Z)", "", text)
    text = re.sub(rf"(?m)^([ >]*(?:[-+*] |[0-9]+\. )?){_LINE}\n[ >]*", r"\1", text).replace(_LINE, "\\")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE))


def first_picture(html: str, base: str, extras: Iterable[str] = ()) -> tuple[OldPicture | None, bool]:
    """Give the first picture of a text with its caption, and tell whether nothing stands before it."""
    if "<img" not in html.lower():  # most have none
        return None, False
    soup = BeautifulSoup(html, "lxml")
    tidy(soup, base, extras)
    image = soup.find("img")
    if not isinstance(image, Tag):
        return None, False
    caption = image.find_parent("figure") and figure_of(image).find("figcaption")
    words = re.sub(r"\s+", " ", caption.get_text()).strip(" ") if isinstance(caption, Tag) else ""
    is_at_head = not any(each.strip() for each in image.find_all_previous(string=True))
    return OldPicture(best_source(image, base), str(image.get("alt") or ""), words), is_at_head


def _drop_head(soup: BeautifulSoup, base: str, shown: str | None) -> None:
    """Take out a picture at the head of the text that is shown above it."""
    first = soup.find("img")
    if shown and isinstance(first, Tag) and same_picture(best_source(first, base), shown):
        figure_of(first).decompose()


class _Converter(MarkdownConverter):
    """What markdownify does, in the Markdown that we render."""

    def __init__(self, base: str, picture: Place, link: Place) -> None:
        cells = ["td", "th", "a", "p", "figure", "div", "h1", "h2", "h3", "h4", "h5", "h6"]
        super().__init__(
            heading_style=ATX,
            bullets="-",
            sub_symbol="<sub>",
            sup_symbol="<sup>",
            keep_inline_images_in=cells,
        )
        self._base, self._picture, self._link = base, picture, link
        self.notes: list[str] = []

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Keep what Markdown would take for its own."""
        text = _SPECIAL.sub(lambda found: "\\" + found[0], text)
        text = _AT_START.sub(_escaped, text)
        return text

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Set a paragraph apart, whose first word is none of Markdown's, whatever elements it was made of."""
        found = str(super().convert_p(el, text, parent_tags))  # type: ignore[misc]
        return found if "_inline" in parent_tags else _AT_START.sub(_escaped, found)

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Begin a line, if there is one before and one behind it."""
        return f" {text}" if "_inline" in parent_tags else f"{_LINE}\n{text}"

    def _marked(self, el: Tag, text: str, parent_tags: set[str], mark: str, name: str) -> str:
        """Emphasise; by an element where marks would not be taken for marks (CommonMark section 6.2)."""
        edges = re.fullmatch(rf"([\s{BREAK}{_LINE}]*)(.*?)([\s{BREAK}{_LINE}]*)", text, re.DOTALL)
        if "_noformat" in parent_tags or not edges or not edges[2]:
            return text
        before, core, after = edges.groups()
        outside = before[-1:] or _beside(el, "previous"), after[:1] or _beside(el, "next")
        is_plain = not el.find(_EMPHASIS) and not el.find_parent(_EMPHASIS)
        is_marked = is_plain and _flanks(outside[0], core[0]) and _flanks(outside[1], core[-1])
        return f"{before}{mark}{core}{mark}{after}" if is_marked else f"{before}<{name}>{core}</{name}>{after}"

    def convert_b(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Print strongly."""
        return self._marked(el, text, parent_tags, "**", "strong")

    convert_strong = convert_b

    def convert_em(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Emphasise."""
        return self._marked(el, text, parent_tags, "*", "em")

    convert_i = convert_em

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """End an item with its last word."""
        return str(super().convert_li(el, text.strip(f" \t\r\n{BREAK}{_LINE}"), parent_tags))  # type: ignore[misc]

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Keep a cell one cell."""
        return str(super().convert_td(el, _in_cell(text), parent_tags))  # type: ignore[misc]

    def convert_th(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Keep a cell of a heading one cell."""
        return str(super().convert_th(el, _in_cell(text), parent_tags))  # type: ignore[misc]

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Fence code with more backticks than it has."""
        if not text.strip():
            return ""
        longest = max(map(len, re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        code = text.strip("\n")
        return f"\n\n{fence}{_code_language(el)}\n{code}\n{fence}\n\n"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Show a picture from where it is now."""
        source = best_source(el, self._base)
        alt = re.sub(r"\s+", " ", str(el.get("alt") or "")).strip()
        return f"![{self.escape(alt, set())}]({_destination(self._picture(source))})"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Link to where something is now; a picture that links to its own larger form is shown instead."""
        href = str(el.get("href") or "").strip()
        if not href or not text.strip() or "_noformat" in parent_tags:
            return text
        if href.startswith("#") or (text.lstrip().startswith("![") and leads_to_picture(href)):
            return text
        address = href if href.startswith("mailto:") else joined(self._base, href)
        if not re.match("(https?://|mailto:).", address):
            self.notes.append(f"a link to {href[:60]} is left out, and its text stays")
            return text
        place = address if href.startswith("mailto:") else self._link(address)
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        label = re.sub(rf"[\s{BREAK}{_LINE}]*[\n{BREAK}{_LINE}][\s{BREAK}{_LINE}]*", " ", text.strip())
        if el.find(BLOCKS) and not el.find("img"):
            label = self.escape(el.get_text(" ", strip=True), set())
        if place == el.get_text().strip() and place == _destination(place) and urlsplit(place).scheme:
            return f"{before}<{place}>{after}"
        return f"{before}[{label}]({_destination(place)}){after}"

    def _player(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        source = el.get("src") or next((each.get("src") for each in el.find_all("source") if each.get("src")), None)
        if not source:
            return ""
        address = _watched(joined(self._base, str(source)))
        if not address:
            return ""
        name = PurePosixPath(unquote(urlsplit(address).path)).name
        label = str(el.get("title") or "").strip() or (name if "." in name else urlsplit(address).netloc)
        self.notes.append(f"<{el.name}> is a link now: {address}")
        return f"\n\n[{self.escape(label, set())}]({_destination(self._link(address))})\n\n"

    convert_iframe = convert_video = convert_audio = convert_embed = _player

    def convert_figcaption(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Print a caption as a line of its own."""
        caption = re.sub(r"\s*\n\s*", " ", text.strip())
        return f"\n\n*{caption}*\n\n" if caption else ""

    def convert_figure(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Set a figure apart."""
        return f"\n\n{text.strip()}\n\n"

    def convert_del(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Keep the text, and tell of it; readers have no mark for it."""
        self.notes.append(f"struck-out text is plain now: {el.get_text()[:40]}")
        return text

    convert_s = convert_del

    def convert_dt(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Print what is explained as a line of its own."""
        return f"\n\n**{text.strip()}**\n\n" if text.strip() else ""

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Print the explanation below it."""
        return f"\n\n{text.strip()}\n\n"

    def convert_q(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Keep a quotation's own element."""
        return f"<q>{text}</q>"


_BAR = re.compile(r"(?<!\\)\|")


def _in_cell(text: str) -> str:
    """Let no bar and no break in a cell be taken for its end."""
    return _BAR.sub(r"\\|", re.sub(f"[{BREAK}{_LINE}]", " ", text))


def _escaped(found: re.Match[str]) -> str:
    return f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\{found[4]}"


def _flanks(outside: str, inside: str) -> bool:
    """Tell whether a mark between two characters begins or ends what is inside."""
    if outside and outside in "*_":
        return False
    return not _is_mark(inside) or not outside or outside.isspace() or _is_mark(outside)


def _is_mark(character: str) -> bool:
    return category(character)[0] in "PS"


def _beside(element: PageElement, side: Literal["next", "previous"]) -> str:
    """Give the character beside an element in its block: `*` where another mark will stand, nothing at the edge."""
    found, at = getattr(element, f"{side}_sibling"), 0 if side == "next" else -1
    if found is None:
        parent = element.parent
        if parent is None or parent.name in (*BLOCKS, "td", "th", "body"):
            return ""
        return "*" if parent.name in _EMPHASIS else _beside(parent, side)
    if isinstance(found, Tag):
        if found.name == "br":
            return " "
        texts = [each for each in found.find_all(string=True) if each]
        if found.name not in _EMPHASIS and texts:
            inner = takewhile(lambda parent: parent is not found, texts[at].parents)
            return "*" if any(parent.name in _EMPHASIS for parent in inner) else str(texts[at])[at]
        return "*" if found.name in _EMPHASIS else _beside(found, side)
    return str(found)[at] if type(found) is NavigableString and found else _beside(found, side)


def _code_language(el: Tag) -> str:
    inner = el.find("code")
    names = " ".join([*(el.get("class") or []), *((inner.get("class") or []) if isinstance(inner, Tag) else [])])
    found = _LANGUAGE.search(names)
    return found[1].lower() if found else ""


def _destination(address: str) -> str:
    """Write an address so that no character of it ends a link."""
    return quote(address, safe="%/:?#[]@!$&'*+,;=~-._").replace("[", "%5B").replace("]", "%5D")


def _watched(address: str) -> str:
    """Give the page on which what is embedded is watched."""
    parts = urlsplit(address)
    if re.search(r"(^|\.)youtube(-nocookie)?\.com$", parts.netloc) and parts.path.startswith("/embed/"):
        return f"https://www.youtube.com/watch?v={parts.path.removeprefix('/embed/')}"
    if parts.netloc == "player.vimeo.com" and parts.path.startswith("/video/"):
        return f"https://vimeo.com/{parts.path.removeprefix('/video/')}"
    return address
