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
def code_digest(*rooms: str) -> str:
    """Return a digest of the files of some rooms, or of the whole package, and of the versions of what they use."""
    root = Path(str(files("feeds")))
    paths = (path for place in rooms or ("",) for path in (root / place).rglob("*"))
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file() and path.suffix != ".pyc"):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    for name in MAKERS:
        digest.update(f"{name} {version(name)}\0".encode())
    digest.update(sys.version.encode())
    return digest.hexdigest()[:32]


def zone_rules(zone: str) -> str:
    """Give a digest of the rules of a time zone, where `zoneinfo` finds them: they change with governments."""
    paths = [place for base in TZPATH if (place := Path(base) / zone).is_file()]
    data = paths[0].read_bytes() if paths else files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    return hashlib.sha256(data).hexdigest()[:32]
