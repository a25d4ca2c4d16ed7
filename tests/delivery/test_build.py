"""The edition as files: `feeds build` writes what changed, each file atomically and in an order in which
no file refers to a missing one.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import random
import re
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
from click.testing import Result
from flask import Flask
from werkzeug.test import Client

from feeds import create_app
from feeds.delivery import build_order
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, ROOT, SAMPLE, SITE, as_yaml, content_folder, draw, publisher_of
from tests.processes import count_forks, forwarding_app, free_port, nginx

Files = dict[str, bytes]
OWN = (".feeds.json", ".feeds.sources")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


def app_of(content: Path, seconds: float = 0) -> Flask:
    return create_app(Settings(content), clock=lambda: NOW + timedelta(seconds=seconds))


def build(content: Path, target: Path, *options: str, seconds: float = 0) -> Result:
    return app_of(content, seconds).test_cli_runner().invoke(args=["build", str(target), *options])


def files(target: Path) -> Files:
    """Return every file that a build wrote, except its list."""
    found = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(found.items()) if name not in OWN}


def dates(target: Path) -> dict[str, float]:
    return {name: (target / name).stat().st_mtime for name in files(target)}


def write(content: Path, name: str, **changes: object) -> None:
    (content / "articles" / f"{name}.yaml").write_text(as_yaml({**PLAIN, **changes}), encoding="utf-8")


def test_a_build_contains_everything_that_the_server_serves(content: Path, target: Path) -> None:
    picture = {"file": "dessin.png", "alt": "Un dessin"}
    content_folder(content, {"a": {"picture": picture, "attachments": [{"file": "plan.pdf", "title": "Un plan"}]}})
    draw(content / "media" / "dessin.png", 1300, 700)
    (content / "media" / "plan.pdf").write_bytes(b"%PDF-1.4")
    assert build(content, target).exit_code == 0
    found, app = files(target), app_of(content)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    publisher.search = None  # as in a folder that was built without Pagefind
    publisher.start()
    assert publisher.edition
    for path in publisher.edition:
        name = path[1:] + ("" if "." in path.rpartition("/")[2] else "/index.html" if path[1:] else "index.html")
        if name.replace("//", "/") not in found:
            assert path.rstrip("/").endswith(("/feed", "/rss")), f"{path}: only what a host of files rewrites"
        else:
            assert found[name.replace("//", "/")] == client.get(path).data
    pictures = [name for name in found if name.startswith("pictures/")]
    cards = {name for name in pictures if name.removeprefix("pictures/")[:20] in publisher.edition.title_card_stems}
    assert len(pictures) == 5 + 2 and len(cards) == 2 and found["media/plan.pdf"] == b"%PDF-1.4"
    assert found["en/404.html"] == client.get("/en/nothing").data
    assert "media/dessin.png" not in found, "an original may tell where it was taken"


def test_compressed_copies_have_the_same_content_and_exist_only_if_smaller(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    build(content, target)
    found = files(target)
    for ending, decompress in ((".gz", gzip.decompress), (".br", brotli.decompress)):
        copies = [name for name in found if name.endswith(ending)]
        assert {"feeds/all.rss" + ending, "index.html" + ending} <= set(copies)
        for name in copies:
            assert decompress(found[name]) == found[name.removesuffix(ending)]
            assert len(found[name]) < len(found[name.removesuffix(ending)])
    assert not any(name.startswith((".nginx", "_")) and name.endswith((".gz", ".br")) for name in found)
    build(content, target, "--no-compress")
    assert not [name for name in files(target) if name.endswith((".gz", ".br"))]


def test_a_second_build_writes_nothing(content: Path, target: Path) -> None:
    content_folder(content, {"a": {"picture": {"file": "dessin.png", "alt": "Un dessin"}}, "b": {"tags": ["don"]}})
    draw(content / "media" / "dessin.png", 1300, 700)
    build(content, target)
    before = {path: path.stat().st_ctime_ns for path in target.rglob("*") if path.is_file()}
    again = build(content, target, seconds=3600)
    assert again.output.endswith(f" as they were in {target}\n") and "0 written, 0 removed" in again.output
    assert {path: path.stat().st_ctime_ns for path in before} == before


def test_a_change_rewrites_only_the_affected_files(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}, "b": {"categories": ["outreach"]}, "c": {"categories": ["funding"]}})
    build(content, target)
    before, old = files(target), dates(target)
    write(content, "a", title="Un autre")
    build(content, target, seconds=60)
    after, new = files(target), dates(target)
    changed = {name for name in after if after[name] != before.get(name)}
    assert {"feeds/research.rss", "feeds/research.rss.gz", "articles/a/index.html", "manifest.json"} <= changed
    assert not [name for name in changed if "outreach" in name or "funding" in name or name.startswith(".nginx")]
    assert {name for name in new if new[name] != old.get(name)} == changed
    assert {new[name] for name in changed if not name.startswith("pictures/")} == {
        (NOW + timedelta(seconds=60)).timestamp()
    }


def test_pages_without_articles_of_their_own_follow_the_newest(content: Path, target: Path) -> None:
    """An incremental build rewrites each page that lists the newest articles."""
    over = {"tags": ["seul"], "authors": ["Seule"], "published": "2025-01-01", "expires": "2026-01-01"}
    wrong = {"published": "2025-01-02", "withdrawn": {"at": "2026-01-01", "reason": "Faux."}}
    content_folder(content, {"a": {}, "over": over, "wrong": wrong, "en": {"language": "en", "tags": ["only"]}})
    build(content, target)
    write(content, "a", title="Un autre")
    build(content, target, seconds=60)
    whole = target.with_name("whole")
    build(content, whole, seconds=60)
    old, new = files(target), files(whole)
    ours = {
        name for name in old if name.startswith(".feeds") or name == "manifest.json" or name.endswith((".gz", ".br"))
    }
    assert [name for name in old.keys() | new.keys() if name not in ours and old.get(name) != new.get(name)] == []


def test_file_dates_come_from_the_manifest_and_never_go_back(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    build(content, target)
    assert dates(target)["feeds/all.rss"] == NOW.timestamp()
    write(content, "a", title="Un autre")
    build(content, target, seconds=-3600)
    assert dates(target)["feeds/all.rss"] == dates(target)["articles/a/index.html"] == NOW.timestamp() + 1


def test_obsolete_files_are_removed_with_their_folder_and_foreign_files_are_not(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}, "b": {}})
    build(content, target)
    (target / "articles" / "notes.txt").write_text("mine")
    (content / "articles" / "a.yaml").unlink()
    refused = build(content, target)
    assert refused.exit_code == 1
    assert f"Error: {target} contains files that no build wrote: articles/notes.txt (use" in refused.output
    assert (target / "articles" / "a").exists()
    assert build(content, target, "--force").exit_code == 0
    assert not (target / "articles" / "a").exists()
    assert (target / "articles" / "notes.txt").read_text() == "mine"


def test_a_folder_of_foreign_files_is_left_unchanged(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    target.mkdir()
    for number in range(5):
        (target / f"file{number}").write_text("mine")
    refused = build(content, target)
    assert refused.exit_code == 1 and "file0, file1, file2 and 2 more" in refused.output
    assert sorted(os.listdir(target)) == [f"file{number}" for number in range(5)]


@pytest.mark.parametrize("name", ["robots.txt", "feeds/all.rss.gz"])
def test_a_foreign_file_is_never_overwritten(name: str, content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    path = target / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    refused = build(content, target, "--force")
    assert refused.exit_code == 1
    assert f"Error: {path} is in the way: no build wrote it (move it elsewhere)" in refused.output
    assert path.read_text() == "mine"


def test_an_article_that_is_a_symlink_out_of_the_folder_is_not_read(
    content: Path, target: Path, tmp_path: Path
) -> None:
    content_folder(content, {"a": {}})
    (tmp_path / "elsewhere").mkdir()
    target.mkdir()
    (target / "articles").symlink_to(tmp_path / "elsewhere")
    assert build(content, target).exit_code == 1
    refused = build(content, target, "--force")
    assert f"{target / 'articles'} is in the way" in refused.output
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_build_interrupted_anywhere_breaks_no_link_and_the_next_completes_it(
    content: Path, target: Path, monkeypatch: pytest.MonkeyPatch, is_long: bool
) -> None:
    content_folder(content, {"a": {"picture": {"file": "dessin.png", "alt": "Un dessin"}}})
    draw(content / "media" / "dessin.png", 1300, 700)
    replace, left = os.replace, 0

    def failing(source: str, place: Path) -> None:
        nonlocal left
        left -= 1
        if left < 0 and str(place).startswith(str(target)):
            raise OSError(28, "No space left on device")
        replace(source, place)

    monkeypatch.setattr(os, "replace", failing)
    for count in range(0, 500, 7 if is_long else 20):
        left = count
        done = build(content, target, "--no-compress")
        for feed in target.glob("feeds/*.rss"):
            for below in re.findall('(?:src|href|url)=(?:"|&quot;)https://news.example/([^"&]+)', feed.read_text()):
                assert (target / below).exists() or (target / below / "index.html").exists(), (count, below)
        assert not list(target.rglob(".feeds-new-*"))
        if done.exit_code == 0:
            break
        assert "No space left on device" in done.output
    assert count > 40
    whole = files(target)
    build(content, target.with_name("other"), "--no-compress")
    assert files(target.with_name("other")) == whole


def test_the_build_after_an_interrupted_one_writes_only_what_is_missing(
    content: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(content, {f"a{month}": {"published": f"2025-{month:02}-01"} for month in range(1, 13)})
    written = int(build(content, target.with_name("other")).output.partition(" written")[0])
    replace, left = os.replace, 2 * written  # most files have compressed copies

    def failing(source: str, place: Path) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise OSError(28, "No space left on device")
        replace(source, place)

    monkeypatch.setattr(os, "replace", failing)
    assert build(content, target).exit_code == 1
    with (target / ".feeds.done").open("a") as journal:
        journal.write('{"version": 1, "files')  # the end of the journal may be missing
    rest = build(content, target)
    assert int(rest.output.partition(" written")[0]) < written / 2, rest.output
    assert not (target / ".feeds.done").exists()
    assert files(target) == files(target.with_name("other"))


EDITS: list[dict[str, object]] = [
    {"title": "Un autre titre"},
    {"body": "Un autre texte, avec [un lien](/articles/b)."},
    {"body": "Un long texte. " * 20_000},
    {"summary": "Un autre résumé."},
    {"categories": ["outreach", "research"]},
    {"published": "2026-03-09"},
    {"updated": "2026-05-01"},
    {"expires": "2026-05-02"},
    {"withdrawn": {"at": "2026-05-03", "reason": "Une erreur."}},
    {"tags": ["don"]},
    {"tags": ["Don"]},
    {"authors": ["Le labo"]},
    {"language": "en"},
    {"twin": "jumeau"},
    {"draft": True},
    {"picture": {"file": "dessin.png", "alt": "Un dessin"}},
    {"attachments": [{"file": "plan.pdf", "title": "Un plan"}]},
    {"attachments": [{"file": "plan.pdf", "title": "Un plan", "until": "2026-06-01T12:30"}]},
    {"social": {"skip": True}},
    {"hide_from": ["research"]},
    {"link": "https://ailleurs.example/a"},
    {"published": "2026-06-01T12:40"},
]


@pytest.mark.parametrize("seed", range(4))
def test_a_build_after_any_changes_equals_a_whole_build(
    content: Path, tmp_path: Path, seed: int, is_long: bool
) -> None:
    """What a change may affect is followed from article to document: nothing that it affects is left as it was."""
    rng = random.Random(seed)
    content_folder(content, {})
    (content / "media" / "plan.pdf").write_bytes(b"%PDF")
    draw(content / "media" / "dessin.png", 1300, 700)
    for path in (content / "media").iterdir():
        os.utime(path, (0, 0))
    articles: dict[str, dict[str, object]] = {
        name: {
            "published": f"2026-0{number % 4 + 1}-0{number + 1}",
            "categories": [("research", "outreach")[number % 2]],
        }
        for number, name in enumerate("abcdefgh")
    }
    for number in range(20 if is_long else 8):
        for _ in range(rng.choice((1, 1, 2))):
            name = rng.choice([*articles])
            articles[name] = {**articles[name], **rng.choice(EDITS)}
            if rng.random() < 0.1 and len(articles) > 4:
                del articles[name]
        shutil.rmtree(content / "articles")
        (content / "articles").mkdir()
        for name, keys in articles.items():
            write(content, name, **keys)
        seconds = number * 300.0
        changed, whole = tmp_path / "changed", tmp_path / str(number)
        whole.mkdir()
        for name in ("manifest.json", ".feeds.json") if number else ():  # dates of posts depend on what was published
            shutil.copy(changed / name, whole)
        assert build(content, changed, "--no-compress", seconds=seconds).exit_code == 0
        assert build(content, whole, "--no-compress", seconds=seconds).exit_code == 0
        found, expected = files(changed), files(whole)
        for each in (found, expected):
            del each["manifest.json"]  # it has the dates of changes
        assert [name for name in found if found.get(name) != expected.get(name)] == [], (number, articles)
        assert found.keys() == expected.keys()


def test_an_interrupt_says_that_the_next_build_continues(
    content: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    content_folder(content, {"a": {}})
    monkeypatch.setattr("feeds.delivery.folder.build_in_order", interrupted)
    done = build(content, target)
    assert done.exit_code == 1 and "Error: interrupted; run the command again to resume" in done.output


@pytest.mark.integration
def test_several_processes_write_the_same_files_as_one(
    content: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(
        content, {f"a{month}": {"published": f"2025-{month:02}-01", "tags": ["don"]} for month in range(1, 13)}
    )
    build(content, target.with_name("other"))
    forked = count_forks(monkeypatch)
    monkeypatch.setattr(build_order, "MIN_FILES_TO_PARALLELIZE", 1)
    monkeypatch.setattr(build_order, "core_count", lambda: 3)
    assert build(content, target).exit_code == 0
    assert len(forked) == 2
    assert files(target) == files(target.with_name("other"))
    assert "0 written" in build(content, target).output


def test_a_damaged_built_file_is_rewritten(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    build(content, target)
    (target / "feeds" / "all.rss").write_text("")
    (target / "feeds" / "all.atom.gz").unlink()
    assert "2 written" in build(content, target).output
    assert (target / "feeds" / "all.rss").stat().st_size and (target / "feeds" / "all.atom.gz").exists()


def test_an_attachment_is_never_mistaken_for_a_compressed_copy(content: Path, target: Path) -> None:
    def attach(*names: str) -> None:
        for name in names:
            (content / "media" / name).write_bytes(name.encode() * 100)
        write(content, "a", attachments=[{"file": name, "title": name} for name in names])

    content_folder(content, {"a": {}})
    for names in (("d.csv", "d.csv.gz"), ("d.csv",), ("d.csv.gz",), ("d.csv.gz", "d.csv")):
        attach(*names)
        assert build(content, target).exit_code == 0
        found = {name: data for name, data in files(target).items() if name.startswith("media/")}
        assert found == {f"media/{name}": name.encode() * 100 for name in names}


@pytest.mark.parametrize("first", ["plan", "plan/a.pdf"])
def test_a_file_may_become_a_folder_and_a_folder_a_file(first: str, content: Path, target: Path) -> None:
    content_folder(content, {})
    for name in (first, "plan/a.pdf" if first == "plan" else "plan"):
        shutil.rmtree(content / "media")
        (content / "media" / name).parent.mkdir(parents=True)
        (content / "media" / name).write_bytes(b"%PDF")
        write(content, "a", attachments=[{"file": name, "title": "Un plan"}])
        done = build(content, target)
        assert done.exit_code == 0, done.output
        assert [each for each in files(target) if each.startswith("media/")] == [f"media/{name}"]


DAMAGES = [b"", b"{", b'{"version": 1, "files": []}', b'{"version": 0}', b"\xff", b"null", b"[]"]


def test_an_unreadable_build_list_is_reported_and_nothing_changes(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    build(content, target, "--no-compress")
    before = files(target)
    for damage in DAMAGES:
        (target / ".feeds.json").write_bytes(damage)
        done = build(content, target, "--no-compress")
        assert done.exit_code == 1 and f"Error: {target}/.feeds.json cannot be read: " in done.output, damage
        assert f"(remove {target} and build again)" in done.output and files(target) == before, damage


JOURNALS = ["articles/a/index.html\nmedia/é", "\0\n", "\n", ".\narticles\n", "feeds/all.rss/zz\n", "x" * 5000 + "\n"]
JOURNALS += ["../x\n../../x2\n", "/x\n", "a/../../x\n", ".feeds.json\n", "media/" + "x" * 254 + "\n"]


def test_a_journal_with_any_content_is_harmless(content: Path, target: Path) -> None:
    """A power cut may leave garbage in it, which removes nothing outside the folder and fails no build."""
    content_folder(content, {"a": {}})
    build(content, target, "--no-compress")
    before = files(target)
    outside = [target.parent / "x", target.parent.parent / "x2"]
    for path in outside:
        path.write_text("mine")
    for journal in JOURNALS:
        (target / ".feeds.new").write_bytes(journal.encode()[: -1 if journal.endswith("é") else None])
        done = build(content, target, "--no-compress")
        assert done.exit_code == 0, (journal, done.output)
        assert not (target / ".feeds.new").exists() and files(target) == before, journal
        assert [path.read_text() for path in outside] == ["mine", "mine"], journal


def test_a_build_list_that_names_files_outside_the_folder_is_rejected(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    build(content, target)
    text = (target / ".feeds.json").read_text(encoding="utf-8")
    (target / ".feeds.json").write_text(text.replace('"robots.txt"', '"../robots.txt"'), encoding="utf-8")
    assert "'../robots.txt' is not a file name" in build(content, target).output


def test_compressed_copies_of_an_interrupted_build_are_removed(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    build(content, target)
    (target / ".feeds.new").write_text("articles/b/index.html\n")
    (target / "articles" / "b").mkdir()
    (target / "articles" / "b" / "index.html.gz").write_bytes(b"\x1f\x8b")
    done = build(content, target)
    assert done.exit_code == 0, done.output
    assert not (target / "articles" / "b").exists()


def test_a_file_name_too_long_for_a_suffix_is_built(content: Path, target: Path) -> None:
    name = "p" * 251 + ".pdf"
    content_folder(content, {"a": {"attachments": [{"file": name, "title": "Un plan"}], "tags": ["t" * 249]}})
    (content / "media" / name).write_bytes(b"%PDF")
    done = build(content, target)
    assert done.exit_code == 0, done.output
    assert f"media/{name}" in files(target)


def test_built_files_are_readable_by_a_web_server_whatever_the_umask(content: Path, target: Path) -> None:
    content_folder(content, {"a": {}})
    before = os.umask(0o077)
    try:
        build(content, target)
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (target, *target.rglob("*")) if path.name not in OWN}
    assert modes == {0o755, 0o644}


def test_a_build_that_waited_for_another_uses_the_latest_content(
    content: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content is read after the other build has finished."""
    content_folder(content, {"a": {"title": "Avant"}})
    build(content, target)
    flock, is_waiting = fcntl.flock, threading.Event()

    def seen(file: int, kind: int) -> None:
        is_waiting.set()
        flock(file, kind)

    monkeypatch.setattr("feeds.base.locks.fcntl.flock", seen)
    lock = os.open(target, os.O_RDONLY)
    flock(lock, fcntl.LOCK_EX)
    later = threading.Thread(target=lambda: build(content, target, seconds=60))
    later.start()
    assert is_waiting.wait(20)
    write(content, "a", title="Apres")
    os.close(lock)
    later.join()
    assert b"Apres" in files(target)["feeds/all.rss"]


@pytest.mark.parametrize("command", ["build", "publish"])
def test_a_missing_articles_folder_removes_nothing_from_a_build(command: str, content: Path, target: Path) -> None:
    """An unmounted drive is no reason to remove everything from the published site."""
    content_folder(content, {"a": {}})
    build(content, target)
    before = files(target)
    (content / "articles").rename(content / "away")
    where = str(target) if command == "build" else "s3://bucket"
    done = app_of(content).test_cli_runner().invoke(args=[command, where])
    assert done.exit_code == 2 and f"{content}/articles: the folder is missing (create it" in done.output
    assert files(target) == before


def test_the_built_folder_alone_stores_the_publication_history(content: Path, target: Path) -> None:
    """A build on another machine has the manifest in the folder, and no state folder."""
    content_folder(content, {"a": {}})
    build(content, target)
    before = (target / "manifest.json").read_bytes()
    build(content, target, seconds=86_400)
    assert (target / "manifest.json").read_bytes() == before


def test_content_that_is_not_live_is_in_no_built_file(content: Path, target: Path) -> None:
    picture = {"file": "secret.png", "alt": "Un dessin"}
    late = {"picture": picture, "published": "2027-01-01", "attachments": [{"file": "secret.pdf", "title": "Un plan"}]}
    content_folder(content, {"coming": late, "draft": {**late, "published": "2026-01-01", "draft": "true"}})
    draw(content / "media" / "secret.png")
    (content / "media" / "secret.pdf").write_bytes(b"%PDF-1.4")
    build(content, target)
    assert not [name for name in files(target) if "secret" in name or "coming" in name]
    assert len([name for name in files(target) if "pictures" in name]) == 2, "the cards of the site in both languages"


@pytest.mark.integration
def test_nginx_redirects_old_paths_as_we_do(content: Path, target: Path, program: Callable[[str], str]) -> None:
    odd = {
        "/vieux%20flux.xml": "/feeds/all.rss",
        "/actualités": "https://www.example/a?b=$uri&c=d",
        "/.well-known/webfinger": "https://www.example/finger",
        "/a%22b;c%7Bd%7D$e%5Cf": "/feeds/all.atom",
        "/~user": "/",
        "/default": "/feeds/outreach",
        "/Feeds/all.rss": "/feeds/all.rss",
        "/RSS": "/feeds/all.atom",
        "/Old": "/",
        "/old": "/feeds/all",
        "/" + "long" * 150: "/",
        "/?format=feed&type=rss": "/feeds/all.rss",
        "/?format=feed": "/feeds/all.json",
        "/old.php?a[0]=b.c": "/",
    }
    back = {"/articles/a": "/", "/feeds/research": "/", "/media/plan.pdf": "/"}  # what is there again is no old path
    names = ("plan.pdf", "f.rss", "d.xml", "t.txt", "plan.svg", "PLAN.svg")
    content_folder(
        content,
        {"a": {"attachments": [{"file": name, "title": name} for name in names]}},
        SITE + as_yaml({"redirects": odd | back}),
    )
    for name in names:
        (content / "media" / name).write_bytes(b"%PDF-1.4")
    done = build(content, target)
    assert done.exit_code == 0, done.output
    assert done.output.endswith("; nginx has to be reloaded\n")
    assert "reloaded" not in build(content, target).output
    port = free_port()
    config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8").replace("/srv/feeds", str(target))
    config = config.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")
    (folder_of := target.with_name("nginx")).mkdir()
    with nginx(program("nginx"), config, folder_of):
        behind, live = Client(forwarding_app(port)), Client(app_of(content).wsgi_app)
        for old in odd:
            answers = [client.get(old) for client in (behind, live)]
            assert [each.status_code for each in answers] == [301, 301], old
            assert answers[0].headers["Location"].replace("%24", "$") == answers[1].headers["Location"]
        for query in ("", "?resource=acct:a%40news.example&b=$c"):
            answers = [client.get(f"/.well-known/webfinger{query}") for client in (behind, live)]
            assert [each.headers["Location"] for each in answers] == [f"https://www.example/finger{query}"] * 2
        for path in (*back, "/rss", "/feeds/all.rss", "/FEED", "/Feed.xml", "/feeds//all.rss", "/feeds/all.rss.gz"):
            assert behind.get(path).status_code == live.get(path, buffered=True).status_code, path
        for name in names:
            headers = [client.get(f"/media/{name}", buffered=True).headers for client in (behind, live)]
            for header in ("Access-Control-Allow-Origin", "Content-Security-Policy"):
                assert headers[0].get(header) == headers[1].get(header), (name, header)
        assert behind.get("/sitemap.xml").headers["Content-Type"] == "application/xml; charset=utf-8"
        assert behind.get("/.nginx/maps.conf").status_code == behind.get("/_headers").status_code == 404
        assert behind.get("/.feeds.json").status_code == 404
        assert behind.get("/articles/a/index.html").status_code == 404


def test_static_hosts_get_content_types_and_redirects(sample: Path, target: Path) -> None:
    build(sample, target, "--no-compress")
    redirects = (target / "_redirects").read_text(encoding="utf-8").splitlines()
    assert "/feed /feeds/all.rss 200" in redirects
    assert "/spip.php https://news.crcm.example/feeds/all.rss 301" in redirects
    rules = (target / "_headers").read_text(encoding="utf-8")
    assert "/feed.json\n  Content-Type: application/feed+json\n" in rules
    assert "/feeds/all.rss\n  Content-Type: application/rss+xml; charset=utf-8\n" in rules
    assert rules.splitlines()[0] == "/*" and "Cache-Control" not in rules.partition("/pictures/*")[0]
    assert SAMPLE.exists()


def test_a_build_reports_an_invalid_site_file(content: Path, target: Path) -> None:
    content_folder(content, {}, "title: Le site\n")
    done = build(content, target)
    assert done.exit_code == 2 and "site.yaml:1:1: url: missing" in done.output
    assert not target.exists()
