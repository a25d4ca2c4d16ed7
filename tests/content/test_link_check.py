"""`feeds check --online`, against a local test server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from feeds import create_app
from feeds.settings import Settings
from tests.builders import NOW, content_folder
from tests.processes import free_port

pytestmark = pytest.mark.integration


class Elsewhere(BaseHTTPRequestHandler):
    """A server with audio of 1,000 bytes, a redirect, a page and an invalid length; it answers 410 to the rest."""

    def do_HEAD(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/s.mp3")
            self.end_headers()
            return
        kind = {"/s.mp3": "audio/mpeg", "/p": "text/html; charset=utf-8", "/odd.mp3": "audio/mpeg"}.get(self.path)
        self.send_response(200 if kind else 410)
        self.send_header("Content-Length", "\xb2" if "odd" in self.path else "1000")
        if kind:
            self.send_header("Content-Type", kind)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_remote_attachments_are_requested_and_compared(elsewhere: str, content: Path) -> None:
    attachments = [
        {"title": "Juste", "url": f"{elsewhere}/s.mp3", "length": "1000"},
        {"title": "Déplacé", "url": f"{elsewhere}/moved", "type": "audio/mpeg", "length": "1000"},
        {"title": "Étrange", "url": f"{elsewhere}/odd.mp3"},
        {"title": "Faux", "url": f"{elsewhere}/s.mp3", "type": "audio/ogg", "length": "999"},
        {"title": "Page", "url": f"{elsewhere}/p", "type": "text/html"},
        {"title": "Parti", "url": f"{elsewhere}/gone.mp3"},
        {"title": "Muet", "url": f"http://127.0.0.1:{free_port()}/s.mp3"},
    ]
    about = {"summary": "Un résumé.", "twin": "t"}
    content_folder(content, {"a": {**about, "attachments": attachments}, "b": {**about, "language": "en"}})
    runner = FlaskCliRunner(create_app(Settings(content), clock=lambda: NOW))
    assert "0 errors, 0 warnings" in runner.invoke(args=["check"]).output
    found = runner.invoke(args=["check", "--online"])
    places = [line.partition("a.yaml:")[2] for line in found.output.splitlines()]
    told = [place.split(": ", 2)[2] for place in places if place]
    assert sorted(told[:3]) == [
        "attachments.length: 999, but the server reports 1000 (expected 1000)",
        "attachments.type: audio/ogg, but the server reports audio/mpeg (expected audio/mpeg)",
        "attachments.url: the server answers 410 Gone (expected 200)",
    ]
    assert told[3].startswith("attachments.url: connection refused by 127.0.0.1 (port ") and len(told) == 4
    assert "0 errors, 4 warnings" in found.output and found.exit_code == 0
