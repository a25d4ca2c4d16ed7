"""Systems: what other publishers call their feeds, and what they add to an author's text.

It is a table; `docs/moving.md` tells people the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from feeds.model.site_fields import slug


@dataclass(frozen=True)
class System:
    """A publisher: how its feeds say who made them, where they are, and what of their HTML is not the author's.

    `feeds` are the paths of its feed of everything, `category` and `tag` those of one, each with the ending that the
    format has here; `{}` stands for the slug. `extras` are CSS selectors. The home of a feed that `has_home`
    is the site's own, also where the feed is of one category.
    """

    name: str
    generator: str
    feeds: dict[str, str] = field(default_factory=dict)
    category: dict[str, str] = field(default_factory=dict)
    tag: dict[str, str] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    pages: str = ""
    joined: str = ""
    has_home: bool = False

    def slug(self, name: str) -> str:
        """Make the slug that the system makes of a name; `joined` are characters that it drops within words."""
        return slug(name.translate(dict.fromkeys(map(ord, self.joined))))


SYSTEMS = (
    System(
        "WordPress",
        "wordpress",
        {"/feed/": "rss", "/feed/rss2/": "rss", "/feed/rdf/": "rss", "/feed/atom/": "atom"}
        | {"/?feed=rss2": "rss", "/?feed=atom": "atom"},
        {"/category/{}/feed/": "rss", "/category/{}/feed/atom/": "atom"},
        {"/tag/{}/feed/": "rss", "/tag/{}/feed/atom/": "atom"},
        (".more-link", ".sharedaddy", ".jp-relatedposts"),
        "paged",
        "’'",
        has_home=True,
    ),
    System(
        "Joomla",
        "joomla",
        {"/?format=feed&type=rss": "rss", "/?format=feed&type=atom": "atom"}
        | {"/index.php?format=feed&type=rss": "rss", "/index.php?format=feed&type=atom": "atom"},
        {"/{}?format=feed&type=rss": "rss", "/{}?format=feed&type=atom": "atom"},
        {},
        (".feed-readmore",),
    ),
    System(
        "Drupal",
        "drupal",
        {"/rss.xml": "rss"},
        extras=(
            *(".field--name-title", ".field--name-uid", ".field--name-created", ".field-label", ".field__label"),
            "ul.links",
        ),
    ),
    System(
        "Hugo",
        "hugo",
        {"/index.xml": "rss"},
        {"/categories/{}/index.xml": "rss"},
        {"/tags/{}/index.xml": "rss"},
    ),
    System(
        "Jekyll",
        "jekyll",
        {"/feed.xml": "atom"},
        {"/feed/{}.xml": "atom"},
        {"/feed/by_tag/{}.xml": "atom"},
        has_home=True,
    ),
    System("Ghost", "ghost", {"/rss/": "rss"}, {"/tag/{}/rss/": "rss"}, {"/tag/{}/rss/": "rss"}, joined="’'"),
    System(
        "SPIP",
        "spip",
        {"/spip.php?page=backend": "rss", "/?page=backend": "rss"},
        extras=("a[rel~=directory]", "a[rel~=tag]"),
    ),
    System("TYPO3", "typo3", {"/?type=9818": "rss"}),
)

_DRUPAL_ID = re.compile("[0-9]+ at https?://")


def system_of(generator: str, ids: Iterator[str] | list[str]) -> System | None:
    """Tell which system made a feed; Drupal does not say, but its ids do."""
    found = next((each for each in SYSTEMS if re.search(rf"\b{each.generator}\b", generator, re.IGNORECASE)), None)
    if found is None and any(_DRUPAL_ID.match(id) for id in ids):
        return next(each for each in SYSTEMS if each.name == "Drupal")
    return found
