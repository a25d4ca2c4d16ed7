"""Publisher: holds the current edition, and makes the next one; the only object that changes.

It serves nothing: whoever answers a request takes `edition` once, and so never sees half of a change.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from .catalog import Catalog
from .content import ContentFolder
from .edition import Edition
from .yamlfile import Problem

Clock = Callable[[], datetime]

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Ask the machine's clock."""
    return datetime.now(UTC)


class Publisher:
    """Makes editions of a content folder; `edition` is None until there is a first one."""

    def __init__(self, content: ContentFolder, clock: Clock = utc_now) -> None:
        """Take a folder and a clock; nothing is read yet."""
        self.content, self.clock = content, clock
        self.edition: Edition | None = None
        self.refreshed: datetime | None = None
        self.problems: tuple[Problem, ...] = ()
        self._one_at_a_time = threading.Lock()

    def start(self) -> None:
        """Make the first edition, unless there is one."""
        with self._one_at_a_time:
            if self.edition is None:
                self._refresh(self.clock())

    def refresh(self, now: datetime) -> None:
        """Read the content again and swap the edition for that of `now`; without a site, the old one stays."""
        with self._one_at_a_time:
            self._refresh(now)

    def seconds_left(self, edition: Edition) -> float:
        """Tell how long until something of an edition changes by itself; infinite if nothing will."""
        change = edition.catalog.next_change
        return (change - self.clock()).total_seconds() if change else float("inf")

    def _refresh(self, now: datetime) -> None:
        found = self.content.load()
        for problem in found.problems:
            log.log(logging.ERROR if problem.severity == "error" else logging.INFO, "%s", problem)
        self.problems = found.problems
        self.refreshed = now
        if found.site:
            catalog = Catalog.at(now, found.site, found.articles)
            self.edition = Edition(catalog, self.content.media, now.replace(microsecond=0))
