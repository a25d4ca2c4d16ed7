"""What was served before decides whether a date is a mistake, and where an old address leads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from feeds.content.folder import ContentFolder
from feeds.edition.history import date_problems
from feeds.feed.catalog import Catalog
from feeds.feed.manifest import Manifest
from tests.builders import NOW, content_folder

DAY = timedelta(days=1)


def served(content: ContentFolder) -> Manifest:
    loaded = content.load()
    assert loaded.site
    return Manifest().updated_for(Catalog.at(NOW, loaded.site, loaded.articles))


def problems(root: Path, changes: Mapping[str, object] | None, later: timedelta = DAY) -> list[str]:
    """Return the problems after article `a` was changed, and `new` was added if `changes` is None."""
    content = content_folder(root, {"a": {}, "b": {}})
    manifest = served(content)
    content_folder(root, {"a": changes} if changes is not None else {"new": {"published": "2026-03-01"}})
    loaded = content.load()
    assert loaded.site
    catalog = Catalog.at(NOW + later, loaded.site, loaded.articles)
    return [f"{each.key}: {each.message}" for each in date_problems(catalog, manifest, content.trees(loaded))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "Corrigé"}, []),
        (
            {"published": "2026-07-01T09:00"},
            [
                "published: this takes a live article offline until 2026-07-01T09:00 (expected the old date; to mark"
                " edits, use updated)"
            ],
        ),
        (
            {"draft": "true"},
            ["draft: this takes a live article offline (expected draft: false; to retract it: withdrawn or expires)"],
        ),
        (
            None,
            [
                "published: 2026-03-01T00:00 is in the past (age in days: 93), but the article was never served, so"
                " readers show it among older ones (expected a date such as 2026-06-02T12:00)"
            ],
        ),
    ],
)
def test_a_date_that_hides_an_article_is_reported(
    changes: Mapping[str, object] | None, expected: list[str], tmp_path: Path
) -> None:
    assert problems(tmp_path, changes) == expected


def test_a_draft_whose_date_is_past_is_reported(tmp_path: Path) -> None:
    content = content_folder(
        tmp_path, {"old": {"draft": "true"}, "fresh": {"draft": "true", "published": "2026-05-30"}}
    )
    loaded = content.load()
    assert loaded.site
    found = list(date_problems(Catalog.at(NOW, loaded.site, loaded.articles), Manifest(), content.trees(loaded)))
    assert [(Path(each.file).name, each.key, each.message.code) for each in found] == [
        ("old.yaml", "draft", "draft-date-past")
    ]


def test_a_renamed_file_has_no_wrong_date(tmp_path: Path) -> None:
    content = content_folder(tmp_path, {"a": {"published": "2025-03-01"}, "b": {}})
    manifest = served(content)
    (tmp_path / "articles" / "a.yaml").rename(tmp_path / "articles" / "c.yaml")
    loaded = content.load()
    assert loaded.site
    catalog = Catalog.at(NOW + DAY, loaded.site, loaded.articles)
    assert not list(date_problems(catalog, manifest, content.trees(loaded)))


def test_a_first_start_reports_no_old_date(tmp_path: Path) -> None:
    content = content_folder(tmp_path, {"a": {}})
    loaded = content.load()
    assert loaded.site
    assert not list(date_problems(Catalog.at(NOW, loaded.site, loaded.articles), Manifest(), content.trees(loaded)))
