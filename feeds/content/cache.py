"""ArticleStore: reads many article files at once, and keeps what was read, and the good texts, for the next process.

It decides nothing about an article. What was kept serves only for a file that is as it was, read by the same code
against the same site and the same files of media; all else is read.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from feeds.base.parallel import spread
from feeds.model.site import Site

from .media import file_state
from .reader import ArticleFile, ArticleFiles
from .row import Row, Seals, measured, media_row, to_row
from .state import StateFolder

MEDIA = "media/"
"""What the names of rows of other files than articles begin with."""

BATCH = 500
"""How many texts are kept at a time: all of them would be in memory twice."""


class ArticleStore:
    """The article files of a folder, and what a state folder knows of them; without one, nothing is kept."""

    def __init__(self, root: Path, reader: ArticleFiles, state: StateFolder | None) -> None:
        """Take both folders; nothing is read yet."""
        self._root, self._reader, self._state = root, reader, state
        self._unkept: set[Path] = set()
        self._seals: Seals | None = None

    def against(self, site: Site) -> None:
        """Tell which site files are read against from now on."""
        self._seals = Seals(site) if self._state else None

    def first(self, paths: Sequence[Path], site: Site) -> dict[Path, ArticleFile]:
        """Give what is in files of which this process knows nothing yet."""
        kept = self._kept(paths)
        unknown = [path for path in paths if path not in kept]
        self._unkept.update(unknown)

        def load(path: Path) -> ArticleFile:
            return self._reader.load(path, site, None, is_first=True)

        def unpack(path: Path, row: bytes) -> ArticleFile:
            found = Row(row)
            return found.file(path, found.state)

        kept.update(zip(unknown, spread(unknown, load, lambda file: to_row(file, b""), unpack), strict=True))
        return {path: kept[path] for path in paths}

    def _kept(self, paths: Sequence[Path]) -> dict[Path, ArticleFile]:
        """Give what was kept of files that are as they were, and forget those that are gone."""
        if self._state is None or self._seals is None:
            return {}
        known, found = {self._name(path): path for path in paths}, dict[Path, ArticleFile]()
        for name, seal, row in self._state.rows():
            path, is_good = known.get(name), self._seals.of(name, row) == seal
            if path is None and not (name.startswith(MEDIA) and (self._root / name).exists()):
                self._unkept.add(self._root / name)  # it is gone, which `keep` forgets
            elif path is None and is_good:
                self._reader.media.remember(*measured(row))
            elif path and is_good and (file := self._as_it_was(path, Row(row))):
                found[path] = file
        return found

    def _as_it_was(self, path: Path, row: Row) -> ArticleFile | None:
        """Give what was read of a file, unless it has changed; one that was only written anew has the same text."""
        state = file_state(path)
        if state is None or path.is_symlink():  # where a link leads has to be looked at
            return None
        if not all(self._reader.media.is_as(*each) for each in row.media.items()):
            return None
        if state != row.state:
            text, problem = self._reader.text(path)
            if problem or not row.is_of(text) or state != file_state(path):
                return None
            self._unkept.add(path)
        return row.file(path, state)

    def changed(self, paths: Collection[Path]) -> None:
        """Tell which files were read, or are gone: they are kept next."""
        self._unkept.update(paths)

    def keep(self, files: Mapping[Path, ArticleFile]) -> None:
        """Keep what was read since the last time and is good, for the next process."""
        changed, self._unkept = self._unkept, set()
        if self._state is None or self._seals is None or not changed:
            return
        seal, good = self._seals.of, self._good(files, changed)
        while some := list(islice(good, BATCH)):
            texts = [(name, text) for name, text, _ in some]
            self._state.keep_texts(texts, [(name, seal(name, row), row) for name, _, row in some if row])
        if news := self._reader.media.news():
            measured_files = ((f"{MEDIA}{file.path}", media_row(state, file)) for state, file in news)
            self._state.keep_texts((), [(name, seal(name, row), row) for name, row in measured_files])
        if gone := {self._name(path) for path in changed if path not in files}:
            self._state.forget_texts(gone)

    def _good(
        self, files: Mapping[Path, ArticleFile], paths: Collection[Path]
    ) -> Iterator[tuple[str, bytes, bytes | None]]:
        """Give the names of good files, their texts, and what was read of them as rows."""
        for path in paths:
            if (file := files.get(path)) and not file.is_broken:
                text, problem = self._reader.text(path)
                if not problem and file_state(path) == file.state:  # else it is another by now, not yet looked at
                    yield self._name(path), text, to_row(file, text)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


@contextmanager
def without_collection() -> Iterator[None]:
    """Put off the search for garbage: what is read is much, and no garbage; the search would take half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
