"""Who may use the editor: host names, proxies and sessions, and links that show one draft without an account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import current_app, request, session
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.middleware.proxy_fix import ProxyFix

from feeds.model.article import Article

from .accounts import Accounts

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
"""Host names at which the editor answers without FEEDS_EDITOR_URL."""

LINK_SECONDS = 7 * 86_400
"""Seconds for which a link to a draft is valid."""

SHARED_COOKIE = "feeds-shared"
"""The cookie by which a shared page may load the pictures of its article."""

_FROM_PROXY = "feeds.from_trusted_proxy"

_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_REAL_IP", *(f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "HOST", "PROTO")))
_FORWARDED = (*_FORWARDED, "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX")


@dataclass(frozen=True)
class Access:
    """Who may use the editor.

    `url` is its public address, or None on this machine only. `header` is the request header in which a trusted
    proxy puts the name of the user.
    """

    accounts: Accounts
    url: str | None = None
    header: str | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names at which the editor answers."""
        host = urlsplit(self.url or "").hostname
        return (host,) if host else LOOPBACK_HOSTS

    @property
    def needs_sign_in(self) -> bool:
        """Whether authors sign in here, with an account of the editor."""
        return self.header is None and bool(self.url or self.accounts.names())

    def user(self) -> str | None:
        """Return the name of the signed-in author: empty if no sign-in is needed, None if nobody is signed in."""
        if self.header:
            value = request.headers.get(self.header, "").strip()
            is_one_name = bool(value) and "," not in value  # several headers are joined with commas
            return value if is_one_name and request.environ.get(_FROM_PROXY) else None
        if not self.needs_sign_in:
            return ""
        name, key = session.get("user"), session.get("key")
        return name if name and key and self.accounts.session_key(name) == key else None

    def sign_in(self, name: str, password: str) -> bool:
        """Start a session if the password is correct, and return whether it is. Only the language is kept."""
        if not self.accounts.verify(name, password):
            return False
        language = session.get("language")
        session.clear()
        session.update(user=name, key=self.accounts.session_key(name), language=language)
        session.permanent = True
        return True

    def sign_out(self) -> None:
        """End all sessions of the author."""
        if name := session.get("user"):
            self.accounts.end_sessions(name)
        session.clear()


def current_access() -> Access:
    """Return who may use the editor of the current application."""
    return cast(Access, current_app.extensions["feeds-access"])


class TrustedProxies:
    """Applies the headers of trusted proxies, and removes those that anybody else sends."""

    def __init__(self, app: WSGIApplication, proxies: Iterable[str], header: str | None) -> None:
        """Wrap an application. `header` is that in which proxies name the user."""
        self._app, self._proxies = app, frozenset(proxies)
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=0)
        self._user_key = f"HTTP_{header.upper().replace('-', '_')}" if header else ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        if environ.get("REMOTE_ADDR") in self._proxies:
            environ[_FROM_PROXY] = True
            return self._behind_proxy(environ, start_response)
        for key in (*_FORWARDED, self._user_key):
            environ.pop(key, None)
        return self._app(environ, start_response)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="feeds-shared-draft")


def share_token(article_id: str) -> str:
    """Return a secret that shows the article with an id to whoever has it, until it expires."""
    return str(_serializer().dumps(article_id))


def shared_article(token: str, articles: Mapping[str, Article]) -> Article | None:
    """Return the article that a secret shows; None if the secret is not valid, or has expired."""
    try:
        article_id = _serializer().loads(token, max_age=LINK_SECONDS)
    except BadData:
        return None
    return next((article for article in articles.values() if article.id == article_id), None)
