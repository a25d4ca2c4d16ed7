"""What is served while the content is still being read: only what would be served once it has been."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.test import Client

from feeds.base.fingerprint import content_state
from feeds.commands.serving import begin_worker
from feeds.content.folder import ContentFolder
from feeds.content.state import STANDBY as NAME
from feeds.content.state import StateFolder
from feeds.server import standby
from feeds.server.publisher import Publisher
from feeds.server.standby import WAITING, Early, Standby, key_of, read, unpack
from feeds.server.traffic import Traffic
from tests.builders import NOW, PLAIN, SITE, as_yaml, content_folder, draw
from tests.content.test_state import edition, started, write
from tests.processes import free_port, get, process_of, served, wait_until

FEED = "/feeds/research.rss"


def kept_of(content: Path, state: Path) -> Standby:
    """Make what a server of a folder keeps, without waiting for it."""
    publisher = started(content, state)
    publisher._keep_standby()
    found = unpack((state / NAME).read_bytes(), key_of(content_state(content), None))
    assert found
    return found


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def some(content: Path) -> Path:
    """A folder with an article that has a picture, one that is broken, and files that are none."""
    content_folder(
        content, {"a": {"picture": {"file": "a.png", "alt": "Rien"}}, "b": {"title": "B"}, "bad": "title: ["}
    )
    draw(content / "media" / "a.png", 1300, 700)
    (content / "media" / ".hidden").write_text("x")
    (content / "articles" / ".hidden.yaml").write_text("x")
    (content / "articles" / "notes.txt").write_text("x")
    (content / "articles" / "2026").mkdir()
    (content / "articles" / "2026" / "c.yaml").write_text(as_yaml({**PLAIN, "title": "C"}), encoding="utf-8")
    return content


def test_what_is_kept_comes_back_with_all_that_an_answer_has(some: Path, state: Path) -> None:
    found, publisher = kept_of(some, state), started(some, state)
    assert dict(found.documents) == edition(publisher).ahead
    for path, document in edition(publisher).ahead.items():
        assert found.documents[path].variants == document.variants, path
    assert (found.address, found.since, found.until) == ("https://news.example/", NOW.timestamp(), float("inf"))
    assert found.find(FEED, found.since) and not found.find(FEED, found.since - 1), "a clock may be set back"


def test_every_change_of_a_file_is_another_state(some: Path) -> None:
    seen = {content_state(some)}
    changes: list[Callable[[], object]] = [
        lambda: write(some, "a", title="Un autre"),
        lambda: write(some, "new"),
        lambda: (some / "articles" / "b.yaml").unlink(),
        lambda: (some / "articles" / "2026").rename(some / "articles" / "2027"),
        lambda: draw(some / "media" / "a.png", 1400, 800),
        lambda: draw(some / "media" / "b.png"),
        lambda: (some / "media" / ".hidden").unlink(),
        lambda: (some / "site.yaml").write_text(SITE + "max_age: 60\n"),
        lambda: os.utime(some / "site.yaml", ns=(1, 1)),
    ]
    for number, change in enumerate(changes):
        change()
        seen.add(content_state(some))
        assert len(seen) == number + 2, number
        folder = ContentFolder(some)
        folder.load()
        assert folder.state == content_state(some), "as the folder that was read sees it"


def test_a_state_that_is_not_sure_is_none(some: Path) -> None:
    folder = ContentFolder(some)
    assert folder.state is None, "nothing was read"
    folder.load()
    (some / "articles" / "b.yaml").write_text("title: [")
    folder.load()
    assert folder.state is None, "it may still be being written"
    folder.load()
    assert folder.state == content_state(some)
    (some / "site.yaml").write_text("title: [")
    folder.load()
    assert folder.state is None, "a server would refuse to start with it"


def test_a_state_is_the_same_however_the_folder_is_called(some: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(some)
    for root in (some, Path("."), Path("../content"), some / "articles" / ".."):
        folder = ContentFolder(root)
        folder.load()
        assert folder.state == content_state(root) == content_state(some), root


def test_what_is_damaged_in_any_place_is_none(some: Path, state: Path) -> None:
    kept_of(some, state)
    data, key = (state / NAME).read_bytes(), key_of(content_state(some), None)
    assert unpack(data, key)
    for place in range(0, len(data), max(len(data) // 200, 1)):
        assert unpack(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], key) is None
        assert unpack(data[:place], key) is None


@pytest.mark.parametrize("change", ["content", "code", "address", "time", "clock", "zone"])
def test_it_holds_for_nothing_else(change: str, some: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_of(some, state)
    monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 5)
    assert read(state, some, None)
    if change == "content":
        write(some, "a", title="Un autre")
    elif change == "code":
        monkeypatch.setattr(standby, "code", lambda: "of another release")
    elif change == "zone":
        monkeypatch.setattr(standby, "zone_rules", lambda zone: f"{zone}, as a government has it from now on")
    elif change == "clock":
        monkeypatch.setattr(time, "time", lambda: NOW.timestamp() - 5)
    elif change == "time":
        write(some, "later", published=f"{NOW.replace(minute=NOW.minute + 1):%Y-%m-%dT%H:%M:%SZ}")
        kept_of(some, state)
        assert read(state, some, None)
        monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 60)
    assert read(state, some, "https://other.example" if change == "address" else None) is None


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    assert read(tmp_path, tmp_path, None) is None
    assert read(None, tmp_path, None) is None
    (tmp_path / NAME).mkdir()
    assert read(tmp_path, tmp_path, None) is None


def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"the application"]


def test_all_else_waits_for_the_application(some: Path, state: Path) -> None:
    may_load, asked = threading.Event(), threading.Event()

    def load() -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
        may_load.wait(20)
        return answering

    found = kept_of(some, state)
    early = Early(found, load, Traffic())
    client = Client(early)
    first = client.get(FEED, headers={"Accept-Encoding": "gzip"})
    assert first.status_code == 200 and first.data == found.documents[FEED].variants["gzip"].data
    assert client.get(FEED, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    answers: list[bytes] = []

    def ask() -> None:
        asked.set()
        answers.append(Client(early).get("/articles/a").data)

    other = threading.Thread(target=ask)
    other.start()
    asked.wait(20)
    assert answers == [], "it waits"
    may_load.set()
    other.join(20)
    assert answers == [b"the application"] == [client.get(FEED).data]


def test_few_wait_for_the_application_and_all_feeds_are_counted(some: Path, state: Path) -> None:
    may_load, found, traffic = threading.Event(), kept_of(some, state), Traffic()

    def load() -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
        may_load.wait(20)
        return answering

    early = Early(found, load, traffic)
    statuses: list[int] = []
    many = [
        threading.Thread(target=lambda: statuses.append(Client(early).get("/articles/a").status_code))
        for _ in range(2 * WAITING)
    ]
    for each in many:
        each.start()
    end = time.monotonic() + 20
    while statuses.count(503) < WAITING and time.monotonic() < end:
        time.sleep(0.01)
    assert Client(early).get(FEED).status_code == 200, "feeds wait for nobody"
    may_load.set()
    for each in many:
        each.join(20)
    assert (statuses.count(503), statuses.count(200)) == (WAITING, WAITING)
    assert traffic.counts() == {(FEED, "200"): 1}


def test_a_change_by_itself_is_waited_for(some: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept_of(some, state)
    short = Standby(found.documents, found.address, found.zone, found.since, NOW.timestamp() + 30)
    may_load = threading.Event()

    def load() -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
        may_load.wait(20)
        return answering

    monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 10)
    early = Early(short, load, Traffic())
    assert "max-age=20" in Client(early).get(FEED).headers["Cache-Control"]
    monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 30)
    may_load.set()
    assert Client(early).get(FEED).data == b"the application"


def test_a_process_that_cannot_load_ends(some: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    is_over = threading.Event()

    def end(status: int) -> None:
        ended.append(status)
        is_over.set()

    def fail() -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
        raise RuntimeError("no application")

    monkeypatch.setattr(os, "_exit", end)
    Early(kept_of(some, state), fail, Traffic())
    assert is_over.wait(20) and ended == [1]


def test_a_server_keeps_it_and_the_next_start_gives_what_it_gave(some: Path) -> None:
    state = some.parent / "state"
    with served(some, FEEDS_RESCAN="1") as (port, process):
        before = get(port, FEED)
        wait_until(lambda: read(state, some, None) is not None, process)
    with served(some, FEEDS_RESCAN="1") as (port, _):
        after = get(port, FEED)
        assert (after[2], after[1]["etag"], after[1]["last-modified"]) == (
            before[2],
            before[1]["etag"],
            before[1]["last-modified"],
        )


def test_a_start_after_a_change_gives_the_change_at_once(some: Path) -> None:
    with served(some, FEEDS_RESCAN="1") as (port, process):
        wait_until(lambda: (some.parent / "state" / NAME).exists(), process)
    write(some, "a", title="Un tout autre titre")
    port = free_port()
    with process_of(some, "serve", "--port", str(port)) as process:
        answers: list[bytes] = []

        def is_there() -> bool:
            try:
                answers.append(get(port, FEED)[2])
            except OSError:
                return False
            return True

        wait_until(is_there, process)
        assert b"Un tout autre titre" in answers[0]


def test_it_is_kept_once_nothing_changes_and_not_while_it_does(
    some: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(state)
    written: list[bytes] = []
    monkeypatch.setattr(StateFolder, "write_standby", lambda self, data: written.append(data))
    publisher = Publisher(ContentFolder(some, state=folder), lambda: NOW, state=folder)
    publisher.start()
    assert publisher._standby_at is not None and publisher._standby_at > time.monotonic()
    (some / "articles" / "b.yaml").write_text("title: [")
    publisher.refresh(NOW)
    publisher._keep_standby()
    assert written == [], "a file may still be being written"
    publisher.refresh(NOW)
    publisher._keep_standby()
    assert len(written) == 1 and publisher._standby_at is None


def test_what_is_usual_in_a_folder_is_no_hindrance(some: Path) -> None:
    (some / "articles" / "#old").mkdir()
    (some / "articles" / "#old" / "d.yaml").write_text(as_yaml({**PLAIN, "title": "D"}), encoding="utf-8")
    os.mkfifo(some / "media" / "fifo")
    folder = ContentFolder(some)
    folder.load()
    assert folder.state == content_state(some)
    shutil.rmtree(some / "media")
    folder = ContentFolder(some)
    folder.load()
    assert folder.state == content_state(some)


@pytest.mark.parametrize("name", ["articles/a.yaml", "media/a.png"])
def test_where_there_are_links_nothing_is_kept(name: str, some: Path, state: Path) -> None:
    """What a link leads to has to be looked at, and whether it may."""
    started(some, state)
    elsewhere = some.parent / "elsewhere"
    (some / name).rename(elsewhere)
    (some / name).symlink_to(elsewhere)
    with pytest.raises(OSError, match="is a link"):
        content_state(some)
    publisher = started(some, state)
    assert publisher.content.state is None
    assert any("link" in str(problem) for problem in publisher.problems if problem.severity == "error")


def test_a_process_that_stands_in_for_one_that_ended_reads_what_was_kept_anew(
    some: Path, state: Path, monkeypatch: pytest.MonkeyPatch, restored_log: None
) -> None:
    old = kept_of(some, state)
    monkeypatch.setenv("FEEDS_CONTENT", str(some))
    monkeypatch.setenv("FEEDS_STATE", str(state))
    monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 5)
    write(some, "a", title="Un tout autre titre")

    def load(_: Traffic) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
        return answering

    young = begin_worker(load, old, time.monotonic())
    assert isinstance(young, Early)
    assert begin_worker(load, old, time.monotonic() - 60) is answering
