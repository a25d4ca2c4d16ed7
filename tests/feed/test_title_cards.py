"""Cards of articles without a picture: which articles have one, what it shows, and for how long."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from PIL import Image, ImageFont
from werkzeug.test import Client

from feeds import create_app
from feeds.content import card_drawing, pictures, rendering
from feeds.content.pictures import PictureStore
from feeds.content.rendering import RenderError
from feeds.feed.title_cards import card_source, site_card, title_card, title_cards
from feeds.model.renditions import Original, TitleCard
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SITE, article, as_yaml, catalog, content_folder, draw, publisher_of, xpath

CARD = {"title": "Un titre", "kicker": "Recherche", "name": "Le site", "accent": "#0b5c8e", "logo": None}


def card_of(client: Client, path: str) -> str:
    """Return the path of the picture that a preview of a link shows."""
    (url,) = xpath(client.get(path).data, "//meta[@property='og:image']/@content")
    return str(url).removeprefix("https://news.example")


def test_every_post_and_every_link_has_a_picture(content: Path) -> None:
    content_folder(content, {"a": {"title": "Sans image"}, "b": {"picture": {"file": "p.jpg", "alt": "Une image"}}})
    draw(content / "media" / "p.jpg", 1300, 700)
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    for path in ("/", "/feeds/all", "/feeds/research", "/feeds/all/2026-03", "/articles/a", "/articles/b"):
        picture = client.get(card_of(client, path), buffered=True)
        assert (picture.status_code, Image.open(io.BytesIO(picture.data)).size) == (200, (1200, 630)), path
        assert b'name="twitter:card" content="summary_large_image"' in client.get(path).data
    for entry in feedparser.parse(client.get("/feeds/all.mastodon.rss").data).entries:
        (enclosure,) = entry.enclosures
        picture = client.get(enclosure.href.removeprefix("https://news.example"), buffered=True)
        assert enclosure.length == str(len(picture.data)), "its size is known"
    assert not [
        each
        for each in feedparser.parse(client.get("/feeds/all.rss").data).entries
        if "Sans" in each.title and each.enclosures
    ]


def test_a_card_shows_the_title_the_category_and_the_site() -> None:
    everything = catalog(
        article("a", title="Le titre", categories=["funding", "research"]), article("b", language="en")
    )
    source = card_source(everything, everything.articles["a"])
    assert source == TitleCard("Le titre", "Soutiens", "Le site", "#0b5c8e")
    assert card_source(everything, everything.articles["b"]) not in (source, None)


def test_the_newest_articles_have_cards_of_their_own_and_older_ones_that_of_the_site() -> None:
    articles = [article(f"a{day:02}", title=f"Titre {day}", published=f"2026-05-{day:02}") for day in range(1, 6)]
    coming = [article("coming", published="2026-07-01"), article("draft", draft="true", published="2026-05-30")]
    everything = catalog(*articles, *coming, text=SITE + "entries: 2\n")
    assert everything.articles_with_title_cards == {"coming", "a05", "a04"}
    assert card_source(everything, everything.articles["a03"]) == site_card(everything.site, "fr")
    drawn = title_cards(everything)
    assert drawn[-1] == title_card(everything.site, everything.articles["coming"])
    assert {site_card(everything.site, language) for language in ("fr", "en")} <= set(drawn) and len(drawn) == 5


def test_a_picture_of_the_site_replaces_drawn_cards() -> None:
    everything = catalog(
        article("a"), article("b", picture={"file": "photo.jpg", "alt": "x"}), text=SITE + "card: photo.jpg\n"
    )
    assert title_cards(everything) == []
    sources = [card_source(everything, everything.articles[name]) for name in "ab"]
    assert all(isinstance(source, Original) for source in sources)


def test_a_card_is_public_only_while_its_article_is(content: Path) -> None:
    content_folder(content, {"a": {"title": "Le premier titre"}})
    app = create_app(Settings(content), clock=lambda: NOW)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    publisher.start()
    first = card_of(client, "/articles/a")
    os.utime(publisher.pictures.folder / first.removeprefix("/pictures/"), (0, 0))  # not just made by another worker
    values = {**PLAIN, "title": "Le premier titre", "withdrawn": {"at": "2026-05-01", "reason": "Faux."}}
    (content / "articles" / "a.yaml").write_text(as_yaml(values), encoding="utf-8")
    publisher.refresh(NOW + timedelta(seconds=2))
    assert client.get(first).status_code == 404
    assert b'og:image"' not in client.get("/articles/a").data
    (content / "articles" / "a.yaml").write_text(as_yaml({**PLAIN, "draft": "true"}), encoding="utf-8")
    publisher.refresh(NOW + timedelta(seconds=4))
    assert client.get(first).status_code == 404


def test_the_card_of_an_older_article_is_still_served(content: Path) -> None:
    content_folder(content, {"a": {"published": "2026-01-01", "title": "Ancien"}}, SITE + "entries: 1\n")
    app = create_app(Settings(content), clock=lambda: NOW)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    publisher.start()
    first = card_of(client, "/articles/a")
    (content / "articles" / "b.yaml").write_text(as_yaml({**PLAIN, "title": "Récent"}), encoding="utf-8")
    publisher.refresh(NOW + timedelta(seconds=2))
    assert card_of(client, "/articles/a") == card_of(client, "/") != first
    assert client.get(first, buffered=True).status_code == 200, "a post may still show it"


@pytest.mark.parametrize(
    "title",
    [
        "W" * 4000,
        "Un titre",
        "",
        "mot" * 200,
        "Très long titre " * 40,
        "日本語のタイトル",
        "شيء",
        "🎉🎉🎉",
        "p\u00a0<\u202f0,05 & α",
        "\u0301" * 50,
        "a\nb\tc",
    ],
)
def test_any_title_can_be_drawn(title: str) -> None:
    data = card_drawing.draw({**CARD, "title": title})
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (1200, 630) and picture.format == "JPEG" and len(data) < 300_000


def test_nothing_is_drawn_over_the_name_of_the_site(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGB", (400, 400), "red").save(logo)
    for title in ("Un", "Un titre de longueur moyenne sur deux lignes", "Très long titre " * 40):
        picture = Image.open(io.BytesIO(card_drawing.draw({**CARD, "title": title, "logo": str(logo)})))
        band = picture.crop((0, card_drawing.TITLE_BOTTOM + 2, 1200, 456)).convert("L")
        low, high = band.getextrema()
        assert isinstance(low, int) and isinstance(high, int) and high - low < 12, title
        red = picture.getpixel((120, 510))
        assert isinstance(red, tuple) and red[0] > 200 and red[1] < 80


def test_characters_that_the_font_lacks_are_left_out() -> None:
    font = ImageFont.truetype(card_drawing.BOLD, 34)
    assert card_drawing.drawable("Fête 🎉 α\u202f!", font) == "Fête α\u00a0!"
    assert card_drawing.drawable("日本語", font) == ""


def test_a_logo_that_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG nothing")
    assert card_drawing.draw({**CARD, "logo": str(tmp_path / "logo.png")})
    assert card_drawing.draw({**CARD, "logo": str(tmp_path / "missing.png")})


def test_cards_that_cannot_be_drawn_are_tried_once(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[int] = []

    def fail(cards: list[object]) -> list[bytes]:
        attempts.append(len(cards))
        raise RenderError("its process ended", 600)

    monkeypatch.setattr(pictures, "draw", fail)
    content_folder(content, {"a": {"published": "2026-05-31"}})
    app = create_app(Settings(content), clock=lambda: NOW)
    publisher = publisher_of(app)
    publisher.start()
    for seconds in (1, 2, 3):
        (content / "articles" / "a.yaml").write_text(
            as_yaml({**PLAIN, "published": "2026-05-31", "body": f"Texte {seconds}."}), encoding="utf-8"
        )
        publisher.refresh(NOW + timedelta(seconds=seconds))
    assert attempts == [3]
    client = Client(app.wsgi_app)
    assert not xpath(client.get("/articles/a").data, "//meta[@property='og:image']"), "it does not exist"
    (entry,) = feedparser.parse(client.get("/feeds/all.social.rss").data).entries
    assert not entry.enclosures, "its length is not known"
    monkeypatch.setattr(pictures, "draw", lambda cards: [card_drawing.draw(card) for card in cards])
    store = publisher.pictures
    assert not store.forget_failed_cards()
    later = time.time() + pictures.CARD_RETRY_SECONDS + 1
    monkeypatch.setattr("feeds.content.pictures.time.time", lambda: later)
    missing = store.forget_failed_cards()
    assert len(missing) == 3 and store.draw(missing) and not store.missing_cards(missing)


@pytest.mark.integration
def test_cards_are_drawn_in_a_process_of_their_own() -> None:
    first, second = rendering.draw_in_child([CARD, {**CARD, "title": "Un autre"}])
    assert first != second and Image.open(io.BytesIO(second)).size == (1200, 630)
    assert first == card_drawing.draw(CARD)


def test_processes_that_share_renditions_agree_on_the_date_of_a_late_card(content: Path, tmp_path: Path) -> None:
    content_folder(content, {"a": {"published": "2026-05-31"}})
    settings = Settings(content, state=tmp_path / "state")
    publishers = [publisher_of(create_app(settings, clock=lambda: NOW)) for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "draw", lambda cards: (_ for _ in ()).throw(RenderError("later", 0)))
        for publisher in publishers:
            publisher.start()
    assert publishers[0].edition and publishers[0].edition.modified == NOW
    other = PictureStore(publishers[0].content.media, tmp_path / "state" / "pictures")
    other.draw(title_cards(publishers[0].edition.catalog))
    for seconds, publisher in zip((5, 6), publishers, strict=True):
        publisher.refresh(NOW + timedelta(seconds=seconds))
    documents = [each.edition and each.edition["/feeds/all.social.rss"] for each in publishers]
    assert documents[0] == documents[1] and documents[0]
    assert documents[0].modified == NOW + timedelta(seconds=5), "its bytes changed"


def test_what_the_font_cannot_show_gets_no_card_of_its_own() -> None:
    titles = {
        "zh": "我们的研究成果发布",
        "ar": "نتائج البحث",
        "mixed": "p53 与癌症研究的新进展",
        "el": "Η έρευνα για τον καρκίνο",
    }
    everything = catalog(*(article(name, title=title) for name, title in titles.items()))
    general = site_card(everything.site, "fr")
    sources = {name: card_source(everything, everything.articles[name]) for name in titles}
    assert [sources[name] for name in ("zh", "ar", "mixed")] == [general] * 3 and sources["el"] != general
    chinese = SITE.replace("{fr: Un site d’essai., en: A site for tests.}", "癌症研究新闻")
    assert (
        card_source(catalog(article("zh", title=titles["zh"]), text=chinese), article("zh", title=titles["zh"])) is None
    )


def test_a_card_that_was_just_drawn_is_public_only_with_its_article(content: Path) -> None:
    """A guessed title could be confirmed otherwise: the name of a card is derived from it."""
    content_folder(
        content,
        {
            "coming": {"title": "Secret", "published": "2026-07-01"},
            "wrong": {"title": "Faux", "withdrawn": {"at": "2026-05-01", "reason": "Faux."}},
            "expired": {"title": "Fini", "expires": "2026-05-01"},
        },
    )
    app = create_app(Settings(content), clock=lambda: NOW)
    client, publisher = Client(app.wsgi_app), publisher_of(app)
    publisher.start()
    assert publisher.edition
    for each in publisher.edition.catalog.articles.values():
        card = title_card(publisher.edition.site, each)
        publisher.pictures.draw([card])
        assert client.get(f"/pictures/{card.name_of_file}").status_code == 404, each.title
