"""Bugs of feedgen 1.0.0, one per test: when a release fixes one, its test fails and our workaround can go."""

from __future__ import annotations

import locale
from datetime import UTC, datetime
from typing import Any

import pytest
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

WHEN = datetime(2026, 1, 9, 17, 0, tzinfo=UTC)


def generator() -> Any:
    found = FeedGenerator()
    found.id("tag:a.example,2026:feed")
    found.title("Le site")
    found.subtitle("Un site")
    found.link(href="https://a.example/", rel="alternate")
    return found


def entry_of(found: Any) -> Any:
    entry = found.add_entry()
    entry.id("tag:a.example,2026:1")
    entry.title("Un titre")
    entry.content("<p>Un texte</p>", type="html")
    return entry


def rss(found: Any) -> etree._Element:
    return etree.fromstring(found.rss_str())[0]


def atom_text(found: Any) -> str:
    return str(found.atom_str().decode())


def test_an_atom_entry_link_loses_everything_but_its_href() -> None:
    found = generator()
    entry_of(found).link(href="https://a.example/1.mp3", rel="enclosure", type="audio/mpeg", length="5")
    assert '<link href="https://a.example/1.mp3"/>' in atom_text(found)


def test_the_channels_link_is_the_last_one_added() -> None:
    found = generator()
    found.link(href="https://a.example/feed.rss", rel="self")
    assert rss(found).findtext("link") == "https://a.example/feed.rss"


def test_rss_has_only_the_first_self_link_and_no_hub_link() -> None:
    found = generator()
    for href, rel in (("https://a.example/1", "self"), ("https://a.example/2", "self"), ("https://hub.example", "hub")):
        found.link(href=href, rel=rel)
    links = rss(found).findall("{http://www.w3.org/2005/Atom}link")
    assert [link.get("href") for link in links] == ["https://a.example/1"]


def test_dates_default_to_now_and_have_microseconds() -> None:
    found = generator()
    before = datetime.now(UTC)
    assert FeedGenerator().updated() >= before
    found.updated(WHEN.replace(microsecond=5))
    assert "17:00:00.000005+00:00" in atom_text(found)


def test_one_control_character_fails_the_whole_feed() -> None:
    found = generator()
    entry_of(found).title("a\x07b")
    with pytest.raises(ValueError, match="XML compatible"):
        found.rss_str()


def test_new_entries_are_added_before_older_ones() -> None:
    found = generator()
    entry_of(found).title("first")
    entry_of(found).title("second")
    assert [item.findtext("title") for item in rss(found).iterfind("item")] == ["second", "first"]


def test_an_author_without_e_mail_is_not_in_rss() -> None:
    found = generator()
    entry_of(found).author({"name": "La Ligue"})
    assert "La Ligue" not in found.rss_str().decode()


def test_only_the_last_enclosure_reaches_rss() -> None:
    found = generator()
    entry = entry_of(found)
    entry.enclosure("https://a.example/1.mp3", "1", "audio/mpeg")
    entry.enclosure("https://a.example/2.mp3", "2", "audio/mpeg")
    assert [each.get("url") for each in rss(found).iterfind("item/enclosure")] == ["https://a.example/2.mp3"]


def test_an_enclosure_without_a_type_fails_the_whole_feed() -> None:
    found = generator()
    entry_of(found).link(href="https://a.example/1.mp3", rel="enclosure")
    with pytest.raises(TypeError):
        found.rss_str()


def test_a_numeric_enclosure_length_fails_the_whole_feed() -> None:
    found = generator()
    entry_of(found).link(href="https://a.example/1.mp3", rel="enclosure", type="audio/mpeg", length=5)
    with pytest.raises(TypeError):
        found.rss_str()


def test_every_date_in_rss_sets_the_locale_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    found = generator()
    asked: list[Any] = []
    real = locale.setlocale
    monkeypatch.setattr(locale, "setlocale", lambda *words: asked.append(words) or real(*words))  # type: ignore[func-returns-value]
    found.rss_str()
    assert (locale.LC_ALL, "C") in asked


def test_cdata_content_gets_a_type_that_atom_does_not_define() -> None:
    found = generator()
    entry_of(found).content("<p>Un texte</p>", type="CDATA")
    assert '<content type="CDATA">' in atom_text(found)


def test_a_description_replaces_the_atom_content() -> None:
    found = generator()
    entry_of(found).description("Un résumé")
    assert "Un texte" not in atom_text(found)


def test_xhtml_content_fails_on_a_br() -> None:
    found = generator()
    entry_of(found).content("a<br>b", type="xhtml")
    with pytest.raises(etree.XMLSyntaxError):
        found.atom_str()


def test_logo_and_image_overwrite_each_other() -> None:
    found = generator()
    found.logo("https://a.example/logo.png")
    found.image(url="https://a.example/image.png", title="Le site", link="https://a.example/")
    assert "image.png" in atom_text(found) and "logo.png" not in atom_text(found)


def test_the_atom_tree_has_no_namespace_until_it_is_written() -> None:
    seen = []

    class Feed(BaseExtension):  # type: ignore[misc]
        def extend_atom(self, root: etree._Element) -> etree._Element:
            seen.append(root.tag)
            return root

    found = generator()
    found.register_extension("seen", Feed, BaseEntryExtension)
    found.atom_str()
    assert seen == ["feed"]


def test_an_ambiguous_date_string_is_read_month_first() -> None:
    found = generator()
    assert found.updated("01/02/2025 00:00Z").month == 1
