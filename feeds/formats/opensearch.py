"""OpenSearch description: how a browser or another program searches the site.

See https://github.com/dewitt/opensearch/blob/master/opensearch-1-1-draft-6.md.
"""

from __future__ import annotations

from lxml import etree

from feeds.model.site import Site

NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
CONTENT_TYPE = "application/opensearchdescription+xml; charset=utf-8"

MAX_SHORT_NAME, MAX_DESCRIPTION = 16, 1024
"""Maximum number of characters of the elements ShortName and Description."""


def path(site: Site, language: str) -> str:
    """Return the path of the description in a language."""
    return f"{site.prefix(language)}/opensearch.xml"


def render(site: Site, language: str, *, feed_type: str | None) -> bytes:
    """Render the description. `feed_type` is the media type of the feeds of searches, or None if there are none."""
    root = etree.Element(f"{{{NAMESPACE}}}OpenSearchDescription", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    title, address = site.title[language], site.absolute(site.search_path(language))
    _add(root, "ShortName", _truncate(title, MAX_SHORT_NAME))
    _add(root, "Description", _truncate(site.subtitle[language], MAX_DESCRIPTION))
    _add(root, "Url", type="text/html", template=f"{address}?q={{searchTerms}}")
    if feed_type:
        _add(root, "Url", type=feed_type, template=f"{address}.rss?q={{searchTerms}}")
    _add(root, "Url", type=CONTENT_TYPE.partition(";")[0], rel="self", template=site.absolute(path(site, language)))
    if site.icon:
        size = {"width": str(site.icon.width), "height": str(site.icon.height), "type": site.icon.type}
        _add(root, "Image", site.absolute(site.icon.url_path), **size)
    _add(root, "Language", language)
    _add(root, "InputEncoding", "UTF-8")
    data: bytes = etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return data


def _add(root: etree._Element, name: str, text: str | None = None, **attributes: str) -> None:
    etree.SubElement(root, f"{{{NAMESPACE}}}{name}", attributes).text = text


def _truncate(text: str, length: int) -> str:
    """Return a text, cut at a space if it is too long."""
    return text if len(text) <= length else text[: length + 1].rpartition(" ")[0] or text[:length]
