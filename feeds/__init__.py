"""Feeds publishes articles written in YAML files as RSS, Atom and JSON feeds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.cli import ScriptInfo

from feeds.commands import Commands, cli, shows_previews
from feeds.content.folder import ContentFolder
from feeds.content.media import UPLOAD_SECONDS
from feeds.content.pictures import PictureStore
from feeds.content.state import StateFolder
from feeds.server import preview, search, web  # noqa: F401 (search registers its views)
from feeds.server.front import Front
from feeds.server.publisher import Publisher, utc_now
from feeds.settings import Settings

__all__ = ["create_app", "main"]


def create_app(
    settings: Settings | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    previews: bool | None = None,
    has_editor: bool = False,
) -> Flask:
    """Return the application; no file is read and no thread started before the first request.

    `settings` default to the environment. Without `previews`, only `feeds preview`, `feeds edit` and `flask run` show
    previews.
    """
    settings = settings or Settings.from_environ(os.environ)
    folder = settings.state or Path("instance")
    has_previews = has_editor or (shows_previews() if previews is None else previews)
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
        app.extensions[web.UNPUBLISHED_KEY] = lambda kind, name: True
        app.config[preview.HOSTS_KEY] = ["localhost"]
    app.wsgi_app = Front(app.wsgi_app, publisher)  # type: ignore[method-assign]
    if has_editor:
        _add_editor(app, publisher, settings, folder / "editor")
    return app


def _add_editor(app: Flask, publisher: Publisher, settings: Settings, folder: Path) -> None:
    """Add the editor, whose accounts are in `folder`, to an application."""
    # imported only here, since no other command needs the libraries for forms; the modules of views register themselves
    from feeds.editor import account_views, security, views  # noqa: F401
    from feeds.editor.access import Access, TrustedProxies
    from feeds.editor.accounts import Accounts
    from feeds.editor.store import ArticleStore

    accounts = Accounts(folder)
    del app.config[preview.HOSTS_KEY]  # the editor has a stricter check
    app.config.update(
        SECRET_KEY=accounts.secret_key(),
        SESSION_COOKIE_NAME="feeds-editor",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=(settings.editor_url or "").startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        WTF_CSRF_CHECK_DEFAULT=False,  # `security` checks the token itself
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    app.extensions["feeds-access"] = Access(accounts, settings.editor_url, settings.editor_header)
    app.extensions["feeds-store"] = ArticleStore(publisher, folder, commits=settings.editor_commit)
    app.extensions[web.UNPUBLISHED_KEY] = security.shows_unpublished
    security.csrf.init_app(app)
    security.limiter.init_app(app)
    app.register_blueprint(security.blueprint)
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxy, settings.editor_header)  # type: ignore[method-assign]


def main() -> None:
    """Run the console script `feeds`."""
    cli.main(obj=ScriptInfo(create_app=create_app, set_debug_flag=False))
