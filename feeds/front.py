"""Front: the WSGI callable before Flask; a path of the edition is answered from it, and all else is Flask's.

It reads no file and renders nothing but what an edition finishes when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .publisher import Publisher


class Front:
    """Answers what the edition has; Flask sees the rest with the site's path as its SCRIPT_NAME."""

    def __init__(self, behind: WSGIApplication, publisher: Publisher) -> None:
        """Stand before a WSGI callable."""
        self._behind, self._publisher = behind, publisher

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        edition = self._publisher.edition
        if edition is None:
            self._publisher.start()
            self._publisher.watch()
            edition = self._publisher.edition
            if edition is None:
                return self._behind(environ, start_response)
        path: str = environ["PATH_INFO"]
        if not path.isascii():
            path = path.encode("latin-1", "replace").decode("utf-8", "replace")
        document = edition.find(path)
        if document is not None:
            return document.answer(environ, start_response, self._publisher.seconds_left(edition))
        prefix = edition.site.path
        if prefix and (path + "/").startswith(prefix + "/"):
            environ["SCRIPT_NAME"] = prefix
            environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :]
        return self._behind(environ, start_response)
