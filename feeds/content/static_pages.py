"""StaticPages: reads the files in `pages/`, the site's own pages such as the legal notice.

There are few of them, so each full read of the content folder reads all of them. The last good version of a broken
file stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from feeds.model.article_types import ArticleContext
from feeds.model.problems import Message, Problem
from feeds.model.site import Site
from feeds.model.site_types import slug
from feeds.model.static_page import StaticPage, read_static_page
from feeds.model.yamlfile import Tree, parse_yaml

from . import checks
from .cache import ArticleCache
from .reader import ARTICLE_SUFFIX, ArticleReader, is_ignored, name_problem

FOLDER, PREFIX = "pages", "pages/"
"""Name of the folder below the content folder, and the start of the names of its files."""

ARTICLES = "articles"
"""Name of the folder whose absence means that the whole content is out of reach."""


class StaticPages:
    """The pages of a site by slug, and the problems of their files."""

    def __init__(self, root: Path, reader: ArticleReader, cache: ArticleCache) -> None:
        """Set the content folder, and the cache that stores the last good texts across restarts."""
        self._root, self._reader, self._cache = root, reader, cache
        self.pages: Mapping[str, StaticPage] = {}
        self._texts: dict[str, bytes] | None = None  # the last good ones by name, once they are loaded
        self._trees: dict[str, Tree] = {}
        self.broken: set[str] = set()  # slugs of files without a page

    def load(self, site: Site) -> list[Problem]:
        """Read all files, and return their problems. If no page changed, `pages` stays the same object."""
        if self._texts is None:
            self._texts = {name.removeprefix(PREFIX): text for name, text in self._cache.texts_below(PREFIX).items()}
        pages: dict[str, StaticPage] = {}
        trees: dict[str, Tree] = {}
        problems: list[Problem] = []
        self.broken = set()
        for path in self._paths(problems):
            page, tree = self._read(path, site, problems)
            if page is None:
                self.broken.add(slug(path.stem))
            if page and tree and page.slug in pages:
                message = Message.of("address-taken", slug=page.slug, other=trees[page.slug].file)
                problems.append(Problem(str(path), 1, 1, "", message))
            elif page and tree:
                pages[page.slug], trees[page.slug] = page, tree
        if pages != self.pages:
            self.pages = pages
        self._trees = trees
        return problems

    def files(self) -> list[Path]:
        """Return the files of the pages, in order."""
        return list(self._paths([]))

    def trees(self) -> Iterator[tuple[StaticPage, Tree]]:
        """Yield the pages with the places of their values."""
        yield from ((page, self._trees[name]) for name, page in self.pages.items())

    def _paths(self, problems: list[Problem]) -> Iterator[Path]:
        """Yield the paths of the files of pages, in order, and add problems of other files.

        A file with exactly the name of its page comes first, so that no other one takes the page's address.
        """
        folder, known = self._root / FOLDER, self._texts or {}
        try:
            if not (self._root / ARTICLES).is_dir():  # a drive may be missing for a moment
                raise FileNotFoundError
            names = [path.name for path in folder.iterdir()] if folder.exists() else []
            for name in known.keys() - names:  # a new file of this name is another page
                del known[name]
                self._cache.delete_text(PREFIX + name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                problems.append(Problem(str(folder), 1, 1, "", Message.of("folder-unreadable")))
            names = list(known)
        names.sort(key=lambda name: (slug(PurePath(name).stem) != PurePath(name).stem, name))
        for path in (folder / name for name in names if not is_ignored(name)):
            if problem := name_problem(str(path)):
                problems.append(problem)
            else:
                yield path

    def _read(self, path: Path, site: Site, problems: list[Problem]) -> tuple[StaticPage | None, Tree | None]:
        """Return the page in a file, or that in its last good text, and the tree of that text."""
        known = self._texts if self._texts is not None else {}
        data, unreadable = self._reader.read_bytes(path)
        tree, file_problems = (None, [unreadable]) if unreadable else parse_yaml(data, str(path))
        page = self._page(tree, file_problems, path, site)
        problems += file_problems
        if page and not any(problem.severity == "error" for problem in file_problems):
            if known.get(path.name) != data:
                known[path.name] = data
                self._cache.save_text(PREFIX + path.name, data)
            return page, tree
        last = known.get(path.name)
        tree = parse_yaml(last, str(path))[0] if last else None
        return self._page(tree, [], path, site), tree

    def _page(self, tree: Tree | None, problems: list[Problem], path: Path, site: Site) -> StaticPage | None:
        """Return the page of a parsed file after adding its problems, or None if it is not valid."""
        if tree is None:
            return None
        name = slug(path.name.removesuffix(ARTICLE_SUFFIX))
        if not name:
            message = Message.of("file-name-without-letters", name=path.stem)
            problems.append(Problem(str(path), 1, 1, "", message))
            return None
        media = self._reader.media
        page = read_static_page(tree, ArticleContext(site, media, name))
        if page is None:
            return None
        problems += dict.fromkeys(checks.body_problems(tree, page, site, media))
        return page.with_body_pictures(checks.pictures_in(page, site, media))
