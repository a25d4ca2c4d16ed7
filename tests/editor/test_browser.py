"""The editor in Chromium, with and without JavaScript: a whole day of an officer, accessibility, and the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.conftest import violations
from tests.processes import Process, feeds_process, get, served, wait_until

PARIS = ZoneInfo("Europe/Paris")
NAME, PASSWORD = "Élodie", "un mot de passe"


@pytest.fixture
def phone_picture(tmp_path: Path) -> Path:
    """Return a picture as a phone takes it: HEIC."""
    pillow_heif.register_heif_opener()
    path = tmp_path / "IMG_0001.HEIC"
    Image.linear_gradient("L").resize((1600, 1200)).convert("RGB").save(path, format="HEIF", quality=60)
    return path


@pytest.fixture
def program_pdf(tmp_path: Path) -> Path:
    path = tmp_path / "Programme de la journée.pdf"
    path.write_bytes(b"%PDF-1.4\n%%EOF\n")
    return path


@contextmanager
def office(content: Path) -> Iterator[int]:
    """Run the editor, with an account, until the block ends, and yield its port."""
    state = str(content.parent / "editor-state")
    with feeds_process(content, "editors", "add", NAME, "--password", PASSWORD, FEEDS_STATE=state) as process:
        assert process.wait() == 0
    with served(content, command="edit", FEEDS_STATE=state, FEEDS_RESCAN="1") as (port, _):
        yield port


class Public:
    """The public server, a process of its own."""

    def __init__(self, port: int, process: Process) -> None:
        self._port, self._process = port, process

    def text(self, path: str) -> str:
        return get(self._port, path)[2].decode()

    def entry(self, title: str) -> Any:
        return next(each for each in feedparser.parse(self.text("/feeds/research.rss")).entries if each.title == title)

    def wait_for(self, text: str, path: str, seconds: float = 30) -> None:
        wait_until(lambda: text in self.text(path), self._process, seconds)


def sign_in(page: Page, port: int) -> None:
    page.goto(f"http://127.0.0.1:{port}/edit")
    page.get_by_label("Nom").fill(NAME)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tous les articles")


class Clicks:
    """Clicks of an officer, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def on(self, role: str, name: str) -> None:
        self.count += 1
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    def check(self, name: str) -> None:
        self.count += 1
        self.page.get_by_label(name, exact=True).check()


def next_minute() -> datetime:
    """Return the next full minute that is at least 12 seconds away, in the site's time zone."""
    return (datetime.now(PARIS) + timedelta(seconds=72)).replace(second=0, microsecond=0)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_an_officer_writes_schedules_corrects_translates_and_withdraws_an_article(
    javascript: bool, browser: Browser, sample: Path, phone_picture: Path, program_pdf: Path
) -> None:
    with office(sample) as port, served(sample, FEEDS_RESCAN="1") as server:
        public = Public(*server)
        context = browser.new_context(locale="fr-FR", java_script_enabled=javascript)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        sign_in(page, port)

        clicks = Clicks(page)
        clicks.on("link", "Nouvel article")
        page.get_by_label("Titre", exact=True).fill("Une journée au laboratoire")
        page.get_by_label("Texte", exact=True).fill("Le centre ouvre **six laboratoires**.")
        page.locator("#picture-upload").set_input_files(phone_picture)
        page.locator("#attachments-0-upload").set_input_files(program_pdf)
        clicks.count += 2  # for the two files
        if javascript:
            expect(page.locator("#picture-file")).to_have_value(re.compile(r"20\d\d/img-0001\.jpg"))
            expect(page.locator("#attachments-0-file")).to_have_value(
                re.compile(r"20\d\d/programme-de-la-journee\.pdf")
            )
        clicks.on("button", "Publier ou programmer")

        expect(page.locator("#errors")).to_contain_text("Pas encore enregistré")
        if javascript:
            expect(page.locator("#errors")).to_be_focused()
        assert page.locator("#errors li").count() == 3
        for field in ("picture-alt", "attachments-0-title"):
            expect(page.locator(f"#{field}-messages")).to_have_text("Remplissez ce champ.")
            assert f"{field}-messages" in (page.locator(f"#{field}").get_attribute("aria-describedby") or "")
        expect(page.locator("#categories-messages")).to_contain_text("Choisissez au moins une rubrique.")
        page.get_by_label("Ce que montre l’image").fill("Un dégradé de gris.")
        page.locator("#attachments-0-title").fill("Programme")
        clicks.check("Recherche")
        clicks.check("Science et société")
        clock = next_minute()
        page.get_by_label("Publication", exact=True).fill(clock.strftime("%Y-%m-%dT%H:%M"))
        page.get_by_label("Résumé", exact=True).fill("Le centre ouvre ses portes.")

        if javascript:
            preview = page.frame_locator("#preview")
            expect(preview.get_by_role("heading", name="Sur les réseaux sociaux")).to_be_visible()
        else:
            page.get_by_role("button", name="Aperçu").click()
            preview = page.frame_locator("#preview")
        expect(preview.locator(".reader")).to_contain_text("Le centre ouvre ses portes.")
        expect(preview.locator(".post", has_text="Mastodon").first).to_contain_text("Une journée au laboratoire")
        expect(preview.locator(".post img").first).to_be_visible()
        page_frame = preview.frame_locator("iframe.page")
        expect(page_frame.get_by_role("heading", level=1)).to_have_text("Une journée au laboratoire")

        clicks.on("button", "Publier ou programmer")
        expect(page.locator(".notice")).to_contain_text(f"à {clock:%H:%M}")
        assert clicks.count < 15

        assert "Une journée au laboratoire" not in public.text("/feeds/research.rss")
        public.wait_for("Une journée au laboratoire", "/feeds/research.rss", seconds=100)
        assert timedelta(0) <= datetime.now(PARIS) - clock < timedelta(seconds=3)
        entry = public.entry("Une journée au laboratoire")
        assert any(link["type"] == "image/jpeg" for link in entry.enclosures)
        assert "programme-de-la-journee.pdf" in public.text("/articles/une-journee-au-laboratoire")

        page.reload()
        page.get_by_label("Titre", exact=True).fill("Une journée dans les laboratoires")
        page.get_by_label("Oui : la page indique « mis à jour », et l’article est de nouveau signalé").check()
        page.get_by_role("button", name="Enregistrer", exact=True).click()
        expect(page.locator(".notice")).to_have_text("Enregistré. L’article est en ligne.")
        public.wait_for("Une journée dans les laboratoires", "/feeds/research.atom")
        corrected = public.entry("Une journée dans les laboratoires")
        assert corrected.id == entry.id and corrected.published == entry.published

        page.get_by_role("link", name="Traduire").click()
        expect(page.locator(".original").first).to_contain_text("Une journée dans les laboratoires")
        page.get_by_label("Titre", exact=True).fill("A day in the laboratories")
        page.get_by_label("Texte", exact=True).fill("The centre opens six laboratories.")
        page.get_by_label("Ce que montre l’image").fill("A gradient of grey.")
        page.locator("#attachments-0-title").fill("Programme")
        page.get_by_role("button", name="Publier ou programmer").click()
        expect(page.locator(".notice")).to_have_text("Enregistré. L’article est en ligne.")
        public.wait_for("A day in the laboratories", "/en/feeds/research.rss")
        public.wait_for("/en/articles/a-day-in", "/articles/une-journee-au-laboratoire")

        page.goto(f"http://127.0.0.1:{port}/edit/une-journee-au-laboratoire")
        page.get_by_text("Retirer cet article").click()
        page.get_by_label("Motif (rendu public)").fill("La journée est annulée.")
        page.get_by_role("button", name="Enregistrer", exact=True).click()
        expect(page.locator(".notice")).to_have_text("Retiré. Le motif s’affiche à sa place.")
        public.wait_for("La journée est annulée.", "/articles/une-journee-au-laboratoire")
        assert errors == []
        context.close()


PAGES = {
    "list": "/edit",
    "filtered": "/edit?status=draft&q=x",
    "new": "/edit/new",
    "form": "/edit/cheque-ligue",
    "draft": "/edit/brouillon-microscopie",
    "translation": "/edit/new?translate=papillomavirus",
    "text": "/edit/casse",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_of_the_editor_violates_a_rule_of_accessibility(
    scheme: str, width: int, browser: Browser, sample: Path
) -> None:
    (sample / "articles" / "casse.yaml").write_text("title: a: b\n", encoding="utf-8")
    with office(sample) as port:
        context = browser.new_context(locale="fr-FR", color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/edit")
        found = {"sign-in": violations(page)}
        page.get_by_label("Nom").fill("x")
        page.get_by_label("Mot de passe").fill("y")
        page.get_by_role("button", name="Se connecter").click()
        found["refused"] = violations(page)
        sign_in(page, port)
        for name, path in PAGES.items():
            page.goto(f"http://127.0.0.1:{port}{path}")
            if name in ("form", "translation"):
                page.locator("#title").fill("Un autre titre")
                expect(page.frame_locator("#preview").locator(".reader")).to_be_visible()
            found[name] = violations(page)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, (name, overflow)
        page.goto(f"http://127.0.0.1:{port}/edit/new")
        page.get_by_role("button", name="Publier ou programmer").click()
        found["errors"] = violations(page)
        page.goto(f"http://127.0.0.1:{port}/edit/shared/x")
        found["message"] = violations(page)
        assert found == dict.fromkeys(found, [])
        context.close()


def test_the_keyboard_alone_is_enough(browser: Browser, sample: Path) -> None:
    """From the list to a saved draft: Tab, Enter, Space and letters only."""
    with office(sample) as port:
        page = browser.new_page(locale="fr-FR")
        sign_in(page, port)
        keyboard = page.keyboard

        def tab_to(selector: str) -> None:
            for _ in range(80):
                keyboard.press("Tab")
                if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                    assert outline != "none", selector
                    return
            pytest.fail(f"{selector} is not reached with Tab")

        tab_to("a.button")
        keyboard.press("Enter")
        page.wait_for_url("**/edit/new")
        tab_to("#title")
        keyboard.type("Au clavier")
        tab_to('[data-before="**"]')
        tab_to("#body")
        keyboard.type("Un texte.")
        tab_to('input[name="categories"]')
        keyboard.press("Space")
        tab_to('button[name="draft"][value="true"]')
        keyboard.press("Enter")
        expect(page.locator(".notice")).to_contain_text("Enregistré comme brouillon")
        (path,) = (sample / "articles").rglob("au-clavier.yaml")
        assert "categories: [research]" in path.read_text(encoding="utf-8")
        page.close()


def test_the_script_formats_previews_drops_and_warns(browser: Browser, sample: Path, phone_picture: Path) -> None:
    with office(sample) as port:
        page = browser.new_page(locale="fr-FR")
        sign_in(page, port)
        page.goto(f"http://127.0.0.1:{port}/edit/new")
        body = page.get_by_label("Texte", exact=True)
        body.fill("gras")
        body.select_text()
        page.get_by_role("button", name="Gras").click()
        expect(body).to_have_value("**gras**")
        body.press("Home")
        page.get_by_role("button", name="Intertitre").click()
        expect(body).to_have_value("## **gras**")
        data = phone_picture.read_bytes()
        page.evaluate(
            """([bytes, selector]) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([new Uint8Array(bytes)], "photo.heic"));
              document.querySelector(selector).dispatchEvent(
                new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
            }""",
            [list(data), '.drop[data-name="picture"]'],
        )
        expect(page.locator("#picture-file")).to_have_value(re.compile(r"photo\.jpg"))
        expect(page.locator('.drop[data-name="picture"] .upload-status')).to_have_text("Fichier envoyé.")
        picture = page.locator(".focus img")
        expect(picture).to_be_visible()
        box = picture.bounding_box()
        assert box
        picture.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
        expect(page.locator("#picture-focus")).to_have_value(re.compile(r"0\.2[45], 0\.50?"))
        expect(page.locator(".focus .point")).to_be_visible()
        asked: list[str] = []

        def accept(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", accept)
        page.get_by_role("link", name="Tous les articles").click()
        page.wait_for_url("**/edit")
        assert asked == ["beforeunload"]
        page.close()
