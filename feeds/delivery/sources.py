"""Sources: what a build was made from, so that the next one looks only at what a change of articles affects.

It does no I/O; `folder` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter, ValidationError

MAX_CHANGED_ARTICLES = 100
"""Maximum number of changed articles whose effects are followed one by one."""


@dataclass(frozen=True)
class Sources:
    """The sources of an edition. `order` decides which documents exist, and which articles each of them shows.

    `articles` are the digest and the estimated size of each article, by slug.
    """

    order: str
    articles: dict[str, tuple[str, int]] = field(default_factory=dict)
    version: Literal[1] = 1

    def changed_since(self, previous: Sources) -> set[str] | None:
        """Return the slugs of changed articles; None if anything else changed, or more than MAX_CHANGED_ARTICLES."""
        if self.order != previous.order or self.articles.keys() != previous.articles.keys():
            return None
        changed = {slug for slug, each in self.articles.items() if previous.articles[slug] != each}
        return changed if len(changed) <= MAX_CHANGED_ARTICLES else None

    def to_json(self) -> bytes:
        """Return the sources as JSON."""
        return _SOURCES.dump_json(self)

    @classmethod
    def from_json(cls, data: bytes) -> Sources | None:
        """Parse the output of `to_json`; None for anything else, and for another version."""
        try:
            return _SOURCES.validate_json(data)
        except ValidationError:
            return None


_SOURCES = TypeAdapter(Sources)
