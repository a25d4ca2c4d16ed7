"""Checks of an author's Markdown: what `markup` removes from it, and what it shows as typed.

It knows neither articles nor files: each problem is an offset in the text and a message.
"""

from __future__ import annotations

import difflib
import re
import sys
from contextlib import suppress
from urllib.parse import unquote

from feeds.model.problems import Message, show
from feeds.model.yaml_mistakes import name_character
from feeds.model.yamlfile import FORBIDDEN

from . import addresses, films
from .body_limits import FORMATTING_ELEMENTS, TAG_NAME, LimitReachedError, parse_elements
from .html_text import BLOCKS, VISIBLE
from .markup import ALLOWED_ATTRIBUTES, ALLOWED_TAGS, REMOVED_WITH_CONTENT, commonmark, shows_anything, targets
from .tag_rewriter import fragment_id

MAX_PROBLEMS = 50
"""Maximum number of problems that are reported for a text."""

MAX_WRAPS = 100
"""Maximum number of times that a problem is searched in the whole text, since it is not after the one before."""

ERROR_CODES = {"body-comment-open", "body-empty"}
"""Codes of problems that hide text, which are errors; all others are warnings."""

_MUST_BE_CLOSED = {
    *FORMATTING_ELEMENTS,
    *("abbr", "blockquote", "cite", "del", "details", "dl", "figure", "ins", "kbd", "mark", "ol", "pre"),
    *("q", "samp", "sub", "summary", "sup", "table", "ul", "var"),
    *("button", "form", "iframe", "noscript", "object", "script", "select", "style", "template", "textarea"),
}
"""Elements whose end tag may not be left out (HTML standard, 13.1.2.4), and which change or hide what is in them."""

RELATIVE = re.compile(r"(?!media/)[^/#?:]+(?![^/]*:)")
"""An address without a slash at its start, which depends on the page that shows it."""

_SWALLOWING = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
"""What starts a part of a text that is not shown, and what ends it (CommonMark, section 4.6)."""

_BULLETS = "•‣▪▫◦●○■□·"
_SPECIAL = (*"<&@{", *_BULLETS, "[", "](", "] (", "]:", "```", "~~~", "://", "www.", "javascript:")
_SPECIAL_LINE = re.compile(r"\n(?:[^\w\n]|[\d_])*(?:##[^\s#]|-[^\W\d_]|-\[|[0-9][.)][^\W\d_]|[|].*[|])")
"""What a text contains, or how a line of it begins, if something may be wrong in it."""

_PLAIN_TARGET = r"([^\W\d_][\w ,;'’-]*)\]\(https?://(?!xn--)[a-z0-9]+(?:[.-](?!xn--)[a-z0-9]+)+(?:/[\w./~=#-]*)?\)"
_PLAIN_LINK = re.compile(r"\[(?<![!\\\]]\[)" + _PLAIN_TARGET)
_PLAIN_PICTURE = re.compile(r"\n!\[" + _PLAIN_TARGET + r"(?=\n|$)")
"""A link, and a picture with a description on a line of its own, in which nothing can be wrong."""

_PLAIN_BOLD = re.compile(r"\*\*(?<![\w*\\]\*\*)[^\W_](?:[^*\n]*[^\W_])?\*\*(?![\w*])")
"""Bold text that is surely rendered as such."""

_VISIBLE = re.compile(r"[^\W\d_]|[^\s\w\u00a0\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f*_#>`~+=|:.\[\](){}-]")
"""A letter, or a character that is neither a digit, invisible nor Markdown's."""

_SUSPICIOUS = re.compile(f"[<[{{{_BULLETS}|]|\\] ?\\(|\\*\\*|##|-[^\\W\\d_]|[0-9][.)][^\\W\\d_]|-\\[")
"""Matches every text with one of the mistakes below."""

_DECLARATION = re.compile(r"<![A-Za-z][^>\n]*(?=\n)")
"""What begins like a declaration (CommonMark, section 4.6) and hides all text up to the next >."""

_NAMESPACED_TAG = re.compile("<(?:[ovwmxa]|st1|mso)[0-9]?:[A-Za-z][A-Za-z0-9]*")
_BULLET = re.compile(f"(?:^|\\n)[ \\t]*([{_BULLETS}])[ \\t\u00a0]")
_FAILED_LINK = re.compile(r"\] ?\((?:$|/|[Hh][Tt][Tt][Pp]|mailto:|tel:)|\]\((?:[#.]|media/)")
_TYPED_LINK = re.compile(
    r"\[[^\]\n]{0,80}\] \([^()\n]*\)|\[[^\]\n]{0,80}\]\([^()\n]*[ \t][^()\n]*\)|\[[^\]\n]{0,80}\]\([^()\n]*$",
    re.MULTILINE,
)
"""A link with a space where none may be, or without its closing parenthesis."""

_TYPED_MARKDOWN = (
    (re.compile(r"(?:^|\n)(#{2,6}[^\s#][^\n]{0,20})"), "a space after the #"),
    (re.compile(r"(?:^|\n)[ \t]*(-\[[ xX]?\]|-[^\W\d_][^\n]{0,20})"), "a space after the -"),
    (re.compile(r"(?:^|\n)[ \t]*([0-9]{1,2}[.)][^\W\d_][^\n]{0,20})"), "a space after the number"),
    (re.compile(r"(?:^|\n)[ \t]*(\|[^\n|]*\|[^\n]*\|)[ \t]*(?:\n|$)"), "a line |---|---| below the head of the table"),
)
"""Markdown that lacks something at the start of a line, each with what was expected."""

_TYPED_ANYWHERE = (
    (re.compile(r"(?:(?<=\S)\*\*|\*\*(?=\S))[^\n]{0,20}"), "**bold**, without spaces inside the asterisks"),
    (re.compile(r"\[/?(?:youtube|vimeo|video|audio|gallery|caption|embed|vc_[a-z_]+|button)\b[^\]\n]*\]|\{\{[<%][^\n]{0,30}"),
     "Markdown, without the tags of another program"),
)  # fmt: skip
_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|heic|avif|tiff?|svg)", re.IGNORECASE)
_FAILED_FOOTNOTE = re.compile(r"\[\^([0-9]+|[^\W\d_]\w{2,})\]")


def problems(body: str) -> list[tuple[int, Message]]:
    """Return up to MAX_PROBLEMS problems of a text, and then a note if there are more.

    Each result is an offset in `body` and a message. Those in ERROR_CODES hide text that the author wrote.
    """
    is_plain = _is_plain(body)
    if is_plain and "**" not in _PLAIN_BOLD.sub("", body):
        return []
    rendered = commonmark(body)
    if is_plain and "**" not in rendered:
        return []
    collector = _ProblemCollector(body)
    with suppress(LimitReachedError):
        parse_elements(rendered, collector)
        if character := FORBIDDEN.search(rendered):
            collector.add(r"&#", Message.of("body-character-removed", character=name_character(character[0])))
        for element in _unclosed_elements(rendered):
            is_hidden = element in REMOVED_WITH_CONTENT
            message = (
                Message.of("body-comment-open", start=f"<{element}>", end=f"</{element}>")
                if is_hidden
                else Message.of("body-element-not-closed", element=element)
            )
            collector.add(f"<{element}(?![A-Za-z0-9])", message)
        for start, end in _SWALLOWING:
            if rendered.rfind(start) > rendered.rfind(end):
                collector.add_at(max(body.rfind(start), 0), Message.of("body-comment-open", start=start, end=end))
        if declaration := _DECLARATION.search(rendered):
            message = Message.of("body-comment-open", start=show(declaration[0]), end=">")
            collector.add_at(max(body.find(declaration[0]), 0), message)
        collector.check_fragments()
        if not collector.is_visible and not shows_anything(body):
            collector.add_at(0, Message.of("body-empty"))
    return sorted(collector.problems)


def _unclosed_elements(rendered: str) -> list[str]:
    """Return the elements that are opened more often than closed, and would contain the rest of the text."""
    counts: dict[str, int] = {}
    for closing, name in TAG_NAME.findall(rendered):
        counts[name.lower()] = counts.get(name.lower(), 0) + (-1 if closing else 1)
    return [name for name, count in counts.items() if count > 0 and name in _MUST_BE_CLOSED]


def references(body: str) -> list[tuple[int, str]]:
    """Return the addresses in a text, as they are in its HTML, each with its offset in `body`."""
    collector = _ProblemCollector(body, limit=sys.maxsize)
    parse_elements(commonmark(body), collector)
    return collector.references


def _is_plain(body: str) -> bool:
    """Return whether a text has nothing but visible characters, lists, emphasis, and links that lead elsewhere."""
    text = f"\n{body}"
    if "](" in text:
        text = _PLAIN_LINK.sub("\\1", _PLAIN_PICTURE.sub("\n\\1", text))
    return (
        not any(special in text for special in _SPECIAL)
        and not _SPECIAL_LINE.search(text)
        and bool(_VISIBLE.search(text))
    )


def _absolute(address: str) -> str:
    """Return what an author probably meant by an address without a scheme and a slash at its start."""
    address = unquote(address.strip())
    if re.match(r"(www\.|[\w-]+(\.[\w-]+)*\.(com|org|net|eu|fr|de|es|it|ch|be|uk|io)(/|$))", address):
        return show(f"https://{address}")
    name = address.removeprefix("./").removeprefix("../").removeprefix("media/")
    return show(f"/media/{name}") if _FILE_NAME.fullmatch(name) or name.endswith(".pdf") else show(f"/{name}")


class _ProblemCollector:
    """Collects problems in the order of the text. Each is searched for after the previous one."""

    def __init__(self, body: str, limit: int = MAX_PROBLEMS) -> None:
        self._body, self._limit = body, limit
        self._cursor = self._wraps = 0
        self._removed = self._code = 0  # open elements whose text is not shown, or is code
        self._is_line_start = True
        self._text: list[str] = []  # since the last tag: the parser splits it at entities
        self._fragments: list[tuple[int, str]] = []
        self.is_visible = False
        self.references: list[tuple[int, str]] = []
        self.problems: list[tuple[int, Message]] = []

    def add(self, pattern: str, message: Message, *, is_authors: bool = True) -> None:
        """Add a problem at the next match of a pattern, or else at the start if `is_authors`, or else not at all."""
        offset = self._find(pattern)
        if offset is not None or is_authors:
            self.add_at(offset or 0, message)

    def _find(self, pattern: str) -> int | None:
        """Return the next place where a pattern matches, or the first one in the text, or None."""
        if self._wraps == MAX_WRAPS:
            return None
        expression = re.compile(pattern, re.IGNORECASE)
        match = expression.search(self._body, self._cursor)
        if match is None:
            self._wraps += 1
            match = expression.search(self._body)
        self._cursor = max(self._cursor, match.end() if match else 0)
        return match.start() if match else None

    def _find_text(self, *texts: str) -> int | None:
        """Return the next place where one of several texts stands, or the first one, or None."""
        for start in (self._cursor, 0):
            if self._wraps == MAX_WRAPS:
                return None
            places = [(place, text) for text in texts if (place := self._body.find(text, start)) >= 0]
            if places:
                place, text = min(places)
                self._cursor = max(self._cursor, place + len(text))
                return place
            self._wraps += 1
        return None

    def add_at(self, offset: int, message: Message) -> None:
        if len(self.problems) >= self._limit:
            if len(self.problems) == self._limit:
                self.problems.append((offset, Message.of("body-more-problems", limit=self._limit)))
            raise LimitReachedError
        if (offset, message) not in self.problems:
            self.problems.append((offset, message))

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # pragma: no mutate block (lxml counts parameters)
        self._check_text()
        self._is_line_start = self._is_line_start or tag in BLOCKS or tag == "br"
        if tag in ("html", "body"):  # added by libxml2 around the text
            return
        self._removed += tag in REMOVED_WITH_CONTENT
        self._code += tag in ("code", "pre")
        if tag == "iframe" and films.service_of(url := attributes.get("src", "")):
            self.add("<iframe", Message.of("body-film-embedded", url=show(url)))
            return
        if tag not in ALLOWED_TAGS:
            code = "body-element-removed" if tag in REMOVED_WITH_CONTENT else "body-element-unwrapped"
            self.add(f"<{re.escape(tag)}", Message.of(code, element=tag), is_authors=False)
            return
        allowed = ALLOWED_ATTRIBUTES["*"] | ALLOWED_ATTRIBUTES.get(tag, set())
        for name, value in attributes.items():
            if name in ("href", "src") and name in allowed:
                self._check_address(value, is_picture=name == "src")
            elif name not in allowed and (tag, name) != ("code", "class"):  # those of fences and footnotes are comrak's
                message = Message.of("body-attribute-removed", attribute=name, element=tag)
                self.add(re.escape(name) + r"\s*=", message, is_authors=False)
        if tag == "img":
            self.is_visible = self.is_visible or (not self._removed and bool(attributes.get("src")))
            if not attributes.get("alt") or _FILE_NAME.fullmatch(attributes["alt"]):
                self.add(r"!\[\s*\]|<img", Message.of("body-picture-undescribed"))

    def end(self, tag: str) -> None:
        self._check_text()
        self._is_line_start = self._is_line_start or tag in BLOCKS
        self._removed -= tag in REMOVED_WITH_CONTENT
        self._code -= tag in ("code", "pre")

    def data(self, text: str) -> None:
        self._text.append(text)

    def _check_text(self) -> None:
        if not self._text:
            return
        text, is_line_start = "".join(self._text), self._is_line_start
        self._text.clear()
        self._is_line_start = is_line_start and not text.strip()
        if self._removed:
            return
        self.is_visible = self.is_visible or bool(VISIBLE.search(text))
        if self._code or not _SUSPICIOUS.search(text):
            return
        if tag := _NAMESPACED_TAG.search(text):
            self.add(re.escape(tag[0]), Message.of("body-office-markup", tag=show(tag[0] + ">")))
        if bullet := _BULLET.search(text if is_line_start else f".{text}"):
            self.add(re.escape(bullet[1]), Message.of("body-bullet", bullet=bullet[1]))
        if _FAILED_LINK.search(text):
            self._add_failed_link()
        for expression, expected in _TYPED_MARKDOWN if is_line_start else ():
            for typed in expression.findall(text):
                self.add(re.escape(typed), Message.of("body-markdown-typed", typed=show(typed), expected=expected))
        for expression, expected in _TYPED_ANYWHERE:
            if match := expression.search(text):
                message = Message.of("body-markdown-typed", typed=show(match[0]), expected=expected)
                self.add(re.escape(match[0]), message)
        for name in _FAILED_FOOTNOTE.findall(text):
            pattern = rf"(?<!\\){re.escape(f'[^{name}]')}"
            self.add(pattern, Message.of("body-footnote-missing", name=show(name)), is_authors=False)

    def _add_failed_link(self) -> None:
        match = _TYPED_LINK.search(self._body, self._cursor) or _TYPED_LINK.search(self._body)
        typed = show(match[0]) if match else "](…)"
        self.add(re.escape(match[0]) if match else r"\]\(", Message.of("body-link-not-recognised", typed=typed))

    def close(self) -> None:
        """Check the text after the last tag."""
        self._check_text()

    def check_fragments(self) -> None:
        """Add a problem for each link to a place in the text that does not exist."""
        if not self._fragments:
            return
        names = dict.fromkeys(targets(self._body))
        for offset, fragment in self._fragments:
            if fragment not in ("", "top") and fragment not in names and fragment_id(fragment) not in names:
                places = [f"#{name}" for name in names if name == fragment_id(name)]
                nearest = difflib.get_close_matches(f"#{fragment}", places, n=1, cutoff=0.4) or places[:1]
                shown = nearest[0] if nearest else "a heading in the text"
                self.add_at(offset, Message.of("body-fragment-missing", value=show(f"#{fragment}"), nearest=shown))

    def _check_address(self, value: str, *, is_picture: bool) -> None:
        written = re.sub("^(mailto:|http://)", "", value)  # which are added to a bare address
        offset = self._find_text(*{written, unquote(written)}) if written.strip() else None
        if offset is None:  # a footnote's, or written with entities
            if value.startswith("#fn"):
                return
            offset = min(self._cursor, len(self._body))
        self.references.append((offset, value))
        url = addresses.normalize(value, base="https://site.invalid", page="https://site.invalid/")
        if not value.strip():
            self.add_at(offset, Message.of("body-address-empty"))
        elif value.startswith("#") and not is_picture:
            self._fragments.append((offset, unquote(value[1:])))
        elif url is None or (is_picture and not url.startswith("http")):
            self.add_at(offset, Message.of("body-address-removed", value=show(unquote(value))))
        elif RELATIVE.match(value.strip()):
            message = Message.of("body-address-relative", value=show(unquote(value)), expected=_absolute(value))
            self.add_at(offset, message)
