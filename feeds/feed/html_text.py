"""The text of safe HTML, as plain text and as an excerpt, and the tags in it that name our media files."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

import regex

EXCERPT_LENGTH = 300
"""Maximum length of an excerpt in characters: what readers show in their lists."""

BLOCKS = {
    *("blockquote", "caption", "dd", "details", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5"),
    *("h6", "hr", "li", "ol", "p", "pre", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
}
"""The block elements that stay."""

TAG = re.compile("<(/?)([a-z][a-z0-9]*)([^<>]*)>")
"""A tag as nh3 writes it: quotes and angle brackets in attribute values are escaped."""

VISIBLE = re.compile(r"[^\s\u00a0\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f]")
"""A character that a reader sees."""

_NOT_IN_EXCERPTS = re.compile(
    '<figure>.*?</figure>|<sup><a [^<>]*>[^<>]*</a></sup>|<hr>\\s*<ol>\\s*<li id="[^"]*fn-.*', re.DOTALL
)
"""Pictures with captions, references to footnotes, and the footnotes themselves."""

_WHITESPACE = re.compile("[ \t\r\n]+")
_URL_ATTRIBUTE = re.compile(' (href|src)="([^"]*)"')


def plain_text(content: str) -> str:
    """Return the text of safe HTML."""
    content = TAG.sub(lambda tag: " " if tag[2] in BLOCKS or tag[2] == "br" else "", content)
    return _WHITESPACE.sub(" ", html.unescape(content)).strip(" ")


def excerpt(content: str, limit: int = EXCERPT_LENGTH) -> str:
    """Return the start of safe HTML as plain text.

    It ends after a sentence if that fills half of `limit`, else after a word.
    """
    content = _NOT_IN_EXCERPTS.sub("", content)
    paragraphs = re.findall("<p(?: [^>]*)?>(.*?)</p>", content, re.DOTALL) or [content]
    plain = plain_text(" ".join(paragraphs))
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

    return TAG.sub(replaced, content)


def media_references(content: str, *, base: str) -> Iterator[str]:
    """Yield the paths below `media/` that safe HTML links to or shows."""
    for tag in TAG.finditer(content):
        address = _URL_ATTRIBUTE.search(tag[3])
        url = html.unescape(address[2]) if address else ""
        if url.startswith(f"{base}/media/"):
            yield unquote(re.split("[?#]", url.removeprefix(f"{base}/media/"))[0])
