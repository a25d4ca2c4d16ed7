"""Pictures in the HTML of other systems: their addresses, sizes and figures.

It fetches no pictures.
"""

from __future__ import annotations

import re

from bs4.element import Tag

from .old_feed import absolute_url, split_url

_PICTURE_EXTENSION = re.compile(r"\.(jpe?g|png|gif|webp)(?=$|[?#])", re.IGNORECASE)


def is_picture_url(address: str) -> bool:
    """Return whether an address looks like a picture's by its file extension."""
    return _PICTURE_EXTENSION.search(address) is not None


def figure_of(image: Tag) -> Tag:
    """Return the figure around a picture if it contains no other, or else the picture."""
    figure = image.find_parent("figure")
    return figure if figure and len(figure.find_all("img")) == 1 else image


def sizes_of(image: Tag) -> list[tuple[str, float]]:
    """Return the sources in a picture's `srcset`, each with its width in pixels or its density."""
    candidates = re.findall(
        r"(?<![^\s,])(\S{1,2000}+)\s+([0-9.]+)[wx]\s*(?:,|$)",
        str(image.get("srcset") or image.get("data-srcset") or ""),
    )
    return [(address, float(size)) for address, size in candidates if re.fullmatch(r"[0-9]+(\.[0-9]+)?", size)]


def same_picture(first: str, second: str) -> bool:
    """Return whether two addresses are of the same picture, which WordPress stores in several sizes."""
    parts = [split_url(each) for each in (first, second)]
    paths = [re.sub(r"(-[0-9]+x[0-9]+|-scaled)(?=\.[a-z]+$)", "", each.path.lower()) for each in parts]
    return paths[0] == paths[1] and (is_picture_url(paths[0]) or parts[0].query == parts[1].query)


def best_source(image: Tag, base: str) -> str:
    """Return the URL of the largest version that the HTML names or links to."""
    source = str(image.get("src") or "")
    if sizes := sizes_of(image):
        source = max(sizes, key=lambda each: each[1])[0]
    parent = image.parent
    if isinstance(parent, Tag) and parent.name == "a" and is_picture_url(str(parent.get("href"))):
        source = str(parent["href"])
    return absolute_url(base, source.partition("#joomlaImage")[0].strip())
