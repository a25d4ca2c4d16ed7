"""Event log: one line for each event, as text or as JSON for log collectors.

No event contains a secret: URLs are logged without credentials.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal

EVENT_LOGGER_NAME = "feeds.events"
"""Name of the logger of events; all other loggers report errors."""

LogFormat = Literal["text", "json"]

_log = logging.getLogger(EVENT_LOGGER_NAME)


def log_event(event: str, **fields: str | float | None) -> None:
    """Log an event, such as `refresh`, with its fields; fields that are None are omitted."""
    present = {name: value for name, value in fields.items() if value is not None}
    _log.info("%s", event, extra={"event": event, "about": present})


def configure(log_format: LogFormat) -> None:
    """Configure this process's log on standard error: events, and other records from warnings up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter() if log_format == "json" else _TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _log.setLevel(logging.INFO)


class _TextFormatter(logging.Formatter):
    """Formats events as `INFO refresh: edition=… articles=120`; the messages of other records are unchanged."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "about", None)
        if fields is None:
            return f"{record.levelname} {record.name}: {super().format(record)}"
        pairs = (f"{name}={value}" for name, value in fields.items())
        return " ".join([f"{record.levelname} {record.getMessage()}:", *pairs])


class _JsonFormatter(logging.Formatter):
    """Formats a record as JSON: `time` (RFC 3339), `level`, `logger`, `message`, and an event's fields."""

    def format(self, record: logging.LogRecord) -> str:
        timestamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, object] = {"time": timestamp.replace("+00:00", "Z"), "level": record.levelname.lower()}
        entry |= {"process": record.process, "logger": record.name, "message": super().format(record)}
        entry |= getattr(record, "about", {})
        if name := getattr(record, "event", None):
            entry["event"] = name
        return json.dumps(entry, ensure_ascii=False, default=str)
