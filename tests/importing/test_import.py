"""Feeds of other systems, modelled on their documented formats (`tests/data/old/`), are imported and served.

`http://old.example` in them stands for the URL at which a test serves them.
"""

from __future__ import annotations

import html
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from reader import make_reader

from feeds import create_app
from feeds.base import http
from feeds.base.http import HttpClient, HttpError
from feeds.content.folder import ContentFolder
from feeds.importing import archives
from feeds.importing.categories import Categories, MappingError
from feeds.importing.fetcher import Fetcher
from feeds.importing.old_feed import FeedError
from feeds.importing.old_json import read_json
from feeds.importing.old_xml import read_feed
from feeds.importing.site_redirects import SiteFileError, add_redirects
from feeds.importing.systems import SYSTEMS, System, system_of
from feeds.model.article_text import article_text
from feeds.model.yamlfile import parse_yaml
from feeds.settings import Settings
from tests.builders import NOW, ROOT, SITE, content_folder, site
from tests.importing.old_site import OLD, OldSite, png
from tests.processes import free_port, get, served


@pytest.fixture
def away() -> OldSite:
    """Return an old site that is not serving yet."""
    found = OldSite()
    found.port = free_port()
    return found


@pytest.fixture
def old(away: OldSite) -> Iterator[OldSite]:
    with away.serving():
        yield away


Run = Callable[..., str]


@pytest.fixture
def run(content: Path) -> Run:
    """Return a function that runs a command on an empty site, and returns its output."""
    content_folder(content, {})

    def invoke(*words: str, code: int = 0) -> str:
        done = create_app(Settings(content), clock=lambda: NOW).test_cli_runner().invoke(args=list(words))
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    return invoke


def summary(printed: str) -> tuple[int, ...]:
    """Return how many articles are new, the number of pictures, and how many articles are known and left out."""
    found = dict(re.findall(r"(?m)^  ([a-z ]+?) +([0-9]+)(?:  .*)?$", printed))
    return tuple(int(found.get(name, 0)) for name in ("imported", "media files", "already here", "left out"))


def take(run: Run, feed: str, *more: str, code: int = 0) -> str:
    return run("import", feed, "--allow-local", *more, code=code)


def articles(content: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted((content / "articles").rglob("*.yaml")):
        tree, problems = parse_yaml(path.read_bytes(), str(path))
        assert tree and not problems, problems
        found[path.stem] = tree.value
    return found


CASES = {
    "WordPress": (
        {"/feed/": "wordpress.xml", "/feed/?paged=2": "wordpress-2.xml"},
        ["--map", "Dons & legs=funding", "--map", "Rencontres=outreach"],
    ),
    "Ghost": ({"/rss/": "ghost.xml"}, []),
    "Jekyll": ({"/feed.xml": "jekyll.xml"}, []),
    "Hugo": ({"/index.xml": "hugo.xml"}, ["--map", "*=research"]),
    "Drupal": ({"/rss.xml": "drupal.xml"}, []),
    "Joomla": ({"/index.php?format=feed&type=rss": "joomla.xml"}, []),
    "JSON Feed": ({"/feed.json": "feed.json", "/feed-2.json": "feed-2.json"}, []),
}


@pytest.mark.integration
@pytest.mark.parametrize(("pages", "options"), CASES.values(), ids=list(CASES))
def test_a_subscriber_of_the_old_feed_sees_no_new_entries_in_ours(
    pages: dict[str, str], options: list[str], away: OldSite, content: Path, run: Run, tmp_path: Path
) -> None:
    """B2: an independent reader that read the old feed is redirected to ours, and recognises every entry."""
    feed, *_ = [away.add(path, name) for path, name in pages.items()]
    reader = make_reader(str(tmp_path / "reader.sqlite"))
    reader.add_feed(feed)
    with away.serving():
        reader.update_feeds()
        pages_of = {entry.id: entry.link or "" for entry in reader.get_entries()}
        before = pages_of.keys()
        assert before
        take(run, feed, *options)
    (content / "site.yaml").write_text((content / "site.yaml").read_text() + f"entries: {len(before)}\n")
    with served(content, port=away.port, FEEDS_URL=away.url) as (port, _):
        (result,) = reader.update_feeds_iter(scheduled=False)
        assert not isinstance(result.value, Exception) and result.value, result.value
        assert result.value.new == 0, [entry.id for entry in reader.get_entries()]
        assert {entry.id for entry in reader.get_entries()} == before
        for id in pages_of.keys() & {id_of(values) for values in articles(content).values()}:
            status, headers, _ = get(port, pages_of[id].removeprefix(away.url))
            assert status == 200 or get(port, headers["location"].removeprefix(away.url))[0] == 200, id
    document = tmp_path / "old.feed"
    document.write_bytes(away.pages[next(iter(pages))])
    assert "\n0 new, 0 with another title, " in run("diff", str(document), "--feed", OURS.get(next(iter(pages)), "all"))


OURS = {"/feed.xml": "en/all", "/feed.json": "en/all"}
"""Our feeds that replace old ones, unless that is the feed of everything in the first language."""


def id_of(values: dict[str, Any]) -> str:
    return str(values["id"]["exact"] if isinstance(values["id"], dict) else values["id"])


@pytest.mark.integration
def test_an_imported_article_has_everything_its_entry_had(old: OldSite, content: Path, run: Run) -> None:
    feed = old.add("/feed/", "wordpress.xml")
    old.add("/feed/?paged=2", "wordpress-2.xml")
    take(run, feed, *CASES["WordPress"][1])
    found = articles(content)
    assert found.keys() == {"cellules-resistantes", "stand", "une-vieille-nouvelle"}
    values = found["cellules-resistantes"]
    body = values.pop("body")
    assert values == {
        "id": f"{old.url}/?p=1287",
        "title": "Cellules résistantes & p < 0,05\u00a0?",
        "published": "2026-03-02T10:15:30+01:00",
        "categories": ["research", "funding"],
        "tags": ["sein"],
        "authors": ["Service de presse"],
    }
    assert body.split("\n\n") == [
        "Une équipe comprend *pourquoi* des cellules résistent au traitement\u00a0: 130\u202f000\u202f€ y ont aidé. 🔬",
        r"![Des cellules \[vertes\]](/media/2026/cellules.png)",
        "*Vues au **microscope***",
        "## Le gène *BRCA1*",
        r"2 \* 3 = 6, snake_case, \_souligné\_, \[crochets\](non) et \<b>pas gras\</b>.",
        r"1\. Ceci n’est pas une liste. Voir [le stand](/articles/stand#programme), "
        "[l’article](https://doi.example/10.1/x_%28y%29).",
        "[Le reportage](https://www.youtube.com/watch?v=abc123)\n",
    ]
    assert found["stand"]["id"] == "https://ancien.example/?post_type=stand&p=1200", "of the system before that"
    assert found["une-vieille-nouvelle"]["categories"] == ["research"], "what nobody filed is left out"
    assert (content / "media" / "2026" / "cellules.png").is_file()
    assert "/wp-content/uploads/2026/03/cellules.jpg" in old.asked, "the largest form, and named after its content"
    assert "cellules-300x200" not in "".join(old.asked)


@pytest.mark.integration
def test_imported_content_passes_the_check(old: OldSite, content: Path, run: Run) -> None:
    for pages, options in CASES.values():
        feed, *_ = [old.add(path, name) for path, name in pages.items()]
        take(run, feed, *options)
    assert run("check").splitlines()[-1].startswith("0 errors")
    assert ContentFolder(content).load_site()[1] == []


@pytest.mark.integration
def test_a_second_import_adds_only_new_entries_and_overwrites_nothing(old: OldSite, content: Path, run: Run) -> None:
    feed = old.add("/feed/", "wordpress.xml")
    options = CASES["WordPress"][1]
    assert summary(take(run, feed, *options)) == (2, 1, 0, 0)
    edited = content / "articles" / "2026" / "stand.yaml"
    edited.write_text(edited.read_text().replace("Un stand", "Notre stand"), encoding="utf-8")
    before = {path: path.read_bytes() for path in content.rglob("*") if path.is_file()}
    assert summary(take(run, feed, *options)) == (0, 0, 2, 0)
    assert {path: path.read_bytes() for path in content.rglob("*") if path.is_file()} == before
    old.add("/feed/?paged=2", "wordpress-2.xml")
    assert summary(take(run, feed, *options)) == (1, 0, 2, 0)
    after = {path: path.read_bytes() for path in content.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} == {
        content / "site.yaml",
        content / "articles" / "2009" / "une-vieille-nouvelle.yaml",
    }


@pytest.mark.integration
def test_an_existing_file_is_preserved_and_the_new_one_gets_a_number(old: OldSite, content: Path, run: Run) -> None:
    content_folder(content, {"stand": {}})
    (content / "media" / "2026").mkdir()
    (content / "media" / "2026" / "cellules.png").write_bytes(png("red"))
    take(run, old.add("/feed/", "wordpress.xml"), *CASES["WordPress"][1])
    assert articles(content)["stand"]["title"] == "Un titre"
    assert articles(content)["stand-2"]["title"] == "Un stand"
    assert (content / "media" / "2026" / "cellules.png").read_bytes() == png("red")
    assert "/media/2026/cellules-2.png" in articles(content)["cellules-resistantes"]["body"]


@pytest.mark.integration
def test_a_dry_run_writes_nothing_and_fetches_no_picture(old: OldSite, content: Path, run: Run) -> None:
    before = {path: path.read_bytes() for path in content.rglob("*") if path.is_file()}
    printed = take(run, old.add("/feed/", "wordpress.xml"), "--dry-run", code=1)
    assert "articles/2026/cellules-resistantes.yaml" in printed
    assert "left out  Un stand: it is in no category of site.yaml: it is filed under Rencontres (use --map" in printed
    assert {path: path.read_bytes() for path in content.rglob("*") if path.is_file()} == before
    assert old.asked == ["/feed/", "/feed/?paged=2"]


@pytest.mark.integration
def test_the_categories_are_listed_and_nothing_is_written_until_they_are_mapped(
    old: OldSite, content: Path, run: Run
) -> None:
    printed = take(run, old.add("/feed/", "wordpress.xml"), code=1)
    assert re.findall(r"(?m)^  (\S.*?) +(\d+)  → (.*)$", printed) == [
        ("Recherche", "1", "research"),
        ("Dons & legs", "1", "tag"),
        ("sein", "1", "tag"),
        ("Rencontres", "1", "tag"),
    ]
    assert printed.endswith(
        "Error: 1 entry is in no category of site.yaml: map their names with --map, or leave them out with "
        '--map "*=". Nothing was imported\n'
    )
    assert articles(content) == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Rencontres", "'Rencontres' is not a mapping (expected Name=category, Name=a,b or Name=)"),
        ("Rencontres=sport", "sport is not a category (expected research, outreach, funding)"),
    ],
)
def test_an_invalid_mapping_is_reported(given: str, expected: str) -> None:
    with pytest.raises(MappingError) as fault:
        Categories.of(["Recherche", "Rencontres"], site(), [given])
    assert str(fault.value) == expected


def test_names_become_categories_by_mapping_or_similarity_and_otherwise_tags() -> None:
    names = ["recherche", "SOUTIENS", "Société", "Vie de l’institut", "Divers", "Uncategorized"]
    found = Categories.of(names, site(), ["vie de l’institut=outreach,funding", "Divers=", "*=research"])
    assert found.resolve(names[:3]) == (["research", "funding", "outreach"], [])
    assert found.resolve(["Vie de l’institut", "Divers"]) == (["outreach", "funding"], [])
    assert found.resolve(["Divers", "ADN"]) == (["research"], ["ADN"])
    assert found.resolve(["Uncategorized"]) == (["research"], [])
    assert Categories.of(names, site(), ["Sport=outreach"]).unknown == ("Sport",), "as a later run may find"


def test_names_are_also_recognised_by_their_old_slugs() -> None:
    slugs = {"Nos travaux": ("research",), "Divers": ("various", "divers-2"), "Ailleurs": ("uncategorized",)}
    found = Categories.of(["Nos travaux", "Divers", "Ailleurs"], site(), ["Divers-2=funding"], slugs=slugs)
    assert found.mapping == {"Nos travaux": ("research",), "Divers": ("funding",)}, "a default category may be renamed"
    assert Categories.of(["Recherche"], site(), slugs={"Recherche": ("outreach",)}).mapping == {
        "Recherche": ("research",)
    }


@pytest.mark.integration
def test_a_wordpress_export_is_imported_with_drafts_and_featured_pictures(
    old: OldSite, content: Path, run: Run, tmp_path: Path
) -> None:
    export = tmp_path / "export.xml"
    export.write_bytes((OLD / "export.xml").read_bytes().replace(b"http://old.example", old.url.encode()))
    printed = take(run, str(export), "--map", "Dons & legs=funding")
    assert "left out  Interne: its status on the old site is private" in printed
    assert "left out  Avec mot de passe: it is password-protected" in printed
    found = articles(content)
    assert found["un-vaccin"] == {
        "id": f"{old.url}/?p=10",
        "title": "Un vaccin ]]> un espoir",
        "published": "2026-03-01T10:00:00+01:00",
        "categories": ["research"],
        "tags": ["vaccins"],
        "authors": ["Service de presse"],
        "picture": {"file": "2026/photo.png", "alt": "Une seringue", "caption": "La légende de la photo"},
        "summary": "Un résumé écrit à la main.",
        "body": "Un **vaccin**.\n",
    }
    assert found["un-brouillon"]["draft"] == "true" and found["un-brouillon"]["body"] == "Pas fini.\n"
    assert found["ancien"]["published"] == "2010-01-05T10:00:00+01:00", "its own time, where that in UTC is zero"
    assert found["ancien"]["body"].split("\n\n") == [
        "Premier paragraphe\\\nsur deux lignes.",
        "![La photo](/media/2026/photo.png)",
        "*Une légende*",
        "<https://youtu.be/abc123>",
        "![Une seringue](/media/2026/photo.png)",
        "*La légende de la photo*",
        "- Un\n- Deux\n",
    ]
    redirects = yaml.safe_load((content / "site.yaml").read_text())["redirects"]
    assert redirects["/category/dons-legs/feed/"] == "/feeds/funding.rss", "the slug that the export tells"
    assert redirects["/tag/vaccins/feed/"] == "/feeds/tags/vaccins.rss"
    assert "/?p=13" not in redirects, "a draft has no page"


@pytest.mark.integration
def test_an_export_and_a_feed_of_the_same_site_are_imported_alike(
    old: OldSite, content: Path, run: Run, tmp_path: Path
) -> None:
    """Tags can be mapped, a picture keeps its caption, and short links and slugs are those of WordPress."""
    text = (OLD / "export.xml").read_text(encoding="utf-8").replace("http://old.example", old.url)
    text = text.replace("La légende de la photo", "")
    text = text.replace(' class="wp-image-11"/></figure>', "/><figcaption>© L’institut</figcaption></figure>")
    text = text.replace('nicename="recherche"', 'nicename="vie-de-linstitut"').replace(
        "[Recherche]", "[Vie de l’institut]"
    )
    export = tmp_path / "export.xml"
    export.write_text(text, encoding="utf-8")
    take(
        run,
        str(export),
        "--map",
        "Dons & legs=funding",
        "--map",
        "Vie de l’institut=outreach",
        "--map",
        "vaccins=research",
    )
    values = articles(content)["un-vaccin"]
    assert (values["categories"], values["picture"]["caption"]) == (["outreach", "research"], "© L’institut")
    redirects = yaml.safe_load((content / "site.yaml").read_text())["redirects"]
    assert redirects["/?p=10"] == "/articles/un-vaccin"
    assert redirects["/category/vie-de-linstitut/feed/"] == "/feeds/outreach.rss"
    assert "/?p=13" not in redirects and not any(old.startswith("/tag/vaccins") for old in redirects)
    assert system_of("WordPress", []).slugs("Vie de l’institut") == ["vie-de-linstitut"]  # type: ignore[union-attr]
    assert "\n0 new, " in run("diff", str(export), "--feed", "all")


@pytest.mark.integration
def test_a_picture_at_the_start_of_the_text_becomes_the_article_picture(old: OldSite, content: Path, run: Run) -> None:
    feed = old.add("/feed/", "wordpress.xml")
    text = old.pages["/feed/"].decode()
    old.pages["/feed/"] = text.replace(
        "<p>Venez nous voir au marché, s", '<p><img src="/stand.png" alt="Le stand"></p><p>Venez nous voir au marché, s'
    ).encode()
    take(run, feed, *CASES["WordPress"][1])
    values = articles(content)["stand"]
    assert values["picture"] == {"file": "2026/stand.png", "alt": "Le stand"}
    assert values["body"] == "Venez nous voir au marché, samedi 7 février.\n"


@pytest.mark.integration
def test_old_paths_redirect_with_and_without_a_trailing_slash(old: OldSite, content: Path, run: Run) -> None:
    take(run, old.add("/feed/", "wordpress.xml"), *CASES["WordPress"][1])
    client = create_app(Settings(content), clock=lambda: NOW).test_client()
    for path in ("/2026/02/stand/", "/2026/02/stand", "/feed/atom", "/category/rencontres/feed", "/?p=1287"):
        assert client.get(path).status_code == 301, path


@pytest.mark.integration
def test_remaining_links_to_the_old_host_are_listed(old: OldSite, run: Run) -> None:
    feed = old.add("/rss.xml", "drupal.xml")
    del old.pages["/rss.xml"]
    text = (OLD / "drupal.xml").read_text().replace("http://old.example", old.url)
    text = text.replace("&lt;p&gt;Un chèque de", '&lt;p&gt;&lt;a href="/plan.pdf"&gt;Le plan&lt;/a&gt; Un chèque de')
    old.pages["/rss.xml"] = text.encode()
    old.pages["/sites/default/files/cheque.png"] = b"none"
    printed = take(run, feed)
    assert "still contain 2 addresses on the old host, which will stop working when it goes offline." in printed
    assert f"  {old.url}/plan.pdf\n  {old.url}/sites/default/files/cheque.png\n" in printed


@pytest.mark.integration
def test_redirects_are_added_below_existing_ones_and_all_else_stays(old: OldSite, content: Path, run: Run) -> None:
    text = (
        "# Notre site : ne pas toucher\n"
        + SITE
        + "redirects:\n  # les vieux flux\n  /spip.php: /feeds/all.rss  # 2009\nentries: 20\n"
    )
    (content / "site.yaml").write_text(text, encoding="utf-8")
    take(run, old.add("/rss.xml", "drupal.xml"))
    added = "  /blog/un-cheque: /articles/un-cheque\n"
    assert (content / "site.yaml").read_text(encoding="utf-8") == text.replace("# 2009\n", "# 2009\n" + added)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("title: é\n", "title: é\nredirects:\n  /a: /b\n  /c?d=e: https://f.example/\n"),
        ("title: é", "title: é\nredirects:\n  /a: /b\n  /c?d=e: https://f.example/\n"),
        ("redirects: {/é: /x}\nz: 1\n", 'redirects: {/é: /x, "/a": "/b", "/c?d=e": "https://f.example/"}\nz: 1\n'),
        ("redirects: {}\n", "redirects:\n  /a: /b\n  /c?d=e: https://f.example/\n"),
        ("redirects:\nz: 1\n", "redirects:\n  /a: /b\n  /c?d=e: https://f.example/\nz: 1\n"),
        ('"redirects":\nz: 1\n', '"redirects":\n  /a: /b\n  /c?d=e: https://f.example/\nz: 1\n'),
        ("redirects : # x\nz: 1\n", "redirects:  # x\n  /a: /b\n  /c?d=e: https://f.example/\nz: 1\n"),
        (
            "a: 1\r\nredirects:\r\n  /x: /y\r\n",
            "a: 1\r\nredirects:\r\n  /x: /y\r\n  /a: /b\r\n  /c?d=e: https://f.example/\r\n",
        ),
        (
            "redirects: {\n /x: /y # note, {}\n }\n",
            'redirects: {/x: /y # note, {}\n, "/a": "/b", "/c?d=e": "https://f.example/"}\n',
        ),
        ("redirects: {/x: /y,}\n", 'redirects: {/x: /y, "/a": "/b", "/c?d=e": "https://f.example/"}\n'),
        ("redirects: ''\n", "redirects:\n  /a: /b\n  /c?d=e: https://f.example/\n"),
        ("title: x\n...\n", "title: x\nredirects:\n  /a: /b\n  /c?d=e: https://f.example/\n...\n"),
        ("title: >-\n  x\n  y", "title: >-\n  x\n  y\nredirects:\n  /a: /b\n  /c?d=e: https://f.example/\n"),
        (
            "a: TRUE\nb: +012\nc: ~\nd: .INF\ne: 2026-1-9T18:00:00.10+02:00\nf:\n",
            "a: TRUE\nb: +012\nc: ~\nd: .INF\ne: 2026-1-9T18:00:00.10+02:00\nf:\n"
            "redirects:\n  /a: /b\n  /c?d=e: https://f.example/\n",
        ),
        ("redirects:\n - x\n", None),
        ("- x\n", None),
    ],
)
def test_redirects_are_inserted_correctly_into_any_site_file(before: str, after: str | None) -> None:
    new = {"/a": "/b", "/c?d=e": "https://f.example/"}
    if after is None:
        with pytest.raises(SiteFileError):
            add_redirects(before, new)
    else:
        assert add_redirects(before, new) == after
        assert new.items() <= yaml.safe_load(after)["redirects"].items()


def test_a_long_old_path_is_written_on_one_line() -> None:
    old = f"/{'x' * 300}"
    assert add_redirects("title: x\n", {old: "/b"}) == f"title: x\nredirects:\n  {old}: /b\n"


@pytest.mark.integration
def test_redirects_outside_the_site_path_are_reported_but_not_written(old: OldSite, content: Path, run: Run) -> None:
    (content / "site.yaml").write_text(SITE.replace("https://news.example", "https://news.example/news"))
    printed = take(run, old.add("/rss.xml", "drupal.xml"))
    assert (
        "2 old paths are outside /news, such as /rss.xml: redirect them on the server that handles these paths"
        in printed
    )
    assert "redirects" not in (content / "site.yaml").read_text()


@pytest.mark.integration
def test_entries_that_cannot_be_imported_are_reported_with_the_reason(old: OldSite, content: Path, run: Run) -> None:
    item = "<item><title>{}</title><guid>{}</guid><pubDate>{}</pubDate><description>{}</description>"
    item += "<category>Recherche</category></item>"
    date = "Sun, 01 Mar 2026 09:00:00 GMT"
    items = [
        item.format("Sans date", "a:1", "", "Texte"),
        item.format("Sans texte", "a:2", date, ""),
        item.format("Bonne", "a:3", date, "Texte"),
        item.format("Deux fois", "a:3", date, "Texte"),
        f"<item><title>Sans rien</title><pubDate>{date}</pubDate><description>x</description></item>",
    ]
    old.pages["/rss"] = f'<rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>'.encode()
    printed = take(run, old.url + "/rss")
    assert re.findall("(?m)^left out  (.*)$", printed) == [
        "Sans date: it has no date",
        "Sans texte: it has no text",
        "Deux fois: another entry of the feed has the same id",
        "Sans rien: it has neither id nor link",
    ]
    assert articles(content).keys() == {"bonne"}


@pytest.mark.integration
def test_an_entry_that_links_elsewhere_gets_a_link_and_no_redirect(old: OldSite, content: Path, run: Run) -> None:
    feed = old.add("/feed/", "wordpress.xml")
    moved = old.pages["/feed/"].replace(f"<link>{old.url}/2026/02/stand/".encode(), b"<link>https://paper.example/1")
    old.pages["/feed/"] = moved
    take(run, feed, *CASES["WordPress"][1])
    (values,) = [each for each in articles(content).values() if each["title"] == "Un stand"]
    assert values["link"] == "https://paper.example/1"
    assert "/1:" not in (content / "site.yaml").read_text()


@pytest.mark.integration
def test_an_old_category_feed_redirects_to_our_category_feed(old: OldSite, content: Path, run: Run) -> None:
    feed = old.add("/recherche?format=feed&type=rss", "joomla.xml")
    take(run, feed, "--map", "*=research", "--feed", "research")
    redirects = yaml.safe_load((content / "site.yaml").read_text())["redirects"]
    assert redirects["/recherche?format=feed&type=rss"] == "/feeds/research.rss"
    assert redirects["/index.php?format=feed&type=rss"] == "/feeds/all.rss"
    assert "https://news.example/feeds/research (0 entries), compared with " in run("diff", feed)
    assert "--feed sport is not a feed of this site (expected all, research, outreach, funding)" in take(
        run, feed, "--feed", "sport", code=2
    )


@pytest.mark.integration
def test_an_invalid_picture_is_not_imported_and_is_reported(old: OldSite, content: Path, run: Run) -> None:
    feed = old.add("/rss.xml", "drupal.xml")
    for broken, reason in (
        (b"<svg/>", "is not a picture that feed readers display (expected JPEG, PNG, GIF or WebP)"),
        (png(size=(400, 300))[:-40], "is damaged or incomplete (upload it again)"),
    ):
        old.pages["/sites/default/files/cheque.png"] = broken
        printed = take(run, feed)
        assert f"a picture is not copied into media/: {old.url}/sites/default/files/cheque.png {reason}" in printed
        (path,) = (content / "articles").rglob("*.yaml")
        assert f"({old.url}/sites/default/files/cheque.png)" in path.read_text()
        assert not any(each.is_file() for each in (content / "media").rglob("*"))
        path.unlink()


@pytest.mark.integration
def test_archives_are_followed_to_the_oldest(old: OldSite) -> None:
    """RFC 5005 section 4: `prev-archive` leads from each document to the one before."""
    page = """<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>x</title>{}<entry><id>a:{}</id><title>t</title></entry></feed>"""
    for number in range(4):
        link = f'<link rel="prev-archive" href="{number + 1}.atom"/>' if number < 3 else ""
        old.pages[f"/{number}.atom"] = page.format(link, number).encode()
    old.pages["/3.atom"] = page.format('<link rel="prev-archive" href="0.atom"/>', 3).encode()  # in a circle
    fetcher = Fetcher(allow_local=True)
    first = read_feed(old.pages["/0.atom"], f"{old.url}/0.atom")
    found = archives.with_older(first, f"{old.url}/0.atom", fetcher, pytest.fail)
    assert [entry.id for entry in found.entries] == ["a:0", "a:1", "a:2", "a:3"]
    notes: list[str] = []
    del old.pages["/2.atom"]
    assert len(archives.with_older(first, f"{old.url}/0.atom", fetcher, notes.append).entries) == 2
    assert len(notes) == 1 and "2.atom returned 404 Not Found" in notes[0]


@pytest.mark.integration
def test_a_cache_that_repeats_the_first_page_does_not_cause_a_loop(old: OldSite, run: Run) -> None:
    feed = old.add("/feed/", "wordpress.xml")
    old.add("/feed/?paged=2", "wordpress.xml")
    take(run, feed, "--dry-run", code=1)
    assert old.asked == ["/feed/", "/feed/?paged=2"]


@pytest.mark.integration
def test_an_html_page_is_rejected_with_the_feeds_that_it_names(old: OldSite, run: Run) -> None:
    old.pages["/"] = b'<html><link rel="alternate" type="application/rss+xml" href="/feed/?a=1&amp;b=2"></html>'
    printed = take(run, old.url + "/", code=1)
    assert (
        f"it is not a feed, but a web page that links to {old.url}/feed/?a=1&b=2 (expected RSS, Atom or JSON Feed"
        in printed
    )
    for text in ("", "{", '{"version": 2}', "[]", "\0"):
        with pytest.raises(FeedError):
            read_feed(text.encode())


LOCAL = (
    *("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
    *("::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::", "2002:7f00:1::", "ff02::1"),
)


@pytest.mark.parametrize("address", LOCAL)
def test_addresses_of_the_local_network_are_recognised(address: str) -> None:
    assert http.is_local(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses_are_not_taken_for_local_ones(address: str) -> None:
    assert not http.is_local(address)


@pytest.mark.integration
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433"])
def test_hosts_on_the_local_network_are_not_contacted_unless_allowed(host: str, old: OldSite) -> None:
    old.pages["/"] = b"secret"
    with pytest.raises(HttpError, match="on the local network|cannot be fetched"):
        Fetcher().get(f"http://{host}:{old.port}/", max_bytes=100)
    assert old.asked == []
    assert Fetcher(allow_local=True).get(f"{old.url}/", max_bytes=100).data == b"secret"


@pytest.mark.integration
@pytest.mark.parametrize("allow_local", [True, False])
def test_a_refused_connection_is_reported_without_internal_class_names(allow_local: bool) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    refused = f"^{url} could not be fetched: connection refused by 127.0.0.1 [(]port {port}[)]$"
    with pytest.raises(HttpError, match=refused):
        Fetcher(allow_local=allow_local).get(url, max_bytes=100)


@pytest.mark.integration
def test_a_redirect_to_the_local_network_is_not_followed(away: OldSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "is_local", lambda address: address != "127.0.0.1")
    away.moved["/"] = f"http://127.0.0.2:{away.port}/"
    away.is_everywhere = True
    with away.serving(), pytest.raises(HttpError, match="127.0.0.2 is on the local network"):
        Fetcher().get(f"{away.url}/", max_bytes=100)
    assert away.asked == ["/"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://old.example/", "gopher://x", "/etc/passwd", "http:///x"])
def test_only_http_and_https_are_fetched(url: str) -> None:
    with pytest.raises(HttpError):
        Fetcher(allow_local=True).get(url, max_bytes=100)


@pytest.mark.integration
def test_a_redirect_to_another_scheme_is_not_followed(old: OldSite) -> None:
    old.moved["/"] = "file:///etc/passwd"
    with pytest.raises(HttpError):
        Fetcher(allow_local=True).get(f"{old.url}/", max_bytes=100)


@pytest.mark.integration
def test_responses_are_limited_in_size_and_time(old: OldSite) -> None:
    old.pages["/"] = b"x" * 1_000_000
    with pytest.raises(HttpError, match="has more than 999,999 bytes"):
        Fetcher(allow_local=True).get(f"{old.url}/", max_bytes=999_999)
    with pytest.raises(HttpError, match="takes more than"):
        HttpClient("test", allow_local=True, deadline=-1).get(f"{old.url}/", max_bytes=1_000_000)


@given(st.dictionaries(st.sampled_from(["title", "summary", "body"]), st.text(), min_size=1))
def test_any_text_can_be_written_into_a_file_and_read_back(values: dict[str, str]) -> None:
    text = article_text(values, depth=1)
    tree, problems = parse_yaml(text.encode("utf-8", "replace"), "a.yaml")
    assert tree is not None, problems
    assert tree.value.keys() == values.keys()


def test_an_imported_article_file_has_the_given_values() -> None:
    values = {"title": '« L’été » : 100\u202f%, "oui" # non', "body": "  a\n\n    b\n\tc\n: d\n"}
    tree, problems = parse_yaml(article_text(values, depth=1).encode(), "a.yaml")
    assert tree and not problems
    assert tree.value == {"title": values["title"], "body": "  a\n\n    b\n\tc\n: d\n"}


@pytest.mark.integration
def test_ids_of_any_form_are_preserved(old: OldSite, content: Path, run: Run) -> None:
    ids = [
        "5982d807bcf38100194efd67",
        "news-123",
        "12 at http://old.example",
        "urn:uuid:1",
        "tag:a,2020:é",
        "a b",
        "?p=1&x=2",
        "%C3%A9",
    ]
    item = "<item><title>t</title><link>{}/{}</link><guid>{}</guid><description>x</description>"
    item += "<pubDate>Sun, 01 Mar 2026 09:00:00 GMT</pubDate><category>Recherche</category></item>"
    items = "".join(item.format(old.url, at, html.escape(id)) for at, id in enumerate(ids))
    old.pages["/rss"] = (
        f'<rss version="2.0"><channel><title>x</title><link>{old.url}</link>{items}</channel></rss>'.encode()
    )
    take(run, old.url + "/rss")
    app = create_app(Settings(content), clock=lambda: NOW)
    feed = etree.fromstring(app.test_client().get("/feeds/all.rss").data)
    assert sorted(each.text or "" for each in feed.iter("guid")) == sorted(ids)
    answer = app.test_client().get("/feeds/all.json").json
    assert answer and sorted(each["id"] for each in answer["items"]) == sorted(ids)


@pytest.mark.integration
def test_diff_shows_what_a_subscriber_of_an_old_feed_would_see(
    old: OldSite, content: Path, run: Run, tmp_path: Path
) -> None:
    feed = old.add("/feed/", "wordpress.xml")
    old.add("/feed/?paged=2", "wordpress-2.xml")
    take(run, feed, *CASES["WordPress"][1])
    printed = run("diff", feed)
    assert printed.splitlines()[1:] == [
        f"new      Une vieille nouvelle  ({old.url}/2009/05/une-vieille-nouvelle/)",
        'The new entries are older than all that the old feed has: set "entries: 2" in site.yaml to leave them out.',
        "1 new, 0 with another title, 0 gone, 0 moved",
    ]
    with (content / "site.yaml").open("a") as file:
        file.write("entries: 2\n")
    assert run("diff", feed).splitlines()[-1] == "0 new, 0 with another title, 0 gone, 0 moved"
    path = content / "articles" / "2026" / "stand.yaml"
    path.write_text(path.read_text().replace("id: ", "id: moved-").replace('moved-"', '"moved-'))
    found = json.loads(run("diff", feed, "--format", "json", "--max-new", "0", code=1))
    assert list(found["new"].values()) == ["Un stand"]
    assert found["gone"] == {}, "its address still leads to its article"
    assert run("diff", feed, "--feed", "research").splitlines()[-1].startswith("1 new, ")
    assert "there is no such feed" in run("diff", feed, "--feed", "nothing", code=2)


@pytest.mark.integration
def test_diff_finds_our_feed_by_the_redirect_of_the_old_url(old: OldSite, content: Path, run: Run) -> None:
    feed = old.add("/category/dons-legs/feed/", "wordpress.xml")
    old.add("/feed/", "wordpress.xml")
    take(run, old.url + "/feed/", *CASES["WordPress"][1])
    assert "https://news.example/feeds/funding (1 entry), compared with the old feed (2 entries):" in run("diff", feed)


@pytest.mark.parametrize("name", [system.name for system in SYSTEMS])
def test_systems_are_recognised_by_their_generator(name: str) -> None:
    said = {
        "WordPress": "https://wordpress.org/?v=6.8",
        "Joomla": "Joomla! - Open Source Content Management",
        "Drupal": "Drupal 10 (https://www.drupal.org)",
        "Hugo": "Hugo -- gohugo.io",
        "Jekyll": "Jekyll https://jekyllrb.com/",
        "Ghost": "Ghost 5.82",
        "SPIP": "SPIP - www.spip.net",
        "TYPO3": "TYPO3 EXT:news",
        "Nikola": "Nikola (getnikola.com)",
        "Hexo": "Hexo https://hexo.io/",
        **{each: each for each in ("Eleventy", "Astro", "Pelican", "Zola")},  # the generator of a folder
    }
    found = system_of(said[name], [])
    assert found and found.name == name
    assert system_of("Ghostwriter", ["a:1"]) is None


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda each: str(each.name))
def test_the_docs_name_the_feeds_of_each_system(system: System) -> None:
    text = (ROOT / "docs" / "guides" / "moving.md").read_text(encoding="utf-8")
    for paths, name in (
        (system.feeds, ""),
        (system.category, "category"),
        (system.tag, "tag"),
        (system.section, "section"),
    ):
        for path in (path for path, ending in paths.items() if ending):
            forms = [path.format("<slug>"), path.format(f"<{name}>")]
            assert any(f"`{form}`" in text for form in forms), path


def feed_of(old: OldSite, *items: str, about: str = "") -> str:
    """Serve an RSS feed of the given items, and return its URL."""
    channel = f"<title>x</title><link>{old.url}/</link>{''.join(items)}"
    old.pages["/odd"] = f'<rss version="2.0" {about}><channel>{channel}</channel></rss>'.encode()
    return old.url + "/odd"


def item(title: str = "Titre", *, id: str = "a:1", link: str = "", text: str = "Texte", more: str = "") -> str:
    date = "" if "<pubDate>" in more else "<pubDate>Sun, 01 Mar 2026 09:00:00 GMT</pubDate>"
    parts = f"<title>{title}</title><guid isPermaLink='false'>{id}</guid><link>{link}</link>{date}"
    return f"<item>{parts}<category>Recherche</category><description>{text}</description>{more}</item>"


LINKS = {
    "TYPO3’s, with brackets": "/index.php?id=12&amp;tx_news_pi1%5Bnews%5D=34&amp;cHash=ab",
    "with an accent in the query": "/a?title=Caf%C3%A9",
    "SPIP’s, with a name alone": "/spip.php?article12",
    "with a space": "/p/a b.html",
    "with an accent": "/p/é",
    "at an address that ours would take": "/articles/titre",
}


@pytest.mark.integration
@pytest.mark.parametrize("link", LINKS.values(), ids=list(LINKS))
def test_old_urls_of_any_form_redirect_and_a_second_import_adds_none(
    link: str, old: OldSite, content: Path, run: Run
) -> None:
    feed = feed_of(old, item(link=old.url + link), item("Autre", id="a:2", link=old.url + "/news/titre"))
    take(run, feed)
    before = (content / "site.yaml").read_bytes()
    take(run, feed)
    assert (content / "site.yaml").read_bytes() == before
    assert run("check").splitlines()[-1].startswith("0 errors")
    client = create_app(Settings(content), clock=lambda: NOW).test_client()
    for address in (link, "/news/titre"):
        answer = client.get(html.unescape(address), follow_redirects=False)
        assert answer.status_code in (200, 301), address


@pytest.mark.integration
def test_the_query_of_another_feed_does_not_redirect_to_the_main_feed(old: OldSite, content: Path, run: Run) -> None:
    take(run, old.add("/feed/", "wordpress.xml"), *CASES["WordPress"][1])
    client = create_app(Settings(content), clock=lambda: NOW).test_client()
    for query in ("cat=5&feed=rss2", "p=12&feed=rss2", "author=1&feed=atom"):
        assert client.get(f"/?{query}").status_code == 200, "the home page, and no feed of everything"
    assert client.get("/?utm_source=mail&feed=rss2&_=7").headers["Location"].endswith("/feeds/all.rss")


DETAILS = {
    "a duration": (
        "<enclosure url='http://x.example/a.mp3' type='audio/mpeg' length='9'/>"
        "<itunes:duration>1:99:00</itunes:duration>"
    ),
    "an attachment’s type": "<enclosure url='http://x.example/a.xyz' type='what ever' length='9'/>",
    "an attachment’s length": "<enclosure url='http://x.example/a.mp3' type='audio/mpeg' length='99999999999999999'/>",
    "an author": "<author>★</author>",
    "an address in the text": "<content:encoded>&lt;a href='http://[x/y'&gt;l&lt;/a&gt;</content:encoded>",
    "a link around a picture": (
        "<content:encoded>&lt;a href='http://[x'&gt;&lt;img src='/p.png'&gt;&lt;/a&gt;</content:encoded>"
    ),
    "an address of a picture": "<enclosure url='http://[x' type='image/png' length='1'/>",
}


@pytest.mark.integration
@pytest.mark.parametrize("more", DETAILS.values(), ids=list(DETAILS))
def test_invalid_optional_details_do_not_lose_an_entry(more: str, old: OldSite, content: Path, run: Run) -> None:
    names = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    take(run, feed_of(old, item(more=more), item("Autre", id="a:2"), about=names))
    assert articles(content).keys() == {"titre", "autre"}


@pytest.mark.integration
def test_only_the_invalid_one_of_several_authors_is_left_out(old: OldSite, content: Path, run: Run) -> None:
    authors = "".join(f"<dc:creator>{name}</dc:creator>" for name in ("Le service", "★"))
    printed = take(run, feed_of(old, item(more=authors), about='xmlns:dc="http://purl.org/dc/elements/1.1/"'))
    (values,) = articles(content).values()
    assert values["authors"] == ["Le service"]
    assert "is left out: ★ has no letter or digit for an address" in printed


@pytest.mark.integration
def test_an_entry_with_only_a_picture_keeps_it(old: OldSite, content: Path, run: Run) -> None:
    picture = "&lt;img src='/photo.png' alt='La photo'&gt;"
    take(run, feed_of(old, item("", text=picture)))
    (values,) = articles(content).values()
    assert (values["title"], values["body"]) == ("La photo", "![La photo](/media/2026/photo.png)\n")


@pytest.mark.integration
def test_control_characters_in_a_feed_never_reach_the_terminal(old: OldSite, run: Run) -> None:
    text = json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "a:1\x1b]0;x\x07", "tags": ["\x1b[31m"]}]}
    )
    old.pages["/feed.json"] = text.encode()
    assert "\x1b" not in take(run, old.url + "/feed.json", "--dry-run")


@pytest.mark.integration
def test_an_unreadable_text_does_not_stop_the_import_of_others(old: OldSite, content: Path, run: Run) -> None:
    deep = "&lt;div&gt;" * 5000 + "x"
    printed = take(run, feed_of(old, item(text=deep), item("Autre", id="a:2")))
    assert "left out  Titre: " in printed
    assert articles(content).keys() == {"autre"}


@pytest.mark.integration
def test_ids_are_neither_resolved_nor_normalised(old: OldSite) -> None:
    feed = feed_of(
        old,
        item(id="12 at http://x").replace(" isPermaLink='false'", ""),
        item(id="&#195;&#169;"),
        item(id="HTTPS://O.example/A/../b").replace(" isPermaLink='false'", ""),
        about='xml:base="http://x.example/"',
    )
    assert [entry.id for entry in read_feed(old.pages["/odd"], feed).entries] == [
        "12 at http://x",
        "Ã©",
        "HTTPS://O.example/A/../b",
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("date", "hour"),
    [("Sun, 01 Mar 2026 09:00:00 CET", 8), ("Wed, 01 Jul 2026 09:00:00 CEST", 7), ("Sun, 01 Mar 2026 09:00:00", 9)],
)
def test_dates_with_a_european_zone_or_no_zone_are_parsed(date: str, hour: int, old: OldSite) -> None:
    feed_of(old, item(more=f"<pubDate>{date}</pubDate>"))
    (entry,) = read_feed(old.pages["/odd"]).entries
    assert entry.published and entry.published.hour == hour


def test_plain_text_in_atom_and_json_is_not_parsed_as_html() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a:1</id><title type="text">Vec&lt;T&gt;</title>
    <content type="text" xml:base="http://x.example/assets/">a &lt;T&gt; b\n\nc</content></entry></feed>"""
    (entry,) = read_feed(atom.encode()).entries
    assert (entry.title, entry.html, entry.base) == (
        "Vec<T>",
        "<p>a &lt;T&gt; b</p><p>c</p>",
        "http://x.example/assets/",
    )
    text = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1, "title": "Vec<T> & co", "authors": 5}]}
    (entry,) = read_feed(json.dumps({**text, "title": "x"}).encode()).entries
    assert (entry.id, entry.title) == ("1", "Vec<T> & co")


def test_posts_with_an_unknown_status_are_not_published(tmp_path: Path, run: Run) -> None:
    export = tmp_path / "export.xml"
    export.write_text((OLD / "export.xml").read_text().replace("CDATA[publish]", "CDATA[archive]"))
    assert "Un vaccin ]]> un espoir: its status on the old site is archive" in run(
        "import", str(export), "--map", "*=research"
    )


def test_content_missing_from_an_export_is_reported(tmp_path: Path, run: Run) -> None:
    text = (OLD / "export.xml").read_text().replace('ids="11"', 'ids="11,99"')
    text = text.replace("Premier paragraphe", '[contact-form-7 id="5"] <del>vieux</del>')
    export = tmp_path / "export.xml"
    export.write_text(text)
    printed = run("import", str(export), "--map", "*=research", "--no-pictures")
    for told in (
        "the export lacks pictures of a gallery: 99 (export",
        "shortcode [contact-form-7] is removed",
    ):
        assert told in printed


@pytest.mark.integration
def test_an_article_with_broken_yaml_is_recognised_by_its_id(old: OldSite, content: Path, run: Run) -> None:
    feed = feed_of(old, item())
    take(run, feed)
    (path,) = (content / "articles").rglob("*.yaml")
    path.write_text(path.read_text().replace('title: "Titre"', "title: Une: erreur"))
    assert summary(take(run, feed)) == (0, 0, 1, 0)


@pytest.mark.integration
def test_a_server_that_trickles_bytes_times_out() -> None:
    client = HttpClient("test", allow_local=True, deadline=0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while connection.send(b"x"):
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(HttpError, match="takes more than 0.5 seconds"):
            client.get(f"http://127.0.0.1:{server.getsockname()[1]}/", max_bytes=200_000)
        thread.join(20)
        assert not thread.is_alive(), "who asked has gone"


def test_a_json_feed_nested_too_deeply_is_reported() -> None:
    data = b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * 200_000
    with pytest.raises(FeedError, match="nested too deeply"):
        read_json(data, "https://o.example")


@pytest.mark.integration
def test_a_text_nested_too_deeply_is_refused_with_the_reason(old: OldSite, content: Path, run: Run) -> None:
    printed = take(run, feed_of(old, item(text="&lt;div&gt;" * 150 + "x"), item("Autre", id="a:2")))
    assert "left out  Titre: its text cannot be read: elements are nested more than 100 levels deep" in printed
