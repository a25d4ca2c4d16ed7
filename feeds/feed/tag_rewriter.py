"""Rewriting of the tags in sanitized HTML: addresses, ids, the levels of headings, and links within a text."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

from feeds.model.site_types import slug

from . import addresses
from .html_text import plain_text

MAX_SPAN = 100
"""Maximum of a cell's `colspan` and `rowspan`."""

TAG_TO_REWRITE = re.compile("<(/?)(h[1-6]|img|[a-z][a-z0-9]*(?= ))([^<>]*)>")
"""The tags of headings and pictures, and those with attributes."""

_ATTRIBUTE = re.compile(' ([a-z]+)="([^"]*)"')
_HEADING = re.compile("(<h[1-6])((?: [^<>]*)?>)(.*?)</h[1-6]>", re.DOTALL)
"""A heading up to the first end of one, so that a search takes time in proportion to the length of a text."""

_NOTE_REFERENCE = re.compile("<sup><a [^<>]*>[^<>]*</a></sup>")


class TagRewriter:
    """Rewrites tags in order: addresses, ids, spans, and heading levels."""

    def __init__(self, base: str, page: str, prefix: str) -> None:
        """Set the URL of the site, that of the page, and what ids begin with."""
        self._base, self._page, self._prefix = base, page, prefix
        self._outline: list[tuple[int, int]] = []  # (input level, output level) of the headings above this place
        self._open: list[int] = []  # output levels of the open heading elements
        self._ids: set[str] = set()
        self._numbers: dict[str, int] = {}  # the last number that was added to a name
        self.targets: dict[str, str] = {}  # ids by the fragments that lead to them

    def __call__(self, tag: re.Match[str]) -> str:
        """Return a tag with usable addresses, ids, spans and level, or an empty text for a picture without address."""
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
        start, attributes, text = heading.groups()
        if ' id="' in attributes:
            return heading[0]
        id = self._free_id(plain_text(_NOTE_REFERENCE.sub("", text)))
        return f'{start} id="{id}"{heading[0][len(start) :]}' if id else heading[0]

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
