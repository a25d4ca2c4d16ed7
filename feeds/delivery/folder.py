"""BuildFolder: an edition as files that any web server gives, for `flask build`.

It writes only what changed, each file whole, and removes only what an earlier build wrote. What that was stands in a
list of its own, and what is being written in a journal, so that an interrupted build is finished by the next.
"""

from __future__ import annotations

import gzip
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TextIO

import brotli

from feeds.base.atomic import write_whole
from feeds.base.fingerprint import fingerprint_bytes
from feeds.base.locks import FileLock
from feeds.edition.document import pays
from feeds.edition.edition import MANIFEST
from feeds.feed.manifest import Manifest
from feeds.model.site import Site

from . import host_config
from .build_list import BEGUN, Written, from_json, is_name, to_json
from .export import Export, ExportedFile, Made

LIST, JOURNAL = ".feeds.json", ".feeds.new"
"""What a build wrote; and, until it is done, the names of what it was the first to write."""

NGINX = ".nginx"
"""The folder of what nginx includes: `maps.conf` outside its servers, and `server.conf` in one."""

LARGE = 500_000
"""Bytes beyond which Brotli's best level takes seconds, at every change: the manifest of a large site, say."""

CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, 9, mtime=0),
    ".br": lambda data: bytes(brotli.compress(data, quality=11 if len(data) <= LARGE else 9)),
}
"""The endings of compressed copies, which hosts look for beside a file, and what makes them."""

HOST_FILES: Mapping[str, Callable[[host_config.Hosting], bytes]] = {
    "_redirects": host_config.redirects,
    "_headers": host_config.headers,
    f"{NGINX}/maps.conf": host_config.nginx_maps,
    f"{NGINX}/server.conf": host_config.nginx_server,
}
"""The files that tell hosts about all others."""

_LONGEST = 255
"""Bytes that the name of a file may have."""

_TEMPORARY = ".feeds-new-"

_AHEAD = 32
"""How many files are compressed ahead of the one that is written."""

_SECOND = timedelta(seconds=1)

Copies = Mapping[str, bytes | None]
"""The compressed copies of a file by their endings; nothing where one does not pay."""


class FolderError(Exception):
    """A folder that cannot be built in: what was found, and what is wanted."""


@dataclass
class Report:
    """What a build did, compressed copies apart: the names of what it wrote, and numbers of files; and of what site."""

    site: Site
    manifest: Manifest
    written: list[str] = field(default_factory=list)
    removed: int = 0
    unchanged: int = 0

    @property
    def tells_nginx(self) -> bool:
        """Tell whether nginx has to read its configuration again."""
        return any(name.startswith(f"{NGINX}/") for name in self.written)


class BuildFolder:
    """A folder that a web server has as the root of a host."""

    def __init__(self, root: Path) -> None:
        """Look at a folder; nothing is read yet, and it need not be there."""
        self.root = root
        self._listed: dict[str, Written] = {}
        self._known: dict[str, Written] = {}  # what is listed, and what one that was cut off began
        self._foreign: set[str] = set()

    def build(
        self,
        make: Callable[[Manifest | None], Export],
        site: Site,
        *,
        force: bool = False,
        with_copies: bool = True,
        progress: Callable[[int], object] = lambda count: None,
    ) -> Report:
        """Write an edition over an earlier one; `make` makes it, after the manifest of that, once no other build runs.

        `force` goes on where there are files that no build wrote, and touches none of them. Without
        `with_copies` nothing is compressed. `progress` is told how many files are left. Raises FolderError, and OSError
        where the disk fails; the next build goes on from there.
        """
        endings = tuple(CODINGS) if with_copies else ()
        with self._journal() as journal:
            if self._foreign and not force:
                raise FolderError(self._refusal())
            export = make(self._manifest(site))
            report, now, left = (
                Report(export.edition.site, export.edition.manifest),
                dict[str, Written](),
                export.count(),
            )
            files = list(export.files(export.guessed(with_ending=True)))
            self._begin(journal, [*(file.name for file in files), *HOST_FILES])
            for some in (iter(files), _for_hosts(export, now)):
                for file, coded in self._compressed(some, endings):
                    if coded is None:
                        now[file.name] = replace(self._known[file.name], made_of=file.made_of)
                        report.unchanged += 1
                    else:
                        now[file.name] = self._put(file, coded)
                        report.written.append(file.name)
                    left -= 1
                    progress(max(left, 0))
            for name in sorted(self._known.keys() - now.keys()):
                self._remove(name)
                report.removed += 1
            if now != self._listed:
                self._write(LIST, to_json(now), is_durable=True)
        return report

    def _manifest(self, site: Site) -> Manifest | None:
        """Give the manifest of what was built last; nothing where there is none that can be read."""
        name = f"{site.path}{MANIFEST}"[1:]
        if name in self._known:
            with suppress(OSError, ValueError):
                return Manifest.from_json((self.root / name).read_bytes())
        return None

    @contextmanager
    def _journal(self) -> Iterator[TextIO]:
        """Keep other builds out (flock), and learn what is there; the journal goes once all is done."""
        self._make_folder(self.root)
        with FileLock(self.root):
            self._listed = self._read_list()
            path = self.root / JOURNAL
            with path.open("a+", encoding="utf-8", errors="replace") as journal:
                journal.seek(0)
                lines = journal.read().split("\n")[:-1]  # what was written to its end
                begun = dict.fromkeys(filter(is_name, lines), BEGUN)
                self._known = begun | self._listed
                self._foreign = set(self._look_around())
                is_done = False
                try:
                    yield journal
                    is_done = True
                finally:
                    if is_done or not journal.tell():
                        path.unlink()

    def _begin(self, journal: TextIO, names: Iterable[str]) -> None:
        """Write down what is new, through to the disk, before any of it is there."""
        journal.writelines(f"{name}\n" for name in names if name not in self._known)
        journal.flush()
        os.fsync(journal.fileno())

    def _look_around(self) -> Iterator[str]:
        """Go through the names of what no build wrote; what a build left half written is removed."""
        own = {LIST, JOURNAL, *(name + ending for name in self._known for ending in ("", *CODINGS))}
        for folder, folders, names in os.walk(self.root):
            place = os.path.relpath(folder, self.root)
            links = [each for each in folders if os.path.islink(os.path.join(folder, each))]
            for each in (*names, *links):
                name = each if place == "." else f"{place}/{each}"
                if each.startswith(_TEMPORARY):
                    (self.root / name).unlink()
                elif name not in own:
                    yield name

    def _refusal(self) -> str:
        some = ", ".join(sorted(self._foreign)[:3])
        count = len(self._foreign)
        more = f" and {count - 3:,} more" if count > 3 else ""
        return (
            f"{self.root} contains files that no build wrote: {some}{more} (use an empty folder, or --force,"
            " which leaves them as they are)"
        )

    def _compressed(
        self, files: Iterator[ExportedFile], endings: tuple[str, ...]
    ) -> Iterator[tuple[ExportedFile, Copies | None]]:
        """Give all files in their order, and what is not there as it should be with its compressed copies.

        Some are compressed ahead, in threads.
        """
        ahead: deque[tuple[ExportedFile, Future[Copies] | None]] = deque()
        with ThreadPoolExecutor() as pool:
            for file in files:
                is_same = self._is_current(file, endings)
                ahead.append((file, None if is_same else pool.submit(_copies, file.made, file.name, endings)))
                if len(ahead) > _AHEAD:
                    yield _finished(*ahead.popleft())
            while ahead:
                yield _finished(*ahead.popleft())

    def _is_current(self, file: ExportedFile, endings: tuple[str, ...]) -> bool:
        """Tell whether a file and its compressed copies are there as an earlier build wrote them.

        It is only made where it is not known to be made of the same.
        """
        known = self._known.get(file.name)
        if known is None or not self._is_there(file.name, known, endings):
            return False
        return (known.made_of is not None and known.made_of == file.made_of) or known.digest == file.made.digest

    def _is_there(self, name: str, known: Written, endings: tuple[str, ...]) -> bool:
        there = {ending: length for ending, length in known.lengths.items() if length >= 0}
        return known.lengths.keys() == {"", *endings} and all(
            self._state(name + ending) == (known.modified, length) for ending, length in there.items()
        )

    def _state(self, name: str) -> tuple[datetime, int] | None:
        try:
            found = (self.root / name).stat()
            return datetime.fromtimestamp(found.st_mtime, UTC), found.st_size
        except OSError:
            return None

    def _put(self, file: ExportedFile, copies: Copies) -> Written:
        """Write a file and its copies; its date moves forward whenever it is another."""
        known = self._known.get(file.name)
        self._make_way(file)
        made = file.made
        modified = max(made.modified, known.modified + _SECOND) if known else made.modified
        lengths = {}
        for ending, data in {**copies, "": made.source}.items():
            lengths[ending] = -1 if data is None else self._write(file.name + ending, data, modified)
        for ending, length in known.lengths.items() if known else ():
            if length >= 0 and lengths.get(ending, -1) < 0:
                (self.root / (file.name + ending)).unlink(missing_ok=True)
        return Written(made.digest, file.made_of, made.content_type, made.headers, modified, lengths)

    def _make_way(self, file: ExportedFile) -> None:
        """Clear the place of a file: of what an earlier build had where it, or its folder, is to be.

        Raises FolderError where a file that no build wrote is in the way.
        """
        folders = [str(each) for each in PurePosixPath(file.name).parents][:-1]
        if self._foreign:
            ways = [file.name, *(file.name + ending for ending in CODINGS), *folders]
            for name in self._foreign.intersection(ways):
                raise FolderError(f"{self.root / name} is in the way: no build wrote it (move it elsewhere)")
        for name in (name for name in folders if name in self._known):
            self._remove(name)
        if (self.root / file.name).is_dir():
            for name in [name for name in self._known if name.startswith(f"{file.name}/")]:
                self._remove(name)

    def _make_folder(self, path: Path) -> None:
        """Make a folder that a web server may enter, whoever builds."""
        if not path.is_dir():
            self._make_folder(path.parent)
            with suppress(FileExistsError):
                path.mkdir()
                path.chmod(0o755)

    def _write(
        self, name: str, source: bytes | Path, modified: datetime | None = None, *, is_durable: bool = False
    ) -> int:
        """Write a file whole, under another name first, so that nobody sees half of it; give its length."""
        path = self.root / name
        self._make_folder(path.parent)
        return write_whole(path, source, modified=modified, is_durable=is_durable, prefix=_TEMPORARY)

    def _remove(self, name: str) -> None:
        """Remove what an earlier build wrote, and the folders that are empty then."""
        known = self._known.pop(name)
        there = [ending for ending, length in known.lengths.items() if length >= 0]
        if known is BEGUN:  # it may have come to any of them
            there = [ending for ending in ("", *CODINGS) if name + ending not in self._known]
        for ending in there:
            with (
                suppress(OSError) if known is BEGUN else nullcontext()
            ):  # nothing of that name may ever have been there
                (self.root / (name + ending)).unlink(missing_ok=True)
        for folder in (self.root / name).parents:
            if folder == self.root or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()

    def _read_list(self) -> dict[str, Written]:
        """Read the list of what was written. Raises FolderError where there is one that cannot be read."""
        try:
            return from_json((self.root / LIST).read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as fault:
            message = f"{self.root / LIST} cannot be read: {fault} (remove {self.root} and build again)"
            raise FolderError(message) from None


def _finished(file: ExportedFile, copies: Future[Copies] | None) -> tuple[ExportedFile, Copies | None]:
    return file, copies.result() if copies else None


def _copies(made: Made, name: str, endings: tuple[str, ...]) -> Copies:
    if not made.is_text or isinstance(made.source, Path):  # an author may have a file of that very name
        return dict.fromkeys(endings)
    data = made.data
    room = _LONGEST - len(os.fsencode(name.rpartition("/")[2]))
    coded = {ending: CODINGS[ending](data) if len(ending) <= room else data for ending in endings}
    return {ending: found if pays(found, data) else None for ending, found in coded.items()}


def _for_hosts(export: Export, written: Mapping[str, Written]) -> Iterator[ExportedFile]:
    """Give the files that tell hosts about all others, once these are there."""
    hosted = [
        host_config.HostedFile(f"/{name}", each.content_type, dict(each.headers)) for name, each in written.items()
    ]
    about = export.redirects(), export.asked(), export.places(), export.missing(), dict(export.headers)
    told = host_config.Hosting(export.edition.site, hosted, *about)
    for name, write in HOST_FILES.items():
        data = write(told)
        made = Made(data, "application/octet-stream", (), export.edition.modified, fingerprint_bytes(data))
        yield ExportedFile(f"/{name}", 4, False, lambda made=made: made)  # type: ignore[misc]
