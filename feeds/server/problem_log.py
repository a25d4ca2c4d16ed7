"""The log of problems: each is logged once while it lasts, and an error once more when it is fixed."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from feeds.base import log
from feeds.model.problems import Problem, Severity

logger = logging.getLogger(__name__)


class ProblemLog:
    """The problems that have been logged and still exist."""

    def __init__(self, language: str) -> None:
        """Start without any problem. `language` is that of the log."""
        self._language = language
        self._severities: dict[str, Severity] = {}

    def update(self, problems: Iterable[Problem]) -> None:
        """Log new problems, and errors that have been fixed."""
        severities = {problem.text(self._language): problem.severity for problem in problems}
        for text, severity in severities.items():
            if text not in self._severities:
                logger.log(logging.ERROR if severity == "error" else logging.INFO, "%s", text)
        for text, severity in self._severities.items():
            if severity == "error" and text not in severities:
                log.log_event("fixed", problem=text)
        self._severities = severities
