"""Which feeds declare WebSub hubs, and which hubs a site may have."""

from __future__ import annotations

import json
from pathlib import Path

import feedparser
import pytest
from werkzeug.test import Client

from feeds import create_app
from feeds.settings import Settings
from tests.builders import NOW, SITE, content_folder

HUB = "https://hub.example/"
WITH_HUBS = SITE + f"hubs: [{HUB}, 'https://other.example/push']\n"


def test_hub_and_self_are_in_all_formats_and_headers(content: Path) -> None:
    """D2."""
    content_folder(content, {"a": {}}, WITH_HUBS)
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    hubs = [HUB, "https://other.example/push"]
    for ending in ("rss", "atom"):
        found = client.get(f"/feeds/research.{ending}")
        links = feedparser.parse(found.data).feed.links
        assert [link.href for link in links if link.rel == "hub"] == hubs
        assert [link.href for link in links if link.rel == "self"] == [f"https://news.example/feeds/research.{ending}"]
        header = found.headers["Link"].split(", ")
        assert [f'<{each}>; rel="hub"' in header for each in hubs] == [True, True]
        assert sum('rel="self"' in each for each in header) == 1
    feed = client.get("/feeds/all.json")
    assert json.loads(feed.data)["hubs"] == [{"type": "WebSub", "url": each} for each in hubs]
    assert feed.headers["Link"].count('rel="hub"') == 2


def test_feeds_that_are_not_announced_declare_no_hub(content: Path) -> None:
    """D1: FreshRSS polls only once a day if a feed declares a hub."""
    old = {"published": "2026-01-01", "tags": ["don"]}
    content_folder(content, {"a": {}, "b": old}, WITH_HUBS)
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    for below in ("tags/don.rss", "tags/don.json", "all/2026-01.atom", "all.social.rss"):
        found = client.get(f"/feeds/{below}")
        assert found.status_code == 200 and b"hub.example" not in found.data and "hub" not in found.headers["Link"]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("http://hub.example/", "http://hub.example/ is a hub without encryption (expected https://…)"),
        ("https://hub..example/", "https://hub..example/ has no valid host (expected https://…)"),
        ("ftp://hub.example/", "ftp://hub.example/ is not a web address"),
        (f"{HUB}, {HUB}", "names one hub twice (expected each once)"),
    ],
)
def test_hub_urls_are_validated(written: str, wanted: str, content: Path) -> None:
    folder = content_folder(content, {}, SITE + f"hubs: [{written}]\n")
    assert any(wanted in str(problem) for problem in folder.load_site()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_hub_on_the_same_machine_needs_no_encryption(host: str, content: Path) -> None:
    site, problems = content_folder(content, {}, SITE + f"hubs: ['http://{host}:8080/hub']\n").load_site()
    assert site and site.hubs and not [each for each in problems if each.severity == "error"]
