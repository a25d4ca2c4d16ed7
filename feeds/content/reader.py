"""ArticleReader: reads and checks single article files.

It knows one file at a time; `ContentFolder` combines them.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Container, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from feeds.base.fingerprint import FileState, file_state
from feeds.model.article import Article, read_article
from feeds.model.article_types import ArticleContext
from feeds.model.mediafile import Media, MediaFile
from feeds.model.problems import InvalidValue, Message, Problem
from feeds.model.site import Site
from feeds.model.site_types import slug
from feeds.model.yamlfile import MAX_YAML_BYTES, Outline, Tree, parse_yaml

from . import checks
from .body_store import BodyStore
from .media import UPLOAD_CODE, MediaFolder, is_within

_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

ARTICLE_SUFFIX = ".yaml"
"""Suffix of article files."""

RESERVED_SLUGS = ("media", "new", "shared", "sign-in", "sign-out")
"""Slugs that are addresses of the editor, which names no new file after them."""

ANY_FILE = ""
"""Stands for any file below `media/`."""

TEMPORARY_CODES = (UPLOAD_CODE, "media-unreadable", "file-unreadable")
"""Codes of problems that may disappear without a change to any file."""

NO_MEDIA: Mapping[str, FileState] = {}
"""The files below `media/` that most articles refer to, shared by them."""

RACY_NANOSECONDS = 20_000_000
"""Time within which two writes may have the same modification time; file systems use the clock tick of the kernel."""


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """An article file as it was last read. `article` is the article in it, or the last valid one if it is broken.

    `must_retry` means that something could not be read, or that the file was being written, so that it is read again
    even if its state does not change. `media` are the files below `media/` that it refers to, each with its state at
    that time. With ANY_FILE among them, it may depend on any file.
    """

    state: FileState | None
    article: Article | None
    outline: Outline | None
    problems: tuple[Problem, ...]
    is_broken: bool
    is_settled: bool = True
    must_retry: bool = False
    media: Mapping[str, FileState] = field(default_factory=lambda: NO_MEDIA)

    @property
    def is_pending(self) -> bool:
        """Whether it has to be read again soon: it may be incomplete, or waits for a media file."""
        return not self.is_settled or any(problem.message.code == UPLOAD_CODE for problem in self.problems)

    @property
    def reported_problems(self) -> tuple[Problem, ...]:
        """The problems to report: none until the file has settled."""
        return self.problems if self.is_settled else ()

    @property
    def cross_file_key(self) -> object:
        """What the problems of other articles depend on, with positions. Equal keys give equal problems."""
        article = self.article
        fields = article and (
            article.slug,
            article.id,
            article.twin,
            article.language,
            article.draft,
            article.published,
            article.tags,
            tuple(author.name for author in article.authors),
        )
        return fields, self.outline and self.outline.places

    def depends_on(self, changed: Set[str]) -> bool:
        """Return whether the file must be read again after files below `media/` changed, came or went."""
        may_be_any = self.is_broken or ANY_FILE in self.media
        return bool(changed) and (may_be_any or not self.media.keys().isdisjoint(changed))


class ArticleReader:
    """Reads the files of a content folder, one at a time."""

    def __init__(self, root: Path, media: MediaFolder) -> None:
        """Set the folder. Nothing is read yet."""
        self.root, self.media = root, media
        self.bodies = BodyStore()

    def load(self, path: Path, site: Site, before: ArticleFile | None, *, is_first: bool) -> ArticleFile:
        """Read and check a file. If it is broken, keep its last valid article.

        Problems are reported at once if `is_first`, the very first reading. Later, a file may be read while it is
        being written, so they are reported only once it has settled.
        """
        state = file_state(path)
        media = _RecordingMedia(self.media)
        article, tree, problems = self._read_and_check(path, site, media)
        is_broken = any(problem.severity == "error" for problem in problems)
        must_retry = any(problem.message.code in TEMPORARY_CODES for problem in problems) or _is_racy(state)
        problems = [  # an upload ends by itself
            replace(problem, severity="warning") if problem.message.code == UPLOAD_CODE else problem
            for problem in problems
        ]
        last_valid = before.article if before and before.article and before.article.is_valid_for(site) else None
        if is_broken:
            outline = before.outline if before and last_valid else None
            is_settled = is_first or (before is not None and before.state == state and before.is_broken)
            return ArticleFile(state, last_valid, outline, tuple(problems), True, is_settled, must_retry)
        current = last_valid if last_valid and article and _is_same(last_valid, article) else article
        outline = tree.outline() if tree else None
        if current is article and article:
            article.store_body(self.bodies.put)
        files = media.files or NO_MEDIA
        return ArticleFile(state, current, outline, tuple(problems), False, must_retry=must_retry, media=files)

    def _read_and_check(
        self, path: Path, site: Site, media: Media
    ) -> tuple[Article | None, Tree | None, list[Problem]]:
        name = slug(path.stem)
        if not name:
            message = Message.of("file-name-without-letters", name=path.stem)
            return None, None, [Problem(str(path), 1, 1, "", message)]
        tree, problems = self.read_tree(path)
        return self.check(tree, problems, path, site, media)

    def check(
        self, tree: Tree | None, problems: list[Problem], path: Path, site: Site, media: Media
    ) -> tuple[Article | None, Tree | None, list[Problem]]:
        """Return the article of a parsed file, its tree, and the file's problems, which include the given ones."""
        article = self.article(tree, path, site, media)
        if article and tree:
            problems += checks.placeholder_problems(tree, article)
            problems += dict.fromkeys(checks.body_problems(tree, article, site, media))  # one of each kind in a line
            problems += checks.text_warnings(tree, article)
            problems += checks.attachment_warnings(tree, article, site)
            problems += checks.summary_warning(tree, article)
            problems += checks.social_warning(tree, article, site)
            problems += checks.picture_warning(tree, article)
        return article, tree, problems

    def article(self, tree: Tree | None, path: Path, site: Site, media: Media | None = None) -> Article | None:
        """Return the article of a parsed file, with the pictures in its body, or None if it is not valid."""
        media = media or self.media
        article = read_article(tree, ArticleContext(site, media, slug(path.stem))) if tree else None
        return article and article.with_body_pictures(checks.pictures_in(article, site, media))

    def categories_in(self, path: Path) -> list[str]:
        """Return the categories that a file names, whether they exist or not."""
        tree, _ = self.read_tree(path)
        categories = tree.value.get("categories") if tree else None
        return [str(category) for category in categories] if isinstance(categories, list) else [str(categories)]

    def read_tree(self, path: Path) -> tuple[Tree | None, list[Problem]]:
        """Parse a file. Return its values, or None if it cannot be parsed, and its problems."""
        data, problem = self.read_bytes(path)
        return (None, [problem]) if problem else parse_yaml(data, str(path))

    def read_bytes(self, path: Path) -> tuple[bytes, Problem | None]:
        """Return the bytes of a file, and a problem if it cannot be read."""
        try:
            return self._read_bytes(path), None
        except InvalidValue as error:
            message = error.message
        except FileNotFoundError:
            message = Message.of("link-broken" if path.is_symlink() else "file-missing")
        except OSError as fault:
            message = Message.of("file-unreadable", reason=fault.strerror or "")
        return b"", Problem(str(path), 1, 1, "", message)

    def _read_bytes(self, path: Path) -> bytes:
        """Read a file without following a link out of the folder, and without blocking on a FIFO."""
        with os.fdopen(self._open(path), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InvalidValue("file-not-regular")
            if status.st_size > MAX_YAML_BYTES:
                raise InvalidValue("file-too-large", size=status.st_size, limit=MAX_YAML_BYTES)
            return file.readall()

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, _OPEN_FLAGS | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise InvalidValue("file-not-regular") from None
            if error.errno != errno.ELOOP:
                raise
        path.stat()  # raises OSError for a broken or circular link
        if not is_within(path, self.root):
            raise InvalidValue("link-leaves-folder", target=os.path.realpath(path))
        return os.open(path, _OPEN_FLAGS)


class _RecordingMedia:
    """The media folder for one article, which records the files that are looked up."""

    def __init__(self, media: MediaFolder) -> None:
        self._media = media
        self.files: dict[str, FileState] = {}

    def find(self, path: str) -> MediaFile:
        file = self._media.find(path)
        state = self._media.state_of(file)
        is_exact = "/".join(PurePosixPath(path).parts) == file.path  # else an exact match may be added
        self.files[file.path if state and is_exact else ANY_FILE] = state or ()
        return file


def _is_racy(state: FileState | None) -> bool:
    """Return whether a file was written just before it was read: another write may have the same time and size."""
    return state is not None and abs(time.time_ns() - state[0]) < RACY_NANOSECONDS


def _is_same(previous: Article, current: Article) -> bool:
    return (previous.id, previous.slug, previous.digest) == (current.id, current.slug, current.digest)


def free_name(name: str, existing_names: Container[str]) -> str:
    """Return a name that is not in `existing_names`: the start of `name`, numbered if necessary."""
    name, number = name[:80].rstrip("-"), 1
    while (candidate := name if number == 1 else f"{name}-{number}") in existing_names:
        number += 1
    return candidate


def is_ignored(name: str) -> bool:
    """Return whether a file is hidden, a lock, or a backup, by its name."""
    return name.startswith((".", "#", "~")) or name.endswith("~")


def name_problem(path: str) -> Problem | None:
    """Return a problem if the name of a file is not that of an article.

    It is an error if the file was surely meant as an article, else a warning.
    """
    if path.isascii() and path.endswith(ARTICLE_SUFFIX):
        return None
    shown = os.fsencode(path).decode(errors="replace")
    if shown != path:
        return Problem(shown, 1, 1, "", Message.of("file-name-not-utf-8"))
    file = Path(path)
    if file.suffix == ARTICLE_SUFFIX:
        return None
    if file.suffix in (".yml", ".txt", ".md") or ARTICLE_SUFFIX in file.suffixes:
        name = f"{file.name.partition('.')[0]}{ARTICLE_SUFFIX}"
        return Problem(path, 1, 1, "", Message.of("file-name-suffix", name=name))
    return Problem(path, 1, 1, "", Message.of("file-not-an-article"), "warning")
