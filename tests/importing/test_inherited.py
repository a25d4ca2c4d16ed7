"""What a generator does not show stays hidden, wherever that is said, and translations keep their addresses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feeds import create_app
from feeds.importing.markdown_folder import read_markdown_folder
from feeds.importing.old_feed import OldEntry
from feeds.importing.old_xml import read_feed
from feeds.settings import Settings
from tests.builders import content_folder
from tests.importing.test_markdown_folders import OLD, PARIS, entries, read, rss, site

DATED = "date: 2026-01-05\n---\nText"
SHOWN = f"---\ntitle: Shown\n{DATED}"


def state(entry: OldEntry | None) -> str:
    return "absent" if entry is None else "draft" if entry.is_draft else entry.refusal or "public"


HIDDEN = {
    "Hugo, a future publication": ("Hugo", {"blog/x.md": f"---\ntitle: X\npublishDate: 2030-01-05\n{DATED}"}, "public"),
    "Hugo, a cascade": (
        "Hugo",
        {"blog/_index.md": "---\ncascade:\n  draft: true\n---\n", "blog/x.md": f"---\ntitle: X\n{DATED}"},
        "draft",
    ),
    "Hugo, a cascade in a list": (
        "Hugo",
        {
            "blog/_index.md": "---\ncascade:\n- build: {render: never}\n---\n",
            "blog/deep/x.md": f"---\ntitle: X\n{DATED}",
        },
        "it is hidden on the old site (build)",
    ),
    "Hugo, an article that overrides a cascade": (
        "Hugo",
        {
            "blog/_index.md": "---\ncascade:\n  draft: true\n---\n",
            "blog/x.md": f"---\ntitle: X\ndraft: false\n{DATED}",
        },
        "public",
    ),
    "a hidden file": ("Hugo", {"blog/.x.md": f"---\ntitle: X\n{DATED}"}, "absent"),
    "Eleventy, a data file": (
        "Eleventy",
        {"b/b.json": '{"draft": true}', "b/x.md": f"---\ntitle: X\n{DATED}"},
        "draft",
    ),
    "Eleventy, a data file of one": (
        "Eleventy",
        {"b/x.11tydata.json": '{"permalink": false}', "b/x.md": f"---\ntitle: X\n{DATED}"},
        "it is hidden on the old site (permalink)",
    ),
    "Eleventy, a broken data file": ("Eleventy", {"b/b.json": "{", "b/x.md": f"---\ntitle: X\n{DATED}"}, "public"),
    "Astro, an underscore": ("Astro", {"blog/_x.md": f"---\ntitle: X\n{DATED}"}, "absent"),
    "Hexo, an underscore": ("Hexo", {"_x.md": f"---\ntitle: X\n{DATED}"}, "absent"),
    "Pelican, a skipped one": ("Pelican", {"x.md": "Title: X\nDate: 2026-01-05\nStatus: skip\n\nText"}, "skip"),
    "Nikola, a tag": (
        "Nikola",
        {"x.md": "<!--\n.. title: X\n.. date: 2026-01-05\n.. tags: draft\n-->\n\nText"},
        "draft",
    ),
    "Obsidian": ("Hugo", {"x.md": f"---\ntitle: X\npublish: false\n{DATED}"}, "draft"),
}


@pytest.mark.parametrize(("name", "files", "expected"), HIDDEN.values(), ids=list(HIDDEN))
def test_what_is_hidden_is_not_published(tmp_path: Path, name: str, files: dict[str, str], expected: str) -> None:
    found = entries(site(tmp_path, name, {"2026-01-04-shown.md": SHOWN, **files}), home=f"{OLD}/")
    assert state(found["Shown"]) == "public"
    assert expected in state(found.get("X"))
    if "publication" in str(files) or "publishDate" in str(files):
        assert found["X"].published and found["X"].published.year == 2030


def test_jekylls_configuration_hides_folders(tmp_path: Path) -> None:
    files = {
        "2026-01-05-shown.md": SHOWN,
        "old/2026-01-05-a.md": "---\ntitle: A\n---\nText",
        "excluded/2026-01-05-b.md": "---\ntitle: B\n---\nText",
    }
    root = site(tmp_path, "Jekyll", files)
    with (root / "_config.yml").open("a") as config:
        config.write("\nexclude: [_posts/excluded]\ncollections: {studies: {output: true}}\n")
        config.write("defaults:\n- scope: {path: _posts/old}\n  values: {published: false}\n")
    for folder in ("_private", "_studies"):
        (root / folder).mkdir()
        (root / folder / "c.md").write_text(f"---\ntitle: {folder}\n{DATED}")
    found = entries(root)
    assert {title: state(entry) for title, entry in found.items()} == {
        "Shown": "public",
        "A": "draft",
        "_studies": "public",
    }


def test_pelicans_default_status_counts(tmp_path: Path) -> None:
    root = site(tmp_path, "Pelican", {"a.md": "Title: A\nDate: 2026-01-05\n\nText"})
    with (root / "pelicanconf.py").open("a") as config:
        config.write("\nDEFAULT_METADATA = {\n    'status': 'draft',\n}\n")
    assert state(entries(root)["A"]) == "draft"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text(f"---\ntitle: Secret\n{DATED}")
    (tmp_path / "old").mkdir()
    root = site(tmp_path / "old", "Hugo", {"a.md": SHOWN})
    (root / "content" / "b.md").symlink_to(secret)
    (root / "content" / "c.md").symlink_to("/dev/zero")
    os.mkfifo(root / "content" / "d.md")
    folder = read(root)
    assert [entry.title for entry in folder.feed.entries] == ["Shown"]
    assert folder.feed.others == {"symbolic link to a file outside the folder": 3}


def test_files_in_folders_of_code_and_output_are_counted(tmp_path: Path) -> None:
    for name in ("public", "themes", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.md").write_text(f"---\ntitle: {name}\n{DATED}")
    folder = read_markdown_folder(tmp_path, home=f"{OLD}/", zone=PARIS, languages=(), old_feed=None)
    assert [entry.title for entry in folder.feed.entries] == ["a"]
    assert folder.feed.others == {"file in a folder of code or generated files": 2}


def test_the_folder_of_articles_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text(SHOWN)
    root = tmp_path / "site"
    (root / "themes" / "demo").mkdir(parents=True)
    (root / "themes" / "demo" / "b.md").write_text(f"---\ntitle: Demo\n{DATED}")
    (root / "hugo.toml").write_text(f'baseURL = "{OLD}/"')
    (root / "content").symlink_to(tmp_path / "notes")
    assert list(entries(root)) == ["Shown"]


def test_a_draft_has_the_id_that_the_feed_has_for_its_url(tmp_path: Path) -> None:
    root = site(tmp_path, "Hugo", {"blog/a.md": f"---\ntitle: A\ndraft: true\n{DATED}"})
    found = read(root, rss(("A", f"{OLD}/blog/a/", "urn:1"))).feed.entries
    assert [(entry.id, entry.is_draft) for entry in found] == [("urn:1", True)]


SCOPES = {
    "the more specific one": (
        "- scope: {path: _posts/in}\n  values: {published: false}\n- scope: {path: ''}\n  values: {published: true}",
        "draft",
    ),
    "a pattern": ("- scope: {path: '_posts/*'}\n  values: {published: false}", "draft"),
    "any number of folders": ("- scope: {path: '_posts/**/*.md'}\n  values: {published: false}", "draft"),
    "another type": ("- scope: {path: '', type: pages}\n  values: {hidden: true, layout: page}", "public"),
    "its own type": ("- scope: {path: '', type: posts}\n  values: {published: false}", "draft"),
    "what does not hide": ("- scope: {path: ''}\n  values: {categories: [x], image: /x.png, permalink: /x/}", "public"),
}


@pytest.mark.parametrize(("defaults", "expected"), SCOPES.values(), ids=list(SCOPES))
def test_jekylls_defaults_have_a_scope(tmp_path: Path, defaults: str, expected: str) -> None:
    root = site(tmp_path, "Jekyll", {"in/2026-01-05-a.md": "---\ntitle: A\n---\nText"})
    with (root / "_config.yml").open("a") as config:
        config.write(f"\ndefaults:\n{defaults}\n")
    found = entries(root)["A"]
    assert state(found) == expected and found.picture is None and found.categories != ("x",)


CASCADES = {
    "another folder": "- _target: {path: '/internal/**'}\n  draft: true",
    "another kind": "- target: {kind: section}\n  build: {render: never}",
    "another language": "- target: {lang: fr}\n  draft: true",
}


@pytest.mark.parametrize("cascade", CASCADES.values(), ids=list(CASCADES))
def test_hugos_cascade_has_a_target(tmp_path: Path, cascade: str) -> None:
    files = {
        "_index.md": f"---\ncascade:\n{cascade}\n---\n",
        "a.md": SHOWN,
        "internal/b.md": f"---\ntitle: B\n{DATED}",
        "c.fr.md": f"---\ntitle: C\n{DATED}",
    }
    found = entries(site(tmp_path, "Hugo", files))
    assert state(found["Shown"]) == "public"
    assert (state(found["B"]) == "draft") == ("internal" in cascade)
    assert (state(found["C"]) == "draft") == ("fr" in cascade)


def test_a_cascade_applies_to_names_that_end_like_those_of_programming_languages(tmp_path: Path) -> None:
    files = {"_index.md": "---\ncascade:\n  draft: true\n---\n", "node.js.md": SHOWN}
    assert state(entries(site(tmp_path, "Hugo", files))["Shown"]) == "draft"


def test_hugos_configuration_hides_too(tmp_path: Path) -> None:
    root = site(tmp_path, "Hugo", {"a.md": SHOWN, "in/b.md": f"---\ntitle: B\n{DATED}"})
    with (root / "hugo.toml").open("a") as config:
        config.write("\n[[cascade]]\ndraft = true\n[cascade._target]\npath = '/in/**'\n")
    assert {title: state(entry) for title, entry in entries(root).items()} == {"Shown": "public", "B": "draft"}


def test_a_setting_that_is_commented_out_hides_nothing(tmp_path: Path) -> None:
    root = site(tmp_path, "Pelican", {"a.md": "Title: A\nDate: 2026-01-05\n\nText"})
    with (root / "pelicanconf.py").open("a") as config:
        config.write("\n# DEFAULT_METADATA = {'status': 'draft'}\n")
    assert state(entries(root)["A"]) == "public"


def test_a_name_that_ends_like_one_of_a_programming_language_is_not_a_translation(tmp_path: Path) -> None:
    found = entries(site(tmp_path, "Hugo", {"blog/intro-to-node.js.md": SHOWN}))
    assert found["Shown"].url == f"{OLD}/blog/intro-to-node.js/"


def test_translations_are_linked_and_refer_to_each_other(tmp_path: Path) -> None:
    text = '[x]({{< ref "b.md" >}})'
    files = {
        **{"a.md": f"---\ntitle: A\ndate: 2026-01-05\n---\n{text}", "b.md": f"---\ntitle: B\n{DATED}"},
        **{"a.fr.md": f"---\ntitle: A fr\ndate: 2026-01-05\n---\n{text}", "b.fr.md": f"---\ntitle: B fr\n{DATED}"},
    }
    found = entries(site(tmp_path, "Hugo", files))
    assert {found[each].copied_values["twin"] for each in ("A", "A fr")} == {"a"}
    assert f'href="{OLD}/b/"' in found["A"].html and f'href="{OLD}/fr/b/"' in found["A fr"].html


def test_sections_may_have_patterns_of_their_own(tmp_path: Path) -> None:
    files = {
        **{f"news/n{number}.md": f"---\ntitle: N{number}\n{DATED}" for number in range(3)},
        **{f"agenda/a{number}.md": f"---\ntitle: A{number}\n{DATED}" for number in range(3)},
    }
    feed = rss(
        *((f"N{number}", f"{OLD}/2026/01/n{number}/", f"n:{number}") for number in (1, 2)),
        ("A1", f"{OLD}/agenda/a1/", "a:1"),
    )
    found = entries(site(tmp_path, "Hugo", files), feed)
    assert (found["N0"].url, found["A0"].url) == (f"{OLD}/2026/01/n0/", f"{OLD}/agenda/a0/")
    assert found["A0"].is_url_derived and not found["A1"].is_url_derived


def test_an_embargo_does_not_change_the_address(tmp_path: Path) -> None:
    feed = rss(("B", f"{OLD}/2026/01/b/", "b:1"))
    files = {"a.md": f"---\ntitle: A\npublishDate: 2027-02-01\n{DATED}", "b.md": f"---\ntitle: B\n{DATED}"}
    assert entries(site(tmp_path, "Hugo", files), feed)["A"].url == f"{OLD}/2026/01/a/"


def test_the_same_name_alone_does_not_match_an_entry_to_a_document(tmp_path: Path) -> None:
    files = {
        "internal/summary.md": "---\ntitle: Internal notes\n---\nSecret",
        "notes.md": f"---\ntitle: Weekly notes\ndraft: true\n{DATED}",
        "private.md": f"---\ntitle: Meeting\nprivate: true\n{DATED}",
    }
    feed = rss(
        ("Summary 2024", f"{OLD}/blog/summary/", "g:1"),
        ("Weekly notes", f"{OLD}/blog/weekly/", "g:2"),
        ("Meeting", f"{OLD}/blog/meeting/", "g:3"),
    )
    folder = read(site(tmp_path, "Hugo", files), feed)
    found = {entry.id: entry for entry in folder.feed.entries}
    for id in ("g:1", "g:2", "g:3"):
        assert found[id].html == "x" and state(found[id]) == "public", "the text is that of the feed"
    assert "Secret" not in str(folder.feed.entries)


def test_translations_have_the_code_of_their_language_in_their_addresses(tmp_path: Path) -> None:
    files = {"blog/post.md": f"---\ntitle: Post\n{DATED}", "blog/post.fr.md": f"---\ntitle: Billet\n{DATED}"}
    root = site(tmp_path, "Hugo", files)
    expected = {"Post": f"{OLD}/blog/post/", "Billet": f"{OLD}/fr/blog/post/"}
    assert {title: entry.id for title, entry in entries(root).items()} == expected
    (root / "content/blog/post.de.md").write_text(f"---\ntitle: Beitrag\n{DATED}")
    assert {title: entry.id for title, entry in entries(root).items()} == {
        **expected,
        "Beitrag": f"{OLD}/de/blog/post/",
    }
    with (root / "hugo.toml").open("a") as config:
        config.write('\ndefaultContentLanguage = "fr"\n')
    assert entries(root)["Billet"].url == f"{OLD}/blog/post/"


def test_the_date_of_an_edit_does_not_replace_that_of_publication(tmp_path: Path) -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Old</title><entry><title>A</title><id>a:1</id>'
        f'<link href="{OLD}/a/"/><updated>2026-03-05T10:00:00Z</updated><content>x</content></entry></feed>'
    )
    assert read_feed(atom.encode()).entries[0].is_dated_by_update
    entry = entries(site(tmp_path, "Hugo", {"a.md": f"---\ntitle: A\n{DATED}"}), atom)["A"]
    assert entry.published and entry.published.month == 1
    assert entry.updated and entry.updated.month == 3


def test_an_article_whose_entry_left_the_feed_is_not_imported_again(tmp_path: Path) -> None:
    """The ids of a feed may follow no rule; the second run knows the article by its old address."""
    files = {f"post{number}.md": f"---\ntitle: Post {number}\n{DATED}" for number in range(4)}
    (tmp_path / "old").mkdir()
    root = site(tmp_path / "old", "Hugo", files)
    content_folder(tmp_path / "content", {})
    runner = create_app(Settings(tmp_path / "content")).test_cli_runner()
    feed = tmp_path / "feed.xml"
    for numbers in ((0, 1, 2), (1, 2, 3)):
        items = ((f"Post {each}", f"{OLD}/post{each}/", f"urn:uuid:{each}{each}") for each in numbers)
        feed.write_text(rss(*items))
        args = ["import", str(root), "--old-feed", str(feed), "--map", "*=research"]
        assert runner.invoke(args=args).exit_code == 0
    assert len(list((tmp_path / "content" / "articles").rglob("*.yaml"))) == 4


def test_an_alias_does_not_replace_the_address_of_another_article(tmp_path: Path) -> None:
    files = {
        "blog/aa.md": "---\ntitle: A\ndate: 2026-01-06\naliases: [/blog/bb/]\n---\nText",
        "blog/bb.md": f"---\ntitle: B\n{DATED}",
    }
    (tmp_path / "old").mkdir()
    root = site(tmp_path / "old", "Hugo", files)
    content_folder(tmp_path / "content", {})
    runner = create_app(Settings(tmp_path / "content")).test_cli_runner()
    assert runner.invoke(args=["import", str(root), "--old-feed", "", "--map", "*=research"]).exit_code == 0
    assert "\n  /blog/bb/: /articles/bb\n" in (tmp_path / "content" / "site.yaml").read_text()


def test_files_of_players_and_names_with_accents_are_found(tmp_path: Path) -> None:
    text = "\n\n".join(
        (
            '<video src="film.mp4"></video>',
            '<audio controls><source src="/sound.mp3"></audio>',
            "<img src=/img/x.png>",
            "![](été.png)",
        )
    )
    root = site(tmp_path, "Hugo", {"a/index.md": f"---\ntitle: A\ndate: 2026-01-05\n---\n{text}"})
    names = ("content/a/film.mp4", "static/sound.mp3", "static/img/x.png", "content/a/e\u0301te\u0301.png")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    assert len(read(root).files) == len(names)
