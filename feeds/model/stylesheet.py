"""A site's own stylesheet: parsed with tinycss2, so that it fetches nothing but files of `media/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tinycss2

from .mediafile import Media, MediaFile
from .problems import InvalidValue, show

MAX_STYLESHEET_BYTES = 100_000
"""Maximum size of a stylesheet: every page loads it."""

_MEDIA = "media/"
_END = "end-of-stylesheet"
_FORBIDDEN_RULES = ("charset", "import", "namespace")


@dataclass(frozen=True)
class Stylesheet:
    """A stylesheet, with addresses relative to `/static/`, and the files below `media/` that it names."""

    text: str
    files: tuple[MediaFile, ...] = ()


def read_stylesheet(path: str, text: str, media: Media) -> Stylesheet:
    """Return a stylesheet. Raises InvalidValue if it is not CSS, or if it refers to other files than those of media/.

    See CSS Syntax Module Level 3 (https://www.w3.org/TR/css-syntax-3/).
    """
    size = len(text.encode())
    if size > MAX_STYLESHEET_BYTES:
        raise InvalidValue("stylesheet-too-large", path=path, size=size, limit=MAX_STYLESHEET_BYTES)
    for rule in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        if rule.type == "error":
            raise InvalidValue("stylesheet-mistake", path=path, line=rule.source_line, reason=rule.message)
        if rule.type == "at-rule" and rule.lower_at_keyword in _FORBIDDEN_RULES:
            raise InvalidValue("stylesheet-rule", path=path, line=rule.source_line, rule=f"@{rule.at_keyword}")
    try:
        return _with_addresses(path, text, media)
    except RecursionError:
        raise InvalidValue("stylesheet-mistake", path=path, line=1, reason="blocks are nested too deeply") from None


def _with_addresses(path: str, text: str, media: Media) -> Stylesheet:
    """Return a stylesheet after checking all addresses in it."""
    nodes = tinycss2.parse_component_value_list(text)
    last = tinycss2.parse_component_value_list(f"{text}\n{_END}")[-1]
    is_open = last.type != "ident" or last.value != _END  # it is inside of what was not closed
    files: list[MediaFile] = []
    for node in _addresses(nodes):
        if node.type == "error":
            raise InvalidValue("stylesheet-mistake", path=path, line=node.source_line, reason=node.message)
        if node.value.startswith("#"):
            continue
        name = node.value.removeprefix("/")
        try:
            if not name.startswith(_MEDIA):
                raise InvalidValue("media-path-outside", path=name)
            file = media.find(name.removeprefix(_MEDIA))
        except InvalidValue:
            raise InvalidValue("stylesheet-address", path=path, line=node.source_line, value=show(node.value)) from None
        files.append(file)
        node.representation = f'url("..{file.url_path}")' if node.type == "url" else f'"..{file.url_path}"'
    if is_open:
        raise InvalidValue("stylesheet-open", path=path)
    return Stylesheet(tinycss2.serialize(nodes), tuple(dict.fromkeys(files)))


def _addresses(nodes: list[Any]) -> Iterator[Any]:
    """Yield the tokens that contain addresses, at any depth, and those that are errors.

    A string with an address on another site is one wherever it stands, since a variable may carry it into an image.
    The exceptions are attribute selectors and the text of `content`.
    """
    is_text, before = False, ""  # whether the declaration is that of a text, and the word before a colon
    for node in nodes:
        if node.type in ("url", "error") or (node.type == "string" and not is_text and _is_external(node.value)):
            yield node
        elif node.type == "function":
            takes_strings = node.lower_name in ("url", "src", "image", "image-set", "-webkit-image-set")
            yield from (each for each in node.arguments if takes_strings and each.type == "string")
            yield from _addresses([each for each in node.arguments if not (takes_strings and each.type == "string")])
        elif node.type == "[] block":
            yield from _addresses([each for each in node.content if each.type != "string"])
        elif node.type in ("() block", "{} block"):
            yield from _addresses(node.content)
        if node.type == "literal":
            is_text = before in ("content", "quotes") if node.value == ":" else is_text and node.value != ";"
        if node.type not in ("whitespace", "comment"):
            before = node.lower_value if node.type == "ident" else ""


def _is_external(text: str) -> bool:
    """Return whether browsers would read a text as an address on another site, or as data."""
    address = re.sub("[\t\r\n]", "", text).lstrip("".join(map(chr, range(0x21))))  # as browsers do
    return re.match(r"(?:https?|ftp|data|blob|wss?):|[/\\]{2}", address, re.IGNORECASE) is not None
