"""Contrast of colours (WCAG 2.2, success criterion 1.4.3, level AA)."""

from __future__ import annotations

MIN_CONTRAST = 4.5
"""Minimum contrast ratio of text on its background."""

PAGE_BACKGROUND = "#fbfaf8"
"""The background of pages in style.css."""


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours such as #0b5c8e: 1 to 21."""
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def readable_shade(colour: str) -> str:
    """Return a colour that is readable on pages: the same one, or the first darker one."""
    shades = ("#" + "".join(f"{channel * step // 100:02x}" for channel in _rgb(colour)) for step in range(100, -1, -1))
    return next(shade for shade in shades if contrast(shade, PAGE_BACKGROUND) >= MIN_CONTRAST)


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (n / 255 for n in _rgb(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))
