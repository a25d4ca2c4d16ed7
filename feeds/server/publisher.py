"""The publisher: holds the current edition, and makes the next one when content or time change.

It serves nothing. A request reads `edition` once, so it neither waits for a change nor sees half of
one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from feeds.base import log
from feeds.content.folder import Content, ContentFolder
from feeds.content.pictures import PictureStore
from feeds.content.state import StateFolder
from feeds.edition.edition import Edition
from feeds.edition.routes import SearchKind
from feeds.feed.catalog import Catalog
from feeds.feed.entries import CACHED_ENTRIES
from feeds.feed.manifest import Manifest
from feeds.model.problems import Problem

from .picture_queue import PictureQueue
from .problem_log import ProblemLog
from .search_index import SearchIndex
from .watcher import Watcher

Clock = Callable[[], datetime]

_SECOND = timedelta(seconds=1)

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 0.5
"""Seconds after which a file with a new error is read again; the error is reported if the file is unchanged."""


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


class Publisher:
    """Makes editions of a content folder; `edition` is None until there is a first one.

    If rendering fails, the previous edition stays as a whole. If the site file is broken, the
    previous site stays. `rescan` is in seconds; with 0, nothing is watched. `cached_entries` is how
    many entries an edition caches. `language` is that of the problems in the log. `search` is who
    answers searches.
    """

    def __init__(
        self,
        content: ContentFolder,
        clock: Clock = utc_now,
        *,
        rescan: float = 0,
        state: StateFolder | None = None,
        pictures: PictureStore | None = None,
        cached_entries: int = CACHED_ENTRIES,
        language: str = "en",
        search: SearchKind | None = "server",
    ) -> None:
        """Set the folder and the clock; nothing is read yet."""
        self.content, self.clock, self.state = content, clock, state
        # every request needs the time, and creating a datetime takes ten times as long
        self._timestamp: Callable[[], float] = time.time if clock is utc_now else lambda: clock().timestamp()
        self.pictures = pictures or PictureStore(content.media, None)
        self.picture_queue = PictureQueue(self.pictures, retry_seconds=rescan)
        self.watcher = Watcher(content.root, rescan)
        self.search_index = SearchIndex()
        self.search = search
        self.edition: Edition | None = None
        self.loaded_content = Content(None, {}, (), 0)  # last read, whether an edition could be made of it or not
        self.refreshed_at: datetime | None = None
        self.edition_count = self.revision = 0  # editions made; loads that changed something
        self.on_refresh: Callable[[], None] = lambda: None
        self._rescan, self._cached_entries = rescan, cached_entries
        self._problem_log = ProblemLog(language)
        self._predecessor = Manifest()
        self._published_content: Content | None = None
        self._recheck_at: float | None = None
        self._thread: threading.Thread | None = None
        self._lock, self._edition_changed = threading.Lock(), threading.Condition()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All current problems of the content, sorted: of files, and of pictures that cannot be decoded."""
        failed = self.pictures.failures
        if not failed:
            return self.loaded_content.problems
        return tuple(
            sorted([*self.loaded_content.problems, *self.content.picture_problems(self.loaded_content, failed.get)])
        )

    def continue_from(self, manifest: Manifest | None) -> None:
        """Set the manifest published elsewhere that the first edition follows.

        The state folder's manifest takes precedence if it is newer.
        """
        self._predecessor = manifest or self._predecessor

    def start(self, *, saves_cache: bool = True) -> None:
        """Make the first edition if there is none.

        With `saves_cache` false, a watching publisher saves its cache later.
        """
        with self._lock:
            if self.edition is None:
                self._refresh(self.clock(), saves_cache=saves_cache or not self._rescan)

    def try_to_start(self, *, saves_cache: bool = True) -> None:
        """Make the first edition, or log why that is not possible; whoever follows the content tries again."""
        try:
            self.start(saves_cache=saves_cache)
        except Exception:
            logger.exception("no edition can be made of %s", self.content.root)

    def watch(self) -> None:
        """Start to follow content and time, in a thread that ends with the process."""
        with self._lock:
            if self._rescan and self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="watcher", daemon=True)
                self._thread.start()
                if self.search == "server":
                    threading.Thread(target=self._index, name="search", daemon=True).start()

    def refresh(self, now: datetime, changed: Collection[str] | None = None) -> None:
        """Read what changed, and replace the edition if that of `now` differs.

        `changed` are paths; None stands for any change.
        """
        with self._lock:
            self._refresh(now, changed)

    def wait(self, known: Edition | None, seconds: float | None = None) -> Edition | None:
        """Wait for an edition other than `known`, at most `seconds`; return the current edition."""
        with self._edition_changed:
            self._edition_changed.wait_for(lambda: self.edition is not known, seconds)
            return self.edition

    def seconds_left(self, edition: Edition) -> float:
        """Return the seconds until an edition changes by itself; infinite if it never will."""
        return edition.next_change_timestamp - self._timestamp()

    def age(self, edition: Edition) -> float:
        """Return for how many seconds an edition has not changed; the same in every process."""
        return max(0.0, self._timestamp() - edition.modified.timestamp())

    def is_due(self) -> bool:
        """Return whether a scheduled change is due, or a file with a new error has to be read again."""
        if self._recheck_at is not None and time.monotonic() >= self._recheck_at:
            return True
        return self.edition is not None and self.seconds_left(self.edition) <= 0

    def _seconds_until(self, instant: datetime | None) -> float:
        return (instant - self.clock()).total_seconds() if instant else float("inf")

    def _follow(self) -> None:
        logged_errors: set[str] = set()
        while True:
            try:
                self._compress_documents()
                for paths in self.watcher.changes():
                    has_pictures = self.picture_queue.has_news()
                    if has_pictures or paths is None or paths or self.is_due():
                        self._wait_for_next_second()
                        self.refresh(self.clock(), paths)
                        self._compress_documents()
                logged_errors.clear()
            except Exception as error:  # on any error the edition stays, and the next round may succeed
                if repr(error) not in logged_errors:
                    logger.exception("the edition of %s stays: %r", self.edition and self.edition.modified, error)
                    logged_errors.add(repr(error))
                time.sleep(1)

    def _index(self) -> None:
        """Index each edition before somebody searches it, without delaying the next one."""
        edition: Edition | None = None
        while True:
            edition = self.wait(edition)
            try:
                if edition:
                    self.search_index.update(edition.catalog)
            except Exception:  # the next edition and each search try again
                logger.exception("the articles cannot be indexed for searches")

    def _wait_for_next_second(self) -> None:
        """Wait until a document may change again: Last-Modified has a resolution of one second."""
        if self.edition:
            remaining = (self.edition.modified + _SECOND - self.clock()).total_seconds()
            time.sleep(min(max(remaining, 0), 1))

    def _refresh(self, now: datetime, changed: Collection[str] | None = None, *, saves_cache: bool = True) -> None:
        content = self.content.load(changed)
        self._recheck_at = time.monotonic() + SETTLE_SECONDS if content.is_settling else None
        has_other_problems = content.problems is not self.loaded_content.problems
        is_new, self.loaded_content, self.refreshed_at = content != self.loaded_content, content, now
        self.pictures.refresh()
        start = time.monotonic()
        try:
            if content.site and not self._is_current(content, now):
                previous = self.edition
                catalog = Catalog.at(
                    now, content.site, content.articles, previous.catalog if previous else None, pages=content.pages
                )
                self.picture_queue.add(catalog, self._seconds_until(catalog.next_change))
                self.edition = self._next_edition(catalog)
                self._published_content = content
                is_new |= previous is None or previous.id != self.edition.id or self.edition.has_new_pictures
                self._log_edition(self.edition, previous, time.monotonic() - start)
                with self._edition_changed:
                    self._edition_changed.notify_all()
        finally:
            self.revision += is_new
            if saves_cache:
                self.content.save_cache()
            self.on_refresh()
            if has_other_problems or self.pictures.failures:
                self._problem_log.update(self.problems)

    def _compress_documents(self) -> None:
        """Compress the documents that were built ahead, after they can be fetched: it takes longer than rendering."""
        for document in self.edition.prebuilt_documents.values() if self.edition else ():
            document.compress()

    def _next_edition(self, catalog: Catalog) -> Edition:
        """Return the edition of a catalog.

        The first of several processes records its dates, and the others use them.
        """
        manifest = self.edition.manifest if self.edition else self._predecessor
        if self.state is None:
            return self._make_edition(catalog, manifest)
        with self.state.locked():
            stored = self.state.read_manifest()
            if stored and stored.content.modified >= manifest.content.modified:  # else the last writes failed
                manifest = stored
            edition = self._make_edition(catalog, manifest)
            if edition.manifest != manifest:
                self.state.write_manifest(edition.manifest)
            return edition

    def _make_edition(self, catalog: Catalog, manifest: Manifest) -> Edition:
        media, pictures = self.content.media, self.pictures.pictures
        return Edition(
            catalog,
            media,
            manifest,
            self.edition,
            pictures,
            cached_entries=self._cached_entries,
            search=self.search,
        )

    def _is_current(self, content: Content, now: datetime) -> bool:
        """Return whether the edition is that of this content at `now`; equal articles are the same objects."""
        published, edition = self._published_content, self.edition
        if not published or not edition or content.site is not published.site:
            return False
        if content.articles != published.articles or content.media != published.media:
            return False
        if content.pages != published.pages:
            return False
        if edition.builder.entries.pictures is not self.pictures.pictures:
            return False
        next_change = edition.next_change
        return edition.catalog.now <= now and (next_change is None or now < next_change)

    def _log_edition(self, edition: Edition, previous: Edition | None, seconds: float) -> None:
        """Log and count an edition, unless it is the same as the previous one."""
        if previous and (edition.id, edition.modified) == (previous.id, previous.modified):
            return
        self.edition_count += 1
        catalog = edition.catalog
        read, gone = ({article.slug for article in articles} for articles in (catalog.added, catalog.removed))
        log.log_event(
            "refresh",
            edition=edition.id,
            modified=edition.modified.isoformat(),
            articles=len(catalog.articles),
            entries=len(edition.manifest.entries),
            added=len(read - gone),
            changed=len(read & gone),
            removed=len(gone - read),
            errors=sum(problem.severity == "error" for problem in self.loaded_content.problems),
            seconds=round(seconds, 3),
        )
        for article in catalog.added if previous else ():
            entry = edition.manifest.entries.get(article.id)
            if entry and not entry.is_posted and previous and entry.first_seen > previous.catalog.now:
                log.log_event("late", article=entry.slug, published=entry.published.isoformat())
