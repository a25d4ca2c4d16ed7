"""Stylesheets and scripts of the pages, and the stylesheet for a feed opened in a browser.

They are files of the package. Only the site's colour and translated texts are inserted.
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

MIN_CONTRAST = 4.5
"""Minimum contrast ratio of text on its background (WCAG 2.2, success criterion 1.4.3, level AA)."""

_LINK_COLOURS = {"#0b5c8e": ("#fbfaf8", MIN_CONTRAST), "#8fc1e3": ("#1e2227", 7)}
"""Link colours in style.css, light and dark, each with the background that is hardest to read on
and the minimum contrast ratio on it.
"""


@cache
def read(name: str) -> bytes:
    """Read a file in the package's `static` folder."""
    return (files("feeds.formats") / "static" / name).read_bytes()


def style(site: Site) -> bytes:
    """Return the stylesheet of the pages in the site's colour, with enough contrast for reading."""
    return _style(site.accent)


@lru_cache(maxsize=8)
def _style(accent: str) -> bytes:
    text = read("style.css").decode()
    for colour, (background, min_contrast) in _LINK_COLOURS.items():
        text = text.replace(colour, with_min_contrast(accent, background, min_contrast))
    return text.encode()


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


def with_min_contrast(colour: str, background: str, min_contrast: float = MIN_CONTRAST) -> str:
    """Return the colour with the minimum contrast: darkened on a light background, lightened on a dark one."""
    return next(shade for shade in _shades(colour, background) if contrast(shade, background) >= min_contrast)


def _shades(colour: str, background: str) -> Iterator[str]:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in _rgb(colour)))
    target = 0.0 if _luminance(background) > 0.5 else 1.0
    for step in range(101):
        red, green, blue = colorsys.hls_to_rgb(hue, lightness + (target - lightness) * step / 100, saturation)
        yield "#" + "".join(f"{round(channel * 255):02x}" for channel in (red, green, blue))


def contrast(first: str, second: str) -> float:
    """Compute the contrast ratio of two colours (WCAG 2.2)."""
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (n / 255 for n in _rgb(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Iterable[int]:
    return bytes.fromhex(colour.removeprefix("#"))
