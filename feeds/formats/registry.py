"""The table of feed formats.

Each output is a module that renders values as bytes. FORMATS lists those in which a feed is
published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from feeds.feed.values import Feed

from . import jsonfeed, rss_atom


@dataclass(frozen=True, slots=True)
class Format:
    """A feed format: its file extension in URLs, its name, media type, specification and renderer."""

    ending: str
    name: str
    content_type: str
    spec: str
    render: Callable[[Feed], bytes]

    @property
    def media_type(self) -> str:
        """The media type without parameters, as used in links."""
        return self.content_type.partition(";")[0]


FORMATS = {
    format.ending: format
    for format in (
        Format(
            "rss",
            "RSS 2.0",
            "application/rss+xml; charset=utf-8",
            "https://www.rssboard.org/rss-specification",
            rss_atom.render_rss,
        ),
        Format(
            "atom",
            "Atom 1.0",
            "application/atom+xml; charset=utf-8",
            "https://www.rfc-editor.org/rfc/rfc4287",
            rss_atom.render_atom,
        ),
        Format(
            "json",
            "JSON Feed 1.1",
            "application/feed+json",
            "https://www.jsonfeed.org/version/1.1/",
            jsonfeed.render,
        ),
    )
}
