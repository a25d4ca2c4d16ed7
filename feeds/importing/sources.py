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
from .languages import Languages
from .markdown_folder import MarkdownFolder, read_markdown_folder
from .old_feed import FeedError, OldEntry, OldFeed, SubscribedFeed, split_url
from .old_xml import read_feed
from .wxr import is_wordpress_export, read_wordpress_export


@dataclass(frozen=True)
class Source:
    """A source: its entries, the local files that they use, by old URL, and the feeds of the old site that are known.

    A site may have one feed per language. It `is_site` if it is the export or the folder of a site, not a feed.
    """

    feed: OldFeed
    files: Mapping[str, Path] = field(default_factory=dict)
    subscribed_feeds: tuple[SubscribedFeed, ...] = ()
    is_site: bool = True


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

    def read(self, name: str, old_feeds: Sequence[str] = ()) -> Source:
        """Return an export, a folder, or a feed with its archives.

        `old_feeds` are the feeds of the site of an export or a folder: URLs or files, which may follow a language and
        `=`. An empty string says that it had none. Raises FeedError or HttpError, also for a folder without them, and
        for a feed with them.
        """
        if "" in old_feeds and len(old_feeds) > 1:
            raise FeedError('--old-feed "" says that the site had no feed: remove it, or the others')
        folder = Path(name) if "://" not in name and Path(name).is_dir() else None
        content = find_content(folder) if folder else None
        if folder and content is None and not old_feeds:
            raise FeedError(
                f"{name} does not contain the ids that feed readers know: add --old-feed with the feed of its site "
                '(--old-feed "" if it had none)'
            )
        old = [self._old_feed(each) for each in dict.fromkeys(old_feeds) if each]
        # the path of the main feed is the shortest
        old.sort(key=lambda each: split_url(each.subscribed_feeds[0].name).path.count("/"))
        subscribed_feeds = tuple(each for source in old for each in source.subscribed_feeds)
        if content:
            return Source(*read_feeds_folder(content), subscribed_feeds)
        if folder:
            return Source(*self._folder(folder, old), subscribed_feeds)
        data, url, content_type = self._data(name)
        if export := self._export(name, data):
            return Source(export, {}, subscribed_feeds)
        if old:
            raise FeedError(f"{name} is a feed: remove --old-feed, and import the feed of each language by itself")
        return self._feed(name, data, url, content_type)

    def _old_feed(self, option: str) -> Source:
        """Return a feed of the old site. `option` is its URL or file, which may follow a language and `=`."""
        language, sign, name = option.partition("=")
        if language not in self._site.languages:
            if sign and re.fullmatch("[A-Za-z]{2,3}(-[A-Za-z]{2,4})?", language) and "://" in name:
                known = ", ".join(self._site.languages)
                raise FeedError(f"--old-feed {option}: {language} is not a language in site.yaml (expected {known})")
            language, name = "", option
        source = self._feed(name, *self._data(name))
        return replace(source, subscribed_feeds=(source.subscribed_feeds[0]._replace(language=language),))

    def _feed(self, name: str, data: bytes, url: str, content_type: str) -> Source:
        """Return a feed with its archives. Raises FeedError with its name."""
        try:
            first = read_feed(data, url or self._home or "", content_type)
        except FeedError as error:
            raise FeedError(f"{name}: {error}") from None
        if self._home:
            first = replace(first, home=self._home)
        feed = with_older(first, url, self._fetcher, self._note) if url and self._reads_archives else first
        return Source(feed, {}, (SubscribedFeed(name, first),), is_site=False)

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

    def _folder(self, folder: Path, old: Sequence[Source]) -> MarkdownFolder:
        return read_markdown_folder(
            folder,
            home=self._home,
            zone=self._site.timezone,
            languages=self._site.languages,
            old_feed=self._combined(old) if old else None,
        )

    def _combined(self, old: Sequence[Source]) -> OldFeed:
        """Return the first feed with the entries of all feeds.

        If there are several, an entry without a language gets the code in its URL, or else the language of its feed.
        What feeds state only counts if it differs, since many state the default of their system.
        """
        main = old[0].feed
        if len(old) == 1:
            return main
        languages = Languages(self._site, main)
        subscribed_feeds = [source.subscribed_feeds[0] for source in old]
        stated = [each.language or each.feed.language for each in subscribed_feeds]
        is_stated = languages.are_distinct(stated)
        entries: dict[str | int, OldEntry] = {}
        for source, subscribed, language in zip(old, subscribed_feeds, stated, strict=True):
            of_feed = subscribed.language or languages.code_in(subscribed.url) or (language if is_stated else None)
            for entry in source.feed.entries:
                own = entry.language or languages.code_in(entry.url) or of_feed
                entries.setdefault(entry.id or id(entry), replace(entry, language=own))
        return replace(main, entries=tuple(entries.values()))


def _as_utf8(data: bytes) -> bytes:
    """Return a document in UTF-8 if it is in UTF-16, which begins with a byte order mark."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data
    text = data.decode("utf-16", "replace")
    return re.sub(r"(<\?xml[^<>]*encoding=[\"'])[^\"']*", r"\1utf-8", text, count=1).encode()
