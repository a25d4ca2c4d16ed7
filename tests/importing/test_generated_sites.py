"""Sites that real programs made are imported, and their subscribers see nothing new.

The files in `tests/data/old/generated/` are the output of Hugo, WordPress and others; `trials/moving.py` makes them.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from reader import make_reader

from feeds import create_app
from feeds.content.folder import ContentFolder
from feeds.feed.html_text import plain_text
from feeds.feed.markup import commonmark
from feeds.importing.old_xml import read_feed
from feeds.model.site_types import slug
from feeds.settings import Settings
from tests.builders import ROOT
from tests.generated_sites import HOME, WRITERS, samples
from tests.importing.old_site import OLD, OldSite
from tests.processes import free_port, served

NOW = datetime(2026, 11, 29, tzinfo=UTC)
FEEDS = {
    **{"Hugo": "/index.xml", "Jekyll": "/feed.xml", "Hexo": "/atom.xml", "Eleventy": "/feed/feed.xml"},
    **{"Astro": "/rss.xml", "Pelican": "/feeds/all.atom.xml", "Nikola": "/rss.xml"},
    "WordPress": "/feed/",
}


WORDPRESS = OLD / "generated" / "wordpress-export.xml"


def import_site(name: str, tmp_path: Path, feed: str) -> tuple[ContentFolder, str]:
    """Import what a program was given, or its export, with its feed, into an empty site."""
    source = tmp_path / "old"
    if name in WRITERS:
        WRITERS[name](source, samples())
    else:
        home = feed.removesuffix(FEEDS[name]) if "://" in feed else HOME
        source.write_text(WORDPRESS.read_text(encoding="utf-8").replace(HOME, home), encoding="utf-8")
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content" / "pages", content / "pages")
    shutil.copytree(ROOT / "content" / "media", content / "media")
    (content / "articles").mkdir()
    site = (ROOT / "content" / "site.yaml").read_text(encoding="utf-8")
    (content / "site.yaml").write_text(site, encoding="utf-8")
    runner = create_app(Settings(content), clock=lambda: NOW).test_cli_runner()
    options = ["--map", "*=outreach", "--map", "Soutiens=funding", "--map", "Grand public=outreach", "--language", "fr"]
    options += ["--no-pictures"] if name == "WordPress" else []
    done = runner.invoke(args=["import", str(source), *options, "--old-feed", feed, "--allow-local", "--no-archives"])
    assert done.exit_code == 0, (done.output, done.exception)
    if keeps_out := re.search(r'entries: [0-9]+(?=" in site\.yaml)', done.output):
        text = re.sub("(?m)^entries: .*$", keeps_out[0], (content / "site.yaml").read_text(encoding="utf-8"))
        (content / "site.yaml").write_text(text, encoding="utf-8")
    return ContentFolder(content), done.output


@pytest.mark.parametrize("name", WRITERS)
def test_every_article_of_a_generated_site_keeps_its_id_its_date_and_its_words(name: str, tmp_path: Path) -> None:
    file = OLD / "generated" / f"{name.lower()}.xml"
    content, printed = import_site(name, tmp_path, str(file))
    assert "\n0 new, 0 with another title, " in printed
    loaded = content.load()
    assert [problem for problem in loaded.problems if problem.severity == "error"] == []
    articles = {article.title: article for article in loaded.articles.values()}
    assert len(articles) == len(samples())
    entries = {entry.title: entry for entry in read_feed(file.read_bytes()).entries}
    for sample in samples():
        article = articles[sample.title]
        entry = entries.get(sample.title)
        assert article.draft == sample.is_draft
        assert set(article.categories) >= {sample.categories[0]} or name == "Eleventy"  # it has nothing but tags
        assert abs((article.published - sample.date).total_seconds()) < 60  # Pelican's dates have no seconds
        if entry:
            assert (article.id, article.published) == (entry.id, entry.published)
        assert words(article.body) == words(sample.body), sample.slug
        if sample.picture:
            assert article.picture and article.picture.file.path.endswith(Path(sample.picture).suffix)
    target = articles["La bio-informatique en dix lignes"].slug
    assert f"](/articles/{target})" in articles["Dix ans de séquençage"].body


def test_a_wordpress_export_keeps_ids_dates_words_and_states(tmp_path: Path) -> None:
    content, printed = import_site("WordPress", tmp_path, str(OLD / "generated" / "wordpress.xml"))
    assert re.search(r"imported +23  2 drafts, 1 scheduled\n", printed)
    assert re.search(r"not articles +4  event: 2, page: 1, nav_menu_item: 1\n", printed)
    for told in (
        "it is password-protected",
        "its status on the old site is private",
        "its status on the old site is trash",
        "shortcode [su_box] is removed",
        "sticky",
    ):
        assert told in printed
    articles = {article.title: article for article in content.load().articles.values()}
    entries = {entry.title: entry for entry in read_feed((OLD / "generated" / "wordpress.xml").read_bytes()).entries}
    for sample in samples():
        article = articles[sample.title]
        assert article.published == sample.date.astimezone(UTC) and article.draft == sample.is_draft
        assert set(article.categories) == set(sample.categories)
        assert {slug(tag) for tag in article.tags} == {slug(tag) for tag in sample.tags}  # it has one of résistance
        assert [author.name for author in article.authors] == ["Service communication du CRCM"]
        if entry := entries.get(sample.title):
            assert article.id == entry.id
        if not sample.picture:
            assert words(article.body) == words(sample.body), sample.slug
    target = articles["La bio-informatique en dix lignes"].slug
    assert f"](/articles/{target})" in articles["Dix ans de séquençage"].body
    emoji = articles["Bonne année 🎉"]
    assert emoji.slug == "bonne-annee-ete" and "research" in emoji.categories, "by the category above its own"
    redirects = content.load().site
    assert redirects and redirects.redirects["/2026/02/cellules-resistantes/"] == "/articles/cellules-resistantes"


def words(body: str) -> list[str]:
    """Return the words that a text shows."""
    return plain_text(commonmark(body)).split()


@pytest.mark.integration
@pytest.mark.parametrize("client", ["reader", "newsboat"])
@pytest.mark.parametrize("name", FEEDS)
def test_readers_of_a_generated_site_see_nothing_new_in_ours(
    name: str, client: str, program: Callable[[str], str], tmp_path: Path
) -> None:
    """B2: they know each entry of the old feed, whose address is redirected to ours."""
    newsboat = program("newsboat") if client == "newsboat" else ""
    old = OldSite()
    old.port = free_port()
    text = (OLD / "generated" / f"{name.lower()}.xml").read_text(encoding="utf-8").replace(HOME, old.url)
    old.pages[FEEDS[name]] = text.encode()
    feed = old.url + FEEDS[name]
    with old.serving():
        before = ids_in_newsboat(newsboat, feed, tmp_path) if newsboat else ids_in_reader(feed, tmp_path)
        content, _ = import_site(name, tmp_path, feed)
    assert len(before) >= (10 if name == "WordPress" else 19)
    with served(content.root, port=old.port, FEEDS_URL=old.url):
        after = ids_in_newsboat(newsboat, feed, tmp_path) if newsboat else ids_in_reader(feed, tmp_path)
    assert after == before


def ids_in_reader(feed: str, home: Path) -> set[str]:
    """Return the ids of all entries that reader has seen in a feed."""
    with closing(make_reader(str(home / "reader.sqlite"))) as reader:
        reader.add_feed(feed, exist_ok=True)
        (result,) = reader.update_feeds_iter(scheduled=False)
        assert not isinstance(result.value, Exception) and result.value, result.value
        return {entry.id for entry in reader.get_entries()}


def ids_in_newsboat(newsboat: str, feed: str, home: Path) -> set[str]:
    """Return the ids of all entries that newsboat has seen in a feed."""
    (home / "urls").write_text(f"{feed}\n")
    (home / "config").write_text("cleanup-on-quit no\n")
    files = ["-u", str(home / "urls"), "-c", str(home / "cache.db"), "-C", str(home / "config")]
    own = {**os.environ, "HOME": str(home)}
    subprocess.run([newsboat, *files, "-x", "reload"], check=True, timeout=60, capture_output=True, env=own)
    with closing(sqlite3.connect(home / "cache.db")) as cache:
        return {guid for (guid,) in cache.execute("select guid from rss_item")}
