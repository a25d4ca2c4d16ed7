"""The pages in a real browser: common user journeys, and checks with axe-core and the Nu HTML checker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.test import Client

from feeds import create_app
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SAMPLE, as_yaml, content_folder
from tests.conftest import violations
from tests.processes import served

pytestmark = pytest.mark.integration

HERE = "http://127.0.0.1:{port}"

KINDS = {
    "home": "/",
    "home in English": "/en/",
    "feed": "/feeds/research",
    "tag": "/feeds/tags/don",
    "month": "/en/feeds/all/2026-01",
    "article": "/articles/cheque-ligue",
    "article with sound": "/articles/mois-sans-tabac",
    "article with a table": "/articles/cellules-resistantes",
    "withdrawn": "/articles/chiffres-du-cancer-du-sein",
    "expired": "/articles/fete-de-la-science-inscriptions",
    "nothing": "/nothing-here",
    "previews": "/preview",
    "preview": "/preview/cheque-ligue",
    "preview of a draft": "/preview/brouillon-microscopie",
}

WIDTHS: dict[int, list[Literal["light", "dark"]]] = {320: ["light", "dark"], 1280: ["dark", "light"]}
"""Widths of pages, with the colour scheme that is looked at first."""

SHIFTS = """() => new Promise(done => {
  let total = 0;
  const isOurs = each => each.sources.some(source => source.node);  // not inside the browser's own player
  new PerformanceObserver(list => { for (const each of list.getEntries().filter(isOurs)) total += each.value; })
    .observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(total)));
})"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """Yield the URL of the sample served by `feeds preview`: the pages of the production server, plus previews."""
    state = tmp_path_factory.mktemp("state")
    with served(SAMPLE, command="preview", FEEDS_URL=HERE, FEEDS_STATE=str(state)) as (port, _):
        yield HERE.format(port=port)


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(base_url=site, permissions=["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def test_a_visitor_opens_a_category_and_copies_the_url_of_its_feed(page: Page, site: str) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Recherche").click()
    expect(page).to_have_url(f"{site}/feeds/research")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recherche")
    page.get_by_text("S’abonner", exact=True).first.click()
    button = page.locator("button[data-copy=address]")
    button.click()
    expect(button).to_have_text("Copié")
    expect(page.get_by_role("status")).to_have_text("Copié")
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}/feeds/research.rss"


def test_an_article_is_read_in_both_languages(page: Page, site: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="La Ligue contre le cancer remet").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_text("9 janvier 2026", exact=True)).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(f"{site}/en/articles/cheque-ligue-en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_text("9 January 2026", exact=True)).to_be_visible()
    page.get_by_role("link", name="français").click()
    expect(page).to_have_url(f"{site}/articles/cheque-ligue")


def test_everything_but_the_copy_button_works_without_javascript(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/en/")
    page.get_by_role("link", name="Subscribe").first.click()
    field = page.get_by_label("Address of the feed")
    expect(field).to_be_visible()
    expect(field).to_have_value(f"{site}/en/feeds/all.rss")
    expect(page.locator("button[data-copy]")).to_be_hidden()
    page.get_by_role("link", name="January").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("January 2026")
    page.get_by_role("link", name="Girls and science").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Girls and science: why not you?")
    context.close()


def test_an_open_preview_updates_when_the_article_is_saved(content: Path, browser: Browser) -> None:
    content_folder(content, {"a": {"title": "Le premier jet", "draft": "true"}})
    with served(content, command="preview", FEEDS_URL=HERE) as (port, _):
        page = browser.new_page()
        page.goto(HERE.format(port=port) + "/preview/a")
        expect(page.get_by_role("heading", level=1)).to_have_text("Le premier jet")
        changed = as_yaml({**PLAIN, "title": "La relecture", "draft": "true"})
        (content / "articles" / "a.yaml").write_text(changed, encoding="utf-8")
        expect(page.get_by_role("heading", level=1)).to_have_text("La relecture", timeout=15_000)
        expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text("La relecture")
        (content / "articles" / "a.yaml").write_text("title: La faute\n", encoding="utf-8")
        expect(page.get_by_text("absent (attendu").first).to_be_visible(timeout=15_000)
        page.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_accessible_self_contained_and_stable(kind: str, browser: Browser, site: str, is_long: bool) -> None:
    """No axe-core violation, console message, request to another host, layout shift or horizontal overflow.

    The page is loaded narrow in light and wide in dark, and with --long in all four ways.
    """
    context = browser.new_context(base_url=site)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.on("request", lambda request: asked.append(request.url))
    for width, schemes in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(KINDS[kind])
        assert page.evaluate(SHIFTS) == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in schemes if is_long else schemes[:1]:
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == [], (width, scheme)
    assert [each for each in said if "404" not in each or kind != "nothing"] == []
    assert [each for each in asked if not each.startswith(f"{site}/")] == []
    context.close()


def test_the_html_checker_finds_no_error(
    tmp_path: Path, program: Callable[[str], str], node_package: Callable[[str], str]
) -> None:
    checker = node_package("vnu-jar/build/dist/vnu.jar")
    client = Client(create_app(Settings(SAMPLE), clock=lambda: NOW, previews=True).wsgi_app)
    for kind, below in KINDS.items():
        (tmp_path / f"{kind.replace(' ', '-')}.html").write_bytes(client.get(below).data)
    command = [program("java"), "-jar", checker, "--format", "json", "--exit-zero-always", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    messages = json.loads(found.stderr)["messages"]
    told = [f"{each['url']}:{each.get('lastLine')}: {each['message']}" for each in messages]
    assert told == []
    assert len(list(tmp_path.iterdir())) == len(KINDS)
