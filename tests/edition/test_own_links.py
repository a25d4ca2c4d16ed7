"""`feeds check` names each link to a page of ours that readers cannot follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.content.folder import ContentFolder
from feeds.edition.edition import Edition
from feeds.edition.own_links import OwnLinks
from feeds.feed.catalog import Catalog
from tests.builders import NOW, SITE, as_yaml, content_folder

ARTICLES: dict[str, dict[str, object] | str] = {
    "live": {},
    "en": {"language": "en"},
    "brouillon": {"draft": "true"},
    "plus-tard": {"published": "2026-07-01T09:00"},
    "passe": {"expires": "2026-04-01"},
    "retire": {"withdrawn": {"at": "2026-04-01", "reason": "Faux."}},
    "tague": {"tags": ["génétique"]},
}


def problems_of(content: ContentFolder) -> list[str]:
    loaded = content.load()
    assert loaded.site
    links = OwnLinks(Edition(Catalog.at(NOW, loaded.site, loaded.articles), content.media))
    tree = content.reader.read_tree(content.site_file)[0]
    assert tree
    found = sorted([*links.problems(content.trees(loaded)), *links.redirect_problems(tree)])
    return [str(problem).replace(f"{content.root}/", "") for problem in found]


def body(address: str) -> str:
    return as_yaml({"title": "x", "published": "2026-03-01", "categories": ["research"]}) + (
        f"body: |\n  Un texte.\n\n  [voir]({address})\n"
    )


DEAD = "leads to no page of this site (expected {})"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/articles/liv", DEAD.format("/articles/live")),
        ("/en/articles/live", DEAD.format("/articles/live")),
        ("http://news.example/articles/liv", DEAD.format("/articles/live")),
        ("/feeds/researc.rss", DEAD.format("/feeds/research.rss")),
        ("/feeds/tags/génétiqu", DEAD.format("/feeds/tags/genetique")),
        ("/zzzz", DEAD.format("the address of a page, or no link")),
        ("/articles/brouillon", "is a draft, so the link is dead (publish the draft, or remove the link)"),
        ("/articles/plus-tard", "is not published until 2026-07-01T09:00 (publish it earlier, or remove the link)"),
        ("/articles/passe", "has expired, and its page only says so (link to another page)"),
        ("/articles/retire", "is withdrawn (link to another page, unless the retraction is meant)"),
    ],
)
def test_a_link_that_leads_nowhere_is_reported_with_its_line(address: str, message: str, tmp_path: Path) -> None:
    content = content_folder(tmp_path, {**ARTICLES, "source": body(address)})
    assert problems_of(content) == [f"articles/source.yaml:7:1: warning: body: {address} {message}"]


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/en/", "/en", "/articles/live", "/articles/live?a=b#c", "https://news.example/articles/live"),
        *("/feeds/all", "/feeds/research.social.rss", "/feeds.opml", "/sitemap.xml", "/feed.xml", "/en/articles/en"),
        *("https://elsewhere.example/articles/liv", "mailto:a@b.example", "/ancien?x=1", "/health", "/articles/source"),
        *("/feeds/all/2026-03", "/articles/live/", "/feeds/all/"),
        *("/feeds/tags/genetique.atom", "/media/x.pdf"),
    ],
)  # fmt: skip
def test_a_link_that_works_is_not_reported(address: str, tmp_path: Path) -> None:
    site = SITE + "redirects: {/ancien: /articles/live}\n"
    assert problems_of(content_folder(tmp_path, {**ARTICLES, "source": body(address)}, site)) == []


def test_a_link_after_many_others_is_reported(tmp_path: Path) -> None:
    links = "".join(f"[l](https://x.example/{number}) • " for number in range(80))
    text = {"body": f"{links} [mort](/articles/liv)"}
    (found,) = problems_of(content_folder(tmp_path, {"live": {}, "source": text}))
    assert "/articles/liv leads to no page" in found


def test_an_article_may_link_to_one_that_appears_before_it(tmp_path: Path) -> None:
    later = {"published": "2026-08-01T09:00", "body": "[a](/articles/plus-tard)"}
    assert problems_of(content_folder(tmp_path, {**ARTICLES, "encore-plus-tard": later})) == []


def test_keys_and_redirects_are_checked_too(tmp_path: Path) -> None:
    keys = {
        "link": "https://news.example/articles/liv",
        "attachments": [{"url": "https://news.example/nope.html", "title": "x"}],
        "authors": [{"name": "A", "url": "https://news.example/feeds/nope"}],
    }
    site = SITE + "redirects: {/ancien: /articles/liv, /autre: 'https://elsewhere.example/'}\n"
    found = problems_of(content_folder(tmp_path, {**ARTICLES, "source": keys}, site))
    assert [problem.split(" leads")[0] for problem in found] == [
        "articles/source.yaml:5:7: warning: link: https://news.example/articles/liv",
        "articles/source.yaml:6:23: warning: attachments.url: https://news.example/nope.html",
        "articles/source.yaml:7:32: warning: authors.url: https://news.example/feeds/nope",
        "site.yaml:12:22: warning: redirects./ancien: /articles/liv",
    ]
