"""Settings: what belongs to a machine and not to the content, from environment variables that begin with `FEEDS_`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click import ClickException

from .site import site_url


class SettingError(ClickException):
    """A variable that cannot be used: `flask` prints its text, which says what was found and what is wanted."""


@dataclass(frozen=True)
class Settings:
    """Where the content is, and the address that takes the place of the site's own."""

    content: Path = Path("content")
    url: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Read the environment. Raises SettingError; an empty variable counts as absent."""
        try:
            url = site_url(environ["FEEDS_URL"]) if environ.get("FEEDS_URL") else None
        except ValueError as fault:
            raise SettingError(f"FEEDS_URL: {fault}") from None
        return cls(Path(environ.get("FEEDS_CONTENT") or "content"), url)
