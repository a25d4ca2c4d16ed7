"""Sources of an import: a URL, a file or a folder of any supported system.

`SourceReader` recognises the kind, and returns the same type for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from feeds.base.http import HttpError
from feeds.model.site import Site

from .archives import MAX_FEED_BYTES, with_older
from .feeds_folder import find_content, read_feeds_folder
from .fetcher import Fetcher
from .ghost import is_ghost_export, read_ghost_export
from .markdown_folder import read_markdown_folder
from .old_feed import FeedError, OldFeed
from .old_xml import read_feed
from .wxr import is_wordpress_export, read_wordpress_export


@dataclass(frozen=True)
class Source:
    """A source: its entries, and the local files that they use, by old URL.

    `url` is that of the feed, if it is known. `subscribed_feed` is the feed without archives, as subscribers get it;
    None if the source does not contain one.
    """

    feed: OldFeed
    files: Mapping[str, Path] = field(default_factory=dict)
    url: str | None = None
    subscribed_feed: OldFeed | None = None


class SourceReader:
    """Reads sources. `home` is the address of the old site for those that do not contain it."""

    def __init__(
        self,
        site: Site,
        fetcher: Fetcher,
        *,
        home: str | None = None,
        types: Sequence[str] = (),
        reads_archives: bool = True,
        note: Callable[[str], None],
    ) -> None:
        """Set how to read. `types` are WordPress post types besides posts. Incomplete archives are noted."""
        self._site, self._fetcher, self._home, self._types = site, fetcher, home, types
        self._reads_archives, self._note = reads_archives, note

    def read(self, name: str, old_feed: str | None = None) -> Source:
        """Return an export, a folder, or a feed with its archives. `old_feed` is the feed of an export or a folder.

        Raises FeedError or HttpError, also if it is missing for a folder; an empty one says that there is none.
        """
        folder = Path(name) if "://" not in name and Path(name).is_dir() else None
        content = find_content(folder) if folder else None
        if folder and content is None and old_feed is None:
            raise FeedError(
                f"{name} does not contain the ids that feed readers know: add --old-feed with the feed of its site "
                '(--old-feed "" if it had none)'
            )
        old = self._feed(old_feed, *self._data(old_feed)) if old_feed else None
        if content:
            return Source(*read_feeds_folder(content), *_known(old))
        if folder:
            return self._folder(folder, old)
        data, url, content_type = self._data(name)
        if export := self._export(name, data):
            return Source(export, {}, *_known(old))
        return self._feed(name, data, url, content_type)

    def _feed(self, name: str, data: bytes, url: str, content_type: str) -> Source:
        """Return a feed with its archives. Raises FeedError with its name."""
        try:
            first = read_feed(data, url or self._home or "", content_type)
        except FeedError as error:
            raise FeedError(f"{name}: {error}") from None
        if self._home:
            first = replace(first, home=self._home)
        feed = with_older(first, url, self._fetcher, self._note) if url and self._reads_archives else first
        return Source(feed, {}, name if url else None, first)

    def _data(self, name: str) -> tuple[bytes, str, str]:
        """Return the bytes of a file or of a response, with its address and media type if it has one."""
        if "://" in name:
            response = self._fetcher.get(name, max_bytes=MAX_FEED_BYTES)
            data = _as_utf8(response.data)
            return data, response.url, response.content_type if data is response.data else ""
        try:
            return _as_utf8(Path(name).read_bytes()), "", ""
        except OSError as error:
            raise HttpError(f"{name}: {error.strerror} (expected a file, a folder or a URL)") from None

    def _export(self, name: str, data: bytes) -> OldFeed | None:
        """Return the posts of an export of WordPress or Ghost, or None if it is neither. Raises FeedError."""
        if data.startswith(b"PK\x03\x04"):
            raise FeedError(f"{name} is a ZIP archive (unpack it, and import the file in it)")
        try:
            if is_wordpress_export(data):
                return read_wordpress_export(data, self._site.timezone, self._types)
            return read_ghost_export(data, self._home or self._site.url) if is_ghost_export(data) else None
        except FeedError as error:
            raise FeedError(f"{name}: {error}") from None

    def _folder(self, folder: Path, old: Source | None) -> Source:
        read = read_markdown_folder(
            folder,
            home=self._home,
            zone=self._site.timezone,
            languages=self._site.languages,
            old_feed=old.feed if old else None,
        )
        return Source(read.feed, read.files, *_known(old))


def _as_utf8(data: bytes) -> bytes:
    """Return a document in UTF-8 if it is in UTF-16, which begins with a byte order mark."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data
    text = data.decode("utf-16", "replace")
    return re.sub(r"(<\?xml[^<>]*encoding=[\"'])[^\"']*", r"\1utf-8", text, count=1).encode()


def _known(old: Source | None) -> tuple[str | None, OldFeed | None]:
    """Return the address of an old feed, and the feed as its subscribers have it."""
    return (old.url, old.subscribed_feed) if old else (None, None)
