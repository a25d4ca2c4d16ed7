"""Stylesheets and scripts of the pages, and the stylesheet for a feed opened in a browser.

They are files of the package. Only the site's colour and translated texts are inserted.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from feeds.base import translations
from feeds.model.site import Site

CSS_TYPE = "text/css; charset=utf-8"
SCRIPT_TYPE = "text/javascript; charset=utf-8"
PICTURE_TYPE = "image/png"

DEFAULT_ACCENT, DEFAULT_DARK_ACCENT = "#0b5c8e", "#53b5f2"
"""The colours of links in style.css: on light and on dark pages."""


@cache
def read(name: str, package: str = "feeds.formats") -> bytes:
    """Read a file in a package's `static` folder."""
    return (files(package) / "static" / name).read_bytes()


def style(site: Site) -> bytes:
    """Return the stylesheet of the pages in the site's colour, followed by the site's own."""
    text = read("style.css").decode()
    if site.accent != DEFAULT_ACCENT:
        text = text.replace(DEFAULT_ACCENT, site.accent)
        text = text.replace(DEFAULT_DARK_ACCENT, f"color-mix(in srgb, {site.accent} 40%, white)")
    return f"{text}\n{site.stylesheet.text}".encode() if site.stylesheet else text.encode()


def feed_style(language: str) -> bytes:
    """Return the stylesheet of feeds, with its texts in a language."""
    texts = {
        "{what}": translations.translate(
            language, "This is a web feed. Copy its address into a feed reader to get every new article."
        ),
        "{page}": translations.translate(language, "All about this feed, and how to subscribe:"),
    }
    text = read("feed.css").decode()
    for placeholder, translated in texts.items():
        text = text.replace(f'"{placeholder}"', json.dumps(translated, ensure_ascii=False))
    return text.encode()
