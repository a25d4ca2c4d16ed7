"""Replaces template tags in the Markdown of static site generators with what they show.

It handles Hugo's shortcodes, tags of Liquid, Nunjucks and Tera, and kramdown's attribute lists. Code is unchanged.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from feeds.feed.html_text import plain_text
from feeds.feed.markup import commonmark

from .images import is_picture_url
from .notes import Note
from .old_feed import split_url

_FENCE = r"(?P<fence>^[ \t]*(?P<mark>`{3,}|~{3,})[^\n]*\n(?:.*?^[ \t]*(?P=mark)[`~]*[ \t]*$|.*))"
_INLINE_CODE = r"(?P<inline>(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`))"
_RAW = r"\{%-?\s*raw\s*-?%\}(?P<raw>.*?)\{%-?\s*endraw\s*-?%\}"
_COMMENT = (
    r"(?P<comment>\{%-?\s*comment\b.*?endcomment\s*-?%\}|\{\{/\*.*?\*/\}\}"
    r"|\{::comment\}.*?\{:/(?:comment)?\})"
)
_CODE = (
    r"(?:\{\{[<%]|\{%-?)\s*(?P<code_tag>highlight|codeblock|code)(?![\w-])(?P<code_arguments>(?:(?![>%]\}\}|%\})[^\n])*?)(?:[>%]\}\}|-?%\})\n?"
    r"(?P<code>.*?)(?:\{\{[<%]\s*/\s*|\{%-?\s*end)(?P=code_tag)\s*(?:[>%]\}\}|-?%\})"
)
_ESCAPED = r"\{\{(?P<escaped>[<%]/\*.*?\*/[>%])\}\}"
_FORMULA = r"\$\$(?P<formula>[^$]+)\$\$"
_TAG = (
    r"(?:\{\{[<%]\s*(?P<hugo>/?\s*[\w./-]+)(?P<hugo_arguments>(?:(?!\{\{).)*?)/?\s*[>%]\}\}"
    r"|\{%-?\s*(?P<liquid>[\w-]+)(?P<liquid_arguments>(?:(?!\{%).)*?)-?%\})"
)
_EXPRESSION = r"\{\{-?(?P<expression>(?![<%])(?:(?!\{\{).)*?)-?\}\}|(?P<template_comment>\{#(?:(?!\{#)[^}])*?#\})"
_TOKEN = re.compile("|".join((_FENCE, _INLINE_CODE, _RAW, _COMMENT, _CODE, _ESCAPED, _FORMULA, _TAG)), re.M | re.S)
_TOKEN_OR_EXPRESSION = re.compile(f"{_TOKEN.pattern}|{_EXPRESSION}", re.M | re.S)

_ARGUMENT = re.compile(r"""(?:([\w-]+)\s*[=:](?!//)\s*)?("[^"]*"|'[^']*'|`[^`]*`|[^\s,"'`()]+)""")
_RAW_MARK = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}")

_ATTRIBUTE_LINE = re.compile(r"(?m)^[ \t]*\{:?:?(?:toc\b|[.#][\w-]|: *[.#\w])[^{}\n]*\}[ \t]*$")
_TABLE_OF_CONTENTS = re.compile(r"(?im)^(?:\[TOC\]|\[\[_?TOC_?\]\]|[*+-] .*\n\{:toc\}|<!--\s*toc\s*-->)[ \t]*$")
_ATTRIBUTE_LIST = re.compile(r"(?<=[\])*_`>])\{:[^{}\n]*\}|(?m:(?<=\S)[ \t]+\{:?#[\w-]+[^{}\n]*\}[ \t]*$)")
_MODULE_LINE = re.compile(
    r"(?m)^(?:import\s(?:[^\n]*\sfrom\s+)?[\"'][^\n]*|export\s(?:const|let|default)\s[^\n]*)(?:\n|\Z)"
)
"""Imports and exports of JavaScript in MDX."""

_MDX_COMMENT = re.compile(rf"{_FENCE}|{_INLINE_CODE}|(?P<comment>\{{/\*.*?\*/\}})", re.M | re.S)


_LINK_TAGS = ("ref", "relref", "post_url", "post_path", "link", "asset_path")
_NAMED_LINK_TAGS = ("post_link", "asset_link")
_PICTURE_TAGS = ("figure", "img", "image", "asset_img", "picture", "imgproc", "photo")
_SOURCE_NAMES = ("src", "url", "path", "image", "file", "image_path")
_QUOTATION_TAGS = ("blockquote", "quote", "pullquote")
_INCLUDE_TAGS = ("include", "include_relative", "include_cached", "render", "partial")
_VIDEO_URLS = {"youtube": "https://www.youtube.com/watch?v={}", "vimeo": "https://vimeo.com/{}"}
_URL_FILTERS = re.compile(r"\|\s*(relative_url|absolute_url|url|prepend:\s*site\.(?:baseurl|url))")


@dataclass(frozen=True)
class Target:
    """The article that a tag links to."""

    url: str
    title: str = ""


FindTarget = Callable[[str], Target | None]
"""Returns the article with a file name or address, or None."""


class TemplateTags:
    """Replaces the tags of one text. `home` is the address of the old site."""

    def __init__(self, home: str, find_target: FindTarget) -> None:
        """Start without notes."""
        self._home, self._find_target = home.rstrip("/"), find_target
        self.notes: list[str] = []

    def replace(self, text: str, *, has_expressions: bool = False, is_mdx: bool = False) -> str:
        """Replace the tags of a text. Unknown ones are removed and noted; their content stays.

        Without `has_expressions`, `{{ … }}` is text, as in Hugo.
        """
        if is_mdx:
            text = _MDX_COMMENT.sub(lambda match: "" if match["comment"] else match[0], text)
            text = _outside_code(text, _MODULE_LINE)
        text = (_TOKEN_OR_EXPRESSION if has_expressions else _TOKEN).sub(self._replace, text)
        if "{" in text or "[" in text or "toc" in text:
            text = _outside_code(text, _TABLE_OF_CONTENTS, _ATTRIBUTE_LINE, _ATTRIBUTE_LIST)
        return text

    def _replace(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        if match["fence"] or match["inline"]:
            code = _RAW_MARK.sub("", match[0])
            return re.sub(_ESCAPED, lambda tag: _unescape(tag["escaped"]), code, flags=re.S)
        if match["raw"] is not None:
            return match["raw"]
        if match["comment"] or groups.get("template_comment"):
            return ""
        if match["code_tag"]:
            return _fenced(match["code_arguments"], match["code"])
        if match["escaped"]:
            return _unescape(match["escaped"])
        if match["formula"]:
            self._note(Note.of("a formula is replaced with its TeX source"))
            return f"`{' '.join(match['formula'].split())}`"
        if groups.get("expression") is not None:
            return self._expression(groups["expression"].strip())
        name = "".join((match["hugo"] or match["liquid"]).split())
        return self._tag(name, match["hugo_arguments"] or match["liquid_arguments"] or "")

    def _expression(self, expression: str) -> str:
        if literal := re.match(r"""["']([^"']*)["']""", expression):
            is_path = _URL_FILTERS.search(expression) and not split_url(literal[1]).scheme
            return f"{self._home}/{literal[1].lstrip('/')}" if is_path else literal[1]
        if call := re.match(r"([\w.:-]+)\s*\((.*)\)\s*$", expression, re.S):
            return self._tag(call[1].split("::")[-1], call[2])
        name = expression.partition("|")[0].strip()
        if name in ("site.url", "config.url"):
            return re.sub(r"(?<=[^:/])/.*", "", self._home)
        if name in ("site.baseurl", "config.root"):
            return split_url(self._home).path
        self._note(Note.of("{expression} is removed", expression=f"{{{{ {name[:40]} }}}}"))
        return ""

    def _tag(self, name: str, arguments: str) -> str:
        """Return what a tag shows."""
        if name.startswith(("end", "/")):
            return "\n\n</blockquote>\n" if name.strip("/").removeprefix("end") in _QUOTATION_TAGS else ""
        named, positional = _arguments(arguments)
        if name in _INCLUDE_TAGS and positional:
            name = PurePosixPath(positional.pop(0)).stem.lower()
        first = next(iter(positional), "")
        if name in _LINK_TAGS:
            address = named.get("path", first)
            target = self._find_target(address)
            return target.url if target else address
        if name in _NAMED_LINK_TAGS:
            target = self._find_target(first) or Target(first)
            label = " ".join(each for each in positional[1:] if each not in ("true", "false")) or target.title or first
            return f"[{label}]({target.url})"
        if name in _PICTURE_TAGS and (picture := _picture(named, positional)):
            return picture
        if name in _QUOTATION_TAGS:
            return "\n<blockquote>\n\n"
        if address := _address(name, named, positional):
            return f"\n\n<{address}>\n\n"
        self._note(Note.of("the template tag {name} is removed; its content stays", name=name[:40]))
        return ""

    def _note(self, note: Note) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _outside_code(text: str, *patterns: re.Pattern[str]) -> str:
    """Return a text without the matches of patterns, except those in code."""
    parts = re.split(f"({_FENCE}|{_INLINE_CODE})", text, flags=re.M | re.S)
    for index in range(0, len(parts), 6):
        for pattern in patterns:
            parts[index] = pattern.sub("", parts[index])
    return "".join(part for index, part in enumerate(parts) if index % 6 in (0, 1))


def _arguments(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the named and the other arguments of a tag."""
    named: dict[str, str] = {}
    positional: list[str] = []
    for name, value in _ARGUMENT.findall(text):
        value = value[1:-1] if value[0] in "\"'`" else value
        if name:
            named[name.lower()] = value
        else:
            positional.append(value)
    return named, positional


def _picture(named: dict[str, str], positional: list[str]) -> str:
    """Return the picture of a tag as HTML, or an empty string if it names none."""
    source = next((named[name] for name in _SOURCE_NAMES if named.get(name)), "")
    source = source or next((each for each in positional if is_picture_url(each)), "")
    if not source:
        return ""
    words = positional[positional.index(source) + 1 :] if source in positional else []
    titles = [each for each in words if not each.isdigit()]
    alt = named.get("alt") or (titles[-1] if titles else "")
    caption = " ".join(filter(None, (named.get("caption") or named.get("title"), named.get("attr"))))
    image = f'<img src="{html.escape(source)}" alt="{html.escape(alt or plain_text(commonmark(caption)))}">'
    if not caption:
        return image
    shown_caption = commonmark(caption).strip().removeprefix("<p>").removesuffix("</p>")
    return f"\n\n<figure>{image}<figcaption>{shown_caption}</figcaption></figure>\n\n"


def _address(name: str, named: dict[str, str], positional: list[str]) -> str:
    """Return the address that a tag embeds, or an empty string."""
    id = named.get("id") or next(iter(positional), "")
    if id and name in _VIDEO_URLS:
        return id if "://" in id else _VIDEO_URLS[name].format(id)
    if name == "gist" and len(positional) > 1:
        return f"https://gist.github.com/{positional[0]}/{positional[1]}"
    if name in ("tweet", "x", "twitter") and named.get("user"):
        return f"https://x.com/{named['user']}/status/{id}"
    source = named.get("src") or named.get("url") or next(iter(positional), "")
    return source if re.fullmatch(r"https?://[^\s<>]+", source) else ""


def _fenced(arguments: str, code: str) -> str:
    """Return the code in a tag as a fenced block."""
    named, positional = _arguments(arguments)
    language = named.get("lang") or next((each for each in positional if re.fullmatch(r"[\w+#-]+", each)), "")
    fence = "`" * (max(map(len, re.findall("`{3,}", code)), default=2) + 1)
    return f"\n\n{fence}{language}\n{_RAW_MARK.sub('', code).strip(chr(10))}\n{fence}\n\n"


def _unescape(tag: str) -> str:
    """Return a shortcode that Hugo shows instead of running: `</* x */>` is shown as `< x >`."""
    return f"{{{{{tag[0]}{tag[3:-3]}{tag[-1]}}}}}"
