"""Events: what happened, a line each in the log, in words or as JSON for programs that collect logs.

It decides nothing and keeps nothing. No event has a secret: addresses are written without what would open them.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal

LOGGER = "feeds.events"
"""The name of the logger of events; all others tell faults."""

Form = Literal["text", "json"]

_log = logging.getLogger(LOGGER)


def tell(event: str, **about: str | float | None) -> None:
    """Log an event, such as `refresh`, with what there is to say about it; what is None is left out."""
    known = {name: value for name, value in about.items() if value is not None}
    _log.info("%s", event, extra={"event": event, "about": known})


def set_up(form: Form) -> None:
    """Write this process's log to its standard error: events, and whatever is at least a warning."""
    handler = logging.StreamHandler()
    handler.setFormatter(_AsJson() if form == "json" else _AsText())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _log.setLevel(logging.INFO)


class _AsText(logging.Formatter):
    """`INFO refresh: edition=… articles=120`, and faults as they are."""

    def format(self, record: logging.LogRecord) -> str:
        about = getattr(record, "about", None)
        if about is None:
            return f"{record.levelname} {record.name}: {super().format(record)}"
        words = (f"{name}={value}" for name, value in about.items())
        return " ".join([f"{record.levelname} {record.getMessage()}:", *words])


class _AsJson(logging.Formatter):
    """An object a line: `time` (RFC 3339), `level`, `logger`, `message`, and what an event is about."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        found: dict[str, object] = {"time": moment.replace("+00:00", "Z"), "level": record.levelname.lower()}
        found |= {"process": record.process, "logger": record.name, "message": super().format(record)}
        found |= getattr(record, "about", {})
        if name := getattr(record, "event", None):
            found["event"] = name
        return json.dumps(found, ensure_ascii=False, default=str)
