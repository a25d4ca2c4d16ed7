"""What a client of the sample receives.

`client` runs a test twice: with our server, and with nginx, which serves the same sample as static files. Where static
files cannot do the same, the test says so. The sample is below a path; where that can matter, `at_both_addresses` runs
a test at the root of a host as well.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import brotli
import feedparser
import pytest
from lxml import etree
from werkzeug.datastructures import Headers
from werkzeug.test import Client, TestResponse

from feeds import create_app
from feeds.server import web
from feeds.settings import Settings
from tests.builders import NOW, SAMPLE, SITE, as_yaml, content_folder, draw, xpath
from tests.conftest import at_both_addresses

Put = Callable[[str], str]

FEEDS = [
    f"{prefix}/feeds/{name}.{ending}"
    for prefix in ("", "/en")
    for name in ("all", "research")
    for ending in ("rss", "atom", "json")
]
TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}
OTHERS = [
    "/",
    "/en/",
    "/articles/cheque-ligue",
    "/feeds/research",
    "/feeds.opml",
    "/static/style.css",
    "/feeds/tags/don.rss",
]


def ids(response: TestResponse, ending: str) -> list[str]:
    if ending == "json":
        return [item["id"] for item in json.loads(response.data)["items"]]
    return [entry.id for entry in feedparser.parse(response.data).entries]


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_is_complete_and_has_its_media_type_whatever_the_client_accepts(
    feed: str, client: Client, path: Put
) -> None:
    """A2, A9: one URL serves one format in one language; CommaFeed always asks for English."""
    asked = {"Accept": "text/html;q=0.1", "Accept-Language": "en", "Accept-Charset": "latin1", "Range": "bytes=0-9"}
    found = client.get(path(feed) + "?_=1769000000&utm_source=x", headers=asked)
    assert (found.status_code, found.headers["Content-Type"]) == (200, TYPES[feed.rpartition(".")[2]])
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.data == client.get(path(feed)).data


@pytest.mark.parametrize("name", ["all", "research", "outreach", "funding", "tags/genetique"])
def test_the_three_formats_have_the_same_entries_in_the_same_order(name: str, client: Client, path: Put) -> None:
    found = [ids(client.get(path(f"/feeds/{name}.{ending}")), ending) for ending in TYPES]
    assert found[0] == found[1] == found[2]
    assert found[0]


@pytest.mark.parametrize("below", [*FEEDS, *OTHERS])
def test_a_conditional_request_is_answered_304_with_all_validators(below: str, client: Client, path: Put) -> None:
    """A4: without validators in the 304, NetNewsWire has none for its next request."""
    first = client.get(path(below))
    for asked in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        again = client.get(path(below), headers=asked)
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Last-Modified", "Cache-Control", "Vary"):
            assert again.headers[name] == first.headers[name]
        assert "Content-Type" not in again.headers
    changed = {"If-None-Match": '"another"', "If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(path(below), headers=changed).status_code == 200


@pytest.mark.parametrize("below", [*FEEDS, *OTHERS])
def test_head_returns_the_headers_of_get(below: str, client: Client, path: Put) -> None:
    for coding in ("identity", "gzip", "br"):
        get = client.get(path(below), headers={"Accept-Encoding": coding})
        head = client.head(path(below), headers={"Accept-Encoding": coding})
        assert (head.status_code, head.data, dict(head.headers)) == (200, b"", dict(get.headers))
        assert int(get.headers["Content-Length"]) == len(get.data)


@pytest.mark.parametrize("below", ["/feeds/research.rss", "/articles/cheque-ligue", "/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused_with_an_allow_header(method: str, below: str, client: Client, path: Put) -> None:
    """A3."""
    found = client.open(path(below), method=method)
    assert (found.status_code, found.headers["Allow"]) == (405, "GET, HEAD")


def test_a_feed_is_compressed_on_request(client: Client, path: Put) -> None:
    """A8."""
    plain = client.get(path("/feeds/all.rss"))
    assert "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding"
    for coding, decompress in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        found = client.get(path("/feeds/all.rss"), headers={"Accept-Encoding": coding})
        assert found.headers["Content-Encoding"] == coding
        assert decompress(found.data) == plain.data
        assert found.headers["ETag"] != plain.headers["ETag"]


def test_dates_are_english_and_in_gmt(client: Client, path: Put) -> None:
    """A7: Miniflux drops the validators of a response with `Expires: 0`."""
    found = client.get(path("/feeds/all.rss"))
    assert found.headers["Last-Modified"] == "Mon, 01 Jun 2026 10:00:00 GMT"
    assert "Expires" not in found.headers


def test_cache_control_says_how_long_a_copy_may_be_reused(live: Client, hosted: Client, path: Put) -> None:
    """A10: a static host does not know when a scheduled change is due, so its copies expire soon."""
    for client, ages in ((live, "max-age=3600, s-maxage=10"), (hosted, "max-age=60")):
        found = client.get(path("/feeds/all.rss")).headers["Cache-Control"]
        assert found == f"public, {ages}, stale-while-revalidate=60, stale-if-error=86400"


def test_no_cached_copy_outlives_the_end_of_an_embargo(content: Path) -> None:
    content_folder(content, {"coming": {"published": "2026-06-01T12:05"}})
    app = create_app(Settings(content), clock=lambda: NOW)
    assert "max-age=300," in Client(app.wsgi_app).get("/feeds/all.rss").headers["Cache-Control"]


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (59, "max-age=3540, s-maxage=10, stale-if-error=86400"),
        (60, "max-age=3600, s-maxage=10, stale-if-error=86400"),
        (62, "max-age=3600, s-maxage=10, stale-while-revalidate=60, stale-if-error=86400"),
    ],
)
def test_no_cache_serves_a_stale_copy_while_revalidating_after_an_embargo(
    minutes: int, said: str, content: Path
) -> None:
    """A10: a hub would fetch exactly that stale copy."""
    content_folder(content, {"coming": {"published": (NOW + timedelta(minutes=minutes)).isoformat()}})
    app = create_app(Settings(content), clock=lambda: NOW)
    assert Client(app.wsgi_app).get("/feeds/all.rss").headers["Cache-Control"] == f"public, {said}"


@at_both_addresses
def test_the_link_header_names_the_feed_its_formats_and_translations(client: Client, path: Put, address: str) -> None:
    """A11."""
    links = client.get(path("/feeds/research.atom")).headers["Link"].split(", ")
    stem = f"{address}/feeds/research"
    assert links == [
        f'<{stem}.atom>; rel="self"; type="application/atom+xml"',
        f'<{stem}/2026-02.atom>; rel="prev-archive"; type="application/atom+xml"',
        f'<{stem}.rss>; rel="alternate"; type="application/rss+xml"',
        f'<{stem}.json>; rel="alternate"; type="application/feed+json"',
        f'<{address}/en/feeds/research.atom>; rel="alternate"; type="application/atom+xml"; hreflang="en"',
    ]


@at_both_addresses
def test_a_page_links_to_its_translation_in_a_header(client: Client, path: Put, address: str) -> None:
    found = client.get(path("/articles/cheque-ligue")).headers["Link"]
    assert found == f'<{address}/en/articles/cheque-ligue-en>; rel="alternate"; hreflang="en"'
    assert "Link" not in client.get(path("/articles/octobre-rose")).headers


def test_browsers_may_read_feeds_from_any_origin(client: Client, path: Put) -> None:
    """A12."""
    for below in ("/feeds/all.json", "/feeds.opml"):
        assert client.get(path(below)).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get(path("/")).headers


@at_both_addresses
@pytest.mark.parametrize(
    "guess", ["feed", "feed/", "rss", "rss/", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.json"]
)
@pytest.mark.parametrize("prefix", ["/", "/en/"])
def test_a_guessed_path_serves_the_canonical_feed_without_a_redirect(
    guess: str, prefix: str, client: Client, path: Put
) -> None:
    """A13: Miniflux refuses a redirect there."""
    ending = {"atom.xml": "atom", "feed.json": "json"}.get(guess, "rss")
    found, canonical = client.get(path(prefix + guess)), client.get(path(f"{prefix}feeds/all.{ending}"))
    assert (found.status_code, found.data, dict(found.headers)) == (200, canonical.data, dict(canonical.headers))


def test_an_invalid_host_header_is_harmless(live: Client, hosted: Client, path: Put) -> None:
    """Our server ignores it; nginx refuses it."""
    for client, status in ((live, 200), (hosted, 400)):
        assert client.get(path("/feeds/all.rss"), headers={"Host": "a b"}).status_code == status


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8000"])
def test_no_url_is_built_from_request_headers(host: str, client: Client, path: Put) -> None:
    asked = {
        "Host": host,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "ftp",
        "Forwarded": "host=evil.example",
    }
    for below in ("/feeds/all.rss", "/", "/spip.php", "/nowhere"):
        found = client.get(path(below), headers=asked)
        assert b"evil.example" not in found.data and "evil.example" not in str(found.headers)
        assert found.data == client.get(path(below)).data


@at_both_addresses
@pytest.mark.parametrize("below", FEEDS)
def test_every_url_in_a_feed_is_absolute_and_our_own_start_with_the_site_url(
    below: str, client: Client, path: Put, address: str
) -> None:
    """C5."""
    text = client.get(path(below)).data.decode()
    for reference in re.findall(r'(?:href|src|url)=\\?(?:"|&quot;)([^"&\\]*)', text):
        assert reference.startswith(("https://", "mailto:")), reference
    own = {match for match in re.findall(r'https://[^/"<\\]+', text) if match.endswith(address.split("/")[2])}
    assert own == {"https://" + address.split("/")[2]}


@at_both_addresses
@pytest.mark.parametrize("below", [feed for feed in FEEDS if not feed.endswith("json")])
def test_feedparser_reads_every_feed_without_complaint(below: str, client: Client, path: Put, address: str) -> None:
    found = feedparser.parse(client.get(path(below)).data)
    assert found.bozo == 0
    (own,) = [link.href for link in found.feed.links if link.rel == "self"]
    assert own == address + below


@at_both_addresses
def test_feedparser_returns_what_the_author_wrote(client: Client, path: Put, address: str) -> None:
    for ending in ("rss", "atom"):
        entries = feedparser.parse(client.get(path(f"/feeds/all.{ending}")).data).entries
        (entry,) = [each for each in entries if each.id.endswith(":cheque-ligue-2026")]
        nb, thin = "\u00a0", "\u202f"
        assert (
            entry.title
            == f"La Ligue contre le cancer remet 130{thin}000{thin}€ pour comprendre les cellules résistantes"
        )
        assert entry.link == f"{address}/articles/cheque-ligue"
        assert entry.published_parsed[:6] == (2026, 1, 9, 17, 0, 0)
        assert [author.name for author in entry.authors] == ["Service communication du CRCM", "Ligue contre le cancer"]
        assert f"thérapeutiques, et{chr(10)}prévenir les formes" in entry.content[0].value
        assert f"«{nb}petits{nb}»" in entry.content[0].value
        assert entry.summary.startswith(f"Un chèque de 130{thin}000{thin}€ de la Ligue")
        (enclosure,) = entry.enclosures
        assert enclosure.href.startswith(f"{address}/pictures/") and enclosure.type == "image/jpeg"
        picture = client.get(enclosure.href.removeprefix(address[: len(address) - len(path(""))]), buffered=True)
        assert (picture.content_type, enclosure.length) == ("image/jpeg", str(len(picture.data)))
        assert [tag.term for tag in entry.tags][:3] == ["Recherche", "Science et société", "Soutiens"]


def test_an_unpublished_article_appears_nowhere(client: Client, path: Put) -> None:
    for below in [*FEEDS, "/", "/en/", "/feeds.opml", "/feeds/outreach"]:
        text = client.get(path(below)).data.decode()
        assert "Journée mondiale" not in text and "microscope" not in text
    for slug in ("journee-mondiale", "brouillon-microscopie"):
        found, nothing = client.get(path(f"/articles/{slug}")), client.get(path(f"/nowhere/{slug}"))
        assert (found.status_code, found.data) == (404, nothing.data)


def test_an_expired_article_is_in_no_feed_and_its_page_says_so(client: Client, path: Put) -> None:
    for below in FEEDS:
        assert b"fete-de-la-science-inscriptions" not in client.get(path(below)).data
    page = client.get(path("/articles/fete-de-la-science-inscriptions"))
    assert page.status_code == 200
    assert "n’est plus disponible depuis le 5 octobre 2025" in page.text and "combien d’élèves" not in page.text


def test_the_page_of_a_withdrawn_article_shows_only_the_notice(client: Client, path: Put) -> None:
    page = client.get(path("/articles/chiffres-du-cancer-du-sein")).text
    assert "a été retiré le 2 mars 2026" in page and "Combien de femmes" not in page


def test_an_attachment_is_removed_after_its_until_date(client: Client, path: Put) -> None:
    assert "france.tv" not in client.get(path("/feeds/all.rss")).text
    assert "france.tv" not in client.get(path("/articles/cheque-ligue")).text


def test_an_unknown_url_gets_a_short_404_page_with_the_feeds(client: Client, path: Put) -> None:
    found = client.get(path("/en/feeds/nothing.rss"))
    assert (found.status_code, found.headers["Cache-Control"]) == (404, "no-store")
    assert f'href="{path("/en/feeds/research")}"' in found.text and '<html lang="en">' in found.text
    assert '<html lang="fr">' in client.get(path("/nothing")).text


@at_both_addresses
def test_nothing_is_served_outside_the_path_of_the_site_url(client: Client, path: Put) -> None:
    outside = client.get("/feeds/all.rss")
    assert outside.status_code == (200 if path("") == "" else 404)
    assert client.get("/media/icon.png", buffered=True).status_code == (200 if path("") == "" else 404)


@at_both_addresses
def test_an_extra_or_missing_slash_redirects_to_the_page(client: Client, path: Put, address: str) -> None:
    for below, right in (
        ("/en", "/en/"),
        ("/articles/cheque-ligue/", "/articles/cheque-ligue"),
        ("/feeds/all.rss/", "/feeds/all.rss"),
        ("/articles/", "/feeds/all"),
        ("/feeds/", "/feeds/all"),
        ("/en/articles/", "/en/feeds/all"),
        ("/search/?q=x", "/search?q=x"),
        ("/search/", "/search"),
    ):
        found = client.get(path(below))
        assert (found.status_code, found.headers["Location"]) == (301, address + right)


@at_both_addresses
def test_an_old_path_redirects_to_its_new_url(client: Client, path: Put, address: str) -> None:
    """A1: a feed's address answers 200, 304, 301 or 308 for years."""
    found = client.get(path("/spip.php?page=backend"))
    assert (found.status_code, found.headers["Location"]) == (301, f"{address}/feeds/all.rss")


def test_only_media_that_live_articles_use_are_served(client: Client, path: Put) -> None:
    icon = client.get(path("/media/icon.png"), buffered=True)
    assert (icon.status_code, icon.headers["Content-Type"]) == (200, "image/png")
    assert icon.data == (SAMPLE / "media" / "icon.png").read_bytes()
    again = client.get(path("/media/icon.png"), headers={"If-None-Match": icon.headers["ETag"]}, buffered=True)
    assert again.status_code == 304
    assert client.get(path("/media/trois-stands.pdf"), headers={"Range": "bytes=0-3"}, buffered=True).data == b"%PDF"
    for below in (
        "/media/",
        "/media/../site.yaml",
        "/media/%2e%2e/site.yaml",
        "/media//etc/passwd",
        "/media/nothing.png",
        "/media/cheque.jpg",
    ):
        assert client.get(path(below), buffered=True).status_code == 404


def test_media_of_an_article_that_is_not_live_are_not_served(content: Path) -> None:
    picture = {"file": "secret.png", "alt": "Un dessin"}
    content_folder(
        content,
        {
            "coming": {"picture": picture, "published": "2027-01-01"},
            "gone": {"picture": picture, "expires": "2026-04-01"},
            "withdrawn": {"picture": picture, "withdrawn": {"at": "2026-04-01", "reason": "Une erreur."}},
            "draft": {"picture": picture, "draft": "true"},
            "live": {"body": "[Un dessin](/media/été/vu%20d’ici.png)"},
        },
    )
    (content / "media" / "été").mkdir()
    draw(content / "media" / "secret.png")
    draw(content / "media" / "été" / "vu d’ici.png")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    assert client.get("/media/secret.png").status_code == 404
    shown = re.search('<a href="(/media/[^"]+)"', client.get("/articles/live").text)
    assert shown and shown[1].isascii()
    assert client.get(shown[1], buffered=True).status_code == 200


@pytest.mark.parametrize("below", [*OTHERS, "/feeds/all.rss", "/nothing", "/health", "/media/icon.png", "/spip.php"])
def test_every_response_has_the_security_headers(below: str, client: Client, path: Put) -> None:
    found = client.get(path(below), buffered=True).headers
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "default-src 'none'" in found["Content-Security-Policy"]
    assert "unsafe-inline" not in found["Content-Security-Policy"]


@at_both_addresses
def test_health_reports_numbers_and_reveals_no_content(live: Client, path: Put) -> None:
    found = live.get(path("/health"))
    assert found.status_code == 200 and found.headers["Cache-Control"] == "no-store"
    assert found.json is not None and sorted(found.json) == [
        "age",
        "edition",
        "errors",
        "next_change",
        "problems",
        "refreshed",
        "watching",
    ]
    assert found.json["age"] == 0
    assert found.json["next_change"] == "2027-03-02T14:00:00+00:00"
    assert found.json["problems"] > found.json["errors"] == 0 and found.json["refreshed"] == "2026-06-01T10:00:00+00:00"
    assert "journee" not in found.text


def test_without_an_edition_health_and_pages_answer_503(content: Path) -> None:
    content_folder(content, {}, "title: Un site sans adresse\n")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    assert (client.get("/health").status_code, client.get("/health").json) == (
        503,
        {
            "age": None,
            "edition": None,
            "errors": 7,
            "next_change": None,
            "problems": 7,
            "refreshed": "2026-06-01T10:00:00+00:00",
            "watching": None,
        },
    )
    page = client.get("/feeds/all.rss")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "60")


def _links(client: Client, below: str) -> set[str]:
    return {str(link) for link in xpath(client.get(below).data, "//a/@href | //link/@href | //img/@src")}


@at_both_addresses
def test_links_between_pages_are_root_relative_and_resolve(client: Client, path: Put, address: str) -> None:
    seen, waiting = set(), {path("/"), path("/en/")}
    while waiting:
        below = waiting.pop()
        seen.add(below)
        found = client.get(below, buffered=True)
        assert found.status_code == 200, below
        if found.headers["Content-Type"].startswith("text/html"):
            own = {link.removeprefix(address[: len(address) - len(path(""))]) for link in _links(client, below)}
            waiting |= {link.partition("#")[0] for link in own if link.startswith("/")} - seen - {""}
    assert {path("/articles/cheque-ligue"), path("/feeds/tags/don"), path("/en/feeds/all/2026-01")} <= seen
    assert len(seen) > 150


def test_pages_declare_their_language_and_have_one_h1(client: Client, path: Put) -> None:
    for below, language in (
        ("/", "fr"),
        ("/en/", "en"),
        ("/en/articles/cheque-ligue-en", "en"),
        ("/feeds/research", "fr"),
    ):
        root = etree.HTML(client.get(path(below)).data)
        assert root.get("lang") == language
        assert len(root.findall(".//h1")) == 1
        assert root.xpath("//style | //@style | //script[not(@src) and not(@type='application/ld+json')]") == []


def test_pages_list_their_feeds_with_the_most_specific_first(client: Client, path: Put) -> None:
    """D3: readers treat the first feed that a page lists as the feed of that page."""
    links = xpath(client.get(path("/articles/dons")).data, "//link[@rel='alternate'][@type]")
    assert [link.get("href") for link in links][:4] == [
        path("/feeds/funding.rss"), path("/feeds/funding.atom"), path("/feeds/funding.json"), path("/feeds/all.rss"),
    ]  # fmt: skip
    titles = [link.get("title") for link in links]
    assert len(set(titles)) == len(titles)


@at_both_addresses
def test_an_article_published_elsewhere_has_that_url_as_canonical(client: Client, path: Put, address: str) -> None:
    assert '<link rel="canonical" href="https://www.ligue-cancer.net/">' in client.get(path("/articles/dons")).text
    own = f'<link rel="canonical" href="{address}/articles/cheque-ligue">'
    assert own in client.get(path("/articles/cheque-ligue")).text


@at_both_addresses
def test_the_path_of_the_site_url_leads_to_the_home_page(client: Client, path: Put, address: str) -> None:
    found = client.get(path("") or "/")
    assert found.status_code == (301 if path("") else 200)
    if path(""):
        assert found.headers["Location"] == address + "/"


def test_an_old_path_with_accents_and_spaces_redirects_to_its_new_url(content: Path) -> None:
    text = SITE + "redirects: {/vieux%20flux.xml: /feeds/all.rss, /actualités: 'https://www.example/é'}\n"
    content_folder(content, {}, text.replace("/é'", "/e'"))
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    assert client.get("/vieux%20flux.xml").headers["Location"] == "https://news.example/feeds/all.rss"
    assert client.get("/actualit%C3%A9s").headers["Location"] == "https://www.example/e"


def test_a_redirect_to_another_host_passes_the_query_on(content: Path) -> None:
    new = {"/.well-known/webfinger": "https://social.example/.well-known/webfinger", "/a": "https://b.example/?c=d"}
    content_folder(content, {}, SITE + as_yaml({"redirects": {**new, "/e": "/feeds/all.rss"}}))
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    query = "?resource=acct:a%40news.example"
    assert client.get(f"/.well-known/webfinger{query}").headers["Location"] == new["/.well-known/webfinger"] + query
    assert client.get("/.well-known/webfinger").headers["Location"] == new["/.well-known/webfinger"]
    assert client.get(f"/a{query}").headers["Location"] == "https://b.example/?c=d"
    assert client.get(f"/e{query}").headers["Location"] == "https://news.example/feeds/all.rss"


def test_an_old_path_with_a_query_redirects_only_for_that_query(content: Path) -> None:
    old = {
        "/?p=12": "/articles/a",
        "/?format=feed&type=rss": "/feeds/all.rss",
        "/?format=feed&type=atom": "/feeds/all.atom",
        "/?format=feed": "/feeds/all.json",
        "/index.php?q=%C3%A9t%C3%A9+1": "/feeds/research.rss",
    }
    content_folder(content, {"a": {}}, SITE + as_yaml({"redirects": old}))
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    for asked, new in old.items():
        found = client.get(asked)
        assert (found.status_code, found.headers.get("Location")) == (301, f"https://news.example{new}"), asked
        assert "max-age" in found.headers["Cache-Control"]
    assert client.get("/?type=rss&utm_source=x&format=feed").headers["Location"].endswith("/feeds/all.rss")
    assert client.get("/index.php?q=%c3%a9t%c3%a9%201").headers["Location"].endswith("/feeds/research.rss")
    assert [client.get(asked).status_code for asked in ("/", "/?p=1", "/?p=123", "/?_=p", "/feeds/all.rss?p=12")] == [
        200
    ] * 5
    assert client.get("/index.php").status_code == client.get("/index.php?q=x").status_code == 404


@pytest.mark.parametrize("old", ["/a?", "/a?b=c d", "/a%3Fb?c=d", "?a=b", "/a?b=c#d"])
def test_a_redirect_from_an_impossible_path_or_query_is_reported(content: Path, old: str) -> None:
    site, problems = content_folder(content, {}, SITE + as_yaml({"redirects": {old: "/"}})).load_site()
    assert site is None and len(problems) == 1


def test_a_home_page_on_the_sites_host_follows_an_overridden_site_url(content: Path) -> None:
    """C5: readers expect the channel's link on the host of its items."""
    content_folder(content, {"a": {}}, SITE + "home: https://NEWS.example/actu\n")
    client = Client(create_app(Settings(content, "https://other.example"), clock=lambda: NOW).wsgi_app)
    assert feedparser.parse(client.get("/feeds/all.rss").data).feed.link == "https://other.example/actu"


def test_a_file_that_browsers_would_execute_is_sandboxed(content: Path) -> None:
    attached = [{"file": name, "title": "Un fichier"} for name in ("a.svg", "a.html", "a.pdf")]
    content_folder(content, {"a": {"attachments": attached}})
    for name in ("a.svg", "a.html", "a.pdf"):
        (content / "media" / name).write_text("<script>x</script>")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    for name, is_boxed in (("a.svg", True), ("a.html", True), ("a.pdf", False)):
        policy = client.get(f"/media/{name}", buffered=True).headers["Content-Security-Policy"]
        assert ("sandbox" in policy) is is_boxed


def test_a_changed_file_gets_a_new_etag(content: Path) -> None:
    """A4: a strong ETag never identifies two different contents."""
    content_folder(content, {"a": {"attachments": [{"file": "a.txt", "title": "Un fichier"}]}})
    file = content / "media" / "a.txt"
    file.write_text("one")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    first = client.get("/media/a.txt", buffered=True).headers["ETag"]
    file.write_text("another")
    second = client.get("/media/a.txt", buffered=True)
    assert second.headers["ETag"] != first and second.text == "another"
    file.unlink()
    file.symlink_to("/etc/hostname")
    assert client.get("/media/a.txt", buffered=True).status_code == 404
    file.unlink()
    file.mkdir()
    assert client.get("/media/a.txt", buffered=True).status_code == 404


def test_only_large_response_bodies_count_towards_the_download_limit(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(content, {"a": {"attachments": [{"file": "film.mp4", "title": "Un film"}]}})
    (content / "media" / "film.mp4").write_bytes(b"\0" * (web.LARGE_FILE_BYTES + 1))
    client = Client(create_app(Settings(content), clock=lambda: NOW))

    def asked(path: str = "/media/film.mp4", method: str = "GET", **headers: str) -> tuple[int, Headers]:
        with closing(
            client.open(path, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
        ) as found:
            return found.status_code, found.headers

    etag = asked(method="HEAD")[1]["ETag"]
    monkeypatch.setattr(web, "download_slots", threading.Semaphore(0))
    status, headers = asked()
    assert (status, headers["Retry-After"]) == (503, "60")
    assert asked(method="HEAD")[0] == 200
    assert asked(If_None_Match=etag)[0] == 304
    assert asked(Range="bytes=0-99")[0] == 206
    assert asked(Range=f"bytes={web.LARGE_FILE_BYTES * 2}-")[0] == 416
    assert asked("/feeds/all.rss")[0] == 200


@pytest.mark.parametrize(
    ("requested", "status"),
    [
        *(
            (value, 206)
            for value in ("bytes=0-3", "bytes=4-", "bytes=-4", "Bytes=0-0", "bytes= 0-3 ", "bytes=0-999999")
        ),
        *(
            (value, 200)
            for value in ("bytes=0-1,4-5", "bytes=0-1, ", "lines=0-3", "bytes=5-2", "bytes=a-b", "bytes=", "")
        ),
        *((value, 200) for value in ("bytes=--1", "bytes=0x1-0x3", "bytes=²-3", "0-3", "bytes=1-2-3")),
        *((value, 416) for value in ("bytes=60000-", "bytes=60000-60001")),
    ],
)
def test_only_a_single_range_is_served_and_any_other_is_ignored(requested: str, status: int, content: Path) -> None:
    content_folder(content, {"a": {"attachments": [{"file": "a.bin", "title": "Un fichier"}]}})
    (content / "media" / "a.bin").write_bytes(b"0123456789" * 5_000)
    client = Client(create_app(Settings(content), clock=lambda: NOW))
    with closing(client.get("/media/a.bin", headers={"Range": requested})) as response:
        assert response.status_code == status
    with closing(client.head("/media/a.bin", headers={"Range": requested})) as response:
        assert response.status_code == 200, "RFC 9110 defines ranges for GET only"
