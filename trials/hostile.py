"""Tests the limits of the server: connections, headers, memory, uploads, hubs, hung workers and inotify.

Run it with `make trials`. Each trial prints what was observed. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from load import FEED, Report, Server, server, serves_still, wait_until, write
from PIL import Image

MEMORY_LIMIT = 1 << 30
"""Bytes of memory that all processes of a server may use together: MemoryMax of deploy/feeds.service."""

PICTURED = "picture: {{file: p{number}.png, alt: Un dessin}}\n"


def processes(pid: int) -> list[int]:
    """Return the ids of a process and of all processes that it started, directly or not."""
    found = [pid]
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += processes(int(child))
    for thread in Path(f"/proc/{pid}/task").glob("*/children") if len(found) == 1 else ():
        with suppress(OSError):
            found += [each for child in thread.read_text().split() for each in processes(int(child))]
    return found


def proportional_memory(pids: list[int]) -> int:
    """Return the memory of processes in bytes. Shared memory is divided among them (PSS)."""
    total = 0
    for pid in pids:
        with suppress(OSError, IndexError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(text.split("\nPss:")[1].split()[0]) * 1024
    return total


def idle_connections(count: int) -> Report:
    """Open connections that send nothing, and request the feed meanwhile."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(count, hard - 200)
    report = Report(f"{count:,} idle connections", 0)
    with server() as running, ExitStack() as stack:
        for number in range(count):
            stack.enter_context(running.connect())
            if number % 500 == 0:
                serves_still(running, report)
        serves_still(running, report)
        report.requests += count
    return report


def large_headers(count: int) -> Report:
    """Send headers of 30 kB, each different, on one connection."""
    report = Report(f"{count:,} distinct headers of 30 kB", 0)
    with server() as running:
        running.get(FEED)
        before = running.memory()
        with running.connect() as client:
            for number in range(count):
                name = ("If-None-Match", "If-Modified-Since", "Accept-Encoding", "Cookie")[number % 4]
                value = f'"{number}{"x" * 30_000}"'
                client.sendall(f"HEAD {FEED} HTTP/1.1\r\nHost: a\r\n{name}: {value}\r\n\r\n".encode())
                data = b""
                while not data.endswith(b"\r\n\r\n"):
                    data += client.recv(65_536)
        report.requests = count
        serves_still(running, report)
        after = running.memory()
    report.figures["memory"] = f"{before / 1e6:.0f} → {after / 1e6:.0f} MB"
    if after > before + 10_000_000:
        report.faults.append("memory grew by more than 10 MB")
    return report


def growing_upload(seconds: float) -> Report:
    """Write a recording for `seconds`, as an upload does: no part of it may be published."""
    report = Report(f"an upload of {seconds:.0f} s", 0)
    with server(articles=5) as running:
        upload = running.content / "media" / "upload.mp3"
        with upload.open("wb") as file:
            file.write(b"\0" * 1_000)
            file.flush()
            write(running.content, 9, "Enregistrement")
            path = running.content / "articles" / "a9.yaml"
            path.write_text(f"attachments: [{{file: upload.mp3, title: Son}}]\n{path.read_text(encoding='utf-8')}")
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                file.write(b"\0" * 100_000)
                file.flush()
                time.sleep(0.2)
                if b"upload.mp3" in running.get(FEED)[1]:
                    report.faults.append("a part of the upload was published")
                serves_still(running, report)
        size = upload.stat().st_size
        start = time.monotonic()
        wait_until(lambda: f'length="{size}"'.encode() in running.get(FEED)[1])
        report.figures["published after"] = f"{time.monotonic() - start:.1f} s"
    return report


def hostile_content() -> Report:
    """Serve pictures that decompress to 400 MB each, and bodies that would need gigabytes, within the unit's memory."""
    report = Report("pictures of 100 megapixels, and tables of 50 million cells", 0)
    with server(articles=5) as running:
        picture = running.content / "original.png"
        Image.new("RGBA", (9_999, 9_999), (200, 100, 50, 128)).save(picture)
        table = f"{'|a' * 1000}\n{'|-' * 1000}\n" + "|x\n" * 50_000
        peak = 0
        for number in range(4):
            target = running.content / "media" / f"p{number}.png"
            shutil.copyfile(picture, target)
            with target.open("ab") as file:
                file.write(str(number).encode())
            os.utime(target, (0, 0))
            write(running.content, number, "Un dessin")
            path = running.content / "articles" / f"a{number}.yaml"
            path.write_text(PICTURED.format(number=number) + path.read_text(encoding="utf-8"), encoding="utf-8")
        body = "".join(f"  {line}\n" for line in table.splitlines())
        text = f"title: Table\npublished: 2026-01-01\ncategories: [research]\nbody: |\n{body}"
        (running.content / "articles" / "table.yaml").write_text(text, encoding="utf-8")
        deadline = time.monotonic() + 180
        while running.get(FEED)[1].count(b"<enclosure") < 4 and time.monotonic() < deadline:
            peak = max(peak, proportional_memory(processes(running.process.pid)))
            serves_still(running, report)
            time.sleep(0.05)
        if running.get(FEED)[1].count(b"<enclosure") < 4:
            report.faults.append("the pictures were not made")
        if peak > MEMORY_LIMIT:
            report.faults.append(f"{peak:,} bytes of memory (expected at most {MEMORY_LIMIT:,})")
        report.figures["memory"] = f"{peak / 1e6:.0f} MB"
    return report


def hung_worker() -> Report:
    """Stop the only worker with SIGSTOP: it has to be replaced."""
    report = Report("a worker that hangs", 0)
    with server(articles=5) as running:
        (worker,) = processes(running.process.pid)[1:]
        os.kill(worker, signal.SIGSTOP)
        start = time.monotonic()
        wait_until(lambda: running.get(FEED, timeout=1)[0] == 200, 60)
        report.figures["served again after"] = f"{time.monotonic() - start:.1f} s"
        serves_still(running, report)
    return report


def slow_hub() -> Report:
    """Declare a hub that sends a header every second and never finishes; another hub is notified all the same."""
    report = Report("a hub that never finishes its response", 0)
    heard: list[bytes] = []
    with ExitStack() as stack:
        dripping, working = (stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))

        def drip() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = dripping.accept()
                    threading.Thread(target=drip_to, args=(connection,), daemon=True).start()

        def drip_to(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.sendall(b"HTTP/1.1 202 Accepted\r\n")
                while True:
                    connection.sendall(b"X: y\r\n")
                    time.sleep(1)

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = working.accept()
                    with connection:
                        heard.append(connection.recv(65_536))
                        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        for target in (drip, answer):
            threading.Thread(target=target, daemon=True).start()
        running = stack.enter_context(server(articles=5))
        hubs = ", ".join(f"'http://127.0.0.1:{each.getsockname()[1]}/'" for each in (dripping, working))
        site = running.content / "site.yaml"
        site.write_text(f"{site.read_text(encoding='utf-8')}hubs: [{hubs}]\n", encoding="utf-8")
        wait_until(lambda: len(heard) > 0, 60)
        write(running.content, 1, "Un autre titre")
        wait_until(lambda: b"Un autre titre" in running.get(FEED)[1])
        serves_still(running, report)
        report.requests = len(heard)
    return report


def without_inotify() -> Report:
    """Run the server in a user namespace without inotify instances: edits are noticed by scans."""
    report = Report("no inotify instance", 0)
    with server(articles=5) as template:
        port = template.port
        content = template.content.with_name("copy")
        shutil.copytree(template.content, content)
        environment = {**os.environ, "FEEDS_CONTENT": str(content), "FEEDS_STATE": str(content.with_name("state2"))}
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        feeds = Path(sys.executable).with_name("feeds")
        command = f"echo 0 > /proc/sys/user/max_inotify_instances && exec {feeds} serve --port {port}"
        process = subprocess.Popen(["unshare", "--user", "--map-root-user", "sh", "-c", command], env=environment)
        try:
            running = Server(content, port, process)
            wait_until(lambda: running.get(FEED)[0] == 200)
            write(content, 1, "Un autre titre")
            start = time.monotonic()
            wait_until(lambda: b"Un autre titre" in running.get(FEED)[1])
            report.figures["shown after"] = f"{time.monotonic() - start:.1f} s"
            if b'"scans"' not in running.get("/health")[1]:
                report.faults.append("/health does not report scans")
        finally:
            process.terminate()
            process.wait(60)
    return report


def main() -> None:
    """Run all trials, and print each report with its failures."""
    reports = []
    trials: tuple[Callable[[], Report], ...] = (
        lambda: idle_connections(5_000),
        lambda: large_headers(1_000),
        lambda: growing_upload(20),
        hostile_content,
        hung_worker,
        slow_hub,
        without_inotify,
    )
    for trial in trials:
        reports.append(trial())
        print(reports[-1], flush=True)
        print("".join(f"  {failure}\n" for failure in reports[-1].faults[:10]), end="")
    sys.exit(any(report.faults for report in reports))


if __name__ == "__main__":
    main()
