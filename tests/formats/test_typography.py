"""French pages keep the spaces that belong to a punctuation mark, and feeds keep what an author typed."""

from __future__ import annotations

import json

import pytest

from feeds.edition.edition import Edition
from feeds.formats.typography import capitalize, keep_french_spaces
from tests.builders import FakeMedia, article, catalog


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Pourquoi ? Parce que !", "Pourquoi~? Parce que~!"),
        ("« Oui » : fin ; « non »", "«~Oui~»~: fin~; «~non~»"),
        ("15 % des cas", "15~% des cas"),
        ("<em>mot</em> : suite", "<em>mot</em>~: suite"),
        ('<a title="a : b" href="/x">a : b</a>', '<a title="a : b" href="/x">a~: b</a>'),
        (
            '<i>a</i> : <b title="c : d"\nid="e : f">g : h</b> : i',
            '<i>a</i>~: <b title="c : d"\nid="e : f">g~: h</b>~: i',
        ),
        ("<pre>a : b</pre> <code>c ? d</code>", "<pre>a : b</pre> <code>c ? d</code>"),
        ("<script>a = b ? c : d</script>", "<script>a = b ? c : d</script>"),
        ("à 10 :30", "à 10 :30"),
        ("Vraiment ?! Oui !! « Quoi ?… »", "Vraiment~?! Oui~!! «~Quoi~?…~»"),
        ("<kbd>a : b</kbd>", "<kbd>a : b</kbd>"),
    ],
)
def test_a_browser_may_not_break_a_line_before_a_punctuation_mark(text: str, kept: str) -> None:
    assert keep_french_spaces(text) == kept.replace("~", "\u00a0")


def test_only_french_pages_are_changed_and_no_feed() -> None:
    articles = [
        article("fr", title="Pourquoi ?", body="Et « alors » : rien."),
        article("en", language="en", title="Why ?"),
    ]
    edition = Edition(catalog(*articles), FakeMedia())
    assert "Et «\u00a0alors\u00a0»\u00a0: rien." in edition["/articles/fr"].data.decode()
    assert "Pourquoi\u00a0?" in edition["/"].data.decode()
    assert "Why ?" in edition["/en/articles/en"].data.decode()
    (item,) = json.loads(edition["/feeds/all.json"].data)["items"]
    assert item["title"] == "Pourquoi ?" and "Et « alors » : rien." in item["content_html"]


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        ("mars 2026", "Mars 2026"),
        ("génétique", "Génétique"),
        ("étude", "Étude"),
        ("mRNA", "mRNA"),
        ("iPSC", "iPSC"),
        ("p53", "p53"),
        ("ß-Test", "ß-Test"),
    ],
)
def test_a_heading_begins_with_a_capital(heading: str, shown: str) -> None:
    assert capitalize(heading) == shown


def test_the_pages_of_a_month_and_of_a_tag_begin_with_a_capital() -> None:
    edition = Edition(catalog(article(tags=["génétique"])), FakeMedia())
    assert "<h1>Mars 2026</h1>" in edition["/feeds/all/2026-03"].data.decode()
    assert "<h1>Génétique</h1>" in edition["/feeds/tags/genetique"].data.decode()


def test_a_withdrawn_article_is_marked_in_lists() -> None:
    articles = [article("a", withdrawn={"at": "2026-04-01", "reason": "Faux."}), article("b")]
    edition = Edition(catalog(*articles), FakeMedia())
    for path in ("/feeds/research", "/feeds/all/2026-03", "/articles/a"):
        assert edition[path].data.decode().count("Article retiré") == 1
    assert "/articles/a" not in edition["/"].data.decode()
    assert "/articles/a" not in edition["/articles/b"].data.decode(), "nor is it a neighbour"
