"""Feeds publishes articles written in YAML files as RSS, Atom and JSON feeds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from flask import Flask
from flask.cli import ScriptInfo

from feeds.commands import Commands, cli, shows_previews
from feeds.content.folder import ContentFolder
from feeds.content.media import UPLOAD_SECONDS
from feeds.content.pictures import PictureStore
from feeds.content.state import StateFolder
from feeds.server import preview, web
from feeds.server.front import Front
from feeds.server.publisher import Publisher, utc_now
from feeds.settings import Settings

__all__ = ["create_app", "main"]


def create_app(
    settings: Settings | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    previews: bool | None = None,
) -> Flask:
    """Return the application; no file is read and no thread started before the first request.

    `settings` default to the environment. Without `previews`, only `feeds preview` and `flask run` show previews.
    """
    settings = settings or Settings.from_environ(os.environ)
    has_previews = shows_previews() if previews is None else previews
    if has_previews and settings.state:
        settings = replace(settings, state=settings.state / "run")  # what authors try out was never published
    app = Flask("feeds", static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.cli = Commands()
    state = StateFolder(settings.state) if settings.state else None
    content = ContentFolder(
        settings.content, settings.url, state, upload_seconds=UPLOAD_SECONDS if settings.rescan else 0
    )
    pictures = PictureStore(content.media, settings.state / "pictures" if settings.state else None)
    publisher = Publisher(
        content, clock, rescan=settings.rescan, state=state, pictures=pictures, language=settings.language
    )
    app.extensions["feeds"] = publisher
    app.register_blueprint(web.blueprint)
    if has_previews:
        app.register_blueprint(preview.blueprint)
        app.config[preview.HOSTS_KEY] = ["localhost"]
    app.wsgi_app = Front(app.wsgi_app, publisher)  # type: ignore[method-assign]
    return app


def main() -> None:
    """Run the console script `feeds`."""
    cli.main(obj=ScriptInfo(create_app=create_app, set_debug_flag=False))
