"""Recognises a person who opens a feed in a browser: browsers show a feed as source text, or offer to save it.

A browser says what a request is for (https://www.w3.org/TR/fetch-metadata/). Feed readers send no such headers, and
extensions that fetch a feed send other values.
"""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

from feeds.edition.document import SECURITY_HEADERS, WSGIResponse
from feeds.edition.feed_pages import ANCHOR, RAW


def is_navigation(environ: WSGIEnvironment) -> bool:
    """Return whether a request is a browser navigation without the parameter `raw`."""
    return (
        environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
        and environ["REQUEST_METHOD"] == "GET"
        and RAW not in environ.get("QUERY_STRING", "").split("&")
    )


def redirect_to_page(page: str) -> WSGIResponse:
    """Return a redirect to the page about a feed. No cache may store it, or feed readers would get it."""
    location = f"{page}#{ANCHOR}"
    headers = [("Location", location), ("Content-Length", "0"), ("Cache-Control", "no-store"), *SECURITY_HEADERS]
    return "303 See Other", headers, []
