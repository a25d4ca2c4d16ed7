"""The docs name every key, command, setting and path that the code has, and no others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from feeds import create_app
from feeds.commands import MODULES, cli
from feeds.content.folder import ContentFolder
from feeds.edition.guessed_paths import GUESSED_PATHS
from feeds.model.article import Article, Attachment, Picture, Withdrawal
from feeds.model.messages import MESSAGES
from feeds.model.site import Site
from feeds.model.site_groups import Author, Category, FooterLink, HeaderLogo, OwnFeed, Podcast, Press
from feeds.model.social import Social, SocialSettings
from feeds.model.static_page import StaticPage
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, ROOT, SAMPLE, as_yaml, content_folder, draw

DOCS = ROOT / "docs"
ARTICLES = (DOCS / "reference" / "articles.md").read_text(encoding="utf-8")
OWN_PAGES = (DOCS / "reference" / "pages.md").read_text(encoding="utf-8")
SITE = (DOCS / "reference" / "site.md").read_text(encoding="utf-8")
SETTINGS = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
ADDRESSES = (DOCS / "reference" / "addresses.md").read_text(encoding="utf-8")
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]


def rows(text: str) -> set[str]:
    """Return the names in the first column of a table."""
    return set(re.findall(r"(?m)^\| `([a-zA-Z_]+)[^|`]*`", text))


def section(text: str, name: str) -> str:
    found = re.search(rf"(?ms)^### `{name}`\n(.*?)(?=^##|\Z)", text)
    assert found, name
    return found[1]


def test_every_key_of_an_article_has_its_section() -> None:
    assert set(re.findall(r"(?m)^### `([a-z_]+)`$", ARTICLES)) == set(Article.model_fields)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("picture", Picture),
        ("attachments", Attachment),
        ("withdrawn", Withdrawal),
        ("authors", Author),
        ("social", Social),
    ],
)
def test_every_key_of_a_group_is_in_its_table(name: str, model: type[Picture]) -> None:
    assert rows(section(ARTICLES, name)) == set(model.model_fields)


def test_every_key_of_the_site_and_every_setting_is_in_a_table() -> None:
    groups = (Site, Category, Podcast, OwnFeed, SocialSettings, HeaderLogo, FooterLink, Press)
    assert rows(SITE) == {name for group in groups for name in group.model_fields}
    assert rows(OWN_PAGES) == set(StaticPage.model_fields)
    assert rows(SETTINGS) - {"AWS_", "HTTPS_PROXY"} == {
        f"FEEDS_{name.upper()}" for name in Settings.__dataclass_fields__
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the documentation, which is built without a warning."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.mark.integration
def test_the_built_docs_have_every_command_option_and_message_and_fetch_nothing_from_elsewhere(built: Path) -> None:
    commands = (built / "reference" / "commands" / "index.html").read_text(encoding="utf-8")
    for name in MODULES:
        command = cli.get_command(click.Context(cli), name)
        assert command and f">feeds {name}<" in commands
        for option in [each for param in command.params for each in param.opts if each.startswith("--")]:
            assert f"  {option}" in commands, (name, option)
    found = (built / "reference" / "messages" / "index.html").read_text(encoding="utf-8")
    assert re.findall('<span id="?([a-z0-9-]+)"?><code>', found) == list(MESSAGES)
    index = json.loads((built / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert len({page["location"].partition("#")[0] for page in index["docs"] if "embargo" in page["text"]}) > 5
    for page in built.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert not re.findall(r"""<(?:script|link rel="?(?:stylesheet|preconnect))[^>]*(?:src|href)="?https?:""", html)


def test_a_line_of_the_docs_is_short_and_a_table_cell_is_a_phrase() -> None:
    for path in PAGES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("|"):
                assert all(len(cell) <= 90 for cell in line.split("|")), f"{path}:{number}"
            elif not re.match(r"    | *(?:/opt|runuser|content/|articles/)", line):
                assert len(line) <= 130, f"{path}:{number}"


def test_every_guessed_path_is_in_the_docs() -> None:
    assert set(re.findall("`/((?:feed|rss|atom|index)(?!s)[a-z./]*)`", ADDRESSES)) == set(GUESSED_PATHS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_between_the_docs_resolve(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)/#:][^)#:]*)\)", text):
        assert (path.parent / link).exists(), link


def examples() -> list[tuple[str, str]]:
    return [
        (name, example)
        for name in re.findall(r"(?m)^### `([a-z]+)`$", ARTICLES)
        for example in re.findall(r"(?ms)^```yaml\n(.*?)^```", section(ARTICLES, name))
    ]


@pytest.mark.parametrize(("name", "example"), examples(), ids=[name for name, _ in examples()])
def test_an_example_in_the_docs_is_valid(name: str, example: str, content: Path) -> None:
    """Each line that repeats the key starts another example."""
    alternatives = re.findall(rf"(?ms)^{name}:.*?(?=^{name}:|\Z)", example)
    assert alternatives
    for each in alternatives:
        folder = content_folder(content, {"example": as_yaml({k: v for k, v in PLAIN.items() if k != name}) + each})
        draw(content / "media" / "cheque.jpg")
        (content / "media" / "programme.pdf").write_bytes(b"%PDF-1.4")
        assert [str(problem) for problem in folder.load().problems if problem.severity == "error"] == []


def test_the_readmes_article_produces_the_readmes_item(content: Path) -> None:
    (example,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", README)
    (shown,) = re.findall(r"(?ms)^```xml\n(.*?)^```", README)
    site = (SAMPLE / "site.yaml").read_text(encoding="utf-8").replace("logo: logo.png\nicon: icon.png\n", "")
    content_folder(content, {"2026/open-day": example}, site)
    for name in ("cellules.jpg", "podcast.png"):
        (content / "media" / name).write_bytes((SAMPLE / "media" / name).read_bytes())
    client = create_app(Settings(content, "http://localhost:8000")).test_client()
    item = [line.strip() for line in client.get("/en/feeds/research.rss").text.splitlines()]
    for line in shown.splitlines():
        start = line.strip().partition(" …")[0].partition("…")[0]
        assert any(found.startswith(start) for found in item), line


def test_the_first_example_in_the_docs_is_a_valid_article(content: Path) -> None:
    first = re.findall(r"(?ms)^```yaml\n(.*?)^```", ARTICLES)[0]
    assert yaml.safe_load(first)["title"]
    (article,) = content_folder(content, {"first": first}).load().articles.values()
    assert article.title == "Papillomavirus: a vaccine against cancers"


def test_the_site_and_the_article_of_the_tutorial_are_valid_and_its_mistake_is_reported_as_shown(content: Path) -> None:
    site, article = re.findall(r"(?ms)^```yaml\n(.*?)^```", TUTORIAL)
    (shown,) = re.findall(r"(?ms)^```text\n(.*?)^```", TUTORIAL)
    content_folder(content, {"cells-that-resist-a-treatment": article}, site)
    assert [str(each) for each in ContentFolder(content).load().problems] == []
    path = content / "articles" / "cells-that-resist-a-treatment.yaml"
    path.write_text(re.sub("(?m)^published: .*$", "published: 2026-13-40", article), encoding="utf-8")
    assert [str(each).removeprefix(f"{content}/") for each in ContentFolder(content).load().problems] == [
        shown.splitlines()[0]
    ]
    path.write_text(article.replace("draft: true\n", ""), encoding="utf-8")
    client = create_app(Settings(content), clock=lambda: NOW).test_client()
    assert "Cells that resist a treatment" in client.get("/feeds/research.rss").text


def test_every_requirement_that_a_test_names_is_documented() -> None:
    """A requirement is named by a letter and a number, which docs/explanation/readers.md lists."""
    readers = (DOCS / "explanation" / "readers.md").read_text(encoding="utf-8")
    written = set(re.findall(r"(?m)^\| ([A-F][0-9]+) \|", readers))
    named: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        named |= set(re.findall(r'"""((?:[A-F][0-9]+(?:, )?)+):', path.read_text(encoding="utf-8")))
        named |= set(re.findall(r'"""([A-F][0-9]+)[.;]', path.read_text(encoding="utf-8")))
    assert {each for names in named for each in names.split(", ")} <= written
    assert len(written) > 30


def test_every_test_that_the_docs_name_exists() -> None:
    docs = ((DOCS / "explanation" / name).read_text(encoding="utf-8") for name in ("security.md", "reliability.md"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", "".join(docs)))
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 40 and named <= set(re.findall(r"(?m)^def (test_[a-z0-9_]+)", "".join(texts)))
