"""The pages in a real browser: common user journeys, and checks with axe-core and the Nu HTML checker."""

from __future__ import annotations

import gzip
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
from tests.builders import NOW, PLAIN, ROOT, SAMPLE, SITE, as_yaml, content_folder
from tests.conftest import violations
from tests.processes import FEEDS, environment, free_port, nginx, served

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
    "author": "/feeds/authors/ligue-contre-le-cancer",
    "all articles": "/en/feeds/all",
    "page of the site": "/pages/mentions-legales",
    "search": "/search?q=ligue",
    "search without results": "/en/search?q=zzz",
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


def test_the_menu_of_a_phone_opens_with_the_keyboard_and_fits_nine_categories(content: Path, browser: Browser) -> None:
    names = ["Recherche fondamentale", "Essais cliniques", "Science et société", "Soutiens", "Vie du centre"]
    names += ["Formation", "Innovation et partenariats", "Prévention", "Prix et distinctions"]
    categories = {f"c{number}": {"title": name, "description": name} for number, name in enumerate(names)}
    site = SITE.partition("categories:")[0] + as_yaml({"categories": categories})
    content_folder(content, {"a": {"categories": ["c3"]}}, site)
    with served(content, FEEDS_URL=HERE) as (port, _):
        context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
        page = context.new_page()
        page.goto(HERE.format(port=port) + "/articles/a")
        expect(page.locator("nav.topics").get_by_role("link", name="Soutiens")).to_be_hidden()
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.locator("summary:focus").count():
                break
        page.keyboard.press("Enter")
        menu = page.get_by_role("navigation", name="Rubriques")
        expect(menu.get_by_role("link")).to_have_count(9)
        expect(menu.get_by_role("link", name="Soutiens")).to_have_attribute("aria-current", "true")
        assert all(menu.get_by_role("link", name=name).is_visible() for name in names)
        page.keyboard.press("Tab")
        expect(menu.get_by_role("link").first).to_be_focused()
        page.set_viewport_size({"width": 1280, "height": 800})
        assert menu.get_by_role("link").last.is_visible() and page.locator("summary").first.is_visible()
        context.close()


def test_a_visitor_searches_reads_and_follows_the_search(page: Page, site: str) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("l’intelligence")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site}/search?q=l%E2%80%99intelligence")
    expect(page.get_by_role("heading", level=2).first).to_have_text("Un résultat pour « l’intelligence »")
    page.get_by_role("link", name="Fête de la science").click()
    page.get_by_role("button", name="Copier le lien").click()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}/articles/fete-de-la-science"
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger l’image").click()
    assert download.value.suggested_filename.endswith(".jpg")


@pytest.mark.parametrize("query", ["génétique", "genetique", "d’une cellule", "zzz"])
def test_a_built_folder_is_searched_by_the_browser(
    query: str, browser: Browser, searchable: tuple[str, Path], program: Callable[[str], str]
) -> None:
    """With the policy that nginx sends: no inline code, and only our own scripts and WebAssembly."""
    address, _ = searchable
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.goto(address)
    page.get_by_role("searchbox").fill(query)
    page.keyboard.press("Enter")
    expect(page.locator("#results h2")).to_contain_text(query, timeout=20_000)
    if query == "zzz":
        expect(page.locator("#results h2")).to_have_text("Aucun résultat pour « zzz »")
    else:
        page.locator("#results h3 a").first.click()
        expect(page).to_have_url(f"{address}/articles/cellules-resistantes")
    assert said == []
    context.close()


@pytest.fixture(scope="module")
def searchable(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[tuple[str, Path]]:
    """Yield the address and the folder of the sample, built with an index for searches and served by nginx."""
    folder, port = tmp_path_factory.mktemp("searchable"), free_port()
    address = HERE.format(port=port)
    command = [*FEEDS, "build", str(folder / "files")]
    variables = {**environment(SAMPLE, FEEDS_URL=address), "FEEDS_STATE": str(folder / "state")}
    subprocess.run(command, env=variables, check=True, capture_output=True)
    config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8").replace("/srv/feeds", f"{folder}/files")
    config = config.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")
    with nginx(program("nginx"), config, folder):
        yield address, folder / "files"


def test_the_index_of_a_built_folder_has_only_live_articles_and_is_the_same_each_time(
    searchable: tuple[str, Path],
) -> None:
    address, files = searchable
    fragments = [gzip.decompress(path.read_bytes()) for path in (files / "pagefind" / "fragment").iterdir()]
    titles = {json.loads(each.removeprefix(b"pagefind_dcd"))["meta"]["title"] for each in fragments}
    assert "Pourquoi certaines cellules échappent-elles au traitement\u202f?" in titles
    assert not [each for each in titles if "Le cancer du sein en chiffres" in each or "microscop" in each]
    variables = {**environment(SAMPLE, FEEDS_URL=address), "FEEDS_STATE": str(files.parent / "state")}
    again = subprocess.run([*FEEDS, "build", str(files)], env=variables, check=True, capture_output=True, text=True)
    assert again.stdout.startswith("0 written, 0 removed")
