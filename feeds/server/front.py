"""The WSGI callable in front of Flask: serves paths of the edition, and passes all others to Flask.

It reads no file, and renders only documents that an edition renders on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from feeds.edition.feed_pages import feed_page

from .navigation import is_navigation, redirect_to_page
from .publisher import Publisher

COUNTED_SEGMENTS = (
    "articles",
    "feeds",
    "media",
    "pages",
    "pictures",
    "preview",
    "search",
    "static",
    "health",
    "manifest.json",
    "sitemap.xml",
)
"""First path segments that are counted under a label of their own."""

OTHER_LABEL = "other"

ObserveResponse = Callable[[str, str], None]


class Front:
    """Serves documents of the edition; passes other requests to Flask with the site's path as SCRIPT_NAME.

    A person who opens a feed in a browser is redirected to its page.

    `observe` is called with a path label and the status of each response. Documents that are
    rendered ahead have their path as label, all others their kind. So visitors cannot increase the
    number of labels.
    """

    def __init__(self, app: WSGIApplication, publisher: Publisher) -> None:
        """Wrap a WSGI application."""
        self._app, self._publisher = app, publisher
        self.observe: ObserveResponse | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        edition = self._publisher.edition
        if edition is None:
            self._publisher.try_to_start()
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
            is_ahead = document is not None and path in edition.prebuilt_documents
            label = path if is_ahead else path_label(path.removeprefix(edition.site.path), edition.site.languages)
        if document is not None:
            page = feed_page(edition.site, path) if is_navigation(environ) else None
            seconds_left = self._publisher.seconds_left(edition)
            status, headers, body = redirect_to_page(page) if page else document.respond(environ, seconds_left)
            if observe:
                observe(label, status)
            start_response(status, headers)
            return body
        prefix = edition.site.path
        if prefix and (path + "/").startswith(prefix + "/"):
            environ["SCRIPT_NAME"] = prefix
            environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :]

        def observing_start_response(status: str, *args: Any) -> Any:
            if observe:
                observe(label, status)
            return start_response(status, *args)

        return self._app(environ, observing_start_response if observe else start_response)


def path_label(path: str, languages: tuple[str, ...]) -> str:
    """Return the label under which a path is counted if it has none of its own.

    `path` is relative to the site's address.
    """
    parts = path.split("/", 3)[1:]
    first = parts[1] if len(parts) > 1 and parts[0] in languages else parts[0] if parts else ""
    return f"/{first}/…" if first in COUNTED_SEGMENTS else OTHER_LABEL
