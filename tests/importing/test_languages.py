"""Sites in several languages: a feed for each, and translations with the same titles and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feeds import create_app
from feeds.importing.languages import Languages
from feeds.importing.markdown_folder import read_markdown_folder
from feeds.importing.old_feed import OldEntry, OldFeed, SubscribedFeed
from feeds.importing.old_xml import read_feed
from feeds.model.yamlfile import parse_yaml
from feeds.settings import Settings
from tests.builders import NOW, SITE, content_folder
from tests.builders import site as make_site
from tests.importing.old_site import OldSite
from tests.importing.samples import post, wxr
from tests.processes import free_port

HOME = "https://old.example"
PARIS = ZoneInfo("Europe/Paris")
LAYOUTS = {"names": "{path}.{language}.md", "folders": "{language}/{path}.md"}
FRONT = "---\ntitle: {title}\ndate: 2026-01-05T09:00:00Z\ncategories: [research]\n---\n{text}"


@pytest.fixture
def old() -> Iterator[OldSite]:
    site = OldSite()
    site.port = free_port()
    with site.serving():
        yield site


def feed(old: OldSite, language: str, prefix: str, *names: str) -> str:
    """Serve a feed, and return its URL. Its ids follow no rule."""
    items = "".join(
        f"<item><title>CRISPR {name}</title><link>{old.url}{prefix}/posts/{name}/</link><guid>{language}:{name}</guid>"
        "<pubDate>Mon, 05 Jan 2026 09:00:00 GMT</pubDate><description>x</description></item>"
        for name in names
    )
    about = (
        f"<title>Old</title><link>{old.url}{prefix}/</link><language>{language}</language><generator>Hugo</generator>"
    )
    channel = about + items
    old.pages[f"{prefix}/index.xml"] = f'<rss version="2.0"><channel>{channel}</channel></rss>'.encode()
    return f"{old.url}{prefix}/index.xml"


def bilingual_site(root: Path, old: OldSite, layout: str) -> Path:
    root.mkdir()
    (root / "hugo.toml").write_text(f'baseURL = "{old.url}/"\ndefaultContentLanguage = "fr"\n')
    for path in ("posts/a", "posts/b", "research/c"):
        for language in ("fr", "en"):
            name = LAYOUTS[layout].format(path=path, language=language)
            file = root / "content" / (name.replace(".fr.", ".") if layout == "names" else name)
            file.parent.mkdir(parents=True, exist_ok=True)
            title = f"CRISPR {path[-1]}"
            file.write_text(FRONT.format(title=title, text=f"Text in {language}"))
    return root


def run(content: Path, *words: str, code: int = 0) -> str:
    if not content.exists():
        content_folder(content, {})
    app = create_app(Settings(content), clock=lambda: NOW)
    done = app.test_cli_runner().invoke(args=["import", *words, "--allow-local"])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def articles(content: Path) -> list[dict[str, Any]]:
    trees = (parse_yaml(path.read_bytes(), str(path))[0] for path in (content / "articles").rglob("*.yaml"))
    return [tree.value for tree in trees if tree]


def id_of(values: dict[str, Any]) -> str:
    found = values["id"]
    return str(found["exact"] if isinstance(found, dict) else found)


@pytest.mark.integration
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_site_with_a_feed_per_language_keeps_the_ids_and_addresses_of_each(
    tmp_path: Path, old: OldSite, layout: str
) -> None:
    root = bilingual_site(tmp_path / "old", old, layout)
    feeds = [feed(old, "fr-FR", "", "a", "b"), feed(old, "en-us", "/en", "a")]
    options = [word for each in feeds for word in ("--old-feed", each)]
    page = tmp_path / "report.html"
    printed = run(tmp_path / "content", str(root), *options, "--html", str(page))
    found = {(each.get("language", "fr"), each["title"]): each for each in articles(tmp_path / "content")}
    ids = {(language, title[-1]): id_of(each) for (language, title), each in found.items()}
    assert ids == {
        **{("fr", "a"): "fr-FR:a", ("fr", "b"): "fr-FR:b", ("fr", "c"): f"{old.url}/research/c/"},
        **{("en", "a"): "en-us:a", ("en", "b"): f"{old.url}/en/posts/b/", ("en", "c"): f"{old.url}/en/research/c/"},
    }
    assert all(each["body"] == f"Text in {language}\n" for (language, _), each in found.items())
    assert found["fr", "CRISPR c"]["twin"] == found["en", "CRISPR c"]["twin"]
    site, _ = parse_yaml((tmp_path / "content" / "site.yaml").read_bytes(), "site.yaml")
    assert site and site.value["redirects"].items() >= {
        ("/posts/b/", "/articles/b"),
        ("/en/posts/b/", "/en/articles/b-en"),
        ("/research/index.xml", "/feeds/research.rss"),
        ("/en/research/index.xml", "/en/feeds/research.rss"),
        ("/en/research/", "/en/feeds/research"),
    }
    for path, new in (("feeds/all", 1), ("en/feeds/all", 2)):
        told = rf"https://news.example/{path} .*\n(?:new .*\n)+{new} new, 0 with another title, 0 gone, 0 moved"
        assert re.search(told, printed)
    html = page.read_text(encoding="utf-8")
    assert all(f"<h3>{each}</h3>" in html for each in feeds)
    (tmp_path / "saved.xml").write_bytes(old.pages["/en/index.xml"])  # no redirect says which feed replaces it
    app = create_app(Settings(tmp_path / "content"), clock=lambda: NOW)
    told = app.test_cli_runner().invoke(args=["diff", str(tmp_path / "saved.xml")]).output
    assert told.startswith("https://news.example/en/feeds/all (3 entries), compared with the old feed (1 entry)")


def entry(id: str, url: str | None = None, language: str | None = None) -> OldEntry:
    return OldEntry(id, id, url, language=language)


SOURCE = OldFeed(
    "Old",
    (
        entry("a", f"{HOME}/blog/un/"),
        entry("b", f"{HOME}/blog/en/one/"),
        entry("c", f"{HOME}/blog/en-bref/deux/"),
        entry("d", "https://other.example/en/x/"),
        entry("e", f"{HOME}/blog/trois/", "en_GB"),
        entry("f", f"{HOME}/blog/PT-br/um/"),
        entry("h", f"{HOME}/blog/en-gb/two/"),
        entry("g", f"{HOME}/blog/en/", "de"),
    ),
    "rss",
    home=f"{HOME}/blog/",
    language="fr-FR",
)
FOUR_LANGUAGES = re.sub("en: ([^{}]*)}", "en: \\1, pt-PT: P, pt-BR: B}", SITE).replace(
    "[fr, en]", "[fr, en, pt-PT, pt-BR]"
)


def test_the_language_of_an_entry_is_stated_or_in_its_url() -> None:
    languages = Languages(make_site(FOUR_LANGUAGES), SOURCE)
    assert [languages.of(each) for each in SOURCE.entries] == ["fr", "en", "fr", "fr", "en", "pt-BR", "en", "fr"]
    assert (languages.main, languages.present) == ("fr", ("fr", "en", "pt-BR"))
    assert [languages.prefix(each) for each in ("fr", "en", "pt-PT", "pt-BR")] == ["", "/en", "", "/PT-br"]
    assert languages.prefix("fr", f"{HOME}/blog/fr/feed/") == "/fr", "that of the feed"
    assert {Languages(make_site(), SOURCE, "en").of(each) for each in SOURCE.entries} == {"en"}


def test_only_languages_that_the_site_lacks_are_missing() -> None:
    source = OldFeed("x", (entry("a", f"{HOME}/en/a/"), entry("b", None, "fr"), entry("c")), "rss", language="de")
    assert Languages(make_site(), source).missing(source.entries) == {("de", "fr"): 1}
    german = OldFeed("x", (entry("a", None, "de-AT"), entry("b")), "rss", language="en")
    assert Languages(make_site(), german).missing(german.entries) == {("de-AT", "en"): 1}
    assert Languages(make_site(), source, "fr").missing(source.entries) == {}


@pytest.mark.parametrize(
    ("url", "stated", "ids", "expected"),
    [
        (f"{HOME}/feed/", "en-US", "a", "fr"),
        (f"{HOME}/feed/", "fr", "be", "en"),
        (f"{HOME}/blog/en/feed/", None, "", "en"),
        (f"{HOME}/blog/en-direct/feed/", None, "", "fr"),
        (f"{HOME}/blog/pt-br/feed/", "fr", "", "pt-BR"),
        (f"{HOME}/blog/feed/", "en", "", "en"),
        ("feed.xml", "de", "", "fr"),
    ],
)
def test_the_language_of_a_feed_is_that_of_its_entries(url: str, stated: str | None, ids: str, expected: str) -> None:
    feed = OldFeed("x", tuple(map(entry, ids)), "rss", language=stated)
    languages = Languages(make_site(FOUR_LANGUAGES), SOURCE)
    assert languages.of_feed(SubscribedFeed(url, feed)) == expected


@pytest.mark.integration
def test_two_feeds_in_one_language_and_feeds_of_a_feed_are_refused(tmp_path: Path, old: OldSite) -> None:
    root = bilingual_site(tmp_path / "old", old, "names")
    first, second = feed(old, "fr", "", "a"), feed(old, "fr", "/posts", "a")
    printed = run(tmp_path / "content", str(root), "--old-feed", first, "--old-feed", second, code=1)
    assert f"--old-feed: {first} and {second} would both be replaced by the feed in fr (expected one feed" in printed
    assert f"state another language with --old-feed en={second})" in printed
    third = feed(old, "de", "/en", "a")
    options = [word for each in (first, third, second) for word in ("--old-feed", each)]
    printed = run(tmp_path / "content", str(root), *options, code=1)
    assert "leave one out, or add its language to site.yaml" in printed
    printed = run(tmp_path / "content", str(root), "--old-feed", first, "--old-feed", "", code=1)
    assert '--old-feed "" says that the site had no feed' in printed
    printed = run(tmp_path / "content", first, "--old-feed", second, code=1)
    assert f"{first} is a feed: remove --old-feed, and import the feed of each language by itself" in printed
    assert articles(tmp_path / "content") == []


def term(taxonomy: str, name: str, slug: str) -> str:
    return f'<category domain="{taxonomy}" nicename="{slug}"><![CDATA[{name}]]></category>'


def translated(id: str, language: str, prefix: str, category: str, group: str) -> str:
    terms = term("language", language, language) + term("post_translations", group, group) + category
    return post(id, link=f"https://old.example{prefix}/{id}/").replace("</item>", f"{terms}</item>")


def test_an_export_of_polylang_keeps_languages_and_translations(tmp_path: Path) -> None:
    items = (
        translated("un", "fr", "", term("category", "Recherche", "recherche"), "pll_5c"),
        translated("one", "en", "/en", term("category", "Research", "research-en"), "pll_5c"),
        translated("seul", "fr", "", term("category", "Recherche", "recherche"), "pll_6d"),
        post("two", link="https://old.example/en/two/").replace(
            "</item>", f"{term('category', 'Actu', 'actu')}</item>"
        ),
    )
    (tmp_path / "old.xml").write_text(wxr(*items), encoding="utf-8")
    run(tmp_path / "content", str(tmp_path / "old.xml"), "--map", "Actu=research")
    found = {id_of(each): (each.get("language", "fr"), each.get("twin")) for each in articles(tmp_path / "content")}
    assert found == {"un": ("fr", "pll-5c"), "one": ("en", "pll-5c"), "seul": ("fr", None), "two": ("en", None)}
    site, _ = parse_yaml((tmp_path / "content" / "site.yaml").read_bytes(), "site.yaml")
    assert site and site.value["redirects"].items() >= {
        ("/en/one/", "/en/articles/one"),
        ("/category/recherche/feed/", "/feeds/research.rss"),
        ("/en/category/research-en/feed/", "/en/feeds/research.rss"),
        ("/en/category/actu/feed/", "/en/feeds/research.rss"),
    }
    assert not any("/en/category/recherche" in path for path in site.value["redirects"])


def redirects_of(content: Path) -> dict[str, str]:
    site, _ = parse_yaml((content / "site.yaml").read_bytes(), "site.yaml")
    assert site
    return dict(site.value["redirects"])


@pytest.mark.integration
@pytest.mark.parametrize("french", ["", "/fr"])
def test_feeds_and_lists_of_each_language_redirect_whatever_the_order_of_the_feeds(
    tmp_path: Path, old: OldSite, french: str
) -> None:
    items = [
        translated("un", "fr", french, term("category", "Science", "science"), "pll_1"),
        translated("one", "en", "/en", term("category", "Science", "science-en"), "pll_1"),
    ]
    export = (
        wxr(*items)
        .replace("https://old.example", old.url)
        .replace("<title>Old", "<language>en-US</language><title>Old")
    )
    export = export.replace("<guid>", "<guid>en-US:")
    (tmp_path / "old.xml").write_text(export, encoding="utf-8")
    feeds = [feed(old, "en-US", french, "un"), feed(old, "en-US", "/en", "one")]
    for number, order in enumerate((feeds, feeds[::-1])):
        options = [word for each in order for word in ("--old-feed", each)]
        run(tmp_path / f"content{number}", str(tmp_path / "old.xml"), *options, "--map", "Science=research")
    found = redirects_of(tmp_path / "content0")
    assert found == redirects_of(tmp_path / "content1")
    printed = run(tmp_path / "content3", str(tmp_path / "old.xml"), "--old-feed", feeds[0], "--map", "Science=research")
    assert "There are articles in other languages than that of the old feed: en. If these" in printed
    assert found.items() >= {
        (f"{french}/feed/atom/", "/feeds/all.atom"),
        ("/en/feed/atom/", "/en/feeds/all.atom"),
        (f"{french}/category/science/feed/", "/feeds/research.rss"),
        ("/en/category/science-en/feed/", "/en/feeds/research.rss"),
        ("/en/one/", "/en/articles/one"),
    }
    assert not any(path.startswith(("/en/en/", "/fr/en/", "/en/fr/")) for path in found)
    assert found.get("/fr/") == ("/" if french else None)
    old.pages["/en/index.xml"] = old.pages["/en/index.xml"].replace(b"/en/</link><language>", b"/</link><language>")
    run(tmp_path / "content2", feeds[1], "--map", "*=research", "--language", "fr")
    assert "/en/" not in redirects_of(tmp_path / "content2"), "it is a page of this site"


def test_groups_of_translations_need_different_languages_and_public_posts(tmp_path: Path) -> None:
    items = (
        *(translated(id, language, "", "", "pll_1") for id, language in (("a", "fr"), ("b", "fr"), ("c", "en"))),
        translated("d", "fr", "", "", "Pll_É x"),
        translated("e", "en", "", "", "Pll_É x"),
        translated("f", "fr", "", "", "pll_3"),
        translated("g", "en", "", "", "pll_3").replace("publish", "private"),
    )
    (tmp_path / "old.xml").write_text(wxr(*items), encoding="utf-8")
    run(tmp_path / "content", str(tmp_path / "old.xml"), "--map", "*=research")
    twins = {id_of(each): each.get("twin") for each in articles(tmp_path / "content")}
    assert twins == {"a": None, "b": None, "c": None, "d": "pll-e-x", "e": "pll-e-x", "f": None}


def test_slugs_of_a_category_and_a_tag_with_the_same_name_are_distinguished(tmp_path: Path) -> None:
    items = (
        post("a").replace("</item>", f"{term('category', 'News', 'news')}{term('post_tag', 'News', 'actus')}</item>"),
        post("b").replace("</item>", f"{term('category', 'Actus', 'actus')}</item>"),
    )
    (tmp_path / "old.xml").write_text(wxr(*items), encoding="utf-8")
    run(tmp_path / "content", str(tmp_path / "old.xml"), "--map", "News=research", "--map", "Actus=outreach")
    found = redirects_of(tmp_path / "content")
    assert found["/category/actus/feed/"] == "/feeds/outreach.rss"
    assert "/category/news/feed/" in found and "/tag/news/feed/" not in found


def test_polylang_without_translations_states_languages(tmp_path: Path) -> None:
    items = (post(each).replace("</item>", f"{term('language', each, each)}</item>") for each in ("fr", "en"))
    (tmp_path / "old.xml").write_text(wxr(*items), encoding="utf-8")
    run(tmp_path / "content", str(tmp_path / "old.xml"), "--map", "*=research")
    assert {id_of(each): each.get("language") for each in articles(tmp_path / "content")} == {"fr": None, "en": "en"}


def test_an_article_written_here_is_not_taken_for_an_entry_with_its_title(tmp_path: Path) -> None:
    content_folder(tmp_path / "content", {"own": {"title": "A", "language": "en"}})
    root = tmp_path / "old"
    (root / "content").mkdir(parents=True)
    (root / "hugo.toml").write_text(f'baseURL = "{HOME}/"')
    (root / "content" / "a.en.md").write_text(f"---\n{DATED.format('A')}")
    printed = run(tmp_path / "content", str(root), "--old-feed", "", "--map", "*=research")
    assert "imported           1" in printed and f"{HOME}/a/" in [
        each.get("id") for each in articles(tmp_path / "content")
    ]


@pytest.mark.integration
def test_hosts_of_old_feeds_are_those_of_the_old_site(tmp_path: Path, old: OldSite) -> None:
    items = [translated("un", "fr", "", "", "pll_1"), translated("one", "en", "", "", "pll_1")]
    text = wxr(*items).replace(f"{HOME}/one/", f"{old.url}/one/")
    (tmp_path / "old.xml").write_text(text, encoding="utf-8")
    run(tmp_path / "content", str(tmp_path / "old.xml"), "--map", "*=research", "--old-feed", feed(old, "en", ""))
    assert [each.get("link") for each in articles(tmp_path / "content")] == [None, None]
    assert redirects_of(tmp_path / "content")["/one/"] == "/en/articles/one"


@pytest.mark.integration
def test_entries_whose_article_is_in_another_language_are_gone_from_the_feed(tmp_path: Path, old: OldSite) -> None:
    url = feed(old, "fr", "", "a")
    (tmp_path / "old.xml").write_text(wxr(post("fr:a")), encoding="utf-8")
    printed = run(tmp_path / "content", str(tmp_path / "old.xml"), "--map", "*=research", "--old-feed", f"en={url}")
    assert "https://news.example/en/feeds/all (0 entries), compared with the old feed (1 entry)" in printed
    assert "0 new, 0 with another title, 1 gone, 0 moved" in printed
    printed = run(tmp_path / "content", str(tmp_path / "old.xml"), "--old-feed", f"de={url}", code=1)
    assert f"--old-feed de={url}: de is not a language in site.yaml (expected fr, en)" in printed


def test_a_taxonomy_named_language_says_nothing_without_polylang(tmp_path: Path) -> None:
    item = post("a").replace("</item>", f"{term('language', 'English', 'en')}</item>")
    (tmp_path / "old.xml").write_text(wxr(item), encoding="utf-8")
    run(tmp_path / "content", str(tmp_path / "old.xml"), "--map", "*=research")
    assert [each.get("language") for each in articles(tmp_path / "content")] == [None]


DATED = "title: {}\ndate: 2026-01-05\n---\nText"


def folder(
    root: Path, files: dict[str, str], items: dict[str, tuple[str, str]], *, config: str = "", languages: str = "fr en"
) -> dict[str, tuple[str, str]]:
    """Return the ids and paths by file. `files` maps files to titles, and `items` ids to titles and paths."""
    for name, title in files.items():
        file = root / "content" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"---\nsummary: {name}\n{DATED.format(title)}")
    (root / "hugo.toml").write_text(f'baseURL = "{HOME}/"\n{config}')
    entries = "".join(
        f"<item><title>{title}</title><link>{HOME}{path}</link><guid>{id}</guid><description>x</description></item>"
        for id, (title, path) in items.items()
    )
    rss = f"<rss version='2.0'><channel><title>Old</title><language>en-us</language>{entries}</channel></rss>"
    read = read_markdown_folder(
        root, home=None, zone=PARIS, languages=languages.split(), old_feed=read_feed(rss.encode())
    )
    return {each.summary: (each.id, (each.url or "").removeprefix(HOME)) for each in read.feed.entries}


FRENCH = 'defaultContentLanguage = "fr"'
FOLDERS: dict[str, tuple[dict[str, str], dict[str, tuple[str, str]], str, str, dict[str, tuple[str, str]]]] = {
    "the language of the feed is wrong": (
        {"posts/a.md": "CRISPR", "posts/a.en.md": "CRISPR"},
        {"g:a": ("CRISPR", "/posts/a/")},
        FRENCH,
        "fr en",
        {"posts/a.md": ("g:a", "/posts/a/"), "posts/a.en.md": (f"{HOME}/en/posts/a/", "/en/posts/a/")},
    ),
    "the feed contains only the translation": (
        {"posts/a.md": "CRISPR", "posts/a.en.md": "CRISPR"},
        {"g:a": ("CRISPR", "/en/posts/a/")},
        FRENCH,
        "fr en",
        {"posts/a.md": (f"{HOME}/posts/a/", "/posts/a/"), "posts/a.en.md": ("g:a", "/en/posts/a/")},
    ),
    "URLs are without the folder of the language": (
        {"en/posts/a.md": "A", "en/posts/b.md": "B", "fr/posts/c.md": "C"},
        {"g:a": ("A", "/posts/a/")},
        "",
        "fr en",
        {
            "en/posts/a.md": ("g:a", "/posts/a/"),
            "en/posts/b.md": (f"{HOME}/posts/b/", "/posts/b/"),
            "fr/posts/c.md": (f"{HOME}/fr/posts/c/", "/fr/posts/c/"),
        },
    ),
    "languages have folders of articles": (
        {"en/a.md": "A", "fr/a.md": "A"},
        {},
        f'{FRENCH}\ncontentDir = "content/fr"',
        "fr en",
        {"en/a.md": (f"{HOME}/en/a/", "/en/a/"), "fr/a.md": (f"{HOME}/a/", "/a/")},
    ),
    "a site in one language": (
        {"fr/posts/a.md": "A", "fr/posts/b.md": "B"},
        {"g:a": ("A", "/posts/a/")},
        "",
        "fr",
        {"fr/posts/a.md": ("g:a", "/posts/a/"), "fr/posts/b.md": (f"{HOME}/posts/b/", "/posts/b/")},
    ),
    "only originals are in the feed": (
        {"posts/a.fr.md": "A", "posts/a.en.md": "A en", "posts/b.md": "B"},
        {"g:a": ("A", "/2026/01/a/")},
        FRENCH,
        "fr en",
        {
            "posts/a.fr.md": ("g:a", "/2026/01/a/"),
            "posts/a.en.md": (f"{HOME}/en/2026/01/a/", "/en/2026/01/a/"),
            "posts/b.md": (f"{HOME}/2026/01/b/", "/2026/01/b/"),
        },
    ),
    "only translations are in the feed": (
        {"posts/a.fr.md": "A", "posts/a.en.md": "A en"},
        {"g:a": ("A en", "/en/2026/01/a/")},
        FRENCH,
        "fr en",
        {
            "posts/a.fr.md": (f"{HOME}/2026/01/a/", "/2026/01/a/"),
            "posts/a.en.md": ("g:a", "/en/2026/01/a/"),
        },
    ),
    "names with a region": (
        {"posts/a.fr.md": "A", "posts/a.pt-br.md": "A", "posts/b.pt-br.md": "B"},
        {"g:pt": ("A", "/pt-br/posts/a/")},
        FRENCH,
        "fr pt-BR",
        {
            "posts/a.fr.md": (f"{HOME}/posts/a/", "/posts/a/"),
            "posts/a.pt-br.md": ("g:pt", "/pt-br/posts/a/"),
            "posts/b.pt-br.md": (f"{HOME}/pt-br/posts/b/", "/pt-br/posts/b/"),
        },
    ),
    "a region that the site does not have": (
        {"posts/a.md": "A", "posts/a.en-gb.md": "A", "fr-fr/b.md": "B"},
        {"g:en": ("A", "/en-gb/posts/a/")},
        FRENCH,
        "fr en",
        {
            "posts/a.md": (f"{HOME}/posts/a/", "/posts/a/"),
            "posts/a.en-gb.md": ("g:en", "/en-gb/posts/a/"),
            "fr-fr/b.md": (f"{HOME}/fr-fr/b/", "/fr-fr/b/"),
        },
    ),
    "a folder with a region": (
        {"pt-BR/posts/a.md": "A", "pt-BR/other/b.md": "B"},
        {"g:a": ("A", "/pt-BR/posts/a/")},
        FRENCH,
        "fr pt-BR",
        {
            "pt-BR/posts/a.md": ("g:a", "/pt-BR/posts/a/"),
            "pt-BR/other/b.md": (f"{HOME}/pt-BR/other/b/", "/pt-BR/other/b/"),
        },
    ),
}


@pytest.mark.parametrize(("files", "items", "config", "languages", "expected"), FOLDERS.values(), ids=list(FOLDERS))
def test_each_translation_keeps_its_id_and_address(
    tmp_path: Path,
    files: dict[str, str],
    items: dict[str, tuple[str, str]],
    config: str,
    languages: str,
    expected: dict[str, tuple[str, str]],
) -> None:
    assert folder(tmp_path, files, items, config=config, languages=languages) == expected


def test_old_addresses_and_lists_of_translations_have_their_code(tmp_path: Path) -> None:
    front = "---\ntitle: A {}\ndate: 2026-01-05\ntags: [HER2+]\ncategories: ['Dons & legs']\naliases: [{}]\n---\nText"
    root = tmp_path / "old"
    (root / "content").mkdir(parents=True)
    (root / "hugo.toml").write_text(f'baseURL = "{HOME}/"\n{FRENCH}')
    for language, addresses in (("fr", "/ancien/, relatif"), ("en", "/old/, 'https://old.example/oldest/'")):
        (root / "content" / "x").mkdir(exist_ok=True)
        (root / "content" / "x" / f"a.{language}.md").write_text(front.format(language, addresses))
    tags = "tags: {HER2+: {slug: her2-positive}}\n"
    content_folder(tmp_path / "content", {}, f"{SITE}{tags}")
    run(tmp_path / "content", str(root), "--old-feed", "", "--map", "Dons & legs=funding")
    assert redirects_of(tmp_path / "content").items() >= {
        ("/ancien/", "/articles/a"),
        ("/x/relatif", "/articles/a"),
        ("/en/old/", "/en/articles/a-en"),
        ("/oldest/", "/en/articles/a-en"),
        ("/tags/her2+/index.xml", "/feeds/tags/her2-positive.rss"),
        ("/en/categories/dons--legs/index.xml", "/en/feeds/funding.rss"),
    }


def test_a_reference_in_a_folder_of_a_language_leads_to_its_translation(tmp_path: Path) -> None:
    front = "---\ntitle: {}\ndate: 2026-01-05\n---\n{}"
    for language in ("fr", "en"):
        for name in ("posts/a", "posts/b/index"):
            file = tmp_path / "content" / language / f"{name}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(front.format(name, '[x]({{< ref "/posts/a.md" >}}) [y]({{< ref "posts/a" >}})'))
    (tmp_path / "hugo.toml").write_text(f'baseURL = "{HOME}/"\n')
    read = read_markdown_folder(tmp_path, home=None, zone=PARIS, languages=("fr", "en"))
    found = {each.url: each.html.count(f'href="{HOME}/{each.language}/posts/a/"') for each in read.feed.entries}
    assert found == {f"{HOME}/{language}/posts/{name}/": 2 for language in ("fr", "en") for name in ("a", "b")}


def test_a_section_redirects_to_the_feed_with_the_same_articles(tmp_path: Path) -> None:
    """Sections need not be categories: what they contain decides, in each language."""
    front = "---\ntitle: {}\ndate: 2026-01-05\ncategories: [{}]\n---\nText"
    root = tmp_path / "old"
    for name, category in (("science/a", "research"), ("science/b", "research"), ("misc/c", "outreach")):
        for language in ("fr", "en"):
            file = root / "content" / f"{name}.{language}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(front.format(f"{name[-1]} {language}", category))
    (root / "content" / "misc" / "d.en.md").write_text(front.format("d", "research"))
    (root / "hugo.toml").write_text(f'baseURL = "{HOME}/"\n{FRENCH}')
    printed = run(tmp_path / "content", str(root), "--old-feed", "")
    found = redirects_of(tmp_path / "content")
    assert found["/science/index.xml"] == "/feeds/research.rss" and found["/science/"] == "/feeds/research"
    assert found["/misc/index.xml"] == "/feeds/outreach.rss"
    unreplaced = re.search("no feed here has the same articles: ([^ ]+), ([^ ]+)\\. ", printed)
    assert unreplaced and set(unreplaced.groups()) == {"/en/science/index.xml", "/en/misc/index.xml"}
