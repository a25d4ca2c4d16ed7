"""Equal inputs give equal output: a build does not render a page whose inputs are unchanged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.edition.edition import Edition
from feeds.edition.routes import Rendered
from feeds.model.renditions import Pictures
from tests.builders import NOW, PICTURES, SITE, FakeMedia, article, catalog

Seen = dict[str, tuple[str | None, Rendered]]

PICTURE = {"file": "photo.jpg", "alt": "Une photo"}
VALUES: dict[str, list[Any]] = {
    "title": ["Un titre", "Un autre titre"],
    "published": ["2026-03-01T09:00", "2026-03-09", "2026-02-01", "2026-06-01T12:30", "2025-12-31T23:59"],
    "categories": [["research"], ["outreach", "research"], ["funding"]],
    "language": ["fr", "en"],
    "twin": [None, "jumeau"],
    "tags": [None, ["don"], ["Don", "génétique"], ["DON"]],
    "authors": [None, ["Le labo"], [{"name": "le Labo", "url": "https://labo.example"}]],
    "picture": [None, PICTURE, {**PICTURE, "alt": "Une autre"}, {**PICTURE, "focus": [0.1, 0.2]}],
    "attachments": [None, [{"file": "plan.pdf", "title": "Un plan", "until": "2026-05-31"}]],
    "body": ["Un texte.", "![](media/photo.jpg) [plan](media/plan.pdf)", "[là](/articles/a1)"],
    "summary": [None, "Un résumé."],
    "updated": [None, "2026-06-01T12:10"],
    "expires": [None, "2026-06-01T12:20", "2026-05-01"],
    "withdrawn": [None, {"at": "2026-06-01T12:15", "reason": "Une erreur."}],
    "link": [None, "https://ailleurs.example/a"],
    "draft": ["false", "true"],
}
SITES = [
    SITE,
    SITE.replace("Recherche", "La recherche"),
    SITE + "accent: '#123456'\n",
    SITE + "entries: 2\n",
    SITE + "hubs: [https://hub.example/]\n",
    SITE.replace("https://news.example", "https://www.example/news"),
    SITE.replace("[fr, en]", "[en, fr]"),
]
one = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in VALUES.items()})
state = st.tuples(
    st.lists(one, min_size=2, max_size=5),
    st.sampled_from(SITES),
    st.sampled_from([PICTURES, Pictures()]),
    st.sampled_from([-60, 0, 12, 16, 25, 31]),
)


def seen(articles: list[dict[str, Any]], text: str, pictures: Pictures, minutes: int) -> Seen:
    """Build an edition, and return the inputs digest and the rendered result of each path."""
    made = []
    for number, keys in enumerate(articles):
        given = {key: value for key, value in keys.items() if value is not None}
        if "updated" in given and str(given.get("published", "")) > "2026-06-01T12:10":
            del given["updated"]
        try:
            made.append(article(f"a{number}", **given))
        except AssertionError:  # an expiry before the publication, say
            made.append(article(f"a{number}"))
    edition = Edition(
        catalog(*made, now=NOW + timedelta(minutes=minutes), text=text), FakeMedia(), None, None, pictures
    )
    return {path: (edition.inputs_digest(path), edition.render(path)) for path in edition}


change = st.sampled_from([(key, value) for key, values in VALUES.items() for value in values])
around = st.sampled_from(
    [*(("site", text) for text in SITES), ("pictures", Pictures()), ("minutes", 16), ("minutes", 31)]
)


@given(before=state, edits=st.lists(st.tuples(st.integers(0, 6), change), max_size=2), other=st.none() | around)
def test_equal_inputs_give_equal_output(
    before: Any, edits: list[tuple[int, tuple[str, Any]]], other: tuple[str, Any] | None
) -> None:
    """Two states that differ only slightly: most paths have the same inputs in both."""
    articles: list[dict[str, Any]] = [dict(each) for each in before[0]]
    text, pictures, minutes = before[1:]
    for place, (key, value) in edits:
        articles[place % len(articles)][key] = value
    if other:
        about = {"site": text, "pictures": pictures, "minutes": minutes} | dict([other])
        text, pictures, minutes = about["site"], about["pictures"], about["minutes"]
    one, two = seen(*before), seen(articles, text, pictures, minutes)
    for path, (made_of, sheet) in one.items():
        if made_of is not None and path in two and two[path][0] == made_of:
            assert two[path][1] == sheet, path


def test_a_page_whose_card_is_another_one_has_other_inputs() -> None:
    """Also before any card is drawn: an article that is no longer among the newest has the card of the site."""
    text = next(text for text in SITES if "entries: " in text)
    articles: list[dict[str, Any]] = [
        {"published": "2026-02-01"},
        *({"published": "2026-03-01T09:00"} for _ in range(3)),
    ]
    one = seen(articles, text, PICTURES, -60)
    two = seen([{"published": "2026-03-01T09:00"}, *articles[1:]], text, PICTURES, -60)
    changed = [path for path in one if path in two and two[path][1] != one[path][1]]
    assert any(path.startswith("/articles/") for path in changed)
    assert [path for path in changed if one[path][0] and one[path][0] == two[path][0]] == []


def test_a_change_to_one_article_leaves_the_inputs_of_others_unchanged() -> None:
    articles = [{"published": f"2026-0{month}-03", "tags": [f"tag{month}"]} for month in (1, 2, 3, 4, 5)]
    one = seen(articles, SITE, PICTURES, 0)
    articles[0] = {**articles[0], "title": "Un autre titre"}
    other = seen(articles, SITE, PICTURES, 0)
    changed = {path for path, (made_of, _) in one.items() if made_of and other[path][0] != made_of}
    assert {"/feeds/outreach", "/en/feeds/outreach", "/feeds/funding", "/en/feeds/funding"} <= changed, "they are empty"
    changed = {path for path in changed if not path.endswith(("/feeds/outreach", "/feeds/funding"))}
    assert {"/articles/a0", "/articles/a1", "/feeds/all/2026-01", "/feeds/all/2026-01.rss"} <= changed
    assert not [path for path in changed if "a2" in path or "2026-02" in path or "tag3" in path or "outreach" in path]
    assert {path for path in one if path.startswith("/articles/")} == {f"/articles/a{number}" for number in range(5)}
    assert all(one[f"/articles/a{number}"][0] for number in range(5))


OLD: dict[str, Any]
NEW: dict[str, Any]
OLD, NEW = {"published": "2026-01-03"}, {"published": "2026-02-03"}
DEPENDENCES: dict[str, tuple[list[dict[str, Any]], tuple[int, str, Any], str]] = {
    "the spelling of a tag, which is the oldest's": (
        [{**OLD, "tags": ["DON"]}, {**NEW, "tags": ["don"]}], (0, "tags", None), "/articles/a1",
    ),
    "a translation": (
        [{**OLD, "twin": "x"}, {**NEW, "language": "en", "categories": ["funding"]}], (1, "twin", "x"), "/articles/a0",
    ),
    "a neighbour’s title": ([OLD, NEW], (1, "title", "Un autre titre"), "/articles/a0"),
    "a later neighbour": ([OLD, {**NEW, "draft": "true"}], (1, "draft", "false"), "/articles/a0"),
    "the months beside": ([OLD, NEW], (1, "published", "2026-03-03"), "/feeds/all/2026-01"),
    "the archives beside": ([OLD, NEW, {}], (1, "published", "2025-12-03"), "/feeds/all/2026-01.atom"),
    "what an expired one moved": (
        [OLD, {**OLD, "expires": "2026-05-01"}, {}], (1, "expires", "2026-05-02"), "/feeds/all/2026-01.rss",
    ),
    "why one was withdrawn that is deleted": (
        [{**OLD, "tags": ["don"], "withdrawn": {"at": "2026-05-02", "reason": "Une erreur."}}, {"tags": ["don"]}],
        (0, "withdrawn", {"at": "2026-05-02", "reason": "Une autre."}),
        "/feeds/tags/don.atom",
    ),
    "the newest archive": ([{**OLD, "tags": ["don"]}, {"tags": ["don"]}], (0, "tags", None), "/feeds/tags/don.json"),
    "a link": ([OLD, {}], (0, "link", "https://ailleurs.example/"), "/feeds/all/2026-01"),
}  # fmt: skip


@pytest.mark.parametrize("name", DEPENDENCES)
def test_what_a_page_shows_of_other_articles_is_among_its_inputs(name: str) -> None:
    before, (place, key, value), path = DEPENDENCES[name]
    text = SITE + "entries: 1\n"
    after = [{**each, key: value} if number == place else each for number, each in enumerate(before)]
    one, two = seen(before, text, PICTURES, 0)[path], seen(after, text, PICTURES, 0)[path]
    assert one[1] != two[1], "this case shows nothing"
    assert one[0] and one[0] != two[0]


def test_pictures_and_the_time_are_among_the_inputs() -> None:
    articles = [{**OLD, "picture": PICTURE, "expires": "2026-06-01T12:20"}, NEW]
    one = seen(articles, SITE, PICTURES, 0)
    for other in (seen(articles, SITE, Pictures(), 0), seen(articles, SITE, PICTURES, 31)):
        assert other["/articles/a0"][0] != one["/articles/a0"][0] and other["/articles/a0"][1] != one["/articles/a0"][1]
