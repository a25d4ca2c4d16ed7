"""Every file call fails once, in turn. Then the old or the new state is in place, and a second attempt succeeds.

An audit event (PEP 578) is raised before its call, so that an exception in a hook replaces the call.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feeds.base.fingerprint import fingerprint_bytes
from feeds.content.folder import ContentFolder
from feeds.content.media import MediaFolder
from feeds.content.pictures import PictureStore
from feeds.content.state import StateFolder
from feeds.delivery.export import Export
from feeds.delivery.folder import BUILD_LIST, DONE, JOURNAL, SOURCES, BuildFolder, FolderError
from feeds.feed.manifest import Manifest
from feeds.model.renditions import Original
from feeds.server.publisher import Publisher
from tests.builders import NOW, content_folder, draw

FEED = "/feeds/all.rss"
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "os.listdir", "os.utime", "os.link"}
EVENTS |= {"fcntl.flock", "sqlite3.connect", "os.truncate", "os.chmod"}

SITE = """\
title: Le site
subtitle: Un site d’essai.
url: https://news.example
languages: [fr]
timezone: Europe/Paris
tag_authority: news.example,2020
publisher: {name: L’institut, email: office@news.example, url: "https://www.example"}
categories:
  research: {title: Recherche, description: On cherche.}
"""


class Fault:
    """Makes one call fail: that with `number`, counted from 1 while the fault is armed."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.number, self.count, self.code = 0, 0, errno.EIO

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.number or event not in EVENTS:
            return
        paths = [os.fsdecode(each) for each in arguments if isinstance(each, str | bytes | os.PathLike)]
        if event == "fcntl.flock" or any(self.folder in path for path in paths):
            self.call(*paths[:1])

    def call(self, *path: str) -> None:
        self.count += 1
        if self.count == self.number:
            raise OSError(self.code, os.strerror(self.code), *path)

    @contextmanager
    def armed(self, number: int) -> Iterator[None]:
        """Make a call fail during the block. `os.fsync`, `os.read` and `os.fchmod` count as calls, too."""
        real = {name: getattr(os, name) for name in ("fsync", "read", "fchmod")}

        def failing(name: str) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                if self.number:
                    self.call()
                return real[name](*arguments)

            return call

        with pytest.MonkeyPatch.context() as patch:
            for name in real:
                patch.setattr(os, name, failing(name))
            self.number, self.count = number, 0
            try:
                yield
            finally:
                self.number = 0


faults: list[Fault] = []
sys.addaudithook(lambda event, arguments: faults[0](event, arguments) if faults else None)


@pytest.fixture
def fault(tmp_path: Path) -> Iterator[Fault]:
    faults.append(Fault(tmp_path))
    yield faults[0]
    faults.clear()


@pytest.fixture
def numbers(is_long: bool) -> range:
    """Return the numbers of the calls that fail: all, or every fifth in a short run."""
    return range(1, 100_000, 1 if is_long else 5)


def attempt(action: Callable[[], object]) -> None:
    """Run an action, and ignore an error that its caller would report or log."""
    with suppress(OSError, FolderError):
        action()


def write_article(content: Path, title: str) -> None:
    content_folder(content, {"a": {"title": title, "body": f"{title}, un texte."}}, SITE)


class Scenario:
    """A served content folder, whose article has a second version that has not been read yet."""

    def __init__(self, root: Path) -> None:
        self.content, self.state, self.now = root / "content", root / "state", NOW
        write_article(self.content, "Version 1")
        self.publisher = self.publisher_of_a_new_process()
        self.publisher.start()
        self.before = self.feed(self.publisher)
        write_article(self.content, "Version 2 est plus longue")

    def clock(self) -> datetime:
        self.now += timedelta(seconds=2)
        return self.now

    def publisher_of_a_new_process(self) -> Publisher:
        state = StateFolder(self.state)
        return Publisher(ContentFolder(self.content, state=state), self.clock, state=state)

    def feed(self, publisher: Publisher) -> str:
        assert publisher.edition, "it is served"
        return publisher.edition[FEED].data.decode().partition("<lastBuildDate>")[0] + str(
            [article.title for article in publisher.edition.catalog.live]
        )


def test_a_refresh_serves_the_old_or_the_new_edition_whatever_call_fails(
    tmp_path: Path, fault: Fault, numbers: range
) -> None:
    for number in numbers:
        scenario = Scenario(tmp_path / str(number))
        publisher = scenario.publisher
        with fault.armed(number):
            attempt(lambda publisher=publisher, scenario=scenario: publisher.refresh(scenario.clock()))  # type: ignore[misc]
            is_over = fault.count < number
        seen = scenario.feed(publisher)
        publisher.refresh(scenario.clock())
        after = scenario.feed(publisher)
        assert "Version 2" in after and seen in (scenario.before, after), number
        again = scenario.publisher_of_a_new_process()
        again.start()
        assert again.edition and publisher.edition and again.edition[FEED].etag == publisher.edition[FEED].etag, number
        if is_over:
            return


def test_a_start_serves_what_was_served_whatever_call_fails(tmp_path: Path, fault: Fault, numbers: range) -> None:
    for number in numbers:
        scenario = Scenario(tmp_path / str(number))
        scenario.publisher.refresh(scenario.clock())
        expected = scenario.publisher.edition
        assert expected
        publisher = scenario.publisher_of_a_new_process()
        with fault.armed(number):
            attempt(publisher.start)
            is_over = fault.count < number
        publisher.start()
        publisher.refresh(scenario.clock())
        assert publisher.edition and publisher.edition[FEED].data == expected[FEED].data, number
        if is_over:
            return


def snapshot(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): fingerprint_bytes(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("new-")
    }


def build(scenario: Scenario, target: Path) -> None:
    def export(published: Manifest | None) -> Export:
        publisher = scenario.publisher_of_a_new_process()
        publisher.continue_from(published)
        publisher.start()
        assert publisher.edition
        return Export(publisher.edition, publisher.content.media, publisher.pictures)

    assert scenario.publisher.edition
    BuildFolder(target).build(export, scenario.publisher.edition.site, with_copies=False)


def test_each_built_file_is_the_old_or_the_new_one_whatever_call_fails(
    tmp_path: Path, fault: Fault, numbers: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.server.picture_queue.title_cards", lambda catalog: [])  # a build may lack them
    for number in numbers:
        root = tmp_path / str(number)
        scenario = Scenario(root)
        write_article(scenario.content, "Version 1")
        build(scenario, root / "public")
        before = snapshot(root / "public")
        write_article(scenario.content, "Version 2 est plus longue")
        with fault.armed(number):
            attempt(lambda scenario=scenario, root=root: build(scenario, root / "public"))  # type: ignore[misc]
            is_over = fault.count < number
        seen = snapshot(root / "public")
        build(scenario, root / "public")
        after = snapshot(root / "public")
        own = {BUILD_LIST, JOURNAL, DONE, SOURCES}
        for name, digest in seen.items():
            assert name in own or digest in (before.get(name), after.get(name)), (number, name)
        assert before.keys() - seen.keys() <= own | (before.keys() - after.keys()), number
        assert not list((root / "public").rglob("new-*")), number
        if is_over:
            return


def test_a_rendition_is_whole_or_missing_whatever_call_fails(tmp_path: Path, fault: Fault, numbers: range) -> None:
    for number in numbers:
        root = tmp_path / str(number)
        (root / "media").mkdir(parents=True)
        draw(root / "media" / "a.png", 1300, 700)
        original = Original(MediaFolder(root / "media").find("a.png"))
        store = PictureStore(MediaFolder(root / "media"), root / "pictures")
        with fault.armed(number):
            attempt(lambda store=store, original=original: store.make(original))  # type: ignore[misc]
            is_over = fault.count < number
        for path in (root / "pictures").glob("*-*"):
            assert store.verified_path(path.name) in (path, None), number
        again = PictureStore(MediaFolder(root / "media"), root / "pictures")
        again.make(original)
        renditions = again.pictures.of(original)
        assert renditions, number
        assert again.verified_path(renditions.feed.name) and again.verified_path(renditions.card.name), number
        if is_over:
            return


def test_the_record_of_notified_topics_is_the_old_or_the_new_one_whatever_call_fails(
    tmp_path: Path, fault: Fault, numbers: range
) -> None:
    old, new = {"https://hub.example/": {"a": "1"}}, {"https://hub.example/": {"a": "2"}}
    for number in numbers:
        state = StateFolder(tmp_path / str(number))
        state.write_notified_topics(old)
        with fault.armed(number):
            state.write_notified_topics(new)
            is_over = fault.count < number
        assert StateFolder(state.root).read_notified_topics() in (old, new), number
        state.write_notified_topics(new)
        assert StateFolder(state.root).read_notified_topics() == new
        if is_over:
            return
