"""What was read of an article file, as a row that outlives the process, and back; a row is JSON, and opens nothing.

Whether a row still holds is told by its seal: of the code that wrote it, of what the file was read against, and of the
row itself. One that was damaged, or is of another time or place, has another.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

from feeds.base.fingerprint import State
from feeds.base.version import code, zone_rules
from feeds.model import yamlfile
from feeds.model.article import Article, Attachment, Picture, Withdrawal
from feeds.model.mediafile import MediaFile
from feeds.model.site import Person, Site
from feeds.model.yamlfile import Position, Problem, Tree

from .reader import ANY_FILE, OUTLINE, ArticleFile

_MODELS: Mapping[str, type[BaseModel]] = {
    each.__name__: each for each in (Article, Attachment, Person, Picture, Withdrawal)
}
_DEFAULTS = {
    name: {key: info.get_default() for key, info in each.model_fields.items()} for name, each in _MODELS.items()
}
_KIND = "is"
"""The key under which a group of values tells what it is; no field has this name."""


_NOTHING: set[str] = set()
"""What pydantic would know of the keys that were given, which nobody asks: of many articles it is many megabytes."""

_OUTLINE: dict[yamlfile.Path, yamlfile.Path] = {path: path for path in ((), *OUTLINE)}


class Seals:
    """Seals rows, for a site that files are read against."""

    def __init__(self, site: Site) -> None:
        """Take the site."""
        self._key = _digest(f"{code()}\0{zone_rules(site.timezone.key)}\0{site!r}".encode())

    def of(self, name: str, row: bytes) -> bytes:
        """Make the seal of a row, for a file's name."""
        return _digest(self._key, name.encode(errors="surrogateescape"), row)


def to_row(file: ArticleFile, text: bytes) -> bytes | None:
    """Write what was read of a file with that text.

    Nothing is written where there is no article, or only one of before, or where it may depend on any file.
    """
    if file.article is None or file.tree is None or file.is_broken or ANY_FILE in file.media:
        return None
    article = file.article
    places = [[list(path), *place] for path, place in file.tree.values_at.items()]
    problems = [[each.line, each.column, each.key, each.message, each.severity] for each in file.problems]
    shown = {path: _packed(original.file) for path, original in article.shown.items()}
    about = article.slug, article.digest, shown
    values = dict(file.media), file.state, _digest(text).hex(), about, _packed(article), places, problems
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


class Row:
    """A row whose seal holds."""

    def __init__(self, row: bytes) -> None:
        """Read it; the article is made when it is asked for."""
        media, state, self._text, self._about, self._article, self._places, self._problems = from_json(row)
        self.state: State = tuple(state)
        self.media: dict[str, State] = {path: tuple(each) for path, each in media.items()}

    def is_of(self, text: bytes) -> bool:
        """Tell whether that is what was read."""
        return bool(self._text == _digest(text).hex())

    def file(self, path: Path, state: State) -> ArticleFile:
        """Give what was read of the file, which is at `path`, and in a state, now."""
        slug, digest, shown = self._about
        article = _model(self._article, {"_slug": slug, "_shown": {}})
        assert isinstance(article, Article), "the seal is ours"
        article.__dict__.update(slug=slug, digest=digest)
        if shown:
            article.take_pictures({path: _unpacked(each) for path, each in shown.items()})
        name = str(path)
        known = ((_OUTLINE[tuple(keys)], line, column) for keys, line, column in self._places)
        places = {path: Position(line, column) for path, line, column in known}
        problems = tuple(Problem(name, *each) for each in self._problems)
        return ArticleFile(state, article, Tree(name, "", {}, [], places, {}), problems, False, media=self.media)


def media_row(state: State, file: MediaFile) -> bytes:
    """Write what was measured of a file below `media/`, and in which state."""
    return json.dumps([state, astuple(file)], ensure_ascii=False).encode()


def measured(row: bytes) -> tuple[State, MediaFile]:
    """Read such a row, whose seal holds."""
    state, values = from_json(row)
    return tuple(state), MediaFile(*values)


def _packed(value: Any) -> Any:
    """Turn a value of a model into what JSON has."""
    if isinstance(value, BaseModel):
        name = type(value).__name__
        fields = ((key, value.__dict__[key], default) for key, default in _DEFAULTS[name].items())
        return {_KIND: name, **{key: _packed(each) for key, each, default in fields if each != default}}
    if isinstance(value, MediaFile):
        return {_KIND: "file", "values": astuple(value)}
    if isinstance(value, datetime):
        return {_KIND: "at", "seconds": int(value.timestamp())}
    return [_packed(each) for each in value] if isinstance(value, tuple) else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(sys.intern(each) if isinstance(each, str) else _unpacked(each) for each in value)
    if not isinstance(value, dict):
        return value
    if value[_KIND] == "at":
        return datetime.fromtimestamp(value["seconds"], UTC)
    return MediaFile(*value["values"]) if value[_KIND] == "file" else _model(value, None)


def _model(packed: dict[str, Any], private: dict[str, Any] | None) -> BaseModel:
    """Make a model of values that were checked before: as when pydantic's own are unpickled."""
    name = packed.pop(_KIND)
    values = {key: _unpacked(each) if isinstance(each, list | dict) else each for key, each in packed.items()}
    kind = _MODELS[name]
    made = kind.__new__(kind)
    made.__setstate__(
        {
            "__dict__": {**_DEFAULTS[name], **values},
            "__pydantic_fields_set__": _NOTHING,
            "__pydantic_extra__": None,
            "__pydantic_private__": private,
        }
    )
    return made


def _digest(*parts: bytes) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for each in parts:
        found.update(len(each).to_bytes(8, "big") + each)
    return found.digest()
