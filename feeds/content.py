"""ContentFolder: reads `site.yaml` and the article files, again only where they changed, and keeps the last good.

It decides nothing by the time of day: an embargo is the catalog's affair.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from . import checks
from .article import Article, read_article
from .articlekeys import ArticleContext
from .media import MediaFolder, State, file_state, is_within
from .renditions import Original
from .site import Site, read_site
from .sitekeys import slug
from .state import StateFolder
from .yamlfile import MAX_BYTES, Problem, Tree, read

ENDING = ".yaml"

OUTLINE = (("id",), ("twin",), ("picture", "file"), ("body",))
"""The places that are remembered of a file, for problems that show only later."""


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


@dataclass(frozen=True)
class _File:
    """An article file as it was last read: `article` is what it says, or said when it was last without fault."""

    state: State | None
    article: Article | None
    tree: Tree | None
    problems: tuple[Problem, ...]
    is_broken: bool
    is_settled: bool = True

    @property
    def told(self) -> tuple[Problem, ...]:
        """The problems that are told of: none before it has settled."""
        return self.problems if self.is_settled else ()

    @property
    def ties(self) -> object:
        """What of it matters for other articles, and where that stands: while it is the same, so are their problems."""
        one = self.article
        about = one and (one.slug, one.id, one.twin, one.language, one.draft, one.published)
        return about, self.tree and self.tree.values_at

    @property
    def names_media(self) -> bool:
        article = self.article
        return self.is_broken or bool(article and (article.picture or article.attachments or "media/" in article.body))


class ContentFolder:
    """A folder with `site.yaml`, `articles/` and `media/`; `url` takes the place of the site's own.

    An article that did not change is the same object at every reading.
    """

    def __init__(self, root: Path, url: str | None = None, state: StateFolder | None = None) -> None:
        """Look at a folder; nothing is read yet. `state` keeps the last good texts beyond the process."""
        self.root, self.url = root, url
        self._state = state
        self.media = MediaFolder(root / "media")
        self._site: Site | None = None
        self._files: dict[Path, _File] = {}
        self._paths: dict[str, Path] = {}  # making 10,000 of them takes longer than looking at the files
        self._media_state: object = None
        self._unkept: set[Path] = set()
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
        tree, problems = self._read(self.site_file)
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
        return self._load_all() if paths is None else self._load_some(paths)

    def _load_all(self) -> Content:
        site, problems = self.load_site()
        last = self._site or (self._last_good_site(self._state) if self._state else None)
        if site and last and (lost := self._lost(last, site)):
            problems.append(lost)
            site = None  # as one that cannot be read: it keeps the last
        if site and site != self._site and self._state:
            with suppress(OSError):
                self._state.keep_texts({self.site_file.name: self.site_file.read_bytes()})
        is_same_site = site is None or site == self._site
        if site is not None and not is_same_site:
            self._site = site
        if self._site is None and self._state:
            self._site = self._last_good_site(self._state)
        if self._site is None:
            return Content(None, {}, tuple(problems), 1)
        media_state = self.media.state()
        is_same_media, self._media_state = media_state == self._media_state, media_state
        files: dict[Path, _File] = {}
        paths = list(self.article_files())
        for path in paths:
            before = self._files.get(path)
            if before is None and (wrong_name := _wrong_name(path)):
                problems.append(wrong_name)
                continue
            is_same = is_same_site and before is not None and (is_same_media or not before.names_media)
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
                if _is_ignored(path.name) and (len(inside) == 1 or inside[:1] == ("articles",)):
                    continue
                if path.suffix != ENDING or _wrong_name(path) or not path.is_file():
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

    def _look_at(self, path: Path, site: Site, before: _File | None, is_same: bool) -> _File:
        """Read a file again if it changed, or if what it is read against is not the same."""
        state = file_state(path)
        if before and is_same and before.state == state:
            return before if before.is_settled else replace(before, is_settled=True)
        return self._load_article(path, state, site, before)

    def article_files(self) -> Iterator[Path]:
        """Go through the files below `articles/`, but for hidden ones and backups; always in the same order."""
        for folder, folders, names in os.walk(self.root / "articles"):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not _is_ignored(name):
                    place = f"{folder}/{name}"
                    if (path := self._paths.get(place)) is None:
                        path = self._paths[place] = Path(place)
                    yield path

    def picture_problem(self, article: Article, original: Original, message: str) -> Problem | None:
        """Make a problem of an article's picture, or of one in its body, at its place in the file."""
        trees = (file.tree for file in self._files.values() if file.article is article)
        tree = next(trees, None)
        place = ("picture", "file") if original == article.original else ("body",)
        return tree.problem(place, message) if tree else None

    def trees(self, found: Content) -> Iterator[tuple[Article, Tree]]:
        """Give the articles with the places of all that they say, which are read for it once more."""
        for path, file in self._files.items():
            article = file.article
            tree, _ = self._read(path) if article and found.articles.get(article.slug) is article else (None, [])
            if article and tree:
                yield article, tree

    def _recall(self, files: dict[Path, _File], changed: Collection[Path], state: StateFolder, site: Site) -> None:
        """Fetch the texts of what is broken and was good before we began."""
        broken = (path for path in changed if path in files and files[path].is_broken and not files[path].article)
        forgotten = {self._name(path): path for path in broken}
        for name, data in state.good_texts(set(forgotten)).items():
            path = forgotten[name]
            tree, _ = read(data, str(path))
            article = read_article(tree, ArticleContext(site, self.media, slug(path.stem))) if tree else None
            if article and tree:
                article.take_pictures(checks.pictures_in(article, site, self.media))
                files[path] = replace(files[path], article=article, tree=tree.outline(*OUTLINE))

    def keep(self) -> None:
        """Keep the texts of the files that were read since the last time and are good, for the next process."""
        changed, self._unkept = self._unkept, set()
        if self._state is None or not changed:
            return
        good = {}
        for path in changed:
            if (file := self._files.get(path)) and not file.is_broken:
                with suppress(OSError):
                    text = path.read_bytes()
                    if file_state(path) == file.state:  # else it is another text by now, and not yet looked at
                        good[self._name(path)] = text
        self._state.keep_texts(good)
        if any(path not in self._files for path in changed) or len(changed) == len(self._files):
            self._state.forget_texts_but({*map(self._name, self._files), self.site_file.name})

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _lost(self, before: Site, site: Site) -> Problem | None:
        """Tell of a category that the site file has lost, though articles still name it: its feeds would go."""
        for name in (each for each in before.categories if each not in site.categories):
            naming = [path for path in self.article_files() if name in self._categories_in(path)]
            if naming:
                message = f"{name} is gone, but {naming[0]} is in it (want it back, or out of all articles first)"
                return Problem(str(self.site_file), 1, 1, "categories", message)
        return None

    def _categories_in(self, path: Path) -> list[str]:
        """Give what a file says of its categories, whether they exist or not."""
        tree, _ = self._read(path)
        written = tree.value.get("categories") if tree else None
        return [str(each) for each in written] if isinstance(written, list) else [str(written)]

    def _last_good_site(self, state: StateFolder) -> Site | None:
        """Give the site that was served before this process began: one of several may be replaced at any time."""
        data = state.good_texts({self.site_file.name}).get(self.site_file.name)
        tree = read(data, str(self.site_file))[0] if data else None
        return self._moved(read_site(tree, self.media) if tree else None)

    def _moved(self, site: Site | None) -> Site | None:
        return site.moved(self.url) if site and self.url else site

    def _content(self, site: Site, files: dict[Path, _File], looked_at: set[Path] | None) -> Content:
        """Put together what the files say, and find what only shows then; all files were looked at, or some."""
        paths = {*files, *self._files} if looked_at is None else looked_at
        changed = [path for path in paths if files.get(path) is not self._files.get(path)]
        if self._state:
            self._recall(files, changed, self._state, site)
            self._unkept.update(changed)
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

    def _load_article(self, path: Path, state: State | None, site: Site, before: _File | None) -> _File:
        article, tree, problems = self._read_article(path, site)
        is_broken = any(problem.severity == "error" for problem in problems)
        good = before.article if before and before.article and before.article.fits(site) else None
        if is_broken:
            outline = before.tree if before and good else None
            # the first reading of all tells at once; later, a file may be caught while it is being written
            is_settled = not self._files or (before is not None and before.state == state and before.is_broken)
            return _File(state, good, outline, tuple(problems), True, is_settled)
        kept = good if good and article and _is_same(good, article) else article
        return _File(state, kept, tree.outline(*OUTLINE) if tree else None, tuple(problems), False)

    def _read_article(self, path: Path, site: Site) -> tuple[Article | None, Tree | None, list[Problem]]:
        name = slug(path.stem)
        if not name:
            message = f"{path.stem} has no letter or digit for an address (want a file name with some)"
            return None, None, [Problem(str(path), 1, 1, "", message)]
        tree, problems = self._read(path)
        article = read_article(tree, ArticleContext(site, self.media, name)) if tree else None
        if article and tree:
            problems += checks.body_problems(tree, article, site, self.media)
            article.take_pictures(checks.pictures_in(article, site, self.media))
            problems += checks.summary_warning(tree, article)
            problems += checks.social_warning(tree, article, site)
            problems += checks.picture_warning(tree, article)
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


def _together(
    site: Site, files: Collection[_File], served: Mapping[str, str]
) -> tuple[dict[str, Article], tuple[Problem, ...]]:
    """Keep one article of each slug and id, and find what only shows when all are seen together."""
    found = [(file.article, file.tree) for file in files if file.article and file.tree]
    kept, doubles = checks.without_doubles(sorted(found, key=lambda each: each[1].file), served)
    return {article.slug: article for article, _ in kept}, (*doubles, *checks.translation_warnings(site, kept))


def _is_same(one: Article, other: Article) -> bool:
    return (one.id, one.slug, one.digest) == (other.id, other.slug, other.digest)


def _is_ignored(name: str) -> bool:
    """Tell whether a file is hidden, a lock, or a backup by its name."""
    return name.startswith((".", "#", "~")) or name.endswith("~")


def _wrong_name(path: Path) -> Problem | None:
    """Tell of a file that is no article by its name; one that was surely meant as an article is an error."""
    shown = os.fsencode(path).decode(errors="replace")
    if shown != str(path):
        return Problem(shown, 1, 1, "", "a name that is not UTF-8 (want it renamed)")
    if path.suffix == ENDING:
        return None
    if path.suffix in (".yml", ".txt", ".md") or ENDING in path.suffixes:
        return Problem(str(path), 1, 1, "", f"left out for its name (want {path.name.partition('.')[0]}{ENDING})")
    return Problem(str(path), 1, 1, "", "no article, and left out (want pictures and files in media/)", "warning")
