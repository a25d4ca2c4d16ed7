"""The feeds that a site defines, and the feeds that an article is hidden from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.edition.edition import Edition
from feeds.feed.builder import FeedBuilder
from feeds.formats.registry import FORMATS
from tests.builders import PICTURES, SITE, FakeMedia, article, catalog, content_folder, table

ARTICLES = [
    article("a", published="2026-03-01", tags=["Presse"], authors=["La Ligue"], summary="Un « résumé » & plus."),
    article("b", published="2026-03-02", tags=["autre"], categories=["outreach"]),
    article("c", published="2026-03-03", categories=["research", "funding"], tags=["presse"]),
    article("d", published="2026-03-04", categories=["funding"]),
    article("e", published="2026-03-05", language="en", tags=["presse"]),
]


def site_with(settings: str) -> str:
    return SITE + f"feeds: {{press: {{title: Presse, description: Pour la presse., {settings}}}}}\n"


def slugs(builder: FeedBuilder, name: str, language: str = "fr") -> list[str]:
    topic = builder.topic(language, name)
    assert topic
    return [each.slug for each in builder.articles_in(topic)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("tags: [presse]", ["c", "a"]),
        ("tags: presse", ["c", "a"]),
        ("categories: [outreach, funding]", ["d", "c", "b"]),
        ("without: [funding]", ["b", "a"]),
        ("categories: [research], without: [funding]", ["a"]),
        ("tags: [presse], categories: [funding]", ["c"]),
        ("authors: [la ligue]", ["a"]),
        ("entries: 1", ["d", "c"]),
    ],
)
def test_a_feed_contains_the_articles_that_the_site_selects(settings: str, expected: list[str]) -> None:
    assert slugs(table(*ARTICLES, text=site_with(settings)), "press") == expected


def test_a_feed_of_the_site_exists_in_all_forms_and_languages() -> None:
    text = site_with("tags: [presse]") + "hubs: [https://hub.example/]\n"
    edition = Edition(catalog(*ARTICLES, text=text), FakeMedia(), pictures=PICTURES)
    for ending in FORMATS:
        assert edition[f"/feeds/press.{ending}"].data and edition[f"/en/feeds/press.{ending}"].data
        assert f"/feeds/press.{ending}" in edition.manifest.documents, "hubs are notified of it"
        assert b"hub.example" in edition[f"/feeds/press.{ending}"].data
    assert b"Pour la presse." in edition["/feeds/press"].data
    assert b"/feeds/press" in edition["/feeds/all"].data, "the page of all articles lists it"
    assert b"feeds/press.rss" in edition["/feeds.opml"].data
    assert b"/feeds/press" not in edition["/"].data.partition(b"</header>")[0], "it is no category"
    assert edition.find("/feeds/press.social.rss") and edition.find("/feeds/press.mastodon.rss")


def test_a_feed_of_summaries_has_no_full_text() -> None:
    text = site_with("text: summary, tags: [presse]")
    edition = Edition(catalog(*ARTICLES, text=text), FakeMedia(), pictures=PICTURES)
    items = {item["id"][-1]: item for item in json.loads(edition["/feeds/press.json"].data)["items"]}
    assert items["a"]["content_html"] == (
        '<p>Un « résumé » &amp; plus.</p>\n<p><a href="https://news.example/articles/a">Lire l’article</a></p>'
    )
    assert "Un texte." in json.loads(edition["/feeds/all.json"].data)["items"][-1]["content_html"]


@pytest.mark.parametrize(
    ("hidden", "where"),
    [
        ("all", {"research": True, "funding": True, "press": True, "all": False}),
        ("research", {"research": False, "funding": True, "press": True, "all": True}),
        ("press", {"research": True, "funding": True, "press": False, "all": True}),
    ],
)
def test_an_article_is_hidden_from_one_feed_only(hidden: str, where: dict[str, bool], tmp_path: Path) -> None:
    text = site_with("tags: [presse]")
    values = {"tags": ["presse"], "categories": ["research", "funding"], "hide_from": [hidden]}
    loaded = content_folder(tmp_path, {"x": values}, text).load()
    builder = table(*loaded.articles.values(), text=text)
    assert {name: slugs(builder, name) == ["x"] for name in where} == where
    assert Edition(builder.catalog, FakeMedia()).find("/articles/x"), "its page stays"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("categories: [nope]", "feeds: nope is not one of the categories (expected research, outreach, funding)"),
        ("without: [nope]", "feeds: nope is not one of the categories (expected research, outreach, funding)"),
        ("text: short", "feeds.press.text: short: Input should be 'full' or 'summary' (expected summary)"),
        ("tag: x", "feeds.press.tag: unknown key (expected tags)"),
        ("entries: 0", "feeds.press.entries: 0 is not a whole number from 1 to 500 (expected one)"),
    ],
)
def test_a_mistake_in_a_feed_of_the_site_is_reported(settings: str, message: str, tmp_path: Path) -> None:
    (problem,) = content_folder(tmp_path, {}, site_with(settings)).load().problems
    assert str(problem).endswith(message)


def test_a_feed_of_the_site_may_not_have_the_name_of_a_category(tmp_path: Path) -> None:
    text = SITE + "feeds: {research: {title: x, description: y}}\n"
    (problem,) = content_folder(tmp_path, {}, text).load().problems
    assert str(problem).endswith(
        "feeds: research is already the slug of a category (expected another slug for the feed)"
    )
