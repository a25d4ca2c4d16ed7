"""Adds redirects to `site.yaml`; all other lines stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from feeds.base.atomic import atomic_write
from feeds.content.folder import ContentFolder
from feeds.model.site import Site, read_site
from feeds.model.site_types import OldPath
from feeds.model.yaml_edit import EditError, set_key
from feeds.model.yamlfile import MAX_YAML_BYTES, parse_yaml

_SPARE_BYTES = 1000
"""Bytes of a site file that redirects leave free for other keys."""


class SiteFileError(Exception):
    """Raised if redirects cannot be added to a site file, with a message for administrators."""


@dataclass(frozen=True)
class PlannedRedirects:
    """Redirects, grouped by what becomes of them.

    `fitting` are those that the site file has room for; `excess` is how many others there are. `outside` are old paths
    that are not below the path of the site, and `unusable` those that no site file can contain.
    """

    fitting: Mapping[str, str]
    excess: int
    outside: tuple[str, ...]
    unusable: tuple[str, ...]


class SiteFile:
    """The site file of a content folder, to which redirects are added."""

    def __init__(self, content: ContentFolder, site: Site, redirects: Mapping[str, str]) -> None:
        """Read the file, and select the redirects to add."""
        self._content, self._path = content, content.site_file.resolve()
        self._text = self._path.read_bytes().decode()
        outside = tuple(old for old in redirects if not f"{old}/".startswith(f"{site.path}/"))
        inside = {old.removeprefix(site.path): new for old, new in redirects.items() if old not in set(outside)}
        usable = {old: new for old, new in inside.items() if _is_usable(old)}
        fitting = first_that_fit(self._text, usable, max_bytes=MAX_YAML_BYTES)
        unusable = tuple(old for old in inside if old not in usable)
        self.redirects = PlannedRedirects(fitting, len(usable) - len(fitting), outside, unusable)

    def add(self, *, writes: bool) -> Site:
        """Return the site with the redirects, and write its file if `writes`.

        Raises SiteFileError if the file would not be valid, or if other keys would change.
        """
        fitting = self.redirects.fitting
        text = add_redirects(self._text, fitting)
        old_tree, _ = parse_yaml(self._text.encode(), str(self._content.site_file))
        tree, problems = parse_yaml(text.encode(), str(self._content.site_file))
        if fitting and old_tree and tree:
            expected = {**old_tree.value, "redirects": {**(old_tree.value.get("redirects") or {}), **fitting}}
            if tree.value != expected:
                raise SiteFileError("the redirects would change other keys")
        site = read_site(tree, self._content.media) if tree else None
        errors = [str(each.message) for each in (tree.problems if tree else problems) if each.severity == "error"]
        if site is None or errors:
            raise SiteFileError(f"it would be invalid with the redirects: {'; '.join(errors)}")
        if writes and text != self._text:
            mode = self._path.stat().st_mode
            atomic_write(self._path, text.encode())
            self._path.chmod(mode)
        return site.with_url(self._content.url) if self._content.url else site


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


def first_that_fit(text: str, redirects: Mapping[str, str], *, max_bytes: int) -> dict[str, str]:
    """Return as many of the first redirects as fit into a site file of `max_bytes`."""
    room, fitting = max_bytes - len(text.encode()) - _SPARE_BYTES, {}
    for old, new in redirects.items():
        room -= len(old.encode()) + len(new.encode()) + 12
        if room > 0:
            fitting[old] = new
    return fitting


def _is_usable(old: str) -> bool:
    try:
        TypeAdapter(OldPath).validate_python(old)
    except ValueError:
        return False
    return True
