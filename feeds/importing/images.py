"""Pictures in the HTML of other systems: which one a tag means, and what stands with it.

It fetches none.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bs4.element import Tag

from .old_feed import joined

_PICTURE = re.compile(r"\.(jpe?g|png|gif|webp)(?=$|[?#])", re.IGNORECASE)


def leads_to_picture(address: str) -> bool:
    """Tell by its name whether something is a picture."""
    return _PICTURE.search(address) is not None


def figure_of(image: Tag) -> Tag:
    """Give what a picture goes with: its figure, if it is the only one in it."""
    figure = image.find_parent("figure")
    return figure if figure and len(figure.find_all("img")) == 1 else image


def sizes_of(image: Tag) -> list[tuple[str, float]]:
    """Give the forms of a picture, each with its width in pixels or its density."""
    found = re.findall(r"(\S+)\s+([0-9.]+)[wx]\s*(?:,|$)", str(image.get("srcset") or image.get("data-srcset") or ""))
    return [(address, float(size)) for address, size in found if re.fullmatch(r"[0-9]+(\.[0-9]+)?", size)]


def same_picture(one: str, other: str) -> bool:
    """Tell whether two addresses are of one picture, which WordPress keeps in several sizes."""
    parts = [urlsplit(each) for each in (one, other)]
    paths = [re.sub(r"(-[0-9]+x[0-9]+|-scaled)(?=\.[a-z]+$)", "", each.path.lower()) for each in parts]
    return paths[0] == paths[1] and (leads_to_picture(paths[0]) or parts[0].query == parts[1].query)


def best_source(image: Tag, base: str) -> str:
    """Give the address of the largest form of a picture that a text names: it may link to it."""
    found = str(image.get("src") or "")
    if sizes := sizes_of(image):
        found = max(sizes, key=lambda each: each[1])[0]
    parent = image.parent
    if isinstance(parent, Tag) and parent.name == "a" and leads_to_picture(str(parent.get("href"))):
        found = str(parent["href"])
    return joined(base, found.partition("#joomlaImage")[0].strip())
