"""What a refresh does, at times and with files that the test controls; no thread runs here."""

from __future__ import annotations

import gc
import logging
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feeds.content.folder import ContentFolder
from feeds.edition.edition import Edition
from feeds.formats import rss_atom
from feeds.server.publisher import Publisher
from tests.builders import NOW, PLAIN, SITE, as_yaml, content_folder, draw, find_article

SECOND = timedelta(seconds=1)


class Desk:
    """A content folder and its publisher, with a clock that the test sets."""

    def __init__(self, root: Path, **articles: dict[str, object]) -> None:
        self.root, self.now = root, NOW
        self.publisher = Publisher(content_folder(root, articles), lambda: self.now)
        self.publisher.start()

    @property
    def edition(self) -> Edition:
        assert self.publisher.edition
        return self.publisher.edition

    def write(self, name: str, text: str | dict[str, object]) -> None:
        whole = text if isinstance(text, str) else as_yaml({**PLAIN, **text})
        (self.root / "articles" / f"{name}.yaml").write_text(whole, encoding="utf-8")

    def refresh(self, later: timedelta = SECOND) -> None:
        self.now += later
        self.publisher.refresh(self.now)

    def tell(self, *paths: Path) -> None:
        """Refresh as the file watcher does: with the paths that it reported."""
        self.now += SECOND
        self.publisher.refresh(self.now, {str(path) for path in paths})

    def slugs(self) -> set[str]:
        return {article.slug for article in self.edition.catalog.live}

    def problems(self) -> list[str]:
        told = [str(problem) for problem in self.publisher.problems if problem.severity == "error"]
        return [text.removeprefix(f"{self.root}/") for text in told]


@pytest.fixture
def desk(content: Path) -> Desk:
    return Desk(content, a={"title": "Le premier"}, b={"categories": ["outreach"]})


def test_an_added_changed_renamed_or_removed_file_is_detected(desk: Desk) -> None:
    desk.write("c", {"title": "Un troisième"})
    desk.refresh()
    assert desk.slugs() == {"a", "b", "c"}
    desk.write("c", {"title": "Un troisième, corrigé"})
    desk.refresh()
    assert "corrigé" in desk.edition["/feeds/all.rss"].data.decode()
    (desk.root / "articles" / "c.yaml").rename(desk.root / "articles" / "d.yaml")
    (desk.root / "articles" / "a.yaml").unlink()
    desk.refresh()
    assert desk.slugs() == {"b", "d"}


def test_only_the_reported_paths_are_read_again(desk: Desk) -> None:
    desk.write("a", {"title": "Un"})
    desk.write("b", {"title": "Deux", "categories": ["outreach"]})
    hidden = desk.root / "articles" / ".a.yaml.swp"
    desk.tell(desk.root / "articles" / "a.yaml", hidden)
    assert {article.title for article in desk.edition.catalog.live} == {"Un", "Un titre"}
    desk.tell(desk.root / "articles" / "folder")
    assert {article.title for article in desk.edition.catalog.live} == {"Un", "Deux"}, "an unknown path: look at all"


def test_an_added_or_removed_file_is_detected_from_its_path_alone(desk: Desk) -> None:
    desk.write("b", {"title": "Deux"})
    desk.write("c", {"title": "Un troisième"})
    desk.tell(desk.root / "articles" / "c.yaml")
    assert desk.slugs() == {"a", "b", "c"}
    (desk.root / "articles" / "a.yaml").rename(desk.root / "articles" / "d.yaml")
    desk.tell(desk.root / "articles" / "a.yaml", desk.root / "articles" / "d.yaml")
    assert desk.slugs() == {"b", "c", "d"}
    assert "Deux" not in {article.title for article in desk.edition.catalog.live}, "it was not named"


def test_problems_between_articles_are_updated_when_one_of_them_changes(desk: Desk) -> None:
    """The problems are the same, whether one file or all files are read."""
    steps: list[dict[str, object]] = [
        {"twin": "x"},
        {"twin": "x", "title": "Un"},
        {"id": "a"},
        {"id": "c", "draft": "true"},
        {},
    ]
    for changes in steps:
        desk.write("a", {"twin": "x", "language": "en"})
        desk.tell(desk.root / "articles" / "a.yaml")
        desk.write("b", changes)
        desk.tell(desk.root / "articles" / "b.yaml")
        told, slugs = desk.publisher.problems, desk.slugs()
        desk.refresh()
        assert (desk.publisher.problems, desk.slugs()) == (told, slugs)
        other = Publisher(ContentFolder(desk.root), lambda: desk.now)
        other.start()
        assert other.problems == told


def test_a_reported_path_that_is_not_a_plain_article_gives_the_same_as_a_full_scan(desk: Desk, tmp_path: Path) -> None:
    """Folders with odd names, folders that become files, symlinks: the path gives the same as a full scan."""
    articles = desk.root / "articles"
    text = (articles / "a.yaml").read_text(encoding="utf-8")
    for name in ("x.yaml", "#old"):
        (articles / name).mkdir()
        (articles / name / f"inside-{name[1:2]}.yaml").write_text(text, encoding="utf-8")
        desk.tell(articles / name)
    assert desk.slugs() == {"a", "b", "inside", "inside-o"}
    (articles / "x.yaml").rename(tmp_path / "gone")
    (articles / "x.yaml").write_text(text, encoding="utf-8")
    desk.tell(articles / "x.yaml")
    assert desk.slugs() == {"a", "b", "x", "inside-o"}
    (articles / "#old").rename(tmp_path / "old")
    desk.tell(articles / "#old")
    (articles / "linked").symlink_to(tmp_path / "old")
    desk.tell(articles / "linked" / "inside-o.yaml")
    assert desk.slugs() == {"a", "b", "x"}


def test_a_symlinked_article_is_updated_when_its_target_changes(desk: Desk) -> None:
    hidden = desk.root / "articles" / ".real.yaml"
    hidden.write_text(as_yaml({**PLAIN, "title": "Avant"}), encoding="utf-8")
    (desk.root / "articles" / "link.yaml").symlink_to(hidden)
    desk.tell(desk.root / "articles" / "link.yaml")
    hidden.write_text(as_yaml({**PLAIN, "title": "Après"}), encoding="utf-8")
    desk.tell(hidden)
    assert find_article(desk.edition.catalog, "link").title == "Après"


def test_a_media_file_that_is_restored_is_served_again(desk: Desk) -> None:
    draw(desk.root / "media" / "x.png")
    desk.write("a", {"body": "[Un dessin](/media/x.png)"})
    desk.refresh()
    assert "x.png" in desk.edition.files
    (desk.root / "media" / "x.png").rename(desk.root / "media" / "y.png")
    desk.refresh()
    assert "x.png" not in desk.edition.files
    (desk.root / "media" / "y.png").rename(desk.root / "media" / "x.png")
    desk.refresh()
    assert "x.png" in desk.edition.files


def test_an_edition_is_freed_once_it_is_replaced(desk: Desk) -> None:
    """Also while the cyclic garbage collector is disabled."""
    before = weakref.ref(desk.edition)
    assert desk.edition["/"].data and desk.edition["/feeds.opml"].data
    gc.disable()
    try:
        desk.write("a", {"title": "Un"})
        desk.refresh()
        assert before() is None
    finally:
        gc.enable()


def test_an_article_in_a_new_folder_is_detected(desk: Desk) -> None:
    (desk.root / "articles" / "2026").mkdir()
    desk.write("2026/c", {})
    desk.refresh()
    assert desk.slugs() == {"a", "b", "c"}


def test_without_changes_the_edition_is_the_same_object(desk: Desk) -> None:
    before = desk.edition
    desk.refresh()
    (desk.root / "articles" / "a.yaml").touch()
    desk.refresh()
    assert desk.edition is before


def test_unchanged_articles_and_documents_stay_the_same_objects_with_the_same_date(desk: Desk) -> None:
    before = desk.edition
    desk.write("a", {"title": "Un autre titre"})
    desk.refresh()
    assert desk.edition is not before
    assert find_article(desk.edition.catalog, "b") is find_article(before.catalog, "b")
    assert desk.edition["/feeds/outreach.rss"] is before["/feeds/outreach.rss"]
    assert desk.edition["/feeds/research.rss"].modified == before["/feeds/research.rss"].modified + SECOND


def test_an_unchanged_feed_is_not_rendered_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    real = rss_atom.serialize

    def written(*about: Any) -> bytes:
        rendered.append("a feed")
        return real(*about)

    monkeypatch.setattr("feeds.formats.rss_atom.serialize", written)
    desk.write("b", {"title": "Un autre titre", "categories": ["outreach"]})
    desk.refresh()
    assert len(rendered) == 4, "RSS and Atom of everything and of outreach, in French"


def test_an_article_that_changes_with_time_is_rendered_again_when_due(content: Path) -> None:
    until = (NOW + 60 * SECOND).isoformat()
    desk = Desk(content, a={"attachments": [{"url": "https://a.example/b.mp4", "title": "Un film", "until": until}]})
    assert b"Un film" in desk.edition["/feeds/all.rss"].data
    desk.refresh(60 * SECOND)
    assert b"Un film" not in desk.edition["/feeds/all.rss"].data


def test_removing_an_article_updates_the_date_of_its_feeds(desk: Desk) -> None:
    """A6: WordPress hides deletions, since its date does not change."""
    before = desk.edition["/feeds/research.rss"].modified
    (desk.root / "articles" / "a.yaml").unlink()
    desk.refresh()
    assert desk.edition["/feeds/research.rss"].modified > before


def test_two_changes_within_one_second_have_different_dates(desk: Desk) -> None:
    """A5, A6: Thunderbird identifies a version by its date alone."""
    dates = [desk.edition["/feeds/all.rss"].modified]
    for title in ("Un", "Deux"):
        desk.write("a", {"title": title})
        desk.refresh(timedelta(milliseconds=100))
        dates.append(desk.edition["/feeds/all.rss"].modified)
    assert len(set(dates)) == 3 and dates == sorted(dates)


def test_no_date_goes_back_when_the_clock_is_set_back(desk: Desk) -> None:
    before = desk.edition["/feeds/all.rss"].modified
    desk.write("a", {"title": "Un"})
    desk.refresh(-timedelta(hours=1))
    assert desk.edition["/feeds/all.rss"].modified == before + SECOND


def test_a_scheduled_change_creates_a_new_edition_at_its_exact_second(content: Path) -> None:
    moments = {"lifted": NOW + 60 * SECOND, "gone": NOW + 120 * SECOND}
    desk = Desk(
        content,
        coming={"published": moments["lifted"].isoformat()},
        going={"expires": moments["gone"].isoformat()},
    )
    assert desk.publisher.seconds_left(desk.edition) == 60
    before = desk.edition
    desk.refresh(59 * SECOND)
    assert desk.edition is before and desk.slugs() == {"going"}
    assert _tells(desk.edition, "coming") == []
    desk.refresh(SECOND)
    assert desk.slugs() == {"coming", "going"}
    everywhere = _tells(desk.edition, "coming")
    assert {"/", "/articles/coming", "/feeds/all.rss", "/feeds/research.json", "/manifest.json"} <= set(everywhere)
    desk.refresh(60 * SECOND)
    assert desk.slugs() == {"coming"}
    desk.refresh(-90 * SECOND)
    assert desk.slugs() == {"going"}, "the clock decides, backwards too"


def _tells(edition: Edition, word: str) -> list[str]:
    """Return the paths of all documents that contain a word in their path, bytes or headers."""
    return [
        path for path, each in edition.items() if word in f"{path} {each.data.decode(errors='replace')} {each.headers}"
    ]


def test_a_broken_file_keeps_its_last_good_article_and_is_reported_after_it_settles(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """B4: an entry that was missing for a day comes back unread in Thunderbird."""
    caplog.set_level(logging.ERROR)
    before = desk.edition
    desk.write("a", "title: Le prem")
    desk.refresh()
    assert (desk.problems(), desk.edition) == ([], before), "it may still be being written"
    desk.refresh()
    assert desk.problems()[0] == "articles/a.yaml:1:1: body: missing (expected body: | and Markdown below it, indented)"
    assert desk.edition is before and "Le premier" in desk.edition["/feeds/all.rss"].data.decode()
    told = len(caplog.records)
    assert told == len(desk.problems())
    desk.refresh()
    assert len(caplog.records) == told, "each problem is logged once"
    desk.write("a", {"title": "Le premier, corrigé"})
    desk.refresh()
    assert desk.problems() == [] and "corrigé" in desk.edition["/feeds/all.rss"].data.decode()


def test_a_file_that_is_briefly_empty_is_never_reported(desk: Desk) -> None:
    desk.write("a", "")
    desk.refresh()
    desk.write("a", {"title": "Le premier, corrigé"})
    desk.refresh()
    assert desk.problems() == [] and desk.slugs() == {"a", "b"}


def test_a_new_broken_file_is_left_out_and_reported_after_it_settles(desk: Desk) -> None:
    desk.write("c", "title: x")
    desk.refresh()
    desk.refresh()
    assert len(desk.problems()) == 3 and desk.slugs() == {"a", "b"}


def test_valid_articles_are_served_at_startup_although_others_are_broken(content: Path) -> None:
    desk = Desk(content, good={}, bad={"draft": "x"})
    assert desk.slugs() == {"good"} and len(desk.problems()) == 1


def test_a_broken_site_file_keeps_the_last_good_site_and_articles_still_update(desk: Desk) -> None:
    (desk.root / "site.yaml").write_text("title: Le site\n")
    desk.write("c", {})
    desk.refresh()
    assert desk.slugs() == {"a", "b", "c"}
    assert desk.problems()[0].startswith("site.yaml:1:1: ")
    (desk.root / "site.yaml").write_text(SITE.replace("Le site", "Le nouveau site"), encoding="utf-8")
    desk.refresh()
    assert desk.problems() == [] and "Le nouveau site" in desk.edition["/feeds/all.rss"].data.decode()


def test_a_category_that_articles_use_cannot_be_removed(desk: Desk) -> None:
    """A1, B4: a mistake in site.yaml, such as a misspelt slug, removes no feed and no article."""
    desk.write("b", {"categories": ["outreach", "research"]})
    (desk.root / "site.yaml").write_text(SITE.replace("outreach:", "outraech:"), encoding="utf-8")
    desk.refresh()
    assert desk.slugs() == {"a", "b"} and desk.edition.find("/feeds/outreach.rss") is not None
    told = f"site.yaml:1:1: categories: outreach was removed, but {desk.root}/articles/b.yaml is in it (restore it"
    assert desk.problems()[0].startswith(told)
    desk.write("b", {})
    desk.refresh()
    assert desk.problems() == [] and desk.edition.find("/feeds/outreach.rss") is None


def test_a_copy_never_replaces_the_article_that_is_served(desk: Desk) -> None:
    text = (desk.root / "articles" / "b.yaml").read_text(encoding="utf-8")
    desk.write("b", text + 'id: "k1"\n')
    desk.refresh()
    for changes in ("", 'title: "Une copie"\npublished: "2025-01-01"\n'):
        lines = [
            line for line in text.splitlines(True) if not changes or line.split(":")[0] not in ("title", "published")
        ]
        desk.write("a-copy", "".join(lines) + changes + 'id: "k1"\n')
        desk.tell(desk.root / "articles" / "a-copy.yaml")
        assert desk.slugs() == {"a", "b"}
        assert {problem.split(":")[0] for problem in desk.problems()} == {"articles/a-copy.yaml", "articles/b.yaml"}


def test_an_added_or_changed_picture_is_detected(desk: Desk) -> None:
    desk.write("a", {"picture": {"file": "x.png", "alt": "Un dessin"}})
    desk.refresh()
    desk.refresh()
    assert "media/x.png does not exist" in desk.problems()[0]
    draw(desk.root / "media" / "x.png", 40, 30)
    desk.refresh()
    assert desk.problems() == [] and 'width="40"' in desk.edition["/feeds/all.atom"].data.decode().replace(
        "&quot;", '"'
    )
    draw(desk.root / "media" / "x.png", 80, 60)
    desk.refresh()
    assert 'width="80"' in desk.edition["/feeds/all.atom"].data.decode().replace("&quot;", '"')


def test_a_rendering_error_leaves_the_last_edition_in_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A1: a feed's address answers 200 or 304 for years."""
    before = desk.edition

    def fail(*_: object) -> bytes:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("feeds.formats.rss_atom.serialize", fail)
    desk.write("a", {"title": "Un autre"})
    with pytest.raises(RuntimeError):
        desk.refresh()
    assert desk.edition is before
    monkeypatch.undo()
    desk.refresh()
    assert "Un autre" in desk.edition["/feeds/all.rss"].data.decode(), "the change is not forgotten"


def test_the_refresh_time_and_the_next_change_follow_the_given_clock(content: Path) -> None:
    desk = Desk(content, a={"published": "2027-01-01"})
    assert desk.publisher.refreshed_at == NOW
    assert desk.edition.catalog.next_change == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_articles_that_are_briefly_missing_stay_published_and_are_reported(content: Path) -> None:
    """Readers notice nothing if a drive is not mounted or a folder is being replaced."""
    desk = Desk(content, a={}, b={})
    (content / "articles").rename(content / "away")
    desk.refresh()
    assert desk.slugs() == {"a", "b"}
    assert desk.problems() == ["articles:1:1: the folder is missing (create it, and put the articles in it)"]
    content.rename(content.with_name("all-away"))
    desk.refresh()
    assert desk.slugs() == {"a", "b"} and len(desk.problems()) == 2
    content.with_name("all-away").rename(content)
    (content / "away").rename(content / "articles")
    (content / "articles" / "b.yaml").unlink()
    desk.refresh()
    assert desk.slugs() == {"a"} and desk.problems() == []
