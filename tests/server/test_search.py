"""The search: what it finds, in which words and languages, and from which second on."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from flask import Flask
from lxml import etree
from werkzeug.test import Client

from feeds import create_app
from feeds.feed import search_text
from feeds.formats import opensearch
from feeds.server import search_index
from feeds.server.search_index import MAX_SEARCHES, SearchIndex
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SITE, as_yaml, catalog, content_folder, publisher_of, site, xpath
from tests.builders import article as make_article

SECOND = timedelta(seconds=1)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def app_of(content: Path, clock: Clock | None = None) -> Flask:
    return create_app(Settings(content), clock=clock or Clock())


def titles(client: Client, query: str, language: str = "") -> list[str]:
    page = client.get(f"{language}/search", query_string={"q": query})
    assert page.status_code == 200
    return list(map(str, xpath(page.data, "//section[@aria-labelledby='results']//h3/a/text()")))


@pytest.fixture
def client(content: Path) -> Client:
    content_folder(
        content,
        {
            "ete": {"title": "L’été au laboratoire", "body": "Les chercheuses observent des **cellules**."},
            "coeur": {
                "title": "Cœur et génétique",
                "body": "Un [lien](https://a.example/secretword).",
                "tags": ["ARN"],
            },
            "nothing": {"title": "Autre chose", "authors": ["Hélène Dupont"], "categories": ["funding"]},
            "english": {"title": "Hearts", "language": "en", "body": "Genetics of the heart."},
        },
    )
    return Client(app_of(content).wsgi_app)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ete", ["L’été au laboratoire"]),
        ("l’été", ["L’été au laboratoire"]),
        ("l'ete", ["L’été au laboratoire"]),
        ("L’ÉTÉ", ["L’été au laboratoire"]),
        ("d’été", ["L’été au laboratoire"]),
        ("laboratoires", ["L’été au laboratoire"]),
        ("cellule", ["L’été au laboratoire"]),
        ("cell", ["L’été au laboratoire"]),
        ("chercheuse cellules", ["L’été au laboratoire"]),
        ("cellules génétique", []),
        ("coeur", ["Cœur et génétique"]),
        ("GENETIQUE", ["Cœur et génétique"]),
        ("arn", ["Cœur et génétique"]),
        ("helene dupont", ["Autre chose"]),
        ("soutiens", ["Autre chose"]),
        ("secretword", []),
        ("heart", []),
        ('"été" OR * NEAR(', []),
        ("été*", ["L’été au laboratoire"]),
        ("‎", []),
        ("  ", []),
        ("';drop table texts", []),
    ],
)
def test_a_search_ignores_accents_apostrophes_capitals_and_plurals(
    query: str, found: list[str], client: Client
) -> None:
    assert titles(client, query) == found


def test_a_search_finds_articles_of_its_language_and_counts_those_of_others(client: Client) -> None:
    assert titles(client, "heart", "/en") == ["Hearts"]
    page = client.get("/search?q=heart").text
    assert "Aucun résultat pour" in page and "Résultats en anglais\u00a0: 1" in page
    assert 'href="/en/search?q=heart"' in page


def test_the_best_results_come_first(content: Path) -> None:
    content_folder(
        content,
        {
            "body": {"title": "Un", "body": "Le microscope est cher."},
            "title": {"title": "Le microscope", "published": "2020-01-01"},
            "summary": {"title": "Deux", "summary": "Un microscope."},
        },
    )
    assert titles(Client(app_of(content).wsgi_app), "microscope") == ["Le microscope", "Deux", "Un"]


def test_an_embargo_an_expiry_and_a_withdrawal_take_effect_to_the_second(content: Path) -> None:
    moment = NOW + timedelta(hours=1)
    local = f"{moment:%Y-%m-%dT%H:%M:%S}Z"
    content_folder(
        content,
        {
            "coming": {"title": "Embargo", "published": local, "body": "Un secretum."},
            "going": {"title": "Expire", "expires": local, "body": "Un secretum."},
            "wrong": {"title": "Retire", "withdrawn": {"at": local, "reason": "Faux."}, "body": "Un secretum."},
            "draft": {"title": "Brouillon", "draft": "true", "body": "Un secretum."},
        },
    )
    clock = Clock()
    app = app_of(content, clock)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    for refreshes in (False, True):  # even before the next edition, and in a feed
        clock.now = moment - SECOND
        publisher.refresh(clock.now)
        assert sorted(titles(client, "secretum")) == ["Expire", "Retire"]
        clock.now = moment
        if refreshes:
            publisher.refresh(clock.now)
            assert titles(client, "secretum") == ["Embargo"]
            assert [each.title for each in feedparser.parse(client.get("/search.rss?q=secretum").data).entries] == [
                "Embargo"
            ]
        else:
            assert not {"Expire", "Retire", "Brouillon"} & set(titles(client, "secretum"))
    headers = client.get("/search?q=secretum").headers
    assert "no-store" not in headers["Cache-Control"]


def test_no_copy_of_a_search_outlives_the_next_change(content: Path) -> None:
    content_folder(content, {"coming": {"published": f"{NOW + 30 * SECOND:%Y-%m-%dT%H:%M:%S}Z"}})
    found = Client(app_of(content).wsgi_app).get("/search?q=texte")
    assert found.headers["Cache-Control"].startswith("public, max-age=30, ")


def test_a_search_follows_changes_of_the_content(content: Path) -> None:
    content_folder(content, {"a": {"title": "Avant"}, "b": {"title": "Avant aussi"}})
    app = app_of(content)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    assert sorted(titles(client, "avant")) == ["Avant", "Avant aussi"]
    (content / "articles" / "a.yaml").write_text(as_yaml({**PLAIN, "title": "Après"}), encoding="utf-8")
    (content / "articles" / "b.yaml").unlink()
    publisher.refresh(NOW + SECOND)
    assert titles(client, "avant") == [] and titles(client, "apres") == ["Après"]


@pytest.mark.parametrize("ending", ["rss", "atom", "json"])
def test_a_search_has_a_feed_that_is_its_own(ending: str, content: Path) -> None:
    content_folder(
        content,
        {f"a{day}": {"title": f"Été {day}", "published": f"2026-05-{day:02}"} for day in range(1, 6)},
        SITE + "entries: 3\n",
    )
    client = Client(app_of(content).wsgi_app)
    found = client.get(f"/search.{ending}?q=l’été&utm_source=x")
    address = f"https://news.example/search.{ending}?q=l%E2%80%99%C3%A9t%C3%A9"
    assert found.status_code == 200 and f'<{address}>; rel="self"' in found.headers["Link"]
    if ending == "json":
        document = json.loads(found.data)
        names, own, identity = [each["title"] for each in document["items"]], document["feed_url"], None
    else:
        parsed = feedparser.parse(found.data)
        names, identity = [each.title for each in parsed.entries], parsed.feed.get("id")
        own = next(link.href for link in parsed.feed.links if link.rel == "self")
    assert (names, own) == (["Été 5", "Été 4", "Été 3"], address), "the newest first, as in any feed"
    if ending == "atom":
        assert identity == "tag:news.example,2020:search/fr/q=ete"
    again = client.get(f"/search.{ending}?q=l’été", headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304
    empty = client.get(f"/search.{ending}?q=rien")
    assert empty.status_code == 200


def test_results_are_paginated(content: Path) -> None:
    content_folder(content, {f"a{number}": {"title": f"Numéro {number}"} for number in range(45)})
    client = Client(app_of(content).wsgi_app)
    seen: list[str] = []
    address = "/search?q=numero"
    while address:
        page = client.get(address).data
        seen += map(str, xpath(page, "//section[@aria-labelledby='results']//h3/a/text()"))
        address = next(map(str, xpath(page, "//a[@rel='next']/@href")), "")
    assert len(seen) == len(set(seen)) == 45
    for number in ("0", "-1", "x", "99999", "1e3", "²"):
        assert client.get(f"/search?q=numero&page={number}").status_code == 200


def test_unknown_languages_and_formats_have_no_search(client: Client) -> None:
    for path in ("/fr/search", "/de/search", "/search.xml", "/search.txt", "/en/search.exe", "/search/"):
        assert client.get(f"{path}?q=a").status_code in (301, 404)


def test_long_and_odd_queries_are_answered(client: Client) -> None:
    for query in ("\0abc", "\x1bx", "\ufffe", "\uffffx", "\x85"):
        for ending in (".rss", ".atom", ".json", ""):
            found = client.get(f"/search{ending}", query_string={"q": query})
            assert found.status_code == 200 and not set("\0\x1b\ufffe\uffff") & set(found.text)
    for query in ("a" * 5000, "é " * 500, "\0", "\ud800", "٣", "𝕏", "«»"):
        assert client.get("/search", query_string={"q": query.encode("utf-8", "surrogatepass")}).status_code == 200
    assert len(search_text.query_words("mot " * 50 + "autre " * 50)) == 1
    assert len(search_text.query_words(" ".join(f"w{n}" for n in range(100)))) == search_text.MAX_QUERY_WORDS


def test_too_many_searches_at_once_are_refused_and_others_answered(content: Path) -> None:
    content_folder(content, {"a": {}})
    app = app_of(content)
    client, index = Client(app.wsgi_app), publisher_of(app).search_index
    assert client.get("/search?q=texte").status_code == 200
    taken = [index.slots.acquire(blocking=False) for _ in range(MAX_SEARCHES)]
    try:
        refused = client.get("/search?q=texte")
        assert all(taken) and refused.status_code == 503 and refused.headers["Retry-After"] == "60"
        assert client.get("/nothing").status_code == 404
        assert client.get("/feeds/all.rss").status_code == 200
    finally:
        for _ in taken:
            index.slots.release()
    assert client.get("/search?q=texte").status_code == 200


def test_searches_in_several_threads_index_each_article_once() -> None:
    index = SearchIndex()
    articles = [make_article(f"a{number}", title=f"Titre {number}") for number in range(300)]
    everything = catalog(*articles)
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(len(index.search(everything, NOW, "titre")["fr"])))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [300] * 4


def test_a_full_disk_leaves_no_article_out_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    index, first = SearchIndex(), make_article("a", title="Titre")
    index.search(catalog(first), NOW, "titre")
    with_second = catalog(make_article("a", title="Autre"), make_article("b", title="Titre"))
    with monkeypatch.context() as patch:
        patch.setattr(search_index, "_INSERT", "insert into absent values (?, ?, ?, ?, ?)")
        for _ in range(2):
            with pytest.raises(sqlite3.Error):
                index.search(with_second, NOW, "titre")
    assert [each.slug for each in index.search(with_second, NOW, "titre")["fr"]] == ["b"]


def test_the_page_for_an_unknown_address_proposes_articles_with_the_same_words(client: Client) -> None:
    page = client.get("/articles/l-ete-au-labo").data
    assert xpath(page, "//section[@aria-labelledby='nearest']//h3/a/@href") == ["/articles/ete"]
    nothing = client.get("/wp-login.php").data
    assert not xpath(nothing, "//section[@aria-labelledby='nearest']")
    assert xpath(nothing, "//section[@aria-labelledby='newest']//h3/a")
    english = client.get("/en/articles/genetics").data
    assert xpath(english, "//section[@aria-labelledby='nearest']//h3/a/text()") == ["Hearts"]


def test_the_search_is_described_for_browsers(client: Client) -> None:
    found = client.get("/en/opensearch.xml")
    assert found.headers["Content-Type"] == "application/opensearchdescription+xml; charset=utf-8"
    root = etree.fromstring(found.data)
    urls = {str(each.get("type")): each.get("template") for each in root.findall(f"{{{opensearch.NAMESPACE}}}Url")}
    assert urls["text/html"] == "https://news.example/en/search?q={searchTerms}"
    assert urls["application/rss+xml"] == "https://news.example/en/search.rss?q={searchTerms}"
    assert xpath(client.get("/en/").data, "//link[@rel='search']/@href") == ["/en/opensearch.xml"]


def test_a_long_title_is_shortened_for_browsers() -> None:
    text = SITE.replace("{fr: Le site, en: The site}", "Les actualités du centre de recherche")
    root = etree.fromstring(opensearch.render(site(text), "fr", feed_type=None))
    name = root.findtext(f"{{{opensearch.NAMESPACE}}}ShortName")
    assert name == "Les actualités" and len(root.findall(f"{{{opensearch.NAMESPACE}}}Url")) == 2


def test_a_misspelled_address_proposes_the_article_that_is_meant(client: Client) -> None:
    for wrong, right in (("/articles/coeure", "/articles/coeur"), ("/en/articles/englisch", "/en/articles/english")):
        page = client.get(wrong).data
        assert xpath(page, "//section[@aria-labelledby='nearest']//h3/a/@href") == [right]


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("我们的研究成果发布", "研究"),
        ("がん研究ガイド", "がん"),
        ("がん研究ガイド", "ガイド"),
        ("مَرَض السرطان", "مرض"),
        ("أحمد", "احمد"),
        ("שָׁלוֹם", "שלום"),
        ("โรคมะเร็ง", "มะเร็ง"),
        ("Ιατρική έρευνα", "ερευνα"),
        ("Исследование ЁЖ", "еж"),
        ("🧬Génome un🦠virus", "virus"),
        ("🤖Robots ₿itcoin", "robot"),
    ],
)
def test_other_scripts_are_searched_too(title: str, query: str) -> None:
    articles = [make_article("a", title=title), make_article("b", title="Autre")]
    found = SearchIndex().search(catalog(*articles), NOW, query)
    assert [each.slug for each in found.get("fr", [])] == ["a"]


def test_a_category_that_is_renamed_is_found_by_its_new_name(content: Path) -> None:
    content_folder(content, {"a": {}})
    app = app_of(content)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    assert titles(client, "recherche") == ["Un titre"]
    (content / "site.yaml").write_text(SITE.replace("fr: Recherche", "fr: Physiologie"), encoding="utf-8")
    publisher.refresh(NOW + SECOND)
    assert titles(client, "recherche") == [] and titles(client, "physiologie") == ["Un titre"]
