"""Settings: what belongs to a machine and not to the content, from environment variables that begin with `FEEDS_`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click import ClickException

from feeds.base.log import Form

RESCAN = 30
"""Seconds between two looks at all files, for what a network drive does not report."""


class SettingError(ClickException):
    """A variable that cannot be used: `flask` prints its text, which says what was found and what is wanted."""


@dataclass(frozen=True)
class Settings:
    """Where the content is, the address that takes the place of the site's own, and how often all is looked at.

    `rescan` is in seconds; with 0, the content is read once and not watched. `state` is the folder of what outlives the
    process; without one, nothing does. `log` is the form of the log of what runs on.
    """

    content: Path = Path("content")
    url: str | None = None
    rescan: float = 0
    state: Path | None = None
    log: Form = "text"

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Read the environment. Raises SettingError; an empty variable counts as absent."""
        url = _url(environ["FEEDS_URL"]) if environ.get("FEEDS_URL") else None
        rescan = environ.get("FEEDS_RESCAN") or str(RESCAN)
        if not re.fullmatch("[0-9]{1,6}", rescan):
            raise SettingError(f"FEEDS_RESCAN: {rescan} is not a number of seconds (expected one such as {RESCAN})")
        log = environ.get("FEEDS_LOG") or "text"
        if log not in ("text", "json"):
            raise SettingError(f"FEEDS_LOG: {log} is not a log format (expected text or json)")
        content, state = environ.get("FEEDS_CONTENT") or "content", environ.get("FEEDS_STATE") or "instance"
        return cls(Path(content), url, float(rescan), Path(state), "json" if log == "json" else "text")


def _url(value: str) -> str:
    if re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*", value):
        return value  # as it would be read; most are, and reading takes long to import
    from feeds.model.site_fields import site_url

    try:
        return site_url(value)
    except ValueError as fault:
        raise SettingError(f"FEEDS_URL: {fault}") from None
