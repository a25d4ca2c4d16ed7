"""Takes the README's screenshots of the sample content, in Debian's Chromium: `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

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
        browser.close()


if __name__ == "__main__":
    main()
