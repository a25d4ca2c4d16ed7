from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from feeds.feed.catalog import Catalog
from feeds.feed.manifest import Manifest
from feeds.model.article import Article
from tests.builders import NOW, article, catalog, find_article, site, table

SECOND = timedelta(seconds=1)


def slugs(*articles: Article, now: datetime = NOW) -> list[str]:
    return [each.slug for each in catalog(*articles, now=now).live]


def test_articles_are_sorted_newest_first_and_then_by_id() -> None:
    old, new = article("old", published="2026-01-01"), article("new", published="2026-02-01")
    b, a = article("b", published="2026-01-15"), article("a", published="2026-01-15")
    assert slugs(old, b, new, a) == slugs(a, new, b, old) == ["new", "a", "b", "old"]


def test_an_embargo_ends_at_the_exact_second() -> None:
    embargoed = article(published="2026-06-01T12:00")
    lifts = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    assert slugs(embargoed, now=lifts - SECOND) == []
    assert slugs(embargoed, now=lifts) == ["un-titre"]


def test_an_article_expires_at_the_exact_second_and_stays_in_the_catalog() -> None:
    expiring = article(expires="2026-06-01T12:00")
    end = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    assert slugs(expiring, now=end - SECOND) == ["un-titre"]
    assert slugs(expiring, now=end) == []
    assert [each.slug for each in catalog(expiring, now=end).appeared] == ["un-titre"]


def test_a_draft_never_appears_and_schedules_no_change() -> None:
    found = catalog(article(draft="true", expires="2027-01-01"))
    assert (found.appeared, found.next_change) == ((), None)


def test_the_next_change_is_the_earliest_scheduled_one() -> None:
    articles = [
        article("a", updated="2026-09-01", expires="2026-12-31"),
        article("b", published="2026-10-01"),
        article("c", withdrawn={"at": "2026-08-15", "reason": "Une erreur."}),
        article("d", attachments=[{"file": "plan.pdf", "title": "Le plan", "until": "2026-07-31"}]),
    ]
    midnight = datetime(2026, 7, 31, 22, tzinfo=UTC)
    assert catalog(*articles).next_change == midnight
    assert catalog(*articles, now=midnight).next_change == datetime(2026, 8, 14, 22, tzinfo=UTC)
    gone = datetime(2027, 8, 14, 22, tzinfo=UTC)
    assert catalog(*articles, now=datetime(2027, 1, 1, tzinfo=UTC)).next_change == gone, "the tombstone's end"
    assert catalog(*articles, now=gone).next_change is None


def test_every_category_has_a_feed_and_a_tag_has_one_once_it_had_an_article() -> None:
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


def test_all_spellings_of_a_tag_share_one_feed_named_after_the_oldest() -> None:
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
    found = catalog(french, english, embargoed, article("d", twin="y"))
    assert [each.slug for each in found.twins(french)] == ["b"]
    assert found.twins(find_article(found, "d")) == []


def test_ties_are_broken_by_the_id_and_not_by_the_slug() -> None:
    assert slugs(article("a", id="z"), article("z", id="a")) == ["z", "a"]


def test_an_expired_translation_is_not_a_twin() -> None:
    gone = article("gone", twin="x", language="en", expires="2026-04-01")
    found = catalog(article("a", twin="x"), gone)
    assert found.twins(find_article(found, "a")) == []


SLUGS = st.sampled_from(["a", "b", "c", "d"])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "published": st.sampled_from(["2026-01-01", "2026-05-31T10:00", "2026-06-01T12:00:01", "2027-01-01"]),
        "categories": st.sampled_from([["research"], ["research", "funding"]]),
        "language": st.sampled_from(["fr", "en"]),
        "tags": st.sampled_from([["Génétique"], ["don", "genetique"]]),
        "twin": st.sampled_from(["x", "y"]),
        "draft": st.just("true"),
        "expires": st.sampled_from(["2027-02-01", "2028-01-01"]),
        "withdrawn": st.just({"at": "2027-03-01", "reason": "Une erreur."}),
    },
)
STEPS = st.lists(
    st.tuples(st.dictionaries(SLUGS, CHANGES, max_size=3), st.sets(SLUGS, max_size=1), st.integers(-1, 400)),
    min_size=1,
    max_size=6,
)


@given(STEPS)
def test_an_incremental_catalog_equals_a_fresh_one(steps: list[Any]) -> None:
    """The same holds for the manifest. Both look only at what changed."""
    one_site, now, articles = site(), NOW, dict[str, Article]()
    before, manifest = Catalog.at(now, one_site, {}), Manifest()
    manifest = manifest.updated_for(before)
    for written, removed, days in steps:
        now += timedelta(days=days)
        articles = {**articles, **{slug: article(slug, **changes) for slug, changes in written.items()}}
        articles = {slug: each for slug, each in articles.items() if slug not in removed}
        followed, fresh = Catalog.at(now, one_site, articles, before), Catalog.at(now, one_site, articles)
        assert followed.groups == fresh.groups
        assert (followed.appeared, followed.next_change) == (fresh.appeared, fresh.next_change)
        taken_on, made_anew = manifest.updated_for(followed, before), manifest.updated_for(fresh)
        assert taken_on == made_anew and list(taken_on.entries) == list(made_anew.entries)
        assert taken_on.content.digest == Manifest().updated_for(fresh).content.digest
        before, manifest = followed, taken_on
