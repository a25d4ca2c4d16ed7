"""Real failures of disks and processes: a full disk, a read-only disk, a shutdown under load."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from feeds.feed.manifest import Manifest
from tests.builders import content_folder
from tests.content.test_state import edition, started, write
from tests.processes import FEEDS, environment, get, served, wait_until

pytestmark = pytest.mark.integration

FEED = "/feeds/research.rss"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Yield the mount point of a disk of 2 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no disk may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages that were logged about the state folder."""
    return [record.getMessage() for record in caplog.records if record.name == "feeds.content.state"]


def fill(disk: Path) -> Path:
    """Fill a disk, and return the file that takes up the space."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass
    return filler


def test_a_full_state_disk_blocks_no_update_and_saving_resumes_once_there_is_room(
    content: Path, disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content_folder(content, {"a": {}})
    state = disk / "state"
    publisher = started(content, state)
    filler = fill(disk)
    for number in range(3):
        write(content, "a", title=f"Un titre, version {number}")
        publisher.refresh(publisher.clock())
        assert f"version {number}".encode() in edition(publisher)[FEED].data
    assert sum("nothing is stored across restarts" in each for each in told(caplog)) == 1
    assert Manifest.from_json((state / "manifest.json").read_bytes()), "the last that was written is whole"
    filler.unlink()
    write(content, "a", title="Un dernier titre")
    publisher.refresh(publisher.clock())
    assert Manifest.from_json((state / "manifest.json").read_bytes()) == edition(publisher).manifest
    assert [path.name for path in state.glob("new-*")] == []
    assert len(told(caplog)) == 1, "that it can be used again is no warning"
    assert edition(started(content, state))[FEED].etag == edition(publisher)[FEED].etag


def test_a_read_only_state_folder_blocks_no_update(content: Path, disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    content_folder(content, {"a": {}})
    state = disk / "state"
    before = edition(started(content, state))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    publisher = started(content, state, seconds=3600)
    assert edition(publisher)[FEED].modified == before[FEED].modified, "what it knows is read"
    write(content, "a", title="Un autre titre")
    publisher.refresh(publisher.clock())
    assert b"Un autre titre" in edition(publisher)[FEED].data
    (message,) = told(caplog)
    assert "nothing is stored across restarts" in message


def test_a_build_onto_a_full_disk_fails_with_a_message_and_leaves_every_file_intact(content: Path, disk: Path) -> None:
    content_folder(content, {"a": {}})
    command = [*FEEDS, "build", "--no-compress", str(disk / "public")]

    def build() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=environment(content), capture_output=True, text=True)

    first = build()
    assert first.returncode == 0, first.stderr
    fill(disk)
    before = {path: path.read_bytes() for path in (disk / "public").rglob("*") if path.is_file()}
    write(content, "a", title="Un autre titre")
    failed = build()
    assert failed.returncode == 1 and f"{disk}/public: No space left on device" in failed.stderr
    after = {path: path.read_bytes() for path in (disk / "public").rglob("*") if path.is_file()}
    assert after == before
    (disk / "filler").unlink()
    assert build().returncode == 0
    assert b"Un autre titre" in (disk / "public" / FEED[1:]).read_bytes()


def test_a_content_folder_that_is_moved_away_is_watched_again_once_it_is_restored(content: Path) -> None:
    content_folder(content, {"a": {}})
    with served(content, FEEDS_RESCAN="1") as (port, process):
        before = get(port, FEED)
        away = content.with_name("away")
        content.rename(away)
        wait_until(lambda: get(port, FEED)[0] == 200, process)
        assert get(port, FEED)[2] == before[2], "what was served stays"
        away.rename(content)
        write(content, "a", title="Un autre titre")
        wait_until(lambda: b"Un autre titre" in get(port, FEED)[2], process)


def test_no_response_is_truncated_when_the_server_stops_under_load(content: Path) -> None:
    body = "Un texte.\n\n" * 3000
    content_folder(content, {f"a{number}": {"body": body} for number in range(20)})
    counts, faults = [0] * 8, []
    end = threading.Event()

    def ask(place: int, port: int) -> None:
        while not end.is_set():
            try:
                status, headers, data = get(port, FEED)
            except (ConnectionError, http.client.RemoteDisconnected):
                continue  # it had not begun to answer, or takes no more connections
            except (OSError, http.client.HTTPException) as fault:
                faults.append(repr(fault))
                continue
            counts[place] += 1
            if status != 200 or len(data) != int(headers["content-length"]):
                faults.append(f"{status} with {len(data)} bytes")

    with served(content, "--workers", "2") as (port, process):
        threads = [threading.Thread(target=ask, args=(place, port)) for place in range(len(counts))]
        for thread in threads:
            thread.start()
        wait_until(lambda: min(counts) > 5, process)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        end.set()
        for thread in threads:
            thread.join()
    assert faults == []


def test_an_unreadable_article_stays_published_and_is_reported(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(content, {"a": {}, "b": {"title": "B"}})
    publisher = started(content, tmp_path / "state")
    refused = content / "articles" / "a.yaml"
    opened = os.open

    def refusing(path: Path, *more: int) -> int:
        """Refuse what file permissions would refuse to a user other than root."""
        if path == refused:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *more)

    monkeypatch.setattr(os, "open", refusing)
    for held in (publisher, started(content, tmp_path / "state")):  # the process, and the next one
        os.utime(refused)
        for _ in range(2):  # the second time, it has settled
            held.refresh(held.clock())
        assert {article.slug for article in edition(held).catalog.live} == {"a", "b"}
        (error,) = (str(problem) for problem in held.problems if problem.severity == "error")
        assert error == f"{refused}:1:1: the file cannot be read: Permission denied (expected a readable file)"
