"""Feeds publishes articles written in YAML files as RSS, Atom and JSON feeds."""

from __future__ import annotations

import os
from dataclasses import replace

from flask import Flask

from . import preview, web
from .commands import add_commands, is_development
from .content import ContentFolder
from .front import Front
from .pictures import PictureStore
from .publisher import Clock, Publisher, utc_now
from .settings import Settings
from .state import StateFolder


def create_app(settings: Settings | None = None, clock: Clock = utc_now, *, previews: bool | None = None) -> Flask:
    """Wire the parts; nothing is read and no thread is started before the first request, or `load_worker`.

    Previews are there where `flask run` asks for the application, and not where anything else does, unless told.
    """
    settings = settings or Settings.of(os.environ)
    has_previews = is_development() if previews is None else previews
    if has_previews and settings.state:
        settings = replace(settings, state=settings.state / "run")  # what authors try out was never served to anyone
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    state = StateFolder(settings.state) if settings.state else None
    content = ContentFolder(settings.content, settings.url, state)
    pictures = PictureStore(content.media, settings.state / "pictures" if settings.state else None)
    publisher = Publisher(content, clock, rescan=settings.rescan, state=state, pictures=pictures)
    app.extensions["feeds"] = publisher
    app.register_blueprint(web.blueprint)
    if has_previews:
        app.register_blueprint(preview.blueprint)
    app.wsgi_app = Front(app.wsgi_app, publisher)  # type: ignore[method-assign]
    add_commands(app)
    return app
