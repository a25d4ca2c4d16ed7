"""Takes the README's screenshots of the sample content, in Debian's Chromium: `make screenshots`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import access_log  # noqa: E402

from tests.builders import SAMPLE  # noqa: E402
from tests.conftest import chromium_options  # noqa: E402
from tests.processes import feeds_process, served  # noqa: E402

WIDE, NARROW = (1120, 820), (390, 820)
PICTURES = {
    "home-fr-wide-light": ("/", WIDE, "light"),
    "home-en-narrow-dark": ("/en/", NARROW, "dark"),
    "feed-fr-wide-dark": ("/feeds/research", WIDE, "dark"),
    "feed-en-narrow-light": ("/en/feeds/research", NARROW, "light"),
    "article-fr-wide-light": ("/articles/cheque-ligue", WIDE, "light"),
    "article-en-narrow-dark": ("/en/articles/cheque-ligue-en", NARROW, "dark"),
    "preview-fr-wide-light": ("/preview/cheque-ligue", (1120, 1700), "light"),
}


def main() -> None:
    """Rewrite the pictures in docs/pictures."""
    state = tempfile.TemporaryDirectory()
    server = served(SAMPLE, command="preview", FEEDS_STATE=state.name)
    with state, server as (port, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=chromium_options())
        for name, (path, (width, height), scheme) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"http://127.0.0.1:{port}{path}")
            page.screenshot(path=ROOT / "docs" / "pictures" / f"{name}.png")
        log, html = Path(state.name) / "access.log", Path(state.name) / "audience.html"
        log.write_text("".join(access_log.lines(30, 400)), encoding="ascii")
        with feeds_process(
            SAMPLE, "audience", str(log), "--html", str(html), FEEDS_STATE=state.name
        ) as audience_process:
            audience_process.wait()
        page = browser.new_page(viewport={"width": WIDE[0], "height": 1480}, color_scheme="light")
        page.goto(html.as_uri())
        page.screenshot(path=ROOT / "docs" / "pictures" / "audience-fr-wide-light.png")
        take_editor(browser, state.name)
        browser.close()


def take_editor(browser: Browser, state: str) -> None:
    """Take pictures of the editor in both languages, for the guides for authors."""
    content = Path(state) / "content"
    shutil.copytree(SAMPLE, content)
    with served(content, command="edit", FEEDS_STATE=f"{state}/editor") as (port, _):
        for language in ("fr", "en"):
            context = browser.new_context(
                locale=f"{language}-{language.upper()}", viewport={"width": 1280, "height": 900}
            )
            page = context.new_page()
            slug = "cheque-ligue" if language == "fr" else "cheque-ligue-en"
            for name, path, selector in (
                ("list", "/edit", ".articles"),
                ("form", f"/edit/{slug}", "#preview"),
                ("errors", "/edit/new", "#preview"),
            ):
                page.goto(f"http://127.0.0.1:{port}{path}")
                if name == "errors":
                    page.locator("#title").fill("Portes ouvertes" if language == "fr" else "Open day")
                    page.locator('button[name="draft"][value=""]').click()
                    page.locator("#errors").wait_for()
                if name == "form":
                    page.frame_locator("#preview").frame_locator("iframe.page").locator("h1").wait_for()
                page.locator(selector).wait_for()
                page.screenshot(path=ROOT / "docs" / "pictures" / f"editor-{name}-{language}-wide-light.png")
            context.close()


if __name__ == "__main__":
    main()
