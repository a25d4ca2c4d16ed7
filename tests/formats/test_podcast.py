"""What podcast directories require, read back by a third-party parser."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from PIL import Image
from werkzeug.test import Client

from feeds import create_app
from feeds.formats.podcast import GUID_NAMESPACE, ITUNES, PODCAST
from feeds.settings import Settings
from tests.builders import NOW, SITE, content_folder

SHOW = """\
    podcast:
      author: L’institut
      owner: {name: Le bureau, email: podcast@news.example}
      artwork: show.png
      category: Health & Fitness > Medicine
"""
WITH_SHOW = SITE.replace(
    "  research: {title: {fr: Recherche, en: Research}, description: {fr: On cherche., en: We search.}}\n",
    "  research:\n    title: {fr: Recherche, en: Research}\n    description: {fr: On cherche., en: We search.}\n"
    + SHOW,
)
SOUND = {"url": "https://v.example/s.mp3", "title": "Un son", "length": "2880000", "duration": "1:02:30"}
NAMES = {"itunes": ITUNES, "podcast": PODCAST}


def client_of(content: Path, articles: dict[str, dict[str, object]], site: str = WITH_SHOW) -> Client:
    content_folder(content, articles, site)
    Image.new("RGB", (1400, 1400), "teal").save(content / "media" / "show.png")
    return Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)


@pytest.fixture
def client(content: Path) -> Client:
    return client_of(
        content,
        {
            "sound": {"title": "Un son", "attachments": [SOUND]},
            "film": {
                "title": "Un film",
                "attachments": [{**SOUND, "url": "https://v.example/f.mp4"}],
                "published": "2026-01-01",
            },
            "unmeasured": {"attachments": [{"url": "https://v.example/s.mp3", "title": "Un son"}]},
            "silent": {},
            "gone": {"attachments": [SOUND], "expires": "2026-04-01"},
            "withdrawn": {"attachments": [SOUND], "withdrawn": {"at": "2026-04-01", "reason": "Une erreur."}},
        },
    )


def test_a_podcast_has_playable_entries_and_what_directories_require(client: Client) -> None:
    answer = client.get("/feeds/research.podcast.rss")
    assert (answer.status_code, answer.content_type) == (200, "application/rss+xml; charset=utf-8")
    root: Any = etree.fromstring(answer.data)
    texts = {name: root.xpath(f"string(channel/{name})", namespaces=NAMES) for name in (
        "itunes:author", "itunes:owner/itunes:name", "itunes:owner/itunes:email", "itunes:explicit", "itunes:type",
        "itunes:category/@text", "itunes:category/itunes:category/@text", "itunes:image/@href",
        "podcast:guid", "podcast:medium", "podcast:locked/@owner", "language", "link",
    )}  # fmt: skip
    assert texts == {
        "itunes:author": "L’institut", "itunes:owner/itunes:name": "Le bureau",
        "itunes:owner/itunes:email": "podcast@news.example", "itunes:explicit": "false", "itunes:type": "episodic",
        "itunes:category/@text": "Health & Fitness", "itunes:category/itunes:category/@text": "Medicine",
        "itunes:image/@href": "https://news.example/media/show.png",
        "podcast:guid": str(uuid.uuid5(GUID_NAMESPACE, "news.example/feeds/research.podcast.rss")),
        "podcast:medium": "podcast", "podcast:locked/@owner": "podcast@news.example", "language": "fr",
        "link": "https://news.example/feeds/research",
    }  # fmt: skip
    durations = root.xpath("channel/item/itunes:duration/text()", namespaces=NAMES)
    assert durations == ["3750", "3750"]
    assert client.get("/media/show.png", buffered=True).status_code == 200


def test_feedparser_reads_a_podcast(client: Client) -> None:
    found = feedparser.parse(client.get("/feeds/research.podcast.rss").data)
    assert found.bozo == 0 and found.feed.image.href == "https://news.example/media/show.png"
    assert [(each.title, each.enclosures[0].href, each.enclosures[0].length) for each in found.entries] == [
        ("Un son", "https://v.example/s.mp3", "2880000"),
        ("Un film", "https://v.example/f.mp4", "2880000"),
    ]
    (own,) = [link.href for link in found.feed.links if link.rel == "self"]
    assert own == "https://news.example/feeds/research.podcast.rss"


def test_an_episode_without_a_duration_names_none(content: Path) -> None:
    sound = {name: value for name, value in SOUND.items() if name != "duration"}
    client = client_of(content, {"a": {"attachments": [sound]}})
    root: Any = etree.fromstring(client.get("/feeds/research.podcast.rss").data)
    assert root.find("channel/item/enclosure") is not None
    assert root.xpath("channel/item/itunes:duration", namespaces=NAMES) == []


def test_duration_and_enclosure_describe_the_same_file(content: Path) -> None:
    first = {"url": "https://v.example/1.mp3", "title": "Sans longueur", "duration": "0:05"}
    client = client_of(content, {"a": {"attachments": [first, SOUND]}})
    root: Any = etree.fromstring(client.get("/feeds/research.podcast.rss").data)
    assert root.xpath("string(channel/item/enclosure/@url)") == SOUND["url"]
    assert root.xpath("string(channel/item/itunes:duration)", namespaces=NAMES) == "3750"


def test_podcast_metadata_comes_before_the_first_item(client: Client) -> None:
    channel = etree.fromstring(client.get("/feeds/research.podcast.rss").data)[0]
    tags = [each.tag for each in channel]
    assert tags.index("item") == len(tags) - tags.count("item")


def test_guids_use_the_podcasting_2_0_namespace() -> None:
    """The example of the specification: podnews.net/rss."""
    assert str(uuid.uuid5(GUID_NAMESPACE, "podnews.net/rss")) == "9b024349-ccf0-5f69-a609-6b82873eab3c"


def test_a_podcast_exists_only_if_the_site_defines_it(client: Client) -> None:
    for name in ("all", "outreach", "tags/x"):
        assert client.get(f"/feeds/{name}.podcast.rss").status_code == 404
    assert client.get("/en/feeds/research.podcast.rss").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Health & Fitness > Medicine", "Medicine", "Medicine is not one of Apple's podcast categories (expected "),
        ("> Medicine", "> Oncology", "Health & Fitness > Oncology is not one of Apple's podcast categories (exp"),
        ("artwork: show.png", "artwork: small.png", "image/png, 100 × 100 pixels (expected a square JPEG or PNG"),
        (", email: podcast@news.example", "", "missing (expected email: podcast@crcm.example)"),
    ],
)  # fmt: skip
def test_what_podcast_directories_would_reject_is_reported(old: str, new: str, told: str, content: Path) -> None:
    (content / "media").mkdir(parents=True)
    Image.new("RGB", (100, 100)).save(content / "media" / "small.png")
    Image.new("RGB", (1400, 1400)).save(content / "media" / "show.png")
    folder = content_folder(content, {}, WITH_SHOW.replace(old, new))
    assert [str(each) for each in folder.load().problems if told in str(each)], [str(x) for x in folder.load().problems]


@pytest.mark.parametrize(
    ("suffix", "is_reported"),
    [("opus", True), ("wav", True), ("webm", True), ("flac", True), ("mp3", False), ("m4a", False), ("mp4", False)],
)
def test_an_episode_that_directories_do_not_play_is_reported(suffix: str, is_reported: bool, content: Path) -> None:
    (content / "media").mkdir(parents=True)
    Image.new("RGB", (1400, 1400)).save(content / "media" / "show.png")
    sound = {**SOUND, "url": f"https://v.example/s.{suffix}"}
    articles: dict[str, dict[str, object]] = {
        "a": {"attachments": [sound]},
        "b": {"attachments": [sound], "categories": ["outreach"]},
    }
    found = content_folder(content, articles, WITH_SHOW).load().problems
    reported = [problem for problem in found if problem.message.code == "podcast-type"]
    assert [problem.key for problem in reported] == (["attachments"] if is_reported else [])
    assert all(problem.file.endswith("a.yaml") for problem in reported), "b is in no podcast"
