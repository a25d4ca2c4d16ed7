"""Folders of Markdown files become entries with the ids and addresses that subscribers know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import create_app
from feeds.importing.front_matter import FrontMatterError, find, read_front_matter, text_of, texts_of
from feeds.importing.generators import site_of
from feeds.importing.markdown_folder import MarkdownFolder, read_markdown_folder
from feeds.importing.old_feed import FeedError, OldEntry
from feeds.importing.old_xml import read_feed
from feeds.importing.permalinks import build_id, build_url, derive_id_pattern, derive_url_patterns
from feeds.importing.template_tags import Target, TemplateTags
from feeds.model.yamlfile import parse_yaml
from feeds.settings import Settings
from tests.builders import ROOT, content_folder

PARIS = ZoneInfo("Europe/Paris")
OLD = "https://old.example"
CONFIGS = {
    "Hugo": ("hugo.toml", 'baseURL = "https://old.example/"\ntitle = "Old"'),
    "Zola": ("config.toml", 'base_url = "https://old.example"'),
    "Jekyll": ("_config.yml", "url: https://old.example # here\nbaseurl: /news\ntitle: Old"),
    "Hexo": ("_config.yml", "title: Old\nurl: https://old.example\nsource_dir: source"),
    "Eleventy": ("eleventy.config.js", 'return { dir: { input: "src" } };'),
    "Astro": ("astro.config.mjs", "export default defineConfig({\n  site: 'https://old.example',\n});"),
    "Pelican": ("pelicanconf.py", "SITENAME = 'Old'\nSITEURL = 'https://old.example'"),
    "Nikola": ("conf.py", 'BLOG_TITLE = "Old"\nSITE_URL = "https://old.example/"'),
}
FOLDERS = {
    **{"Hugo": "content", "Zola": "content", "Pelican": "content", "Nikola": "posts"},
    **{"Hexo": "source/_posts", "Jekyll": "_posts", "Eleventy": "src", "Astro": "src/content"},
}


def site(root: Path, name: str, files: dict[str, str]) -> Path:
    config, text = CONFIGS[name]
    (root / config).write_text(text, encoding="utf-8")
    for path, document in files.items():
        file = root / FOLDERS[name] / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document, encoding="utf-8")
    return root


def read(root: Path, feed: str = "", languages: tuple[str, ...] = ()) -> MarkdownFolder:
    old = read_feed(feed.encode()) if feed else None
    return read_markdown_folder(root, home=None, zone=PARIS, languages=languages, old_feed=old)


def entries(root: Path, feed: str = "", home: str | None = None) -> dict[str, OldEntry]:
    old = read_feed(feed.encode()) if feed else None
    folder = read_markdown_folder(root, home=home, zone=PARIS, languages=("fr", "en"), old_feed=old)
    return {entry.title: entry for entry in folder.feed.entries}


def rss(*items: tuple[str, str, str]) -> str:
    return (
        "<rss version='2.0'><channel><title>Old</title><link>https://old.example/</link>"
        + "".join(
            f"<item><title>{title}</title><link>{url}</link><guid>{id}</guid>"
            "<pubDate>Mon, 05 Jan 2026 09:00:00 GMT</pubDate><description>x</description></item>"
            for title, url, id in items
        )
        + "</channel></rss>"
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_a_folder_says_which_generator_it_is_of(tmp_path: Path, name: str) -> None:
    found = site_of(site(tmp_path, name, {"2026-01-05-a.md": "---\ntitle: A\n---\nx"}) / FOLDERS[name])
    assert found.generator.name == name and found.root == tmp_path
    assert (found.home or "").startswith("https://old.example") == (name != "Eleventy")
    assert found.title == ("Old" if name in ("Hugo", "Jekyll", "Hexo", "Pelican", "Nikola") else "")


def test_a_folder_elsewhere_on_the_disk_is_no_part_of_a_site(tmp_path: Path) -> None:
    site(tmp_path, "Hugo", {"a.md": "---\ntitle: A\ndate: 2026-01-05\n---\nx"})
    (tmp_path / "notes").mkdir()
    assert site_of(tmp_path / "notes").generator.name == ""


@pytest.mark.parametrize(
    ("text", "title", "date"),
    [
        ("---\ntitle: 'A: b'\ndate: 2026-01-05\n---\nText", "A: b", "2026-01-05"),
        ("+++\ntitle = 'A: b'\ndate = 2026-01-05T10:00:00+01:00\n+++\nText", "A: b", "2026-01-05T10:00:00+01:00"),
        ('{\n"title": "A: b", "date": "2026-01-05"\n}\nText', "A: b", "2026-01-05"),
        ("Title: A: b\nDate: 2026-01-05 10:00\n\nText", "A: b", "2026-01-05 10:00"),
        ("<!--\n.. title: A: b\n.. date: 2026-01-05\n-->\n\nText", "A: b", "2026-01-05"),
        ("\ufeff---\r\ntitle: 'A: b'\r\nDate: 2026-01-05\r\n---\r\nText", "A: b", "2026-01-05"),
    ],
)
def test_front_matter_is_read_in_each_form(text: str, title: str, date: str) -> None:
    metadata, body = read_front_matter(text, allows_lines=True)
    assert text_of(metadata["title"]) == title and text_of(metadata["date"]) == date
    assert body.strip() == "Text"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\ntitle: [a\n---\nText", "its front matter is not valid YAML: line 3: "),
        ("+++\ntitle = a\n+++\nText", "its front matter cannot be read: Invalid value (at line 2, column 9)"),
        ('{\n"title": a\n}\nText', "its front matter cannot be read: "),
        ("---\ntitle: a\n\nText", "its front matter is not closed (expected a line --- below it)"),
        ("---\n- a\n---\nText", "its front matter has no keys"),
    ],
)
def test_wrong_front_matter_is_an_error_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(FrontMatterError) as error:
        read_front_matter(text)
    assert str(error.value).startswith(reason)


def test_a_text_is_not_taken_for_front_matter() -> None:
    for text in ("Note: this is a sentence.\nAnd so is this.", "***\n\nText", "Text\n---\nText", "---\n\nText"):
        assert read_front_matter(text, allows_lines=True) == ({}, text)


def test_yaml_that_grows_is_not_expanded() -> None:
    levels = "\n".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 30))
    metadata, _ = read_front_matter(f"---\na0: &a0 x\n{levels}\ntags: *a29\ntitle: A\n---\nText")
    assert texts_of(find(metadata, "tags")) == [] and find(metadata, "title") == "A"


VALUES = {"slug": "a", "year": "2026", "month": "01", "day": "05", "folder": "posts", "section": "posts", "stem": "a"}
VALUES |= {"categories": "recherche", "category": "recherche", "date": "2026-01-05", "title": "un-titre"}
OTHER = {**VALUES, "slug": "b", "stem": "b", "month": "12", "day": "12", "title": "autre"}
LONE = {**OTHER, "folder": "", "section": "", "categories": "", "category": ""}


@pytest.mark.parametrize(
    ("form", "lone_path"),
    [
        ("/{slug}/", "/b/"),
        ("/{slug}.html", "/b.html"),
        ("/{folder}/{slug}/", "/b/"),
        ("/blog/{year}/{month}/{slug}", "/blog/2026/12/b"),
        ("/{categories}/{year}/{month}/{day}/{slug}.html", "/2026/12/12/b.html"),
        ("/news/{title}/", "/news/autre/"),
    ],
)
def test_the_pattern_of_urls_is_derived_from_those_of_a_feed(form: str, lone_path: str) -> None:
    from feeds.importing.permalinks import fill_pattern

    forms = derive_url_patterns([(each, fill_pattern(form, each)) for each in (VALUES, OTHER)])
    assert build_url(forms, LONE, OLD) == OLD + lone_path


@pytest.mark.parametrize("form", ["{url}", "{bare_url}", "{url_without_slash}", "tag:{host},{date}:{path}", "{path}"])
@pytest.mark.parametrize("ending", [".html", "/"])
def test_the_form_of_ids_is_learnt_from_those_of_a_feed(form: str, ending: str) -> None:
    known = [(values, f"{OLD}/x/{values['slug']}{ending}") for values in (VALUES, OTHER)]
    learnt = derive_id_pattern([(values, url, build_id(form, values, url)) for values, url in known], "{url}")
    url = f"{OLD}/x/c{ending}"
    assert build_id(learnt, LONE, url) == build_id(form, LONE, url)


HUGO = {
    "posts/un.md": """---
title: "L’été « un »"
date: 2026-01-05T10:00:00+01:00
lastmod: 2026-01-07
categories: [recherche]
tags: [a, b]
author: Service communication
description: Un résumé
cover: {image: /img/un.png, alt: Un dessin}
aliases: [/vieux/un/]
---
Voir [deux]({{< ref "deux.md" >}}), [encore](../deux.md#x) et le [site](https://other.example/).

![stand](stands.png)
""",
    "posts/deux.md": "+++\ntitle = 'Deux'\ndate = 2025-12-01\nslug = 'second'\n+++\nTexte",
    "posts/trois/index.md": '{\n"title": "Trois", "date": "2025-11-01T08:00:00Z", "draft": true\n}\n![x](stands.png)',
    "posts/cache.md": "---\ntitle: Caché\ndate: 2025-11-01\nbuild: {list: never}\n---\nx",
    "posts/prive.md": "---\ntitle: Privé\ndate: 2025-11-01\nprivate: true\n---\nx",
    "posts/_index.md": "---\ntitle: Posts\n---\n",
    "about.md": "---\ntitle: À propos\n---\nx",
    "posts/faux.md": "---\ntitle: [x\n---\nx",
}


def test_a_folder_of_hugo_is_read_with_the_ids_of_its_feed(tmp_path: Path) -> None:
    root = site(tmp_path, "Hugo", HUGO)
    (root / "static" / "img").mkdir(parents=True)
    for path in ("static/img/un.png", "content/posts/stands.png", "content/posts/trois/stands.png"):
        (root / path).write_bytes((ROOT / "content" / "media" / "stands.png").read_bytes())
    feed = rss(("L’été « un »", f"{OLD}/2026/un/", "id-1"), ("Quatre", f"{OLD}/2020/quatre/", "id-4"))
    folder = read(root, feed)
    found = {entry.title: entry for entry in folder.feed.entries}
    one, two, three = found["L’été « un »"], found["Deux"], found["Trois"]
    assert (one.id, one.url, one.published) == ("id-1", f"{OLD}/2026/un/", datetime(2026, 1, 5, 9, tzinfo=UTC))
    assert (one.categories, one.tags, one.summary) == (("recherche",), ("a", "b"), "Un résumé")
    assert one.authors[0].name == "Service communication" and one.old_urls == (f"{OLD}/vieux/un/",)
    assert one.picture and (one.picture.url, one.picture.alt) == (f"{OLD}/img/un.png", "Un dessin")
    assert one.html.count(f'"{OLD}/2025/second/') == 2 and f'"{OLD}/2025/second/#x"' in one.html
    assert two.id == two.url == f"{OLD}/2025/second/", "by the form of the first"
    assert three.is_draft and three.url == f"{OLD}/2025/trois/"
    assert found["Quatre"].id == "id-4", "no file, but in the feed"
    assert found["Caché"].refusal and found["Privé"].refusal
    assert (found["posts/faux.md"].refusal or "").startswith("its front matter is not valid YAML: line 3")
    assert folder.feed.others == {"section page": 1, "page without a date": 1}
    (root / "content/posts/quatre.md").write_text("---\ntitle: Quatre\n---\nTexte entier")
    four = {entry.title: entry for entry in read(root, feed).feed.entries}["Quatre"]
    assert (four.id, four.published) == ("id-4", datetime(2026, 1, 5, 9, tzinfo=UTC)), "by the date in the feed"
    assert "Texte entier" in four.html
    assert set(folder.files) == {f"{OLD}/img/un.png", f"{OLD}/2026/un/stands.png", f"{OLD}/2025/trois/stands.png"}


def test_an_import_of_a_folder_writes_articles_pictures_and_redirects(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    root = site(tmp_path / "old", "Hugo", HUGO)
    (root / "content/posts/stands.png").write_bytes((ROOT / "content" / "media" / "stands.png").read_bytes())
    content_folder(tmp_path / "content", {})
    feed = tmp_path / "index.xml"
    feed.write_text(rss(("L’été « un »", f"{OLD}/2026/un/", "a:1")), encoding="utf-8")
    app = create_app(Settings(tmp_path / "content"), clock=lambda: datetime(2026, 3, 15, tzinfo=UTC))
    options = ["import", str(root), "--map", "*=research"]
    refused = app.test_cli_runner().invoke(args=options)
    assert refused.exit_code == 1 and "add --old-feed with the feed of its site" in refused.output
    page = tmp_path / "report.html"
    done = app.test_cli_runner().invoke(args=[*options, "--old-feed", str(feed), "--html", str(page)])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "1 new, 0 with another title, 0 gone, 0 moved\n" in done.output
    tree, _ = parse_yaml((tmp_path / "content" / "articles" / "2026" / "un.yaml").read_bytes(), "a")
    assert tree and tree.value["id"] == "a:1"
    assert "[deux](/articles/second)" in tree.value["body"] and "(/articles/second#x)" in tree.value["body"]
    assert "](/media/2026/stands.png)" in tree.value["body"]
    site_tree, _ = parse_yaml((tmp_path / "content" / "site.yaml").read_bytes(), "a")
    assert site_tree and site_tree.value["redirects"]["/2026/un/"] == "/articles/un"
    assert site_tree.value["redirects"]["/vieux/un/"] == "/articles/un"
    assert site_tree.value["redirects"]["/posts/index.xml"] == "/feeds/all.rss"
    assert site_tree.value["redirects"]["/posts/"] == "/feeds/all"
    html = page.read_text(encoding="utf-8")
    for told in ("L’été «", "il est masqué sur l’ancien site (private)", "page sans date", "/vieux/un/", "Deux"):
        assert told in html
    again = app.test_cli_runner().invoke(args=[*options, "--old-feed", str(feed)])
    assert "imported           0" in again.output and "already here       3" in again.output


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        (
            "Jekyll",
            {"2026-01-05-un-titre.md": "---\ntitle: Un\ncategories: recherche prix\ntags: a b\n---\nx"},
            (f"{OLD}/news/recherche/prix/2026/01/05/un-titre.html", f"{OLD}/news/recherche/prix/2026/01/05/un-titre"),
        ),
        ("Hexo", {"un.md": "---\ntitle: Un\ndate: 2026-01-05 10:00:00\n---\nx"}, (f"{OLD}/2026/01/05/un/",) * 2),
        ("Zola", {"blog/2026-01-05-un.md": "+++\ntitle='Un'\n+++\nx"}, (f"{OLD}/blog/un/",) * 2),
        ("Astro", {"blog/un.md": "---\ntitle: Un\npubDate: 'Jan 05 2026'\n---\nx"}, (f"{OLD}/blog/un/",) * 2),
        ("Eleventy", {"blog/un.md": "---\ntitle: Un\ndate: 2026-01-05\n---\nx"}, (f"{OLD}/blog/un/",) * 2),
        (
            "Pelican",
            {"un.md": "Title: Un\nDate: 2026-01-05 10:00\nCategory: recherche\n\nx"},
            (f"{OLD}/un.html", "tag:old.example,2026-01-05:/un.html"),
        ),
        (
            "Nikola",
            {"un.md": "<!--\n.. title: Un\n.. slug: un\n.. date: 2026-01-05 10:00\n-->\nx"},
            (f"{OLD}/posts/un/",) * 2,
        ),
    ],
)
def test_without_a_feed_addresses_are_by_the_rules_of_the_generator(
    tmp_path: Path, name: str, files: dict[str, str], expected: tuple[str, str]
) -> None:
    home = OLD if name == "Eleventy" else None
    (entry,) = entries(site(tmp_path, name, files), home=home).values()
    assert entry.published and entry.published.astimezone(PARIS).date().isoformat() == "2026-01-05"
    assert (entry.url, entry.id) == expected


def test_a_folder_needs_articles_and_the_address_of_its_site(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="does not contain the URL of the site"):
        entries(tmp_path)
    (tmp_path / "a.rst").write_text("x")
    with pytest.raises(FeedError, match=r"expected Markdown files with a date; found \.rst file: 1"):
        entries(tmp_path, home=OLD)


def test_what_is_not_public_stays_a_draft_or_is_left_out(tmp_path: Path) -> None:
    files = {
        "2026-01-05-a.md": "---\ntitle: A\npublished: false\n---\nx",
        "2026-01-05-b.md": "---\ntitle: B\nstatus: draft\n---\nx",
        "2026-01-05-g.md": "---\ntitle: G\ndraft: False\npublished: True\n---\nx",
        "2026-01-05-h.md": "---\ntitle: H\npublished: No\n---\nx",
        "2026-01-05-i.md": "---\ntitle: I\nimage: &a [*a]\n---\nx",
        "2026-01-05-c.md": "---\ntitle: C\npassword: x\n---\nx",
        "../_drafts/d.md": "---\ntitle: D\n---\nx",
        "2026-01-05-e.md": "---\ntitle: E\nlayout: page\n---\nx",
        "../2026-01-05-f.md": "---\ntitle: F\nlayout: page\n---\nx",
    }
    found = entries(site(tmp_path, "Jekyll", files))
    assert {title for title, entry in found.items() if entry.is_draft} == {"A", "B", "D", "H"}
    assert found["G"].refusal is None
    assert (found["_posts/2026-01-05-i.md"].refusal or "").endswith("found unconstructable recursive node")
    assert found["C"].refusal == "it is password-protected" and found["E"].refusal is None and "F" not in found


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "old").mkdir()
    text = "---\ntitle: A\ndate: 2026-01-05\nimage: ../../secret.png\n---\n![](../../secret.png) ![](/etc/hostname)"
    root = site(tmp_path / "old", "Hugo", {"a.md": text, "b/c.md": text})
    (root / "static").mkdir()
    (root / "static" / "x.png").symlink_to(tmp_path / "secret.png")
    assert read(root).files == {}


def test_references_lead_to_the_file_that_they_name_beside_their_own(tmp_path: Path) -> None:
    front = "---\ntitle: {}\ndate: 2026-01-05\n---\n"
    files = {
        "a/index.md": front.format("A")
        + "[b](../b/index.md) [self](index.md) <img src='x.png'> [page](/x.html) [feed](/feed.xml)",
        "b/index.md": front.format("B") + "[x](http://[) ![x](http://[) [none](../c/index.md)",
        "en/d.md": front.format("EN") + "[d](d.md)",
        "fr/d.md": front.format("FR") + "[d](d.md) [a](../a)",
        "e.md": "---\ntitle: E\ndate: 2026-01-05\nurl: 'https://['\naliases: ['http://[']\n---\nx",
    }
    root = site(tmp_path, "Hugo", files)
    (root / "content/a/x.png").write_bytes(b"x")
    (root / "static").mkdir()
    for name in ("x.html", "feed.xml"):
        (root / "static" / name).write_text("x")
    folder = read(root, languages=("fr", "en"))
    found = {entry.title: entry for entry in folder.feed.entries}
    assert [found[name].url for name in ("A", "B", "EN", "FR")] == [
        f"{OLD}/{path}/" for path in ("a", "b", "en/d", "fr/d")
    ]
    assert f'"{OLD}/b/">b' in found["A"].html and f'"{OLD}/a/">self' in found["A"].html
    assert f'"{OLD}/c/index.md"' in found["B"].html or f'"{OLD}/b/../c/index.md"' in found["B"].html
    assert f'"{OLD}/en/d/"' in found["EN"].html and f'"{OLD}/fr/d/"' in found["FR"].html
    assert found["E"].url == f"{OLD}/e/" and found["E"].old_urls == ()
    assert list(folder.files) == [f"{OLD}/a/x.png"], "a page or a feed is no file to download"


def tags(text: str, **options: bool) -> str:
    targets = {
        "a.md": Target(f"{OLD}/a/", "A"),
        "2026-01-05-a": Target(f"{OLD}/a/", "A"),
        "a": Target(f"{OLD}/a/", "A"),
    }
    return TemplateTags(f"{OLD}/base", targets.get).replace(text, **options).strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* First\n* Second\n{: .my-list}", "* First\n* Second"),
        ("- only item\n{:.x}", "- only item"),
        ("## C {#c}\n\nText.\n\nIn Jinja, `{# note #}` is one.", "## C\n\nText.\n\nIn Jinja, `{# note #}` is one."),
        (
            "{{< code-toggle >}}\na\n{{< /code-toggle >}}\n\nb\n\n{{< code >}}c{{< /code >}}",
            "a\n\n\nb\n\n\n\n```\nc\n```",
        ),
        ('[a]({{< ref "a.md" >}}) {{% relref path="a.md" %}}', f"[a]({OLD}/a/) {OLD}/a/"),
        ("{{< youtube abc >}}", "<https://www.youtube.com/watch?v=abc>"),
        ('{{< vimeo id="12" title="x" >}}', "<https://vimeo.com/12>"),
        ("{{< gist user 5 >}}", "<https://gist.github.com/user/5>"),
        ('{{< figure src="/x.png" alt="Y" >}}', '<img src="/x.png" alt="Y">'),
        (
            '{{< figure src="/x.png" caption="*Y*" >}}',
            '<figure><img src="/x.png" alt="Y"><figcaption><em>Y</em></figcaption></figure>',
        ),
        ("{{< highlight go >}}\n# x {{ y }}\n{{< /highlight >}}", "```go\n# x {{ y }}\n```"),
        ("{{< notice >}}a *b*{{< /notice >}}", "a *b*"),
        ("`{{</* x */>}}` {{</* y */>}}", "`{{< x >}}` {{< y >}}"),
        ("```\n{{< x >}} {: .y}\n```\n{{< x >}}", "```\n{{< x >}} {: .y}\n```"),
        ("{{ text }}", "{{ text }}"),
        ("$$ a_1 $$ and $5", "`a_1` and $5"),
        ("a {{/* not shown */}} b", "a  b"),
        ("## Title {#id}\n\n[TOC]\n\nText\n{: .lead}", "## Title\n\n\n\nText"),
        ("* TOC\n{:toc}\n\nText", "Text"),
        ("a ``{% x %}`` b", "a ``{% x %}`` b"),
    ],
)
def test_template_tags_become_what_they_show(text: str, expected: str) -> None:
    assert tags(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% highlight ruby linenos %}\nx\n{% endhighlight %}", "```ruby\nx\n```"),
        ("{% codeblock lang:js %}\nx ``` y\n{% endcodeblock %}", "````js\nx ``` y\n````"),
        ("[a]({% post_url 2026-01-05-a %}) {% post_link a %}", f"[a]({OLD}/a/) [A]({OLD}/a/)"),
        ("![x]({{ '/i/x.png' | relative_url }})", f"![x]({OLD}/base/i/x.png)"),
        ("{{ site.url }}{{ site.baseurl }}/x", f"{OLD}/base/x"),
        ("{% raw %}{{ x }}{% endraw %} `{% raw %}{{ y }}{% endraw %}`", "{{ x }} `{{ y }}`"),
        ("{% include figure.html src='/x.png' %}", '<img src="/x.png" alt="">'),
        ("{% include youtube.html id='abc' %}", "<https://www.youtube.com/watch?v=abc>"),
        ("{% asset_img x.png 300 200 Un dessin %}", '<img src="x.png" alt="dessin">'),
        ("{{ youtube(id='abc') }}", "<https://www.youtube.com/watch?v=abc>"),
        ("{% if x %}a{% endif %} {{ page.title }}b", "a b"),
        ("{% blockquote X %}\na\n{% endblockquote %}", "<blockquote>\n\n\na\n\n\n</blockquote>"),
        ("{% comment %} x {% endcomment %}a", "a"),
    ],
)
def test_expressions_become_what_they_show(text: str, expected: str) -> None:
    assert tags(text, has_expressions=True) == expected


def test_components_are_left_out_of_mdx() -> None:
    assert tags("import X from './x'\n\nText {/* no */}", is_mdx=True) == "Text"


def test_tags_that_are_not_known_are_noted() -> None:
    found = TemplateTags(OLD, lambda name: None)
    assert found.replace("{{< box >}}a{{< /box >}} {% box %}", has_expressions=True) == "a "
    assert found.notes == ["the template tag box is removed; its content stays"]


def test_comments_of_templates_and_code_of_mdx_are_removed_from_texts_only() -> None:
    assert tags("a {# b #} c `{# d #}` e{#TODO f#}", has_expressions=True) == "a  c `{# d #}` e"
    assert tags("a {/* b `c` d */} e `{/* f */}`", is_mdx=True) == "a  e `{/* f */}`"
    code = "```js\nimport x from 'y'\nexport const z = 1\nfoo()\n```"
    text = f"import A from '../A.astro'\nexport const b = 1\n\nimport duties from China\n\n{code}"
    assert tags(text, is_mdx=True) == f"import duties from China\n\n{code}"


@given(st.text(alphabet="a b`~{}<>%/*\"'()[]\n|=:.$#!-", max_size=60))
def test_any_text_is_read(text: str) -> None:
    for has_expressions in (False, True):
        TemplateTags(OLD, lambda name: None).replace(text, has_expressions=has_expressions, is_mdx=has_expressions)
