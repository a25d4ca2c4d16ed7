"""Watches the content folder for changes, and polls the clock. Without events from the system, it scans the files."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from watchfiles import Change, watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from feeds.base import log

POLL_SECONDS = 0.1
"""Seconds between two polls of the clock."""

MISSING_POLL_SECONDS = 1.0
"""Seconds between two polls for a folder that is missing."""

SCAN_SECONDS = 5.0
"""Seconds between two scans of all files while the system reports no events."""

DEBOUNCE_MS = 5
"""Milliseconds without a further event after which a change of files counts as complete."""

CONTENT_FOLDERS = ("articles", "media", "pages")
"""The folders that are watched with all folders below them. In the content folder itself, only files are watched."""

logger = logging.getLogger(__name__)


class Watcher:
    """Reports changes in a content folder.

    `fault` is the reason why the system reports no events, or None. Then all files are scanned every few seconds.
    """

    def __init__(self, root: Path, rescan_seconds: float) -> None:
        """Set the folder, and the seconds between two full scans; nothing is watched yet."""
        self._root, self._rescan_seconds = root, rescan_seconds
        self.fault: str | None = None

    @property
    def mode(self) -> str | None:
        """How changes are noticed: by `events` or by `scans`; None if they are not."""
        if not self._rescan_seconds:
            return None
        return "scans" if self.fault else "events"

    def changes(self) -> Iterator[set[str] | None]:
        """Yield the paths of each change, and an empty set at each poll of the clock. None stands for any change.

        It ends after `rescan_seconds`, since replacing a symbolic link raises no event, and when folders were added or
        removed. The caller then opens the watch again. The first item is None: there may have been a change before the
        watch was opened.
        """
        if not self._root.is_dir():  # it may reappear, but cannot be watched until then
            time.sleep(MISSING_POLL_SECONDS)
            yield None
            return
        folders = watched_folders(self._root)
        try:
            yield from self._events(folders)
        except FileNotFoundError:  # a folder was removed just now
            yield None
        except (OSError, WatchfilesRustInternalError) as error:  # such as no inotify instance left
            self._report(str(error))
            yield from self._polls()

    def _events(self, folders: set[str]) -> Iterator[set[str] | None]:
        deadline, is_first, poll_ms = time.monotonic() + self._rescan_seconds, True, int(POLL_SECONDS * 1000)
        for changes in watch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=DEBOUNCE_MS,
            debounce=poll_ms,
            rust_timeout=poll_ms,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            self._report(None)
            yield None if is_first else {path for _, path in changes}
            is_first = False
            if time.monotonic() >= deadline or any(_changes_folders(*change, folders) for change in changes):
                return

    def _polls(self) -> Iterator[set[str] | None]:
        """Yield None, and then an empty set until the next scan is due."""
        deadline = time.monotonic() + min(self._rescan_seconds, SCAN_SECONDS)
        yield None
        while time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            yield set()

    def _report(self, fault: str | None) -> None:
        if fault and fault != self.fault:
            logger.warning(
                "%s cannot be watched (%s); all files are scanned every few seconds"
                " (on Linux, see the limits fs.inotify.max_user_instances and max_user_watches)",
                self._root,
                fault,
            )
        elif self.fault and not fault:
            log.log_event("watching", folder=str(self._root))
        self.fault = fault


def watched_folders(root: Path) -> set[str]:
    """Return the folders whose changes matter. Hidden ones, and those that cannot be read, are left out."""
    folders = {str(root)}
    for name in CONTENT_FOLDERS:
        for folder, names, _ in os.walk(root / name):
            names[:] = [each for each in names if not each.startswith(".")]
            folders.add(folder)
    return {folder for folder in folders if os.access(folder, os.R_OK | os.X_OK)}


def _changes_folders(change: Change, path: str, folders: set[str]) -> bool:
    """Return whether an event means that a folder was added or removed, so that the watch has to be opened again."""
    return path in folders or (change != Change.modified and os.path.isdir(path) and not os.path.islink(path))
