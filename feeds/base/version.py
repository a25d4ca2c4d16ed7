"""Which code this is, as a digest: another may make another thing of the same content."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH

MAKERS = (
    *("babel", "brotli", "comrak", "feedgen", "jinja2", "lxml", "markupsafe", "nh3", "pillow", "pydantic"),
    *("pydantic-core", "python-slugify", "pyyaml", "regex"),
)
"""The packages whose versions tell what is read and what comes out."""


@cache
def code() -> str:
    """Give a digest of the package's files, and of the versions of Python and of what it reads and writes with."""
    root = Path(str(files("feeds")))
    found = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    for name in MAKERS:
        found.update(f"{name} {version(name)}\0".encode())
    found.update(sys.version.encode())
    return found.hexdigest()[:32]


def zone_rules(zone: str) -> str:
    """Give a digest of the rules of a time zone, where `zoneinfo` finds them: they change with governments."""
    paths = [place for base in TZPATH if (place := Path(base) / zone).is_file()]
    data = paths[0].read_bytes() if paths else files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    return hashlib.sha256(data).hexdigest()[:32]
