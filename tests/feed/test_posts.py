from __future__ import annotations

import pytest

from feeds.feed import posts
from feeds.feed.values import Entry
from feeds.model.social import HashtagSettings, Social
from tests.builders import article, table

SUMMARY = "Un résumé qui dit en quelques mots ce que l’article raconte, et à qui il s’adresse."


def entry(**changes: object) -> Entry:
    changes.setdefault("summary", SUMMARY)
    return table().entries.of(article("un-titre", **changes))


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("Un titre", 8),
        ("é", 1),
        ("e\u0301", 1),
        ("130\u202f000\u202f€…", 3 + 2 + 3 + 2 + 2 + 2),
        ("« ’ – »", 7),
        ("🎗️", 2),
        ("👩🏽‍🔬👨‍👩‍👧‍👦", 4),
        ("🇫🇷 1️⃣", 5),
        ("日本", 4),
        ("https://news.example/articles/un-titre", 23),
        ("Un titre https://a.example/ et http://b.example/x", 9 + 23 + 4 + 23),
    ],
)
def test_x_counts_by_weight(text: str, weight: int) -> None:
    """F2: U+202F, the euro sign, the ellipsis and emoji count double; a link counts 23."""
    assert posts.x_length(text) == weight


def test_mastodon_and_bluesky_count_graphemes() -> None:
    text = "👩🏽‍🔬 é e\u0301 https://news.example/articles/un-titre-assez-long-pour-compter"
    counted = {network.name: network.count(text) for network in posts.NETWORKS}
    assert counted == {"Mastodon": 6 + 23, "Bluesky": 6 + 62, "X": 7 + 23, "LinkedIn": len(text)}


def test_a_post_is_title_and_summary_with_hashtags() -> None:
    made = posts.compose(entry(tags=["cancer du sein", "génétique", "2026"], categories=["research", "funding"]))
    assert made == f"Un titre – {SUMMARY} #CancerDuSein #Génétique #Recherche #Soutiens"


def test_an_authors_own_post_text_is_used() -> None:
    made = posts.compose(entry(tags=["don"]), Social(text="Un chèque pour\nla recherche 🎗️ #Don"))
    assert made == "Un chèque pour la recherche 🎗️ #Don #Recherche"


@pytest.mark.parametrize("letter", ["a", "é", "€", "🎗️", "\u202f"])
def test_any_post_fits_on_every_network(letter: str) -> None:
    word = letter * 12
    long = " ".join(["Un", *[word] * 60])
    for made in (entry(title=long, summary=long), entry(summary=long, tags=["un mot " * 8, "deux"])):
        for social in (None, long):
            post = posts.compose(made, Social(text=social) if social else None)
            assert posts.fits_all_networks(post, made.url) and post.startswith("Un")
            assert "…" in post and not post.endswith(" ")
            for network in posts.NETWORKS:
                post = posts.compose(made, Social(text=social) if social else None, network=network)
                assert posts.fits(post, made.url, network) and post.startswith("Un")


def test_a_post_for_one_network_uses_its_limit_and_its_own_text() -> None:
    social = Social(text="Pour tous " * 80, x="Pour X", hashtags=("#Un", "#Deux"))
    made = {network.key: posts.compose(entry(), social, network=network) for network in posts.NETWORKS}
    assert made["x"] == "Pour X #Un #Deux"
    assert made["linkedin"] == "Pour tous " * 80 + "#Un #Deux"
    assert len(posts.compose(entry(), social)) < len(made["bluesky"]) < len(made["mastodon"]) < len(made["linkedin"])


def settings(tags: str, categories: str) -> HashtagSettings:
    return HashtagSettings.model_validate({"tags": tags, "categories": categories})


@pytest.mark.parametrize(
    ("wanted", "social", "hashtags"),
    [
        (HashtagSettings(), None, "#Don #Recherche"),
        (settings("true", "false"), None, "#Don"),
        (settings("false", "true"), None, "#Recherche"),
        (settings("false", "false"), None, ""),
        (HashtagSettings(), Social(hashtags=("#OctobreRose",)), "#OctobreRose"),
        (HashtagSettings(), Social(hashtags=()), ""),
    ],
)
def test_a_site_and_an_article_choose_the_hashtags(
    wanted: HashtagSettings, social: Social | None, hashtags: str
) -> None:
    post = posts.compose(entry(tags=["don"]), social, wanted)
    assert post == f"Un titre – {SUMMARY} {hashtags}".rstrip()


def test_a_hashtag_within_a_longer_one_is_still_added() -> None:
    assert posts.compose(entry(tags=["don"]), Social(text="Le #Donateur")) == "Le #Donateur #Don #Recherche"


def test_a_shortened_text_ends_after_a_word() -> None:
    assert posts.truncate("Un mot, deux mots", lambda text: len(text) <= 9) == "Un mot…"
    assert posts.truncate("Interminablement", lambda text: len(text) <= 9) == "Intermin…"


def test_a_link_too_long_for_one_network_does_not_shorten_the_text_for_others() -> None:
    long = entry(link="https://x.example/" + "a" * 400)
    assert posts.compose(long) == f"Un titre – {SUMMARY} #Recherche"
