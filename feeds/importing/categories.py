"""Categories: maps the category names of another system to our categories.

Names are all that it reads of an entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote

from feeds.model.site import Site
from feeds.model.site_types import slug

FALLBACK_NAME = "*"
"""Name in a mapping that stands for entries without any other category."""

UNCATEGORIZED_SLUGS = ("uncategorized", "uncategorised", "non-classe", "non-classifie", "sans-categorie", "allgemein")
"""Slugs of the default category that WordPress gives to posts without one."""


class MappingError(ValueError):
    """Raised for an invalid mapping, with a message for users."""


@dataclass(frozen=True)
class Categories:
    """Category names of another system, and the categories here that they map to.

    A name that maps to no category is dropped. A name without a mapping becomes a tag.
    """

    mapping: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]
    slugs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: Collection[str] = ()
    """Names that are dropped although no option says so: those of default categories."""

    unknown: tuple[str, ...] = ()
    """Mapped names that no entry of this feed has, for example because only older entries had them."""

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        site: Site,
        options: Iterable[str] = (),
        *,
        tags: Iterable[str] = (),
        slugs: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> Categories:
        """Return the mapping of names: as given (`Name=slug,slug`), or else to similar categories of ours.

        `tags` are mapped only if they are given. `slugs` are those of names on the old site, if it has others than
        ours; options may contain them too. Raises MappingError.
        """
        counts, unknown_names = Counter(names), []
        all_names = [*reversed([*tags]), *reversed([*counts])]  # of names that differ in case, the first counts
        spellings = {unquote(each).casefold(): name for name in all_names for each in slugs.get(name, ())}
        spellings |= {name.casefold(): name for name in all_names}
        mapping = {
            name: match for name in counts if (match := _matching_category(name, slugs.get(name, ()), site)) is not None
        }
        dropped = {name for name, targets in mapping.items() if not targets}
        given_names: set[str] = set()
        for option in options:
            name, sign, given = option.partition("=")
            targets = tuple(part.strip() for part in given.split(",") if part.strip())
            if not sign or not name:
                raise MappingError(f"{option!r} is not a mapping (expected Name=category, Name=a,b or Name=)")
            if unknown := [part for part in targets if part not in site.categories]:
                raise MappingError(f"{', '.join(unknown)} is not a category (expected {', '.join(site.categories)})")
            known_name = spellings.get(name.strip().casefold())
            key = known_name or name
            if key in given_names:
                raise MappingError(f"--map names {key} twice (expected one option, such as {key}=a,b)")
            given_names.add(key)
            if known_name is None and name != FALLBACK_NAME:
                unknown_names.append(name)
            else:
                mapping[known_name or FALLBACK_NAME] = targets
        return cls(mapping, dict(counts.most_common()), slugs, dropped - given_names, tuple(unknown_names))

    def resolve(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return the categories and the tags of an entry that has these names."""
        slugs: dict[str, None] = {}
        tags = []
        for name in names:
            if name in self.mapping:
                slugs.update(dict.fromkeys(self.mapping[name]))
            else:
                tags.append(name)
        return list(slugs) or list(self.mapping.get(FALLBACK_NAME, ())), tags

    def covers(self, names: Iterable[str]) -> bool:
        """Return whether the mapping decides about an entry with these names, even if it leaves the entry out."""
        entry_names = list(names)
        return FALLBACK_NAME in self.mapping or (
            bool(entry_names) and all(name in self.mapping and name not in self.dropped for name in entry_names)
        )


def _matching_category(name: str, old_slugs: Iterable[str], site: Site) -> tuple[str, ...] | None:
    """Return the category whose slug or title matches a name or an old slug, () for a default category, or None."""
    for name_slug in filter(None, (slug(name), *map(unquote, old_slugs))):
        for category_slug, category in site.categories.items():
            if name_slug in (category_slug, *map(slug, category.title.values())):
                return (category_slug,)
    return () if slug(name) in UNCATEGORIZED_SLUGS else None
