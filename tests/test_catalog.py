from __future__ import annotations

from datetime import UTC, datetime, timedelta

from feeds.catalog import Catalog

from .builders import NOW, article, named, site, table

SECOND = timedelta(seconds=1)


def slugs(*articles: object, now: datetime = NOW) -> list[str]:
    return [each.slug for each in Catalog.at(now, site(), articles).live]  # type: ignore[arg-type]


def test_the_newest_is_first_and_a_tie_is_settled_by_the_id() -> None:
    old, new = article("old", published="2026-01-01"), article("new", published="2026-02-01")
    b, a = article("b", published="2026-01-15"), article("a", published="2026-01-15")
    assert slugs(old, b, new, a) == slugs(a, new, b, old) == ["new", "a", "b", "old"]


def test_an_embargo_lifts_at_its_second() -> None:
    embargoed = article(published="2026-06-01T12:00")
    lifts = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    assert slugs(embargoed, now=lifts - SECOND) == []
    assert slugs(embargoed, now=lifts) == ["un-titre"]


def test_an_article_expires_at_its_second_and_is_still_known() -> None:
    expiring = article(expires="2026-06-01T12:00")
    end = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    assert slugs(expiring, now=end - SECOND) == ["un-titre"]
    assert slugs(expiring, now=end) == []
    assert [each.slug for each in Catalog.at(end, site(), [expiring]).appeared] == ["un-titre"]


def test_a_draft_is_nowhere_and_changes_nothing() -> None:
    catalog = Catalog.at(NOW, site(), [article(draft="true", expires="2027-01-01")])
    assert (catalog.appeared, catalog.next_change) == ((), None)


def test_the_next_change_is_the_first_of_all_moments_to_come() -> None:
    articles = [
        article("a", updated="2026-09-01", expires="2026-12-31"),
        article("b", published="2026-10-01"),
        article("c", withdrawn={"at": "2026-08-15", "reason": "Une erreur."}),
        article("d", attachments=[{"file": "plan.pdf", "title": "Le plan", "until": "2026-07-31"}]),
    ]
    midnight = datetime(2026, 7, 31, 22, tzinfo=UTC)
    assert Catalog.at(NOW, site(), articles).next_change == midnight
    assert Catalog.at(midnight, site(), articles).next_change == datetime(2026, 8, 14, 22, tzinfo=UTC)
    gone = datetime(2027, 8, 14, 22, tzinfo=UTC)
    assert Catalog.at(datetime(2027, 1, 1, tzinfo=UTC), site(), articles).next_change == gone, "the tombstone's end"
    assert Catalog.at(gone, site(), articles).next_change is None


def test_every_category_is_there_if_empty_and_a_tag_once_it_had_an_article() -> None:
    gone = article("gone", tags=["Génétique"], expires="2026-04-01")
    coming = article("coming", tags=["secret"], published="2027-01-01")
    found = table(gone, coming)
    assert [name for language, name in found.topics if language == "fr"] == [
        "all",
        "research",
        "outreach",
        "funding",
        "tags/genetique",
    ]
    assert found.feed(found.topics["fr", "tags/genetique"]).entries == ()


def test_one_feed_for_a_tag_however_it_is_spelt_named_as_it_was_first() -> None:
    first = article("a", tags=["Génétique"], published="2026-01-01")
    later = article("b", tags=["genetique", "GÉNÉTIQUE"], published="2026-02-01")
    found = table(later, first)
    topic = found.topics["fr", "tags/genetique"]
    assert topic.label == "Génétique"
    assert [entry.id[-1] for entry in found.feed(topic).entries] == ["b", "a"]


def test_twins_are_live_articles_in_other_languages() -> None:
    french = article("a", twin="x")
    english = article("b", twin="x", language="en")
    embargoed = article("c", twin="y", language="en", published="2027-01-01")
    catalog = Catalog.at(NOW, site(), [french, english, embargoed, article("d", twin="y")])
    assert [each.slug for each in catalog.twins(french)] == ["b"]
    assert catalog.twins(named(catalog, "d")) == []


def test_a_tie_is_settled_by_the_id_and_not_by_the_address() -> None:
    assert slugs(article("a", id="z"), article("z", id="a")) == ["z", "a"]


def test_an_expired_translation_is_no_twin() -> None:
    gone = article("gone", twin="x", language="en", expires="2026-04-01")
    catalog = Catalog.at(NOW, site(), [article("a", twin="x"), gone])
    assert catalog.twins(named(catalog, "a")) == []
