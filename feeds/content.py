"""ContentFolder: reads `site.yaml` and the article files, and finds what only shows when they are together.

It decides nothing by the time of day: an embargo is the catalog's affair.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import markup, words
from .article import Article, ArticleContext, read_article
from .media import MediaFolder, is_within
from .site import Site, read_site, slug
from .yamlfile import MAX_BYTES, Problem, Tree, read

ENDING = ".yaml"
PLACEHOLDER = "…"
"""The body of an article that is still to be written."""


@dataclass(frozen=True)
class Content:
    """What a folder holds at one reading; without a site, there are no articles either."""

    site: Site | None
    articles: tuple[Article, ...]
    problems: tuple[Problem, ...]
    files: int


class ContentFolder:
    """A folder with `site.yaml`, `articles/` and `media/`; `url` takes the place of the site's own."""

    def __init__(self, root: Path, url: str | None = None) -> None:
        """Look at a folder; nothing is read yet."""
        self.root, self.url = root, url
        self.media = MediaFolder(root / "media")

    @property
    def site_file(self) -> Path:
        """The file that describes the site."""
        return self.root / "site.yaml"

    def load_site(self) -> tuple[Site | None, list[Problem]]:
        """Read the site file."""
        tree, problems = self._read(self.site_file)
        site = read_site(tree, self.media) if tree else None
        if site and tree and not problems:
            problems += _site_warnings(tree, site)
        elif any(problem.severity == "error" for problem in problems):
            return None, problems
        return (site.model_copy(update={"url": self.url}) if site and self.url else site), problems

    def load(self) -> Content:
        """Read everything; a broken file is left out and reported, and harms no other."""
        site, problems = self.load_site()
        if site is None:
            return Content(None, (), tuple(problems), 1)
        read_so_far: list[tuple[Article, Tree]] = []
        paths = list(self.article_files())
        for path in paths:
            if path.suffix != ENDING:
                problems.append(_no_article(path))
                continue
            article, tree, found = self._load_article(path, site)
            problems += found
            if article and tree:
                read_so_far.append((article, tree))
        kept, found = _without_doubles(read_so_far)
        problems += found
        problems += _translation_warnings(site, kept)
        return Content(site, tuple(article for article, _ in kept), tuple(sorted(problems)), len(paths) + 1)

    def article_files(self) -> Iterator[Path]:
        """Go through the files below `articles/`, but for hidden ones and backups; always in the same order."""
        for folder, folders, names in os.walk(self.root / "articles"):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith((".", "#", "~")) and not name.endswith("~"):
                    yield Path(folder, name)

    def _load_article(self, path: Path, site: Site) -> tuple[Article | None, Tree | None, list[Problem]]:
        name = slug(path.stem)
        if not name:
            message = f"{path.stem} has no letter or digit for an address (want a file name with some)"
            return None, None, [Problem(str(path), 1, 1, "", message)]
        tree, problems = self._read(path)
        article = read_article(tree, ArticleContext(site, self.media, name)) if tree else None
        if article and tree:
            problems += self._check_body(tree, article, site)
            problems += _summary_warning(tree, article)
        if any(problem.severity == "error" for problem in problems):
            article = None
        return article, tree, problems

    def _read(self, path: Path) -> tuple[Tree | None, list[Problem]]:
        name = str(path)
        try:
            found = path.stat()
            if not is_within(path, self.root):
                message = f"a link to {os.path.realpath(path)}, out of the folder (want the file itself)"
            elif not stat.S_ISREG(found.st_mode):
                message = "no ordinary file (want one)"
            elif found.st_size > MAX_BYTES:
                message = f"{found.st_size:,} bytes (want at most {MAX_BYTES:,})"
            else:
                return read(path.read_bytes(), name)
        except FileNotFoundError:
            message = (
                "a link that leads nowhere (want the file itself)" if path.is_symlink() else "missing (want the file)"
            )
        except OSError as fault:
            message = f"it cannot be read: {fault.strerror} (want a readable file)"
        return None, [Problem(name, 1, 1, "", message)]

    def _check_body(self, tree: Tree, article: Article, site: Site) -> Iterator[Problem]:
        path = ("body",)
        if article.body.strip() == PLACEHOLDER and not article.draft:
            yield tree.problem(path, f"nothing but {PLACEHOLDER} (want the text, or draft: true)")
        if markup.is_too_deep(article.body):
            message = f"elements stand more than {markup.MAX_DEPTH} deep in each other (want fewer)"
            yield tree.problem(path, message)
            return
        for offset, message in markup.faults(article.body):
            yield tree.block_problem(path, offset, message, "warning")
        if "media/" in article.body:
            found = markup.to_html(article.body, base=site.url, page=site.url)
            for reference in markup.media_references(found, base=site.url):
                try:
                    self.media.find(reference)
                except ValueError as fault:
                    yield tree.block_problem(path, max(article.body.find(reference), 0), str(fault), "error")


def _no_article(path: Path) -> Problem:
    """Tell of a file that is none by its name; one that was surely meant as an article is an error."""
    if path.suffix in (".yml", ".txt", ".md") or ENDING in path.suffixes:
        return Problem(str(path), 1, 1, "", f"left out for its name (want {path.name.partition('.')[0]}{ENDING})")
    return Problem(str(path), 1, 1, "", "no article, and left out (want pictures and files in media/)", "warning")


def _site_warnings(tree: Tree, site: Site) -> Iterator[Problem]:
    for place, language in enumerate(site.languages):
        if language.partition("-")[0] not in words.LANGUAGES:
            message = f"we have no words of our own in {language} (English ones are used)"
            yield tree.problem(("languages", place), message, "warning")


def _summary_warning(tree: Tree, article: Article) -> Iterator[Problem]:
    if article.summary is None and not article.draft:
        message = "none, so that the start of the body is used (want one of about 300 characters)"
        yield tree.problem(("summary",), message, "warning")


def _without_doubles(found: Iterable[tuple[Article, Tree]]) -> tuple[list[tuple[Article, Tree]], list[Problem]]:
    """Keep the first file of each slug and id, in the order of their paths."""
    slugs: dict[str, str] = {}
    ids: dict[str, str] = {}
    kept, problems = [], []
    for article, tree in found:
        if article.slug in slugs:
            message = f"its address, {article.slug}, is that of {slugs[article.slug]} (want another file name)"
            problems.append(tree.problem((), message))
        elif article.id in ids:
            message = f"{article.id} is the id of {ids[article.id]} (want another)"
            problems.append(tree.problem(("id",), message))
        else:
            slugs[article.slug] = ids[article.id] = tree.file
            kept.append((article, tree))
    return kept, problems


def _translation_warnings(site: Site, found: Iterable[tuple[Article, Tree]]) -> Iterator[Problem]:
    files: dict[tuple[str, str], str] = {}
    published = [(article, tree) for article, tree in found if not article.draft]
    for article, tree in published:
        if article.twin is None:
            continue
        if first := files.get((article.twin, article.language)):
            message = f"{article.twin} is the twin of {first} in the same language (want another word)"
            yield tree.problem(("twin",), message, "warning")
        else:
            files[article.twin, article.language] = tree.file
    for article, tree in published:
        others = [each for each in site.languages if each != article.language]
        missing = [each for each in others if (article.twin or "", each) not in files]
        if missing:
            message = f"no translation into {', '.join(missing)} (want an article with the same twin)"
            yield tree.problem(("twin",), message, "warning")
