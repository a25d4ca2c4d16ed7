"""The content folder of another Feeds site is imported, with all that its articles have."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds import create_app
from feeds.content.folder import ContentFolder
from feeds.feed.html_text import plain_text
from feeds.feed.markup import commonmark
from feeds.settings import Settings
from tests.builders import ROOT

NOW = datetime(2026, 11, 29, tzinfo=UTC)
CONTENT = ROOT / "content"


def empty_copy(root: Path) -> ContentFolder:
    """Return the sample site at another address, without articles and their pictures."""
    for name in ("pages", "media"):
        shutil.copytree(CONTENT / name, root / name)
    for name in ("cheque.jpg", "cellules.jpg", "stands.png", "trois-stands.pdf"):
        (root / "media" / name).unlink()
    (root / "articles").mkdir()
    text = (CONTENT / "site.yaml").read_text(encoding="utf-8")
    text = re.sub("(?m)^url: .*$", "url: https://new.example", re.sub("(?m)^redirects:\n(  .*\n)*", "", text))
    text = re.sub("(?m)^tag_authority: .*$", "tag_authority: new.example,2026", text)
    (root / "site.yaml").write_text(text, encoding="utf-8")
    return ContentFolder(root)


def run(content: ContentFolder, *words: str) -> str:
    done = create_app(Settings(content.root), clock=lambda: NOW).test_cli_runner().invoke(args=["import", *words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_articles_of_another_feeds_site_keep_all_that_they_have(tmp_path: Path) -> None:
    content = empty_copy(tmp_path / "new")
    printed = run(content, str(ROOT))
    assert "left out           0" in printed and "media files        4" in printed
    loaded = content.load()
    assert [str(each) for each in loaded.problems if each.severity == "error"] == []
    before = ContentFolder(CONTENT).load().articles
    assert loaded.articles.keys() == before.keys()
    for slug, old in before.items():
        new = loaded.articles[slug]
        same = (
            "id",
            "title",
            "published",
            "updated",
            "expires",
            "withdrawn",
            "draft",
            "language",
            "twin",
            "categories",
        )
        for name in (*same, "categories", "tags", "authors", "summary", "link", "social"):
            assert getattr(new, name) == getattr(old, name), (slug, name)
        assert re.sub("/media/[^)\"' ]+", "", new.body) == re.sub("/media/[^)\"' ]+", "", old.body)
        if old.picture:
            assert new.picture and new.picture.model_dump(exclude={"file"}) == old.picture.model_dump(exclude={"file"})
            assert new.picture.file.digest == old.picture.file.digest
        for attachment, copied in zip(old.attachments, new.attachments, strict=True):
            assert (copied.title, copied.url, copied.until) == (attachment.title, attachment.url, attachment.until)
            assert (copied.file and copied.file.digest) == (attachment.file and attachment.file.digest)
    assert "already here      16" in run(content, str(CONTENT))


def test_files_and_articles_of_another_feeds_site_get_their_new_addresses(tmp_path: Path) -> None:
    old, new = empty_copy(tmp_path / "old").root, empty_copy(tmp_path / "new").root
    text = "<mark>a</mark> ![x](/media/x.png 'b') [y](/articles/a#c) [z](https://else.example/media/x.png) *d*"
    start = "published: 2026-01-01\ncategories: [research]\n"
    (old / "media" / "x.png").write_bytes((CONTENT / "media" / "stands.png").read_bytes())
    (old / "articles" / "a.yaml").write_text(f"title: A\n{start}body: x\n")
    (old / "articles" / "b.yaml").write_text(f"title: B\n{start}body: |\n  {text}\n")
    (new / "articles" / "a.yaml").write_text(f"title: Another\nid: a:1\n{start}body: x\n")
    run(ContentFolder(new), str(old))
    body = ContentFolder(new).load().articles["b"].body
    assert body.strip() == text.replace("(/media/x.png", "(/media/2026/x.png").replace("/articles/a#", "/articles/a-2#")


def test_a_broken_article_of_another_feeds_site_is_left_out_with_the_reason(tmp_path: Path) -> None:
    old = empty_copy(tmp_path / "old").root
    (old / "articles" / "a.yaml").write_text("title: A\npublished: 2026-01-01\ncategories: [nope]\nbody: x\n")
    (old / "articles" / "b.yaml").write_text("title: B\npublished: 2026-01-01\ncategories: [research]\nbody: x\n")
    content = empty_copy(tmp_path / "new")
    printed = run(content, str(old))
    assert "left out  articles/a.yaml: its file is invalid: line 3: nope is not a category" in printed
    assert [article.id for article in content.load().articles.values()] == ["tag:new.example,2026:b"]


@pytest.mark.parametrize("ending", ["rss", "atom", "json"])
def test_the_feed_of_another_feeds_site_is_imported_with_whole_texts(tmp_path: Path, ending: str) -> None:
    app = create_app(Settings(CONTENT), clock=lambda: NOW)
    document = tmp_path / f"all.{ending}"
    document.write_bytes(app.test_client().get(f"/feeds/all.{ending}").data)
    content = empty_copy(tmp_path / "new")
    printed = run(content, str(document), "--no-pictures")
    assert "\n0 new, 0 with another title, 0 gone, 0 moved\n" in printed
    before = {article.id: article for article in ContentFolder(CONTENT).load().articles.values()}
    articles = content.load().articles.values()
    assert articles
    for article in articles:
        old = before[article.id]
        assert (article.title, article.published) == (old.title, old.published)
        assert set(article.categories) == set(old.categories)
        assert set(article.tags) == set(old.tags)
        if old.withdrawn:  # a feed has the notice in place of its text
            continue
        shown = " ".join(plain_text(commonmark(article.body)).split())
        for line in old.body.split("\n\n"):
            words = plain_text(commonmark(line)).split()
            assert " ".join(words) in shown or "|" in line, (article.id, line)
