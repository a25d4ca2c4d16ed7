"""Tags and authors whose feeds would have one address are reported, and site.yaml can give a tag its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.model.problems import Problem
from tests.builders import SITE, article, content_folder, table


def shared(root: Path, *articles: dict[str, object], site: str = SITE) -> list[Problem]:
    """Return the problems with shared feeds of articles, the oldest first: 1.yaml, 2.yaml and so on."""
    dated = {str(day): {"published": f"2026-03-0{day}", **values} for day, values in enumerate(articles, 1)}
    problems = content_folder(root, dated, site).load().problems
    return [problem for problem in problems if problem.message.code.endswith("shares-feed")]


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("C", "C++", "/feeds/tags/c"),
        ("C", "C#", "/feeds/tags/c"),
        ("HER2+", "HER2-", "/feeds/tags/her2"),
        ("a b", "a-b", "/feeds/tags/a-b"),
    ],
)
def test_a_tag_that_shares_a_feed_is_reported_once(first: str, second: str, path: str, tmp_path: Path) -> None:
    (found,) = shared(tmp_path, {"tags": [first]}, {"tags": ["x", second]}, {"tags": [second]})
    assert found.file.endswith("2.yaml") and found.severity == "warning" and found.key == "tags"
    assert str(found.message).startswith(f"{second} shares the feed {path} with {first}, in ")


def test_an_author_who_shares_a_feed_is_reported(tmp_path: Path) -> None:
    (found,) = shared(tmp_path, {"authors": ["李 明"]}, {"authors": [{"name": "黎明"}]})
    assert "黎明 shares the feed /feeds/authors/li-ming with 李 明" in str(found)


@pytest.mark.parametrize(("first", "second"), [("Génétique", "genetique"), ("l’été", "L'ÉTÉ"), ("un  mot", "un mot")])
def test_a_tag_in_another_spelling_is_the_same_tag(first: str, second: str, tmp_path: Path) -> None:
    assert shared(tmp_path, {"tags": [first]}, {"tags": [second]}) == []


def test_tags_in_different_languages_share_no_feed(tmp_path: Path) -> None:
    assert shared(tmp_path, {"tags": ["C"]}, {"tags": ["C++"], "language": "en"}) == []


def test_a_tag_may_have_a_slug_of_its_own(tmp_path: Path) -> None:
    site = SITE + 'tags: {"C++": {slug: cpp}, "c#": {slug: c-sharp}}\n'
    assert shared(tmp_path, {"tags": ["C"]}, {"tags": ["C++", "C#"]}, site=site) == []
    builder = table(article(tags=["C++", "C", "C#"]), text=site)
    tags = builder.catalog.names("tag", "fr")
    assert {name: builder.topics["fr", f"tags/{name}"].label for name in tags} == {
        "cpp": "C++",
        "c": "C",
        "c-sharp": "C#",
    }
    assert [topic.name for topic in builder.tag_topics(article(tags=["C++", "C"]))] == ["tags/cpp", "tags/c"]


def test_a_slug_has_to_fit_into_an_address(tmp_path: Path) -> None:
    problems = content_folder(tmp_path, {}, SITE + 'tags: {"C++": {slug: C++}}\n').load().problems
    assert "tags.C++.slug: C++ cannot be part of an address" in str(problems[0])
