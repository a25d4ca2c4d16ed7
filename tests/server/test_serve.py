"""The production server as a process: behaviour that needs a real socket, a real fork or a real signal."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import PLAIN, ROOT, SAMPLE, as_yaml, content_folder
from tests.processes import (
    FEEDS,
    children,
    environment,
    feeds_process,
    free_port,
    get,
    is_healthy,
    is_open,
    kill,
    served,
    wait_until,
)

pytestmark = pytest.mark.integration

PATHS = [
    *(f"/feeds/research.{ending}" for ending in ("rss", "atom", "json")),
    *("/feeds/tags/genetique.atom", "/feeds.opml", "/", "/en/articles/cheque-ligue-en"),
]


def test_the_server_returns_what_the_application_returns(sample: Path) -> None:
    with served(sample) as (port, _):
        for path in PATHS:
            status, headers, data = get(port, path)
            assert (status, int(headers["content-length"])) == (200, len(data))
            assert get(port, path, If_None_Match=headers["etag"])[0] == 304
            assert get(port, path, Accept_Encoding="gzip")[1]["content-encoding"] == "gzip"
            assert gzip.decompress(get(port, path, Accept_Encoding="gzip")[2]) == data
            head = get(port, path, method="HEAD")
            assert (head[0], head[1]["content-length"], head[2]) == (200, str(len(data)), b"")
        assert get(port, "/feeds/all.rss", method="POST")[1]["allow"] == "GET, HEAD"
        assert get(port, "/media/icon.png")[2] == (SAMPLE / "media" / "icon.png").read_bytes()
        assert get(port, "/feeds/nothing.rss")[0] == 404


def test_servers_started_separately_serve_the_same_bytes_and_etags(sample: Path) -> None:
    def answers(port: int) -> list[tuple[bytes, str]]:
        return [(data, headers["etag"]) for _, headers, data in (get(port, path) for path in PATHS)]

    with (
        served(sample, "--workers", "2", PYTHONHASHSEED="1") as (first, process),
        served(sample, PYTHONHASHSEED="2") as (second, _),
    ):
        wait_until(lambda: answers(first) == answers(second), process)  # each draws the pictures in its own time


def test_the_preview_server_serves_feeds(sample: Path) -> None:
    with served(sample, command="preview") as (port, _):
        assert get(port, "/feeds/all.rss")[0] == 200


def test_a_response_in_progress_is_completed_when_the_server_stops(content: Path) -> None:
    content_folder(content, {"a": {"attachments": [{"file": "film.mp4", "title": "Un film"}]}})
    size = 60_000_000
    with (content / "media" / "film.mp4").open("wb") as file:
        file.truncate(size)
    with served(content) as (port, process):
        reader = socket.create_connection(("127.0.0.1", port), timeout=20)
        reader.sendall(b"GET /media/film.mp4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = len(reader.recv(1000))
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_open("127.0.0.1", port), process)  # it accepts nothing more, and waits for us
        while data := reader.recv(1_000_000):
            received += len(data)
        reader.close()
        assert received > size
        assert process.wait(timeout=20) == 0


def test_a_reload_replaces_the_workers_and_drops_no_request(content: Path) -> None:
    content_folder(content, {"a": {}})
    statuses: list[int] = []
    with served(content, "--workers", "2") as (port, process):
        before = set(children(process.pid))
        process.send_signal(signal.SIGHUP)

        def is_replaced() -> bool:
            statuses.append(get(port, "/feeds/all.rss")[0])
            now = set(children(process.pid))
            return len(now) == 2 and not now & before

        wait_until(is_replaced, process)
        statuses.append(get(port, "/feeds/all.rss")[0])
    assert set(statuses) == {200} and len(statuses) > 20


def test_a_worker_keeps_serving_if_its_replacement_fails(content: Path) -> None:
    content_folder(content, {f"a{number}": {} for number in range(300)})
    with served(content) as (port, process):
        before = set(children(process.pid))
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: bool(set(children(process.pid)) - before), process)
        for successor in set(children(process.pid)) - before:
            os.kill(successor, signal.SIGKILL)

        def is_over() -> bool:
            assert get(port, "/feeds/all.rss")[0] == 200
            return len(children(process.pid)) == 1

        wait_until(is_over, process)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: is_over() and not set(children(process.pid)) & before, process)


def test_a_broken_site_file_is_reported_before_any_worker_starts(content: Path) -> None:
    content_folder(content, {}, "title: Le site\n")
    found = subprocess.run(
        [*FEEDS, "serve"], cwd=content.parent, env=environment(content), capture_output=True, text=True, timeout=30
    )
    assert found.returncode == 2
    assert f"{content}/site.yaml:1:1: url: missing (expected url: https://news.crcm.example)" in found.stderr
    assert "Serving" not in found.stdout


def test_a_port_in_use_is_reported(content: Path) -> None:
    content_folder(content, {})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = subprocess.run(
            [*FEEDS, "serve", "--port", port], env=environment(content), capture_output=True, text=True, timeout=30
        )
    assert found.returncode == 1
    assert f"127.0.0.1 port {port} is taken (use another" in found.stderr


def test_an_invalid_setting_is_reported_without_a_traceback(content: Path) -> None:
    found = subprocess.run(
        [*FEEDS, "check"], env=environment(content, FEEDS_URL="localhost"), capture_output=True, text=True, timeout=30
    )
    assert found.returncode != 0
    assert "Error: FEEDS_URL: localhost is not a web address (expected https://…" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_newsboat_reads_a_feed_as_it_was_written(
    ending: str, program: Callable[[str], str], sample: Path, tmp_path: Path
) -> None:
    newsboat = program("newsboat")
    with served(sample) as (port, _):
        (tmp_path / "urls").write_text(f"http://127.0.0.1:{port}/feeds/all.{ending}\n")
        (tmp_path / "config").write_text("cleanup-on-quit no\n")
        files = ["-u", str(tmp_path / "urls"), "-c", str(tmp_path / "cache.db"), "-C", str(tmp_path / "config")]
        home = {**os.environ, "HOME": str(tmp_path)}
        subprocess.run([newsboat, *files, "-x", "reload"], check=True, timeout=60, capture_output=True, env=home)
    rows = _rows(tmp_path / "cache.db", "select guid, title, author, url, enclosure_url, content from rss_item")
    items = {guid: rest for guid, *rest in rows}
    assert len(items) == len(rows) == 10
    title, author, url, picture, content = items["tag:crcm.example,2024:cheque-ligue-2026"]
    assert title == "La Ligue contre le cancer remet 130\u202f000\u202f€ pour comprendre les cellules résistantes"
    several = {"rss": "Ligue contre le cancer", "atom": "Service communication du CRCM, Ligue contre le cancer"}
    assert author == several[ending], "of several authors in RSS, newsboat shows the last"
    assert url == "https://news.crcm.example/articles/cheque-ligue"
    assert picture == "", "newsboat takes what plays, and no picture, for an enclosure"
    audio = items["tag:crcm.example,2024:mois-sans-tabac-2025"]
    assert (audio[1], audio[3]) == ("Service communication du CRCM", "https://media.crcm.example/mois-sans-tabac.mp3")
    assert "Pourquoi ces cellules\u202f?" in content
    assert items["https://ancien.crcm.example/?p=1287"][0] == "Octobre rose, un mois pour parler du dépistage"


def _rows(database: Path, query: str) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_content_folder_may_be_a_symlink_to_a_release(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "release-1")
    (tmp_path / "current").symlink_to(tmp_path / "release-1")
    with served(tmp_path / "current") as (port, _):
        assert get(port, "/articles/cheque-ligue")[0] == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_server_can_listen_on_ipv4_and_on_ipv6(host: str, content: Path) -> None:
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    content_folder(content, {})
    port = free_port()

    with feeds_process(content, "serve", "--host", host, "--port", str(port)) as process:
        wait_until(lambda: is_open(host, port), process)


def test_a_server_that_is_terminated_during_startup_exits_cleanly(content: Path) -> None:
    content_folder(content, {})
    port = free_port()

    with feeds_process(content, "serve", "--workers", "2", "--port", str(port)) as process:
        wait_until(lambda: is_open("127.0.0.1", port), process)  # the parent listens before its workers have begun
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_every_worker_picks_up_content_changes_and_scheduled_changes(content: Path) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    content_folder(content, {"a": {"title": "Avant"}, "coming": {"title": "Embargo", "published": soon.isoformat()}})
    feed = "/feeds/all.rss"
    with served(content, "--workers", "2") as (port, process):

        def all_say(word: str) -> bool:
            """Return whether every response contains a word, over enough connections to reach both workers."""
            return all(word in get(port, feed)[2].decode() for _ in range(24))

        first = get(port, feed)
        if datetime.now(UTC) < soon:
            assert "Embargo" not in first[2].decode()
        path = content / "articles" / "a.yaml"
        path.write_text(path.read_text().replace("Avant", "Apres"))
        wait_until(lambda: all_say("Apres"), process)
        wait_until(lambda: all_say("Embargo"), process)
        assert datetime.now(UTC) >= soon
        path.write_text("title: ")
        (content / "articles" / "b.yaml").write_text(as_yaml({**PLAIN, "title": "Nouveau"}))
        wait_until(lambda: all_say("Nouveau"), process)
        assert all_say("Apres"), "the broken file keeps its last good article"
        assert len({get(port, feed)[1]["etag"] for _ in range(24)}) == 1


def test_a_swapped_symlink_is_detected_by_the_next_rescan(tmp_path: Path) -> None:
    for name in ("one", "two"):
        content_folder(tmp_path / name, {"a": {"title": f"Release {name}"}})
    link = tmp_path / "current"
    link.symlink_to("one")
    with served(link, FEEDS_RESCAN="1") as (port, process):
        assert b"Release one" in get(port, "/feeds/all.rss")[2]
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").rename(link)
        wait_until(lambda: b"Release two" in get(port, "/feeds/all.rss")[2], process)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_all_processes_may_receive_the_stop_signal_at_once(told: signal.Signals, content: Path) -> None:
    """As Ctrl+C does in a terminal, and systemd by default."""
    content_folder(content, {"a": {}})
    port = free_port()
    with feeds_process(content, "serve", "--port", str(port), "--workers", "2") as process:
        wait_until(lambda: is_healthy(port), process)
        os.killpg(process.pid, told)
        output = process.communicate(timeout=30)[0]
        assert process.returncode == 0, output
        assert "ERROR" not in output and "Unexpected" not in output


def test_workers_exit_when_their_parent_process_is_killed(content: Path) -> None:
    content_folder(content, {"a": {}})
    port = free_port()
    with feeds_process(content, "serve", "--port", str(port), "--workers", "2") as process:
        wait_until(lambda: is_healthy(port), process)
        begun = children(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        end = time.monotonic() + 60
        while is_open("127.0.0.1", port) and time.monotonic() < end:
            time.sleep(0.02)
        assert len(begun) == 2 and not is_open("127.0.0.1", port)


LOSES_ITS_PARENT = """
import os, signal, time
import granian._signals as signals
from feeds.server import granian as server

register = signals.set_sync_signals

def register_and_lose():
    found = register()
    os.kill(os.getppid(), signal.SIGKILL)
    print('the parent is gone', flush=True)
    time.sleep(server.SIGNAL_SETTLE_SECONDS + 1)  # the signal is sent before anybody handles it
    return found

signals.set_sync_signals = register_and_lose
server.SHUTDOWN_SECONDS = 1
server.Server(host="127.0.0.1", port={port}, workers=1).run(lambda: lambda environ, start_response: [b""])
"""


def test_a_worker_whose_parent_dies_before_it_handles_signals_exits_too() -> None:
    program = [sys.executable, "-c", LOSES_ITS_PARENT.format(port=free_port())]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            output = process.communicate(timeout=30)[0]  # returns once the worker has ended too
            assert (process.returncode, output) == (-signal.SIGKILL, "the parent is gone\n")
        finally:
            kill(process)


def test_the_http_port_and_the_metrics_port_must_differ(content: Path) -> None:
    content_folder(content, {"a": {}})
    port = str(free_port())
    done = subprocess.run(
        [*FEEDS, "serve", "--port", port, "--metrics-port", port],
        env=environment(content),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and f"port {port} cannot be used for both (use another --metrics-port)" in done.stderr
