"""What exists in other articles, and is proposed in forms: tags and authors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from feeds.model.article import Article

FREQUENT_TAGS = 12
"""Tags that can be chosen with a click."""


@dataclass(frozen=True)
class Suggestions:
    """All tags and authors, the most frequent first."""

    tags: list[str]
    authors: list[str]

    @property
    def frequent_tags(self) -> list[str]:
        """The tags that can be chosen with a click."""
        return self.tags[:FREQUENT_TAGS]

    @classmethod
    def of(cls, articles: Mapping[str, Article]) -> Suggestions:
        """Return what the articles have."""
        tags = Counter(tag for article in articles.values() for tag in article.tags)
        authors = Counter(author.name for article in articles.values() for author in article.authors)
        return cls([tag for tag, _ in tags.most_common()], [name for name, _ in authors.most_common()])
