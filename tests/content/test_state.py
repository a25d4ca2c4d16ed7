"""The state that outlives the process: each test restarts the service by creating it again over the same folders."""

from __future__ import annotations

import json
import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest

from feeds.content.folder import ContentFolder
from feeds.content.state import StateFolder
from feeds.edition.edition import Edition
from feeds.feed.manifest import Manifest, difference
from feeds.server.publisher import Publisher
from tests.builders import NOW, PLAIN, as_yaml, content_folder

SECOND = timedelta(seconds=1)
FEED = "/feeds/research.rss"


def started(content: Path, state: Path, seconds: float = 0) -> Publisher:
    folder = StateFolder(state)
    now = NOW + timedelta(seconds=seconds)
    publisher = Publisher(ContentFolder(content, state=folder), lambda: now, state=folder)
    publisher.start()
    return publisher


def edition(publisher: Publisher) -> Edition:
    assert publisher.edition
    return publisher.edition


def write(content: Path, name: str, **changes: object) -> None:
    (content / "articles" / f"{name}.yaml").write_text(as_yaml({**PLAIN, **changes}), encoding="utf-8")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_restart_changes_no_date(content: Path, state: Path) -> None:
    content_folder(content, {"a": {}})
    before = edition(started(content, state))
    after = edition(started(content, state, seconds=3600))
    for path in before:
        assert (after[path].etag, after[path].modified) == (before[path].etag, before[path].modified), path


def test_a_change_during_downtime_updates_only_the_dates_of_affected_documents(content: Path, state: Path) -> None:
    content_folder(content, {"a": {}, "b": {"categories": ["outreach"]}})
    before = edition(started(content, state))
    (content / "articles" / "a.yaml").unlink()
    after = edition(started(content, state, seconds=3600))
    assert after[FEED].modified == NOW + timedelta(hours=1) > before[FEED].modified
    assert after["/feeds/outreach.rss"].modified == before["/feeds/outreach.rss"].modified


def test_no_date_goes_back_after_a_restart_with_the_clock_set_back(content: Path, state: Path) -> None:
    content_folder(content, {"a": {}})
    before = edition(started(content, state))[FEED]
    write(content, "a", title="Un autre")
    assert edition(started(content, state, seconds=-3600))[FEED].modified == before.modified + SECOND


def test_processes_that_share_the_folder_agree_on_dates(content: Path, state: Path) -> None:
    content_folder(content, {"a": {}})
    first, second = started(content, state), started(content, state, seconds=0.7)
    write(content, "a", title="Un autre")
    first.refresh(NOW + 10 * SECOND)
    second.refresh(NOW + 11 * SECOND)
    assert edition(first).manifest == edition(second).manifest
    assert edition(first)["/articles/a"].modified == edition(second)["/articles/a"].modified == NOW + 10 * SECOND


def test_the_last_good_version_of_an_article_survives_a_restart(content: Path, state: Path) -> None:
    content_folder(content, {"a": {"title": "Le bon"}, "b": {}})
    started(content, state)
    (content / "articles" / "a.yaml").write_text("title: ")
    again = started(content, state)
    assert "Le bon" in edition(again)[FEED].data.decode()
    assert any("a.yaml" in problem.file and problem.severity == "error" for problem in again.problems)


def test_the_last_good_version_of_a_removed_article_is_dropped(content: Path, state: Path) -> None:
    content_folder(content, {"a": {"title": "Le bon"}, "b": {}})
    started(content, state)
    (content / "articles" / "a.yaml").unlink()
    started(content, state)
    (content / "articles" / "a.yaml").write_text("title: ")
    assert "Le bon" not in edition(started(content, state))[FEED].data.decode()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 0}', b'{"version": 1}', b"\xff\xfe", b"null"])
def test_a_damaged_manifest_is_set_aside_logged_and_recreated(
    damage: bytes, content: Path, state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content_folder(content, {"a": {}})
    state.mkdir()
    (state / "manifest.json").write_bytes(damage)
    publisher = started(content, state)
    assert "it is renamed to" in caplog.text
    assert [path.read_bytes() for path in state.glob("manifest.damaged-*.json")] == [damage]
    assert Manifest.from_json((state / "manifest.json").read_bytes()) == edition(publisher).manifest


def test_a_damaged_article_cache_is_recreated(content: Path, state: Path, caplog: pytest.LogCaptureFixture) -> None:
    content_folder(content, {"a": {}})
    state.mkdir()
    (state / "articles.sqlite").write_bytes(b"no database at all" * 100)
    assert len(edition(started(content, state)).catalog.live) == 1
    assert "it is deleted and rebuilt" in caplog.text
    started(content, state)
    (content / "articles" / "a.yaml").write_text("title: ")
    assert len(edition(started(content, state)).catalog.live) == 1


def test_an_unusable_state_folder_is_logged_once_and_blocks_no_update(
    content: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    content_folder(content, {"a": {}})
    (tmp_path / "file").write_text("no folder")
    publisher = started(content, tmp_path / "file" / "state")
    write(content, "a", title="Un autre")
    publisher.refresh(NOW + SECOND)
    assert "Un autre" in edition(publisher)[FEED].data.decode()
    assert edition(publisher)[FEED].modified == NOW + SECOND
    assert caplog.text.count("cannot be used") == 1


def test_a_copy_never_replaces_the_article_that_was_served_before_a_restart(content: Path, state: Path) -> None:
    content_folder(content, {"z": {"id": "k1"}})
    started(content, state)
    write(content, "a-copy", id="k1", published="2025-01-01")
    assert [each.slug for each in edition(started(content, state)).catalog.live] == ["z"]


def test_a_category_in_use_survives_its_removal_during_downtime(content: Path, state: Path) -> None:
    content_folder(content, {"a": {"title": "Le bon"}})
    started(content, state)
    site = (content / "site.yaml").read_text(encoding="utf-8")
    (content / "site.yaml").write_text(site.replace("research:", "reserach:"), encoding="utf-8")
    again = started(content, state)
    assert "Le bon" in edition(again)[FEED].data.decode()
    assert any("research was removed" in str(problem) for problem in again.problems)


def test_no_date_goes_back_while_the_disk_is_full(content: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content_folder(content, {"a": {"title": "Un"}})
    publisher = started(content, state)
    dates = [edition(publisher)[FEED].modified]

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("feeds.base.atomic.tempfile.mkstemp", full)
    for minutes, title in ((1, "Deux"), (2, "Un")):
        write(content, "a", title=title)
        publisher.refresh(NOW + timedelta(minutes=minutes))
        dates.append(edition(publisher)[FEED].modified)
    assert dates == sorted(set(dates))


def test_the_manifest_is_complete_whenever_it_is_read(content: Path, state: Path) -> None:
    content_folder(content, {"a": {}})
    publisher = started(content, state)
    for number in range(5):
        write(content, "a", title=f"Titre {number}")
        publisher.refresh(NOW + (number + 1) * SECOND)
        assert Manifest.from_json((state / "manifest.json").read_bytes()) == edition(publisher).manifest
    assert sorted(os.listdir(state)) == ["articles.sqlite", "lock", "manifest.json"], "no temporary file is left"


def test_the_manifest_is_served_and_lists_only_live_entries(content: Path, state: Path) -> None:
    content_folder(
        content,
        {"a": {}, "coming": {"published": "2027-01-01"}, "gone": {"expires": "2026-04-01"}, "d": {"draft": "true"}},
    )
    found = edition(started(content, state))
    document = json.loads(found["/manifest.json"].data)
    assert list(document["entries"]) == ["tag:news.example,2020:a"]
    assert document["documents"][FEED] == {"digest": found[FEED].etag, "modified": "2026-06-01T10:00:00Z"}
    assert b"coming" not in found["/manifest.json"].data


def manifest(content: Path, **articles: dict[str, object]) -> Manifest:
    for old in (content / "articles").glob("*.yaml"):
        old.unlink()
    publisher = Publisher(content_folder(content, articles), lambda: NOW)
    publisher.start()
    return edition(publisher).manifest


def test_a_manifest_difference_lists_what_subscribers_would_see(content: Path) -> None:
    old = manifest(content, same={}, edited={}, gone={"title": "Parti"}, old={"title": "Renommé"})
    new = manifest(
        content,
        same={},
        edited={"title": "Changé"},
        new={"published": "2026-05-01", "title": "Nouveau"},
        late={"published": "2026-01-01", "title": "En retard"},
        renamed={"title": "Renommé"},
    )
    found = difference(old, new)
    tag = "tag:news.example,2020:"
    assert (set(found.new), set(found.edited), set(found.gone)) == (
        {tag + "new", tag + "late"},
        {tag + "edited"},
        {tag + "gone"},
    )
    assert found.renamed == {tag + "old": tag + "renamed"}
    assert set(found.backdated) == {tag + "late"}
    same = difference(new, new)
    assert not (same.new or same.edited or same.gone or same.renamed or same.backdated)


def test_a_manifest_round_trips_through_json(content: Path) -> None:
    found = manifest(content, a={"title": "« é » 🎗️"})
    assert Manifest.from_json(found.to_json()) == found


def test_a_process_that_starts_with_a_broken_site_file_serves_the_last_good_site(content: Path, state: Path) -> None:
    """For example, a worker that is replaced while somebody edits site.yaml."""
    content_folder(content, {"a": {}})
    before = edition(started(content, state))
    (content / "site.yaml").write_text("title: ")
    again = started(content, state)
    assert edition(again)[FEED] == before[FEED]
    assert any(problem.file.endswith("site.yaml") for problem in again.problems)
