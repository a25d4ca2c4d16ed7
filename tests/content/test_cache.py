"""What was read of articles and outlives the process: it serves only where reading again would give the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from feeds.base.parallel import FEWEST, spread
from feeds.content import row
from feeds.content.folder import Content, ContentFolder
from feeds.content.reader import ArticleFile, ArticleFiles
from feeds.content.row import Row, to_row
from feeds.content.state import StateFolder
from tests.builders import PLAIN, ROOT, SITE, as_yaml, content_folder, draw

RICH: dict[str, object] = {
    "id": "https://old.example/?p=7",
    "authors": [{"name": "Ligue", "url": "https://ligue.example/"}],
    "tags": ["génétique"],
    "updated": "2026-03-03T10:00",
    "expires": "2027-01-01",
    "withdrawn": {"at": "2026-03-05", "reason": "Une erreur."},
    "picture": {"file": "a.png", "alt": "Rien", "focus": ["0.5", "0.25"]},
    "attachments": [{"file": "a.png", "title": "Image", "until": "2026-12-01"}],
    "body": "Un texte.\n\n![Rien](/media/a.png)\n",
}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the article files that are read as YAML, in order."""
    names: list[str] = []
    load = ArticleFiles.load

    def noted(self: ArticleFiles, path: Path, *arguments: object, **more: object) -> ArticleFile:
        names.append(path.stem)
        return load(self, path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ArticleFiles, "load", noted)
    return names


def loaded(content: Path, state: StateFolder | None) -> Content:
    """Load a folder as a new process would, and keep what it read."""
    folder = ContentFolder(content, state=state)
    found = folder.load()
    folder.keep()
    return found


def write_some(content: Path) -> None:
    content_folder(content, {"a": {}, "b": {"title": "Un autre"}, "rich": RICH})
    draw(content / "media" / "a.png", 1300, 700)


def test_what_was_read_is_read_back_as_it_was() -> None:
    folder = ContentFolder(ROOT / "content")
    site, _ = folder.load_site()
    assert site
    files = [folder._reader.load(path, site, None, is_first=True) for path in folder.article_files()]
    assert len(files) > 5
    row: bytes | None = None
    for file in files:
        assert file.tree and file.article and file.state
        row = to_row(file, b"the text")
        assert row
        back = Row(row).file(Path(file.tree.file), file.state)
        assert back == file and repr(back.article) == repr(file.article)
        assert back.article and back.article.shown == file.article.shown
        kept = back.article.__dict__.pop("digest")
        assert back.article.digest == kept == file.article.digest
    assert row and Row(row).is_of(b"the text") and not Row(row).is_of(b"another")


def test_a_next_process_reads_nothing_again(content: Path, state: StateFolder, read: list[str]) -> None:
    write_some(content)
    first = loaded(content, state)
    assert read == ["a", "b", "rich"] and len(first.articles) == 3
    again = loaded(content, state)
    assert read == ["a", "b", "rich"], "all of it was kept"
    assert again == first and again.problems
    assert [each.shown for each in again.articles.values()] == [each.shown for each in first.articles.values()]


def test_a_file_that_was_only_touched_is_not_read_again(content: Path, state: StateFolder, read: list[str]) -> None:
    write_some(content)
    first = loaded(content, state)
    for path in (content / "articles").iterdir():
        path.write_bytes(path.read_bytes())
        os.utime(path, ns=(1, 1))
    read.clear()
    assert loaded(content, state) == first and read == []


def change_article(content: Path) -> None:
    (content / "articles" / "b.yaml").write_text(as_yaml({**PLAIN, "title": "Encore un autre"}), encoding="utf-8")


def change_site(content: Path) -> None:
    (content / "site.yaml").write_text(SITE.replace("timezone: Europe/Paris", "timezone: Asia/Tokyo"), encoding="utf-8")


def change_media(content: Path) -> None:
    draw(content / "media" / "a.png", 1400, 800)


def add_media(content: Path) -> None:
    draw(content / "media" / "b.png")


def remove_media(content: Path) -> None:
    (content / "media" / "a.png").unlink()


def break_article(content: Path) -> None:
    (content / "articles" / "b.yaml").write_text("title: [", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (change_article, ["b"]),
        (break_article, ["b"]),
        (change_site, ["a", "b", "rich"]),
        (change_media, ["rich"]),
        (add_media, []),
        (remove_media, ["rich"]),
    ],
)
def test_what_changed_while_no_process_ran_is_read(
    change: Callable[[Path], None], again: list[str], content: Path, state: StateFolder, read: list[str]
) -> None:
    write_some(content)
    loaded(content, state)
    change(content)
    read.clear()
    found = loaded(content, state)
    assert read == again
    fresh = loaded(content, None)
    if change is break_article:
        assert len(found.articles) == 3 and len(fresh.articles) == 2, "the last good one stays"
    else:
        assert found == fresh


def test_a_file_of_media_that_changes_has_only_those_read_that_name_it(content: Path, read: list[str]) -> None:
    other = {"picture": {"file": "b.png", "alt": "Rien"}}
    body = {"body": "Un texte, [un plan](/media/plan.pdf)."}
    content_folder(content, {"a": {}, "rich": RICH, "other": other, "body": body})
    for name in ("a.png", "b.png"):
        draw(content / "media" / name, 1300, 700)
    (content / "media" / "plan.pdf").write_bytes(b"%PDF")
    folder = ContentFolder(content)
    folder.load()
    for change, again in (
        (lambda: draw(content / "media" / "b.png", 1400, 800), ["other"]),
        (lambda: (content / "media" / "plan.pdf").write_bytes(b"%PDF-1"), ["body"]),
        (lambda: draw(content / "media" / "new.png"), []),
        (lambda: (content / "media" / "a.png").unlink(), ["rich"]),
        (lambda: draw(content / "media" / "c.png"), ["rich"]),  # what is broken may want any file
    ):
        read.clear()
        change()
        folder.load()
        assert read == again


def test_a_name_that_is_composed_otherwise_is_looked_for_again(
    content: Path, state: StateFolder, read: list[str]
) -> None:
    """The file is there with an accent of its own, and one with the very name may come beside it."""
    content_folder(content, {"a": {"picture": {"file": "\u00e9.png", "alt": "Rien"}}})
    draw(content / "media" / "e\u0301.png", 1300, 700)
    loaded(content, state)
    draw(content / "media" / "\u00e9.png", 1400, 800)
    read.clear()
    article = loaded(content, state).articles["a"]
    assert read == ["a"] and article.picture and article.picture.file.width == 1400


def damage_rows(place: Path) -> None:
    with closing(sqlite3.connect(place)) as texts, texts:
        texts.execute("update rows set row = replace(cast(row as text), 'Un autre', 'Un faux!')")


def swap_seals(place: Path) -> None:
    with closing(sqlite3.connect(place)) as texts, texts:
        texts.execute("update rows set seal = (select seal from rows where name = 'articles/a.yaml')")


def odd_types(place: Path) -> None:
    with closing(sqlite3.connect(place)) as texts, texts:
        texts.execute("update rows set row = 7, seal = null")


def no_database(place: Path) -> None:
    place.write_bytes(b"no database at all" * 100)


def cut_database(place: Path) -> None:
    place.write_bytes(place.read_bytes()[: 4096 * 2 + 100])


@pytest.mark.parametrize("damage", [damage_rows, swap_seals, odd_types, no_database, cut_database])
def test_what_is_damaged_or_forged_is_thrown_away(
    damage: Callable[[Path], None], content: Path, state: StateFolder, read: list[str]
) -> None:
    write_some(content)
    first = loaded(content, state)
    damage(state.root / "good.sqlite")
    read.clear()
    assert loaded(content, state) == first
    assert "b" in read
    read.clear()
    assert loaded(content, state) == first and read == [], "it was kept anew"


def test_what_other_code_read_is_read_again(
    content: Path, state: StateFolder, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_some(content)
    first = loaded(content, state)
    monkeypatch.setattr(row, "code", lambda: "of another release")
    read.clear()
    assert loaded(content, state) == first and read == ["a", "b", "rich"]


def test_what_is_gone_is_forgotten(content: Path, state: StateFolder) -> None:
    write_some(content)
    loaded(content, state)
    (content / "articles" / "b.yaml").unlink()
    assert loaded(content, state).articles.keys() == {"a", "rich"}
    assert "articles/b.yaml" not in {name for name, _, _ in state.rows()}
    assert state.good_texts({"articles/b.yaml"}) == {}


def test_what_was_measured_of_a_file_is_believed_with_its_seal_alone(content: Path, state: StateFolder) -> None:
    write_some(content)
    loaded(content, state)
    size = (content / "media" / "a.png").stat().st_size
    with closing(sqlite3.connect(state.root / "good.sqlite")) as texts, texts:
        (row,) = texts.execute("select row from rows where name = 'media/a.png'").fetchone()
        texts.execute("update rows set row = ? where name = 'media/a.png'", (row.replace(b"%d" % size, b"7"),))
    folder = ContentFolder(content, state=state)
    folder.load()
    assert folder.media.find("a.png").size == size


def test_a_text_that_changed_since_it_was_read_is_not_kept_as_what_was_read(
    content: Path, state: StateFolder, read: list[str]
) -> None:
    write_some(content)
    folder = ContentFolder(content, state=state)
    folder.load()
    change_article(content)
    folder.keep()
    read.clear()
    assert loaded(content, state).articles["b"].title == "Encore un autre" and read == ["b"]


def test_rows_of_files_that_are_gone_are_forgotten(content: Path, state: StateFolder) -> None:
    write_some(content)
    loaded(content, state)
    remove_media(content)
    loaded(content, state)
    assert "media/a.png" not in {name for name, _, _ in state.rows()}


def twice(value: int) -> int:
    return value * 2


def packed(value: int) -> bytes | None:
    return None if value % 3 == 0 else str(value).encode()


def unpacked(_: int, data: bytes) -> int:
    return int(data)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that are begun, on a machine of three cores."""
    found: list[int] = []
    fork = os.fork

    def noted() -> int:
        found.append(process := fork())
        return process

    monkeypatch.setattr(os, "fork", noted)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    return found


MANY = list(range(4 * FEWEST + 7))


def test_work_is_spread_over_processes_and_comes_back_in_order(forks: list[int]) -> None:
    assert spread(MANY, twice, packed, unpacked) == [2 * value for value in MANY]
    assert len(forks) == 2


@pytest.mark.parametrize("count", [0, 1, FEWEST])
def test_little_work_is_done_here(count: int, forks: list[int]) -> None:
    assert spread(MANY[:count], twice, packed, unpacked) == [2 * value for value in MANY[:count]]
    assert forks == []


def test_the_work_of_a_process_that_fails_is_done_here(forks: list[int], caplog: pytest.LogCaptureFixture) -> None:
    here = os.getpid()

    def work(value: int) -> int:
        if os.getpid() != here and value == MANY[-1]:
            os._exit(3)
        return twice(value)

    assert spread(MANY, work, packed, unpacked) == [2 * value for value in MANY]
    assert "its work is done here" in caplog.text


def test_where_no_process_can_be_begun_the_work_is_done_here(
    forks: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> int:
        raise BlockingIOError("there are as many processes as there may be")

    monkeypatch.setattr(os, "fork", refuse)
    assert spread(MANY, twice, packed, unpacked) == [2 * value for value in MANY]
    assert "no process can be begun" in caplog.text


def test_where_processes_are_not_waited_for_the_work_is_done_all_the_same(forks: list[int]) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # as some supervisors leave it
    try:
        assert spread(MANY, twice, packed, unpacked) == [2 * value for value in MANY]
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_no_process_outlives_work_that_fails_here(forks: list[int]) -> None:
    here = os.getpid()

    def work(value: int) -> int:
        if os.getpid() != here:
            time.sleep(60)
        raise ValueError("no work")

    with pytest.raises(ValueError, match="no work"):
        spread(MANY, work, packed, unpacked)
    for process in forks:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_process_with_threads_is_not_copied(forks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert spread(MANY, twice, packed, unpacked) == [2 * value for value in MANY]
    assert forks == []


def test_many_files_are_read_in_several_processes(content: Path, forks: list[int]) -> None:
    text = as_yaml(PLAIN)
    content_folder(content, {f"a{number}": f"id: x{number}\n{text}" for number in range(2 * FEWEST)})
    (content / "articles" / f"a{2 * FEWEST - 1}.yaml").write_text("title: [")
    found = ContentFolder(content).load()
    assert len(forks) == 1 and len(found.articles) == 2 * FEWEST - 1
    assert [problem.severity for problem in found.problems].count("error") == 1
    del forks[:]
    assert replace(found, media=None) == replace(ContentFolder(content).load(), media=None)
