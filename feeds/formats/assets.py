"""The stylesheets and scripts of the pages, and the stylesheet that shows a feed which a browser opens.

They are files of the package; only the site's colour and the words of a language are put into them.
"""

from __future__ import annotations

import colorsys
import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files

from feeds.base import translations
from feeds.model.site import Site

CSS_TYPE = "text/css; charset=utf-8"
SCRIPT_TYPE = "text/javascript; charset=utf-8"

CONTRAST = 4.5
"""What text needs against its ground (WCAG 2.2, success criterion 1.4.3, level AA)."""

_GROUNDS = {"#0b5c8e": ("#fbfaf8", CONTRAST), "#8fc1e3": ("#1e2227", 7)}
"""The colours of links in style.css by light and by night, with their hardest ground there, and the contrast to it."""


@cache
def read(name: str) -> bytes:
    """Read a file of the package's folder `static`."""
    return (files("feeds.formats") / "static" / name).read_bytes()


def style(site: Site) -> bytes:
    """Give the pages' stylesheet with the site's colour in it, as light or dark as it has to be for reading."""
    return _style(site.accent)


@lru_cache(maxsize=8)
def _style(accent: str) -> bytes:
    text = read("style.css").decode()
    for colour, (ground, least) in _GROUNDS.items():
        text = text.replace(colour, readable(accent, ground, least))
    return text.encode()


def feed_style(language: str) -> bytes:
    """Give the stylesheet of feeds, with what it says in a language."""
    said = {
        "{what}": translations.say(
            language, "This is a web feed. Copy its address into a feed reader to get every new article."
        ),
        "{page}": translations.say(language, "All about this feed, and how to subscribe:"),
    }
    text = read("feed.css").decode()
    for place, sentence in said.items():
        text = text.replace(f'"{place}"', json.dumps(sentence, ensure_ascii=False))
    return text.encode()


def readable(colour: str, ground: str, least: float = CONTRAST) -> str:
    """Make a colour darker on a light ground, or lighter on a dark one, until it has the least contrast."""
    return next(each for each in _shades(colour, ground) if contrast(each, ground) >= least)


def _shades(colour: str, ground: str) -> Iterator[str]:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(colour)))
    end = 0.0 if _luminance(ground) > 0.5 else 1.0
    for step in range(101):
        red, green, blue = colorsys.hls_to_rgb(hue, lightness + (end - lightness) * step / 100, saturation)
        yield "#" + "".join(f"{round(part * 255):02x}" for part in (red, green, blue))


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (n / 255 for n in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> Iterable[int]:
    return bytes.fromhex(colour.removeprefix("#"))
