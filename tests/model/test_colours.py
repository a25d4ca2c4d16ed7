"""The colour of links is readable on pages, and one that is not is refused with one that is."""

from __future__ import annotations

import re
from itertools import product

import pytest

from feeds.formats import assets
from feeds.model.colours import MIN_CONTRAST, PAGE_BACKGROUND, contrast, readable_shade


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("colour", ["#ffdd00", "#ffffff", "#7f7f7f", "#8fc1e3"])
def test_a_pale_colour_gets_a_darker_shade_that_is_readable(colour: str) -> None:
    assert contrast(colour, PAGE_BACKGROUND) < MIN_CONTRAST <= contrast(readable_shade(colour), PAGE_BACKGROUND)


@pytest.mark.parametrize("colour", ["#0b5c8e", "#000000", "#c8102e"])
def test_a_readable_colour_is_its_own_shade(colour: str) -> None:
    assert readable_shade(colour) == colour


def test_the_mix_for_dark_pages_is_readable_even_for_the_darkest_colour() -> None:
    assert contrast("#999999", "#1e2227") >= MIN_CONTRAST, "black at 40% with white, on raised ground"


def test_every_accent_that_is_accepted_is_readable_on_dark_pages_too() -> None:
    """style.css mixes it with white there, for links, and with the background, for panels with white text."""
    style = assets.read("style.css").decode()
    papers = re.findall("--(?:paper|raised): (#[0-9a-f]{6})", style)[2:]
    assert len(papers) == 2 and "color-mix(in srgb, var(--accent) 30%, var(--paper))" in style
    levels = range(0, 256, 51)
    for red, green, blue in product(levels, levels, levels):
        accent = f"#{red:02x}{green:02x}{blue:02x}"
        if contrast(accent, PAGE_BACKGROUND) >= MIN_CONTRAST:
            link = mixed(accent, "#ffffff", 0.4)
            assert all(contrast(link, paper) >= MIN_CONTRAST for paper in papers), accent
            assert contrast(mixed(link, papers[0], 0.3), "#ffffff") >= MIN_CONTRAST, accent
            assert contrast(accent, "#ffffff") >= MIN_CONTRAST, accent


def mixed(first: str, second: str, share: float) -> str:
    """Return color-mix(in srgb, first share, second)."""
    channels = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in channels)
