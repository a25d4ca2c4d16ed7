"""What pages show to people, and what metadata they give to programs that preview links."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from werkzeug.test import Client

from feeds import create_app
from feeds.formats import crawlers
from feeds.formats.page import Page
from feeds.model.colours import PAGE_BACKGROUND
from feeds.settings import Settings
from tests.builders import NOW, SITE, content_folder, table, xpath
from tests.conftest import at_both_addresses

Put = Callable[[str], str]


def text_of(page: bytes, expression: str) -> str:
    (found,) = xpath(page, expression)
    return " ".join("".join(found.itertext()).split(" "))


def client_of(content: Path, articles: dict[str, dict[str, object]], site: str = SITE) -> Client:
    content_folder(content, articles, site)
    return Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)


def properties(page: bytes) -> dict[str, str]:
    return {each.get("property"): each.get("content") for each in xpath(page, "//meta[@property]")}


@at_both_addresses
def test_an_article_has_open_graph_metadata(live: Client, path: Put, address: str) -> None:
    """F1: Mastodon, Bluesky, X and LinkedIn build their link cards from it."""
    page = live.get(path("/articles/cheque-ligue")).data
    found = properties(page)
    nb, thin = "\u00a0", "\u202f"
    title = f"La Ligue contre le cancer remet 130{nb}000{nb}€ pour comprendre les cellules résistantes"
    assert found["og:title"] == title
    assert found["og:description"].startswith(f"Un chèque de 130{thin}000{thin}€")
    assert (found["og:type"], found["og:locale"], found["og:locale:alternate"]) == ("article", "fr_FR", "en_GB")
    assert found["og:url"] == f"{address}/articles/cheque-ligue"
    assert re.fullmatch(f"{address}/pictures/[0-9a-f]{{20}}-1200x630.jpg", found["og:image"])
    assert (found["og:image:type"], found["og:image:width"], found["og:image:height"]) == ("image/jpeg", "1200", "630")
    assert found["og:image:alt"].startswith("Dessin d’un grand chèque")
    assert (found["og:site_name"], found["article:section"]) == ("Actualités du CRCM", "Recherche")
    assert found["article:published_time"] == "2026-01-09T17:00:00+00:00"
    assert xpath(page, "//title/text()") == [f"{title} – Actualités du CRCM"]


@at_both_addresses
def test_an_article_is_a_news_article_in_json_ld(live: Client, path: Put, address: str) -> None:
    (script,) = xpath(live.get(path("/articles/cheque-ligue")).data, "//script[@type='application/ld+json']")
    found = json.loads(script.text)
    assert (found["@type"], found["inLanguage"]) == ("NewsArticle", "fr")
    sizes = [re.fullmatch(f"{address}/pictures/[0-9a-f]{{20}}-([0-9x]+).jpg", url) for url in found["image"]]
    assert [size and size[1] for size in sizes] == ["1200x675", "1200x630"], "the picture, and its card"
    assert [author["name"] for author in found["author"]] == ["Service communication du CRCM", "Ligue contre le cancer"]
    assert found["publisher"]["@type"] == "Organization"
    assert (found["datePublished"], found["dateModified"]) == ("2026-01-09T17:00:00+00:00",) * 2


def test_the_fediverse_handle_of_an_author_is_in_the_metadata(content: Path) -> None:
    client = client_of(content, {"a": {"authors": [{"name": "Le labo", "fediverse": "labo@social.example"}, "Autre"]}})
    (meta,) = xpath(client.get("/articles/a").data, "//meta[@name='fediverse:creator']/@content")
    assert meta == "@labo@social.example"


@at_both_addresses
def test_translations_link_to_each_other(live: Client, path: Put, address: str) -> None:
    links = xpath(live.get(path("/articles/cheque-ligue")).data, "//link[@hreflang]")
    assert {(link.get("hreflang"), link.get("href")) for link in links} == {
        ("fr", f"{address}/articles/cheque-ligue"),
        ("en", f"{address}/en/articles/cheque-ligue-en"),
    }


def test_neighbours_share_the_category_and_the_language(content: Path) -> None:
    client = client_of(
        content,
        {
            "before": {"title": "Avant", "published": "2026-01-01"},
            "only-english": {"title": "Only in English", "published": "2026-01-10", "language": "en"},
            "here": {"title": "Ici", "published": "2026-01-15"},
            "both-en": {"title": "Both", "published": "2026-01-20", "language": "en", "twin": "t"},
            "gone": {"title": "Parti", "published": "2026-01-21", "expires": "2026-02-01"},
            "both": {"title": "Les deux", "published": "2026-01-25", "twin": "t"},
        },
    )
    here = client.get("/articles/here").data
    neighbours = xpath(here, "//nav[@class='neighbours']//a")
    assert [(each[0].tail.strip(), each.get("rel"), each.get("href")) for each in neighbours] == [
        ("Avant", "prev", "/articles/before"),
        ("Les deux", "next", "/articles/both"),
    ]
    first = client.get("/articles/before").data
    assert [each.get("rel") for each in xpath(first, "//nav[@class='neighbours']//a")] == ["next"]


def test_a_feed_page_lists_articles_that_exist_only_in_another_language(content: Path) -> None:
    client = client_of(
        content,
        {
            "a": {"title": "Ici", "published": "2026-01-01"},
            "b": {"title": "Only there", "published": "2026-02-01", "language": "en"},
            "c": {"title": "Translated", "published": "2026-02-02", "language": "en", "twin": "t"},
            "d": {"title": "Traduit", "published": "2026-02-02", "twin": "t"},
            "old": {"title": "Older than all that is listed", "published": "2025-01-01", "language": "en"},
        },
    )
    for below in ("/", "/feeds/research", "/feeds/all"):
        found = xpath(client.get(below).data, "//section[@class='elsewhere']//a")
        assert [(each.text, each.get("lang")) for each in found] == [("Only there", "en")]
    assert xpath(client.get("/feeds/outreach").data, "//section[@class='elsewhere']") == []


def test_attachments_can_be_played_or_downloaded_and_show_their_last_day(content: Path) -> None:
    (content / "media").mkdir(parents=True)
    (content / "media" / "plan.pdf").write_bytes(b"%PDF" + b"x" * 56_996)
    client = client_of(
        content,
        {
            "a": {
                "attachments": [
                    {
                        "url": "https://v.example/f.mp4",
                        "title": "Un film",
                        "duration": "1:02:30",
                        "until": "2026-07-01",
                    },
                    {"url": "https://v.example/s.mp3", "title": "Un son", "length": "2880000", "duration": "3:00"},
                    {"file": "plan.pdf", "title": "Le plan"},
                    {"url": "https://v.example/p", "type": "text/html", "title": "Une page", "until": "2026-05-01"},
                ]
            }
        },
    )
    page = client.get("/articles/a").data
    lines = [" ".join("".join(each.itertext()).split()) for each in xpath(page, "//section[@class='files']//li")]
    assert lines == [
        "Un film (1:02:30, jusqu’au 1er juillet 2026)",
        "Un son (3:00, 2,9 Mo)",
        "Le plan (57 ko)",
    ]
    assert [each.tag for each in xpath(page, "//video | //audio")] == ["video", "audio"]
    assert all(each.get("preload") == "none" for each in xpath(page, "//video | //audio"))


def test_a_month_page_uses_the_time_zone_of_the_site(content: Path) -> None:
    client = client_of(
        content,
        {
            "new": {"title": "Mai", "published": "2026-05-01T00:30"},
            "last": {"title": "Fin avril", "published": "2026-04-30T23:59"},
            "first": {"title": "Début avril", "published": "2026-04-01"},
            "gone": {"title": "Parti", "published": "2026-03-01", "expires": "2026-04-01"},
            "old": {"title": "Février", "published": "2025-02-01"},
        },
    )
    page = client.get("/feeds/all/2026-04").data
    assert [each.text for each in xpath(page, "//ol//h3/a")] == ["Fin avril", "Début avril"]
    assert text_of(page, "//h1") == "Avril 2026"
    assert [each.get("href") for each in xpath(page, "//nav[@class='neighbours']//a")] == [
        "/feeds/all/2025-02",
        "/feeds/all#months",
        "/feeds/all/2026-05",
    ]
    listed = xpath(client.get("/feeds/all").data, "//dl[@class='months']//a/@href")
    assert listed == ["/feeds/all/2026-05", "/feeds/all/2026-04", "/feeds/all/2025-02"]
    for below in (
        "/feeds/all/2026-03",
        "/feeds/all/2026-13",
        "/feeds/all/2026-4",
        "/feeds/all/0000-01",
        "/feeds/all/0000-01/",
        "/feeds/nothing/2026-04",
    ):
        assert client.get(below).status_code == 404


def test_a_page_does_not_depend_on_the_age_of_its_edition(content: Path) -> None:
    """The articles listed from other languages depend on dates of articles, never on the day of the request."""
    content_folder(content, {"a": {"title": "Vieux", "published": "2025-01-01"}})
    pages = [
        Client(create_app(Settings(content), clock=lambda days=days: NOW + timedelta(days=days)).wsgi_app)  # type: ignore[misc]
        .get("/en/feeds/research")
        .data
        for days in (0, 900)
    ]
    assert pages[0] == pages[1] and b"Vieux" in pages[0]


def test_an_article_has_one_translation_even_if_two_claim_to_be_it(content: Path) -> None:
    english: dict[str, object] = {"language": "en", "twin": "t"}
    client = client_of(content, {"e1": english, "e2": {**english, "published": "2026-02-01"}, "f": {"twin": "t"}})
    answer = client.get("/articles/f")
    assert answer.headers["Link"] == '<https://news.example/en/articles/e2>; rel="alternate"; hreflang="en"'
    links = {link.get("hreflang"): link.get("href") for link in xpath(answer.data, "//link[@hreflang]")}
    assert links["en"] == "https://news.example/en/articles/e2"


def test_right_to_left_languages_set_the_text_direction(content: Path) -> None:
    client = client_of(content, {}, SITE.replace("[fr, en]", "[ar, en]").replace("fr:", "ar:"))
    assert b'<html lang="ar" dir=rtl>' in client.get("/").data
    assert b'<html lang="en">' in client.get("/en/").data


def test_a_tag_that_looks_like_a_month_is_a_tag(content: Path) -> None:
    client = client_of(content, {"a": {"tags": ["2026-03"]}})
    assert text_of(client.get("/feeds/tags/2026-03").data, "//h1") == "2026-03"
    assert text_of(client.get("/feeds/tags/2026-03/2026-03").data, "//h1") == "Mars 2026"


@at_both_addresses
def test_a_feed_page_offers_its_url_and_a_choice_of_readers(live: Client, path: Put, address: str) -> None:
    page = live.get(path("/en/feeds/research")).data
    (field,) = xpath(page, "//input[@id='address']")
    assert (field.get("value"), "readonly" in field.attrib) == (f"{address}/en/feeds/research.rss", True)
    (label,) = xpath(page, f"//label[@for='{field.get('id')}']")
    assert label.text == "Address of the feed"
    hrefs = xpath(page, "//ul[@class='choices']//a/@href")
    assert f"feed://{address.removeprefix('https://')}/en/feeds/research.rss" in hrefs
    assert any(each.startswith("https://feedly.com/") and "%3A%2F%2F" in each for each in hrefs)


def test_every_category_tag_and_author_has_a_page(live: Client, path: Put) -> None:
    for name in ("all", "research", "funding", "tags/genetique", "authors/ligue-contre-le-cancer"):
        assert live.get(path(f"/feeds/{name}")).status_code == 200


def test_the_sitemap_lists_what_search_engines_should_index(content: Path) -> None:
    client = client_of(
        content,
        {
            "a": {"twin": "t", "updated": "2026-03-02"},
            "b": {"twin": "t", "language": "en"},
            "elsewhere": {"link": "https://a.example/"},
            "gone": {"expires": "2026-04-01"},
            "withdrawn": {"withdrawn": {"at": "2026-04-01", "reason": "Une erreur."}},
            "coming": {"published": "2027-01-01"},
        },
    )
    answer = client.get("/sitemap.xml")
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    root = etree.fromstring(answer.data)
    names = {"s": crawlers.SITEMAP, "x": crawlers.XHTML}
    urls = root.xpath("s:url/s:loc/text()", namespaces=names)
    assert isinstance(urls, list)
    articles = [str(url) for url in urls if "/articles/" in str(url)]
    assert articles == ["https://news.example/articles/a", "https://news.example/en/articles/b"]
    assert root.xpath("s:url[s:loc='https://news.example/articles/a']/s:lastmod/text()", namespaces=names) == [
        "2026-03-01T23:00:00+00:00"
    ]
    assert root.xpath("s:url[s:loc='https://news.example/articles/a']/x:link/@href", namespaces=names) == [
        "https://news.example/articles/a",
        "https://news.example/en/articles/b",
    ]


def test_a_sitemap_with_too_many_urls_is_split(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(content, {f"a{number}": {} for number in range(20)})
    whole = etree.fromstring(client.get("/sitemap.xml").data).xpath("//*[local-name()='loc']/text()")
    monkeypatch.setattr(crawlers, "MAX_SITEMAP_URLS", 12)
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    parts = etree.fromstring(client.get("/sitemap.xml").data)
    assert parts.tag == f"{{{crawlers.SITEMAP}}}sitemapindex"
    found: list[Any] = []
    for url in parts.xpath("//*[local-name()='loc']/text()"):  # type: ignore[union-attr]
        part = client.get(str(url).removeprefix("https://news.example"))
        found += etree.fromstring(part.data).xpath("//*[local-name()='loc']/text()")  # type: ignore[arg-type]
    assert found == whole
    assert client.get("/sitemap-9.xml").status_code == 404


@at_both_addresses
def test_robots_txt_allows_everything_and_names_the_sitemap(client: Client, path: Put, address: str) -> None:
    """A12."""
    found = client.get(path("/robots.txt"))
    assert found.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert found.text == f"User-agent: *\nDisallow:\n\nSitemap: {address}/sitemap.xml\n"


def test_security_txt_names_the_contact(client: Client, path: Put, content: Path) -> None:
    lines = client.get(path("/.well-known/security.txt")).text.splitlines()
    assert lines[0] == "Contact: mailto:securite@crcm.example"
    assert "Expires: 2027-05-02T00:00:00Z" in lines
    assert client_of(content, {}).get("/.well-known/security.txt").status_code == 404


@at_both_addresses
def test_well_known_icon_paths_redirect_to_the_icon_of_the_site(client: Client, path: Put, address: str) -> None:
    for below in ("/favicon.ico", "/apple-touch-icon.png"):
        found = client.get(path(below))
        assert (found.status_code, found.headers["Location"]) == (301, f"{address}/media/icon.png")


@pytest.mark.parametrize("below", ["/", "/feeds/research", "/articles/cheque-ligue", "/articles/mois-sans-tabac"])
def test_pictures_have_their_size_and_asset_urls_have_a_fingerprint(below: str, live: Client, path: Put) -> None:
    page = live.get(path(below)).data
    for picture in xpath(page, "//img"):
        assert picture.get("width") and picture.get("height") and picture.get("alt") is not None
    for asset in xpath(page, "//link[@rel='stylesheet']/@href | //script/@src"):
        assert re.fullmatch(r".*/static/[a-z]+\.(css|js)\?[0-9a-f]{8}", asset)
        assert live.get(asset).status_code == 200


def test_the_stylesheet_has_the_colour_of_the_site_and_the_checked_background(content: Path) -> None:
    client = client_of(content, {}, SITE + "accent: '#123456'\n")
    (link,) = xpath(client.get("/").data, "//link[@rel='stylesheet']/@href")
    text = client.get(link).text
    assert "#0b5c8e" not in text and "#53b5f2" not in text
    assert "--accent: #123456;" in text and "--accent: color-mix(in srgb, #123456 40%, white);" in text
    assert f"--paper: {PAGE_BACKGROUND};" in text


@at_both_addresses
@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_a_feed_opened_in_a_browser_explains_what_it_is(ending: str, client: Client, path: Put, address: str) -> None:
    """C1, C16: before the root element, which readers expect in the first 512 bytes; no XSLT."""
    data = client.get(path(f"/en/feeds/research.{ending}")).data
    head = data[:512].decode(errors="ignore")
    assert (
        f"This is a web feed. Copy its address into a feed reader to get every new article. {address}/en/feeds/research"
        in head
    )
    (style,) = re.findall('<\\?xml-stylesheet href="([^"]+)" type="text/css"\\?>', head)
    assert ("<rss" if ending == "rss" else "<feed") in head
    sheet = client.get(style.removeprefix(address[: len(address) - len(path(""))]))
    assert (sheet.status_code, sheet.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "This is a web feed" in sheet.text


def test_the_comment_is_omitted_if_the_host_has_a_double_hyphen(content: Path) -> None:
    client = client_of(content, {"a": {}}, SITE.replace("https://news.example", "https://xn--caf-dma.example"))
    assert b"<!--" not in client.get("/feeds/all.rss").data


def test_the_home_page_names_the_site_once_and_lists_no_article_twice(content: Path) -> None:
    articles: dict[str, dict[str, object]] = {
        f"a{day:02}": {"title": f"Titre {day}", "published": f"2026-04-{day:02}", "categories": ["research"]}
        for day in range(1, 12)
    }
    articles["old"] = {"title": "Don", "published": "2026-01-01", "categories": ["funding"]}
    articles["wrong"] = {"title": "Faux", "published": "2026-05-01", "withdrawn": {"at": "2026-05-02", "reason": "x"}}
    page = client_of(content, articles).get("/").data
    assert [text_of(page, "//h1")] == [" ".join(each.split(" ")) for each in xpath(page, "//title/text()")]
    assert "Le site" not in "".join(xpath(page, "//main//text()"))
    addresses = xpath(page, "//main//section//a[contains(@href, '/articles/')]/@href")
    assert len(addresses) == len(set(addresses))
    assert addresses[:2] == ["/articles/a11", "/articles/a10"], "a withdrawn article does not lead"
    sections = xpath(page, "//div[@class='sections']//h2/a/text()")
    assert sections == ["Recherche", "Soutiens"]
    assert len(xpath(page, "//ul[@class='grid']/li")) == 6


def test_articles_without_a_picture_have_a_tile_hidden_from_screen_readers(content: Path) -> None:
    page = client_of(content, {"a": {}, "b": {}}).get("/").data
    assert xpath(page, "//article[@class='first plain']//h3/a/text()") == ["Un titre"]
    assert [each.get("aria-hidden") for each in xpath(page, "//div[@class='tile']")] == ["true"]


def test_related_articles_share_the_most_tags(content: Path) -> None:
    client = client_of(
        content,
        {
            "here": {"tags": ["Génétique", "ARN", "souris"]},
            "both": {"title": "Deux", "tags": ["genetique", "arn"], "published": "2025-01-01"},
            "one": {"title": "Un", "tags": ["ARN"], "published": "2026-02-01"},
            "newer": {"title": "Récent", "tags": ["souris"], "published": "2026-02-02"},
            "fourth": {"title": "Quatrième", "tags": ["souris"], "published": "2020-02-02"},
            "english": {"title": "Mouse", "tags": ["ARN", "souris"], "language": "en"},
            "wrong": {"title": "Faux", "tags": ["ARN"], "withdrawn": {"at": "2026-05-02", "reason": "x"}},
            "none": {"title": "Rien"},
        },
    )
    page = client.get("/articles/here").data
    assert xpath(page, "//section[@aria-labelledby='related']//h3/a/text()") == ["Deux", "Récent", "Un"]
    assert not xpath(client.get("/articles/none").data, "//section[@aria-labelledby='related']")


def test_an_article_names_its_authors_with_their_roles_and_can_be_shared(content: Path) -> None:
    authors = ["L’équipe", {"name": "Hélène", "url": "https://h.example", "role": "photos", "type": "person"}, "Ligue"]
    site = SITE + "press: {name: Le service, email: presse@news.example, phone: +33 4 00 00 00 00}\n"
    client = client_of(content, {"a": {"title": "Un & deux", "summary": "Le chapô.", "authors": authors}}, site)
    page = client.get("/articles/a").data
    assert text_of(page, "//span[@class='authors']") == "Par L’équipe, Hélène (photos) et Ligue"
    assert xpath(page, "//span[@class='authors']//a/@href")[1] == "/feeds/authors/helene"
    assert text_of(page, "//p[@class='standfirst']") == "Le chapô."
    addresses = xpath(page, "//ul[@class='share']//a/@href")
    assert addresses[0] == "mailto:?subject=Un%20%26%20deux&body=https%3A%2F%2Fnews.example%2Farticles%2Fa"
    assert [each.split("/")[2] for each in addresses[1:]] == ["share.joinmastodon.org", "bsky.app", "www.linkedin.com"]
    assert xpath(page, "//button[@data-copy]/@data-text") == ["https://news.example/articles/a"]
    assert xpath(page, "//section[@class='press']//a/@href") == ["mailto:presse@news.example", "tel:+33400000000"]
    (script,) = xpath(page, "//script[@type='application/ld+json']")
    assert [each.get("@type") for each in json.loads(script.text)["author"]] == [None, "Person", None]
    author_page = client.get("/feeds/authors/helene").data
    assert xpath(author_page, "//main//a[@rel='author']/@href") == ["https://h.example"]


@pytest.mark.parametrize(
    "below",
    [
        "/feeds/research/2026-03",
        "/feeds/tags/arn",
        "/articles/expired",
        "/articles/wrong",
        "/nothing",
        "/pages/p",
        "/search",
    ],
)
def test_every_page_leads_to_the_other_language(below: str, content: Path) -> None:
    articles: dict[str, dict[str, object]] = {
        "a": {"tags": ["ARN"]},
        "expired": {"expires": "2026-05-01"},
        "wrong": {"withdrawn": {"at": "2026-05-02", "reason": "x"}},
    }
    client = client_of(content, articles)
    (content / "pages").mkdir()
    (content / "pages" / "p.yaml").write_text("title: P\nbody: P\n", encoding="utf-8")
    page = client.get(below).data
    (link,) = xpath(page, "//ul[@class='languages']//a")
    assert link.get("hreflang") == "en" and client.get(link.get("href")).status_code == 200
    assert xpath(page, "//link[@rel='alternate'][@hreflang]") == []


def test_a_month_leads_to_the_same_month_in_the_other_language(content: Path) -> None:
    client = client_of(content, {"a": {}, "b": {"language": "en"}})
    found = xpath(client.get("/feeds/research/2026-03").data, "//ul[@class='languages']//a/@href")
    assert found == ["/en/feeds/research/2026-03"]


@pytest.mark.parametrize(
    ("below", "current"),
    [
        ("/feeds/research", ("/feeds/research", "page")),
        ("/feeds/research/2026-03", ("/feeds/research", "true")),
        ("/articles/a", ("/feeds/research", "true")),
        ("/", None),
        ("/feeds/all", None),
    ],
)
def test_the_menu_marks_where_the_page_is(below: str, current: tuple[str, str] | None, content: Path) -> None:
    page = client_of(content, {"a": {}}).get(below).data
    found = [(each.get("href"), each.get("aria-current")) for each in xpath(page, "//nav//a[@aria-current]")]
    assert found == ([current] if current else [])


def test_pages_for_people_who_look_for_an_article_offer_a_search_and_the_newest(content: Path) -> None:
    client = client_of(
        content,
        {
            "new": {"title": "Récent"},
            "expired": {"published": "2025-01-01", "expires": "2026-01-01"},
            "wrong": {"published": "2025-01-02", "withdrawn": {"at": "2026-05-02", "reason": "x"}},
        },
    )
    for below in ("/articles/expired", "/articles/wrong", "/nothing", "/feeds/funding", "/search?q=rien"):
        page = client.get(below).data
        assert "Récent" in xpath(page, "//main//h3/a/text()"), below
        assert xpath(page, "//form[@role='search']/@action")[0] == "/search"


def test_the_header_shows_the_logo_of_the_institution(content: Path) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><rect width="300" height="100"/></svg>'
    site = SITE + "header_logo: {file: logo.svg, dark: dark.svg, with_title: false}\n"
    content_folder(content, {}, site)
    for name in ("logo.svg", "dark.svg"):
        (content / "media" / name).write_text(drawing, encoding="utf-8")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    page = client.get("/").data
    (picture,) = xpath(page, "//h1[@class='name']//img")
    assert (picture.get("alt"), picture.get("width"), picture.get("height")) == ("Le site", "132", "44")
    assert xpath(page, "//h1//source/@srcset") == ["/media/dark.svg"] and xpath(page, "//h1//span") == []
    assert client.get("/media/logo.svg", buffered=True).headers["Content-Type"] == "image/svg+xml; charset=utf-8"


def test_the_footer_links_to_profiles_with_rel_me(content: Path) -> None:
    addresses = ["https://social.example/@crcm", "https://fr.linkedin.com/company/crcm", "https://www.ror.org/1"]
    page = client_of(content, {}, SITE + f"profiles: {json.dumps(addresses)}\n").get("/").data
    links = xpath(page, "//footer//a[@rel='me']")
    assert [(each.text, each.get("href")) for each in links] == list(
        zip(["Mastodon", "LinkedIn", "ror.org"], addresses, strict=True)
    )


def test_pages_are_light(live: Client, path: Put) -> None:
    style = len(live.get(path("/static/style.css")).data)
    for below in ("/", "/feeds/all", "/feeds/research", "/articles/cheque-ligue", "/search?q=cancer", "/nothing"):
        page = live.get(path(below))
        assert len(page.data) + style < 50_000, below
        assert len(xpath(page.data, "//link[@rel='stylesheet']")) == 1


def test_a_telephone_number_can_be_dialled_however_it_is_written() -> None:
    page = Page(table(), "fr")
    for number, dialled in {
        "+33 (0)4 91 00 00 00": "+33491000000",
        "0033 (0) 4 91 00 00 00": "0033491000000",
        "04.91.00.00.00": "0491000000",
        "(0)491": "0491",
    }.items():
        assert page.phone(number) == dialled
