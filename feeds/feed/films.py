"""Films on other sites, recognised by the addresses of their pages; nothing is fetched from there."""

from __future__ import annotations

import re

PICTURE_PATH = "/static/film.png"
"""Path of the picture that links to films: the services' own pictures would tell them who reads our pages."""

WIDTH, HEIGHT = 1280, 720
"""Size of the picture in pixels."""

_ADDRESSES = (
    ("YouTube", r"(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*&)?v=|shorts/|live/|embed/)[\w-]{6,}"),
    ("YouTube", r"youtu\.be/[\w-]{6,}"),
    ("Vimeo", r"(?:www\.|player\.)?vimeo\.com/(?:video/|channels/[\w-]+/)?[0-9]+"),
    ("Dailymotion", r"(?:www\.)?dailymotion\.com/(?:embed/)?video/[a-zA-Z0-9]+"),
    ("Dailymotion", r"dai\.ly/[a-zA-Z0-9]+"),
    ("PeerTube", r"[^/?#]+/(?:w/[1-9A-HJ-NP-Za-km-z]{22}|videos/(?:watch|embed)/[0-9a-f-]{36})"),
)
_PATTERNS = [(name, re.compile(f"https?://{pattern}(?=[/?#&]|$)")) for name, pattern in _ADDRESSES]

_MARKS = ("youtu", "vimeo", "dailymotion", "dai.ly", "/w/", "/videos/")


def may_contain_film(text: str) -> bool:
    """Return whether a text may contain the address of a film; it is quick, and seldom wrong."""
    return any(mark in text for mark in _MARKS)


def service_of(url: str) -> str | None:
    """Return the name of the service that shows a film at an address, or None."""
    return next((name for name, pattern in _PATTERNS if pattern.match(url)), None)
