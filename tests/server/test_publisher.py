"""What a refresh does, at instants and with files that a test decides; no thread runs here."""

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
from tests.builders import NOW, PLAIN, SITE, as_yaml, content_folder, draw, named

SECOND = timedelta(seconds=1)


class Desk:
    """An office: its folder, its publisher, and a clock that a test sets."""

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
        """Refresh as the watch does: with the paths that it named."""
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


def test_a_file_added_changed_renamed_or_removed_is_seen(desk: Desk) -> None:
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


def test_where_paths_are_known_no_other_file_is_looked_at(desk: Desk) -> None:
    desk.write("a", {"title": "Un"})
    desk.write("b", {"title": "Deux", "categories": ["outreach"]})
    hidden = desk.root / "articles" / ".a.yaml.swp"
    desk.tell(desk.root / "articles" / "a.yaml", hidden)
    assert {article.title for article in desk.edition.catalog.live} == {"Un", "Un titre"}
    desk.tell(desk.root / "articles" / "folder")
    assert {article.title for article in desk.edition.catalog.live} == {"Un", "Deux"}, "an unknown path: look at all"


def test_a_file_that_comes_or_goes_is_told_by_its_path_alone(desk: Desk) -> None:
    desk.write("b", {"title": "Deux"})
    desk.write("c", {"title": "Un troisième"})
    desk.tell(desk.root / "articles" / "c.yaml")
    assert desk.slugs() == {"a", "b", "c"}
    (desk.root / "articles" / "a.yaml").rename(desk.root / "articles" / "d.yaml")
    desk.tell(desk.root / "articles" / "a.yaml", desk.root / "articles" / "d.yaml")
    assert desk.slugs() == {"b", "c", "d"}
    assert "Deux" not in {article.title for article in desk.edition.catalog.live}, "it was not named"


def test_what_is_found_between_articles_follows_the_one_that_changed(desk: Desk) -> None:
    """The same problems, whether one file was looked at or all."""
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


def test_what_a_path_alone_does_not_tell_is_looked_for_everywhere(desk: Desk, tmp_path: Path) -> None:
    """Folders with odd names, folders that become files, links: as all is read anew, so it is where a path is told."""
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


def test_an_article_that_is_a_link_follows_what_it_leads_to(desk: Desk) -> None:
    hidden = desk.root / "articles" / ".real.yaml"
    hidden.write_text(as_yaml({**PLAIN, "title": "Avant"}), encoding="utf-8")
    (desk.root / "articles" / "link.yaml").symlink_to(hidden)
    desk.tell(desk.root / "articles" / "link.yaml")
    hidden.write_text(as_yaml({**PLAIN, "title": "Après"}), encoding="utf-8")
    desk.tell(hidden)
    assert named(desk.edition.catalog, "link").title == "Après"


def test_a_file_that_comes_back_to_media_is_given_again(desk: Desk) -> None:
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


def test_an_edition_goes_once_another_is_there(desk: Desk) -> None:
    """Also where the collector of cycles is told not to look at it."""
    before = weakref.ref(desk.edition)
    assert desk.edition["/"].data and desk.edition["/feeds.opml"].data
    gc.disable()
    try:
        desk.write("a", {"title": "Un"})
        desk.refresh()
        assert before() is None
    finally:
        gc.enable()


def test_a_new_folder_is_seen(desk: Desk) -> None:
    (desk.root / "articles" / "2026").mkdir()
    desk.write("2026/c", {})
    desk.refresh()
    assert desk.slugs() == {"a", "b", "c"}


def test_where_nothing_changed_the_edition_is_the_same_object(desk: Desk) -> None:
    before = desk.edition
    desk.refresh()
    (desk.root / "articles" / "a.yaml").touch()
    desk.refresh()
    assert desk.edition is before


def test_what_did_not_change_keeps_its_objects_and_its_date(desk: Desk) -> None:
    before = desk.edition
    desk.write("a", {"title": "Un autre titre"})
    desk.refresh()
    assert desk.edition is not before
    assert named(desk.edition.catalog, "b") is named(before.catalog, "b")
    assert desk.edition["/feeds/outreach.rss"] is before["/feeds/outreach.rss"]
    assert desk.edition["/feeds/research.rss"].modified == before["/feeds/research.rss"].modified + SECOND


def test_a_feed_that_did_not_change_is_not_even_rendered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    real = rss_atom._written

    def written(*about: Any) -> bytes:
        rendered.append("a feed")
        return real(*about)

    monkeypatch.setattr("feeds.formats.rss_atom._written", written)
    desk.write("b", {"title": "Un autre titre", "categories": ["outreach"]})
    desk.refresh()
    assert len(rendered) == 4, "RSS and Atom of everything and of outreach, in French"


def test_an_article_that_changes_with_time_is_made_anew_at_its_moment(content: Path) -> None:
    until = (NOW + 60 * SECOND).isoformat()
    desk = Desk(content, a={"attachments": [{"url": "https://a.example/b.mp4", "title": "Un film", "until": until}]})
    assert b"Un film" in desk.edition["/feeds/all.rss"].data
    desk.refresh(60 * SECOND)
    assert b"Un film" not in desk.edition["/feeds/all.rss"].data


def test_a_removed_article_moves_the_date_of_its_feeds(desk: Desk) -> None:
    """A6: WordPress hides deletions behind a date that does not move."""
    before = desk.edition["/feeds/research.rss"].modified
    (desk.root / "articles" / "a.yaml").unlink()
    desk.refresh()
    assert desk.edition["/feeds/research.rss"].modified > before


def test_two_changes_in_one_second_have_two_dates(desk: Desk) -> None:
    """A5, A6: Thunderbird knows a version by its date alone."""
    dates = [desk.edition["/feeds/all.rss"].modified]
    for title in ("Un", "Deux"):
        desk.write("a", {"title": title})
        desk.refresh(timedelta(milliseconds=100))
        dates.append(desk.edition["/feeds/all.rss"].modified)
    assert len(set(dates)) == 3 and dates == sorted(dates)


def test_a_clock_that_is_set_back_takes_no_date_with_it(desk: Desk) -> None:
    before = desk.edition["/feeds/all.rss"].modified
    desk.write("a", {"title": "Un"})
    desk.refresh(-timedelta(hours=1))
    assert desk.edition["/feeds/all.rss"].modified == before + SECOND


def test_time_alone_makes_an_edition_at_its_second(content: Path) -> None:
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
    """Give the paths of all documents that name something, in their path, bytes or headers."""
    return [path for path, each in edition.items() if word in f"{path} {each.data.decode()} {each.headers}"]


def test_a_broken_file_keeps_its_last_good_article_and_is_told_once_settled(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """B4: an entry that was away for a day comes back unread in Thunderbird."""
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


def test_a_file_seen_empty_for_a_moment_is_never_told(desk: Desk) -> None:
    desk.write("a", "")
    desk.refresh()
    desk.write("a", {"title": "Le premier, corrigé"})
    desk.refresh()
    assert desk.problems() == [] and desk.slugs() == {"a", "b"}


def test_a_new_file_that_is_broken_is_left_out_and_told_once_settled(desk: Desk) -> None:
    desk.write("c", "title: x")
    desk.refresh()
    desk.refresh()
    assert len(desk.problems()) == 3 and desk.slugs() == {"a", "b"}


def test_at_the_start_good_articles_are_served_although_others_are_broken(content: Path) -> None:
    desk = Desk(content, good={}, bad={"draft": "x"})
    assert desk.slugs() == {"good"} and len(desk.problems()) == 1


def test_a_broken_site_keeps_the_last_one_and_its_articles_go_on(desk: Desk) -> None:
    (desk.root / "site.yaml").write_text("title: Le site\n")
    desk.write("c", {})
    desk.refresh()
    assert desk.slugs() == {"a", "b", "c"}
    assert desk.problems()[0].startswith("site.yaml:1:1: ")
    (desk.root / "site.yaml").write_text(SITE.replace("Le site", "Le nouveau site"), encoding="utf-8")
    desk.refresh()
    assert desk.problems() == [] and "Le nouveau site" in desk.edition["/feeds/all.rss"].data.decode()


def test_a_category_that_articles_name_cannot_be_lost(desk: Desk) -> None:
    """A1, B4: a slip in site.yaml, such as a misspelt slug, takes no feed and no article away."""
    desk.write("b", {"categories": ["outreach", "research"]})
    (desk.root / "site.yaml").write_text(SITE.replace("outreach:", "outraech:"), encoding="utf-8")
    desk.refresh()
    assert desk.slugs() == {"a", "b"} and desk.edition.find("/feeds/outreach.rss") is not None
    told = f"site.yaml:1:1: categories: outreach was removed, but {desk.root}/articles/b.yaml is in it (restore it"
    assert desk.problems()[0].startswith(told)
    desk.write("b", {})
    desk.refresh()
    assert desk.problems() == [] and desk.edition.find("/feeds/outreach.rss") is None


def test_a_copy_takes_nothing_from_what_is_served(desk: Desk) -> None:
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


def test_a_picture_that_comes_or_changes_is_seen(desk: Desk) -> None:
    desk.write("a", {"picture": {"file": "x.png", "alt": "Un dessin"}})
    desk.refresh()
    desk.refresh()
    assert "there is no file media/x.png" in desk.problems()[0]
    draw(desk.root / "media" / "x.png", 40, 30)
    desk.refresh()
    assert desk.problems() == [] and 'width="40"' in desk.edition["/feeds/all.atom"].data.decode().replace(
        "&quot;", '"'
    )
    draw(desk.root / "media" / "x.png", 80, 60)
    desk.refresh()
    assert 'width="80"' in desk.edition["/feeds/all.atom"].data.decode().replace("&quot;", '"')


def test_a_fault_in_rendering_keeps_the_whole_edition(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A1: a feed's address answers 200 or 304 for years."""
    before = desk.edition

    def fail(*_: object) -> bytes:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("feeds.formats.rss_atom._written", fail)
    desk.write("a", {"title": "Un autre"})
    with pytest.raises(RuntimeError):
        desk.refresh()
    assert desk.edition is before
    monkeypatch.undo()
    desk.refresh()
    assert "Un autre" in desk.edition["/feeds/all.rss"].data.decode(), "the change is not forgotten"


def test_health_and_dates_are_of_the_clock_given(content: Path) -> None:
    desk = Desk(content, a={"published": "2027-01-01"})
    assert desk.publisher.refreshed == NOW
    assert desk.edition.catalog.next_change == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_articles_that_are_away_for_a_moment_stay_and_are_told_of(content: Path) -> None:
    """A drive that is not mounted, a folder that is being replaced: readers notice nothing."""
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
