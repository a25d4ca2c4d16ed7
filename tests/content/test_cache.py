"""The cache of parsed articles, which outlives the process: it is used only if parsing would give the same."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from feeds.base.parallel import MIN_VALUES_PER_PROCESS
from feeds.content import cache
from feeds.content.cache import NAME, pack, unpack
from feeds.content.folder import Content, ContentFolder
from feeds.content.reader import ArticleFile, ArticleReader
from feeds.content.state import StateFolder
from tests.builders import PLAIN, ROOT, SITE, as_yaml, content_folder, draw
from tests.processes import count_forks
from tests.test_architecture import imported

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
    load = ArticleReader.load

    def noted(self: ArticleReader, path: Path, *arguments: object, **more: object) -> ArticleFile:
        names.append(path.stem)
        return load(self, path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ArticleReader, "load", noted)
    return names


def loaded(content: Path, state: StateFolder | None) -> Content:
    """Load a folder as a new process would, and save the cache."""
    folder = ContentFolder(content, state=state)
    found = folder.load()
    folder.save_cache()
    return found


def cached_names(state: StateFolder) -> set[str]:
    with closing(sqlite3.connect(state.root / NAME)) as database:
        return {name for (name,) in database.execute("select name from articles")}


def write_some(content: Path) -> None:
    content_folder(content, {"a": {}, "b": {"title": "Un autre"}, "rich": RICH})
    draw(content / "media" / "a.png", 1300, 700)


def test_a_cached_article_is_read_back_unchanged() -> None:
    folder = ContentFolder(ROOT / "content")
    site, _ = folder.load_site()
    assert site
    files = [folder.reader.load(path, site, None, is_first=True) for path in folder.article_files()]
    assert len(files) > 5
    for file in files:
        assert file.outline and file.article and file.state
        row = pack(file)
        assert row
        back = unpack(file.outline.file, row, folder.reader.bodies.put)
        assert back == file and repr(back.article) == repr(file.article)
        assert back.article and back.article.body_pictures == file.article.body_pictures
        assert back.article.slug == file.article.slug and back.article.digest == file.article.digest


def test_the_next_process_parses_nothing_again(content: Path, state: StateFolder, read: list[str]) -> None:
    write_some(content)
    first = loaded(content, state)
    assert read == ["a", "b", "rich"] and len(first.articles) == 3
    again = loaded(content, state)
    assert read == ["a", "b", "rich"], "all of it was kept"
    assert again == first and again.problems
    assert [each.body_pictures for each in again.articles.values()] == [
        each.body_pictures for each in first.articles.values()
    ]


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
def test_changes_made_while_no_process_ran_are_read(
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


def test_a_changed_media_file_causes_only_the_articles_that_use_it_to_be_read(content: Path, read: list[str]) -> None:
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


def test_a_media_file_under_another_unicode_form_of_its_name_is_looked_up_again(
    content: Path, state: StateFolder, read: list[str]
) -> None:
    """The name on disk has a decomposed accent; a file with exactly the requested name may be added beside it."""
    content_folder(content, {"a": {"picture": {"file": "\u00e9.png", "alt": "Rien"}}})
    draw(content / "media" / "e\u0301.png", 1300, 700)
    loaded(content, state)
    draw(content / "media" / "\u00e9.png", 1400, 800)
    read.clear()
    article = loaded(content, state).articles["a"]
    assert read == ["a"] and article.picture and article.picture.file.width == 1400


def damage_rows(place: Path) -> None:
    with closing(sqlite3.connect(place)) as texts, texts:
        texts.execute("update articles set row = replace(cast(row as text), 'Un autre', 'Un faux!')")


def swap_seals(place: Path) -> None:
    with closing(sqlite3.connect(place)) as texts, texts:
        texts.execute("update articles set seal = (select seal from articles where name = 'articles/a.yaml')")


def odd_types(place: Path) -> None:
    with closing(sqlite3.connect(place)) as texts, texts:
        texts.execute("update articles set row = 7, seal = null")


def no_database(place: Path) -> None:
    place.write_bytes(b"no database at all" * 100)


def cut_database(place: Path) -> None:
    place.write_bytes(place.read_bytes()[: 4096 + 100])


@pytest.mark.parametrize("damage", [damage_rows, swap_seals, odd_types, no_database, cut_database])
def test_a_damaged_or_forged_cache_is_discarded(
    damage: Callable[[Path], None], content: Path, state: StateFolder, read: list[str]
) -> None:
    write_some(content)
    first = loaded(content, state)
    damage(state.root / NAME)
    read.clear()
    assert loaded(content, state) == first
    assert "b" in read
    read.clear()
    assert loaded(content, state) == first and read == [], "it was kept anew"


def test_articles_cached_by_another_release_are_read_again(
    content: Path, state: StateFolder, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_some(content)
    first = loaded(content, state)
    monkeypatch.setattr(cache, "code_digest", lambda *rooms, without: "of another release")
    read.clear()
    assert loaded(content, state) == first and read == ["a", "b", "rich"]


def test_a_removed_article_is_dropped_from_the_cache(content: Path, state: StateFolder) -> None:
    write_some(content)
    loaded(content, state)
    (content / "articles" / "b.yaml").unlink()
    assert loaded(content, state).articles.keys() == {"a", "rich"}
    assert cached_names(state) == {"articles/a.yaml", "articles/rich.yaml", "media/a.png", "site.yaml"}


def test_cached_measurements_of_a_media_file_are_trusted_only_with_a_valid_seal(
    content: Path, state: StateFolder
) -> None:
    write_some(content)
    loaded(content, state)
    size = (content / "media" / "a.png").stat().st_size
    with closing(sqlite3.connect(state.root / NAME)) as texts, texts:
        (row,) = texts.execute("select row from articles where name = 'media/a.png'").fetchone()
        texts.execute("update articles set row = ? where name = 'media/a.png'", (row.replace(b"%d" % size, b"7"),))
    folder = ContentFolder(content, state=state)
    folder.load()
    assert folder.media.find("a.png").size == size


def test_an_article_that_changed_after_it_was_read_is_not_cached_as_current(
    content: Path, state: StateFolder, read: list[str]
) -> None:
    write_some(content)
    folder = ContentFolder(content, state=state)
    folder.load()
    change_article(content)
    folder.save_cache()
    read.clear()
    assert loaded(content, state).articles["b"].title == "Encore un autre" and read == ["b"]


def test_a_removed_media_file_is_dropped_from_the_cache(content: Path, state: StateFolder) -> None:
    write_some(content)
    loaded(content, state)
    remove_media(content)
    loaded(content, state)
    assert "media/a.png" not in cached_names(state)


@pytest.mark.integration
def test_many_files_are_read_in_several_processes(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forks = count_forks(monkeypatch)
    text = as_yaml(PLAIN)
    content_folder(content, {f"a{number}": f"id: x{number}\n{text}" for number in range(2 * MIN_VALUES_PER_PROCESS)})
    (content / "articles" / f"a{2 * MIN_VALUES_PER_PROCESS - 1}.yaml").write_text("title: [")
    found = ContentFolder(content).load()
    assert len(forks) == 1 and len(found.articles) == 2 * MIN_VALUES_PER_PROCESS - 1
    assert [problem.severity for problem in found.problems].count("error") == 1
    forks.clear()
    assert replace(found, media=None) == replace(ContentFolder(content).load(), media=None)


def test_all_code_that_reads_articles_is_in_the_rooms_that_invalidate_the_cache() -> None:
    modules, waiting = set[str](), ["feeds.content.reader", "feeds.content.cache"]
    while waiting:
        if (module := waiting.pop()) not in modules:
            modules.add(module)
            waiting += imported(module)
    assert {module.split(".")[1] for module in modules} == set(cache.READING_PACKAGES)


@pytest.mark.parametrize("damage", ["replace(cast(text as text), 'Un', 'Nu')", "7", "zeroblob(9)"])
def test_a_damaged_last_good_text_is_not_published(
    damage: str, content: Path, state: StateFolder, caplog: pytest.LogCaptureFixture
) -> None:
    write_some(content)
    loaded(content, state)
    with closing(sqlite3.connect(state.root / NAME)) as texts, texts:
        texts.execute(f"update articles set text = {damage} where name = 'articles/b.yaml'")
    (content / "articles" / "b.yaml").write_text("title: [\n")
    assert loaded(content, state).articles.keys() == {"a", "rich"}
    assert "the last good text of articles/b.yaml is damaged" in caplog.text
