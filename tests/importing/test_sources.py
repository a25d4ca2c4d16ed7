"""Documents of other systems are read as what they are: drafts, dates and characters included."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feeds import create_app
from feeds.importing.characters import join_surrogates, repair_document, repair_references
from feeds.importing.dates import read_date
from feeds.importing.ghost import is_ghost_export, read_ghost_export
from feeds.importing.markdown import to_markdown
from feeds.importing.old_feed import FeedError, OldFeed, OldPicture
from feeds.importing.old_xml import read_feed
from feeds.model.yamlfile import parse_yaml
from feeds.settings import Settings
from tests.builders import NOW, content_folder
from tests.importing.samples import imported, item, numbers, rss

REFERENCES = {
    "a&#55357;&#56832;b": "a&#128512;b",
    "&#xD83D;&#xde00;": "&#128512;",
    "&#65;&#55357;&#56832;&#55357;": "&#65;&#128512;&#65533;",
    "&#x110000;&#0;&#8;&#xFFFF;": "&#65533;" * 4,
    "&#99999999999999999999;": "&#65533;",
    "&#10;&#x1F600;&#233;&#00055;": "&#10;&#x1F600;&#233;&#00055;",
    "&amp;#1; & &#": "&amp;#1; & &#",
}


@pytest.mark.parametrize(("source", "expected"), REFERENCES.items())
def test_references_become_valid(source: str, expected: str) -> None:
    assert repair_references(source) == expected


@given(st.lists(st.integers(0, 0x120000).map(lambda number: f"&#{number};") | st.text(max_size=3)).map("".join))
def test_any_reference_becomes_a_character(source: str) -> None:
    document = rss(f"<item><guid>a:1</guid><title><![CDATA[{source}]]></title></item>")
    (entry,) = read_feed(document.encode("utf-8", "replace")).entries
    assert join_surrogates(entry.title) == entry.title
    repaired = repair_document(f"<a>{source}</a>".encode("utf-8", "replace"))
    assert repair_document(repaired) == repaired


def test_halves_of_characters_in_json_are_joined_or_replaced() -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "a\ud83d\ude00b\ud83d"}]}
    (entry,) = read_feed(json.dumps(feed).encode()).entries
    assert entry.title == "a😀b\ufffd"


def test_one_bad_entry_does_not_end_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: str, **more: Any) -> Any:
        if "bad" in source:
            raise RecursionError
        return to_markdown(source, **more)

    monkeypatch.setattr("feeds.importing.conversion.to_markdown", fail)
    items = [item(f"a:{number}", f"<description>{text}</description>") for number, text in enumerate(("good", "bad"))]
    printed = imported(tmp_path, rss(*items))
    assert "its text cannot be read: RecursionError" in printed
    assert numbers(printed) == {"imported": 1, "already here": 0, "left out": 1, "media files": 0, "redirects": 0}


DATES = {
    "Wed, 30 Nov -0001 00:00:00 +0000": None,
    "0000-00-00 00:00:00": None,
    "2020": None,
    "2020-05": None,
    "01:00:00 PM": None,
    "2009년 01월 20일 화 14:28:25": None,
    "yesterday": None,
    "9999-12-31": None,
    "Mon, 05 Jan 2015 01:00:00 PM GMT": datetime(2015, 1, 5, 13, tzinfo=UTC),
    "Mon, 05 Jan 2015 12:30 AM +0100": datetime(2015, 1, 4, 23, 30, tzinfo=UTC),
    "2025-12-31T23:30:00-05:00": datetime(2026, 1, 1, 4, 30, tzinfo=UTC),
    "2026-01-31": datetime(2026, 1, 31, tzinfo=UTC),
    "20260131T100000Z": datetime(2026, 1, 31, 10, tzinfo=UTC),
    "Mon, 05 Jan 15 10:00:00 CET": datetime(2015, 1, 5, 9, tzinfo=UTC),
    "Sat Nov  7 10:00:00 2026": datetime(2026, 11, 7, 10, tzinfo=UTC),
    "2015-01-05T10:00:00.123Z": datetime(2015, 1, 5, 10, tzinfo=UTC),
    "Tue, 05-Mar-2024 10:00:00 GMT": datetime(2024, 3, 5, 10, tzinfo=UTC),
    "20240305100000": datetime(2024, 3, 5, tzinfo=UTC),
    "2024-03-05 10:00:00 UTC": datetime(2024, 3, 5, 10, tzinfo=UTC),
    "2024-03-05 10:00:00 +0100": datetime(2024, 3, 5, 9, tzinfo=UTC),
    "1970-01-01T00:00:00Z": None,
    "Tue, 05 Mar 2024 10:00:00 (CET)": datetime(2024, 3, 5, 9, tzinfo=UTC),
    "Tue, 05 Mar 2024 10:00:00 JST": datetime(2024, 3, 5, 1, tzinfo=UTC),
    "Tue, 05 Mar 2024 10:00:00 UTC+2": datetime(2024, 3, 5, 8, tzinfo=UTC),
    "2024-03-05 10:00:00 America/New_York": datetime(2024, 3, 5, 15, tzinfo=UTC),
    "Tue, 05 Mar 2024 10:00:00 EST": datetime(2024, 3, 5, 15, tzinfo=UTC),
    "Tue, 05 Mar 2024 10:00:00 IST": datetime(2024, 3, 5, 10, tzinfo=UTC),
    "2024-03-05 10:00:00 +0100 CET": datetime(2024, 3, 5, 9, tzinfo=UTC),
    "Tue, 05 Mar 2024 10:00:00 GMT+0100 (CET)": datetime(2024, 3, 5, 9, tzinfo=UTC),
}


@pytest.mark.parametrize(("text", "expected"), DATES.items())
def test_only_complete_dates_are_read(text: str, expected: datetime | None) -> None:
    parsed = feedparser.parse(rss(item("a:1", date=text))).entries[0].get("published_parsed")
    assert read_date(text, parsed) == expected


@given(st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_any_date_survives(naive: datetime, offset: int) -> None:
    date = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    assume(date.timestamp() != 0)  # midnight of 1 January 1970 stands for no date
    for text in (date.isoformat(), date.strftime("%a, %d %b %Y %H:%M:%S %z")):
        assert read_date(text, None) == date.astimezone(UTC), text


def test_an_unreadable_date_and_a_future_one_are_reported(tmp_path: Path) -> None:
    text = "<description>x</description>"
    printed = imported(
        tmp_path,
        rss(item("a:1", text, date="2020"), item("a:2", text, date="Sun, 01 Mar 2099 09:00:00 GMT")),
    )
    assert "T a:1: its date cannot be read: '2020' (expected year, month and day)" in printed
    assert "its date is in the future: it will be published on 2099-03-01 10:00" in printed


def atom(*entries: str) -> bytes:
    namespaces = (
        'xmlns="http://www.w3.org/2005/Atom" xmlns:app="http://www.w3.org/2007/app" '
        'xmlns:blogger="http://schemas.google.com/blogger/2018"'
    )
    parts = [
        f"<entry><id>tag:blogger.com,1999:blog-1.post-{number}</id><title>T</title><content>x</content>"
        f"<published>2026-03-01T09:00:00Z</published>{more}</entry>"
        for number, more in enumerate(entries)
    ]
    return f"<feed {namespaces}><title>x</title>{''.join(parts)}</feed>".encode()


def states(feed: OldFeed) -> list[str]:
    return [entry.refusal or ("draft" if entry.is_draft else "public") for entry in feed.entries]


def test_only_public_posts_of_atom_and_blogger_are_published() -> None:
    kind = '<category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#{}"/>'
    feed = read_feed(
        atom(
            kind.format("post"),
            "<app:control><app:draft>yes</app:draft></app:control>",
            kind.format("comment"),
            kind.format("settings"),
            "<blogger:type>POST</blogger:type><blogger:status>LIVE</blogger:status>",
            "<blogger:type>POST</blogger:type><blogger:status>DRAFT</blogger:status>",
            "<blogger:type>POST</blogger:type><blogger:status>SOFT_TRASHED</blogger:status>",
            "<blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status>",
            "<blogger:type>PAGE</blogger:type><blogger:status>LIVE</blogger:status>",
        )
    )
    assert states(feed) == ["public", "draft", "public", "draft", "its status on the old site is soft trashed"]
    assert feed.others == {"comment": 2, "settings": 1, "page": 1}


def test_states_in_rss_and_json_are_respected() -> None:
    form = "<description>&lt;form action='https://x.example/wp-login.php?action=postpass'&gt;</description>"
    feed = read_feed(
        rss(
            item("a:1", "<ext:status>Draft</ext:status>"),
            item("a:2", "<ext:visibility>members</ext:visibility>"),
            item("a:3", "<ext:status>published</ext:status>"),
            item("a:4", form),
        ).encode()
    )
    assert states(feed) == ["draft", "it is visible only to members", "public", "it is password-protected"]
    items: list[dict[str, object]] = [
        {"status": "draft"},
        {"visibility": "paid"},
        {"draft": True},
        {"status": "published"},
    ]
    numbered = [each | {"id": str(number)} for number, each in enumerate(items)]
    feed = read_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": numbered}).encode())
    assert states(feed) == ["draft", "it is visible only to paid", "draft", "public"]


def test_what_is_not_imported_is_counted_and_drafts_are_named(tmp_path: Path) -> None:
    draft = "<blogger:status>DRAFT</blogger:status>"
    printed = imported(tmp_path, atom("", draft, "<blogger:type>COMMENT</blogger:type>").decode())
    assert re.search(r"not articles +1  comment: 1\n", printed)
    assert re.search(r"imported +2  1 draft\n", printed)
    trees = [parse_yaml(path.read_bytes(), "a")[0] for path in (tmp_path / "content" / "articles").rglob("*.yaml")]
    assert sorted(bool(tree and tree.value.get("draft")) for tree in trees) == [False, True]


def test_a_blogger_export_without_links_gets_the_addresses_of_the_site(tmp_path: Path) -> None:
    path = "<blogger:filename>/2024/01/Un-Titre.html</blogger:filename>"
    document = atom("", path).decode()
    imported(tmp_path, document, "--url", "https://old.example/")
    site, _ = parse_yaml((tmp_path / "content" / "site.yaml").read_bytes(), "a")
    assert site and site.value["redirects"] == {"/2024/01/Un-Titre.html": "/articles/un-titre"}


def test_an_import_ends_with_what_subscribers_will_see(tmp_path: Path) -> None:
    text = "<description>x</description>"
    document = rss(item("a:1", text), item("a:2"), item("a:3", text, date="Mon, 02 Mar 2026 09:00:00 GMT"))
    content_folder(tmp_path / "content", {"ours": {"published": "2020-01-05"}})
    printed = imported(tmp_path, document)
    assert printed.splitlines()[-5:] == [
        "https://news.example/feeds/all (3 entries), compared with the old feed (3 entries):",
        "new      Un titre  (tag:news.example,2020:ours)",
        "gone     T a:2  (a:2)",
        'The new entries are older than all that the old feed has: set "entries: 2" in site.yaml to leave them out.',
        "1 new, 0 with another title, 1 gone, 0 moved",
    ]
    assert "will see" not in imported(tmp_path, document, "--dry-run")


def ghost(**tables: object) -> dict[str, object]:
    post = {
        "id": "5e3",
        "title": "Titre",
        "slug": "titre",
        "html": '<p>Texte <a href="__GHOST_URL__/autre/">x</a></p>',
        "feature_image": "__GHOST_URL__/content/images/a.png",
        "type": "post",
        "status": "published",
        "visibility": "public",
        "published_at": "2026-03-01T09:00:00.000Z",
        "updated_at": "2026-03-02 09:00:00",
        "custom_excerpt": "Résumé",
    }
    posts = [
        post,
        {**post, "id": "5e4", "slug": "autre", "status": "draft", "published_at": None},
        {**post, "id": "5e5", "visibility": "members"},
        {**post, "id": "5e8", "visibility": "product:gold"},
        {**post, "id": "5e6", "type": "page"},
        {**post, "id": "5e7", "published_at": 1772355600000, "html": "a\ud83d\ude00"},
    ]
    data = {
        "posts": posts,
        "posts_meta": [{"post_id": "5e3", "feature_image_alt": "Une photo", "feature_image_caption": "Ici"}],
        "tags": [{"id": "1", "name": "Recherche", "slug": "recherche"}, {"id": "2", "name": "#interne", "slug": "x"}],
        "posts_tags": [{"post_id": "5e3", "tag_id": "2"}, {"post_id": "5e3", "tag_id": "1", "sort_order": 1}],
        "users": [{"id": "7", "name": "Service", "website": "https://a.example/"}, {"id": "8", "name": "Bureau"}],
        "posts_authors": [
            {"post_id": "5e3", "author_id": "7", "sort_order": 1},
            {"post_id": "5e3", "author_id": "8", "sort_order": 0},
        ],
        "settings": [{"key": "title", "value": "Le centre"}, {"key": "locale", "value": "fr"}],
        **tables,
    }
    return {"meta": {"exported_on": 1772355600000, "version": "6.0.0"}, "data": data}


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_ghost_export_has_the_ids_of_its_feed(is_wrapped: bool) -> None:
    export = json.dumps({"db": [ghost()]} if is_wrapped else ghost()).encode()
    assert is_ghost_export(export)
    feed = read_ghost_export(export, "https://old.example/")
    assert (feed.title, feed.language, feed.others) == ("Le centre", "fr", {"page": 1})
    members, gold = "it is visible only to members", "it is visible only to product:gold"
    assert states(feed) == ["public", "draft", members, gold, "public"]
    first, draft, _, _, last = feed.entries
    assert (first.id, first.url, first.summary) == ("5e3", "https://old.example/titre/", "Résumé")
    assert first.html == '<p>Texte <a href="https://old.example/autre/">x</a></p>'
    assert first.categories == ("Recherche",)
    assert [author.name for author in first.authors] == ["Bureau", "Service"]
    assert first.picture == OldPicture("https://old.example/content/images/a.png", "Une photo", "Ici")
    assert (first.published, first.updated) == (
        datetime(2026, 3, 1, 9, tzinfo=UTC),
        datetime(2026, 3, 2, 9, tzinfo=UTC),
    )
    assert (draft.published, last.published, last.html) == (None, datetime(2026, 3, 1, 9, tzinfo=UTC), "a😀")


def test_a_part_of_a_ghost_post_for_members_is_left_out() -> None:
    begin = '<!--kg-gated-block:begin nonMember:{} memberSegment:"status:-free" -->{}<!--kg-gated-block:end-->'
    text = f"<p>a</p>{begin.format('false', '<p>b</p>')}{begin.format('true', '<p>c</p>')}"
    post = {"id": "1", "html": text, "custom_excerpt": "a<b & c"}
    (entry,) = read_ghost_export(json.dumps(ghost(posts=[post])).encode(), "https://old.example").entries
    assert "b" not in to_markdown(entry.html, base="https://old.example/", picture=str, link=str).text
    assert "<p>c</p>" in entry.html and entry.notes
    assert entry.summary == "a&lt;b &amp; c"


def test_a_ghost_export_is_imported_with_redirects_and_links(tmp_path: Path) -> None:
    printed = imported(tmp_path, json.dumps(ghost()), "--no-pictures", "--url", "https://old.example")
    assert re.search(r"not articles +1  page: 1\n", printed)
    assert re.search(r"imported +3  1 draft\n", printed) and numbers(printed)["left out"] == 2
    assert printed.splitlines()[-1].startswith("Add --old-feed with the feed of the old site")
    tree, _ = parse_yaml((tmp_path / "content" / "articles" / "2026" / "titre.yaml").read_bytes(), "a")
    assert tree and tree.value["id"] == {"exact": "5e3"}
    picture = "![Une photo](https://old.example/content/images/a.png)"
    assert tree.value["body"].strip() == f"{picture}\n\nTexte [x](/articles/autre)", "as it was not fetched"
    site, _ = parse_yaml((tmp_path / "content" / "site.yaml").read_bytes(), "a")
    assert site and site.value["redirects"]["/titre/"] == "/articles/titre"


@pytest.mark.parametrize(
    "document", ['{"exported_on": 1}', '{"exported_on": 1, "data": {"posts": []}}', '{"exported_on"']
)
def test_a_ghost_export_without_posts_is_refused(document: str) -> None:
    with pytest.raises(FeedError, match="without posts|it is not valid JSON"):
        read_ghost_export(document.encode(), "https://old.example")


def test_an_import_with_an_unmapped_entry_writes_only_its_report(tmp_path: Path) -> None:
    text = "<description>x</description>"
    document = rss(
        item("a:1", f"<category>Sport</category>{text}"), item("a:2", f"<category>Recherche</category>{text}")
    )
    content_folder(tmp_path / "content", {})
    (tmp_path / "old.xml").write_text(document)
    app = create_app(Settings(tmp_path / "content"), clock=lambda: NOW)
    for number, more in enumerate(((), ("--dry-run",))):
        page = tmp_path / f"report-{number}.html"
        done = app.test_cli_runner().invoke(args=["import", str(tmp_path / "old.xml"), "--html", str(page), *more])
        assert done.exit_code == 1
        assert done.output.count("T a:1: it is in no category of site.yaml: it is filed under Sport (use --map)") == 1
        assert " compared with the old feed" not in done.output, "which would count what is not mapped as gone"
        assert done.output.endswith('--map "*=". Nothing was imported\n')
        html = page.read_text(encoding="utf-8")
        assert "Rien n’a été importé. Articles sans rubrique de site.yaml\u00a0: 1." in html and "T a:2" in html
    assert list((tmp_path / "content" / "articles").iterdir()) == []


def test_an_entry_that_cannot_be_imported_anyway_needs_no_category(tmp_path: Path) -> None:
    text = "<description>x</description>"
    never = item("a:1", text, date="Mon, 01 Jan 0001 00:00:00 +0000")
    document = rss(never, item("a:2"), item("a:3", f"<category>Recherche</category>{text}"))
    content_folder(tmp_path / "content", {})
    (tmp_path / "old.xml").write_text(document)
    app = create_app(Settings(tmp_path / "content"), clock=lambda: NOW)
    done = app.test_cli_runner().invoke(args=["import", str(tmp_path / "old.xml")])
    assert done.exit_code == 0, done.output
    assert "left out  T a:1: it has no date\n" in done.output and "left out  T a:2: it has no text\n" in done.output


def test_a_report_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("what was to be checked")
    printed = imported(tmp_path, rss(item("a:1", "<description>x</description>")), "--html", str(page), code=2)
    assert f"--html {page} exists, and is not the report of a dry run" in printed
    assert page.read_text() == "what was to be checked"


def test_an_import_reports_a_new_host_and_languages_that_the_site_lacks(tmp_path: Path) -> None:
    channel = "<link>https://old.example/</link><language>de-AT</language>"
    document = rss(item("a:1", "<description>x</description>")).replace("<channel>", f"<channel>{channel}")
    printed = imported(tmp_path, document)
    assert "whose language, de-AT, is not in site.yaml: 1. They are imported as fr" in printed
    assert "The host name changes from old.example to news.example" in printed
    again = imported(tmp_path / "again", document, "--language", "fr")
    assert "de-AT" not in again


def test_what_an_import_lists_is_limited(tmp_path: Path) -> None:
    text = '<description>&lt;a href="https://old.example/%d.pdf"&gt;x&lt;/a&gt;</description>'
    document = rss(*(item(f"a:{number}", text % number) for number in range(12)))
    content_folder(tmp_path / "content", {f"ours-{number}": {} for number in range(12)})
    printed = imported(tmp_path, document.replace("<channel>", "<channel><link>https://old.example/</link>"))
    assert printed.count("new      Un titre") == 10 and "         … and 2 more\n" in printed
    assert printed.count("  https://old.example/") == 10 and "  … and 2 more\n" in printed


def test_a_site_without_the_old_entries_is_not_safe(tmp_path: Path) -> None:
    content_folder(tmp_path / "content", {})
    (tmp_path / "old.xml").write_text(rss(item("a:1", "<description>x</description>")))
    runner = create_app(Settings(tmp_path / "content"), clock=lambda: NOW).test_cli_runner()
    done = runner.invoke(args=["diff", str(tmp_path / "old.xml")])
    assert done.exit_code == 1
    assert done.output.splitlines()[-2:] == [
        "This site has no entry of the old feed: import its entries before the switch.",
        "0 new, 0 with another title, 1 gone, 0 moved",
    ]
    unknown = runner.invoke(args=["diff", str(tmp_path / "old.xml"), "--feed", "en/sport"])
    assert "(expected all, research, outreach, funding, en/all, en/research" in unknown.output


def test_new_entries_of_the_newest_month_cannot_be_kept_out(tmp_path: Path) -> None:
    """A feed has the whole month of its newest entry, whatever `entries` is."""
    content_folder(tmp_path / "content", {"ours": {"published": "2026-03-01T08:00"}})
    printed = imported(tmp_path, rss(item("a:1", "<description>x</description>")))
    assert "1 new, " in printed and "entries:" not in printed


def test_ids_with_comments_and_entities_are_read_completely() -> None:
    text = rss(item("a<!-- c -->:1"), item("https://&host;/?p=2"))
    feed = read_feed(f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY host "old.example">]>{text}'.encode())
    assert [entry.id for entry in feed.entries] == ["a:1", "https://old.example/?p=2"]


def test_a_draft_stays_one_if_entries_cannot_be_told_apart() -> None:
    nested = '<div xmlns="http://www.w3.org/1999/xhtml"><entry>a</entry></div>'
    document = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:app="http://www.w3.org/2007/app" xml:base="https://old.example/">'
        f'<title>x</title><entry><title>A</title><id>a:1</id><content type="xhtml">{nested}</content></entry>'
        "<entry><title>B</title><id>post-3</id><app:control><app:draft>yes</app:draft></app:control></entry></feed>"
    )
    assert [entry.is_draft for entry in read_feed(document.encode()).entries] == [False, True]
    broken = document.replace("<entry>a</entry>", "a</entry>")
    assert all(entry.is_draft for entry in read_feed(broken.encode()).entries if entry.title == "B")


def test_a_truncated_document_is_reported(tmp_path: Path) -> None:
    document = rss(item("a:1", "<description>x</description>"), item("a:2", "<description>x</description>"))
    assert "The document is truncated" in imported(tmp_path, document[: document.rindex("<item>")])
    assert "The document is truncated" not in imported(tmp_path / "whole", document + "<!-- cached -->")


def test_all_files_of_an_entry_are_attached(tmp_path: Path) -> None:
    more = "".join(f'<enclosure url="https://old.example/{each}.png" type="image/png" length="9"/>' for each in "ab")
    film = (
        '<media:content xmlns:media="http://search.yahoo.com/mrss/" url="https://old.example/f.mp4" type="video/mp4"/>'
    )
    (entry,) = read_feed(rss(item("a:1", more + film)).encode()).entries
    assert entry.picture and entry.picture.url.endswith("/a.png")
    assert [file.url for file in entry.files] == ["https://old.example/b.png", "https://old.example/f.mp4"]
    attachments = [{"url": f"https://old.example/{each}.png", "mime_type": "image/png"} for each in "ab"]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "attachments": attachments}]}
    (entry,) = read_feed(json.dumps(feed).encode()).entries
    assert entry.picture and entry.picture.url.endswith("/a.png")
    assert [file.url for file in entry.files] == ["https://old.example/b.png"]


def test_without_pictures_that_of_an_entry_stays_at_its_address(tmp_path: Path) -> None:
    enclosure = '<enclosure url="https://old.example/a.png" type="image/png" length="9"/><description>x</description>'
    imported(tmp_path, rss(item("a:1", enclosure)), "--no-pictures")
    (path,) = (tmp_path / "content" / "articles").rglob("*.yaml")
    assert "![](https://old.example/a.png)" in path.read_text()


def test_a_link_blog_is_not_taken_for_the_sites_that_it_links_to(tmp_path: Path) -> None:
    items = (
        item(f"a:{number}", f"<link>https://github.com/u/r{number}</link><description>x</description>")
        for number in range(4)
    )
    channel = "<channel><link>https://old.example/</link>"
    own = item("a:9", "<link>https://old.example/own</link><description>x</description>")
    imported(tmp_path, rss(*items, own).replace("<channel>", channel))
    assert "/u/r1" not in (tmp_path / "content" / "site.yaml").read_text()
    texts = [path.read_text() for path in (tmp_path / "content" / "articles").rglob("*.yaml")]
    assert any('link: "https://github.com/u/r1"' in text for text in texts)


def test_entries_on_another_host_than_the_home_page_keep_their_redirects(tmp_path: Path) -> None:
    items = (
        item(f"a:{each}", f"<link>https://blog.example/p{each}</link><description>x</description>") for each in "12"
    )
    imported(tmp_path, rss(*items).replace("<channel>", "<channel><link>https://univ.test/</link>"))
    assert "  /p1: /articles/p1\n" in (tmp_path / "content" / "site.yaml").read_text()


def test_states_of_media_and_words_in_texts_do_not_make_drafts() -> None:
    broken = "<description>x & <b>y</description>"
    media = '<media:status xmlns:media="http://search.yahoo.com/mrss/" state="active"/>'
    text = "<description><![CDATA[use <app:draft>no</app:draft>]]></description>"
    feed = read_feed(rss(item("a:1", broken), item("a:2", text), item("a:3", media)).encode())
    assert not any(entry.is_draft for entry in feed.entries)


def test_articles_in_other_categories_than_the_mapping_says_are_reported(tmp_path: Path) -> None:
    document = rss(item("a:1", "<category>Sport</category><description>x</description>"))
    imported(tmp_path, document, "--map", "Sport=outreach")
    printed = imported(tmp_path, document, "--map", "Sport=funding", "--map", "Sprt=funding")
    assert "whose categories differ from those that the old site and --map give: 1." in printed
    assert "no entry is filed under Sprt (did you mean Sport?)" in printed
    assert "--map names Sport twice" in imported(
        tmp_path, document, "--map", "Sport=", "--map", "sport=funding", code=1
    )


def test_a_report_of_a_dry_run_is_overwritten(tmp_path: Path) -> None:
    document, page = rss(item("a:1", "<description>x</description>")), tmp_path / "report.html"
    imported(tmp_path, document, "--html", str(page), "--dry-run")
    imported(tmp_path, document, "--html", str(page))
    imported(tmp_path, document, "--html", str(page), code=2)
