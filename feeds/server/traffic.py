"""Traffic: counts the requests that a process answered, by path and status; it keeps nothing else of them.

The paths of what is finished ahead are counted each, all others by their kind: no visitor can make it grow.
"""

from __future__ import annotations

import threading
from collections import Counter

KINDS = ("articles", "feeds", "media", "pictures", "preview", "static", "health", "manifest.json", "sitemap.xml")
"""The first parts of paths that are counted apart."""

OTHER = "other"

Key = tuple[str, str]
"""A path or a kind of paths, and a status such as `200`."""


class Traffic:
    """Counts since the process began."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._counts: dict[Key, int] = {}
        self._one_at_a_time = threading.Lock()

    def count(self, path: str, status: str) -> None:
        """Count an answer; `status` begins with its three digits."""
        key = path, status
        with self._one_at_a_time:
            self._counts[key] = self._counts.get(key, 0) + 1

    def counts(self) -> Counter[Key]:
        """Give all counts."""
        with self._one_at_a_time:
            known = dict(self._counts)
        found: Counter[Key] = Counter()
        for (path, status), count in known.items():
            found[path, status[:3]] += count
        return found


def kind_of(path: str, languages: tuple[str, ...]) -> str:
    """Tell what a path below the site's address is counted as, if it is not counted by itself."""
    parts = path.split("/", 3)[1:]
    first = parts[1] if len(parts) > 1 and parts[0] in languages else parts[0] if parts else ""
    return f"/{first}/…" if first in KINDS else OTHER
