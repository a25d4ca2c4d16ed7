"""Adds redirects to the text of `site.yaml`; all other lines stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

from feeds.model.yaml_edit import EditError, set_key
from feeds.model.yamlfile import parse_yaml


class SiteFileError(Exception):
    """Raised if redirects cannot be added to a site file, with a message for administrators."""


def add_redirects(text: str, redirects: Mapping[str, str]) -> str:
    """Return a site file with more redirects, below those that it has. Raises SiteFileError."""
    if not redirects:
        return text
    tree, problems = parse_yaml(text.encode(), "site.yaml")
    if tree is None:
        raise SiteFileError(f"it is not YAML: {problems[0].message}")
    known = tree.value.get("redirects") or {}
    if not isinstance(known, dict):
        raise SiteFileError("redirects is not a group of keys (expected /old: /new on each line)")
    try:
        return set_key(text, "redirects", {**known, **redirects}, list(tree.value))
    except EditError as error:
        raise SiteFileError(str(error)) from None


def that_fit(text: str, redirects: Mapping[str, str], *, max_bytes: int) -> dict[str, str]:
    """Return the first redirects, as many as fit into a site file of at most `max_bytes`."""
    room, fitting = max_bytes - len(text.encode()) - 1000, {}
    for old, new in redirects.items():
        room -= len(old.encode()) + len(new.encode()) + 12
        if room > 0:
            fitting[old] = new
    return fitting
