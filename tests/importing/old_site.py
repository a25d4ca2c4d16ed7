"""A server of another system, for tests."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from tests.builders import ROOT
from tests.processes import in_thread

OLD = ROOT / "tests" / "data" / "old"


def png(colour: str = "teal", size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


class OldSite:
    """A server of another system: it serves `pages` by path, and a distinct picture for any picture path."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        self.port = 0
        self.is_everywhere = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, path: str, name: str) -> str:
        self.pages[path] = (OLD / name).read_bytes().replace(b"http://old.example", self.url.encode())
        return self.url + path

    @contextmanager
    def serving(self) -> Iterator[None]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                if self.path in outer.moved:
                    self.send_response(302)
                    self.send_header("Location", outer.moved[self.path])
                    self.end_headers()
                    return
                data = outer.pages.get(self.path)
                if data is None and self.path.endswith((".png", ".jpg")):
                    data = png(f"#{zlib.crc32(self.path.encode()) & 0xFFFFFF:06x}")
                if data is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *about: object) -> None:
                pass

        server = ThreadingHTTPServer(("0.0.0.0" if self.is_everywhere else "127.0.0.1", self.port), Handler)
        self.port = server.server_port
        with in_thread(server):
            yield
