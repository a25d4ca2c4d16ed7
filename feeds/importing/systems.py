"""Publishing systems: the paths of their feeds, and the markup that they add to texts.

Keep the tables in `docs/guides/moving.md` in step with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from feeds.model.site_types import slug


@dataclass(frozen=True)
class System:
    """A publishing system: how to recognise it, its feeds, and its boilerplate.

    `feeds` are the paths of its feed of everything; `category`, `tag` and `section` are those of a single one, where
    `{}` stands for the slug. Each maps to the file extension of our format, or to an empty string if it is the page
    of a list. `boilerplate` are CSS selectors of what it adds to texts. With `has_home`, every feed names the home page
    of the whole site. With `has_languages`, paths of other languages begin with their codes. With `keeps_accents`,
    slugs keep accents and doubled hyphens.
    """

    name: str
    generator: str
    feeds: dict[str, str] = field(default_factory=dict)
    category: dict[str, str] = field(default_factory=dict)
    tag: dict[str, str] = field(default_factory=dict)
    section: dict[str, str] = field(default_factory=dict)
    boilerplate: tuple[str, ...] = ()
    page_parameter: str = ""
    dropped_characters: str = ""
    has_home: bool = False
    has_languages: bool = False
    keeps_accents: bool = False

    def slugs(self, name: str) -> list[str]:
        """Return the slugs that the system may derive from a name."""
        own = slug(name.translate(dict.fromkeys(map(ord, self.dropped_characters))))
        return [re.sub(r"[^\w./#+~@-]", "", name.lower().replace(" ", "-")), own] if self.keeps_accents else [own]


SYSTEMS = (
    System(
        "WordPress",
        "wordpress",
        {"/feed/": "rss", "/feed/rss2/": "rss", "/feed/rdf/": "rss", "/feed/atom/": "atom"}
        | {"/?feed=rss2": "rss", "/?feed=atom": "atom"},
        {"/category/{}/feed/": "rss", "/category/{}/feed/atom/": "atom", "/category/{}/": ""},
        {"/tag/{}/feed/": "rss", "/tag/{}/feed/atom/": "atom", "/tag/{}/": ""},
        boilerplate=(".more-link", ".sharedaddy", ".jp-relatedposts"),
        page_parameter="paged",
        dropped_characters="’'",
        has_home=True,
        has_languages=True,
    ),
    System(
        "Joomla",
        "joomla",
        {"/?format=feed&type=rss": "rss", "/?format=feed&type=atom": "atom"}
        | {"/index.php?format=feed&type=rss": "rss", "/index.php?format=feed&type=atom": "atom"},
        {"/{}?format=feed&type=rss": "rss", "/{}?format=feed&type=atom": "atom"},
        boilerplate=(".feed-readmore",),
    ),
    System(
        "Drupal",
        "drupal",
        {"/rss.xml": "rss"},
        boilerplate=(
            *(".field--name-title", ".field--name-uid", ".field--name-created", ".field-label", ".field__label"),
            "ul.links",
        ),
    ),
    System(
        "Hugo",
        "hugo",
        {"/index.xml": "rss"},
        {"/categories/{}/index.xml": "rss", "/categories/{}/": ""},
        {"/tags/{}/index.xml": "rss", "/tags/{}/": ""},
        {"/{}/index.xml": "rss", "/{}/": ""},
        has_languages=True,
        keeps_accents=True,
    ),
    System(
        "Jekyll",
        "jekyll",
        {"/feed.xml": "atom"},
        {"/feed/{}.xml": "atom"},
        {"/feed/by_tag/{}.xml": "atom"},
        has_home=True,
    ),
    System(
        "Ghost",
        "ghost",
        {"/rss/": "rss"},
        {"/tag/{}/rss/": "rss", "/tag/{}/": ""},
        {"/tag/{}/rss/": "rss", "/tag/{}/": ""},
        dropped_characters="’'",
    ),
    System(
        "SPIP",
        "spip",
        {"/spip.php?page=backend": "rss", "/?page=backend": "rss"},
        boilerplate=("a[rel~=directory]", "a[rel~=tag]"),
    ),
    System("TYPO3", "typo3", {"/?type=9818": "rss"}),
    System("Eleventy", "eleventy", {"/feed/feed.xml": "atom", "/feed.xml": "atom"}),
    System("Astro", "astro", {"/rss.xml": "rss"}),
    System(
        "Pelican",
        "pelican",
        {"/feeds/all.atom.xml": "atom", "/feeds/all.rss.xml": "rss"},
        {"/feeds/{}.atom.xml": "atom", "/category/{}.html": ""},
        {"/tag/{}.html": ""},
    ),
    System(
        "Zola",
        "zola",
        {"/atom.xml": "atom", "/rss.xml": "rss"},
        {"/categories/{}/atom.xml": "atom", "/categories/{}/": ""},
        {"/tags/{}/atom.xml": "atom", "/tags/{}/": ""},
        {"/{}/atom.xml": "atom", "/{}/": ""},
        has_languages=True,
    ),
    System("Hexo", "hexo", {"/atom.xml": "atom", "/rss2.xml": "rss"}, {"/categories/{}/": ""}, {"/tags/{}/": ""}),
    System(
        "Nikola",
        "nikola",
        {"/rss.xml": "rss"},
        {"/categories/cat_{}.xml": "rss", "/categories/cat_{}/": ""},
        {"/categories/{}.xml": "rss", "/categories/{}/": ""},
        has_languages=True,
    ),
)

_DRUPAL_ID = re.compile("[0-9]+ at https?://")


def system_of(generator: str, ids: Iterator[str] | list[str]) -> System | None:
    """Return the system that made a feed. Drupal's feeds do not name it, but its ids are recognisable."""
    system = next((each for each in SYSTEMS if re.search(rf"\b{each.generator}\b", generator, re.IGNORECASE)), None)
    if system is None and any(_DRUPAL_ID.match(id) for id in ids):
        return next(each for each in SYSTEMS if each.name == "Drupal")
    return system
