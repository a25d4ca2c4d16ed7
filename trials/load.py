"""Loads the server while its content changes and with clients that misbehave, and reports the results.

Run it with `make trials`. wrk (Debian) requests a feed as fast as it can while articles are
rewritten. Then come slow clients, half-open connections, endless headers and unknown paths. Exit
status 1 if anything failed.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
FEEDS = str(Path(sys.executable).with_name("feeds"))
FEED = "/feeds/all.rss"
SECONDS = int(os.environ.get("TRIAL_SECONDS", "60"))
CONNECTIONS = tuple(map(int, os.environ.get("TRIAL_CONNECTIONS", "64,512").split(",")))

STALE = 1.0
"""Maximum seconds until a change is visible, besides the second in which a document changes at most once."""

SITE = """\
title: Essai
subtitle: Un essai.
url: https://news.example
languages: [fr]
timezone: Europe/Paris
tag_authority: news.example,2020
publisher: {name: Essai}
categories:
  research: {title: Recherche, description: On cherche.}
"""


def write(content: Path, number: int, title: str) -> None:
    """Write an article as an editor does: by replacing the file."""
    text = "  Une phrase du texte qui n’apprend rien à personne.\n" * 20
    keys = (
        f'title: "{title}"\npublished: 2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}\ncategories: [research]\n'
    )
    path = content / "articles" / f"a{number}.yaml"
    path.with_name(f".{number}").write_text(f"{keys}summary: Un essai.\nbody: |\n{text}", encoding="utf-8")
    path.with_name(f".{number}").rename(path)


@dataclass
class Server:
    """A running server of ours with its own content."""

    content: Path
    port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str, timeout: float = 20, **headers: str) -> tuple[int, bytes]:
        """Send a GET request on a new connection; return the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def memory(self) -> int:
        """Return the resident memory of the serving process, in bytes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        status = Path(f"/proc/{children[0]}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024

    def connect(self, data: bytes = b"") -> socket.socket:
        """Open a connection and send its first bytes."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(data)
        return connection


@contextmanager
def server(articles: int = 200, film: int = 0) -> Iterator[Server]:
    """Run a server with N articles for the duration of the block.

    If `film` is not 0, one article has a film of that many bytes attached.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        content = Path(folder) / "content"
        (content / "articles").mkdir(parents=True)
        (content / "media").mkdir()
        (content / "site.yaml").write_text(SITE, encoding="utf-8")
        for number in range(articles):
            write(content, number, f"Article {number}")
        if film:
            with (content / "media" / "film.mp4").open("wb") as file:
                file.truncate(film)
            os.utime(content / "media" / "film.mp4", (0, 0))  # else it looks like an upload in progress
            path = content / "articles" / "a0.yaml"
            path.write_text(f"attachments: [{{file: film.mp4, title: Film}}]\n{path.read_text(encoding='utf-8')}")
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        command = [FEEDS, "serve", "--port", str(port)]
        environment = {"FEEDS_CONTENT": str(content), "FEEDS_STATE": f"{folder}/state", "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            running = Server(content, port, process)
            wait_until(lambda: running.get(FEED)[0] == 200)
            yield running
        finally:
            process.terminate()
            process.wait(60)


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until a condition holds; a failed connection counts as false.

    Raises TimeoutError after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError, http.client.HTTPException):
            if condition():
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} seconds")
        time.sleep(0.02)


@dataclass
class Report:
    """The result of a trial: number of requests, failures, and other figures by name."""

    name: str
    requests: int
    faults: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the report as a line of text."""
        figures = ", ".join(f"{name} {value}" for name, value in self.figures.items())
        return f"{self.name:44} {self.requests:>10,} requests {len(self.faults):>4} faults   {figures}".rstrip()


class Changes:
    """Rewrites an article again and again, and measures how long the server takes to show each version."""

    def __init__(self, server: Server) -> None:
        """Start the thread."""
        self._server, self._end = server, threading.Event()
        self.delays: list[float] = []
        self.faults: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the change in progress."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._end.wait(1.5):  # a document changes at most once a second, which does not count as delay
            number += 1
            title = f"Version {number}!".encode()
            write(self._server.content, 199, title.decode())
            start = time.monotonic()
            try:
                wait_until(lambda title=title: title in self._server.get(FEED)[1])  # type: ignore[misc]
            except TimeoutError:
                self.faults.append(f"{title.decode()} did not come")
            self.delays.append(time.monotonic() - start)


def many_requests(connections: int, seconds: int, stale: float = STALE) -> Report:
    """Request a feed with wrk over many connections while it changes; a change may take `stale` seconds."""
    with server() as running:
        subprocess.run(wrk(running, connections, 1), capture_output=True, check=True)  # warm up: render everything
        before, changes = running.memory(), Changes(running)
        output = subprocess.run(wrk(running, connections, seconds), capture_output=True, text=True, check=True).stdout
        changes.stop()
        after = running.memory()
    failures = [*changes.faults, *re.findall(r"Socket errors:.*|Non-2xx.*", output)]
    failures += [f"a change came after {delay:.1f} s" for delay in changes.delays if delay > stale]
    if after > before * 1.1 + 10_000_000:
        failures.append(f"memory grew from {before:,} to {after:,} bytes")
    count = int(re.findall(r"(\d+) requests in", output)[0])
    figures = {
        "a second": f"{count / seconds:,.0f}",
        "changes": str(len(changes.delays)),
        "shown within": f"{max(changes.delays):.2f} s",
        "memory": f"{before / 1e6:.0f} → {after / 1e6:.0f} MB",
    }
    return Report(f"{connections} connections for {seconds} s, content changing", count, failures, figures)


def wrk(server: Server, connections: int, seconds: int) -> list[str]:
    """Return the wrk command that requests a feed as gzip for N seconds."""
    address = f"http://127.0.0.1:{server.port}{FEED}"
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-H", "Accept-Encoding: gzip"]
    return ["wrk", *options, address]


def serves_still(server: Server, report: Report) -> None:
    """Request the feed, which must arrive within a second; add a failure to the report otherwise."""
    start = time.monotonic()
    try:
        status, body = server.get(FEED, timeout=5)
        report.requests += 1
        if status != 200 or not body.endswith(b"</rss>\n"):
            report.faults.append(f"the feed answered {status} with {len(body)} bytes")
    except (OSError, http.client.HTTPException) as error:
        report.faults.append(f"the feed did not answer: {error!r}")
    seconds = time.monotonic() - start
    if seconds > STALE:
        report.faults.append(f"the feed took {seconds:.1f} s")
    report.figures["answers within"] = f"{max(seconds, float(report.figures.get('answers within', '0 s')[:-2])):.2f} s"


def slow_clients(count: int) -> Report:
    """Open connections that send nothing or half a request, or request a film without reading it."""
    report = Report(f"{count} clients of each kind that go no further", 0)
    kinds = {
        "half-open": b"",
        "half a request": b"GET /feeds/all.rss HTTP/1.1\r\nHost: a\r\nX-",
        "a film that is not read": b"GET /media/film.mp4 HTTP/1.1\r\nHost: a\r\n\r\n",
    }
    with server(film=50_000_000) as running, ExitStack() as stack:
        for data in kinds.values():
            for _ in range(count):
                stack.enter_context(running.connect(data))
            report.requests += count
            serves_still(running, report)
    return report


def endless_headers(count: int) -> Report:
    """Send headers of 64 KiB and more: long ones, and many of them."""
    report = Report("headers of 64 KiB to 4 MiB", 0)
    with server() as running:
        for size in (1 << 16, 1 << 18, 1 << 22):
            for line in (
                b"X-A: " + b"a" * size,
                b"\r\n".join([b"A: b"] * (size // 6)),
                b"Cookie: " + b"a=b; " * (size // 5),
            ):
                for _ in range(count):
                    with suppress(OSError), running.connect() as client:
                        client.sendall(b"GET /feeds/all.rss HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n")
                        client.recv(100)
                    report.requests += 1
                serves_still(running, report)
    return report


def unknown_paths(count: int) -> Report:
    """Request paths that do not exist, each only once."""
    report = Report(f"{count:,} unknown paths", 0)
    with server() as running:
        running.get("/nothing")
        before = running.memory()
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        for number in range(count):
            connection.request("GET", f"/{('feeds/tags', 'articles', 'media', 'x')[number % 4]}/nothing-{number}.rss")
            answer = connection.getresponse()
            answer.read()
            if answer.status != 404:
                report.faults.append(f"a path answered {answer.status}")
        connection.close()
        report.requests = count
        serves_still(running, report)
        after = running.memory()
    if after > before + 20_000_000:
        report.faults.append(f"memory grew from {before:,} to {after:,} bytes")
    report.figures["memory"] = f"{before / 1e6:.0f} → {after / 1e6:.0f} MB"
    return report


def main() -> None:
    """Run all trials, and print each report with its failures."""
    reports = [many_requests(connections, SECONDS) for connections in CONNECTIONS]
    reports += [slow_clients(200), endless_headers(20), unknown_paths(10_000)]
    for report in reports:
        print(report)
        print("".join(f"  {failure}\n" for failure in report.faults[:10]), end="")
    sys.exit(any(report.faults for report in reports))


if __name__ == "__main__":
    main()
