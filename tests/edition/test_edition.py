from __future__ import annotations

import pytest

from feeds.edition import edition as edition_module
from feeds.edition.edition import Edition
from feeds.feed.catalog import Catalog
from tests.builders import PICTURES, FakeMedia, article, catalog


def edition_of(count: int) -> Edition:
    return Edition(catalog(*(article(f"a{number}") for number in range(count))), FakeMedia(), None, None, PICTURES)


def test_a_document_built_on_demand_is_the_same_object_until_newer_ones_displace_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The least recently used one is discarded first."""
    monkeypatch.setattr(edition_module, "CACHED_DOCUMENTS", 2)
    edition = edition_of(4)
    first, second, third = (f"/articles/a{number}" for number in range(3))
    documents = {path: edition[path] for path in (first, second)}
    assert edition[first] is documents[first] and edition[second] is documents[second]
    assert edition[first] is documents[first], "used after the second one"
    edition[third]
    assert edition[first] is documents[first]
    again = edition[second]
    assert again is not documents[second] and again.data == documents[second].data


def test_documents_built_ahead_are_never_discarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition_module, "CACHED_DOCUMENTS", 1)
    edition = edition_of(3)
    feed = edition["/feeds/all.rss"]
    for number in range(3):
        edition[f"/articles/a{number}"]
    assert edition["/feeds/all.rss"] is feed


def test_an_edition_is_a_mapping_of_its_paths() -> None:
    edition = edition_of(1)
    assert len(edition) == len(set(edition)) and "/articles/a0" in set(edition) and edition
    assert edition.has("/feeds/all.rss") and edition.has("/articles/a0") and edition.has("/manifest.json")
    assert edition.find("/articles/nothing") is None and not edition.has("/articles/nothing")
    for look_up in (edition.__getitem__, edition.render):
        with pytest.raises(KeyError, match="/articles/nothing"):
            look_up("/articles/nothing")


def test_entries_beyond_the_bound_are_rendered_again() -> None:
    found = catalog(article("a"), article("b"))
    bounded = Edition(found, FakeMedia(), None, None, PICTURES, cached_entries=1)
    assert bounded["/feeds/all.atom"].data == edition_without_bound(found)["/feeds/all.atom"].data
    first, second = found.live
    entries = bounded.builder.entries
    assert entries.of(first) is entries.of(first) and entries.of(second) is not entries.of(second)


def edition_without_bound(found: Catalog) -> Edition:
    return Edition(found, FakeMedia(), None, None, PICTURES)
