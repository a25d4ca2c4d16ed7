"""Files for crawlers: sitemap.xml, robots.txt and security.txt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from feeds.model.site import Site

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"

_NAMESPACES: Any = {None: SITEMAP, "xhtml": XHTML}  # in lxml, None is the default namespace

SECURITY_TXT_PATH = "/.well-known/security.txt"
"""Path of security.txt below the site's address (RFC 9116)."""

SITEMAP_TYPE = "application/xml; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"

MAX_SITEMAP_URLS = 50_000
"""Maximum URLs in a sitemap (https://www.sitemaps.org/protocol.html); more are split up and listed
in a sitemap index.
"""


@dataclass(frozen=True, slots=True)
class SitemapPage:
    """A page: its URL, modification time, and URLs by language, of its translations and itself."""

    url: str
    modified: datetime | None = None
    translations: tuple[tuple[str, str], ...] = ()


def sitemap(pages: Iterable[SitemapPage]) -> bytes:
    """Render a sitemap (https://www.sitemaps.org/protocol.html), with translations in Google's format."""
    root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap=_NAMESPACES)
    for page in pages:
        element = _add_page(root, "url", page)
        for language, url in page.translations:
            etree.SubElement(element, f"{{{XHTML}}}link", rel="alternate", hreflang=language, href=url)
    return _serialize(root)


def sitemap_index(urls: Iterable[str]) -> bytes:
    """Render a sitemap index, a list of sitemaps."""
    root = etree.Element(f"{{{SITEMAP}}}sitemapindex", nsmap=_NAMESPACES)
    for url in urls:
        _add_page(root, "sitemap", SitemapPage(url))
    return _serialize(root)


def _add_page(root: etree._Element, name: str, page: SitemapPage) -> etree._Element:
    element = etree.SubElement(root, f"{{{SITEMAP}}}{name}")
    etree.SubElement(element, f"{{{SITEMAP}}}loc").text = page.url
    if page.modified:
        etree.SubElement(element, f"{{{SITEMAP}}}lastmod").text = page.modified.isoformat()
    return element


def _serialize(root: etree._Element) -> bytes:
    data: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data


def robots_txt(site: Site) -> bytes:
    """Render a robots.txt that allows everything (RFC 9309) and names the sitemap."""
    return f"User-agent: *\nDisallow:\n\nSitemap: {site.absolute('/sitemap.xml')}\n".encode()


def security_txt(site: Site, now: datetime) -> bytes | None:
    """Render security.txt (RFC 9116), or return None if the site has no security contact.

    It expires some ten months after `now`. The text is the same for a month, so that copies need
    not change every day.
    """
    if site.security_contact is None:
        return None
    lines = {
        "Contact": site.security_contact,
        "Expires": f"{now.replace(day=1) + timedelta(days=335):%Y-%m-%d}T00:00:00Z",
        "Preferred-Languages": ", ".join(site.languages),
        "Canonical": site.absolute(SECURITY_TXT_PATH),
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items()).encode()
