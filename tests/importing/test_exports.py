"""For any export, whatever its system: ids, dates and links between entries survive."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.importing.categories import Categories
from feeds.importing.ghost import read_ghost_export
from feeds.importing.importer import Importer
from feeds.importing.markdown_folder import read_markdown_folder
from feeds.importing.old_feed import OldFeed
from feeds.importing.old_xml import read_feed
from feeds.importing.wxr import read_wordpress_export
from feeds.model.site import Site
from tests.builders import NOW, content_folder
from tests.builders import site as make_site

HOME = "https://old.example"
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True)
class Entry:
    """An entry of an export: its number is in its address, and its text links to the entry `link`."""

    number: int
    id: str
    date: datetime
    link: int
    is_draft: bool

    @property
    def url(self) -> str:
        """Its address."""
        return f"{HOME}/{self.date:%Y}/titre-{self.number}/"

    def text(self, entries: Sequence[Entry]) -> str:
        """Return its text as HTML."""
        return f'<p>Texte <a href="{entries[self.link].url}#suite">lien</a></p>'


def as_rss(entries: Sequence[Entry]) -> bytes:
    items = "".join(
        f"<item><title>Titre {each.number}</title><link>{each.url}</link><guid>{html.escape(each.id)}</guid>"
        f"<pubDate>{each.date:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>{html.escape(each.text(entries))}</description></item>"
        for each in entries
        if not each.is_draft
    )
    return f"<rss version='2.0'><channel><title>x</title><link>{HOME}/</link>{items}</channel></rss>".encode()


def as_atom(entries: Sequence[Entry]) -> bytes:
    """Return the entries as Blogger exports them."""
    items = "".join(
        f"<entry><id>{html.escape(each.id)}</id><title>Titre {each.number}</title>"
        f"<link rel='alternate' href='{each.url}'/><published>{each.date.isoformat()}</published>"
        f"<content type='html'>{html.escape(each.text(entries))}</content>"
        f"<app:control><app:draft>{'yes' if each.is_draft else 'no'}</app:draft></app:control></entry>"
        for each in entries
    )
    namespaces = "xmlns='http://www.w3.org/2005/Atom' xmlns:app='http://www.w3.org/2007/app'"
    return f"<feed {namespaces}><title>x</title><link href='{HOME}/'/>{items}</feed>".encode()


def as_json(entries: Sequence[Entry]) -> bytes:
    items = [
        {
            **{"id": each.id, "title": f"Titre {each.number}", "url": each.url, "status": "draft" * each.is_draft},
            **{"date_published": each.date.isoformat(), "content_html": each.text(entries)},
        }
        for each in entries
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "home_page_url": f"{HOME}/", "items": items}
    return json.dumps(document).encode()


def as_wxr(entries: Sequence[Entry]) -> bytes:
    items = "".join(
        f"<item><title>Titre {each.number}</title><link>{each.url}</link><guid>{html.escape(each.id)}</guid>"
        f"<content:encoded>{html.escape(each.text(entries))}</content:encoded><wp:post_type>post</wp:post_type>"
        f"<wp:status>{'draft' if each.is_draft else 'publish'}</wp:status>"
        f"<wp:post_name>titre-{each.number}</wp:post_name>"
        f"<wp:post_date_gmt>{each.date:%Y-%m-%d %H:%M:%S}</wp:post_date_gmt></item>"
        for each in entries
    )
    namespaces = "xmlns:wp='http://wordpress.org/export/1.2/' xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    channel = f"<link>{HOME}/</link><wp:wxr_version>1.2</wp:wxr_version>{items}"
    return f"<rss version='2.0' {namespaces}><channel>{channel}</channel></rss>".encode()


def as_ghost(entries: Sequence[Entry]) -> bytes:
    posts = [
        {
            **{"id": each.id, "title": f"Titre {each.number}", "slug": f"{each.date:%Y}/titre-{each.number}"},
            **{"html": each.text(entries), "status": "draft" if each.is_draft else "published"},
            **{"visibility": "public", "published_at": each.date.isoformat()},
        }
        for each in entries
    ]
    return json.dumps({"db": [{"meta": {"exported_on": 1}, "data": {"posts": posts}}]}).encode()


READERS: dict[str, Callable[[Sequence[Entry]], OldFeed]] = {
    "RSS": lambda entries: read_feed(as_rss(entries)),
    "Blogger": lambda entries: read_feed(as_atom(entries)),
    "JSON Feed": lambda entries: read_feed(as_json(entries)),
    "WordPress": lambda entries: read_wordpress_export(as_wxr(entries), UTC_ZONE),
    "Ghost": lambda entries: read_ghost_export(as_ghost(entries), HOME),
}

IDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Cf", "Zl", "Zp")), min_size=1, max_size=20)


@st.composite
def exports(draw: st.DrawFn) -> list[Entry]:
    ids = draw(st.lists(IDS.map(str.strip).filter(bool), min_size=1, max_size=4, unique=True))
    dates = st.datetimes(datetime(1971, 1, 1), datetime(2026, 1, 1)).map(
        lambda date: date.replace(microsecond=0, tzinfo=UTC)
    )
    links = st.integers(0, len(ids) - 1)
    entries = [Entry(number, id, draw(dates), draw(links), False) for number, id in enumerate(ids)]
    if draw(st.booleans()) and len(entries) > 1:
        entries[-1] = Entry(len(ids) - 1, ids[-1], draw(dates), draw(links), True)
    return entries


@pytest.fixture(scope="module")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Site]:
    root = tmp_path_factory.mktemp("content")
    content_folder(root, {})
    return root, make_site()


@pytest.mark.parametrize("name", READERS)
@given(entries=exports())
def test_ids_dates_and_links_survive(name: str, empty_site: tuple[Path, Site], entries: list[Entry]) -> None:
    root, site = empty_site
    feed = READERS[name](entries)
    categories = Categories.of([], site, ["*=research"])
    importer = Importer(content_folder(root, {}), site, feed, categories, now=NOW)
    plan, conversion = importer.plan(), importer.conversion(None)
    for planned in plan:
        importer.convert(planned, conversion)
    assert [planned.refusal for planned in plan if planned.refusal] == []
    pages = {planned.entry.id: planned.page for planned in plan}
    expected = {entry.id: entry for entry in entries if not entry.is_draft or name != "RSS"}
    assert pages.keys() == expected.keys()
    for planned in plan:
        entry, article = expected[planned.entry.id], planned.article
        assert article and article.id == entry.id and article.draft == entry.is_draft
        assert article.published == entry.date
        target = entries[entry.link]
        link = pages.get(target.id)
        assert article.body.strip() == f"Texte [lien]({link}#suite)" if link else target.url in article.body
    redirects = importer.addresses.redirects(categories, [], [], importer.languages)
    public = {entry.url.removeprefix(HOME): pages[entry.id] for entry in expected.values() if not entry.is_draft}
    assert public.items() <= redirects.items()


@given(entries=exports())
def test_ids_dates_and_links_of_a_folder_survive(
    empty_site: tuple[Path, Site], tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]
) -> None:
    folder = tmp_path_factory.mktemp("old")
    for each in entries:
        link = entries[each.link]
        draft = str(each.is_draft).lower()
        front = f"---\ntitle: Titre {each.number}\ndate: {each.date.isoformat()}\ndraft: {draft}\n---\n"
        (folder / f"titre-{each.number}.md").write_text(f"{front}Texte [lien](titre-{link.number}.md#suite)\n")
    read = read_markdown_folder(
        folder, home=f"{HOME}/", zone=UTC_ZONE, languages=("en",), old_feed=read_feed(as_rss(entries))
    ).feed
    assert len(read.entries) == len(entries)
    found = {entry.title: entry for entry in read.entries}
    for each in entries:
        entry, link = found[f"Titre {each.number}"], entries[each.link]
        assert entry.published == each.date and entry.is_draft == each.is_draft
        if not each.is_draft:
            assert (entry.id, entry.url) == (each.id, each.url)
        if not link.is_draft:
            assert f'<a href="{link.url}#suite">' in entry.html
