"""ContentFolder: reads `site.yaml` and the article files, again only where they changed, and keeps the last good.

It decides nothing by the time of day: an embargo is the catalog's affair.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from feeds.base.fingerprint import file_state
from feeds.model.article import Article
from feeds.model.problems import Message, Problem
from feeds.model.renditions import Original
from feeds.model.site import Site, read_site
from feeds.model.yamlfile import Tree, read

from . import checks
from .cache import ArticleCache
from .media import Entry, MediaFolder
from .reader import ENDING, OUTLINE, ArticleFile, ArticleReader, is_ignored, wrong_name
from .state import StateFolder


@dataclass(frozen=True)
class Content:
    """What a folder holds at one reading, articles by slug; without a site, there are none.

    `media` is another once any file below `media/` changed. `is_settling` tells that a file became faulty just now: it
    may still be being written, and is not told of yet.
    """

    site: Site | None
    articles: Mapping[str, Article]
    problems: tuple[Problem, ...]
    files: int
    media: object = None
    is_settling: bool = False


class ContentFolder:
    """A folder with `site.yaml`, `articles/` and `media/`; `url` takes the place of the site's own.

    An article that did not change is the same object at every reading.
    """

    def __init__(self, root: Path, url: str | None = None, state: StateFolder | None = None) -> None:
        """Look at a folder; nothing is read yet. `state` keeps the last good texts beyond the process."""
        self.root, self.url = root, url
        self._state = state
        self.media = MediaFolder(root / "media")
        self._reader = ArticleReader(root, self.media)
        self._site: Site | None = None
        self._files: dict[Path, ArticleFile] = {}
        self._paths: dict[str, Path] = {}  # making 10,000 of them takes longer than looking at the files
        self._media_state: frozenset[Entry] = frozenset()
        self._cache = ArticleCache(root, self._reader, state)
        self._unsettled: set[Path] = set()
        self._links: set[Path] = set()  # to other files, whose changes are theirs
        self._articles: Mapping[str, Article] = {}
        self._around: tuple[tuple[Problem, ...], int] = ((), 0)  # of other files than articles', and how many there are
        self._doubts: tuple[Problem, ...] = ()  # of articles that are in each other's way
        self._problems: tuple[Problem, ...] = ()  # all of them, in order

    @property
    def site_file(self) -> Path:
        """The file that describes the site."""
        return self.root / "site.yaml"

    def load_site(self) -> tuple[Site | None, list[Problem]]:
        """Read the site file."""
        tree, problems = self._reader.tree(self.site_file)
        site = read_site(tree, self.media) if tree else None
        if any(problem.severity == "error" for problem in problems):
            return None, problems
        if site and tree:
            problems += checks.site_warnings(tree, site)
        return self._moved(site), problems

    def load(self, changed: Collection[str] | None = None) -> Content:
        """Read what changed since the last time; a broken file keeps its last good version and harms no other.

        `changed` are paths that changed: where all are article files, only those are looked at, else all files.
        """
        paths = None if changed is None or self._site is None else self._article_files_at(changed)
        with without_collection():
            return self._load_all() if paths is None else self._load_some(paths)

    def _load_all(self) -> Content:
        site, problems = self.load_site()
        last = self._site or (self._last_good_site(self._state) if self._state else None)
        if site and last and (lost := self._lost(last, site)):
            problems.append(lost)
            site = None  # as one that cannot be read: it keeps the last
        if site and site != self._site and self._state:
            with suppress(OSError):
                self._cache.save_text(self.site_file.name, self.site_file.read_bytes())
        is_same_site = site is None or site == self._site
        if site is not None and not is_same_site:
            self._site = site
        if self._site is None and self._state:
            self._site = self._last_good_site(self._state)
        if self._site is None:
            return Content(None, {}, tuple(problems), 1)
        media_state = self.media.state()
        changed = {name for name, *_ in media_state ^ self._media_state}
        self._media_state = media_state
        files: dict[Path, ArticleFile] = {}
        if not (self.root / "articles").is_dir():
            where = f"{self.root}/articles"
            problems.append(Problem(where, 1, 1, "", Message.of("articles-folder-missing")))
            self._around = tuple(problems), 1
            return self._content(self._site, dict(self._files), None)  # a drive may be away for a moment
        self._cache.use_site(self._site)
        paths = list(self.article_files())
        if not self._files:
            wrong = {path: problem for path in paths if (problem := wrong_name(path))}
            problems += wrong.values()
            files = self._cache.load([path for path in paths if path not in wrong], self._site)
        for path in paths if self._files else ():
            before = self._files.get(path)
            if before is None and (problem := wrong_name(path)):
                problems.append(problem)
                continue
            is_same = is_same_site and before is not None and not before.depends_on(changed)
            files[path] = self._look_at(path, self._site, before, is_same)
        self._around = tuple(problems), len(paths) + 1 - len(files)
        return self._content(self._site, files, None)

    def _load_some(self, paths: set[Path]) -> Content:
        """Look at some articles' files, and at those that have to settle; the others are as they were."""
        assert self._site, "all was read before"
        files = dict(self._files)
        looked_at = paths | self._unsettled | self._links
        for path in looked_at:
            if os.path.lexists(path):
                files[path] = self._look_at(path, self._site, files.get(path), is_same=True)
            else:
                files.pop(path, None)
        return self._content(self._site, files, looked_at)

    def _article_files_at(self, changed: Collection[str]) -> set[Path] | None:
        """Give the article files at some paths, but for ignored ones; nothing if any path may be more than that."""
        found = set()
        for each in changed:
            path = Path(os.path.join(self.root, os.path.relpath(each, self.root)))
            inside = path.relative_to(self.root).parts
            if path.is_dir():
                return None
            if path not in self._files:
                if self._has_files_below(path):
                    return None
                if is_ignored(path.name) and (len(inside) == 1 or inside[:1] == ("articles",)):
                    continue
                if path.suffix != ENDING or wrong_name(path) or not path.is_file():
                    return None
            if inside[:1] != ("articles",) or any(part.startswith(".") for part in inside):
                return None
            if any(folder.is_symlink() for folder in path.parents if folder.is_relative_to(self.root / "articles")):
                return None  # a link to a folder is not followed
            found.add(path)
        return found

    def _has_files_below(self, path: Path) -> bool:
        """Tell whether a path was a folder with articles when all was read."""
        start = f"{path}/"
        return any(str(each).startswith(start) for each in self._files)

    def _look_at(self, path: Path, site: Site, before: ArticleFile | None, is_same: bool) -> ArticleFile:
        """Read a file again if it changed, or if what it is read against is not the same."""
        if before and is_same and before.state == file_state(path):
            return before if before.is_settled else replace(before, is_settled=True)
        return self._reader.load(path, site, before, is_first=not self._files)

    def article_files(self) -> Iterator[Path]:
        """Go through the files below `articles/`, but for hidden ones and backups; always in the same order."""
        for folder, folders, names in os.walk(self.root / "articles"):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not is_ignored(name):
                    place = f"{folder}/{name}"
                    if (path := self._paths.get(place)) is None:
                        path = self._paths[place] = Path(place)
                    yield path

    def picture_problems(self, found: Content, flaw: Callable[[Original], Message | None]) -> Iterator[Problem]:
        """Tell of the pictures of articles, their own and those in bodies, that have a flaw, at their places."""
        for file in self._files.values():
            article = file.article
            if article and file.tree and found.articles.get(article.slug) is article:
                for original in article.originals:
                    if message := flaw(original):
                        place = ("picture", "file") if original == article.original else ("body",)
                        yield file.tree.problem(place, message)

    def trees(self, found: Content) -> Iterator[tuple[Article, Tree]]:
        """Give the articles with the places of all that they say, which are read for it once more."""
        for path, file in self._files.items():
            article = file.article
            tree, _ = self._reader.tree(path) if article and found.articles.get(article.slug) is article else (None, [])
            if article and tree:
                yield article, tree

    def _recall(
        self, files: dict[Path, ArticleFile], changed: Collection[Path], state: StateFolder, site: Site
    ) -> None:
        """Fetch the texts of what is broken and was good before we began."""
        broken = (path for path in changed if path in files and files[path].is_broken and not files[path].article)
        forgotten = {path.relative_to(self.root).as_posix(): path for path in broken}
        for name, data in self._cache.texts(set(forgotten)).items():
            path = forgotten[name]
            tree, _ = read(data, str(path))
            article = self._reader.article(tree, path, site)
            if article and tree:
                files[path] = replace(files[path], article=article, tree=tree.outline(*OUTLINE))

    def keep(self) -> None:
        """Keep what was read since the last time and is good, for the next process."""
        self._cache.save(self._files)

    def _lost(self, before: Site, site: Site) -> Problem | None:
        """Tell of a category that the site file has lost, though articles still name it: its feeds would go."""
        for name in (each for each in before.categories if each not in site.categories):
            naming = [path for path in self.article_files() if name in self._reader.categories_in(path)]
            if naming:
                message = Message.of("category-in-use", category=name, file=str(naming[0]))
                return Problem(str(self.site_file), 1, 1, "categories", message)
        return None

    def _last_good_site(self, state: StateFolder) -> Site | None:
        """Give the site that was served before this process began: one of several may be replaced at any time."""
        data = self._cache.texts({self.site_file.name}).get(self.site_file.name)
        tree = read(data, str(self.site_file))[0] if data else None
        return self._moved(read_site(tree, self.media) if tree else None)

    def _moved(self, site: Site | None) -> Site | None:
        return site.moved(self.url) if site and self.url else site

    def _content(self, site: Site, files: dict[Path, ArticleFile], looked_at: set[Path] | None) -> Content:
        """Put together what the files say, and find what only shows then; all files were looked at, or some."""
        paths = {*files, *self._files} if looked_at is None else looked_at
        changed = [path for path in paths if files.get(path) is not self._files.get(path)]
        if self._state:
            self._recall(files, changed, self._state, site)
            if self._files:
                self._cache.mark(changed)
        before, self._files = self._files, files
        self._unsettled = {path for path in paths if path in files and not files[path].is_settled}
        self._links = {path for path in self._links if path in files} | {path for path in changed if path.is_symlink()}
        pairs = [(before.get(path), files.get(path)) for path in changed]
        has_same_ties = looked_at is not None and all(old and new and old.ties == new.ties for old, new in pairs)
        if has_same_ties:
            articles = ((old.article, new.article) for old, new in pairs if old and new)
            kept = ((old, new) for old, new in articles if old and new and self._articles.get(old.slug) is old)
            self._articles = {**self._articles, **{new.slug: new for _, new in kept}}
        else:
            self._articles, self._doubts = _together(site, files.values(), self._served())
        if not has_same_ties or not all(old and new and old.told == new.told for old, new in pairs):
            told = (problem for file in files.values() for problem in file.told)
            self._problems = tuple(sorted([*self._around[0], *told, *self._doubts]))
        count = len(files) + self._around[1]
        return Content(site, self._articles, self._problems, count, self._media_state, bool(self._unsettled))

    def _served(self) -> Mapping[str, str]:
        """Give the slugs of what is or was served, by id: a copy of a file takes nothing from its original."""
        if self._articles:
            return {article.id: article.slug for article in self._articles.values()}
        known = self._state.read_manifest() if self._state else None
        return {id: entry.slug for id, entry in known.entries.items()} if known else {}


def _together(
    site: Site, files: Collection[ArticleFile], served: Mapping[str, str]
) -> tuple[dict[str, Article], tuple[Problem, ...]]:
    """Keep one article of each slug and id, and find what only shows when all are seen together."""
    found = [(file.article, file.tree) for file in files if file.article and file.tree]
    kept, doubles = checks.without_doubles(sorted(found, key=lambda each: each[1].file), served)
    return {article.slug: article for article, _ in kept}, (*doubles, *checks.translation_warnings(site, kept))


@contextmanager
def without_collection() -> Iterator[None]:
    """Suspend garbage collection: what is read is much, and no garbage; collection would take half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
