"""What docs/guides/automations.md tells people to enter works, with the programs or with their documented fields."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from feeds.feed.posts import NETWORKS
from tests.builders import TESTS, as_yaml, content_folder, draw
from tests.processes import get, served, wait_until

pytestmark = pytest.mark.integration

GUIDE = (TESTS.parent / "docs" / "guides" / "automations.md").read_text(encoding="utf-8")
NOW = datetime.now(UTC).replace(microsecond=0)


def published(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


@contextmanager
def running(folder: Path) -> Iterator[tuple[Path, int, Any]]:
    """Serve a site with two fresh articles and an old one."""
    content, picture = folder / "content", {"file": "p.png", "alt": "Une image"}
    content_folder(
        content,
        {
            "a": {"title": "Un", "published": published(days=2), "tags": ["don"], "picture": picture},
            "b": {"title": "Deux", "published": published(days=1), "authors": ["La Ligue"], "summary": "Un résumé."},
            "old": {"title": "Vieux", "published": published(days=30)},
        },
    )
    draw(content / "media" / "p.png", 1300, 700)
    with served(content, FEEDS_URL="http://127.0.0.1:{port}") as (port, process):
        wait_until(lambda: b"media:content" in get(port, "/feeds/all.rss")[2], process)
        yield content, port, process


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running(tmp_path_factory.mktemp("automations")) as (_, port, _):
        yield port


@pytest.fixture
def items(program: Callable[[str], str], node_package: Callable[[str], str]) -> Callable[[int, str], list[Any]]:
    """Return a function that reads the items of a feed as n8n does, with rss-parser."""
    node_package("rss-parser")
    command = [program("node"), str(TESTS / "node" / "clients.mjs"), "n8n"]

    def read(port: int, path: str) -> list[Any]:
        address = f"http://127.0.0.1:{port}{path}"
        found: list[Any] = json.loads(subprocess.run([*command, address], check=True, capture_output=True).stdout)
        return found

    return read


def test_n8n_gets_texts_and_a_picture(port: int, items: Callable[[int, str], list[Any]]) -> None:
    second, first = items(port, "/feeds/all.mastodon.rss")
    assert first["title"] == "Un #Don #Recherche" and second["title"].startswith("Deux")
    assert first["link"] == f"http://127.0.0.1:{port}/articles/a"
    assert first["enclosure"]["url"].endswith(".jpg")
    _, entry, _ = items(port, "/feeds/all.rss")
    assert entry["categories"] == ["Recherche", "don"], "texts, and no objects"
    assert entry["creator"] == "L’institut"


def test_what_compares_dates_misses_and_repeats_nothing(tmp_path: Path, items: Callable[[int, str], list[Any]]) -> None:
    """n8n and Power Automate take an entry for new if its date is greater than that of the last one."""
    plain = {"categories": ["research"], "body": "Un texte."}
    corrected = {**plain, "title": "Un, corrigé", "published": published(days=2)}
    late = {**plain, "title": "En retard", "published": published(days=3)}
    last, posted = "", []
    with running(tmp_path) as (content, port, process):
        for name, values in ((None, {}), ("a", corrected), ("c", late)):
            if name:
                before = get(port, "/feeds/all.rss")[2]
                (content / "articles" / f"{name}.yaml").write_text(as_yaml(values), encoding="utf-8")
                wait_until(lambda before=before: get(port, "/feeds/all.rss")[2] != before, process)  # type: ignore[misc]
            fresh = [item for item in items(port, "/feeds/all.social.rss") if item["isoDate"] > last]
            posted += [item["link"].rpartition("/")[2] for item in reversed(fresh)]
            last = max([last, *(item["isoDate"] for item in fresh)])
    assert posted == ["a", "b", "c"]


def test_mailchimp_finds_a_value_for_each_of_its_merge_tags(port: int) -> None:
    names = {
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "media": "http://search.yahoo.com/mrss/",
    }
    paths = {
        "TITLE": "title",
        "URL": "link",
        "DATE": "pubDate",
        "AUTHOR": "dc:creator",
        "CATEGORIES": "category",
        "CONTENT": "description",
        "CONTENT_FULL": "content:encoded",
        "IMAGE": "media:content/@url",
    }
    root: Any = etree.fromstring(get(port, "/feeds/all.rss")[2])
    pictured = [item for item in root.findall("channel/item") if item.find("media:content", names) is not None]
    for item in pictured:
        for tag, path in paths.items():
            assert item.xpath(f"string({path})", namespaces=names), tag
            assert f"*|RSSITEM:{tag}|*" in GUIDE
    assert len(pictured) == 1


def test_brevo_and_listmonk_find_their_fields_in_the_json_feed(port: int) -> None:
    feed = json.loads(get(port, "/feeds/all.json")[2])
    for item in feed["items"]:
        for field in ("title", "url", "summary", "content_html", "date_published"):
            assert isinstance(item[field], str) and item[field]
            assert field in GUIDE


def test_each_feed_that_the_guide_names_exists(port: int) -> None:
    for ending in ("social", *(network.key for network in NETWORKS)):
        status, _, data = get(port, f"/feeds/all.{ending}.rss")
        assert status == 200 and not feedparser.parse(data).bozo
        assert f".{ending}.rss" in GUIDE
