"""An author's Markdown becomes safe HTML with absolute URLs, and plain excerpts.

It knows neither article nor feed; what it takes out of a text it also tells, so that `flask check` can warn.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote, urljoin

import comrak
import nh3
import regex
from lxml import etree

from feeds.model.problems import Message, show
from feeds.model.yamlfile import FORBIDDEN, name_character

EXCERPT = 300
"""Length of an excerpt in characters: what readers show in their lists."""

TAGS = {
    *("a", "b", "blockquote", "br", "code", "dd", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "small", "strong", "sub", "sup", "table", "tbody"),
    *("td", "tfoot", "th", "thead", "time", "tr", "ul"),
}
"""The elements that every reader keeps; no other leaves us."""

ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "time": {"datetime"},
}
SCHEMES = {"http", "https", "mailto"}

_DROPPED_WHOLE = {
    *("script", "style", "form", "svg", "iframe", "math", "object", "embed", "template", "noscript", "textarea"),
    *("select", "button"),
}
"""Elements that go with all that is in them; of others that are not allowed, the text stays."""

_EXTENSIONS = comrak.ExtensionOptions()
_EXTENSIONS.table = True
_RENDERING = comrak.RenderOptions()
_RENDERING.unsafe_ = True  # an author's HTML passes here, and is cleaned by nh3 below

MAX_DEPTH = 100
"""How deep elements may stand in each other; the time that cleaning takes grows with the square of it."""

MAX_TAG = 5_000
"""How many characters a tag may have, for the same reason."""

_TAG = re.compile("<(/?)([a-z][a-z0-9]*)([^<>]*)>")
"""A tag as nh3 writes it: in the values of attributes, quotes and angle brackets are escaped."""

_REWRITTEN = re.compile("<(/?)(a|img|h[1-6])((?: [^<>]*)?)>")
"""The tags among them that are not left as they are."""

_ADDRESS = re.compile(' (href|src)="([^"]*)"')
_ABSOLUTE = re.compile(r"https?://[^\s/?#\[\]@:]+(:[0-9]+)?([/?#]|$)|mailto:.")
_BLANKS = re.compile("[ \t\r\n]+")


def _commonmark(body: str) -> str:
    return comrak.render_markdown(body, _EXTENSIONS, None, _RENDERING)


def to_html(body: str, *, base: str, page: str) -> str:
    """Render Markdown to HTML that is safe in every reader.

    Addresses in it are resolved against `base`, the site's (no final slash), and fragments against `page`. Headings
    start at h2, below the title, and skip no level. Characters that XML cannot carry are left out.
    """
    found = nh3.clean(
        _commonmark(body),
        tags=TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        url_relative=lambda reference: absolute(reference, base=base, page=page),
        link_rel=None,
    )
    found = FORBIDDEN.sub("", found.replace("&nbsp;", "\u00a0"))
    return _REWRITTEN.sub(_Tags(), found).strip("\n")


def absolute(reference: str, *, base: str, page: str) -> str:
    """Make an author's relative reference an absolute URL in ASCII; `/a` and `a` both mean a path below `base`."""
    reference = quote(reference, safe="%/:?#[]@!$&'()*+,;=~")
    if reference.startswith("//"):
        return "https:" + reference
    if not reference or reference.startswith("#"):
        return page + reference
    return urljoin(base + "/", reference.lstrip("/") or ".").removesuffix("/.")


class _Tags:
    """Rewrites tags, one after the other: headings to their level, and addresses that lead nowhere to nothing."""

    def __init__(self) -> None:
        self._outline: list[tuple[int, int]] = []  # (level given, level written) of the headings above this place
        self._open: list[int] = []  # levels written of the headings around it

    def __call__(self, tag: re.Match[str]) -> str:
        closing, name, rest = tag.groups()
        if name in ("a", "img") and not closing:
            address = _ADDRESS.search(rest)
            if address and not _ABSOLUTE.match(html.unescape(address[2])):
                rest, address = rest.replace(address[0], "", 1), None
            return f"<{name}{rest}>" if address or name == "a" else ""
        if name in ("a", "img"):
            return tag[0]
        if closing:
            return f"</h{self._open.pop() if self._open else 2}>"
        self._open.append(self._level(int(name[1])))
        return f"<h{self._open[-1]}{rest}>"

    def _level(self, given: int) -> int:
        while self._outline and self._outline[-1][0] >= given:
            self._outline.pop()
        written = min(self._outline[-1][1] + 1, 6) if self._outline else 2
        self._outline.append((given, written))
        return written


def excerpt(found: str, limit: int = EXCERPT) -> str:
    """Take the start of a safe HTML text as plain text: whole sentences if they fill half of `limit`, else words."""
    found = found.replace("<br>", " ")
    paragraphs = re.findall("<p(?: [^>]*)?>(.*?)</p>", found, re.DOTALL) or [found]
    plain = _BLANKS.sub(" ", html.unescape(nh3.clean(" ".join(paragraphs), tags=set()))).strip(" ")
    if len(plain) <= limit:
        return plain
    sentences = list(re.finditer("[.!?…](?:[\u00a0\u202f]?[»”’)])?(?= )", plain[: limit + 1]))
    if sentences and sentences[-1].end() * 2 >= limit:
        return plain[: sentences[-1].end()]
    words, space, _ = plain[:limit].rpartition(" ")
    if space:
        return words.rstrip(" ,;:–—-") + "…"
    start = ""
    for grapheme in regex.finditer(r"\X", plain):
        if len(start) + len(grapheme[0]) >= limit:
            break
        start += grapheme[0]
    return start + "…"


def media_url(path: str, *, base: str) -> str:
    """Give the URL of a path below `media/` as a safe HTML text has it."""
    return html.escape(f"{base}/media/{quote(path)}")


def with_pictures(found: str, *, base: str, replace: Callable[[str, str], str | None]) -> str:
    """Replace tags that show or link to files of ours in a safe HTML text, by path and tag; None keeps one."""

    def replaced(tag: re.Match[str]) -> str:
        address = _ADDRESS.search(tag[3]) if tag[2] in ("a", "img") else None
        place = html.unescape(address[2]) if address else ""
        if not place.startswith(f"{base}/media/"):
            return tag[0]
        other = replace(unquote(re.split("[?#]", place.removeprefix(f"{base}/media/"))[0]), tag[0])
        return tag[0] if other is None else other

    return _TAG.sub(replaced, found)


def media_references(found: str, *, base: str) -> Iterator[str]:
    """Give the paths below `media/` that a safe HTML text links to or shows."""
    for tag in _TAG.finditer(found):
        address = _ADDRESS.search(tag[3])
        place = html.unescape(address[2]) if address else ""
        if place.startswith(f"{base}/media/"):
            yield unquote(re.split("[?#]", place.removeprefix(f"{base}/media/"))[0])


def refusal(body: str) -> Message | None:
    """Tell why a text is not to be rendered, if it would take unbounded time."""
    if body.count(">") + body.count("<") <= MAX_DEPTH:
        return None  # only quotations and an author's own HTML can be nested so deep
    rendered = _commonmark(body)
    if re.search(f"<[A-Za-z/!?][^>]{{{MAX_TAG}}}", rendered):
        return Message.of("body-tag-too-long", limit=MAX_TAG)
    if _elements(rendered, _Depth()) > MAX_DEPTH:
        return Message.of("body-too-deep", limit=MAX_DEPTH)
    return None


def faults(body: str) -> list[tuple[int, Message]]:
    """Tell what is taken out of a text, or missing in it: the offset in `body`, and a sentence."""
    rendered = _commonmark(body)
    found = _Faults(body)
    if "<" in body or "](" in body or "]:" in body:
        _elements(rendered, found)
    if character := FORBIDDEN.search(rendered):
        found.add(r"&#", Message.of("body-character-removed", character=name_character(character[0])))
    return sorted(found.found)


def _elements(rendered: str, target: Any) -> Any:
    """Have libxml2 tell a target of each element of an HTML text, as it comes."""
    parser = etree.HTMLParser(target=target, huge_tree=True, remove_comments=True)
    parser.feed(FORBIDDEN.sub("", rendered) or " ")
    return parser.close()


class _Depth:
    def __init__(self) -> None:
        self._depth = self._deepest = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._deepest = max(self._deepest, self._depth)

    def end(self, tag: str) -> None:
        self._depth -= 1

    def close(self) -> int:
        return self._deepest


class _Faults:
    def __init__(self, body: str) -> None:
        self._body = body
        self.found: set[tuple[int, Message]] = set()

    def add(self, pattern: str, message: Message) -> None:
        place = re.search(pattern, self._body, re.IGNORECASE)
        self.found.add((place.start() if place else 0, message))

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("html", "body"):  # libxml2's own, around all
            return
        if tag not in TAGS:
            code = "body-element-removed" if tag in _DROPPED_WHOLE else "body-element-unwrapped"
            self.add(f"<{re.escape(tag)}", Message.of(code, element=tag))
            return
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set())
        for name, value in attributes.items():
            if name in ("href", "src") and name in allowed:
                self._check_address(name, value)
            elif name not in allowed and (tag, name) != ("code", "class"):  # comrak's own, of a fence's language
                self.add(re.escape(name) + r"\s*=", Message.of("body-attribute-removed", attribute=name, element=tag))
        if tag == "img" and not attributes.get("alt"):
            self.add(r"!\[\s*\]|<img", Message.of("body-picture-undescribed"))

    def close(self) -> None:
        """End: all is in `found`."""

    def _check_address(self, name: str, value: str) -> None:
        if re.match(r"(?!media/)[^/#?:]+(?![^/]*:)", value):
            self.add(re.escape(value), Message.of("body-address-relative", value=show(value)))
        scheme = re.match(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.-]*):", value)
        if scheme and scheme[1].lower() not in SCHEMES:
            self.add(re.escape(scheme[1]) + ":", Message.of("body-address-removed", value=show(value)))
