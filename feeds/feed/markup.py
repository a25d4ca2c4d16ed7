"""Rendering of an author's Markdown to safe HTML with absolute URLs, and plain-text excerpts.

It knows neither articles nor feeds. `body_checks` reports what it removes from a text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote, urljoin

import comrak
import nh3
import regex

from feeds.model.yamlfile import FORBIDDEN

EXCERPT_LENGTH = 300
"""Maximum length of an excerpt in characters: what readers show in their lists."""

ALLOWED_TAGS = {
    *("a", "b", "blockquote", "br", "code", "dd", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "small", "strong", "sub", "sup", "table", "tbody"),
    *("td", "tfoot", "th", "thead", "time", "tr", "ul"),
}
"""The elements that every reader supports; all others are removed."""

ALLOWED_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "time": {"datetime"},
}
ALLOWED_SCHEMES = {"http", "https", "mailto"}

REMOVED_WITH_CONTENT = {
    *("script", "style", "form", "svg", "iframe", "math", "object", "embed", "template", "noscript", "textarea"),
    *("select", "button"),
}
"""Elements that are removed with their content; other disallowed elements leave their text."""

_EXTENSION_OPTIONS = comrak.ExtensionOptions()
_EXTENSION_OPTIONS.table = True
_RENDER_OPTIONS = comrak.RenderOptions()
_RENDER_OPTIONS.unsafe_ = True  # keep an author's HTML; nh3 sanitizes it below

_TAG = re.compile("<(/?)([a-z][a-z0-9]*)([^<>]*)>")
"""A tag as nh3 writes it: quotes and angle brackets in attribute values are escaped."""

_TAG_TO_REWRITE = re.compile("<(/?)(a|img|h[1-6])((?: [^<>]*)?)>")
"""The tags that may have to be rewritten."""

_URL_ATTRIBUTE = re.compile(' (href|src)="([^"]*)"')
_ABSOLUTE_URL = re.compile(r"https?://[^\s/?#\[\]@:]+(:[0-9]+)?([/?#]|$)|mailto:.")
_WHITESPACE = re.compile("[ \t\r\n]+")


def commonmark(body: str) -> str:
    """Render Markdown to HTML that still contains everything that an author wrote."""
    return comrak.render_markdown(body, _EXTENSION_OPTIONS, None, _RENDER_OPTIONS)


def to_html(body: str, *, base: str, page: str) -> str:
    """Render Markdown to HTML that is safe in every reader.

    URLs are resolved against `base`, the site's URL (no final slash), and fragments against `page`.
    Headings start at h2, below the title, and skip no level. Characters that XML cannot carry are
    removed.
    """
    content = nh3.clean(
        commonmark(body),
        tags=ALLOWED_TAGS,
        clean_content_tags=REMOVED_WITH_CONTENT,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes=ALLOWED_SCHEMES,
        url_relative=lambda reference: absolute_url(reference, base=base, page=page),
        link_rel=None,
    )
    content = FORBIDDEN.sub("", content.replace("&nbsp;", "\u00a0"))
    return _TAG_TO_REWRITE.sub(_TagRewriter(), content).strip("\n")


def absolute_url(reference: str, *, base: str, page: str) -> str:
    """Return an author's relative reference as an absolute URL in ASCII.

    `/a` and `a` are both below `base`.
    """
    reference = quote(reference, safe="%/:?#[]@!$&'()*+,;=~")
    if reference.startswith("//"):
        return "https:" + reference
    if not reference or reference.startswith("#"):
        return page + reference
    return urljoin(base + "/", reference.lstrip("/") or ".").removesuffix("/.")


class _TagRewriter:
    """Rewrites tags in order: adjusts heading levels, and removes addresses that lead nowhere."""

    def __init__(self) -> None:
        self._outline: list[tuple[int, int]] = []  # (input level, output level) of the headings above this place
        self._open: list[int] = []  # output levels of the open heading elements

    def __call__(self, tag: re.Match[str]) -> str:
        closing, name, rest = tag.groups()
        if name in ("a", "img") and not closing:
            address = _URL_ATTRIBUTE.search(rest)
            if address and not _ABSOLUTE_URL.match(html.unescape(address[2])):
                rest, address = rest.replace(address[0], "", 1), None
            return f"<{name}{rest}>" if address or name == "a" else ""
        if name in ("a", "img"):
            return tag[0]
        if closing:
            return f"</h{self._open.pop() if self._open else 2}>"
        self._open.append(self._level(int(name[1])))
        return f"<h{self._open[-1]}{rest}>"

    def _level(self, input_level: int) -> int:
        while self._outline and self._outline[-1][0] >= input_level:
            self._outline.pop()
        output_level = min(self._outline[-1][1] + 1, 6) if self._outline else 2
        self._outline.append((input_level, output_level))
        return output_level


def excerpt(content: str, limit: int = EXCERPT_LENGTH) -> str:
    """Return the start of safe HTML as plain text.

    It ends after a sentence if that fills half of `limit`, else after a word.
    """
    content = content.replace("<br>", " ")
    paragraphs = re.findall("<p(?: [^>]*)?>(.*?)</p>", content, re.DOTALL) or [content]
    plain = _WHITESPACE.sub(" ", html.unescape(nh3.clean(" ".join(paragraphs), tags=set()))).strip(" ")
    if len(plain) <= limit:
        return plain
    sentences = list(re.finditer("[.!?…](?:[\u00a0\u202f]?[»”’)])?(?= )", plain[: limit + 1]))
    if sentences and sentences[-1].end() * 2 >= limit:
        return plain[: sentences[-1].end()]
    words, space, _ = plain[:limit].rpartition(" ")
    if space:
        return words.rstrip(" ,;:–—-") + "…"
    ends = (grapheme.end() for grapheme in regex.finditer(r"\X", plain[:limit]))
    return plain[: max((end for end in ends if end < limit), default=0)] + "…"


def media_url(path: str, *, base: str) -> str:
    """Return the URL of a path below `media/`, escaped as in safe HTML."""
    return html.escape(f"{base}/media/{quote(path)}")


def replace_media_tags(content: str, *, base: str, replace: Callable[[str, str], str | None]) -> str:
    """Replace the tags in safe HTML that show or link to our files below `media/`.

    `replace` gets the path and the tag, and returns the new tag, or None to leave it unchanged.
    """

    def replaced(tag: re.Match[str]) -> str:
        address = _URL_ATTRIBUTE.search(tag[3]) if tag[2] in ("a", "img") else None
        url = html.unescape(address[2]) if address else ""
        if not url.startswith(f"{base}/media/"):
            return tag[0]
        replacement = replace(unquote(re.split("[?#]", url.removeprefix(f"{base}/media/"))[0]), tag[0])
        return tag[0] if replacement is None else replacement

    return _TAG.sub(replaced, content)


def media_references(content: str, *, base: str) -> Iterator[str]:
    """Yield the paths below `media/` that safe HTML links to or shows."""
    for tag in _TAG.finditer(content):
        address = _URL_ATTRIBUTE.search(tag[3])
        url = html.unescape(address[2]) if address else ""
        if url.startswith(f"{base}/media/"):
            yield unquote(re.split("[?#]", url.removeprefix(f"{base}/media/"))[0])
