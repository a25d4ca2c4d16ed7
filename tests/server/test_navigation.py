"""A person who opens a feed in a browser is redirected to its page; a feed reader is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.test import Client

from feeds.edition.feed_pages import feed_page
from tests.builders import SAMPLE, TESTS, site
from tests.conftest import at_both_addresses
from tests.processes import forwarding_app, free_port, nginx, served

Put = Callable[[str], str]

PERSON = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"}
"""What Chromium and Firefox send when somebody opens an address."""

READERS = {
    "no header at all": {},
    "an extension that fetches": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "cross-site"},
    "a script of the same site": {"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "empty"},
    "a reader in a web view": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty", "Accept": "text/html"},
    "a frame": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "an embedded document": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "embed"},
    "a download": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "empty"},
    "only the mode": {"Sec-Fetch-Mode": "navigate"},
    "only the destination": {"Sec-Fetch-Dest": "document"},
    "a prefetch": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty", "Sec-Purpose": "prefetch"},
}

FEED_PAGES = {
    "/feeds/all.rss": "/feeds/all",
    "/feeds/all.atom": "/feeds/all",
    "/feeds/all.json": "/feeds/all",
    "/en/feeds/research.rss": "/en/feeds/research",
    "/feeds/research/2025-10.rss": "/feeds/research",
    "/feeds/tags/don.rss": "/feeds/tags/don",
    "/feeds/all/2025-10.atom": "/feeds/all",
    "/feeds/authors/ligue-contre-le-cancer.json": "/feeds/authors/ligue-contre-le-cancer",
    "/feeds/press.rss": "/feeds/press",
    "/feeds/all.mastodon.rss": "/feeds/all",
    "/feeds/outreach.podcast.rss": "/feeds/outreach",
    "/rss.xml": "/feeds/all",
    "/feed.json": "/feeds/all",
    "/en/atom.xml": "/en/feeds/all",
}


@at_both_addresses
def test_a_person_who_opens_a_feed_is_redirected_to_its_page(client: Client, path: Put, address: str) -> None:
    for feed, page in FEED_PAGES.items():
        found = client.get(path(feed), headers=PERSON)
        location = re.sub("^https?://[^/]+", "", found.headers["Location"])
        assert (found.status_code, location) == (303, f"{path(page)}#subscribe"), feed
        assert found.headers["Cache-Control"] == "no-store" and "Vary" not in found.headers
        target = client.get(path(page), headers=PERSON)
        assert target.status_code == 200 and b'id="subscribe"' in target.data
    for other in ("/", "/feeds/all", "/articles/cheque-ligue", "/feeds.opml", "/manifest.json", "/sitemap.xml"):
        assert client.get(path(other), headers=PERSON).status_code == 200


def test_a_person_can_see_the_feed_itself(client: Client, path: Put) -> None:
    plain = client.get(path("/feeds/research.rss")).data
    for query in ("raw", "a=b&raw", "raw&utm_source=x"):
        found = client.get(f"{path('/feeds/research.rss')}?{query}", headers=PERSON)
        assert (found.status_code, found.data) == (200, plain)
    for query in ("rawer", "a=raw"):
        assert client.get(f"{path('/feeds/research.rss')}?{query}", headers=PERSON).status_code == 303
    page = client.get(path("/feeds/research")).text
    assert f'href="{path("/feeds/research.rss")}?raw"' in page


@pytest.mark.parametrize("kind", READERS)
def test_other_requests_are_not_redirected(kind: str, client: Client, path: Put) -> None:
    for feed in FEED_PAGES:
        assert client.get(path(feed), headers=READERS[kind]).status_code == 200, feed


def test_no_known_reader_is_redirected(client: Client, path: Put) -> None:
    lines = (TESTS / "data" / "agents.txt").read_text(encoding="utf-8").splitlines()
    agents = [line.split(" | ")[4] for line in lines if not line.startswith("#")]
    assert len(agents) > 60
    for agent in agents:
        headers = {"User-Agent": agent.encode("latin-1", "replace").decode("latin-1"), "Accept": "text/html, */*"}
        assert client.get(path("/feeds/all.rss"), headers=headers).status_code == 200, agent


def test_only_feeds_that_exist_are_redirected(client: Client, path: Put) -> None:
    for nothing in (
        "nope.rss",
        "tags/nope.atom",
        "ALL.rss",
        "tags.rss",
        "all/1999-01.rss",
        "all.foo.rss",
        "research.podcast.rss",
    ):
        assert client.get(path(f"/feeds/{nothing}"), headers=PERSON).status_code == 404, nothing
    found = client.get(path("/feeds/all\r\nSet-Cookie: a=b\r\nX-Injected: yes\r\n.rss"), headers=PERSON)
    assert found.status_code == 404 and "X-Injected" not in found.headers and "Set-Cookie" not in found.headers


def test_only_get_is_redirected(live: Client, client: Client, path: Put) -> None:
    assert client.head(path("/feeds/all.rss"), headers=PERSON).status_code == 200
    assert live.post(path("/feeds/all.rss"), headers=PERSON).status_code == 405
    validators = {**PERSON, "If-None-Match": live.get(path("/feeds/all.rss")).headers["ETag"]}
    assert live.get(path("/feeds/all.rss"), headers=validators).status_code == 303


def test_the_feed_of_a_search_leads_to_its_page(live: Client, path: Put) -> None:
    found = live.get(f"{path('/search.rss')}?q=don+du+sang", headers=PERSON)
    assert (found.status_code, found.headers["Location"]) == (303, f"{path('/search')}?q=don+du+sang#subscribe")
    assert live.get(f"{path('/search.rss')}?q=don&raw", headers=PERSON).status_code == 200


def caching_nginx(port: int, upstream: int, folder: Path) -> str:
    config = (TESTS.parent / "deploy" / "nginx-proxy.conf").read_text(encoding="utf-8")
    config = config.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("/var/lib/nginx", str(folder))
    return config.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")


@pytest.mark.integration
def test_a_caching_proxy_never_gives_the_redirect_to_a_reader(
    sample: Path, tmp_path: Path, program: Callable[[str], str]
) -> None:
    port = free_port()
    with served(sample) as (upstream, _), nginx(program("nginx"), caching_nginx(port, upstream, tmp_path), tmp_path):
        proxy = Client(forwarding_app(port))
        for feed in ("/feeds/all.rss", "/en/feed.xml", "/feed"):
            for headers, status in ((PERSON, 303), ({}, 200), (PERSON, 303), ({}, 200), (READERS["a frame"], 200)):
                assert proxy.get(feed, headers=headers).status_code == status, (feed, headers)
        for _ in range(2):
            assert proxy.get("/feeds/all.rss").headers["X-Cache"] == "HIT"


@pytest.mark.integration
def test_a_shared_cache_that_knows_no_such_headers_is_harmless(
    sample: Path, tmp_path: Path, program: Callable[[str], str]
) -> None:
    """A plain cache stores the feed and gives it to everybody. It never stores the redirect."""
    port = free_port()
    with served(sample) as (upstream, _):
        config = (
            f"proxy_cache_path {tmp_path}/cache keys_zone=plain:1m;\n"
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{upstream};\n"
            "proxy_cache plain; proxy_cache_key $uri; proxy_cache_lock on; proxy_cache_use_stale updating;\n"
            "proxy_cache_background_update on; proxy_ignore_headers Vary; } }\n"
        )
        with nginx(program("nginx"), config, tmp_path):
            cache = Client(forwarding_app(port))
            assert [cache.get("/feeds/all.rss", headers=each).status_code for each in (PERSON, {})] == [303, 200]
            assert [cache.get("/feeds/all.rss", headers=each).status_code for each in (PERSON, {})] == [200, 200]


@pytest.mark.integration
def test_a_feed_opened_in_chromium_shows_its_page_and_how_to_subscribe(browser: Browser, tmp_path: Path) -> None:
    here = "http://127.0.0.1:{port}"
    with served(SAMPLE, FEEDS_URL=here, FEEDS_STATE=str(tmp_path)) as (port, _):
        page = browser.new_page(java_script_enabled=False)
        page.goto(f"{here.format(port=port)}/en/feeds/research.rss")
        expect(page).to_have_url(f"{here.format(port=port)}/en/feeds/research#subscribe")
        expect(page.get_by_label("Address of the feed")).to_be_visible()
        page.close()
        fetched = browser.new_page()
        script = "url => fetch(url).then(answer => answer.headers.get('content-type'))"
        kind = fetched.evaluate(script, f"{here.format(port=port)}/feeds/all.rss")  # as an extension does
        assert kind == "application/rss+xml; charset=utf-8"
        fetched.close()


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/feeds/tags/2026-03.rss", "/feeds/tags/2026-03"),
        ("/feeds/tags/2026-03/2026-04-2.json", "/feeds/tags/2026-03"),
        ("/en/feeds/authors/a/2026-04.atom", "/en/feeds/authors/a"),
        ("/feed/", "/feeds/all"),
        ("/feeds/all", None),
        ("/feeds.opml", None),
        ("/de/feeds/all.rss", None),
        ("/articles/a.rss", None),
        ("/x/feeds/all.rss", None),
        ("/feeds/a/b/c.rss", None),
    ],
)
def test_the_page_of_a_feed_follows_from_its_path(path: str, page: str | None) -> None:
    assert feed_page(site(), path) == page
