"""Players of videos and sounds in the HTML of other systems: the links that replace them.

It fetches nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from bs4.element import Tag

from .old_feed import absolute_url, split_url


def player_link(player: Tag, base: str) -> tuple[str, str]:
    """Return the label and URL of an embedded video or sound, or two empty strings."""
    source = player.get("src") or next((each.get("src") for each in player.find_all("source") if each.get("src")), None)
    address = _watch_url(absolute_url(base, str(source))) if source else ""
    if not address:
        return "", ""
    name = PurePosixPath(unquote(split_url(address).path)).name
    return str(player.get("title") or "").strip() or (name if "." in name else split_url(address).netloc), address


def _watch_url(address: str) -> str:
    """Return the page of an embedded YouTube or Vimeo video; other addresses are unchanged."""
    parts = split_url(address)
    if re.search(r"(^|\.)youtube(-nocookie)?\.com$", parts.netloc) and parts.path.startswith("/embed/"):
        return f"https://www.youtube.com/watch?v={parts.path.removeprefix('/embed/')}"
    if parts.netloc == "player.vimeo.com" and parts.path.startswith("/video/"):
        return f"https://vimeo.com/{parts.path.removeprefix('/video/')}"
    return address
