"""All formats, read back by third-party parsers; each test names the reader whose behaviour it protects."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.parsers.expat import ExpatError

import feedparser
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from feeds.feed.values import Feed, Image
from feeds.formats import opml, rss_atom
from feeds.formats.registry import FORMATS
from feeds.model.yamlfile import FORBIDDEN
from tests.builders import FEED_PICTURE, NOW, SITE, article, feed, table

PHOTO = f"https://news.example/pictures/{FEED_PICTURE.name}"

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"

FULL = {
    "title": "p < 0,05 & « BRCA1\u202f»\u00a0: ’ 🎗️",
    "published": "2026-01-09T18:00",
    "updated": "2026-01-10T10:00",
    "categories": ["research", "outreach", "funding"],
    "authors": ["La Ligue", {"name": "L’institut", "url": "https://a.example", "email": "a@b.example"}],
    "tags": ["génétique"],
    "summary": "Un résumé, où p < 0,05 & plus.",
    "picture": {"file": "photo.jpg", "alt": "Un « dessin »", "credit": "L’institut", "caption": "Une légende"},
    "attachments": [
        {"file": "plan.pdf", "title": "Le plan"},
        {"url": "https://tv.example/replay", "title": "Le reportage", "type": "text/html", "until": "2026-12-31"},
    ],
    "body": "Un *texte*, p < 0,05 & [un lien](/articles/autre).",
}


@pytest.fixture
def full() -> Feed:
    return feed(article("full", **FULL), article("plain", published="2026-01-01"))


def rss(found: Feed) -> etree._Element:
    return etree.fromstring(FORMATS["rss"].render(found))[0]


def atom(found: Feed) -> etree._Element:
    return etree.fromstring(FORMATS["atom"].render(found))


def json_feed(found: Feed) -> dict[str, Any]:
    return dict(json.loads(FORMATS["json"].render(found)))


def attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def names(element: etree._Element) -> list[str]:
    return [str(child.tag) for child in element]


def test_an_rss_item_has_exactly_these_elements_in_this_order(full: Feed) -> None:
    """C6: feedparser and others let a later element override an earlier one."""
    item = rss(full).findall("item")[0]
    assert names(item) == [
        "title", "link", "guid", "pubDate", f"{ATOM}updated", f"{DC}creator", f"{DC}creator", "description",
        f"{CONTENT}encoded", "category", "category", "category", "category", "enclosure", f"{MEDIA}content",
        f"{MEDIA}thumbnail",
    ]  # fmt: skip
    plain = rss(full).findall("item")[1]
    creator = f"{DC}creator"
    assert names(plain) == ["title", "link", "guid", "pubDate", creator, "description", f"{CONTENT}encoded", "category"]


def test_an_rss_channel_has_exactly_these_elements_before_its_items(full: Feed) -> None:
    assert names(rss(full)) == [
        "title", "link", "description", "docs", "generator", "language", "lastBuildDate", "managingEditor", "pubDate",
        "ttl", f"{ATOM}link", "item", "item",
    ]  # fmt: skip


def test_an_atom_feed_and_its_entries_have_exactly_these_elements(full: Feed) -> None:
    root = atom(full)
    assert [name.removeprefix(ATOM) for name in names(root)] == [
        "id", "title", "updated", "author", "link", "link", "generator", "subtitle", "entry", "entry",
    ]  # fmt: skip
    assert [name.removeprefix(ATOM) for name in names(root[-2])] == [
        "id", "title", "updated", "published", "author", "author", "link", "link", "link", "category", "category",
        "category", "category", "summary", "content",
    ]  # fmt: skip


def test_a_json_feed_and_its_items_have_exactly_these_keys(full: Feed) -> None:
    found = json_feed(full)
    assert list(found) == [
        "version", "title", "home_page_url", "feed_url", "description", "authors", "language", "items",
    ]  # fmt: skip
    assert list(found["items"][0]) == [
        "id", "url", "title", "content_html", "summary", "image", "date_published", "date_modified", "authors",
        "author", "tags", "language", "attachments",
    ]  # fmt: skip
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["items"][0]["attachments"] == [
        {"url": "https://news.example/media/plan.pdf", "mime_type": "application/pdf", "title": "Le plan",
         "size_in_bytes": 9876}
    ]  # fmt: skip


def test_ids_are_the_same_string_in_every_format(full: Feed) -> None:
    """B1: nearly every reader shows an entry again when its id changes."""
    ids = ["tag:news.example,2020:full", "tag:news.example,2020:plain"]
    assert [guid.text for guid in rss(full).iterfind("item/guid")] == ids
    assert {guid.get("isPermaLink") for guid in rss(full).iterfind("item/guid")} == {"false"}
    assert [each.text for each in atom(full).iterfind(f"{ATOM}entry/{ATOM}id")] == ids
    assert [item["id"] for item in json_feed(full)["items"]] == ids


def test_an_id_from_an_older_system_is_preserved_byte_for_byte() -> None:
    """B2: subscribers' readers know an article by the guid that WordPress or Drupal gave it."""
    for known in ("https://old.example/?p=12&lang=fr", "123 at https://old.example", "urn:uuid:1225C695-CFB8"):
        found = feed(article(id=known))
        assert rss(found).findtext("item/guid") == known
        assert atom(found).findtext(f"{ATOM}entry/{ATOM}id") == known
        assert json_feed(found)["items"][0]["id"] == known


def test_dates_are_in_utc_and_whole_seconds(full: Feed) -> None:
    """B5: elfeed misreads other offsets; feedgen alone would write microseconds."""
    assert rss(full).findtext("item/pubDate") == "Fri, 09 Jan 2026 17:00:00 +0000"
    assert atom(full).findtext(f"{ATOM}entry/{ATOM}published") == "2026-01-09T17:00:00+00:00"
    assert json_feed(full)["items"][0]["date_published"] == "2026-01-09T17:00:00Z"


def test_an_edit_changes_only_the_updated_date(full: Feed) -> None:
    """B6, C7: bots repost an entry when `updated` changes, and Miniflux reads dc:date as the publication date."""
    item = rss(full).findall("item")[0]
    assert item.findtext(f"{ATOM}updated") == "2026-01-10T09:00:00Z"
    assert item.find(f"{DC}date") is None and item.find(f"{DC}title") is None
    assert atom(full).findtext(f"{ATOM}entry/{ATOM}updated") == "2026-01-10T09:00:00+00:00"
    assert json_feed(full)["items"][0]["date_modified"] == "2026-01-10T09:00:00Z"
    coming = feed(article(updated="2027-01-01")).entries[0]
    assert coming.updated == coming.published, "an edit to come is not told before its time"


def test_the_date_of_a_feed_is_that_of_the_latest_change_to_its_articles(full: Feed) -> None:
    """B7: CommaFeed skips a document whose date is unchanged, so an expiry changes it too."""
    expired = article("gone", published="2026-02-01", expires="2026-05-01")
    coming = article("coming", published="2027-02-01", expires="2028-05-01")
    found = feed(article("full", **FULL), expired, coming)
    assert rss(found).findtext("lastBuildDate") == rss(found).findtext("pubDate") == "Thu, 30 Apr 2026 22:00:00 +0000"
    assert atom(found).findtext(f"{ATOM}updated") == "2026-04-30T22:00:00+00:00"


def test_an_empty_feed_is_valid_and_has_its_own_date() -> None:
    empty = feed(name="funding")
    for ending, form in FORMATS.items():
        parsed = feedparser.parse(form.render(empty)) if ending != "json" else {"bozo": 0, "entries": []}
        assert (parsed["bozo"], parsed["entries"]) == (0, [])
    assert atom(empty).findtext(f"{ATOM}updated") == "2020-01-01T00:00:00+00:00", "the date of the tag authority"


def test_atom_is_in_the_default_namespace(full: Feed) -> None:
    """C2: NetNewsWire ignores elements with a prefix."""
    assert b"<feed xmlns=" in FORMATS["atom"].render(full)
    assert b"<entry" in FORMATS["atom"].render(full)


def test_rss_extensions_have_their_usual_prefixes(full: Feed) -> None:
    """C2: some readers look for the prefix instead of the namespace."""
    text = FORMATS["rss"].render(full).decode()
    for prefixed in ("<atom:link ", "<content:encoded>", "<dc:creator>", "<media:content ", "<media:thumbnail "):
        assert prefixed in text
    assert 'xmlns:media="http://search.yahoo.com/mrss/"' in text


def test_titles_are_plain_text_escaped_once(full: Feed) -> None:
    """C3: readers unescape a title exactly once."""
    assert rss(full).findtext("item/title") == FULL["title"]
    title = atom(full).find(f"{ATOM}entry/{ATOM}title")
    assert title is not None and title.text == FULL["title"] and title.get("type") is None
    assert json_feed(full)["items"][0]["title"] == FULL["title"]


def test_an_entry_has_one_alternate_link_and_it_comes_first(full: Feed) -> None:
    """C4: feedparser, SimplePie and newsboat follow a second alternate instead."""
    for entry in atom(full).iterfind(f"{ATOM}entry"):
        links = entry.findall(f"{ATOM}link")
        alternates = [link for link in links if link.get("rel") == "alternate"]
        assert links[0] is alternates[0] and len(alternates) == 1
        assert alternates[0].get("type") == "text/html"
    assert [link.get("rel") for link in atom(full).findall(f"{ATOM}link")] == ["alternate", "self"]
    assert [link.get("rel") for link in rss(full).findall(f"{ATOM}link")] == ["self"]


def test_an_atom_enclosure_has_its_type_and_length(full: Feed) -> None:
    """feedgen drops every attribute of an entry's link except href."""
    links = atom(full).findall(f"{ATOM}entry")[0].findall(f"{ATOM}link")[1:]
    assert [attributes(link) for link in links] == [
        {"rel": "enclosure", "type": "image/jpeg", "href": PHOTO,
         "title": "Un « dessin »", "length": "54321"},
        {"rel": "enclosure", "type": "application/pdf", "href": "https://news.example/media/plan.pdf",
         "title": "Le plan", "length": "9876"},
    ]  # fmt: skip


def test_the_picture_has_the_same_url_in_content_enclosure_and_media(full: Feed) -> None:
    """C12: cards and readers each look in a different place, and show a picture twice if the URLs differ."""
    url = PHOTO
    item = rss(full).findall("item")[0]
    html = item.findtext(f"{CONTENT}encoded") or ""
    assert html.startswith(f'<figure><img src="{url}" alt="Un « dessin »" width="1200" height="630">')
    enclosure, media, thumbnail = item.find("enclosure"), item.find(f"{MEDIA}content"), item.find(f"{MEDIA}thumbnail")
    assert enclosure is not None and media is not None and thumbnail is not None
    assert attributes(enclosure) == {"url": url, "length": "54321", "type": "image/jpeg"}
    assert attributes(media) == {
        "url": url, "type": "image/jpeg", "medium": "image", "fileSize": "54321", "width": "1200", "height": "630",
    }  # fmt: skip
    assert (media.findtext(f"{MEDIA}description"), media.findtext(f"{MEDIA}credit")) == ("Un « dessin »", "L’institut")
    assert attributes(thumbnail) == {"url": url, "width": "1200", "height": "630"}
    assert json_feed(full)["items"][0]["image"] == url


def test_audio_and_video_are_preferred_to_the_picture_as_enclosure() -> None:
    found = feed(
        article(
            picture={"file": "photo.jpg", "alt": "Un dessin"},
            attachments=[{"file": "plan.pdf", "title": "Le plan"}, {"file": "son.mp3", "title": "Un son"}],
        )
    )
    enclosure = rss(found).find("item/enclosure")
    assert enclosure is not None and enclosure.get("type") == "audio/mpeg" and enclosure.get("length") == "7654321"
    links = atom(found).findall(f"{ATOM}entry/{ATOM}link")
    assert [link.get("type") for link in links] == ["text/html", "audio/mpeg", "image/jpeg", "application/pdf"]


def test_an_attachment_of_unknown_length_is_not_an_rss_enclosure() -> None:
    """C6: readers that download enclosures trust the length."""
    found = feed(article(attachments=[{"url": "https://a.example/b.mp4", "title": "Un film"}]))
    assert rss(found).find("item/enclosure") is None
    assert [link.get("href") for link in atom(found).findall(f"{ATOM}entry/{ATOM}link")][1:] == [
        "https://a.example/b.mp4"
    ]


def test_an_attachment_is_offered_until_the_end_of_its_last_day() -> None:
    found = article(attachments=[{"file": "plan.pdf", "title": "Le plan", "until": "2026-06-01"}])
    html = feed(found).entries[0].content
    assert '<li><a href="https://news.example/media/plan.pdf">Le plan</a> (jusqu’au 1er juin 2026)</li>' in html
    after = NOW.replace(hour=22)
    assert "plan.pdf" not in feed(found, now=after).entries[0].content
    assert feed(found, now=after).entries[0].enclosures == ()


def test_each_author_has_a_creator_element_and_a_name_and_url(full: Feed) -> None:
    """C13; feedgen drops an RSS author without e-mail."""
    item = rss(full).findall("item")[0]
    assert [creator.text for creator in item.iterfind(f"{DC}creator")] == ["La Ligue", "L’institut"]
    people = [
        {str(part.tag).removeprefix(ATOM): part.text for part in author}
        for author in atom(full).findall(f"{ATOM}entry")[0].iterfind(f"{ATOM}author")
    ]
    assert people == [{"name": "La Ligue"}, {"name": "L’institut", "email": "a@b.example", "uri": "https://a.example"}]
    (first, _) = json_feed(full)["items"]
    assert first["authors"] == [{"name": "La Ligue"}, {"name": "L’institut", "url": "https://a.example"}]
    assert first["author"] == {"name": "La Ligue"}, "what readers of JSON Feed 1 look for"


def test_categories_have_readable_labels_and_a_stable_scheme(full: Feed) -> None:
    """C14: FreshRSS shows the term, and some readers split at commas."""
    item = rss(full).findall("item")[0]
    tags = "tag:news.example,2020:tags"
    labels = ["Recherche", "Société", "Soutiens", "génétique"]
    assert [each.text for each in item.iterfind("category")] == labels
    assert not any(each.attrib for each in item.iterfind("category")), "npm rss-parser makes an object of an attribute"
    entry = atom(full).findall(f"{ATOM}entry")[0]
    assert [(each.get("term"), each.get("scheme")) for each in entry.iterfind(f"{ATOM}category")][-1] == (
        "génétique",
        tags,
    )
    assert json_feed(full)["items"][0]["tags"] == ["Recherche", "Société", "Soutiens", "génétique"]


def test_a_plain_summary_is_escaped_for_readers_that_parse_html(full: Feed) -> None:
    """C11: the W3C validator's NotHtml; readers unescape a description twice."""
    assert rss(full).findtext("item/description") == "Un résumé, où p &lt; 0,05 &amp; plus."
    summary = atom(full).find(f"{ATOM}entry/{ATOM}summary")
    assert summary is not None and summary.get("type") == "html"
    assert summary.text == "Un résumé, où p &lt; 0,05 &amp; plus."
    assert json_feed(full)["items"][0]["summary"] == FULL["summary"]


def test_the_language_is_declared_in_every_format() -> None:
    """C10: screen readers and translation tools depend on it."""
    found = feed(article(language="en"), language="en")
    assert rss(found).findtext("language") == "en"
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [element.get(lang) for element in (atom(found), atom(found)[-1])] == ["en", "en"]
    assert (json_feed(found)["language"], json_feed(found)["items"][0]["language"]) == ("en", "en")


def test_an_entry_links_to_the_external_page_of_its_article() -> None:
    found = feed(article(link="https://elsewhere.example/1"))
    assert rss(found).findtext("item/link") == "https://elsewhere.example/1"
    assert json_feed(found)["items"][0]["url"] == "https://elsewhere.example/1"


def test_a_withdrawn_article_is_replaced_by_its_notice() -> None:
    gone = {**FULL, "withdrawn": {"at": "2026-03-02T15:00", "reason": "Un chiffre & un <nom> étaient faux."}}
    (entry,) = feed(article("full", **gone)).entries
    said = "Cet article a été retiré le 2 mars 2026."
    assert entry.summary == f"{said} Motif\u00a0: Un chiffre & un <nom> étaient faux."
    assert entry.content == f"<p>{said}</p><p>Motif\u00a0: Un chiffre &amp; un &lt;nom&gt; étaient faux.</p>"
    assert (entry.title, entry.picture, entry.enclosures) == (FULL["title"], None, ())
    assert entry.updated.isoformat() == "2026-03-02T14:00:00+00:00"
    before = feed(article("full", **gone), now=entry.published).entries[0]
    assert before.picture is not None, "until its time, a withdrawal is not told"


def test_an_entry_has_content_even_if_its_body_renders_to_nothing() -> None:
    (entry,) = feed(article(body="<script>x</script>")).entries
    assert (entry.summary, entry.content) == ("Un titre", "<p>Un titre</p>")


def test_a_feed_contains_only_the_newest_entries() -> None:
    articles = [article(f"a{month}", published=f"2025-{month:02}-01") for month in range(1, 8)]
    text = table(*articles)
    short = table(*articles, text=SITE + "entries: 3\n")
    assert len(text.feed(text.topics["fr", "all"]).entries) == 7
    assert [entry.id[-2:] for entry in short.feed(short.topics["fr", "all"]).entries] == ["a7", "a6", "a5"]


def test_the_root_element_starts_within_512_bytes(full: Feed) -> None:
    """C1: content sniffers look at 512 bytes."""
    assert FORMATS["rss"].render(full).index(b"<rss") < 512
    assert FORMATS["atom"].render(full).index(b"<feed") < 512


@pytest.mark.parametrize("form", FORMATS.values(), ids=list(FORMATS))
def test_rendering_a_feed_twice_gives_the_same_bytes(form: Any, full: Feed) -> None:
    again = feed(article("full", **FULL), article("plain", published="2026-01-01"))
    assert form.render(full) == form.render(again)


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_no_element_is_empty(ending: str, full: Feed) -> None:
    root = etree.fromstring(FORMATS[ending].render(full))
    bare = [element for element in root.iter() if not len(element) and not element.attrib]
    assert bare and [element.tag for element in bare if not element.text] == []


SIGNS = st.one_of(st.sampled_from("<>&'\"]»é\u00a0\u202f🎗️ "), st.characters(codec="utf-8"))
LINES = st.text(SIGNS, min_size=1, max_size=40)


def _is_sound(text: str) -> bool:
    return bool(text.strip()) and not FORBIDDEN.search(text) and not set("\n\r") & set(text)


@given(title=LINES.filter(_is_sound), summary=LINES.filter(_is_sound), body=LINES.filter(_is_sound))
def test_any_article_text_is_read_back_unchanged(title: str, summary: str, body: str) -> None:
    try:
        written = article(title=title, summary=summary, body=body)
    except AssertionError:
        assume(False)
    found = feed(written)
    wanted = unicodedata.normalize("NFC", title).strip(" \t\r\n")
    assert rss(found).findtext("item/title") == wanted
    assert atom(found).findtext(f"{ATOM}entry/{ATOM}title") == wanted
    assert json_feed(found)["items"][0]["title"] == wanted
    for ending in ("rss", "atom"):
        assert feedparser.parse(FORMATS[ending].render(found)).bozo == 0


def test_an_opml_list_without_feeds_has_no_date() -> None:
    head = etree.fromstring(opml.render("Le site", [])).find("head")
    assert head is not None and [element.tag for element in head] == ["title"]


def test_an_opml_list_names_every_feed_under_its_language() -> None:
    found = table(article(tags=["génétique"]))
    root = etree.fromstring(opml.render("Le site", [found.outline(topic) for topic in found.topics.values()]))
    assert root.get("version") == "2.0"
    assert [group.get("text") for group in root.iterfind("body/outline")] == ["français", "English"]
    outlines = list(root.iterfind("body/outline/outline"))
    assert len(outlines) == len(found.topics)
    first = outlines[0]
    assert {key: first.get(key) for key in ("type", "text", "title", "xmlUrl", "htmlUrl", "language", "version")} == {
        "type": "rss", "text": "Le site", "title": "Le site", "xmlUrl": "https://news.example/feeds/all.rss",
        "htmlUrl": "https://news.example/", "language": "fr", "version": "RSS2",
    }  # fmt: skip
    assert {each.get("xmlUrl") for each in outlines} >= {"https://news.example/feeds/tags/genetique.rss"}


def test_every_format_names_its_specification() -> None:
    assert [(form.ending, form.content_type) for form in FORMATS.values()] == [
        ("rss", "application/rss+xml; charset=utf-8"),
        ("atom", "application/atom+xml; charset=utf-8"),
        ("json", "application/feed+json"),
    ]
    assert all(form.spec.startswith("https://") for form in FORMATS.values())


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (b"<rss>", ValueError),
        (b'<rss version="2.0">\n  <channel>\n    <title>\n  </channel>\n</rss>\n', ExpatError),
    ],
)
def test_a_malformed_document_is_never_published(
    monkeypatch: pytest.MonkeyPatch, full: Feed, channel: bytes, error: type[Exception]
) -> None:
    """C1: Thunderbird pauses a feed after one malformed document."""
    monkeypatch.setattr("feedgen.feed.FeedGenerator.rss_str", lambda *_, **__: channel)
    with pytest.raises(error):
        FORMATS["rss"].render(full)


def test_feeds_are_rendered_one_at_a_time(monkeypatch: pytest.MonkeyPatch, full: Feed) -> None:
    """feedgen sets the locale of the whole process for every date."""
    seen: list[bool] = []

    def written(date: datetime) -> str:
        seen.append(rss_atom.render_lock.locked())
        return "a date"

    monkeypatch.setattr("feedgen.feed.formatRFC2822", written)
    FORMATS["rss"].render(full)
    assert seen and all(seen)


@pytest.mark.parametrize(
    ("name", "width", "height", "shown"),
    [("a.png", 144, 400, True), ("a.png", 145, 400, False), ("a.png", 144, 401, False), ("a.webp", 99, 99, False)],
)
def test_rss_has_a_logo_only_if_allowed(name: str, width: int, height: int, shown: bool, full: Feed) -> None:
    """C10: RSS 2.0 allows images of 144 × 400 pixels, in three formats."""
    kind = "image/png" if name.endswith("png") else "image/webp"
    logo = Image(f"https://news.example/media/{name}", kind, 5, width, height, "", None)
    found = replace(full, logo=logo, icon=logo)
    image = rss(found).find("image")
    assert (image is not None) is shown
    if image is not None:
        assert {child.tag: child.text for child in image} == {
            "url": logo.url, "title": full.title, "link": full.url, "width": str(width), "height": str(height),
        }  # fmt: skip
    assert (atom(found).findtext(f"{ATOM}logo"), atom(found).findtext(f"{ATOM}icon")) == (logo.url, logo.url)
    assert json_feed(found)["icon"] == json_feed(found)["favicon"] == logo.url


def test_the_date_of_an_empty_feed_is_never_in_the_future() -> None:
    early = table(now=datetime(2019, 6, 1, tzinfo=UTC))
    assert early.feed(early.topics["fr", "all"]).updated == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_withdrawn_entry_that_left_the_feed_has_a_tombstone_for_a_year() -> None:
    """RFC 6721: readers that store entries forever learn that one was withdrawn."""
    gone = article("gone", published="2026-01-01", withdrawn={"at": "2026-03-02", "reason": "Un chiffre était faux."})
    text = SITE + "entries: 1\n"
    at = "{http://purl.org/atompub/tombstones/1.0}"

    def told(now: datetime) -> list[etree._Element]:
        found = table(gone, article("new", published="2026-02-01"), now=now, text=text)
        made = found.feed(found.topics["fr", "all"])
        assert feedparser.parse(FORMATS["atom"].render(made)).bozo == 0
        return atom(made).findall(f"{at}deleted-entry")

    (element,) = told(NOW)
    assert attributes(element) == {"ref": "tag:news.example,2020:gone", "when": "2026-03-01T23:00:00Z"}
    assert element.findtext(f"{at}comment") == "Un chiffre était faux."
    assert told(datetime(2026, 3, 1, tzinfo=UTC)) == [], "before it is withdrawn"
    assert told(datetime(2027, 3, 2, tzinfo=UTC)) == [], "after a year"
    whole = feed(gone)
    assert len(whole.entries) == 1 and whole.tombstones == (), "while it is in the feed, its notice tells"
