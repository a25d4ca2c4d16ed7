"""A digest of the code and its dependencies, since other code may render the same content differently."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH

DIGESTED_PACKAGES = (
    *("babel", "brotli", "comrak", "feedgen", "jinja2", "lxml", "markupsafe", "nh3", "pillow", "pydantic"),
    *("pydantic-core", "python-slugify", "pyyaml", "regex"),
)
"""Packages whose versions affect what is parsed and produced."""


@cache
def code_digest(*subpackages: str, without: tuple[str, ...] = ()) -> str:
    """Return a digest of the files of the subpackages (all by default) and of the versions of dependencies.

    `without` are the starts of paths below `feeds/` that are left out.
    """
    root = Path(str(files("feeds")))
    paths = (path for subpackage in subpackages or ("",) for path in (root / subpackage).rglob("*"))
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file() and path.suffix != ".pyc"):
        if path.relative_to(root).as_posix().startswith(without):
            continue
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    for name in DIGESTED_PACKAGES:
        digest.update(f"{name} {version(name)}\0".encode())
    digest.update(sys.version.encode())
    return digest.hexdigest()[:32]


def zone_rules_digest(zone: str) -> str:
    """Return a digest of a time zone's rules, as `zoneinfo` finds them: governments change them."""
    paths = [path for base in TZPATH if (path := Path(base) / zone).is_file()]
    data = paths[0].read_bytes() if paths else files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    return hashlib.sha256(data).hexdigest()[:32]
