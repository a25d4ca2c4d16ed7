"""CPU time of a request for a feed, compared with a bare WSGI callable, Django's feeds and nginx.

Run it with `make bench`. nginx sends a static file. Each server sends the same bytes, as gzip with
200 and as 304, to wrk (Debian) over persistent connections. The first three run in Granian with one
process. The cost is the CPU time of the server's processes divided by the number of requests.
Results are ratios of our cost to the others': medians of alternating rounds.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from articles import SITE, article, write_ours
from programs import FEEDS, ROOT, Row, cpu_seconds, print_rows, process, seconds_until

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
COUNT = 200
FEED = "/feeds/all.rss"
PORTS = {"ours": 8391, "bare": 8392, "Django": 8393, "nginx": 8394}
GOALS = {"bare, a WSGI callable": 1.05, "Django, cached": 0.1, "nginx, a static file": 2.5}

BARE = """\
import sys
sys.path.insert(0, {root!r})
from feeds.server.granian import Server

BODY = open({body!r}, "rb").read()
OK = {ok!r}
AGAIN = {again!r}

def answer(environ, start_response):
    if "HTTP_IF_NONE_MATCH" in environ:
        start_response("304 Not Modified", AGAIN)
        return []
    start_response("200 OK", OK)
    return [BODY]

Server(host="127.0.0.1", port={port}, workers=1).run(lambda: answer)
"""

DJANGO = """\
import sys
sys.path.insert(0, {root!r})
import django
from datetime import datetime, timezone
from django.conf import settings
settings.configure(
    SECRET_KEY="bench", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True,
    CACHES={{"default": {{"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}},
    CACHE_MIDDLEWARE_SECONDS=3600,
    MIDDLEWARE=[
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.cache.FetchFromCacheMiddleware",
    ],
)
django.setup()
from django.contrib.syndication.views import Feed
from django.core.wsgi import get_wsgi_application
from django.urls import path
from feeds.server.granian import Server

class News(Feed):
    title, link, description = "Banc", "https://news.example/", "Un banc d’essai."
    def items(self): return range(50)
    def item_title(self, item): return f"Article {{item}}"
    def item_link(self, item): return f"https://news.example/articles/a{{item}}"
    def item_description(self, item): return {text!r}
    def item_pubdate(self, item): return datetime(2026, 1, 1, tzinfo=timezone.utc)

urlpatterns = [path("feeds/all.rss", News())]
Server(host="127.0.0.1", port={port}, workers=1).run(get_wsgi_application)
"""

NGINX = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
worker_processes 1;
events {{ }}
http {{
    access_log off;
    types {{ application/rss+xml rss; }}
    server {{ listen 127.0.0.1:{port}; root {folder}/root; gzip_static on; keepalive_requests 1000000000; }}
}}
"""


def asked(port: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Request the feed as gzip; return the status, headers by lower-case name, and the raw bytes."""
    request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{FEED}", headers={"Accept-Encoding": "gzip", **request_headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, {name.lower(): value for name, value in answer.headers.items()}, b""


def is_up(port: int) -> bool:
    """Return whether a server answers."""
    try:
        return asked(port)[0] == 200
    except OSError:
        return False


def microseconds(port: int, pid: int, etag: str | None) -> float:
    """Load a server for SECONDS; return its CPU time in microseconds per request."""
    headers = ["-H", "Accept-Encoding: gzip"] + (["-H", f"If-None-Match: {etag}"] if etag else [])
    address = f"http://127.0.0.1:{port}{FEED}"
    before = cpu_seconds(pid)
    command = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", *headers, address]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pid) - before
    if "Non-2xx" in output and not etag:
        raise RuntimeError(f"port {port}: {output}")
    match = re.search(r"(\d+) requests in", output)
    assert match, output
    return used / int(match[1]) * 1e6


@contextmanager
def servers(folder: Path) -> Iterator[dict[str, int]]:
    """Run all servers with the same bytes; yield their process IDs by name."""
    ours, root = folder / "ours", folder / "root" / "feeds"
    for path in (ours / "articles", ours / "media", root):
        path.mkdir(parents=True)
    (ours / "site.yaml").write_text(SITE, encoding="utf-8")
    for number in range(COUNT):
        write_ours(ours, article(number))
    command = [FEEDS, "serve", "--port", str(PORTS["ours"])]
    environment = {"FEEDS_CONTENT": str(ours), "FEEDS_STATE": str(folder / "state"), "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        pids = {"ours": stack.enter_context(process(command, folder, **environment)).pid}
        seconds_until(lambda: is_up(PORTS["ours"]), time.perf_counter())
        _, headers, body = asked(PORTS["ours"])
        (folder / "body").write_bytes(body)
        (root / "all.rss.gz").write_bytes(body)
        (root / "all.rss").write_bytes(asked(PORTS["ours"], Accept_Encoding="identity")[2])
        ok = [(name, value) for name, value in headers.items() if name not in ("date", "server", "connection")]
        not_modified = [
            (name, value) for name, value in ok if name not in ("content-type", "content-length", "content-encoding")
        ]
        values = {
            "root": str(ROOT),
            "body": str(folder / "body"),
            "ok": ok,
            "again": not_modified,
            "text": article(1).body,
        }
        for name, program in (("bare", BARE), ("Django", DJANGO)):
            (folder / f"{name}.py").write_text(program.format(port=PORTS[name], **values), encoding="utf-8")
            pids[name] = stack.enter_context(process([sys.executable, str(folder / f"{name}.py")], folder)).pid
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=PORTS["nginx"]), encoding="utf-8")
        folder.chmod(0o755)
        command = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
        pids["nginx"] = stack.enter_context(process(command, folder)).pid
        for port in PORTS.values():
            seconds_until(lambda port=port: is_up(port), time.perf_counter())
        yield pids


def measure() -> list[Row]:
    """Measure both kinds of response of all servers in alternating rounds, and return the rows."""
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as pids:
        etags = {name: asked(port)[1]["etag"] for name, port in PORTS.items()}
        for name, pid in pids.items():
            microseconds(PORTS[name], pid, None)  # warm up
        for _ in range(ROUNDS):
            for kind in ("200", "304"):
                for name, pid in pids.items():
                    cost = microseconds(PORTS[name], pid, etags[name] if kind == "304" else None)
                    times.setdefault((kind, name), []).append(cost)
    median = {key: statistics.median(values) for key, values in times.items()}
    return [
        Row(f"CPU of a request, {kind}", name, median[kind, "ours"], median[kind, name.partition(",")[0]], goal, "µs")
        for kind in ("200", "304")
        for name, goal in GOALS.items()
    ]


if __name__ == "__main__":
    print_rows(measure())
