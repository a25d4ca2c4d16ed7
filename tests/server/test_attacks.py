"""Hostile markup from an author is harmless on pages, in every feed, in previews and in feed readers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from playwright.sync_api import Browser, Page
from werkzeug.test import Client, TestResponse

from feeds import create_app
from feeds.feed.markup import ALLOWED_ATTRIBUTES, ALLOWED_TAGS
from feeds.settings import Settings
from tests.builders import NOW, TESTS, content_folder, draw

ATTACKS = {path.stem: path.read_text(encoding="utf-8") for path in (TESTS / "data/attacks").glob("*")}
ENDINGS = ("rss", "atom", "json")


@pytest.fixture
def attacked(content: Path, request: pytest.FixtureRequest) -> Client:
    content_folder(content, {"attack": ATTACKS[request.getfixturevalue("attack")]})
    draw(content / "media" / "photo.png")
    return Client(create_app(Settings(content), clock=lambda: NOW, previews=True).wsgi_app)


@pytest.fixture(scope="module")
def offline_page(browser: Browser) -> Iterator[Page]:
    """Yield a page of a browser that aborts every request."""
    page = browser.new_page()
    page.route("**/*", lambda route: route.abort())
    yield page
    page.close()


def contents(client: Client) -> list[str]:
    """Return the HTML of the article in each format, as extracted by third-party parsers."""
    feeds = {ending: client.get(f"/feeds/all.{ending}").data for ending in ENDINGS}
    parsed = [
        feedparser.parse(feeds[ending], sanitize_html=False, resolve_relative_uris=False).entries[0].content[0].value
        for ending in ("rss", "atom")
    ]
    return [*parsed, json.loads(feeds["json"])["items"][0]["content_html"]]


def faults(text: str) -> list[str]:
    """Return the elements and attributes of an HTML text that a browser could run or fetch."""
    found = []
    for element in etree.HTML(f"<html><body>{text}</body></html>").iter(etree.Element):
        if element.tag not in ALLOWED_TAGS | {"html", "body"}:
            found.append(f"<{element.tag}>")
        for name, value in ((str(name), str(value)) for name, value in element.attrib.items()):
            if name not in ALLOWED_ATTRIBUTES["*"] | ALLOWED_ATTRIBUTES.get(str(element.tag), set()):
                found.append(f"{element.tag} {name}")
            if name in ("href", "src") and not re.match("https?://|mailto:", value):
                found.append(f"{element.tag} {name}={value}")
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_reaches_a_feed(attack: str, attacked: Client) -> None:
    found = contents(attacked)
    assert found[0] == found[1] == found[2]
    assert "Un texte avant." in found[0] and faults(found[0]) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_reaches_a_page(attack: str, attacked: Client) -> None:
    for below in ("/articles/attack", "/", "/feeds/research", "/feeds/all/2026-03", "/preview/attack"):
        check_page(attacked.get(below), attack)


def check_page(found: TestResponse, attack: str) -> None:
    root = etree.HTML(found.data)
    scripts = [script for script in _list(root.xpath("//script")) if script.get("type") != "application/ld+json"]
    assert all(re.fullmatch(r"/(static|preview/-)/[a-z]+\.js(\?[0-9a-f]{8})?", script.get("src")) for script in scripts)
    forbidden = ("@*[starts-with(name(), 'on')]", "style", "@style", "form[not(@action='/search')]", "object", "svg")
    assert _list(root.xpath(" | ".join(f"//{each}" for each in forbidden))) == []
    links = _list(root.xpath("//@href | //@src | //@action | //@srcdoc"))
    assert [each for each in links if not re.match("https?://|mailto:|feed://|[/#]", each)] == []
    assert "unsafe" not in found.headers["Content-Security-Policy"]
    for script in _list(root.xpath("//script[@type='application/ld+json']")):
        assert json.loads(script.text)["headline"] == f'Attaque {attack} & " onload=window.attacked=1'


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_runs_in_a_browser_even_without_a_content_security_policy(
    attack: str, attacked: Client, offline_page: Page
) -> None:
    page, asked = offline_page, list[str]()
    page.goto("about:blank")  # a new window object
    page.on("request", lambda request: asked.append(request.url))
    for text in {*contents(attacked), attacked.get("/articles/attack").text}:
        page.set_content(text)
        page.mouse.move(100, 100)
        page.keyboard.press("Tab")
        assert page.evaluate("window.attacked") is None
    assert not [url for url in asked if "evil.example" in url]


def test_the_faults_helper_detects_dangerous_markup() -> None:
    assert faults("<p onclick=x>a</p><script></script><a href='javascript:x'>b</a><img src=data:x>") == [
        "p onclick", "<script>", "a href=javascript:x", "img src=data:x",
    ]  # fmt: skip
    assert faults(html.escape("<script>")) == []


def _list(found: Any) -> list[Any]:
    assert isinstance(found, list)
    return found
