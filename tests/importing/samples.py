"""Feeds and exports of other systems for tests, and what imports them."""

from __future__ import annotations

import re
from pathlib import Path

from feeds import create_app
from feeds.settings import Settings
from tests.builders import NOW, content_folder


def numbers(printed: str) -> dict[str, int]:
    """Return the numbers in the table at the end of an import."""
    return {label: int(number) for label, number in re.findall(r"(?m)^  ([a-z ]+?) +([0-9]+)(?:  .*)?$", printed)}


def item(id: str, more: str = "", date: str = "Sun, 01 Mar 2026 09:00:00 GMT") -> str:
    return f"<item><title>T {id}</title><guid>{id}</guid><pubDate>{date}</pubDate>{more}</item>"


def rss(*items: str) -> str:
    namespaces = 'xmlns:ext="https://x.example/ns" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return f'<rss version="2.0" {namespaces}><channel><title>x</title>{"".join(items)}</channel></rss>'


def imported(folder: Path, document: str, *more: str, code: int = 0) -> str:
    if not (folder / "content").exists():
        content_folder(folder / "content", {})
    (folder / "old.xml").write_text(document, encoding="utf-8")
    app = create_app(Settings(folder / "content"), clock=lambda: NOW)
    done = app.test_cli_runner().invoke(args=["import", str(folder / "old.xml"), "--map", "*=research", *more])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def wxr(*items: str) -> str:
    names = 'xmlns:wp="http://wordpress.org/export/1.2/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    channel = "<title>Old</title><link>https://old.example</link><wp:wxr_version>1.2</wp:wxr_version>"
    return f'<rss version="2.0" {names}><channel>{channel}{"".join(items)}</channel></rss>'


def post(id: str, text: str = "Text", *, type: str = "post", status: str = "publish", link: str = "") -> str:
    return (
        f"<item><title>T {id}</title><link>{link}</link><guid>{id}</guid><content:encoded><![CDATA[{text}]]>"
        f"</content:encoded><wp:post_id>{id}</wp:post_id><wp:post_date_gmt>2026-01-05 10:00:00</wp:post_date_gmt>"
        f"<wp:status>{status}</wp:status><wp:post_type>{type}</wp:post_type></item>"
    )
