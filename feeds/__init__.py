"""Feeds publishes articles written in YAML files as RSS, Atom and JSON feeds."""

from __future__ import annotations

import os

from flask import Flask

from .commands import add_commands
from .content import ContentFolder
from .front import Front
from .publisher import Clock, Publisher, utc_now
from .settings import Settings
from .state import StateFolder
from .web import blueprint


def create_app(settings: Settings | None = None, clock: Clock = utc_now) -> Flask:
    """Wire the parts; nothing is read and no thread is started before the first request, or `load_worker`."""
    settings = settings or Settings.of(os.environ)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    state = StateFolder(settings.state) if settings.state else None
    content = ContentFolder(settings.content, settings.url, state)
    publisher = Publisher(content, clock, rescan=settings.rescan, state=state)
    app.extensions["feeds"] = publisher
    app.register_blueprint(blueprint)
    app.wsgi_app = Front(app.wsgi_app, publisher)  # type: ignore[method-assign]
    add_commands(app)
    return app
