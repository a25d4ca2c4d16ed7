"""Fuzzes requests: any path and headers must give a proper response, and never the bytes of another file.

Run it with `make fuzz`, or alone with libFuzzer's options: `python trials/fuzz_front.py
-runs=100000 FOLDER`. An input is the method, the path, and one header a line. The application is
called in this process.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import atheris

ROOT = Path(__file__).parent.parent

with atheris.instrument_imports(include=["feeds", "werkzeug.http", "werkzeug.routing"]):
    sys.path.insert(0, str(ROOT))
    from feeds import create_app
    from feeds.settings import Settings

app = create_app(Settings(content=ROOT / "content", rescan=0))
PRIVATE = [b"tag_authority:", b"root:x:0:0", b"def create_app", b"yaml-language-server"]
"""Text of files that nobody may see: of the content, of the system and of our code."""

STATUSES = {"200", "206", "301", "304", "400", "404", "405", "412", "416"}


def one_input(data: bytes) -> None:
    """Send a request and check the response."""
    method, path, *lines = [*data.decode("latin-1").split("\n"), ""]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method.strip() or "GET",
        "PATH_INFO": "/" + path.removeprefix("/"),
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "a",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for line in lines:
        name, _, value = line.partition(":")
        environ["HTTP_" + name.strip().upper().replace("-", "_")] = value.strip()
    responses: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        responses.append((status, headers))

    body = app.wsgi_app(environ, start_response)
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    ((status, headers),) = responses
    assert status[:3] in STATUSES, status
    for name, value in headers:
        assert name.isascii() and not set("\r\n\0") & set(name + value), (name, value)
    length = dict(headers).get("Content-Length")
    assert method.strip() == "HEAD" or status[:3] == "304" or length is None or int(length) == len(content), headers
    assert not any(private in content for private in PRIVATE)


def main() -> None:
    """Fuzz until libFuzzer's options end the run."""
    app.extensions["feeds"].start()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
