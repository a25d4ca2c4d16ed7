"""Watches the content folder for changes, and polls the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

POLL_SECONDS = 0.1
"""Seconds between two polls of the clock."""

MISSING_POLL_SECONDS = 1.0
"""Seconds between two polls for a folder that is missing."""

DEBOUNCE_MS = 5
"""Milliseconds without a further event after which a change of files counts as complete."""


def watch_folder(root: Path, rescan_seconds: float) -> Iterator[set[str] | None]:
    """Yield the paths of each change below a folder, and an empty set at each poll of the clock.

    It ends after `rescan_seconds`, and the caller opens the watch again: replacing a symbolic link
    raises no event. The first item is None, for any change: there may have been one before the watch
    was opened.
    """
    if not root.is_dir():  # it may reappear, but cannot be watched until then
        time.sleep(MISSING_POLL_SECONDS)
        yield None
        return
    deadline, is_first, poll_ms = time.monotonic() + rescan_seconds, True, int(POLL_SECONDS * 1000)
    for changes in watch(
        root,
        watch_filter=None,
        step=DEBOUNCE_MS,
        debounce=poll_ms,
        rust_timeout=poll_ms,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        yield None if is_first else {path for _, path in changes}
        is_first = False
        if time.monotonic() >= deadline:
            return
