"""ArticleReader: reads single article files, each as what it says and what is wrong with it.

It knows no other file than the one it is asked for; `content` puts them together.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Container, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from feeds.base.fingerprint import FileState, file_state
from feeds.model.article import Article, read_article
from feeds.model.article_fields import ArticleContext
from feeds.model.mediafile import Media, MediaFile
from feeds.model.problems import InvalidValue, Message, Problem
from feeds.model.site import Site
from feeds.model.site_fields import slug
from feeds.model.yamlfile import MAX_BYTES, Tree, read

from . import checks
from .media import MediaFolder, is_within

_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

ENDING = ".yaml"
"""Suffix of article files."""

ANY_FILE = ""
"""Stands for any file below `media/`."""

OUTLINE = (("id",), ("twin",), ("picture", "file"), ("body",))
"""The places that are remembered of a file, for problems that show only later."""


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """An article file as it was last read: `article` is what it says, or said when it was last without fault.

    `media` are the files below `media/` that it names, in the states in which they were; with ANY_FILE among them, it
    may depend on any.
    """

    state: FileState | None
    article: Article | None
    tree: Tree | None
    problems: tuple[Problem, ...]
    is_broken: bool
    is_settled: bool = True
    media: Mapping[str, FileState] = field(default_factory=dict)

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

    def depends_on(self, changed: Set[str]) -> bool:
        """Tell whether it has to be read again where some files below `media/` changed, came or went."""
        may_be_any = self.is_broken or ANY_FILE in self.media
        return bool(changed) and (may_be_any or not self.media.keys().isdisjoint(changed))


class ArticleReader:
    """The files of a content folder, read one at a time."""

    def __init__(self, root: Path, media: MediaFolder) -> None:
        """Look at a folder; nothing is read yet."""
        self.root, self.media = root, media

    def load(self, path: Path, site: Site, before: ArticleFile | None, *, is_first: bool) -> ArticleFile:
        """Read a file, and keep its last good article where it is broken; `is_first` is the first reading of all.

        That one tells at once; later, a file may be caught while it is being written.
        """
        state = file_state(path)
        media = _Asked(self.media)
        article, tree, problems = self._checked(path, site, media)
        is_broken = any(problem.severity == "error" for problem in problems)
        good = before.article if before and before.article and before.article.fits(site) else None
        if is_broken:
            outline = before.tree if before and good else None
            is_settled = is_first or (before is not None and before.state == state and before.is_broken)
            return ArticleFile(state, good, outline, tuple(problems), True, is_settled)
        kept = good if good and article and _is_same(good, article) else article
        outline = tree.outline(*OUTLINE) if tree else None
        return ArticleFile(state, kept, outline, tuple(problems), False, media=media.files)

    def _checked(self, path: Path, site: Site, media: Media) -> tuple[Article | None, Tree | None, list[Problem]]:
        name = slug(path.stem)
        if not name:
            message = Message.of("file-name-without-letters", name=path.stem)
            return None, None, [Problem(str(path), 1, 1, "", message)]
        tree, problems = self.tree(path)
        article = self.article(tree, path, site, media)
        if article and tree:
            problems += checks.body_problems(tree, article, site, media)
            problems += checks.summary_warning(tree, article)
            problems += checks.social_warning(tree, article, site)
            problems += checks.picture_warning(tree, article)
        return article, tree, problems

    def article(self, tree: Tree | None, path: Path, site: Site, media: Media | None = None) -> Article | None:
        """Make the article of a file's values, with the pictures that its body shows."""
        media = media or self.media
        article = read_article(tree, ArticleContext(site, media, slug(path.stem))) if tree else None
        return article and article.with_body_pictures(checks.pictures_in(article, site, media))

    def categories_in(self, path: Path) -> list[str]:
        """Give what a file says of its categories, whether they exist or not."""
        tree, _ = self.tree(path)
        written = tree.value.get("categories") if tree else None
        return [str(each) for each in written] if isinstance(written, list) else [str(written)]

    def tree(self, path: Path) -> tuple[Tree | None, list[Problem]]:
        """Read a file as values, or tell what is in the way."""
        data, problem = self.text(path)
        return (None, [problem]) if problem else read(data, str(path))

    def text(self, path: Path) -> tuple[bytes, Problem | None]:
        """Read a file's bytes, or tell what is in the way."""
        try:
            return self._bytes(path), None
        except InvalidValue as error:
            message = error.message
        except FileNotFoundError:
            message = Message.of("link-broken" if path.is_symlink() else "file-missing")
        except OSError as fault:
            message = Message.of("file-unreadable", reason=fault.strerror or "")
        return b"", Problem(str(path), 1, 1, "", message)

    def _bytes(self, path: Path) -> bytes:
        """Read a file, through no link that leaves the folder, and waiting for nobody (a FIFO's other end)."""
        file = self._open(path)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise InvalidValue("file-not-regular")
            if found.st_size > MAX_BYTES:
                raise InvalidValue("file-too-large", size=found.st_size, limit=MAX_BYTES)
            return os.read(file, MAX_BYTES + 1)
        finally:
            os.close(file)

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, _READING | os.O_NOFOLLOW)
        except OSError as fault:
            if fault.errno == errno.ENXIO:
                raise InvalidValue("file-not-regular") from None
            if fault.errno != errno.ELOOP:
                raise
        path.stat()  # a link that leads nowhere, or in a circle, is told as such
        if not is_within(path, self.root):
            raise InvalidValue("link-leaves-folder", target=os.path.realpath(path))
        return os.open(path, _READING)


class _Asked:
    """The folder of media for one article, which notes what was asked of it."""

    def __init__(self, media: MediaFolder) -> None:
        self._media = media
        self.files: dict[str, FileState] = {}

    def find(self, path: str) -> MediaFile:
        found = self._media.find(path)
        state = self._media.state_of(found)
        is_exact = "/".join(PurePosixPath(path).parts) == found.path  # else one with that very name may come
        self.files[found.path if state and is_exact else ANY_FILE] = state or ()
        return found


def _is_same(one: Article, other: Article) -> bool:
    return (one.id, one.slug, one.digest) == (other.id, other.slug, other.digest)


def free_name(name: str, taken: Container[str]) -> str:
    """Make a name that no other file has: the beginning of one, with a number behind it where it is taken."""
    name, number = name[:80].rstrip("-"), 1
    while (free := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return free


def is_ignored(name: str) -> bool:
    """Tell whether a file is hidden, a lock, or a backup by its name."""
    return name.startswith((".", "#", "~")) or name.endswith("~")


def wrong_name(path: Path) -> Problem | None:
    """Tell of a file that is no article by its name; one that was surely meant as an article is an error."""
    if (name := str(path)).isascii() and name.endswith(ENDING):
        return None
    shown = os.fsencode(path).decode(errors="replace")
    if shown != str(path):
        return Problem(shown, 1, 1, "", Message.of("file-name-not-utf-8"))
    if path.suffix == ENDING:
        return None
    if path.suffix in (".yml", ".txt", ".md") or ENDING in path.suffixes:
        name = f"{path.name.partition('.')[0]}{ENDING}"
        return Problem(str(path), 1, 1, "", Message.of("file-name-suffix", name=name))
    return Problem(str(path), 1, 1, "", Message.of("file-not-an-article"), "warning")
