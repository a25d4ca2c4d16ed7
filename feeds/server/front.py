"""Front: the WSGI callable before Flask; a path of the edition is answered from it, and all else is Flask's.

It reads no file and renders nothing but what an edition finishes when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .publisher import Publisher
from .traffic import Traffic, kind_of


class Front:
    """Answers what the edition has; Flask sees the rest with the site's path as its SCRIPT_NAME."""

    def __init__(self, behind: WSGIApplication, publisher: Publisher) -> None:
        """Stand before a WSGI callable."""
        self._behind, self._publisher = behind, publisher
        self.traffic = Traffic()

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
        query: str = environ.get("QUERY_STRING", "")
        has_moved = query and edition.redirects.by_query(path, query)
        counted, document = path, None if has_moved else edition.ahead.get(path)
        if document is None and not has_moved:
            counted = kind_of(path.removeprefix(edition.site.path), edition.site.languages)
            document = edition.find(path)
        if document is not None:
            status, headers, body = document.answer(environ, self._publisher.seconds_left(edition))
            self.traffic.count(counted, status)
            start_response(status, headers)
            return body
        prefix = edition.site.path
        if prefix and (path + "/").startswith(prefix + "/"):
            environ["SCRIPT_NAME"] = prefix
            environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :]

        def counting(status: str, *more: Any) -> Any:
            self.traffic.count(counted, status)
            return start_response(status, *more)

        return self._behind(environ, counting)
