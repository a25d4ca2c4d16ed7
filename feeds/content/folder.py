"""The content folder: `site.yaml` and the article files, read again only if they changed.

The last good version of a broken file stays. Nothing here depends on the time of day: the catalog
deals with embargoes.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from feeds.base.fingerprint import file_state
from feeds.model.article import Article
from feeds.model.problems import Message, Problem
from feeds.model.renditions import Original
from feeds.model.site import Site, read_last_good_site, read_site
from feeds.model.static_page import StaticPage
from feeds.model.yamlfile import Tree, parse_yaml

from . import checks
from .cache import ArticleCache
from .media import MediaEntry, MediaFolder, PublishedMedia
from .reader import ARTICLE_SUFFIX, ArticleFile, ArticleReader, is_ignored, name_problem
from .state import StateFolder
from .static_pages import StaticPages


@dataclass(frozen=True)
class Content:
    """What a folder holds at one reading, articles by slug; without a site, there are none.

    `media` differs once any file below `media/` changed. `is_settling` means that a file has a new error: it may still
    be being written, and the error is not reported yet.
    """

    site: Site | None
    articles: Mapping[str, Article]
    problems: tuple[Problem, ...]
    files: int
    media: object = None
    is_settling: bool = False
    pages: Mapping[str, StaticPage] = field(default_factory=dict)


class ContentFolder:
    """A folder with `site.yaml`, `articles/` and `media/`; `url` replaces the site's own.

    An article that did not change is the same object at every reading.
    """

    def __init__(
        self, root: Path, url: str | None = None, state: StateFolder | None = None, *, upload_seconds: float = 0
    ) -> None:
        """Set the folder; nothing is read yet. `state` stores the last good texts across restarts.

        An article waits for a media file that was written in the last `upload_seconds`.
        """
        self.root, self.url = root, url
        self.media = MediaFolder(root / "media", upload_seconds=upload_seconds)
        self._state = state
        self.reader = ArticleReader(root, self.media)
        self._cache = ArticleCache(root, self.reader, state)
        self._pages = StaticPages(root, self.reader, self._cache)
        self._site: Site | None = None
        self._site_tree: Tree | None = None
        self._files: dict[str, ArticleFile] = {}  # by path; Path objects would need more memory than the files
        self._media_state: frozenset[MediaEntry] = frozenset()
        self._unsettled: set[str] = set()
        self._links: set[str] = set()  # to other files, which cause no event of their own when they change
        self._articles: Mapping[str, Article] = {}
        self._other_problems: tuple[Problem, ...] = ()  # of the site, and of files that are not articles
        self._other_files = 0
        self._cross_problems: tuple[Problem, ...] = ()  # that show only if all articles are seen together
        self._problems: tuple[Problem, ...] = ()  # all of them, in order

    @property
    def site_file(self) -> Path:
        """The file that describes the site."""
        return self.root / "site.yaml"

    def load_site(self) -> tuple[Site | None, list[Problem]]:
        """Read the site file."""
        tree, problems = self.reader.read_tree(self.site_file)
        self._site_tree = tree
        # a picture that is not complete is recognised by its end, and then the last site stays
        site = read_site(tree, PublishedMedia(self.media)) if tree else None
        if any(problem.severity == "error" for problem in problems):
            return None, problems
        if site and tree:
            problems += checks.site_warnings(tree, site)
        return self._moved(site), problems

    def load(self, changed: Collection[str] | None = None) -> Content:
        """Read what changed since the last time; a broken file keeps its last good version and affects no other.

        `changed` are paths that changed: if all are article files, only those are looked at, else all files.
        """
        paths = None if changed is None or self._site is None else self._article_files_at(changed)
        with without_collection():
            return self._load_all() if paths is None else self._load_some(paths)

    def _load_all(self) -> Content:
        before = self._site
        site, problems = self._load_good_site()
        if site is None:
            return Content(None, {}, tuple(problems), 1)
        self._site = site
        media_state = self.media.state()
        changed_media = {name for name, *_ in media_state ^ self._media_state}
        self._media_state = media_state
        problems += self._pages.load(site)
        if self._site_tree:
            pages = self._pages
            problems += checks.footer_link_problems(self._site_tree, site, pages.pages, pages.broken)
        if not (self.root / "articles").is_dir():  # a drive may be missing for a moment
            missing = Problem(str(self.root / "articles"), 1, 1, "", Message.of("articles-folder-missing"))
            self._other_problems, self._other_files = (*problems, missing), 1
            self._cache.use_site(site)
            files = dict(self._files) or self._cache.load(self._cache.paths(), site)
            return self._content(site, files, None)
        unreadable: list[str] = []
        paths = list(self._article_paths(unreadable))
        if unreadable:  # what was there stays
            known = self._files or self._cache.paths()
            paths += [path for path in known if any(path.startswith(f"{folder}/") for folder in unreadable)]
        wrong = {path: found for path in paths if path not in self._files and (found := name_problem(path))}
        articles = [path for path in paths if path not in wrong]
        problems += [Problem(folder, 1, 1, "", Message.of("folder-unreadable")) for folder in unreadable]
        self._other_problems, self._other_files = (*problems, *wrong.values()), 1 + len(wrong)
        self._cache.use_site(site)
        if not self._files:
            return self._content(site, self._cache.load(articles, site), None)
        files = {path: self._look_at(path, site, changed_media, is_same_site=site is before) for path in articles}
        return self._content(site, files, None)

    def _load_good_site(self) -> tuple[Site | None, list[Problem]]:
        """Return the site and its problems; if its file is broken, the site is the last good one."""
        site, problems = self.load_site()
        last = self._site or self._last_good_site()
        if site and last and (in_use := self._category_in_use(last, site)):
            problems.append(in_use)
            site = None
        if site is None or site == self._site:
            return last, problems
        with suppress(OSError):
            self._cache.save_text(self.site_file.name, self.site_file.read_bytes())
        return site, problems

    def _load_some(self, paths: set[str]) -> Content:
        """Check some article files, and those that have not settled yet; the others are taken as unchanged."""
        assert self._site, "all was read before"
        files = dict(self._files)
        looked_at = paths | self._unsettled | self._links
        for path in looked_at:
            if os.path.lexists(path):
                files[path] = self._look_at(path, self._site, set(), is_same_site=True)
            elif not os.path.isdir(os.path.dirname(path)):
                return self._load_all()  # the whole folder is missing, perhaps for a moment
            elif not os.path.lexists(path):  # still, now that its folder is known to be there
                files.pop(path, None)
        return self._content(self._site, files, looked_at)

    def _article_files_at(self, changed: Collection[str]) -> set[str] | None:
        """Return the article files at some paths, without ignored ones; None if any path may be more than that."""
        articles = set()
        for name in changed:
            path = Path(os.path.join(self.root, os.path.relpath(name, self.root)))
            inside = path.relative_to(self.root).parts
            if path.is_dir():
                return None
            if str(path) not in self._files:
                if self._has_files_below(path):
                    return None
                if is_ignored(path.name) and (len(inside) == 1 or inside[:1] == ("articles",)):
                    continue
                if path.suffix != ARTICLE_SUFFIX or name_problem(str(path)) or not path.is_file():
                    return None
            if inside[:1] != ("articles",) or any(part.startswith(".") for part in inside):
                return None
            if any(folder.is_symlink() for folder in path.parents if folder.is_relative_to(self.root / "articles")):
                return None  # a link to a folder is not followed
            articles.add(str(path))
        return articles

    def _has_files_below(self, path: Path) -> bool:
        """Return whether a path was a folder with articles at the last load."""
        start = f"{path}/"
        return any(file.startswith(start) for file in self._files)

    def _look_at(self, path: str, site: Site, changed_media: set[str], *, is_same_site: bool) -> ArticleFile:
        """Return a file as it was read before, or read it again if it, its media or the site changed."""
        before = self._files.get(path)
        is_current = before and is_same_site and not before.must_retry and not before.depends_on(changed_media)
        if before and is_current and before.state == file_state(path):
            return before if before.is_settled else replace(before, is_settled=True)
        return self.reader.load(Path(path), site, before, is_first=not self._files)

    def article_files(self) -> Iterator[Path]:
        """Yield the files below `articles/` without hidden ones and backups, always in the same order."""
        yield from map(Path, self._article_paths([]))

    def _article_paths(self, unreadable: list[str]) -> Iterator[str]:
        """Yield the paths of those files. Folders that cannot be read are added to `unreadable`."""
        walk = os.walk(self.root / "articles", onerror=lambda error: unreadable.append(os.fspath(error.filename)))
        for folder, folders, names in walk:
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (f"{folder}/{name}" for name in sorted(names) if not is_ignored(name))

    def picture_problems(self, content: Content, flaw: Callable[[Original], Message | None]) -> Iterator[Problem]:
        """Yield a problem for each picture of an article, its own or in its body, that has a flaw."""
        for file in self._files.values():
            article = file.article
            if article and file.outline and content.articles.get(article.slug) is article:
                for original in article.originals:
                    if message := flaw(original):
                        key_path = ("picture", "file") if original == article.original else ("body",)
                        yield file.outline.problem(key_path, message)

    def page_files(self) -> list[Path]:
        """Return the files of the pages in `pages/`, always in the same order."""
        return self._pages.files()

    def page_trees(self) -> Iterator[tuple[StaticPage, Tree]]:
        """Yield the pages in `pages/` with the places of all their values."""
        return self._pages.trees()

    def trees(self, content: Content) -> Iterator[tuple[Article, Tree]]:
        """Yield the articles with the places of all their values; the files are read again for that."""
        for path, file in self._files.items():
            article = file.article
            if article and content.articles.get(article.slug) is article:
                tree, _ = self.reader.read_tree(Path(path))
                if tree:
                    yield article, tree

    def save_cache(self) -> None:
        """Save what was read since the last time and is good, for the next process."""
        self._cache.save(self._files)

    def _restore_last_good(self, files: dict[str, ArticleFile], changed: Collection[str], site: Site) -> None:
        """Restore the last good articles of broken files that this process has never read without errors."""
        broken = [path for path in changed if path in files and files[path].is_broken and not files[path].article]
        paths = {Path(path).relative_to(self.root).as_posix(): path for path in broken}
        for name, text in self._cache.texts(paths).items():
            path = paths[name]
            tree, _ = parse_yaml(text, path)
            article = self.reader.article(tree, Path(path), site, PublishedMedia(self.media))
            if article and tree:
                files[path] = replace(files[path], article=article, outline=tree.outline())

    def _category_in_use(self, before: Site, site: Site) -> Problem | None:
        """Return a problem if the site file lost a category that articles still name: its feeds would vanish."""
        for name in (name for name in before.categories if name not in site.categories):
            for path in self.article_files():
                if name in self.reader.categories_in(path):
                    message = Message.of("category-in-use", category=name, file=str(path))
                    return Problem(str(self.site_file), 1, 1, "categories", message)
        return None

    def _last_good_site(self) -> Site | None:
        """Return the site that was served before this process started: a worker may be restarted at any time."""
        text = self._cache.text(self.site_file.name)
        tree = parse_yaml(text, str(self.site_file))[0] if text else None
        return self._moved(read_last_good_site(tree, PublishedMedia(self.media)) if tree else None)

    def _moved(self, site: Site | None) -> Site | None:
        return site.with_url(self.url) if site and self.url else site

    def _content(self, site: Site, files: dict[str, ArticleFile], looked_at: set[str] | None) -> Content:
        """Combine the files, and find cross-file problems. `looked_at` are the checked files; None for all."""
        paths = {*files, *self._files} if looked_at is None else looked_at
        changed = [path for path in paths if files.get(path) is not self._files.get(path)]
        self._restore_last_good(files, changed, site)
        if self._files:
            self._cache.mark(changed)
        before, self._files = self._files, files
        self._unsettled = {path for path in paths if path in files and files[path].is_pending}
        self._links = {path for path in self._links if path in files} | set(filter(os.path.islink, changed))
        pairs = [(before.get(path), files.get(path)) for path in changed]
        is_local = looked_at is not None and all(
            old and new and old.cross_file_key == new.cross_file_key for old, new in pairs
        )
        if is_local:
            articles = ((old.article, new.article) for old, new in pairs if old and new)
            replaced = ((old, new) for old, new in articles if old and new and self._articles.get(old.slug) is old)
            self._articles = {**self._articles, **{new.slug: new for _, new in replaced}}
        else:
            self._articles, self._cross_problems = _combine(site, files.values(), self._served_slugs())
        if not is_local or not all(
            old and new and old.reported_problems == new.reported_problems for old, new in pairs
        ):
            reported = (problem for file in files.values() for problem in file.reported_problems)
            self._problems = tuple(sorted([*self._other_problems, *reported, *self._cross_problems]))
        count = len(files) + self._other_files
        is_settling, pages = bool(self._unsettled), self._pages.pages
        return Content(site, self._articles, self._problems, count, self._media_state, is_settling, pages)

    def _served_slugs(self) -> Mapping[str, str]:
        """Return the slugs of what is or was served, by id: a copy of a file does not replace its original."""
        if self._articles:
            return {article.id: article.slug for article in self._articles.values()}
        manifest = self._state.read_manifest() if self._state else None
        return {id: entry.slug for id, entry in manifest.entries.items()} if manifest else {}


def _combine(
    site: Site, files: Collection[ArticleFile], served: Mapping[str, str]
) -> tuple[dict[str, Article], tuple[Problem, ...]]:
    """Return one article of each slug and id, and the problems that show only if all are seen together."""
    pairs = [(file.article, file.outline) for file in files if file.article and file.outline]
    unique, duplicates = checks.without_duplicates(sorted(pairs, key=lambda pair: pair[1].file), served)
    return {article.slug: article for article, _ in unique}, (
        *duplicates,
        *checks.translation_warnings(site, unique),
        *checks.shared_feed_warnings(site, unique),
    )


@contextmanager
def without_collection() -> Iterator[None]:
    """Suspend garbage collection, which would take half the time and free nothing: all that is read is kept."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
