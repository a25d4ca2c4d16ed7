"""What is there for programs that go through the site: sitemap.xml, robots.txt and security.txt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from feeds.model.site import Site

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"

_NAMES: Any = {None: SITEMAP, "xhtml": XHTML}  # None is what lxml calls the namespace without a prefix

SECURITY = "/.well-known/security.txt"
"""Where RFC 9116 has it below the site's address."""

SITEMAP_TYPE = "application/xml; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"

MOST = 50_000
"""Addresses that one sitemap may have (https://www.sitemaps.org/protocol.html); for more, one lists the others."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its URL, when it changed, and the URLs of its translations by language, its own among them."""

    url: str
    modified: datetime | None = None
    translations: tuple[tuple[str, str], ...] = ()


def sitemap(places: Iterable[Place]) -> bytes:
    """Write a sitemap (https://www.sitemaps.org/protocol.html), translations as Google reads them."""
    root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap=_NAMES)
    for place in places:
        element = _place(root, "url", place)
        for language, url in place.translations:
            etree.SubElement(element, f"{{{XHTML}}}link", rel="alternate", hreflang=language, href=url)
    return _written(root)


def sitemap_index(urls: Iterable[str]) -> bytes:
    """Write a list of sitemaps."""
    root = etree.Element(f"{{{SITEMAP}}}sitemapindex", nsmap=_NAMES)
    for url in urls:
        _place(root, "sitemap", Place(url))
    return _written(root)


def _place(root: etree._Element, name: str, place: Place) -> etree._Element:
    element = etree.SubElement(root, f"{{{SITEMAP}}}{name}")
    etree.SubElement(element, f"{{{SITEMAP}}}loc").text = place.url
    if place.modified:
        etree.SubElement(element, f"{{{SITEMAP}}}lastmod").text = place.modified.isoformat()
    return element


def _written(root: etree._Element) -> bytes:
    data: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data


def robots(site: Site) -> bytes:
    """Let everyone read everything (RFC 9309), and name the sitemap."""
    return f"User-agent: *\nDisallow:\n\nSitemap: {site.absolute('/sitemap.xml')}\n".encode()


def security(site: Site, now: datetime) -> bytes | None:
    """Tell where to report a fault, for some ten months from an instant (RFC 9116), if the site says so.

    The text is the same for a month, so that copies of it need not change every day.
    """
    if site.security_contact is None:
        return None
    lines = {
        "Contact": site.security_contact,
        "Expires": f"{now.replace(day=1) + timedelta(days=335):%Y-%m-%d}T00:00:00Z",
        "Preferred-Languages": ", ".join(site.languages),
        "Canonical": site.absolute(SECURITY),
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items()).encode()
