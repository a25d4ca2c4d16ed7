"""The colour of links is readable on pages, and one that is not is refused with one that is."""

from __future__ import annotations

import pytest

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
