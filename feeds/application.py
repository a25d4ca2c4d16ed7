"""Application: Flask with the parts of ours, which are imported and wired when one of them is first asked for.

Nothing is read and no thread is started here. A command pays for no import that it does not need.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from feeds.commands import Commands
from feeds.settings import Settings

if TYPE_CHECKING:
    from feeds.server.front import Front
    from feeds.server.publisher import Publisher


class Application(Flask):
    """The application of a folder of content."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] | None, *, has_previews: bool) -> None:
        """Take what the parts will be made with; without a clock, it is the machine's."""
        super().__init__("feeds", static_folder=None, template_folder=None)
        self.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        self.url_map.merge_slashes = False
        self.cli = Commands()
        self._settings, self._clock, self._has_previews = settings, clock, has_previews
        self._parts: tuple[Publisher, Front] | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def publisher(self) -> Publisher:
        """The one who makes editions."""
        return self._wired()[0]

    @property
    def front(self) -> Front:
        """What answers requests, Flask behind it."""
        return self._wired()[1]

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        return self.front(environ, start_response)

    def _wired(self) -> tuple[Publisher, Front]:
        with self._one_at_a_time:
            if self._parts is None:
                self._parts = self._wire()
            return self._parts

    def _wire(self) -> tuple[Publisher, Front]:
        from feeds.content.folder import ContentFolder
        from feeds.content.pictures import PictureStore
        from feeds.content.state import StateFolder
        from feeds.server import web
        from feeds.server.front import Front
        from feeds.server.publisher import Publisher, utc_now

        settings = self._settings
        state = StateFolder(settings.state) if settings.state else None
        content = ContentFolder(settings.content, settings.url, state)
        pictures = PictureStore(content.media, settings.state / "pictures" if settings.state else None)
        clock = self._clock or utc_now
        publisher = Publisher(content, clock, rescan=settings.rescan, state=state, pictures=pictures)
        self.register_blueprint(web.blueprint)
        if self._has_previews:
            from feeds.server import preview

            self.register_blueprint(preview.blueprint)
        return publisher, Front(super().wsgi_app, publisher)
