"""Previews for authors: available in `feeds preview` only, never in the production server."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from werkzeug.test import Client

from feeds import create_app
from feeds.feed import posts
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SITE, as_yaml, content_folder, draw, publisher_of
from tests.processes import get, served

ARTICLES: dict[str, dict[str, object] | str | bytes] = {
    "draft": {"title": "Le brouillon", "draft": "true", "picture": {"file": "secret.png", "alt": "Un dessin"}},
    "coming": {"title": "L’embargo", "published": "2027-01-01T09:00", "categories": ["funding"]},
    "gone": {"title": "L’expiré", "expires": "2026-04-01"},
    "withdrawn": {"title": "Le retiré", "withdrawn": {"at": "2026-04-01", "reason": "Une erreur."}},
    "live": {"title": "Le publié", "social": "Un texte tout prêt 🎗️"},
    "broken": "title: Le cassé\npublished: 2026-13-40\n",
}


def write(content: Path) -> None:
    content_folder(content, ARTICLES, SITE + "social: {newer_than: 3650}\n")
    draw(content / "media" / "secret.png")


@pytest.fixture
def office(content: Path) -> Client:
    write(content)
    return Client(create_app(Settings(content), clock=lambda: NOW, previews=True).wsgi_app)


def test_the_preview_list_groups_articles_by_state_and_shows_their_problems(office: Client) -> None:
    page = etree.HTML(office.get("/preview").data)
    groups = {
        str(section.findtext("h2")): [str(title) for title in section.xpath(".//h3/a/text()")]  # type: ignore[union-attr]
        for section in page.findall(".//section")
    }
    assert groups == {
        "À corriger": ["broken.yaml"],
        "Brouillons": ["Le brouillon"],
        "À paraître": ["L’embargo"],
        "Expirés": ["L’expiré"],
        "Retirés": ["Le retiré"],
        "En ligne": ["Le publié"],
    }
    assert "published: 2026-13-40 n’est pas une date" in office.get("/preview").text


def test_a_preview_shows_an_article_as_it_will_be_published(office: Client) -> None:
    text = office.get("/preview/coming").text
    assert "Il paraîtra le 1er janvier 2027 à 09:00." in text
    frame = office.get("/preview/coming/page")
    assert "<h1>L’embargo</h1>" in frame.text and "1er janvier 2027" in frame.text
    assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]
    assert "Le brouillon" in office.get("/preview/draft/page").text
    assert office.get("/media/secret.png", buffered=True).status_code == 200
    assert office.get("/preview/nothing").status_code == office.get("/preview/nothing/page").status_code == 404


def test_a_preview_publishes_nothing(office: Client) -> None:
    for below in ("/preview", "/preview/draft", "/preview/draft/page", "/preview/coming/page"):
        assert office.get(below).status_code == 200
    for below in ("/", "/feeds/all.rss", "/feeds/funding", "/sitemap.xml"):
        text = office.get(below).text
        assert "Le brouillon" not in text and "L’embargo" not in text and "coming" not in text
    assert office.get("/articles/draft").status_code == office.get("/articles/coming").status_code == 404


def test_a_preview_shows_the_very_posts_that_automations_get(office: Client) -> None:
    """F2."""
    page: Any = etree.HTML(office.get("/preview/live").data)
    for card in page.xpath("//article[@class='post']"):
        path, post = card.xpath("string(h3//code)"), card.xpath("string(p[1])")
        (entry,) = [each for each in feedparser.parse(office.get(path).data).entries if each.id.endswith(":live")]
        assert entry.title == post and "#Recherche" in post
        network = next((each for each in posts.NETWORKS if f".{each.key}." in path), posts.NETWORKS[2])
        count = card.xpath("string(p[contains(@class, 'count')])")
        assert count == f"{network.count(f'{post} {entry.link}')} caractères sur {network.max_length}, lien compris"


def test_a_preview_says_that_nothing_is_posted(office: Client, content: Path) -> None:
    (content / "articles" / "live.yaml").write_text(as_yaml({**PLAIN, "social": {"skip": "true"}}), encoding="utf-8")
    assert "l’article l’exclut" in office.get("/preview/live").text


def test_a_preview_reports_what_is_missing(office: Client) -> None:
    assert "Il n’y a pas d’image" in office.get("/preview/live").text
    assert "L’image fait 40 × 30 pixels" in office.get("/preview/draft").text
    text = office.get("/preview/broken").text
    assert "absent (attendu\u00a0: body: | et du Markdown au-dessous, en retrait)" in text and "<iframe" not in text


def test_a_preview_suggests_a_shorter_summary(content: Path) -> None:
    content_folder(content, {"a": {"summary": "Un mot. " * 100}})
    client = Client(create_app(Settings(content), clock=lambda: NOW, previews=True).wsgi_app)
    assert "Le résumé fait 799 caractères" in client.get("/preview/a").text


def test_the_preview_revision_changes_only_with_the_content(content: Path) -> None:
    write(content)
    app = create_app(Settings(content), clock=lambda: NOW, previews=True)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    before = client.get("/preview/-/revision").json
    publisher.refresh(NOW)
    assert client.get("/preview/-/revision").json == before
    (content / "articles" / "draft.yaml").write_text("title: ")
    for _ in range(2):  # once it has settled
        publisher.refresh(NOW)
    assert client.get("/preview/-/revision").json != before
    text = client.get("/preview/draft").text
    assert "la dernière sans erreur" in text and "Le brouillon" in text and "absent (attendu\u00a0: body" in text


def test_the_preview_revision_changes_when_an_embargo_ends(content: Path) -> None:
    write(content)
    app = create_app(Settings(content), clock=lambda: NOW, previews=True)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    before = client.get("/preview/-/revision").json
    publisher.refresh(datetime(2027, 1, 1, 8, tzinfo=UTC))
    assert client.get("/preview/-/revision").json != before


def test_a_picture_in_the_body_of_a_draft_is_shown(content: Path) -> None:
    content_folder(content, {"revision": {"draft": "true", "body": "![Un dessin](/media/secret.png)"}})
    draw(content / "media" / "secret.png")
    client = Client(create_app(Settings(content), clock=lambda: NOW, previews=True).wsgi_app)
    for below in ("/preview/revision", "/preview/revision/page"):
        shown = re.search('src="(/pictures/[^"]+)" width="40" height="30"', client.get(below).text)
        assert shown and client.get(shown[1], buffered=True).status_code == 200


@pytest.mark.integration
def test_the_production_server_has_no_previews(content: Path) -> None:
    write(content)
    with served(content) as (port, _):
        for below in ("/preview", "/preview/draft", "/preview/draft/page", "/preview/-/revision", "/media/secret.png"):
            assert get(port, below)[0] == 404
    app = create_app(Settings(content), clock=lambda: NOW)
    assert Client(app.wsgi_app).get("/preview").status_code == 404, "nor has any other server that imports the app"


@pytest.mark.integration
def test_the_preview_server_has_previews(content: Path) -> None:
    write(content)
    with served(content, command="preview") as (port, _):
        assert "Le brouillon" in get(port, "/preview")[2].decode()


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example", ""])
@pytest.mark.parametrize("path", ["/preview", "/preview/draft", "/preview/draft/page", "/preview/-/revision"])
def test_a_page_elsewhere_cannot_read_drafts_by_dns_rebinding(host: str, path: str, office: Client) -> None:
    response = office.get(path, headers={"Host": host})
    assert response.status_code == 400 and "Le brouillon" not in response.text


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
def test_previews_are_shown_on_this_machine(host: str, office: Client) -> None:
    assert office.get("/preview", headers={"Host": host}).status_code == 200


@pytest.mark.integration
def test_previews_are_shown_at_a_trusted_host(content: Path) -> None:
    write(content)
    with served(content, "--trusted-host", "office.example", command="preview") as (port, _):
        assert get(port, "/preview", Host="office.example")[0] == 200
        assert get(port, "/preview", Host="other.example")[0] == 400
