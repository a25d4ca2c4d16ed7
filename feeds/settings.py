"""Settings: what belongs to a machine and not to the content, from environment variables that begin with `FEEDS_`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click import ClickException

from .sitekeys import site_url

RESCAN = 30
"""Seconds between two looks at all files, for what a network drive does not report."""


class SettingError(ClickException):
    """A variable that cannot be used: `flask` prints its text, which says what was found and what is wanted."""


@dataclass(frozen=True)
class Settings:
    """Where the content is, the address that takes the place of the site's own, and how often all is looked at.

    `rescan` is in seconds; with 0, the content is read once and not watched. `state` is the folder of what outlives the
    process; without one, nothing does.
    """

    content: Path = Path("content")
    url: str | None = None
    rescan: float = 0
    state: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Read the environment. Raises SettingError; an empty variable counts as absent."""
        try:
            url = site_url(environ["FEEDS_URL"]) if environ.get("FEEDS_URL") else None
        except ValueError as fault:
            raise SettingError(f"FEEDS_URL: {fault}") from None
        rescan = environ.get("FEEDS_RESCAN") or str(RESCAN)
        if not re.fullmatch("[0-9]{1,6}", rescan):
            raise SettingError(f"FEEDS_RESCAN: {rescan} is no number of seconds (want one such as {RESCAN})")
        content, state = environ.get("FEEDS_CONTENT") or "content", environ.get("FEEDS_STATE") or "instance"
        return cls(Path(content), url, float(rescan), Path(state))
