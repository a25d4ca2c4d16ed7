"""Rendering of an author's Markdown to safe HTML with absolute URLs.

It knows neither articles nor feeds. `body_checks` reports what it removes from a text. Pages get all
elements that browsers show; `for_readers` replaces those that some feed readers remove.
"""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import comrak
import nh3

from feeds.base import translations
from feeds.model.yamlfile import FORBIDDEN

from . import films
from .addresses import ALLOWED_SCHEMES
from .html_text import BLOCKS, TAG, plain_text
from .tag_rewriter import TAG_TO_REWRITE, TagRewriter

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
_TILDE_PLACEHOLDER = "\U00010a7f"
"""Stands for a single tilde, which means “about” and strikes nothing out.

It is a punctuation mark, as the tilde is, since that decides where emphasis may begin (CommonMark, section 6.2).
"""

_CHECKBOX = re.compile('<input type="checkbox"( checked="")? disabled="" />')

_REMOVED_BLOCK = re.compile("<(?:form|iframe|noscript|object|template|textarea)[\\s/>]", re.IGNORECASE)
_LONE_PICTURE = re.compile('<p>((?:<a [^<>]*>)?)(<img [^<>]*?) title="([^"]+)"([^<>]*>)((?:</a>)?)</p>')
_LONE_LINK = re.compile('<p><a href="([^"]*)"[^<>]*>((?:(?!</a>|<img|<br).)*)</a></p>')
_CAPTION = re.compile("(<table[^<>]*>)\\s*<caption[^<>]*>(.*?)</caption>", re.DOTALL)
_SUMMARY = re.compile("<summary(?: [^<>]*)?>(.*?)</summary>", re.DOTALL)


_CLEANER = nh3.Cleaner(  # making one takes as long as sanitizing a text
    tags=ALLOWED_TAGS | UNWRAPPED_BLOCKS,
    clean_content_tags=REMOVED_WITH_CONTENT,
    attributes=ALLOWED_ATTRIBUTES,
    url_schemes=ALLOWED_SCHEMES,
    link_rel=None,
)


def commonmark(body: str) -> str:
    """Render Markdown to HTML that still contains everything that an author wrote."""
    is_autolinked = body.count("@") <= MAX_AUTOLINKED_ADDRESSES
    options = _EXTENSION_OPTIONS if is_autolinked else _EXTENSION_OPTIONS_WITHOUT_AUTOLINK
    if "~" not in body or _TILDE_PLACEHOLDER in body:
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
    rewriter = TagRewriter(base, page, prefix)
    content = _LONE_PICTURE.sub(_figure, _rewritten(body, rewriter))
    if films.may_contain_film(content):
        content = _LONE_LINK.sub(lambda link: _film(link, base, language), content)
    return content.strip("\n")


def _rewritten(body: str, rewriter: TagRewriter) -> str:
    rendered = _REMOVED_BLOCK.sub(r" \g<0>", commonmark(body).replace('<section class="footnotes"', "<hr>\n<section"))
    content = FORBIDDEN.sub("", _CLEANER.clean(rendered).replace("&nbsp;", "\u00a0"))
    return rewriter.with_targets(_with_breaks(TAG_TO_REWRITE.sub(rewriter, content)))


def shows_anything(body: str) -> bool:
    """Return whether a reader of a text would see anything."""
    content = _rewritten(body, TagRewriter("https://site.invalid", "https://site.invalid/", ""))
    return "<img" in content or bool(
        re.search(r"[^\s\u00a0\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f]", plain_text(content))
    )


def targets(body: str) -> list[str]:
    """Return the fragments, without the #, to which links within a text may lead."""
    rewriter = TagRewriter("", "", "")
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
    has_blocks = any(tag[2] in BLOCKS for tag in TAG.finditer(summary[1]))
    return f"<div>{summary[1]}</div>" if has_blocks else f"<p><b>{summary[1].strip()}</b></p>"


def _with_breaks(content: str) -> str:
    """Return HTML without UNWRAPPED_BLOCKS, with a line break where texts would otherwise run together."""
    if not _UNWRAPPED_TAG.search(content):
        return content
    parts: list[str] = []
    has_text = needs_break = False
    for text, tag in _TEXT_AND_TAG.findall(content):
        match = TAG.match(tag)
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
