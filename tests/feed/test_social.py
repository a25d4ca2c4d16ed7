"""The feeds for automations: each article once, in order, a minute apart, whatever is edited later."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from feeds.content.folder import ContentFolder
from feeds.content.state import StateFolder
from feeds.feed import posts
from feeds.server.publisher import Publisher
from tests.builders import NOW, PLAIN, SITE, as_yaml, content_folder, draw
from tests.processes import get, served, wait_until

MINUTE = timedelta(minutes=1)

OLD_TOO = SITE + "social: {newer_than: 3650}\n"
"""A site that posts old articles, too."""


class Robot:
    """An automation that polls a social feed, and posts the entries whose ids it does not know."""

    def __init__(self, content: Path, path: str = "/feeds/all.social.rss") -> None:
        self.content, self.path, self.now = content, path, NOW
        self.state = StateFolder(content.parent / "state")
        self.known: dict[str, datetime] = {}
        self.start()

    def start(self) -> None:
        """Start or restart the service."""
        folder = ContentFolder(self.content, state=self.state)
        self.publisher = Publisher(folder, lambda: self.now, state=self.state)
        self.publisher.start()

    def write(self, name: str, **changes: object) -> None:
        (self.content / "articles" / f"{name}.yaml").write_text(as_yaml({**PLAIN, **changes}), encoding="utf-8")

    def entries(self) -> list[Any]:
        assert self.publisher.edition
        found = feedparser.parse(self.publisher.edition[self.path].data)
        assert found.bozo == 0
        return list(found.entries)

    def poll(self, later: timedelta = MINUTE) -> list[str]:
        """Return the titles of the entries that it posts now."""
        self.now += later
        self.publisher.refresh(self.now)
        fresh = []
        for entry in self.entries():
            date = parsedate_to_datetime(entry.published)
            assert date <= self.now and self.known.get(entry.id, date) == date
            if entry.id not in self.known:
                newest = max(self.known.values(), default=None)
                assert newest is None or date > newest, (
                    "automations skip an entry that is older than the newest they know"
                )
                fresh.append((date, entry))
        for date, entry in sorted(fresh, key=lambda each: each[0]):
            self.known[entry.id] = date
        return [
            entry.title.partition(" – ")[0].partition(" #")[0] for _, entry in sorted(fresh, key=lambda each: each[0])
        ]


@pytest.fixture
def robot(content: Path) -> Robot:
    content_folder(
        content,
        {"a": {"title": "Un", "published": "2026-01-01"}, "b": {"title": "Deux", "published": "2026-02-01"}},
        OLD_TOO,
    )
    draw(content / "media" / "p.png", 1300, 700)
    return Robot(content)


def test_each_article_is_posted_once_oldest_first(robot: Robot) -> None:
    assert robot.poll() == ["Un", "Deux"]
    robot.write("c", title="Trois", published="2026-06-01T12:02")
    assert robot.poll() == ["Trois"]
    assert robot.poll() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Un, corrigé"},
        {"updated": "2026-05-01"},
        {"published": "2026-05-30"},
        {"categories": ["outreach", "funding"]},
        {"tags": ["don"], "social": "Un texte tout prêt"},
        {"picture": {"file": "p.png", "alt": "Une image"}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_edits_and_restarts_post_nothing_again(robot: Robot, changes: dict[str, object]) -> None:
    robot.poll()
    robot.write("a", **{"title": "Un", "published": "2026-01-01", **changes})
    assert robot.poll() == []
    robot.start()
    assert robot.poll() == []


@pytest.mark.parametrize("away", [{"draft": "true"}, {"expires": "2026-05-01"}, {"published": "2027-01-01"}, None])
def test_an_article_that_was_absent_is_not_posted_again(robot: Robot, away: dict[str, object] | None) -> None:
    robot.poll()
    if away is None:
        (robot.content / "articles" / "a.yaml").unlink()
    else:
        robot.write("a", **{"title": "Un", "published": "2026-01-01", **away})
    assert robot.poll() == [] and len(robot.entries()) == 1
    robot.start()
    robot.write("a", title="Un", published="2026-01-01")
    assert robot.poll() == [] and len(robot.entries()) == 2
    assert robot.publisher.edition and b"tag:news.example,2020:a" in robot.publisher.edition["/manifest.json"].data


def test_an_article_moved_to_another_category_is_not_posted_there(content: Path) -> None:
    content_folder(content, {"a": {"title": "Un", "categories": ["research"]}}, OLD_TOO)
    there = Robot(content, "/feeds/funding.social.rss")
    assert there.poll() == []
    there.write("a", title="Un", categories=["funding"])
    assert there.poll() == []
    there.path = "/feeds/research.social.rss"
    assert there.poll() == ["Un"], "it stays where it was"


def test_a_backdated_article_is_posted_after_all_earlier_posts(robot: Robot) -> None:
    robot.poll()
    robot.write("late", title="En retard", published="2025-06-01")
    assert robot.poll() == ["En retard"]


def test_articles_published_at_the_same_time_are_posted_a_minute_apart(robot: Robot) -> None:
    robot.poll()
    for name in ("c", "d", "e"):
        robot.write(name, title=name, published="2026-06-01T12:05")
    robot.poll()
    robot.now = datetime(2026, 6, 1, 10, 5, tzinfo=UTC)
    assert robot.poll(timedelta(0)) == ["c"]
    assert robot.publisher.edition and robot.publisher.edition.next_change == robot.now + MINUTE
    assert robot.publisher.seconds_left(robot.publisher.edition) == 60
    assert robot.poll(MINUTE - timedelta(seconds=1)) == []
    assert robot.poll(timedelta(seconds=1)) == ["d"]
    assert robot.poll() == ["e"]
    assert robot.publisher.edition.next_change is None or robot.publisher.edition.next_change > robot.now


def test_a_process_with_older_content_removes_no_post_dates(content: Path) -> None:
    """With two processes on one folder, the later one may build an edition of older content in between."""
    content_folder(content, {"a": {"title": "Un", "published": "2026-01-01"}}, OLD_TOO)
    ahead, behind = Robot(content), Robot(content)
    ahead.write("x", title="X", published="2026-06-01T12:01")
    ahead.write("y", title="Y", published="2026-06-01T12:01")
    ahead.poll()
    hidden = content / "articles" / "x.yaml"
    hidden.rename(content.parent / "x.yaml")
    behind.publisher.refresh(NOW + 2 * MINUTE)
    (content.parent / "x.yaml").rename(hidden)
    for minutes, robot in enumerate((behind, ahead, behind), start=5):
        robot.publisher.refresh(NOW + minutes * MINUTE)
    dates = [{entry.id: entry.published for entry in robot.entries()} for robot in (ahead, behind)]
    assert dates[0] == dates[1] and len(dates[0]) == 3
    assert dates[0]["tag:news.example,2020:x"] == "Mon, 01 Jun 2026 10:01:00 +0000"


def test_the_date_of_the_social_feed_changes_with_each_post(robot: Robot) -> None:
    """A6: a client that sends If-Modified-Since gets each post."""
    robot.poll()
    for name in ("c", "d"):
        robot.write(name, title=name, published="2026-06-01T12:05")
    robot.now = datetime(2026, 6, 1, 10, 5, tzinfo=UTC)
    dates = []
    for _ in range(2):
        robot.poll(timedelta(0))
        assert robot.publisher.edition
        dates.append(robot.publisher.edition[robot.path].modified)
        robot.now += MINUTE
    assert dates[0] < dates[1] and robot.publisher.edition
    assert feedparser.parse(robot.publisher.edition[robot.path].data).feed.updated == "Mon, 01 Jun 2026 10:06:00 +0000"


def test_a_clock_that_was_wrong_once_suppresses_no_posts(robot: Robot) -> None:
    robot.write("far", title="Loin", published="2030-01-01")
    robot.poll()
    robot.publisher.refresh(datetime(2031, 1, 1, tzinfo=UTC))
    robot.poll()
    robot.write("c", title="Trois", published="2026-06-01T12:01")
    assert robot.poll() == ["Trois"]


def test_many_backdated_articles_are_posted_one_at_a_time(content: Path) -> None:
    content_folder(content, {"a": {}}, OLD_TOO + "entries: 5\n")
    robot = Robot(content)
    robot.poll()
    for number in range(12):
        robot.write(f"old-{number}", title=f"Vieux {number}", published=f"2019-01-{number + 1:02}")
    posted = [title for _ in range(15) for title in robot.poll()]
    assert posted == [f"Vieux {number}" for number in range(12)]


def test_withdrawn_and_expired_articles_are_not_in_the_social_feed(robot: Robot) -> None:
    robot.write("a", title="Un", published="2026-01-01", withdrawn={"at": "2026-05-01", "reason": "Une erreur."})
    robot.write("b", title="Deux", published="2026-02-01", expires="2026-05-01")
    assert robot.poll() == [] and robot.entries() == []


def test_a_social_entry_is_a_post_with_its_card(robot: Robot) -> None:
    robot.write(
        "c", title="Trois", summary="Un résumé.", social="Un texte tout prêt", picture={"file": "p.png", "alt": "Vu"}
    )
    robot.poll()
    (entry,) = [each for each in robot.entries() if each.id.endswith(":c")]
    assert entry.title == "Un texte tout prêt #Recherche"
    assert entry.link == "https://news.example/articles/c"
    assert robot.publisher.edition
    (article,) = [each for each in robot.publisher.edition.catalog.live if each.slug == "c"]
    card = robot.publisher.edition.builder.entries.of(article).card
    assert card and [(each.href, each.length, each.type) for each in entry.enclosures] == [
        (card.url, str(card.length), "image/jpeg")
    ]
    assert all(posts.fits_all_networks(each.title, each.link) for each in robot.entries())


def test_the_social_feed_links_to_itself_and_to_the_page_of_its_topic(robot: Robot) -> None:
    assert robot.publisher.edition
    data = robot.publisher.edition["/feeds/research.social.rss"].data
    found = feedparser.parse(data).feed
    assert [link.href for link in found.links if link.rel == "self"] == [
        "https://news.example/feeds/research.social.rss"
    ]
    assert found.link == "https://news.example/feeds/research"
    assert found.title == "Recherche – Le site (pour les réseaux sociaux)"
    assert b"https://news.example/feeds/research " in data[:512]
    for path in ("/feeds/tags/x.social.rss", "/feeds/all.social.atom", "/feeds/nothing.social.rss"):
        assert robot.publisher.edition.find(path) is None


def test_a_post_text_too_long_for_a_network_is_reported(content: Path) -> None:
    folder = content_folder(content, {"a": {"social": "mot " * 64 + "x"}})
    told = [str(problem.message) for problem in folder.load().problems if problem.key == "social"]
    assert told == ["281 characters with its link, as X counts, so that its end is cut off (expected at most 280)"]


def test_an_article_that_is_old_when_it_is_first_seen_is_never_posted(content: Path) -> None:
    """An import of 300 articles must not queue 300 posts."""
    content_folder(content, {"a": {"title": "Un", "published": "2026-05-30"}})
    robot = Robot(content)
    assert robot.poll() == ["Un"]
    robot.write("old", title="Vieux", published="2026-05-20")
    robot.write("late", title="En retard", published="2026-05-28")
    assert robot.poll() == ["En retard"]
    robot.write("old", title="Vieux", published="2026-05-31")
    assert robot.poll() == []
    robot.start()
    assert robot.poll() == [] and len(robot.entries()) == 2


@pytest.mark.parametrize(
    ("changes", "path", "titles"),
    [
        ({"social": {"skip": "true"}}, "/feeds/all.social.rss", []),
        ({"hide_from": ["all"]}, "/feeds/all.social.rss", []),
        ({"hide_from": ["all"]}, "/feeds/research.social.rss", ["Un"]),
        ({"hide_from": ["research"]}, "/feeds/research.social.rss", []),
        ({"hide_from": ["research"]}, "/feeds/all.x.rss", ["Un"]),
        ({"social": {"x": "Pour X", "text": "Pour tous"}}, "/feeds/all.x.rss", ["Pour X"]),
        ({"social": {"x": "Pour X", "text": "Pour tous"}}, "/feeds/all.mastodon.rss", ["Pour tous"]),
        ({"social": {"x": "Pour X"}}, "/feeds/all.social.rss", ["Un"]),
        ({"social": {"text": "Un", "hashtags": ["a", "A", "a"]}}, "/feeds/all.social.rss", ["Un"]),
    ],
)
def test_an_article_chooses_where_it_is_posted_and_with_which_text(
    changes: dict[str, object], path: str, titles: list[str], content: Path
) -> None:
    content_folder(content, {"a": {"title": "Un", **changes}}, OLD_TOO)
    assert Robot(content, path).poll() == titles


@pytest.mark.parametrize("id", ["k3v9x2", None])
def test_the_old_address_of_a_renamed_file_leads_to_the_new_one(id: str | None, robot: Robot) -> None:
    fields = {"title": "Trois", "published": "2026-06-01T12:01", **({"id": id} if id else {})}
    robot.write("trois", **fields)
    assert "Trois" in robot.poll()
    (robot.content / "articles" / "trois.yaml").rename(robot.content / "articles" / "3.yaml")
    assert robot.poll() == [], "whatever its id, it is not posted again"
    robot.start()
    for edition in (robot.publisher.edition,):
        assert edition and edition.redirects.by_path("/articles/trois") == "https://news.example/articles/3"
    (robot.content / "articles" / "3.yaml").rename(robot.content / "articles" / "drei.yaml")
    assert robot.poll() == []
    assert robot.publisher.edition
    redirects = robot.publisher.edition.redirects
    assert (
        redirects.by_path("/articles/trois") == redirects.by_path("/articles/3") == "https://news.example/articles/drei"
    )
    robot.write("trois", title="Un autre", published="2026-05-01")
    robot.poll()
    assert robot.publisher.edition.redirects.by_path("/articles/trois") is None, "the address has an article again"


def test_the_last_article_that_had_an_address_is_what_it_leads_to(robot: Robot) -> None:
    def rename(old: str, new: str) -> None:
        (robot.content / "articles" / f"{old}.yaml").rename(robot.content / "articles" / f"{new}.yaml")
        robot.poll()

    for id in ("k2", "k1"):
        robot.write("actu", title=id, published="2026-05-31", id=id)
        robot.poll()
        rename("actu", f"actu-{id}")
    assert robot.publisher.edition
    assert robot.publisher.edition.redirects.by_path("/articles/actu") == "https://news.example/articles/actu-k1"
    robot.write("actu-k1", title="k1", published="2026-05-31", id="k1", expires="2026-06-01")
    robot.poll()
    assert robot.publisher.edition.redirects.by_path("/articles/actu") == "https://news.example/articles/actu-k1"
    robot.write("actu", title="Un brouillon", draft="true")
    robot.poll()
    assert robot.publisher.edition.redirects.by_path("/articles/actu"), "a draft has no address"


@pytest.mark.parametrize("network", posts.NETWORKS, ids=lambda network: network.key)
def test_a_feed_for_a_network_names_itself(network: posts.Network, robot: Robot) -> None:
    assert robot.publisher.edition
    found = feedparser.parse(robot.publisher.edition[f"/feeds/all.{network.key}.rss"].data).feed
    assert found.title == f"Le site (pour {network.name})"
    assert [link.href for link in found.links if link.rel == "self"] == [
        f"https://news.example/feeds/all.{network.key}.rss"
    ]


def test_a_text_too_long_for_one_network_is_reported_where_it_stands(content: Path) -> None:
    folder = content_folder(content, {"a": {"social": {"x": "mot " * 80, "linkedin": "mot " * 80}}})
    told = [str(problem).partition("yaml:")[2] for problem in folder.load().problems if "social" in problem.key]
    assert len(told) == 1 and "social.x: " in told[0]


def feed2toot(home: Path, address: str, option: str) -> list[str]:
    """Run feed2toot once: `-n` prints what it would post, `-p` marks all entries as posted."""
    (home / "config.ini").write_text(
        f"""
[mastodon]
instance_url=https://mastodon.example
user_credentials={home}/user
client_credentials={home}/client
[cache]
cachefile={home}/cache
[lock]
lock_file={home}/lock
[rss]
uri={address}
toot={{title}} {{link}}
[hashtaglist]
several_words_hashtags_list={home}/tags
"""
    )
    for name in ("user", "client", "tags"):
        (home / name).touch()
    program = [sys.executable, "-W", "ignore", "-c", "from feed2toot.main import Main; Main()"]
    command = [*program, "--config", str(home / "config.ini"), "--limit", "100", option]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "HOME": str(home)}
    )
    return [
        line.partition('":')[2].strip() for line in (told.stdout + told.stderr).splitlines() if "Would toot" in line
    ]


@pytest.mark.integration
def test_feed2toot_posts_each_article_once(content: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    content_folder(
        content,
        {"a": {"title": "Un", "published": "2026-01-01"}, "b": {"title": "Deux", "tags": ["cancer du sein"]}},
        OLD_TOO,
    )
    draw(content / "media" / "p.png", 1300, 700)
    edits: list[dict[str, object]] = [
        {"title": "Deux, corrigé"},
        {"categories": ["funding"]},
        {"picture": {"file": "p.png", "alt": "Une image"}},
    ]
    here = "http://127.0.0.1:{port}"
    with served(content, FEEDS_URL=here) as (port, process):
        address = f"http://127.0.0.1:{port}/feeds/all.social.rss"
        first, second = feed2toot(home, address, "-n")
        assert first.startswith("Un ") and first.endswith(f"http://127.0.0.1:{port}/articles/a")
        assert second.startswith("Deux #CancerDuSein #Recherche http")
        feed2toot(home, address, "-p")
        for changes in edits:
            before = get(port, "/feeds/all.json")[2]
            (content / "articles" / "b.yaml").write_text(
                as_yaml({**PLAIN, "title": "Deux", **changes}), encoding="utf-8"
            )
            wait_until(lambda before=before: get(port, "/feeds/all.json")[2] != before, process)  # type: ignore[misc]
            assert feed2toot(home, address, "-n") == []
        (content / "articles" / "c.yaml").write_text(as_yaml({**PLAIN, "title": "Trois"}), encoding="utf-8")
        wait_until(lambda: b"Trois" in get(port, "/feeds/all.social.rss")[2], process)
        assert [each.partition(" ")[0] for each in feed2toot(home, address, "-n")] == ["Trois"]
        feed2toot(home, address, "-p")
    with served(content, FEEDS_URL=here) as (port, _):
        assert feed2toot(home, f"http://127.0.0.1:{port}/feeds/all.social.rss", "-n") == []
