"""Settings of the machine, not of the content, from environment variables that begin with `FEEDS_`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from click import ClickException

from feeds.base.log import LogFormat

SITE_FILE = "site.yaml"
"""The file whose presence makes the current folder the content folder."""

LANGUAGE_VARIABLE = "FEEDS_LANGUAGE"
"""The environment variable with the language of messages."""

LANGUAGES = ("en", "fr")
"""Languages of messages. `base.translations` has the same; importing it here is slow."""

RESCAN_SECONDS = 30
"""Default seconds between two scans of all files, for changes that a network drive does not report."""


class SettingError(ClickException):
    """An environment variable that cannot be used; `flask` prints the message."""

    exit_code = 2


@dataclass(frozen=True)
class Settings:
    """The content folder, the URL that overrides the site's own, and how this process runs.

    `rescan` is the interval of full scans in seconds; with 0, the content is read once and not
    watched. `state` is the folder for what outlives the process; without one, nothing does. `log`
    is the log format of long-running commands. `language` is that of messages.

    `editor_url` is the public address of the editor, `editor_header` the request header in which one of
    `trusted_proxy` puts the name of the author, and `editor_commit` whether each change is committed to git.
    """

    content: Path = Path("content")
    url: str | None = None
    rescan: float = 0
    state: Path | None = None
    log: LogFormat = "text"
    language: str = "en"
    editor_url: str | None = None
    editor_header: str | None = None
    editor_commit: bool = False
    trusted_proxy: tuple[str, ...] = ()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Return the settings in the environment; an empty variable counts as absent. Raises SettingError."""
        url = _url(environ["FEEDS_URL"]) if environ.get("FEEDS_URL") else None
        rescan = environ.get("FEEDS_RESCAN") or str(RESCAN_SECONDS)
        if not re.fullmatch("[0-9]{1,6}", rescan):
            raise SettingError(
                f"FEEDS_RESCAN: {rescan} is not a number of seconds (expected one such as {RESCAN_SECONDS})"
            )
        log = environ.get("FEEDS_LOG") or "text"
        if log not in ("text", "json"):
            raise SettingError(f"FEEDS_LOG: {log} is not a log format (expected text or json)")
        content = Path(environ["FEEDS_CONTENT"]) if environ.get("FEEDS_CONTENT") else _default_content()
        state = Path(environ.get("FEEDS_STATE") or "instance")
        return cls(
            content,
            url,
            float(rescan),
            state,
            "json" if log == "json" else "text",
            message_language(environ),
            _origin(environ["FEEDS_EDITOR_URL"]) if environ.get("FEEDS_EDITOR_URL") else None,
            _header(environ["FEEDS_EDITOR_HEADER"]) if environ.get("FEEDS_EDITOR_HEADER") else None,
            _boolean("FEEDS_EDITOR_COMMIT", environ),
            _addresses("FEEDS_TRUSTED_PROXY", environ),
        )


def message_language(environ: Mapping[str, str]) -> str:
    """Return the language of messages: FEEDS_LANGUAGE, else that of the locale, else English. Raises SettingError."""
    language = environ.get(LANGUAGE_VARIABLE)
    if language and language not in LANGUAGES:
        raise SettingError(
            f"{LANGUAGE_VARIABLE}: {language} is not a language of messages (expected {' or '.join(LANGUAGES)})"
        )
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return language or next((name for name in LANGUAGES if re.match(f"{name}(?![a-z])", locale)), "en")


def _default_content() -> Path:
    """Return the current folder if it is a content folder, else its `content`. Raises SettingError without either."""
    if os.path.lexists(SITE_FILE):
        return Path()
    content = Path("content")
    if not content.exists():
        raise SettingError(
            f"there is no site here: neither {SITE_FILE} nor {content}/ exists in {_current_folder()}"
            " (create one with feeds init, change to the folder of a site, or set FEEDS_CONTENT)"
        )
    return content


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "the current folder, which was deleted"


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?", value):
        raise SettingError(f"FEEDS_EDITOR_URL: {value} is not an address (expected https://host, without a path)")
    return value.rstrip("/").lower()


def _header(value: str) -> str:
    if not re.fullmatch("[A-Za-z0-9-]+", value):
        raise SettingError(f"FEEDS_EDITOR_HEADER: {value} is not a header (expected one such as X-Remote-User)")
    return value


def _boolean(name: str, environ: Mapping[str, str]) -> bool:
    value = environ.get(name) or "false"
    if value not in ("true", "false"):
        raise SettingError(f"{name}: {value} is not a boolean (expected true or false)")
    return value == "true"


def _addresses(name: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return IP addresses that are separated by commas."""
    addresses = tuple(part.strip() for part in (environ.get(name) or "").split(",") if part.strip())
    for address in addresses:
        try:
            ip_address(address)
        except ValueError:
            raise SettingError(f"{name}: {address} is not an IP address (expected one such as 127.0.0.1)") from None
    return addresses


def _url(value: str) -> str:
    if re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*", value):
        return value  # already normalised, as most are; the import below is slow
    from feeds.model.site_types import site_url

    try:
        return site_url(value)
    except ValueError as error:
        raise SettingError(f"FEEDS_URL: {error}") from None
