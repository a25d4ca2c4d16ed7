"""Converter of parsed HTML to the Markdown of Feeds: markdownify with other rules for single elements.

It fetches nothing, and parses nothing: `markdown` does.
"""

from __future__ import annotations

import html as html_module
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote, unquote

from bs4.element import Tag
from markdownify import ATX, MarkdownConverter

from feeds.feed.html_text import plain_text
from feeds.feed.tag_rewriter import fragment_id

from .cleanup import BLOCKS
from .code_blocks import LANGUAGE_ATTRIBUTE
from .emphasis import EMPHASIS, adjacent_character, flanks
from .footnotes import NUMBER
from .images import best_source, is_picture_url
from .notes import Note
from .old_feed import absolute_url, one_line, split_url
from .players import player_link
from .tables import BREAK, clean_html, delimiter_row

MapAddress = Callable[[str], str]
"""Returns the current address for an old absolute one."""

_INLINE_MARKUP = re.compile(
    r"([\\`*\[\]]|~(?=~)|(?<=~)~|!\Z)|(<)(?=[A-Za-z/!?])|(&)(?=#?[0-9A-Za-z]+;)|((?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))"
)
_MARKUP_AT_LINE_START = re.compile(
    r"(?m)^([^\S\n]*)(?:(>|[-+](?=\s|$)|#{1,6}(?=\s|$)|=+[ \t]*$|-{2,}[ \t]*$|~{3,})|([0-9]{1,9})([.)](?=\s|$)))"
)
_DELIMITER_ROW = re.compile(r"(?m)^([ \t]*+)([|:-](?=[|: \t]*+-)[|:\- \t]*+)$")
"""A line that would turn the line above it into a table header."""

BR = "\x03"
"""Placeholder for a line break, until its context is known."""

_LIST_SEPARATOR = "<!-- -->"
"""Separates two adjacent lists (CommonMark, section 5.3); it is not shown."""


class Converter(MarkdownConverter):
    """markdownify, adapted to the Markdown of Feeds."""

    def __init__(self, base: str, picture: MapAddress, link: MapAddress) -> None:
        """Set the base of references, and what maps the addresses of pictures and links."""
        cells = ["td", "th", "a", "p", "figure", "div", "h1", "h2", "h3", "h4", "h5", "h6"]
        super().__init__(
            heading_style=ATX,
            bullets="-",
            keep_inline_images_in=cells,
        )
        self._base, self._picture, self._link = base, picture, link
        self.notes: list[str] = []
        self._headings: dict[str, tuple[str, Tag]] | None = None

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Escape what Markdown would read as markup."""
        text = _INLINE_MARKUP.sub(lambda match: "\\" + match[0], text)
        text = _MARKUP_AT_LINE_START.sub(_escape_match, text)
        return text

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a paragraph, and escape markup at its start, which may be joined from several elements."""
        paragraph = str(super().convert_p(el, text, parent_tags))  # type: ignore[misc]
        if "_inline" in parent_tags:
            return paragraph
        return _DELIMITER_ROW.sub(r"\1\\\2", _MARKUP_AT_LINE_START.sub(_escape_match, paragraph))

    def convert_hN(self, n: int, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: N802 (markdownify's name)
        """Render a heading; escape a # at its end, which would close it (CommonMark, section 4.2)."""
        return str(super().convert_hN(n, el, re.sub(r"(?<!\\)(#+\s*)\Z", r"\\\1", text), parent_tags))  # type: ignore[misc]

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a placeholder for a line break, which is dropped later at the start or end of a block."""
        if parent_tags & {"td", "th"}:
            return f"<br>{text}"
        return f" {text}" if "_inline" in parent_tags else f"{BR}\n{text}"

    def _emphasize(self, el: Tag, text: str, parent_tags: set[str], mark: str, name: str) -> str:
        """Render emphasis, as HTML if Markdown's delimiters would not work (CommonMark, section 6.2)."""
        if BREAK in text:  # emphasis ends with its paragraph
            parts = text.split(BREAK)
            return BREAK.join(self._emphasize(el, part, parent_tags, mark, name) for part in parts)
        edges = re.fullmatch(rf"([\s{BREAK}{BR}]*)(.*?)([\s{BREAK}{BR}]*)", text, re.DOTALL)
        if "_noformat" in parent_tags or not edges or not edges[2] or el.find(BLOCKS):
            return text
        before, core, after = edges.groups()
        outside = before[-1:] or adjacent_character(el, "previous"), after[:1] or adjacent_character(el, "next")
        is_plain = mark and not el.find(EMPHASIS) and not el.find_parent(EMPHASIS)
        is_marked = is_plain and flanks(outside[0], core[0]) and flanks(outside[1], core[-1])
        return f"{before}{mark}{core}{mark}{after}" if is_marked else f"{before}<{name}>{core}</{name}>{after}"

    def convert_b(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render strong emphasis."""
        return self._emphasize(el, text, parent_tags, "**", "strong")

    convert_strong = convert_b

    def convert_em(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render emphasis."""
        return self._emphasize(el, text, parent_tags, "*", "em")

    convert_i = convert_em

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render an element that Markdown has no syntax for as HTML."""
        return self._emphasize(el, text, parent_tags, "", el.name)

    convert_sup = convert_q = convert_ins = convert_u = convert_small = convert_cite = convert_mark = convert_sub
    convert_var = convert_sub

    def convert_html_kbd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render input or output of a program as an element."""
        return self._emphasize(el, text, parent_tags, "", el.name.removeprefix("html-"))

    convert_html_samp = convert_html_kbd

    def convert_abbr(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render an abbreviation as an element with its expansion."""
        title = one_line(str(el.get("title") or ""))
        element = self._emphasize(el, text, parent_tags, "", "abbr") if title else text
        return element.replace("<abbr>", f'<abbr title="{html_module.escape(title)}">', 1)

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a list item, without blanks and breaks at its ends."""
        return str(super().convert_li(el, text.strip(f" \u00a0\t\r\n{BREAK}{BR}"), parent_tags))  # type: ignore[misc]

    def convert_list(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a list. Text after a nested list is a paragraph, and adjacent lists stay separate."""
        rendered = str(super().convert_list(el, text, parent_tags))  # type: ignore[misc]
        following = next((node for node in el.next_siblings if isinstance(node, Tag) or str(node).strip()), None)
        if isinstance(following, Tag) and following.name == el.name:
            return f"{rendered.rstrip()}\n\n{_LIST_SEPARATOR}\n\n"
        return f"{rendered.rstrip()}\n\n" if "li" in parent_tags and el.next_sibling else rendered

    convert_ul = convert_ol = convert_list

    def convert_tr(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a row; the one below the headers sets the alignment of columns."""
        row = str(super().convert_tr(el, text, parent_tags))  # type: ignore[misc]
        cells = el.find_all(["td", "th"])
        return row.replace(f"| {' | '.join(['---'] * len(cells))} |\n", delimiter_row(cells), 1)

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a table cell, without anything that would end it early."""
        return str(super().convert_td(el, _escape_cell(text), parent_tags))  # type: ignore[misc]

    def convert_th(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a header cell, without anything that would end it early."""
        return str(super().convert_th(el, _escape_cell(text), parent_tags))  # type: ignore[misc]

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a code block, with a fence longer than any run of backticks in it."""
        if not text.strip():
            return ""
        longest = max(map(len, re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        code = text.strip("\n")
        return f"\n\n{fence}{el.get(LANGUAGE_ATTRIBUTE) or ''}\n{code}\n{fence}\n\n"

    def convert_html_table(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render as HTML a table that Markdown cannot express."""
        return f"\n\n{clean_html(el, self._address, self._player_link)}\n\n"

    def convert_details(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a disclosure as HTML around Markdown (CommonMark, section 4.6)."""
        summary = el.find("summary", recursive=False)
        heading = clean_html(summary, self._address, self._player_link) if isinstance(summary, Tag) else ""
        return f"\n\n<details>\n{heading}\n\n{text.strip()}\n\n</details>\n\n"

    def convert_summary(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render nothing in a disclosure, which contains the summary already."""
        return "" if el.parent and el.parent.name == "details" else f"\n\n{text.strip()}\n\n"

    def _address(self, el: Tag) -> str:
        """Return the current address of a picture or link, or an empty string if it has none."""
        if el.name == "img":
            return self._picture(best_source(el, self._base))
        href = str(el.get("href") or "").strip()
        address = href if href.startswith("mailto:") else absolute_url(self._base, href)
        if href.startswith("#") or not re.match("(https?://|mailto:).", address):
            return ""
        return address if href.startswith("mailto:") else self._link(address)

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a picture with its current address."""
        source = best_source(el, self._base)
        alt = one_line(str(el.get("alt") or ""))
        return f"![{self.escape(alt, set())}]({_escape_destination(self._picture(source))})"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a link to its current address. A link to a larger version of its picture is dropped."""
        href = str(el.get("href") or "").strip()
        if not href or not text.strip() or "_noformat" in parent_tags:
            return text
        heading = self._heading_id(el, unquote(href[1:])) if href.startswith("#") else ""
        if href.startswith("#") and not heading:
            return text
        if text.lstrip().startswith("![") and is_picture_url(href):
            return text
        address = f"#{heading}" if heading else href if href.startswith("mailto:") else absolute_url(self._base, href)
        if not re.match("(https?://|mailto:|#).", address):
            self.notes.append(Note.of("a link to {address} is removed; its text stays", address=href[:60]))
            return text
        target = address if href.startswith(("mailto:", "#")) else self._link(address)
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        label = re.sub(rf"[\s{BREAK}{BR}]*[\n{BREAK}{BR}][\s{BREAK}{BR}]*", " ", text.strip())
        if el.find(re.compile("^h[1-6]$")):
            label = re.sub("^#{1,6} ", "", label)
        if el.find(BLOCKS) and not el.find("img"):
            label = self.escape(el.get_text(" ", strip=True), set())
        if target == el.get_text().strip() and target == _escape_destination(target) and split_url(target).scheme:
            return f"{before}<{target}>{after}"
        return f"{before}[{label}]({_escape_destination(target)}){after}"

    def _heading_id(self, link: Tag, old_id: str) -> str:
        """Return the id that a heading of the text will have here; empty if it has no such heading or is around it."""
        if self._headings is None:
            headings = [*link.parents][-1].find_all(re.compile("^h[1-6]$"))
            ids = [fragment_id(plain_text(each.decode_contents())) for each in headings]
            counts = Counter(ids)
            self._headings = {
                str(heading["id"]): (id, heading)
                for heading, id in zip(headings, ids, strict=True)
                if heading.get("id") and counts[id] == 1
            }
        id, heading = self._headings.get(old_id, ("", None))
        return "" if heading is None or any(parent is heading for parent in link.parents) else id

    def _convert_player(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        label, address = self._player(el)
        return f"\n\n[{self.escape(label, set())}]({_escape_destination(address)})\n\n" if address else ""

    def _player_link(self, el: Tag) -> str:
        label, address = self._player(el)
        return f'<a href="{html_module.escape(address)}">{html_module.escape(label)}</a>' if address else ""

    def _player(self, el: Tag) -> tuple[str, str]:
        """Return the label and the current address of the link that replaces a player, or empty strings."""
        label, address = player_link(el, self._base)
        if not address:
            return "", ""
        self.notes.append(Note.of("<{name}> is replaced with a link: {address}", name=el.name, address=address))
        return label, self._link(address)

    convert_iframe = convert_video = convert_audio = convert_embed = _convert_player

    def convert_figcaption(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a caption as a paragraph of its own."""
        caption = re.sub(r"\s*\n\s*", " ", text.strip())
        return f"\n\n*{caption}*\n\n" if caption else ""

    def convert_figure(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a figure as a block of its own."""
        return f"\n\n{text.strip()}\n\n"

    def convert_del(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render struck-out text."""
        return self._emphasize(el, text, parent_tags, "" if "~" in text else "~~", "del")

    def convert_footnote_mark(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render the mark of a footnote."""
        return f"[^{el[NUMBER]}]"

    def convert_footnote(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a footnote below the text; all its paragraphs but the first are indented."""
        indented = re.sub(r"\n(?=[^\n])", "\n    ", text.strip())
        return f"\n\n[^{el[NUMBER]}]: {indented}\n\n"

    convert_s = convert_strike = convert_del

    def convert_dt(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a term as a paragraph of its own."""
        return f"\n\n**{text.strip()}**\n\n" if text.strip() else ""

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Render a definition as a paragraph below its term."""
        return f"\n\n{text.strip()}\n\n"


_UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")


def _escape_cell(text: str) -> str:
    """Escape pipes and replace breaks, which would end a table cell."""
    return _UNESCAPED_PIPE.sub(r"\\|", re.sub(f"[{BREAK}{BR}]", "<br>", text))


def _escape_match(match: re.Match[str]) -> str:
    return f"{match[1]}\\{match[2]}" if match[2] else f"{match[1]}{match[3]}\\{match[4]}"


def _escape_destination(address: str) -> str:
    """Escape the characters of an address that would end a Markdown link."""
    return quote(address, safe="%/:?#[]@!$&'*+,;=~-._").replace("[", "%5B").replace("]", "%5D")
