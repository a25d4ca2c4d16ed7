"""The WSGI callable in front of Flask: paths of the edition are answered from it, everything else by Flask.

It reads no file, and renders only documents that an edition renders on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .publisher import Publisher

KINDS = ("articles", "feeds", "media", "pictures", "preview", "static", "health", "manifest.json", "sitemap.xml")
"""First segments of paths that are counted separately."""

OTHER = "other"

Observe = Callable[[str, str], None]


class Front:
    """Answers requests for documents of the edition; Flask sees the rest with the site's path as its SCRIPT_NAME.

    `observe` is called with a label of the path and the status of each response. Documents that are rendered ahead have
    their path as label, all others their kind: no visitor can make the number of labels grow.
    """

    def __init__(self, app: WSGIApplication, publisher: Publisher) -> None:
        """Wrap a WSGI application."""
        self._app, self._publisher = app, publisher
        self.observe: Observe | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        edition = self._publisher.edition
        if edition is None:
            self._publisher.start()
            self._publisher.watch()
            edition = self._publisher.edition
            if edition is None:
                return self._app(environ, start_response)
        path: str = environ["PATH_INFO"]
        if not path.isascii():
            path = path.encode("latin-1", "replace").decode("utf-8", "replace")
        query: str = environ.get("QUERY_STRING", "")
        is_redirect = query and edition.redirects.by_query(path, query)
        document = None if is_redirect else edition.find(path)
        observe = self.observe
        if observe:
            is_ahead = document is not None and path in edition.ahead
            label = path if is_ahead else kind_of(path.removeprefix(edition.site.path), edition.site.languages)
        if document is not None:
            status, headers, body = document.answer(environ, self._publisher.seconds_left(edition))
            if observe:
                observe(label, status)
            start_response(status, headers)
            return body
        prefix = edition.site.path
        if prefix and (path + "/").startswith(prefix + "/"):
            environ["SCRIPT_NAME"] = prefix
            environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :]

        def observed(status: str, *more: Any) -> Any:
            if observe:
                observe(label, status)
            return start_response(status, *more)

        return self._app(environ, observed if observe else start_response)


def kind_of(path: str, languages: tuple[str, ...]) -> str:
    """Return the label under which a path below the site's address is counted, unless it has one of its own."""
    parts = path.split("/", 3)[1:]
    first = parts[1] if len(parts) > 1 and parts[0] in languages else parts[0] if parts else ""
    return f"/{first}/…" if first in KINDS else OTHER
