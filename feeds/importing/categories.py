"""Categories: what the names that entries stand under elsewhere become here.

It reads no entry but for the names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from feeds.model.site import Site
from feeds.model.site_fields import slug

ANY = "*"
"""Stands in a mapping for entries that are in no category of ours by any of their names."""

NONE = ("uncategorized", "uncategorised", "non-classe", "non-classifie", "sans-categorie", "allgemein")
"""Slugs of what WordPress files under that nobody filed."""


class MappingError(ValueError):
    """What is wrong with a mapping, in words for people."""


@dataclass(frozen=True)
class Categories:
    """Names, each with the categories that it becomes: none means it is left out, and one that is missing is a tag."""

    mapping: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]
    unknown: tuple[str, ...] = ()
    """Names that are mapped and that no entry stands under, as those of older entries do not."""

    @classmethod
    def of(cls, names: Iterable[str], site: Site, given: Iterable[str] = (), *, tags: Iterable[str] = ()) -> Categories:
        """Map names by what is given (`Name=slug,slug`), or else by their likeness; `tags` by what is given alone.

        Raises MappingError.
        """
        counts, unknown_names = Counter(names), []
        every = dict.fromkeys([*counts, *tags])
        mapping = {name: found for name in counts if (found := _alike(name, site)) is not None}
        for each in given:
            name, sign, slugs = each.partition("=")
            wanted = tuple(part.strip() for part in slugs.split(",") if part.strip())
            if not sign or not name:
                raise MappingError(f"{each!r} is not a mapping (expected Name=category, Name=a,b or Name=)")
            if unknown := [part for part in wanted if part not in site.categories]:
                raise MappingError(f"{', '.join(unknown)} is not a category (expected {', '.join(site.categories)})")
            known = next((other for other in every if other.casefold() == name.strip().casefold()), None)
            if known is None and name != ANY:
                unknown_names.append(name)
            else:
                mapping[known or ANY] = wanted
        return cls(mapping, dict(counts.most_common()), tuple(unknown_names))

    def take(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Give the categories and the tags of an entry that stands under some names."""
        slugs: dict[str, None] = {}
        tags = []
        for name in names:
            if name in self.mapping:
                slugs.update(dict.fromkeys(self.mapping[name]))
            else:
                tags.append(name)
        return list(slugs) or list(self.mapping.get(ANY, ())), tags

    def is_answered(self, names: Iterable[str]) -> bool:
        """Tell whether somebody has said what becomes of an entry that stands under some names."""
        found = list(names)
        return ANY in self.mapping or (bool(found) and all(name in self.mapping for name in found))


def _alike(name: str, site: Site) -> tuple[str, ...] | None:
    """Find the category that has a name as its slug or as its title in any language."""
    wanted = slug(name)
    if wanted in NONE:
        return ()
    for each, category in site.categories.items():
        if wanted and wanted in (each, *map(slug, category.title.values())):
            return (each,)
    return None
