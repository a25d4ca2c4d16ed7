"""Static site generators: how to recognise the folder of one, and where its articles, files and URLs are.

Keep the tables in `docs/guides/moving.md` in step with it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_HOME = re.compile(
    r"""(?mi)^\s*["']?(?:baseURL|base_url|SITE_?URL|site|url|host|hostname)["']?\s*[:=]\s*["']?(https?://[^\s"',]+)"""
)
_BASE_PATH = re.compile(r"""(?m)^baseurl:\s*["']?(/[^\s"'#]*)""")
_LANGUAGE = re.compile(
    r"""(?mi)^\s*["']?(?:defaultContentLanguage|default_language|DEFAULT_LANG)["']?\s*[:=]\s*["']?([\w-]+)"""
)
_INPUT = re.compile(r"""\binput:\s*["']([\w./-]+)["']""")
_MAX_CONFIG_BYTES = 1_000_000
_MAX_LEVELS = 4


@dataclass(frozen=True)
class Generator:
    """A generator: its configuration files with a pattern that one contains, and the folders of articles and of files.

    `permalink` and `id` are the default patterns of URLs and ids, see `permalinks`. With `has_expressions`, `{{ … }}`
    in a text is template code. `kind` is the format of its usual feed.
    """

    name: str
    configs: tuple[str, ...]
    pattern: str = ""
    content: tuple[str, ...] = (".",)
    static: tuple[str, ...] = ()
    permalink: str = "/{folder}/{slug}/"
    id: str = "{url}"
    kind: str = "rss"
    has_expressions: bool = False
    allows_metadata_lines: bool = False
    splits_at_spaces: bool = False


GENERATORS = (
    Generator(
        "Hugo",
        (
            *(f"{name}.{ending}" for name in ("hugo", "config") for ending in ("toml", "yaml", "yml", "json")),
            *(f"config/_default/{name}.{ending}" for name in ("hugo", "config") for ending in ("toml", "yaml", "yml")),
        ),
        "(?i)baseURL|languageCode",
        ("content",),
        ("static", "assets"),
    ),
    Generator("Zola", ("config.toml", "zola.toml"), r"\bbase_url\b", ("content",), ("static",), has_expressions=True),
    Generator(
        "Hexo",
        ("_config.yml",),
        r"(?m)^(?:source_dir|public_dir|new_post_name|post_asset_folder)\b",
        ("source",),
        ("source",),
        "/{year}/{month}/{day}/{slug}/",
        kind="atom",
        has_expressions=True,
    ),
    Generator(
        "Jekyll",
        ("_config.yml", "_config.yaml", "_config.toml"),
        "",
        (".",),
        (".",),
        "/{categories}/{year}/{month}/{day}/{slug}.html",
        "{bare_url}",
        "atom",
        has_expressions=True,
        splits_at_spaces=True,
    ),
    Generator(
        "Eleventy",
        (".eleventy.js", *(f"eleventy.config.{ending}" for ending in ("js", "mjs", "cjs", "ts"))),
        static=("public", "static", "."),
        kind="atom",
        has_expressions=True,
    ),
    Generator(
        "Astro",
        tuple(f"astro.config.{ending}" for ending in ("mjs", "js", "ts", "cjs")),
        content=("src/content", "src/data", "src/pages"),
        static=("public",),
    ),
    Generator(
        "Pelican",
        ("pelicanconf.py", "publishconf.py"),
        content=("content",),
        static=("content",),
        permalink="/{title}.html",
        id="tag:{host},{date}:{path}",
        kind="atom",
        allows_metadata_lines=True,
    ),
    Generator(
        "Nikola",
        ("conf.py",),
        r"(?m)^(?:POSTS|SITE_URL|BLOG_TITLE)\b",
        ("posts",),
        ("files", "."),
        "/posts/{slug}/",
        allows_metadata_lines=True,
    ),
)
UNKNOWN = Generator("", (), static=("static", "public", "assets", "."), allows_metadata_lines=True)
"""A folder of Markdown files that has no configuration of a generator."""


@dataclass(frozen=True)
class GeneratedSite:
    """The folder of a site: generator, root, folder of articles, and the address and title in its configuration.

    `default_language` is the one whose addresses do not contain its code; empty if it is not configured. With
    `has_language_folders`, each language has a folder of articles, which is not part of their addresses (Hugo).
    """

    generator: Generator
    root: Path
    content: Path
    home: str | None = None
    title: str = ""
    default_language: str = ""
    has_language_folders: bool = False


def site_of(folder: Path) -> GeneratedSite:
    """Return the site that a folder contains or belongs to."""
    folder = folder.resolve()
    for root in (folder, *folder.parents)[:_MAX_LEVELS]:
        for generator in GENERATORS:
            text = "\n".join(read_file(root / name) for name in generator.configs)
            contents = [root / (_input(text) or name) for name in generator.content]
            content = next((each for each in contents if each.is_dir() and _is_below(each, root)), None)
            if not text.strip() or content is None or not re.search(generator.pattern, text):
                continue
            if folder != root and not folder.is_relative_to(content.resolve()):
                continue
            home, base_path = _HOME.search(text), _BASE_PATH.search(text)
            title = re.search(r"""(?mi)^\s*["']?(?:title|sitename|blog_title)["']?\s*[:=]\s*["']?([^"'\n#]+)""", text)
            return GeneratedSite(
                generator,
                root,
                content,
                f"{home[1].rstrip('/')}{base_path[1] if base_path else ''}".rstrip("/") + "/" if home else None,
                title[1].strip() if title else "",
                language[1].lower() if (language := _LANGUAGE.search(text)) else "",
                re.search(r"""(?mi)^\s*["']?contentDir\b.*/""", text) is not None,
            )
    return GeneratedSite(UNKNOWN, folder, folder)


def _is_below(path: Path, root: Path) -> bool:
    """Return whether a path is below a folder by its name; it may be a symbolic link."""
    return Path(os.path.normpath(path)).is_relative_to(root)


def _input(text: str) -> str:
    """Return the folder of articles that Eleventy's configuration sets."""
    match = _INPUT.search(text)
    return match[1] if match else ""


def read_file(path: Path) -> str:
    """Return the text of a configuration file; empty if it cannot be read, or is not a file."""
    try:
        return path.read_bytes()[:_MAX_CONFIG_BYTES].decode("utf-8-sig", "replace") if path.is_file() else ""
    except OSError:
        return ""
