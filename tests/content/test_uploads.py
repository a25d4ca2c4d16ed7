"""Files that are being uploaded, are large, or cannot be read for a moment."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from feeds.content import media as media_module
from feeds.content.folder import Content, ContentFolder
from feeds.content.media import MAX_HASHED_BYTES, MediaFolder
from feeds.content.state import StateFolder
from feeds.model.problems import InvalidValue
from tests.builders import PLAIN, SITE, as_yaml, content_folder, draw

WITH_FILE: dict[str, object] = {"attachments": [{"file": "son.mp3", "title": "Un son"}]}
LATER = 60


def following(root: Path) -> ContentFolder:
    """Return a content folder that waits for uploads, as that of a server does."""
    return ContentFolder(root, upload_seconds=media_module.UPLOAD_SECONDS)


def age(path: Path, seconds: float = LATER) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def codes(content: Content) -> list[tuple[str, str]]:
    pairs = [(problem.message.code, problem.severity) for problem in content.problems]
    return [pair for pair in pairs if not pair[0].endswith("-missing")]


def test_a_new_article_waits_until_its_file_has_been_uploaded(content: Path) -> None:
    content_folder(content, {"a": WITH_FILE, "b": {}})
    file = content / "media" / "son.mp3"
    file.write_bytes(b"the first kilobyte")
    folder = following(content)
    loaded = folder.load()
    assert set(loaded.articles) == {"b"} and loaded.is_settling
    assert ("media-growing", "warning") in codes(loaded)
    file.write_bytes(b"the whole file")
    assert set(folder.load(()).articles) == {"b"}
    age(file)
    loaded = folder.load(())
    assert not loaded.is_settling and codes(loaded) == []
    assert loaded.articles["a"].attachments[0].file and loaded.articles["a"].attachments[0].file.size == 14


def test_a_published_article_stays_as_it_was_while_its_file_is_replaced(content: Path) -> None:
    content_folder(content, {"a": WITH_FILE})
    file = content / "media" / "son.mp3"
    file.write_bytes(b"the first recording")
    age(file)
    folder = following(content)
    before = folder.load().articles["a"]
    file.write_bytes(b"half")
    assert folder.load().articles["a"] is before
    file.write_bytes(b"the second recording")
    age(file, LATER / 2)
    after = folder.load().articles["a"]
    assert after.attachments[0].file and after.attachments[0].file.size == len("the second recording")


def test_a_cut_jpeg_with_a_whole_thumbnail_is_damaged(tmp_path: Path) -> None:
    thumbnail, whole, exif = io.BytesIO(), io.BytesIO(), Image.Exif()
    Image.effect_noise((80, 60), 90).save(thumbnail, "JPEG")
    exif[0x010F] = "A camera"
    noise = Image.effect_noise((1600, 900), 90)
    noise.save(whole, "JPEG", exif=b"Exif\0\0" + exif.tobytes()[6:] + thumbnail.getvalue())
    data = whole.getvalue()
    assert data.count(b"\xff\xd9") == 2, "one of them is the thumbnail's"
    for end, flaw in ((len(data), None), (len(data) - 2, "picture-damaged"), (20_000, "picture-damaged")):
        (tmp_path / "a.jpg").write_bytes(data[:end])
        found = MediaFolder(tmp_path).find("a.jpg").flaw
        assert (found.code if found else None) == flaw
    (tmp_path / "a.jpg").write_bytes(data + b"\0" * 200_000)
    assert MediaFolder(tmp_path).find("a.jpg").flaw is None, "cameras append data"


def test_a_large_file_is_not_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "film.mp4").open("wb") as film:
        film.truncate(5_000_000_000)
    monkeypatch.setattr(hashlib, "file_digest", None)
    folder = MediaFolder(tmp_path)
    first = folder.find("film.mp4")
    tag = folder.etag(first)
    with (tmp_path / "film.mp4").open("r+b") as film:
        film.seek(5_000_000_000 - 10)
        film.write(b"x")
    assert folder.find("film.mp4").digest != first.digest
    assert folder.etag(first) != tag
    again = folder.etag(first)
    with (tmp_path / "film.mp4").open("r+b") as film:
        film.seek(2_000_000_000)
        film.write(b"x")
    assert folder.etag(first) != again, "a change in the middle changes the tag"


def test_the_tag_of_a_small_file_depends_only_on_its_bytes(tmp_path: Path) -> None:
    tags = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.pdf").write_bytes(b"x" * MAX_HASHED_BYTES)
        folder = MediaFolder(tmp_path / name)
        tags.add(folder.etag(folder.find("a.pdf")))
    assert len(tags) == 1


@contextmanager
def failing_open(monkeypatch: pytest.MonkeyPatch, name: str, code: int) -> Iterator[None]:
    real = os.open

    def fail(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if str(path).endswith(name):
            raise OSError(code, os.strerror(code), str(path))
        return real(path, flags, mode, dir_fd=dir_fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        yield


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ESTALE, errno.EACCES])
def test_an_article_that_could_not_be_read_for_a_moment_is_read_again(
    code: int, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(content, {"a": {}, "b": {}})
    folder = ContentFolder(content)
    with failing_open(monkeypatch, "a.yaml", code):
        loaded = folder.load()
        assert set(loaded.articles) == {"b"} and ("file-unreadable", "error") in codes(loaded)
    loaded = folder.load()
    assert set(loaded.articles) == {"a", "b"} and codes(loaded) == []


def test_a_media_file_that_could_not_be_read_for_a_moment_is_read_again(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(content, {"a": WITH_FILE})
    (content / "media" / "son.mp3").write_bytes(b"a")
    folder = ContentFolder(content)

    def refuse(self: MediaFolder, file: Path, upload_seconds: float = 0) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(MediaFolder, "_measure", refuse)
        assert ("media-unreadable", "error") in codes(folder.load())
    assert set(folder.load().articles) == {"a"}


def test_articles_in_an_unreadable_folder_stay_published(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content_folder(content, {"2026/a": {}, "b": {}})
    folder = ContentFolder(content)
    before = folder.load()
    real = os.scandir

    def refuse(path: str | Path = ".") -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("2026"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        loaded = folder.load()
    assert loaded.articles == before.articles
    assert ("folder-unreadable", "error") in codes(loaded)
    assert codes(folder.load()) == []


def test_a_file_is_found_once_it_has_not_been_written_for_some_seconds(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    folder = MediaFolder(tmp_path, upload_seconds=3)
    with pytest.raises(InvalidValue, match="is being written"):
        folder.find("a.png")
    age(tmp_path / "a.png", 3.1)
    assert folder.find("a.png").width == 40
    (tmp_path / "a.yaml").write_text(as_yaml(PLAIN))


def test_after_a_restart_what_was_published_stays_while_its_files_look_new(content: Path, tmp_path: Path) -> None:
    content_folder(content, {"a": WITH_FILE, "b": {}}, SITE + "logo: logo.png\n")
    (content / "media" / "son.mp3").write_bytes(b"a recording")
    draw(content / "media" / "logo.png", 200, 200)
    for name in ("son.mp3", "logo.png"):
        age(content / "media" / name)
    state = StateFolder(tmp_path / "state")
    folder = ContentFolder(content, state=state, upload_seconds=media_module.UPLOAD_SECONDS)
    before = folder.load()
    folder.save_cache()
    for name in ("son.mp3", "logo.png"):
        (content / "media" / name).touch()
    again = ContentFolder(content, state=state, upload_seconds=media_module.UPLOAD_SECONDS).load()
    assert again.site == before.site and again.articles.keys() == {"a", "b"} and again.is_settling


def test_a_site_does_not_wait_for_its_pictures_but_refuses_one_that_is_incomplete(content: Path) -> None:
    folder = following(content_folder(content, {"a": {}}).root)
    before = folder.load().site
    (content / "site.yaml").write_text(SITE + "logo: logo.png\n", encoding="utf-8")
    draw(content / "media" / "whole.png", 120, 120)
    whole = (content / "media" / "whole.png").read_bytes()
    (content / "media" / "logo.png").write_bytes(whole[:-20])
    loaded = folder.load()
    assert loaded.site is before and ("picture-damaged", "error") in codes(loaded)
    (content / "media" / "logo.png").write_bytes(whole)
    loaded = folder.load()
    assert loaded.site and loaded.site.logo and codes(loaded) == []


def test_an_unreadable_folder_of_media_affects_only_what_needs_it(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(content, {"a": {"attachments": [{"file": "priv/a.pdf", "title": "Un fichier"}]}, "b": {}})
    (content / "media" / "priv").mkdir()
    (content / "media" / "priv" / "a.pdf").write_bytes(b"%PDF")
    real = os.stat

    def refuse(path: str | Path, *arguments: object, **options: object) -> os.stat_result:
        if "priv/" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *arguments, **options)  # type: ignore[arg-type]

    folder = ContentFolder(content)
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        loaded = folder.load()
    assert set(loaded.articles) == {"b"} and ("media-unreadable", "error") in codes(loaded)
    assert set(folder.load().articles) == {"a", "b"}


def test_articles_stay_published_if_the_service_starts_before_their_folder_is_mounted(
    content: Path, tmp_path: Path
) -> None:
    content_folder(content, {"2026/a": {}, "b": {}})
    state = StateFolder(tmp_path / "state")
    folder = ContentFolder(content, state=state)
    before = folder.load()
    folder.save_cache()
    (content / "articles").rename(content / "elsewhere")
    again = ContentFolder(content, state=state)
    loaded = again.load()
    assert loaded.articles.keys() == before.articles.keys()
    assert any(problem.message.code == "articles-folder-missing" for problem in loaded.problems)
    (content / "elsewhere").rename(content / "articles")
    assert codes(again.load()) == []


def test_an_edit_just_before_the_folder_is_moved_away_removes_nothing(content: Path) -> None:
    content_folder(content, {"a": {}, "b": {}})
    folder = ContentFolder(content)
    folder.load()
    (content / "articles" / "a.yaml").write_text(as_yaml({**PLAIN, "title": "Un autre titre"}))
    (content / "articles").rename(content / "elsewhere")
    loaded = folder.load({str(content / "articles" / "a.yaml")})
    assert loaded.articles.keys() == {"a", "b"}


def test_a_write_with_the_same_time_and_size_as_the_one_before_is_not_missed(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = content_folder(content, {"a": {"title": "Version 1"}})
    state = (time.time_ns(), 0, 100, 1)
    monkeypatch.setattr("feeds.content.reader.time.time_ns", lambda: state[0])  # however long the first load takes
    for module in ("reader", "folder"):
        monkeypatch.setattr(f"feeds.content.{module}.file_state", lambda path: state)
    assert folder.load().articles["a"].title == "Version 1"
    path = content / "articles" / "a.yaml"
    path.write_text(as_yaml({**PLAIN, "title": "Version 2"}))
    assert folder.load({str(path)}).articles["a"].title == "Version 2"
