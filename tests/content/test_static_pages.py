"""The site's own pages: how their files are read, what is reported, and what stays online."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from lxml import etree
from PIL import Image
from werkzeug.test import Client

from feeds import create_app
from feeds.settings import Settings
from tests.builders import NOW, SITE, as_yaml, content_folder, draw, publisher_of, xpath

LEGAL = {"title": "Mentions légales", "twin": "legal", "body": "## Éditeur\n\nL’[institut](/articles/a)."}
NOTICE = {"title": "Legal notice", "twin": "legal", "language": "en", "body": "The institute."}
LINKS = "links: [{title: {fr: Mentions, en: Legal}, page: mentions}, {title: Contact, url: 'https://www.example/c'}]\n"


def with_pages(content: Path, pages: dict[str, dict[str, str] | str], site: str = SITE) -> Path:
    content_folder(content, {"a": {}}, site)
    (content / "pages").mkdir()
    for name, values in pages.items():
        text = values if isinstance(values, str) else as_yaml(values)
        (content / "pages" / name).write_text(text, encoding="utf-8")
    return content


def client_of(content: Path) -> Client:
    return Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)


def problems_of(content: Path) -> list[str]:
    publisher = publisher_of(create_app(Settings(content), clock=lambda: NOW))
    publisher.start()
    found = publisher.problems
    return [f"{Path(each.file).relative_to(content)}: {each.key} {each.message.code}" for each in found]


def test_a_page_has_its_address_its_translation_and_its_place_in_the_sitemap(content: Path) -> None:
    with_pages(content, {"mentions.yaml": LEGAL, "notice.yaml": NOTICE}, SITE + LINKS)
    client = client_of(content)
    page = client.get("/pages/mentions")
    root = etree.HTML(page.data)
    assert page.status_code == 200 and root.xpath("//h1/text()") == ["Mentions légales"]
    assert root.xpath("//link[@rel='canonical']/@href") == ["https://news.example/pages/mentions"]
    assert root.xpath("//ul[@class='languages']//a/@href") == ["/en/pages/notice"]
    assert root.xpath("//meta[@name='description']/@content") == ["L’institut."]
    assert root.xpath("//footer//a[text()='Mentions']/@href") == ["/pages/mentions"]
    english = etree.HTML(client.get("/en/").data)
    assert english.xpath("//footer//a[text()='Legal' or text()='Contact']/@href") == [
        "/en/pages/notice",
        "https://www.example/c",
    ]
    sitemap = client.get("/sitemap.xml").text
    assert "https://news.example/en/pages/notice" in sitemap
    for feed in ("/feeds/all.rss", "/feeds/all.json"):
        assert "Mentions" not in client.get(feed).text
    for nothing in ("/pages/notice", "/en/pages/mentions", "/pages/", "/pages/nothing"):
        assert client.get(nothing).status_code == 404


def test_the_last_good_version_of_a_page_stays_across_restarts(content: Path, tmp_path: Path) -> None:
    with_pages(content, {"mentions.yaml": LEGAL})
    file = content / "pages" / "mentions.yaml"
    settings = Settings(content, state=tmp_path / "state")

    def title_after(text: str | None) -> tuple[str, str]:
        if text is not None:
            file.write_text(text, encoding="utf-8")
        publisher.refresh(NOW + timedelta(seconds=5))
        restarted = create_app(settings, clock=lambda: NOW + timedelta(seconds=9))
        pages = (Client(each.wsgi_app).get("/pages/mentions") for each in (app, restarted))
        found = [etree.HTML(page.data).xpath("string(//h1)") for page in pages]
        return str(found[0]), str(found[1])

    app = create_app(settings, clock=lambda: NOW)
    publisher = publisher_of(app)
    publisher.start()
    assert title_after(None) == ("Mentions légales",) * 2
    assert title_after("title: [faux\n") == ("Mentions légales",) * 2
    assert title_after(as_yaml({**LEGAL, "tilte": "x"})) == ("Mentions légales",) * 2
    assert title_after(as_yaml({**LEGAL, "title": "Éditeur"})) == ("Éditeur",) * 2
    file.unlink()
    assert title_after(None) == ("Page introuvable",) * 2


def test_a_change_of_a_page_moves_the_date_of_the_edition_but_not_of_feeds(content: Path) -> None:
    with_pages(content, {"mentions.yaml": LEGAL})
    app = create_app(Settings(content), clock=lambda: NOW)
    publisher, client = publisher_of(app), Client(app.wsgi_app)
    publisher.start()
    before = {path: client.get(path).headers for path in ("/pages/mentions", "/feeds/all.rss")}
    (content / "pages" / "mentions.yaml").write_text(as_yaml({**LEGAL, "body": "Autre."}), encoding="utf-8")
    publisher.refresh(NOW + timedelta(seconds=60))
    after = {path: client.get(path).headers for path in before}
    assert after["/pages/mentions"]["Last-Modified"] != before["/pages/mentions"]["Last-Modified"]
    assert after["/feeds/all.rss"]["Last-Modified"] == before["/feeds/all.rss"]["Last-Modified"]


def test_pictures_of_a_page_have_renditions_and_its_files_are_served(content: Path) -> None:
    body = "![Le bâtiment](/media/maison.png)\n\n[Le plan](/media/plan.pdf)"
    with_pages(content, {"acces.yaml": {**LEGAL, "body": body}})
    draw(content / "media" / "maison.png", 1300, 700)
    (content / "media" / "plan.pdf").write_bytes(b"%PDF-1.4")
    client = client_of(content)
    (picture,) = xpath(client.get("/pages/acces").data, "//article//img/@src")
    assert str(picture).startswith("/pictures/") and client.get(str(picture), buffered=True).status_code == 200
    assert client.get("/media/plan.pdf", buffered=True).status_code == 200
    assert client.get("/media/maison.png").status_code == 404, "its metadata may say where it was taken"


def test_mistakes_in_pages_are_reported_at_their_place(content: Path) -> None:
    with_pages(
        content,
        {
            "a-b.yaml": {**LEGAL, "body": "<script>x</script>Texte."},
            "a_b.yaml": LEGAL,
            "b.yaml": {**LEGAL, "categories": "research"},
            "c.yml": LEGAL,
            "d.yaml": {**LEGAL, "language": "de"},
            "~lock.yaml": LEGAL,
        },
        SITE + LINKS,
    )
    assert [each for each in problems_of(content) if not each.startswith("articles/")] == [
        "pages/a-b.yaml: body body-element-removed",
        "pages/a_b.yaml:  address-taken",
        "pages/b.yaml: categories key-unknown-of",
        "pages/c.yml:  file-name-suffix",
        "pages/d.yaml: language language-not-in-site",
        "site.yaml: links.page page-not-in-site",
    ]
    client = client_of(content)
    assert client.get("/pages/a-b").status_code == 200
    assert not etree.HTML(client.get("/").data).xpath("//footer//a[text()='Mentions']"), "no dead link"


def test_check_reports_dead_links_in_pages(content: Path) -> None:
    with_pages(content, {"mentions.yaml": {**LEGAL, "body": "Voir [ceci](/articles/nulle-part)."}})
    app = create_app(Settings(content), clock=lambda: NOW)
    output = app.test_cli_runner().invoke(args=["check"]).output
    assert "pages/mentions.yaml:3:" in output and "/articles/nulle-part leads to no page" in output
    one_file = app.test_cli_runner().invoke(args=["check", str(content / "pages" / "mentions.yaml")]).output
    assert "1 file" in one_file


@pytest.mark.parametrize("folder", ["missing", "a file"])
def test_a_site_needs_no_pages(folder: str, content: Path) -> None:
    content_folder(content, {"a": {}})
    if folder == "a file":
        (content / "pages").write_text("x", encoding="utf-8")
    assert client_of(content).get("/").status_code == 200


def test_a_deleted_page_does_not_come_back_with_a_new_broken_file(content: Path, tmp_path: Path) -> None:
    with_pages(content, {"mentions.yaml": LEGAL})
    settings, file = Settings(content, state=tmp_path / "state"), content / "pages" / "mentions.yaml"
    app = create_app(settings, clock=lambda: NOW)
    publisher, client = publisher_of(app), Client(app.wsgi_app)
    publisher.start()
    file.unlink()
    publisher.refresh(NOW + timedelta(seconds=1))
    file.write_text("title: Nouveau\n", encoding="utf-8")
    publisher.refresh(NOW + timedelta(seconds=2))
    assert client.get("/pages/mentions").status_code == 404
    restarted = Client(create_app(settings, clock=lambda: NOW + timedelta(seconds=3)).wsgi_app)
    assert restarted.get("/pages/mentions").status_code == 404


def test_a_new_file_takes_no_address_of_another_page(content: Path) -> None:
    with_pages(content, {"mentions.yaml": LEGAL, "Mentions.yaml": "title: Nouveau\nbody: Nouveau\n"})
    assert "Nouveau" not in client_of(content).get("/pages/mentions").text


def test_a_podcast_whose_artwork_is_gone_takes_nothing_down_at_a_restart(content: Path, tmp_path: Path) -> None:
    show = {"author": "CRCM", "owner": {"name": "CRCM", "email": "son@crcm.example"}, "category": "Science"}
    site = yaml.safe_load(SITE)
    site["categories"]["outreach"]["podcast"] = {**show, "artwork": "show.png"}
    content_folder(content, {"a": {}}, as_yaml(site))
    Image.new("RGB", (1400, 1400)).save(content / "media" / "show.png")
    settings = Settings(content, state=tmp_path / "state")
    started = publisher_of(create_app(settings, clock=lambda: NOW))
    started.start()
    assert started.edition and started.edition.site.categories["outreach"].podcast
    (content / "media" / "show.png").unlink()
    restarted = create_app(settings, clock=lambda: NOW)
    assert Client(restarted.wsgi_app).get("/feeds/outreach").status_code == 200
    edition = publisher_of(restarted).edition
    assert edition and edition.site.categories["outreach"].podcast is None


def test_pages_in_an_unreadable_folder_stay_across_restarts(content: Path, tmp_path: Path) -> None:
    with_pages(content, {"mentions.yaml": LEGAL})
    settings = Settings(content, state=tmp_path / "state")
    publisher_of(create_app(settings, clock=lambda: NOW)).start()
    (content / "pages").rename(tmp_path / "away")
    (content / "pages").write_text("", encoding="utf-8")  # a folder that cannot be listed, for root too
    assert Client(create_app(settings, clock=lambda: NOW).wsgi_app).get("/pages/mentions").status_code == 200


@pytest.mark.parametrize("change", ["broken", "deleted", "font"])
def test_a_stylesheet_that_breaks_takes_nothing_down_at_a_restart(change: str, content: Path, tmp_path: Path) -> None:
    content_folder(content, {"a": {}}, SITE + "stylesheet: style.css\n")
    style, font = content / "style.css", content / "media" / "a.woff2"
    style.write_text("@font-face { src: url(media/a.woff2) }", encoding="utf-8")
    font.write_bytes(b"wOF2")
    settings = Settings(content, state=tmp_path / "state")
    publisher_of(create_app(settings, clock=lambda: NOW)).start()
    if change == "broken":
        style.write_text("a { color: red } h1", encoding="utf-8")
    else:
        (style if change == "deleted" else font).unlink()
    client = Client(create_app(settings, clock=lambda: NOW).wsgi_app)
    assert client.get("/feeds/all.rss").status_code == client.get("/").status_code == 200
    assert ":root {" in client.get("/static/style.css").text


def test_pages_stay_while_the_content_is_out_of_reach(content: Path, tmp_path: Path) -> None:
    with_pages(content, {"mentions.yaml": LEGAL})
    app = create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW)
    publisher, client = publisher_of(app), Client(app.wsgi_app)
    publisher.start()
    content.rename(tmp_path / "away")
    content.mkdir()
    publisher.refresh(NOW + timedelta(seconds=1))
    assert client.get("/pages/mentions").status_code == client.get("/articles/a").status_code == 200
