"""Pages of feeds: where a person who opens a feed in a browser is redirected."""

from __future__ import annotations

import re
from functools import lru_cache

from feeds.model.site import Site

from .guessed_paths import guessed_paths

RAW = "raw"
"""Name of the query parameter with which a person sees the feed itself."""

ANCHOR = "subscribe"
"""Id of the part of a page that says how to subscribe."""


def feed_pattern(site: Site) -> str:
    """Return a regular expression that matches the paths of feeds and archives. Its group `page` is the page's path.

    It is written for nginx (PCRE); Python spells the named group differently.
    """
    languages = "|".join(["", *(f"/{language}" for language in site.languages[1:])])
    page = rf"{re.escape(site.path)}(?:{languages})/feeds/(?:(?:tags|authors)/)?[a-z0-9-]+"
    return rf"(?<page>{page})(?:/[0-9]{{4}}-[0-9]{{2}}(?:-[0-9]+)?)?[.](?:[a-z]+[.]rss|rss|atom|json)"


def guessed_pages(site: Site) -> dict[str, str]:
    """Return the paths that readers guess, each with the path of its feed's page."""
    return {site.path + guess: site.path + path.rpartition(".")[0] for guess, path in guessed_paths(site)}


def feed_page(site: Site, path: str) -> str | None:
    """Return the path of the page about the feed at a path, or None if it is not the path of a feed."""
    pattern, guesses = _compiled(feed_pattern(site)), guessed_pages(site)
    match = pattern.fullmatch(path)
    return match["page"] if match else guesses.get(path)


@lru_cache(maxsize=4)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("(?<page>", "(?P<page>"))
