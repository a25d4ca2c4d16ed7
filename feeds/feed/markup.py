"""Rendering of an author's Markdown to safe HTML with absolute URLs, and plain-text excerpts.

It knows neither articles nor feeds. `body_checks` reports what it removes from a text. Pages get all
elements that browsers show; `for_readers` replaces those that some feed readers remove.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

import comrak
import nh3
import regex

from feeds.base import translations
from feeds.model.site_types import slug
from feeds.model.yamlfile import FORBIDDEN

from . import addresses, films
from .addresses import ALLOWED_SCHEMES

EXCERPT_LENGTH = 300
"""Maximum length of an excerpt in characters: what readers show in their lists."""

ALLOWED_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "dl", "dt", "em"),
    *("figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark"),
    *("ol", "p", "pre", "q", "s", "samp", "small", "strong", "sub", "summary", "sup", "table", "tbody", "td"),
    *("tfoot", "th", "thead", "time", "tr", "u", "ul", "var"),
}
"""The elements that stay; all others are removed."""

ALLOWED_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir", "id"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height", "title"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "time": {"datetime"},
}

REMOVED_WITH_CONTENT = {
    *("script", "style", "form", "svg", "iframe", "math", "object", "embed", "template", "noscript", "textarea"),
    *("select", "button"),
}
"""Elements that are removed with their content; other disallowed elements leave their text."""

UNWRAPPED_BLOCKS = {
    *("address", "article", "aside", "center", "dialog", "dir", "div", "fieldset", "footer", "header", "hgroup"),
    *("legend", "main", "menu", "nav", "search", "section"),
}
"""Block elements that leave their text, with a line break between it and other text."""

BLOCKS = {
    *("blockquote", "caption", "dd", "details", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5"),
    *("h6", "hr", "li", "ol", "p", "pre", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
}
"""The block elements that stay."""

MAX_SPAN = 100
"""Maximum of a cell's `colspan` and `rowspan`."""


def _extension_options(*, autolink: bool) -> comrak.ExtensionOptions:
    options = comrak.ExtensionOptions()
    options.autolink = autolink
    options.footnotes = options.strikethrough = options.table = options.tasklist = True
    return options


MAX_AUTOLINKED_ADDRESSES = 200
"""Maximum number of @ in a text whose bare addresses become links: comrak copies the paragraph for each of them."""

_EXTENSION_OPTIONS, _EXTENSION_OPTIONS_WITHOUT_AUTOLINK = (
    _extension_options(autolink=True),
    _extension_options(autolink=False),
)
_RENDER_OPTIONS = comrak.RenderOptions()
_RENDER_OPTIONS.unsafe_ = True  # keep an author's HTML; nh3 sanitizes it below

_SINGLE_TILDE = re.compile(r"(?<![~\\])~(?!~)")
_TILDE_PLACEHOLDER = "\ufdd0"
"""Stands for a single tilde, which means “about” and strikes nothing out; no text can contain this character."""

_CHECKBOX = re.compile('<input type="checkbox"( checked="")? disabled="" />')

_TAG = re.compile("<(/?)([a-z][a-z0-9]*)([^<>]*)>")
"""A tag as nh3 writes it: quotes and angle brackets in attribute values are escaped."""

_TAG_TO_REWRITE = re.compile("<(/?)(h[1-6]|img|[a-z][a-z0-9]*(?= ))([^<>]*)>")
"""The tags of headings and pictures, and those with attributes."""

_REMOVED_BLOCK = re.compile("<(?:form|iframe|noscript|object|template|textarea)[\\s/>]", re.IGNORECASE)
_ATTRIBUTE = re.compile(' ([a-z]+)="([^"]*)"')
_HEADING = re.compile("<(h[1-6])((?: [^<>]*)?)>(.*?)</\\1>", re.DOTALL)
_LONE_PICTURE = re.compile('<p>((?:<a [^<>]*>)?)(<img [^<>]*?) title="([^"]+)"([^<>]*>)((?:</a>)?)</p>')
_LONE_LINK = re.compile('<p><a href="([^"]*)"[^<>]*>((?:(?!</a>|<img|<br).)*)</a></p>')
_CAPTION = re.compile("(<table[^<>]*>)\\s*<caption[^<>]*>(.*?)</caption>", re.DOTALL)
VISIBLE = re.compile(r"[^\s\u00a0\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f]")
"""A character that a reader sees."""

_SUMMARY = re.compile("<summary(?: [^<>]*)?>(.*?)</summary>", re.DOTALL)
_NOTE_REFERENCE = re.compile("<sup><a [^<>]*>[^<>]*</a></sup>")
_URL_ATTRIBUTE = re.compile(' (href|src)="([^"]*)"')
_NOT_IN_EXCERPTS = re.compile(
    '<figure>.*?</figure>|<sup><a [^<>]*>[^<>]*</a></sup>|<hr>\\s*<ol>\\s*<li id="[^"]*fn-.*', re.DOTALL
)
"""Pictures with captions, references to footnotes, and the footnotes themselves."""

_WHITESPACE = re.compile("[ \t\r\n]+")


def commonmark(body: str) -> str:
    """Render Markdown to HTML that still contains everything that an author wrote."""
    is_autolinked = body.count("@") <= MAX_AUTOLINKED_ADDRESSES
    options = _EXTENSION_OPTIONS if is_autolinked else _EXTENSION_OPTIONS_WITHOUT_AUTOLINK
    if "~" not in body:
        return _with_boxes(comrak.render_markdown(body, options, None, _RENDER_OPTIONS))
    rendered = comrak.render_markdown(_SINGLE_TILDE.sub(_TILDE_PLACEHOLDER, body), options, None, _RENDER_OPTIONS)
    return _with_boxes(rendered.replace(_TILDE_PLACEHOLDER, "~").replace(quote(_TILDE_PLACEHOLDER), "~"))


def _with_boxes(rendered: str) -> str:
    """Return HTML with the boxes of task lists as characters, since readers remove form elements."""
    return _CHECKBOX.sub(lambda box: "☑" if box[1] else "☐", rendered) if "<input" in rendered else rendered


def to_html(body: str, *, base: str, page: str, prefix: str = "", language: str = "en") -> str:
    """Render Markdown to HTML that is safe on our pages.

    URLs are resolved against `base`, the site's URL (no final slash), and fragments against `page`. Ids begin with
    `prefix`, so that several texts may stand in one document. Headings start at h2, below the title, and skip no
    level. Characters that XML cannot carry are removed. `language` is that of the text that links to a film.
    """
    rewriter = _TagRewriter(base, page, prefix)
    content = _LONE_PICTURE.sub(_figure, _rewritten(body, rewriter))
    if films.may_contain_film(content):
        content = _LONE_LINK.sub(lambda link: _film(link, base, language), content)
    return content.strip("\n")


def _rewritten(body: str, rewriter: _TagRewriter) -> str:
    rendered = _REMOVED_BLOCK.sub(r" \g<0>", commonmark(body).replace('<section class="footnotes"', "<hr>\n<section"))
    content = nh3.clean(
        rendered,
        tags=ALLOWED_TAGS | UNWRAPPED_BLOCKS,
        clean_content_tags=REMOVED_WITH_CONTENT,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes=ALLOWED_SCHEMES,
        link_rel=None,
    )
    content = FORBIDDEN.sub("", content.replace("&nbsp;", "\u00a0"))
    return rewriter.with_targets(_with_breaks(_TAG_TO_REWRITE.sub(rewriter, content)))


def shows_anything(body: str) -> bool:
    """Return whether a reader of a text would see anything."""
    content = _rewritten(body, _TagRewriter("https://site.invalid", "https://site.invalid/", ""))
    return "<img" in content or bool(
        re.search(r"[^\s\u00a0\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f]", plain_text(content))
    )


def targets(body: str) -> list[str]:
    """Return the fragments, without the #, to which links within a text may lead."""
    rewriter = _TagRewriter("", "", "")
    _rewritten(body, rewriter)
    return list(rewriter.targets)


def for_readers(content: str) -> str:
    """Return safe HTML without the elements that some feed readers remove (feedparser, Miniflux)."""
    if "<caption" in content:
        content = _CAPTION.sub("<p><b>\\2</b></p>\n\\1", content)
    if "<mark" in content:
        content = re.sub("<mark((?: [^<>]*)?)>", "<b\\1>", content).replace("</mark>", "</b>")
    if "<details" in content or "<summary" in content:
        content = _SUMMARY.sub(_bold_paragraph, content)
        content = re.sub("<(/?)(?:details|summary)(?: [^<>]*)?>", "<\\1div>", content)
        content = _with_breaks(content)
    return content


def _bold_paragraph(summary: re.Match[str]) -> str:
    has_blocks = any(tag[2] in BLOCKS for tag in _TAG.finditer(summary[1]))
    return f"<div>{summary[1]}</div>" if has_blocks else f"<p><b>{summary[1].strip()}</b></p>"


class _TagRewriter:
    """Rewrites tags in order: addresses, ids, spans, and heading levels."""

    def __init__(self, base: str, page: str, prefix: str) -> None:
        self._base, self._page, self._prefix = base, page, prefix
        self._outline: list[tuple[int, int]] = []  # (input level, output level) of the headings above this place
        self._open: list[int] = []  # output levels of the open heading elements
        self._ids: set[str] = set()
        self._numbers: dict[str, int] = {}  # the last number that was added to a name
        self.targets: dict[str, str] = {}  # ids by the fragments that lead to them

    def __call__(self, tag: re.Match[str]) -> str:
        closing, name, rest = tag.groups()
        if closing:
            is_heading = name in _HEADINGS
            return f"</h{self._open.pop() if self._open else 2}>" if is_heading else tag[0]
        if rest:
            rest = _ATTRIBUTE.sub(self._attribute, rest)
        if name == "img" and ' src="' not in rest:
            return ""
        if name in _HEADINGS:
            self._open.append(self._level(int(name[1])))
            name = f"h{self._open[-1]}"
        return f"<{name}{rest}>"

    def _attribute(self, attribute: re.Match[str]) -> str:
        name, value = attribute[1], html.unescape(attribute[2])
        if name in ("href", "src"):
            url = addresses.normalize(value, base=self._base, page=self._page)
            is_usable = url and (name == "href" or url.startswith("http"))
            is_empty_source = name == "src" and not value.strip()
            return f' {name}="{html.escape(url)}"' if url and is_usable and not is_empty_source else ""
        if name in ("colspan", "rowspan"):
            return attribute[0] if re.fullmatch("[0-9]{1,3}", value) and 0 < int(value) <= MAX_SPAN else ""
        if name == "id":
            return f' id="{id}"' if (id := self._free_id(value)) else ""
        return attribute[0]

    def _level(self, input_level: int) -> int:
        while self._outline and self._outline[-1][0] >= input_level:
            self._outline.pop()
        output_level = min(self._outline[-1][1] + 1, 6) if self._outline else 2
        self._outline.append((input_level, output_level))
        return output_level

    def _free_id(self, name: str) -> str:
        """Return a unique id derived from a name, or an empty string if the name has no letter or digit."""
        stem = fragment_id(name)
        if not stem:
            return ""
        id = f"{self._prefix}{stem}"
        while id in self._ids:
            self._numbers[stem] = self._numbers.get(stem, 1) + 1
            id = f"{self._prefix}{stem}-{self._numbers[stem]}"
            self.targets.setdefault(f"{stem}-{self._numbers[stem]}", id)
        self._ids.add(id)
        self.targets.setdefault(unquote(name), id)
        self.targets.setdefault(stem, id)
        return id

    def with_targets(self, content: str) -> str:
        """Return rewritten HTML with an id on each heading, and links within the text that lead to ids."""
        if "<h" in content:
            content = _HEADING.sub(self._with_id, content)
        if self._ids and f'="{html.escape(self._page)}#' in content:
            content = re.sub(f' href="{re.escape(html.escape(self._page))}#([^"]*)"', self._fragment, content)
        return content

    def _with_id(self, heading: re.Match[str]) -> str:
        name, attributes, text = heading.groups()
        if ' id="' in attributes:
            return heading[0]
        id = self._free_id(plain_text(_NOTE_REFERENCE.sub("", text)))
        return f'<{name}{attributes} id="{id}">{text}</{name}>' if id else heading[0]

    def _fragment(self, link: re.Match[str]) -> str:
        fragment = unquote(html.unescape(link[1]))
        id = self.targets.get(fragment) or self.targets.get(fragment_id(fragment))
        return f' href="{html.escape(self._page)}#{id}"' if id else link[0]


_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}

MAX_ID_LENGTH = 80
"""Maximum length of an id that is made from a heading, in characters."""


def fragment_id(fragment: str) -> str:
    """Return the id, without its prefix, of a heading or another place that a fragment names."""
    return slug(unquote(fragment))[:MAX_ID_LENGTH].strip("-")


def _with_breaks(content: str) -> str:
    """Return HTML without UNWRAPPED_BLOCKS, with a line break where texts would otherwise run together."""
    if not _UNWRAPPED_TAG.search(content):
        return content
    parts: list[str] = []
    has_text = needs_break = False
    for text, tag in _TEXT_AND_TAG.findall(content):
        match = _TAG.match(tag)
        name = match[2] if match else ""
        if text.strip() and needs_break:
            parts.append("<br>\n")
        if text.strip():
            has_text, needs_break = True, False
        parts.append(text)
        if name in UNWRAPPED_BLOCKS:
            needs_break = has_text
            continue
        if name == "img":
            if needs_break:
                parts.append("<br>\n")
            has_text, needs_break = True, False
        elif name in BLOCKS or name == "br":
            has_text = needs_break = False
        parts.append(tag)
    return "".join(parts)


_TEXT_AND_TAG = re.compile("([^<]*)(<[^<>]*>|$)")
_UNWRAPPED_TAG = re.compile(f"<({'|'.join(sorted(UNWRAPPED_BLOCKS))})[ >]")


def _figure(picture: re.Match[str]) -> str:
    """Return a picture that is a paragraph of its own, with its title as its caption."""
    link, start, title, end, link_end = picture.groups()
    if bool(link) != bool(link_end):
        return picture[0]
    return f"<figure>{link}{start}{end}{link_end}<figcaption><p>{title}</p></figcaption></figure>"


def _film(link: re.Match[str], base: str, language: str) -> str:
    """Return a link to a film that is a paragraph of its own, with a picture; nothing is fetched from the service."""
    url, text = html.unescape(link[1]), link[2]
    service = films.service_of(url)
    if service is None:
        return link[0]
    is_untitled = re.fullmatch(r"\s*(?:https?://|www\.)?\S*", text) is not None and ("." in text or not text.strip())
    title = translations.translate(language, "Watch the film") if is_untitled else text
    image = f'<img src="{html.escape(base)}{films.PICTURE_PATH}" alt="" width="{films.WIDTH}" height="{films.HEIGHT}">'
    return f'<figure><a href="{link[1]}">{image}<br>\n{title} ({service})</a></figure>'


def plain_text(content: str) -> str:
    """Return the text of safe HTML."""
    content = _TAG.sub(lambda tag: " " if tag[2] in BLOCKS or tag[2] == "br" else "", content)
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

    return _TAG.sub(replaced, content)


def media_references(content: str, *, base: str) -> Iterator[str]:
    """Yield the paths below `media/` that safe HTML links to or shows."""
    for tag in _TAG.finditer(content):
        address = _URL_ATTRIBUTE.search(tag[3])
        url = html.unescape(address[2]) if address else ""
        if url.startswith(f"{base}/media/"):
            yield unquote(re.split("[?#]", url.removeprefix(f"{base}/media/"))[0])
