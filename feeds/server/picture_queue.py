"""The queue of pictures whose renditions have not been made yet.

A few are made at once, so that a new article appears with its picture. Many are made later, while
text is served.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from feeds.content.pictures import PictureStore
from feeds.model.article import Article
from feeds.model.renditions import Original

MAX_AT_ONCE = 4
"""Maximum pictures that are made before their articles appear."""

EDITION_SECONDS = 5
"""Minimum seconds between two editions while pictures are made."""

WORK_SECONDS = 0.3
"""Seconds of work before the next poll for changes."""


class PictureQueue:
    """A queue of pictures, newest article first, followed by their smaller renditions for pages."""

    def __init__(self, store: PictureStore, *, retry_seconds: float) -> None:
        """Set the store.

        If `retry_seconds` is 0, nobody calls `work`, and all pictures are made at once.
        """
        self._store, self._retry_seconds = store, retry_seconds
        self._pending: list[Original] = []  # the newest article's last
        self._pending_smaller: list[Original] = []
        self.retry_at = 0.0
        self._edition_at = time.monotonic()
        self._seen_losses = 0

    def add(self, new_articles: Iterable[Article], articles: Iterable[Article]) -> None:
        """Queue the pictures of new articles, or of all articles if renditions were lost from the folder."""
        self._add(new_articles)
        while self._seen_losses != self._store.loss_count:
            self._seen_losses = self._store.loss_count
            self._add(articles)

    def _add(self, articles: Iterable[Article]) -> None:
        public = sorted((article for article in articles if not article.draft), key=lambda article: article.published)
        originals = dict.fromkeys(original for article in public for original in article.originals)
        missing = [original for original in originals if self._store.is_missing(original)]
        if len(missing) <= MAX_AT_ONCE or not self._retry_seconds:
            for original in missing:
                self._store.make(original)
            missing = [original for original in missing if self._store.is_missing(original)]  # the disk may be full
        self._pending += [original for original in missing if original not in self._pending]
        self._pending_smaller += originals

    def work(self) -> bool:
        """Make some pictures; return whether it is time for an edition with them."""
        start, previous = time.monotonic(), self._store.pictures
        remaining = len(self._pending) if start >= self.retry_at else 0
        while remaining and time.monotonic() < start + WORK_SECONDS:
            remaining -= 1
            original = self._pending.pop()
            self._store.make(original)
            if self._store.is_missing(original):  # the picture is not the cause: the folder may be usable later
                self._pending.insert(0, original)
                self.retry_at, remaining = start + self._retry_seconds, 0
        while self._pending_smaller and not self._pending and time.monotonic() < start + WORK_SECONDS:
            self._store.make_small_pictures(self._pending_smaller.pop())
        is_time = not remaining or time.monotonic() >= self._edition_at + EDITION_SECONDS
        if not is_time or self._store.pictures is previous:
            return False
        self._edition_at = time.monotonic()
        return True
