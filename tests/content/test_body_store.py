"""Texts of articles are on disk: each is read back unchanged, and the file grows only with the texts in use."""

from __future__ import annotations

import gc
import os
import random
from pathlib import Path

import pytest

from feeds.content.body_store import BLOCK_BYTES, BodyStore, StoredBody
from feeds.content.folder import ContentFolder
from feeds.server.publisher import Publisher
from tests.builders import NOW, content_folder


def test_texts_are_read_back_unchanged_and_places_are_used_again() -> None:
    store, rng = BodyStore(), random.Random(1)
    stored: dict[int, tuple[str, StoredBody]] = {}
    most = 0
    for number in range(2_000):
        text = "é\U0001f397x" * rng.randrange(1, 400)
        body = store.put(text.encode())
        assert body
        stored[rng.randrange(50)] = (text, body)
        most = max(most, len(text.encode()))
        if number % 100 == 0:
            assert all(body.read() == text for text, body in stored.values())
    assert store.size <= 51 * 4 * most, "texts of each size have their own places"


def test_a_text_that_grows_again_and_again_leaves_few_free_places() -> None:
    store, body = BodyStore(), None
    for length in range(600, 240_000, 600):
        body = store.put(b"x" * length)
    assert body and store.size < 5 * 240_000


def test_the_place_of_a_text_is_kept_while_anything_refers_to_it() -> None:
    store = BodyStore()
    first = store.put(b"first")
    for _ in range(10):
        store.put(b"other")
    assert first and first.read() == "first"
    del first
    gc.collect()
    assert store.size <= 3 * BLOCK_BYTES


@pytest.mark.integration
def test_a_forked_process_reads_and_does_not_write() -> None:
    store = BodyStore()
    body = store.put(b"text")
    assert body
    if not (child := os.fork()):
        os._exit(0 if body.read() == "text" and store.put(b"other") is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert body.read() == "text"


def test_texts_stay_in_memory_if_the_disk_is_full(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    content_folder(content, {"a": {"body": "Un texte."}})
    articles = ContentFolder(content).load().articles
    assert articles["a"].body == "Un texte." and "body" in articles["a"].__dict__


def test_an_edition_has_its_texts_whatever_becomes_of_the_files(content: Path) -> None:
    content_folder(content, {"a": {"body": "Le premier texte."}})
    publisher = Publisher(ContentFolder(content), lambda: NOW)
    publisher.start()
    edition = publisher.edition
    assert edition and "body" not in edition.catalog.articles["a"].__dict__
    (content / "articles" / "a.yaml").unlink()
    content_folder(content, {"b": {"body": "Un autre texte."}})
    publisher.refresh(NOW)
    assert "Le premier texte." in edition["/articles/a"].data.decode()
