"""The queue of pictures whose renditions have not been made yet, and the thread that makes them.

A new article waits for its picture for a few seconds. If many pictures are missing, or one takes longer, the article is
first published without it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from feeds.content.pictures import PictureStore
from feeds.feed.catalog import Catalog
from feeds.feed.title_cards import title_cards
from feeds.model.renditions import Original, TitleCard

MAX_AT_ONCE = 4
"""Maximum number of pictures that articles wait for, and of title cards."""

CARDS_AT_ONCE = 10
"""Title cards that are drawn at a time, so that pictures of new articles need not wait for all cards."""

WAIT_SECONDS = 3.0
"""Maximum seconds that an article waits for its picture."""

EDITION_SECONDS = 5
"""Minimum seconds between two editions while pictures are made."""

FAILURE_POLL_SECONDS = 60.0
"""Seconds between two checks for pictures that may be tried again."""

logger = logging.getLogger(__name__)


class PictureQueue:
    """A queue of pictures, newest article first, followed by title cards, and by smaller renditions for pages."""

    def __init__(self, store: PictureStore, *, retry_seconds: float) -> None:
        """Set the store.

        `retry_seconds` is the time between attempts while the folder cannot be used. If it is 0, no thread is started,
        and all pictures are made at once.
        """
        self._store, self._retry_seconds = store, retry_seconds
        self._pending: list[Original] = []  # the newest article's last
        self._pending_cards: list[TitleCard] = []
        self._pending_smaller: list[Original] = []
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._current: Original | None = None  # the original whose feed picture and card are being made
        self._busy = False
        self._edition_at, self._edition_pictures = time.monotonic(), store.pictures
        self._seen_losses = 0

    def add(self, catalog: Catalog, max_seconds: float = WAIT_SECONDS) -> None:
        """Queue the title cards of a catalog, and the pictures of its new articles.

        If renditions were lost from the folder, the pictures of all articles are queued. If few pictures are missing,
        wait for them for at most `max_seconds`; the same applies to cards.
        """
        deadline = time.monotonic() + min(max_seconds, WAIT_SECONDS)
        cards = title_cards(catalog)
        self._add(catalog.originals(catalog.added), cards, deadline)
        while self._seen_losses != self._store.loss_count:
            self._seen_losses = self._store.loss_count
            self._add(catalog.originals(catalog.articles.values()), cards, deadline)
        self._edition_pictures = self._store.pictures

    def _add(self, originals: Sequence[Original], cards: Sequence[TitleCard], deadline: float) -> None:
        missing = [original for original in originals if self._store.is_missing(original)]
        missing_cards = self._store.missing_cards(cards)
        if not self._retry_seconds:
            for original in originals:
                self._store.make(original)
                self._store.make_small_pictures(original)
            if missing_cards:
                self._store.draw(missing_cards)
            return
        with self._condition:
            self._pending += [original for original in missing if original not in self._pending]
            self._pending_cards = missing_cards
            self._pending_smaller += originals
            if (originals or missing_cards) and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
                self._thread.start()
            self._condition.notify_all()
            awaited = missing if len(missing) <= MAX_AT_ONCE else []
            awaited_cards = missing_cards if len(missing_cards) <= MAX_AT_ONCE else []
            self._condition.wait_for(
                lambda: not (any(map(self._store.is_missing, awaited)) or self._store.missing_cards(awaited_cards)),
                max(deadline - time.monotonic(), 0),
            )

    def has_news(self) -> bool:
        """Return whether it is time for an edition with pictures that were made since the last one."""
        is_time = (
            not (self._pending or self._current or self._pending_cards)
            or time.monotonic() >= self._edition_at + EDITION_SECONDS
        )
        if not is_time or self._store.pictures is self._edition_pictures:
            return False
        self._edition_at, self._edition_pictures = time.monotonic(), self._store.pictures
        return True

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait up to `seconds` until all pictures have been tried, and return whether they have been."""
        with self._condition:
            return self._condition.wait_for(lambda: not (self._has_work() or self._busy), seconds)

    def _has_work(self) -> bool:
        return bool(self._pending or self._pending_cards or self._pending_smaller)

    def _work(self) -> None:
        while True:
            with self._condition:
                self._busy, self._current = False, None
                self._condition.notify_all()
                self._condition.wait_for(self._has_work, FAILURE_POLL_SECONDS)
                self._pending += self._store.forget_old_failures()
                self._pending_cards += self._store.forget_failed_cards()
                original = self._current = self._pending.pop() if self._pending else None
                cards = [] if original else self._pending_cards[-CARDS_AT_ONCE:]  # the newest article's first
                del self._pending_cards[len(self._pending_cards) - len(cards) :]
                is_free = original is None and not cards
                smaller = self._pending_smaller.pop() if is_free and self._pending_smaller else None
                self._busy = True
            try:
                is_usable = self._store.make(original) if original else True
                if cards:
                    self._store.draw(cards)
                if smaller:
                    self._store.make_small_pictures(smaller)
            except Exception:  # whatever it is, the other pictures are made
                logger.exception("the renditions of %s cannot be made", original or smaller or cards)
                continue
            if original and not is_usable:
                with self._condition:
                    self._pending.insert(0, original)
                    self._busy, self._current = False, None
                    self._condition.notify_all()
                    self._condition.wait(self._retry_seconds)
