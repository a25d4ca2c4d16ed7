"""Archives (RFC 5005): following them from a subscription document reaches every live article."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from werkzeug.test import Client

from feeds import create_app
from feeds.edition.edition import Edition
from feeds.feed.catalog import Catalog
from feeds.formats.registry import FORMATS
from feeds.settings import Settings
from tests.builders import NOW, PICTURES, SITE, FakeMedia, article, content_folder, site

HOST = "https://news.example"
FH = "{http://purl.org/syndication/history/1.0}archive"


def edition(*articles: Any, entries: int = 3, now: datetime = NOW) -> Edition:
    found = {each.slug: each for each in articles}
    return Edition(Catalog.at(now, site(f"{SITE}entries: {entries}\n"), found), FakeMedia(), pictures=PICTURES)


def links(data: bytes, ending: str) -> dict[str, str]:
    """Return a document's links by their relation, as paths."""
    if ending == "json":
        values = json.loads(data)
        found = {"self": values["feed_url"], "prev-archive": values.get("next_url")}
    else:
        found = {link.rel: link.href for link in feedparser.parse(data).feed.links}
    return {rel: url.removeprefix(HOST) for rel, url in found.items() if url}


def ids(data: bytes, ending: str) -> list[str]:
    if ending == "json":
        return [item["id"] for item in json.loads(data)["items"]]
    return [entry.id for entry in feedparser.parse(data).entries]


def followed(found: Edition, ending: str, name: str = "all") -> list[tuple[str, list[str]]]:
    """Follow the archives from a subscription document; return each document's path and the ids in it."""
    path, documents = f"/feeds/{name}.{ending}", []
    while path:
        data = found[path].data
        documents.append((path, ids(data, ending)))
        path = links(data, ending).get("prev-archive", "")
        assert len(documents) < 200
    return documents


def monthly(*counts: int) -> list[Any]:
    """Return articles for the months from January 2026 on: as many in each month as `counts` says."""
    return [
        article(f"m{month + 1}-{number}", published=f"2026-{month + 1:02}-{number + 1:02}")
        for month, count in enumerate(counts)
        for number in range(count)
    ]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_reader_that_follows_archives_gets_every_article_newest_first(ending: str) -> None:
    """D5."""
    documents = followed(edition(*monthly(2, 0, 4, 1, 2)), ending)
    tag = "tag:news.example,2020:"
    assert [(path, [id.removeprefix(tag) for id in found]) for path, found in documents] == [
        (f"/feeds/all.{ending}", ["m5-1", "m5-0", "m4-0"]),
        (f"/feeds/all/2026-04.{ending}", ["m4-0"]),
        (f"/feeds/all/2026-03.{ending}", ["m3-3", "m3-2", "m3-1", "m3-0"]),
        (f"/feeds/all/2026-01.{ending}", ["m1-1", "m1-0"]),
    ]


def test_the_newest_month_is_complete_in_the_subscription_document() -> None:
    found = edition(*monthly(1, 5))
    assert len(ids(found["/feeds/all.rss"].data, "rss")) == 5
    assert found.find("/feeds/all/2026-02.rss") is None, "it is no archive before it is over"
    assert found.find("/feeds/all/2026-02") is not None, "but it has a page"


def test_a_busy_month_is_archived_in_parts_of_twice_the_entries() -> None:
    """C17: with `entries: 10`, a month of 3,000 articles made a feed of 2.8 MB."""
    articles = monthly(1, 15)
    found = edition(*articles, entries=3)
    documents = [(path.removeprefix("/feeds/all"), len(each)) for path, each in followed(found, "rss")]
    assert documents == [(".rss", 6), ("/2026-02-2.rss", 6), ("/2026-02.rss", 6), ("/2026-01.rss", 1)]
    assert found.find("/feeds/all/2026-02-3.rss") is None, "it is not complete yet"
    assert found.find("/feeds/all/2026-02-1.rss") is None and found.find("/feeds/all/2026-02-2") is None
    assert len(ids(found["/feeds/research/2026-02-2.atom"].data, "atom")) == 6
    assert "/feeds/all/2026-02-2.json" in list(found)
    later = edition(*articles, article("neu", published="2026-02-28"), entries=3)
    unchanged = ["/feeds/all/2026-02.rss", "/feeds/all/2026-01.rss"]
    assert all(later[path].data == found[path].data for path in unchanged), "a new article changes no complete part"


def test_a_feed_of_long_articles_stays_below_one_megabyte() -> None:
    """C17: FeedBurner refuses a larger one."""
    articles = [article(f"a{day}", published=f"2026-02-{day:02}", body="Un mot. " * 30_000) for day in range(1, 13)]
    documents = followed(edition(*articles, entries=50), "atom")
    assert sum(len(each) for _, each in documents) >= 12 and len(documents) > 2
    assert all(len(edition(*articles, entries=50)[path].data) < 1_000_000 for path, _ in documents)


@given(
    st.lists(st.tuples(st.integers(0, 500) | st.integers(0, 9), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 6),
    st.sampled_from(list(FORMATS)),
)
def test_every_live_article_is_in_some_document(given: list[tuple[int, bool]], entries: int, ending: str) -> None:
    articles = []
    for number, (days, is_expired) in enumerate(given):
        published = NOW - timedelta(days=days, hours=1)
        more = {"expires": (published + timedelta(minutes=30)).isoformat()} if is_expired else {}
        articles.append(article(f"a{number}", published=published.isoformat(timespec="seconds"), **more))
    found = edition(*articles, entries=entries)
    documents = followed(found, ending)
    assert {id for _, each in documents for id in each} == {each.id for each in found.catalog.live}
    assert len({path for path, _ in documents}) == len(documents)


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_an_archive_document_is_marked_as_one_and_links_to_its_neighbours(ending: str) -> None:
    found = edition(*monthly(1, 1, 1, 1), entries=1)
    middle = found[f"/feeds/all/2026-02.{ending}"]
    assert links(middle.data, ending) | {"alternate": ""} == {
        "alternate": "",
        "self": f"/feeds/all/2026-02.{ending}",
        "current": f"/feeds/all.{ending}",
        "prev-archive": f"/feeds/all/2026-01.{ending}",
        "next-archive": f"/feeds/all/2026-03.{ending}",
    }
    for path, is_archive in ((f"/feeds/all/2026-02.{ending}", True), (f"/feeds/all.{ending}", False)):
        assert (etree.fromstring(found[path].data).find(f".//{FH}") is not None) is is_archive
    newest, oldest = (links(found[f"/feeds/all/2026-{month}.{ending}"].data, ending) for month in ("03", "01"))
    assert "next-archive" not in newest and "prev-archive" not in oldest
    assert f'<{HOST}/feeds/all.{ending}>; rel="current"' in dict(middle.headers)["Link"]
    parsed = feedparser.parse(middle.data)
    assert parsed.bozo == 0 and parsed.feed.title == "Le site"
    if ending == "atom":
        assert parsed.feed.id == feedparser.parse(found["/feeds/all.atom"].data).feed.id, (
            "one feed, in several documents"
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Un autre titre", "updated": "2026-05-20"},
        {"expires": "2026-05-20"},
        {"withdrawn": {"at": "2026-05-20", "reason": "Une erreur."}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_change_to_an_old_article_changes_only_its_month(changes: dict[str, Any]) -> None:
    before = edition(*monthly(2, 2, 2, 2))
    late = article("m2-0", **{"published": "2026-02-01", **changes})
    after = edition(*(late if each.slug == "m2-0" else each for each in monthly(2, 2, 2, 2)))
    paths = [f"/feeds/all/2026-{month:02}.{ending}" for month in (1, 2, 3) for ending in FORMATS]
    changed = {path for path in paths if before[path].data != after[path].data}
    assert changed == {f"/feeds/all/2026-02.{ending}" for ending in FORMATS}


def test_an_archive_whose_articles_have_all_expired_still_exists() -> None:
    """A1: a URL that was published stays valid forever."""
    gone = article("gone", published="2026-01-05", expires="2026-02-01")
    found = edition(gone, *monthly(0, 0, 1, 1), entries=1)
    assert ids(found["/feeds/all/2026-01.atom"].data, "atom") == []
    assert found.find("/feeds/all/2026-01") is None, "for people there is nothing to see"


def test_a_month_that_ends_becomes_an_archive_and_changes_only_its_neighbour() -> None:
    before, after = edition(*monthly(1, 1, 1)), edition(*monthly(1, 1, 1, 1))
    assert before.find("/feeds/all/2026-03.rss") is None and after.find("/feeds/all/2026-03.rss") is not None
    assert before["/feeds/all/2026-01.rss"].data == after["/feeds/all/2026-01.rss"].data
    assert b"next-archive" in after["/feeds/all/2026-02.rss"].data


def test_archives_may_be_cached_longer(content: Path) -> None:
    content_folder(content, {"a": {"published": "2026-01-01"}, "b": {"published": "2026-03-01"}})
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    found = client.get("/feeds/research/2026-01.json")
    assert (found.status_code, found.headers["Content-Type"]) == (200, "application/feed+json")
    assert "max-age=86400," in found.headers["Cache-Control"]
    assert (
        client.get("/feeds/research/2026-01.json", headers={"If-None-Match": found.headers["ETag"]}).status_code == 304
    )
    for below in ("2026-02.rss", "2026-03.rss", "2026-01.opml", "0000-01.rss", "2026-13.atom", "2026-01.social.rss"):
        assert client.get(f"/feeds/research/{below}").status_code == 404
