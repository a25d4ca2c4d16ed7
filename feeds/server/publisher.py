"""Publisher: holds the current edition, and makes the next when content or time change; nothing else here changes.

It serves nothing: whoever answers a request takes `edition` once, and neither waits for a change nor sees half of one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from watchfiles import watch

from feeds.base import log
from feeds.content.folder import Content, ContentFolder
from feeds.content.pictures import PictureStore
from feeds.content.state import StateFolder
from feeds.edition.edition import Edition
from feeds.feed.catalog import Catalog
from feeds.feed.manifest import Manifest
from feeds.model.article import Article
from feeds.model.problems import Problem
from feeds.model.renditions import Original

Clock = Callable[[], datetime]

SETTLING = 0.5
"""Seconds after which a file that became faulty is looked at again, and told of if it did not change."""

_STEP = 0.1
"""Seconds between two looks at the clock."""

_AWAY = 1.0
"""Seconds between two looks for content that is away."""

_QUIET = 5
"""Milliseconds without a further event after which a change of files is taken for whole."""

AT_ONCE = 4
"""How many pictures are made before the articles that they belong to appear; more are made while text is served."""

PICTURED = 5
"""Seconds between two editions while pictures are made."""

_WORK = 0.3
"""Seconds of making pictures after which it is time to look for changes again."""

_SECOND = timedelta(seconds=1)

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Ask the machine's clock."""
    return datetime.now(UTC)


class Publisher:
    """Makes editions of a content folder; `edition` is None until there is a first one.

    A fault in rendering keeps the whole edition, and a broken site file the last site. `rescan` is in seconds; with 0,
    nothing is watched.
    """

    def __init__(
        self,
        content: ContentFolder,
        clock: Clock = utc_now,
        *,
        rescan: float = 0,
        state: StateFolder | None = None,
        pictures: PictureStore | None = None,
    ) -> None:
        """Take a folder and a clock; nothing is read yet."""
        self.content, self.clock = content, clock
        # every request asks for the time, and a datetime takes ten times as long to make
        self._seconds: Callable[[], float] = time.time if clock is utc_now else lambda: clock().timestamp()
        self.state, self.pictures = state, pictures or PictureStore(content.media, None)
        self.edition: Edition | None = None
        self.refreshed: datetime | None = None
        self.loaded = Content(None, {}, (), 0)  # what the folder holds, whether an edition could be made of it or not
        self._elsewhere = Manifest()  # what was published elsewhere before the first edition
        self.editions = 0  # how many were made
        self.revision = 0  # counts the readings that found something new, and the editions
        self.on_refresh: Callable[[], None] = lambda: None
        self._rescan = rescan
        self._watcher: threading.Thread | None = None
        self._one_at_a_time = threading.Lock()
        self._news = threading.Condition()
        self._published: Content | None = None
        self._told: dict[str, str] = {}  # problems, and how severe they are
        self._logged: tuple[str, datetime] | None = None  # the edition that was logged last
        self._settles_at: float | None = None
        self._pending: list[Original] = []  # pictures that are still to be made, the newest article's last
        self._pages: list[Original] = []  # of which smaller ones for pages are, after that
        self._retry_at = 0.0
        self._losses = 0
        self._pictured = time.monotonic()  # when pictures last came into an edition

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong with the content now, in order: what was read, and pictures that nothing can be made of."""
        failed = self.pictures.failed
        if not failed:
            return self.loaded.problems
        return tuple(sorted([*self.loaded.problems, *self.content.picture_problems(self.loaded, failed.get)]))

    def remember(self, known: Manifest | None) -> None:
        """Have the first edition follow what was published elsewhere, unless the state folder knows something later."""
        self._elsewhere = known or self._elsewhere

    def start(self, *, keeps: bool = True) -> None:
        """Make the first edition, unless there is one; what was read may be kept later, by the one who watches."""
        with self._one_at_a_time:
            if self.edition is None:
                self._refresh(self.clock(), keeps=keeps or not self._rescan)

    def watch(self) -> None:
        """Begin to follow content and time, in a thread that ends with the process."""
        with self._one_at_a_time:
            if self._rescan and self._watcher is None:
                self._watcher = threading.Thread(target=self._follow, name="publisher", daemon=True)
                self._watcher.start()

    def refresh(self, now: datetime, changed: Collection[str] | None = None) -> None:
        """Read what changed, at some paths or anywhere, and swap the edition for that of `now` if it is another."""
        with self._one_at_a_time:
            self._refresh(now, changed)

    def wait(self, known: Edition | None, seconds: float | None = None) -> Edition | None:
        """Wait for another edition than a known one, for so many seconds at most; give the one there is."""
        with self._news:
            self._news.wait_for(lambda: self.edition is not known, seconds)
            return self.edition

    def seconds_left(self, edition: Edition) -> float:
        """Tell how long until something of an edition changes by itself; infinite if nothing will."""
        return edition.changes_at - self._seconds()

    def age(self, edition: Edition) -> float:
        """Tell for how many seconds nothing of an edition has changed; the same in every process."""
        return max(0.0, self._seconds() - edition.modified.timestamp())

    def _refresh(self, now: datetime, changed: Collection[str] | None = None, *, keeps: bool = True) -> None:
        loaded = self.content.load(changed)
        self._settles_at = time.monotonic() + SETTLING if loaded.is_settling else None
        are_others = loaded.problems is not self.loaded.problems
        is_news, self.loaded, self.refreshed = loaded != self.loaded, loaded, now
        self.pictures.look()
        begun = time.monotonic()
        try:
            if loaded.site and not self._is_current(loaded, now):
                is_news = True
                catalog = Catalog.at(now, loaded.site, loaded.articles, self.edition.catalog if self.edition else None)
                self._order_pictures(catalog.come)
                while self._losses != self.pictures.losses:  # somebody emptied the folder
                    self._losses = self.pictures.losses
                    self._order_pictures(catalog.articles.values())
                self._swap(catalog)
                self._published = loaded
                self._tell_of(catalog, time.monotonic() - begun)
                with self._news:
                    self._news.notify_all()
        finally:
            self.revision += is_news
            if keeps:
                self.content.keep()
            self.on_refresh()
            if are_others or self.pictures.failed:
                self._tell({str(problem): problem.severity for problem in self.problems})

    def _tell_of(self, catalog: Catalog, seconds: float) -> None:
        """Log an edition that was made just now, if it is another than the one before."""
        assert self.edition, "it was made"
        known, self._logged = self._logged, (self.edition.id, self.edition.modified)
        if known == self._logged:
            return
        self.editions += 1
        severities = [problem.severity for problem in self.loaded.problems]
        counts = {"articles": len(catalog.articles), "entries": len(self.edition.manifest.entries)}
        changes = {"read": len(catalog.come), "dropped": len(catalog.gone), "errors": severities.count("error")}
        modified = self.edition.modified.isoformat()
        log.tell("refresh", edition=self.edition.id, modified=modified, **counts, **changes, seconds=round(seconds, 3))

    def _order_pictures(self, articles: Iterable[Article]) -> None:
        """Make the pictures of articles that are new: few at once, so that these appear with them, and many later."""
        wanted = sorted((each for each in articles if not each.draft), key=lambda each: each.published)
        originals = dict.fromkeys(original for each in wanted for original in each.originals)
        missing = [each for each in originals if self.pictures.is_missing(each)]
        if len(missing) <= AT_ONCE or not self._rescan:
            for each in missing:
                self.pictures.make(each)
            missing = [each for each in missing if self.pictures.is_missing(each)]  # the folder may be full
        self._pending += [each for each in missing if each not in self._pending]
        self._pages += originals

    def _make_pending(self) -> bool:
        """Make some of the pictures that are pending; tell whether it is time for an edition with them."""
        begun, before = time.monotonic(), self.pictures.pictures
        left = len(self._pending) if begun >= self._retry_at else 0
        while left and time.monotonic() < begun + _WORK:
            left -= 1
            self.pictures.make(original := self._pending.pop())
            if self.pictures.is_missing(original):  # not for itself: try again, when the folder may be well
                self._pending.insert(0, original)
                self._retry_at, left = begun + self._rescan, 0
        while self._pages and not self._pending and time.monotonic() < begun + _WORK:
            self.pictures.make_smaller(self._pages.pop())
        is_time = not left or time.monotonic() >= self._pictured + PICTURED
        if not is_time or self.pictures.pictures is before:
            return False
        self._pictured = time.monotonic()
        return True

    def _swap(self, catalog: Catalog) -> None:
        """Make an edition; the first of several processes records its dates, and the others take them over."""
        before, pictures = self.edition, self.pictures.pictures
        known = before.manifest if before else self._elsewhere
        if self.state is None:
            self.edition = Edition(catalog, self.content.media, known, before, pictures)
            return
        with self.state.locked():
            kept = self.state.read_manifest()
            if kept and kept.content.modified >= known.content.modified:  # else it could not be written of late
                known = kept
            self.edition = Edition(catalog, self.content.media, known, before, pictures)
            if self.edition.manifest != known:
                self.state.write_manifest(self.edition.manifest)

    def _is_current(self, loaded: Content, now: datetime) -> bool:
        """Tell whether the edition is that of this content at this instant; articles that are equal are the same."""
        before, edition = self._published, self.edition
        if not before or not edition or loaded.site is not before.site:
            return False
        if (
            loaded.articles != before.articles
            or loaded.media != before.media
            or edition.table.entries.pictures is not self.pictures.pictures
        ):
            return False
        change = edition.next_change
        return edition.catalog.now <= now and (change is None or now < change)

    def _tell(self, found: dict[str, str]) -> None:
        """Log each problem once, for as long as it lasts, and each error once more when it does no longer."""
        for text, severity in found.items():
            if text not in self._told:
                logger.log(logging.ERROR if severity == "error" else logging.INFO, "%s", text)
        for text in [text for text, severity in self._told.items() if severity == "error" and text not in found]:
            log.tell("mended", problem=text)
        self._told = found

    def _follow(self) -> None:
        faults: set[str] = set()
        while True:
            try:
                for changed in self._wakings():
                    if self._make_pending() or changed is None or changed or self._is_due():
                        self._wait_for_another_second()
                        self.refresh(self.clock(), changed)
                faults.clear()
            except Exception as fault:  # whatever it is, the edition stays, and the next round may do better
                if repr(fault) not in faults:
                    logger.exception("the edition of %s stays: %r", self.edition and self.edition.modified, fault)
                    faults.add(repr(fault))
                time.sleep(1)

    def _wakings(self) -> Iterator[set[str] | None]:
        """Wake at changes, with their paths, and between them often enough to see the clock; for `rescan` seconds.

        A symbolic link that is swapped gives no event, which is why the watch is opened anew after that. Its first
        waking is for any change at all (None): there may have been one before it was open, or that was not reported.
        """
        if not self.content.root.is_dir():  # it may come back; nothing can be watched until then
            time.sleep(_AWAY)
            yield None
            return
        is_first = True
        end = time.monotonic() + self._rescan
        milliseconds = int(_STEP * 1000)
        for changes in watch(
            self.content.root,
            watch_filter=None,
            step=_QUIET,
            debounce=milliseconds,
            rust_timeout=milliseconds,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            yield None if is_first else {path for _, path in changes}
            is_first = False
            if time.monotonic() >= end:
                return

    def _is_due(self) -> bool:
        edition = self.edition
        if self._settles_at is not None and time.monotonic() >= self._settles_at:
            return True
        return edition is not None and self.seconds_left(edition) <= 0

    def _wait_for_another_second(self) -> None:
        """Let no document change twice in a second, which is all that Last-Modified can tell."""
        if self.edition:
            left = (self.edition.modified + _SECOND - self.clock()).total_seconds()
            time.sleep(min(max(left, 0), 1))
