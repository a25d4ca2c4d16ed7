"""Metadata that documents inherit: from their folders, and from the configuration of a static site generator.

Such metadata may hide a whole folder. It does not read the documents themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from .front_matter import FrontMatterError, Metadata, find, read_front_matter, text_of, texts_of
from .generators import GeneratedSite, read_file

_JEKYLL_FOLDERS = ("_posts", "_drafts")
"""Folders whose name starts with an underscore, and that Jekyll and Hexo read nevertheless."""

_DEFAULT_STATUS = re.compile(r"DEFAULT_METADATA\s*=\s*\{[^{}]*['\"]status['\"]\s*:\s*['\"](\w+)['\"]")
"""The default status in Pelican's configuration."""


class Inheritance:
    """What the documents of one site inherit."""

    def __init__(self, site: GeneratedSite) -> None:
        """Read the configuration."""
        self._site, self._name = site, site.generator.name
        self._folder_metadata = cache(self._read_folder)
        self._config: Mapping[str, Any] = _jekyll_config(site.root) if self._name == "Jekyll" else {}
        collections = find(self._config, "collections")
        names = collections if isinstance(collections, Mapping | list) else ()
        self._underscored = {*_JEKYLL_FOLDERS, *(f"_{text_of(name)}" for name in names)}
        status = _DEFAULT_STATUS.search(read_file(site.root / "pelicanconf.py")) if self._name == "Pelican" else None
        self._defaults: Metadata = {"status": status[1]} if status else {}

    def is_skipped(self, path: PurePosixPath) -> bool:
        """Return whether the generator does not read a file or folder with a path below the root of the site."""
        name = path.name
        if name.startswith(".") or name == "node_modules":
            return True
        if self._name == "Jekyll":
            excluded = texts_of(find(self._config, "exclude"))
            if any(fnmatch(path.as_posix(), each.strip("/")) for each in excluded):
                return True
        if self._name in ("Jekyll", "Hexo"):
            return name.startswith("_") and name not in self._underscored
        return self._name == "Astro" and name.startswith("_")

    def metadata(self, path: PurePosixPath) -> Metadata:
        """Return what a document inherits; `path` is below the folder of articles. The nearest folder counts."""
        inherited = {**self._defaults, **self._jekyll_defaults(path)}
        for folder in reversed(path.parents):
            inherited |= self._folder_metadata(folder)
        if self._name == "Eleventy":
            inherited |= self._data(path.parent, path.stem)
        return inherited

    def _read_folder(self, folder: PurePosixPath) -> Metadata:
        if self._name == "Eleventy":
            return self._data(folder, folder.name) if folder.name else {}
        if self._name not in ("Hugo", "Zola"):
            return {}
        metadata: dict[str, Any] = {}
        for file in sorted(self._site.content.joinpath(folder).glob("_index.*")):
            try:
                section, _ = read_front_matter(read_file(file))
            except FrontMatterError:
                continue
            if self._name == "Zola":
                metadata |= {"draft": section["draft"]} if "draft" in section else {}
            for cascade in _mappings(section.get("cascade")):
                metadata |= _lower(cascade)
        return metadata

    def _data(self, folder: PurePosixPath, name: str) -> Metadata:
        """Return the metadata in the data files of Eleventy for a folder or document."""
        metadata: dict[str, Any] = {}
        for ending in (".json", ".11tydata.json"):
            try:
                values = json.loads(read_file(self._site.content / folder / f"{name}{ending}") or "{}")
            except (ValueError, RecursionError):
                continue
            metadata |= _lower(values) if isinstance(values, dict) else {}
        return metadata

    def _jekyll_defaults(self, path: PurePosixPath) -> Metadata:
        metadata: dict[str, Any] = {}
        for each in _mappings(find(self._config, "defaults")):
            scope = text_of(find(each, "scope.path")).strip("/")
            values = each.get("values")
            is_inside = not scope or PurePosixPath(scope) in (path, *path.parents) or fnmatch(path.as_posix(), scope)
            if is_inside and isinstance(values, Mapping):
                metadata |= _lower(values)
        return metadata


def _jekyll_config(root: Path) -> Mapping[str, Any]:
    try:
        config = yaml.load("\n".join(map(read_file, sorted(root.glob("_config.y*ml")))), Loader=yaml.CBaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Mapping))


def _lower(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in values.items()}
