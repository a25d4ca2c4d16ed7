"""Paths at which readers look for a feed without a link to it."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model.site import Site

GUESSED_PATHS = {
    "feed": "rss",
    "feed/": "rss",
    "rss": "rss",
    "rss/": "rss",
    "feed.xml": "rss",
    "rss.xml": "rss",
    "atom.xml": "atom",
    "index.xml": "rss",
    "feed.json": "json",
}
"""The format of the feed at each of them. Miniflux tries them too, and refuses a redirect there."""


def guessed_paths(site: Site) -> Iterator[tuple[str, str]]:
    """Yield the paths below a site's address that readers guess, each with its feed's path."""
    for language in site.languages:
        home = site.home_path(language)
        yield from ((home + guess, f"{home}feeds/all.{ending}") for guess, ending in GUESSED_PATHS.items())
