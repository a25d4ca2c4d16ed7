"""Feeds publishes articles written in YAML files as RSS, Atom and JSON feeds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from .application import Application
from .commands import is_development
from .settings import Settings

__all__ = ["Application", "create_app"]


def create_app(
    settings: Settings | None = None,
    clock: Callable[[], datetime] | None = None,
    *,
    previews: bool | None = None,
) -> Application:
    """Make the application; nothing is read and no thread is started before the first request, or `load_worker`.

    Previews are there where `flask run` asks for the application, and not where anything else does, unless told.
    """
    settings = settings or Settings.of(os.environ)
    has_previews = is_development() if previews is None else previews
    if has_previews and settings.state:
        settings = replace(settings, state=settings.state / "run")  # what authors try out was never served to anyone
    return Application(settings, clock, has_previews=has_previews)
