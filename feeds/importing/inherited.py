"""Metadata that documents inherit: from their folders, and from the configuration of a static site generator.

Only what hides documents is inherited. It does not read the documents themselves.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml

from .documents import language_suffix
from .front_matter import FrontMatterError, Metadata, find, read_front_matter, text_of, texts_of
from .generators import GeneratedSite, read_file

_HIDING_KEYS = (
    *("draft", "published", "publish", "private", "hidden", "unlisted", "headless", "password", "status"),
    *("visibility", "build", "_build", "eleventyexcludefromcollections"),
)
_READ_UNDERSCORED = ("_posts", "_drafts")
"""Folders whose name starts with an underscore, and that Jekyll and Hexo read nevertheless."""

_DEFAULT_STATUS = re.compile(
    r"DEFAULT_METADATA\s*=\s*(?:\{[^{}]*['\"]status['\"]\s*:|dict\([^()]*\bstatus\s*=)\s*['\"](\w+)['\"]"
)
"""The default status in Pelican's configuration."""


class _Scope(NamedTuple):
    """Values for the documents in a folder: only for paths of a `pattern`, unless it is empty, and for a language.

    `language` is the code at the end of their names, which may be empty; None stands for all languages.
    """

    values: Metadata
    pattern: str = ""
    language: str | None = None


class Inheritance:
    """What the documents of one site inherit."""

    def __init__(self, site: GeneratedSite) -> None:
        """Read the configuration."""
        self._site, self._name = site, site.generator.name
        self._scopes_of = cache(self._read_scopes)
        self._config: Mapping[str, Any] = _read_config(site) if self._name in ("Jekyll", "Hugo") else {}
        collections = find(self._config, "collections")
        shown = (
            (name for name, each in collections.items() if text_of(find({"x": each}, "x.output")).lower() == "true")
            if isinstance(collections, Mapping)
            else ()
        )
        self._underscored = {
            *(*_READ_UNDERSCORED, *(f"_{name}" for name in shown)),
            *(each.strip("/") for each in texts_of(find(self._config, "include"))),
        }
        self._excluded = [each.strip("/") for each in texts_of(find(self._config, "exclude"))]
        settings = re.sub(r"(?m)#.*$", "", read_file(site.root / "pelicanconf.py")) if self._name == "Pelican" else ""
        status = _DEFAULT_STATUS.search(settings)
        self._defaults: Metadata = {"status": status[1]} if status else {}

    def is_skipped_folder(self, path: PurePosixPath) -> bool:
        """Return whether a folder with a path below the root of the site contains no documents."""
        return path.name.startswith(".") or path.name == "node_modules" or self._is_excluded(path)

    def is_skipped(self, path: PurePosixPath) -> bool:
        """Return whether the generator does not read a file with a path below the root of the site."""
        if path.name.startswith(".") or self._is_excluded(path):
            return True
        hidden = [part for part in path.parts if part.startswith("_") and part not in self._underscored]
        if self._name == "Jekyll":  # plugins for languages have posts in other folders
            return bool(hidden) and "_posts" not in path.parts[:-1]
        return bool(hidden) and self._name in ("Hexo", "Astro") and not path.name.startswith("_index.")

    def _is_excluded(self, path: PurePosixPath) -> bool:
        return any(fnmatch(path.as_posix(), pattern) for pattern in self._excluded)

    def metadata(self, path: PurePosixPath) -> Metadata:
        """Return what a document inherits; `path` is below the folder of articles. The nearest folder wins."""
        inherited = {**self._defaults, **self._jekyll_defaults(path)}
        language = language_suffix(path)
        spoken = (None, language, *(() if language else (self._site.default_language or "en",)))
        for folder in reversed(path.parents):
            for scope in self._scopes_of(folder):
                if scope.language in spoken and (not scope.pattern or _matches(f"/{path}", scope.pattern)):
                    inherited |= scope.values
        if self._name == "Eleventy":
            inherited |= self._data(path.parent, path.stem)
        return inherited

    def _read_scopes(self, folder: PurePosixPath) -> list[_Scope]:
        if self._name == "Eleventy":
            return [_Scope(self._data(folder, folder.name or self._site.content.name))]
        if self._name not in ("Hugo", "Zola"):
            return []
        files = sorted(self._site.content.joinpath(folder).glob("_index.*"))
        own = [scope for file in files for scope in self._of(file)]
        return own if folder.name else [*_cascades(self._config, None), *own]

    def _of(self, file: Path) -> Iterator[_Scope]:
        """Yield what the front matter of a section passes on."""
        language = language_suffix(PurePosixPath(file.name))
        try:
            section, _ = read_front_matter(read_file(file))
        except FrontMatterError:
            return
        if self._name == "Zola" and "draft" in section:
            yield _Scope({"draft": section["draft"]}, language=language)
        yield from _cascades(section, language)

    def _data(self, folder: PurePosixPath, name: str) -> Metadata:
        """Return the metadata in the data files of Eleventy for a folder or document."""
        metadata: dict[str, Any] = {}
        for extension in (".json", ".11tydata.json"):
            try:
                values = json.loads(read_file(self._site.content / folder / f"{name}{extension}") or "{}")
            except (ValueError, RecursionError):
                continue
            metadata |= _hiding(values) if isinstance(values, dict) else {}
        return metadata

    def _jekyll_defaults(self, path: PurePosixPath) -> Metadata:
        """Return the default values for a path; those of the longest scope count most."""
        scopes = []
        for each in _mappings(find(self._config, "defaults")):
            scope, values = text_of(find(each, "scope.path")).strip("/"), each.get("values")
            type = text_of(find(each, "scope.type"))
            is_inside = not scope or any(_matches(part.as_posix(), scope) for part in (path, *path.parents))
            if is_inside and type in ("", _jekyll_type(path)) and isinstance(values, Mapping):
                scopes.append((len(scope), bool(type), values))
        scopes.sort(key=lambda scope: scope[:2])
        return {name: value for *_, values in scopes for name, value in _hiding(values).items()}


def _cascades(metadata: Mapping[str, Any], language: str | None) -> Iterator[_Scope]:
    """Yield what Hugo passes on to pages, in a language unless a target names another."""
    for cascade in _mappings(metadata.get("cascade")):
        target = find(cascade, "target", "_target")
        target = target if isinstance(target, Mapping) else {}
        if text_of(target.get("kind")).strip("{}") in ("", "page", "**", "*"):
            yield _Scope(_hiding(cascade), text_of(target.get("path")), text_of(target.get("lang")) or language)


def _jekyll_type(path: PurePosixPath) -> str:
    """Return the type of a document: posts, drafts, pages, or the name of a collection."""
    if "_posts" in path.parts[:-1]:
        return "posts"
    first = path.parts[0] if len(path.parts) > 1 else ""
    return first.removeprefix("_") if first.startswith("_") else "pages"


def _matches(path: str, pattern: str) -> bool:
    """Return whether a path matches a pattern, in which `*` is within a folder, and `**` any number of folders."""
    parts = re.split(r"(\*\*/?|\*)", pattern)
    expression = "".join(
        "(?:.*/)?" if part == "**/" else ".*" if part == "**" else "[^/]*" if part == "*" else re.escape(part)
        for part in parts
    )
    return re.fullmatch(expression, path) is not None


def _read_config(site: GeneratedSite) -> dict[str, Any]:
    """Return the configuration of a generator, as far as it can be read."""
    config: dict[str, Any] = {}
    for name in site.generator.configs:
        text = read_file(site.root / name)
        try:
            values = tomllib.loads(text) if name.endswith(".toml") else yaml.load(text, Loader=yaml.CBaseLoader)
        except (yaml.YAMLError, RecursionError, ValueError):
            continue
        config |= values if isinstance(values, dict) else {}
    return config


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Mapping))


def _hiding(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that hide a document, by their names in lower case."""
    lower = {str(name).lower(): value for name, value in values.items()}
    hides = {name: value for name, value in lower.items() if name in _HIDING_KEYS}
    return hides | ({"permalink": "false"} if text_of(lower.get("permalink")).lower() == "false" else {})
