"""Pictures are decoded in another process with limits, and an attempt is recorded before it is made."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.test import Client

from feeds import create_app
from feeds.content import pictures, rendering
from feeds.content.media import MediaFolder
from feeds.content.pictures import FAILED_SUFFIX, INDEX, PictureStore
from feeds.content.rendering import Rendered, RenderError, Version, render_in_child
from feeds.model.renditions import Original
from feeds.server.publisher import Publisher
from feeds.settings import Settings
from tests.builders import NOW, content_folder, draw

SMALL = Version((160, 160), None, "feed", 999_999)


def store_at(root: Path) -> PictureStore:
    return PictureStore(MediaFolder(root / "media"), root / "pictures")


@pytest.fixture
def original(tmp_path: Path) -> Original:
    (tmp_path / "media").mkdir()
    draw(tmp_path / "media" / "a.png", 1300, 700)
    return Original(MediaFolder(tmp_path / "media").find("a.png"))


class Renderer:
    """A renderer that counts attempts, and raises `error` if there is one."""

    def __init__(self, error: BaseException | None) -> None:
        self.error, self.attempts = error, 0

    def __call__(self, path: Path, size: tuple[int, int], versions: Sequence[Version]) -> list[Rendered]:
        self.attempts += 1
        if self.error:
            raise self.error
        return rendering.render(path, size, versions)


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_a_picture_of_62_megapixels_is_rendered_and_one_that_needs_more_memory_is_refused(tmp_path: Path) -> None:
    Image.new("RGBA", (6622, 9362), (200, 100, 50, 128)).save(tmp_path / "a.png")
    ((ending, _),) = render_in_child(tmp_path / "a.png", (6622, 9362), [SMALL])
    assert ending == "160x160.png"
    Image.new("RGBA", (8000, 8000), (200, 100, 50, 128)).save(tmp_path / "a.webp")
    with pytest.raises(RenderError, match="needs more than 600 MB of memory"):
        render_in_child(tmp_path / "a.webp", (8000, 8000), [SMALL])


@pytest.mark.integration
def test_a_picture_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(tmp_path / "a.png")
    monkeypatch.setattr(rendering, "DEADLINE_SECONDS", 0.001)
    with pytest.raises(RenderError, match="takes more than"):
        render_in_child(tmp_path / "a.png", (40, 30), [SMALL])


@pytest.mark.integration
def test_the_process_writes_nothing_to_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Image.new("1", (9900, 9900)).save(tmp_path / "a.png")  # Pillow warns of a decompression bomb
    assert len(render_in_child(tmp_path / "a.png", (9900, 9900), [SMALL])) == 1
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(RenderError):
        render_in_child(tmp_path / "a.png", (40, 30), [])
    assert capfd.readouterr() == ("", "")


def test_what_failed_is_not_tried_again_after_a_restart(
    tmp_path: Path, original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = Renderer(RenderError("it needs more memory", rendering.DAMAGED_SECONDS))
    monkeypatch.setattr(pictures, "render", renderer)
    for _ in range(3):
        store = store_at(tmp_path)
        assert store.make(original)
        assert not store.is_missing(original) and store.failures[original].code == "picture-not-decoded"
    assert renderer.attempts == 1
    monkeypatch.setattr(pictures, "render", working := Renderer(None))
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + rendering.DAMAGED_SECONDS + 1)
    assert store.forget_old_failures() == [original] and store.is_missing(original)
    store.make(original)
    assert store.pictures.of(original) and working.attempts == 1
    assert not list((tmp_path / "pictures").glob(f"*{FAILED_SUFFIX}"))


def test_an_attempt_that_ended_the_process_twice_is_not_repeated_by_the_next_process(
    tmp_path: Path, original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "render", crashing := Renderer(KeyboardInterrupt()))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            store_at(tmp_path).make(original)
    store = store_at(tmp_path)
    store.make(original)
    assert crashing.attempts == 2 and original in store.failures
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + pictures.INTERRUPTED_SECONDS + 1)
    monkeypatch.setattr(pictures, "render", Renderer(None))
    again = store_at(tmp_path)
    again.make(original)
    assert again.pictures.of(original)


def test_a_picture_that_is_touched_while_it_is_decoded_is_made_all_the_same(
    tmp_path: Path, original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PictureStore(MediaFolder(tmp_path / "media", upload_seconds=60), tmp_path / "pictures")

    def touch_and_render(path: Path, size: tuple[int, int], versions: Sequence[Version]) -> list[Rendered]:
        path.touch()
        return rendering.render(path, size, versions)

    monkeypatch.setattr(pictures, "render", touch_and_render)
    store.make(original)
    assert store.pictures.of(original)


@pytest.mark.integration
def test_a_renderer_that_is_killed_does_not_condemn_the_picture_for_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path / "a.png")
    monkeypatch.setattr(rendering, "__file__", str(tmp_path / "missing.py"))
    with pytest.raises(RenderError) as found:
        render_in_child(tmp_path / "a.png", (40, 30), [SMALL])
    assert found.value.retry_seconds == rendering.KILLED_SECONDS


def test_with_a_new_release_of_pillow_a_failure_is_tried_again(
    tmp_path: Path, original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "render", Renderer(RenderError("it needs more memory", rendering.DAMAGED_SECONDS)))
    store_at(tmp_path).make(original)
    monkeypatch.setattr(pictures, "_LIMITS", ["another release"])
    monkeypatch.setattr(pictures, "render", Renderer(None))
    store = store_at(tmp_path)
    store.make(original)
    assert store.pictures.of(original)


@pytest.mark.parametrize("damage", ["flipped", "empty", "cut"])
def test_a_damaged_rendition_is_never_served_and_is_made_again(
    damage: str, tmp_path: Path, original: Original, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    store_at(tmp_path).make(original)
    (card,) = [path for path in (tmp_path / "pictures").iterdir() if path.name.startswith(original.card_stem)]
    good = card.read_bytes()
    middle = len(good) // 2
    damaged = {
        "flipped": good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :],
        "empty": b"",
        "cut": good[:-9],
    }
    card.write_bytes(damaged[damage])
    store = store_at(tmp_path)
    store.refresh()
    assert store.verified_path(card.name) is None
    store.refresh()
    assert store.is_missing(original)
    store.make(original)
    path = store.verified_path(card.name)
    assert path and path.read_bytes() == good


def test_renditions_without_an_entry_in_the_index_are_made_again(tmp_path: Path, original: Original) -> None:
    store_at(tmp_path).make(original)
    (tmp_path / "pictures" / INDEX).write_bytes(b"damaged\xff\n")
    store = store_at(tmp_path)
    assert store.refresh().of(original) is None
    store.make(original)
    assert store.pictures.of(original)


def test_a_picture_that_is_deleted_is_gone_at_its_address(content: Path, tmp_path: Path) -> None:
    pictured = {"picture": {"file": "a.png", "alt": "Un dessin"}}
    content_folder(content, {"a": pictured, "b": {}})
    draw(content / "media" / "a.png", 1300, 700)
    client = Client(create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW).wsgi_app)
    feed = json.loads(client.get("/feeds/all.json").data)
    (url,) = [item["image"].removeprefix("https://news.example") for item in feed["items"] if "image" in item]
    assert client.get(url, buffered=True).status_code == 200
    (content / "articles" / "a.yaml").unlink()
    again = Client(create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW).wsgi_app)
    again.get("/feeds/all.json")
    assert again.get(url, buffered=True).status_code == 200, "another worker may have made it just now"
    for path in (tmp_path / "state" / "pictures").glob("*.*"):
        age(path)
    assert again.get(url, buffered=True).status_code == 404


def age(path: Path) -> None:
    os.utime(path, (time.time() - 60,) * 2)


def test_a_slow_picture_does_not_hold_up_its_article(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = content_folder(content, {"a": {"picture": {"file": "a.png", "alt": "Un dessin"}}})
    draw(content / "media" / "a.png", 1300, 700)
    monkeypatch.setattr("feeds.server.picture_queue.WAIT_SECONDS", 0.05)
    started, release = threading.Event(), threading.Event()

    def slow(path: Path, size: tuple[int, int], versions: Sequence[Version]) -> list[Rendered]:
        started.set()
        release.wait(60)
        return rendering.render(path, size, versions)

    monkeypatch.setattr(pictures, "render", slow)
    publisher = Publisher(folder, lambda: NOW, rescan=30)
    publisher.start()
    assert publisher.edition and started.wait(60)
    (item,) = json.loads(publisher.edition["/feeds/all.json"].data)["items"]
    assert "image" not in item
    release.set()
    assert publisher.picture_queue.wait_until_idle(60) and publisher.picture_queue.has_news()
