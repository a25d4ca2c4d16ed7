"""A site's own stylesheet: parsed with tinycss2, so that it fetches nothing but files of `media/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tinycss2

from .mediafile import Media, MediaFile
from .problems import InvalidValue, show

MAX_STYLESHEET_BYTES = 100_000
"""Maximum size of a stylesheet: every page loads it."""

_MEDIA = "media/"
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
    nodes = tinycss2.parse_component_value_list(text)
    is_open = len(tinycss2.serialize(nodes)) > len(text.replace("\r\n", "\n"))  # the parser closed something
    files: list[MediaFile] = []
    for node in _addresses(nodes):
        if node.type == "error":
            raise InvalidValue("stylesheet-mistake", path=path, line=node.source_line, reason=node.message)
        if node.value.startswith("#"):
            continue
        name = node.value.removeprefix("/")
        if not name.startswith(_MEDIA):
            raise InvalidValue("stylesheet-address", path=path, line=node.source_line, value=show(node.value))
        try:
            file = media.find(name.removeprefix(_MEDIA))
        except InvalidValue:
            raise InvalidValue("stylesheet-address", path=path, line=node.source_line, value=show(node.value)) from None
        files.append(file)
        node.representation = f'url("..{file.url_path}")' if node.type == "url" else f'"..{file.url_path}"'
    if is_open:
        raise InvalidValue("stylesheet-open", path=path)
    return Stylesheet(tinycss2.serialize(nodes), tuple(dict.fromkeys(files)))


def _addresses(nodes: list[Any]) -> Iterator[Any]:
    """Yield the tokens that contain addresses, at any depth, and those that are errors."""
    for node in nodes:
        if node.type in ("url", "error"):
            yield node
        elif node.type == "function" and node.lower_name in ("url", "src", "image", "image-set", "-webkit-image-set"):
            yield from (argument for argument in node.arguments if argument.type == "string")
            yield from _addresses(node.arguments)
        elif node.type == "function":
            yield from _addresses(node.arguments)
        elif node.type in ("() block", "[] block", "{} block"):
            yield from _addresses(node.content)
