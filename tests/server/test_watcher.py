"""Changes are noticed with and without events from the system, even if some folders cannot be read."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from feeds.server import watcher
from feeds.server.watcher import Watcher, watched_folders
from tests.builders import PLAIN, as_yaml, content_folder
from tests.processes import FEEDS, environment, free_port, get, is_healthy, kill, wait_until

FEED = "/feeds/all.rss"


class Follower:
    """Follows a folder in a thread, and collects what is reported, without the polls of the clock."""

    def __init__(self, root: Path) -> None:
        self.watcher = Watcher(root, 30)
        self.reported: list[set[str] | None] = []
        self._is_running = True
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        while self._is_running:
            for paths in self.watcher.changes():
                if paths is None or paths:
                    self.reported.append(paths)
                if not self._is_running:
                    return

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, self.reported
            time.sleep(0.01)

    def stop(self) -> None:
        self._is_running = False
        self._thread.join()


@pytest.fixture
def follow() -> Iterator[Callable[[Path], Follower]]:
    followers: list[Follower] = []

    def start(root: Path) -> Follower:
        followers.append(Follower(root))
        followers[-1].wait(lambda: bool(followers[-1].reported))
        followers[-1].reported.clear()
        return followers[-1]

    yield start
    for each in followers:
        each.stop()


def test_only_our_folders_are_watched(content: Path) -> None:
    content_folder(content, {"2026/a": {}})
    for name in (".git/objects", "lost+found", "instance/pictures", "articles/.trash", "media/2026"):
        (content / name).mkdir(parents=True)
    expected = {".", "articles", "articles/2026", "media", "media/2026"}
    assert watched_folders(content) == {str(content / name) for name in expected}


def test_a_folder_that_cannot_be_read_is_not_watched(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content_folder(content, {"2026/a": {}})
    (content / "media" / "@eaDir").mkdir()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("@eaDir") and real(path, mode))
    assert str(content / "media" / "@eaDir") not in watched_folders(content)
    assert str(content / "media") in watched_folders(content)


def test_changes_are_reported_also_in_folders_that_were_added(
    content: Path, follow: Callable[[Path], Follower]
) -> None:
    content_folder(content, {"a": {}})
    follower = follow(content)
    path = content / "articles" / "a.yaml"
    path.write_text(as_yaml(PLAIN))
    follower.wait(lambda: any(paths and str(path) in paths for paths in follower.reported))
    folder = content / "articles" / "2026"
    folder.mkdir()
    follower.wait(lambda: None in follower.reported)
    follower.reported.clear()
    (folder / "b.yaml").write_text(as_yaml(PLAIN))
    follower.wait(lambda: bool(follower.reported))
    shutil.rmtree(folder)
    follower.wait(lambda: None in follower.reported)
    assert follower.watcher.mode == "events"


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENOSPC, errno.EACCES])
def test_without_events_all_files_are_scanned_and_the_clock_is_polled(
    code: int, content: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    content_folder(content, {"a": {}})

    def refuse(*_: Any, **__: Any) -> Iterator[Any]:
        raise OSError(code, os.strerror(code))
        yield

    monkeypatch.setattr(watcher, "SCAN_SECONDS", 0.3)
    monkeypatch.setattr(watcher, "POLL_SECONDS", 0.05)
    follower = Watcher(content, 30)
    with monkeypatch.context() as patch:
        patch.setattr(watcher, "watch", refuse)
        first, second = list(follower.changes()), list(follower.changes())
    assert first[0] is second[0] is None, "any file may have changed"
    assert len(first) > 2 and set(map(type, first[1:])) == {set}, "the clock is polled meanwhile"
    assert follower.mode == "scans"
    assert caplog.text.count("cannot be watched") == 1
    changes = follower.changes()
    assert next(changes) is None and follower.mode == "events"
    changes.close()  # type: ignore[attr-defined]


WITHOUT_INOTIFY = "echo 0 > /proc/sys/user/max_inotify_instances && exec {command}"


@pytest.mark.integration
def test_a_server_without_inotify_shows_changes_and_says_so(content: Path, program: Callable[[str], str]) -> None:
    namespace = [program("unshare"), "--user", "--map-root-user", "sh", "-c"]
    if subprocess.run([*namespace, "echo 1 > /proc/sys/user/max_inotify_instances"], capture_output=True).returncode:
        pytest.skip("this system has no user namespaces")
    content_folder(content, {"a": {}})
    port = free_port()
    command = WITHOUT_INOTIFY.format(command=f"{FEEDS[0]} serve --port {port}")
    process = subprocess.Popen(
        [*namespace, command],
        env=environment(content),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: is_healthy(port), process)
        wait_until(lambda: b'"watching":"scans"' in get(port, "/health")[2].replace(b" ", b""), process)
        (content / "articles" / "b.yaml").write_text(as_yaml({**PLAIN, "title": "Un autre titre"}))
        wait_until(lambda: b"Un autre titre" in get(port, FEED)[2], process)
        process.terminate()
        assert "cannot be watched" in process.communicate(timeout=40)[0]
    finally:
        kill(process)
