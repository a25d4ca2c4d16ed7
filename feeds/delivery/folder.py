"""BuildFolder: an edition as files for nginx and hosts of static files, for `feeds build`.

Only changes are written, each file atomically, and only files of an earlier build are removed. A list records the
files of a build. Until it is written, two journals record the names of new files and what was built already, so that
the next build finishes an interrupted one. Months are built in several processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TextIO

from feeds.base.atomic import atomic_write
from feeds.base.fingerprint import fingerprint_bytes
from feeds.base.locks import FileLock
from feeds.base.parallel import core_count
from feeds.edition.edition import MANIFEST_PATH
from feeds.feed.manifest import Manifest
from feeds.model.site import Site

from . import host_config, static_search
from .build_list import INTERRUPTED_FILE, BuiltFile, from_json, is_name, to_json
from .build_order import build_in_order
from .copies import ENDINGS, CompressedCopies, compress
from .export import Export, ExportedContent, ExportedFile
from .sources import Sources

BUILD_LIST, SOURCES = ".feeds.json", ".feeds.sources"
"""The list of the files of a build, and what they were made from."""

JOURNAL, DONE = ".feeds.new", ".feeds.done"
"""The journals of a build in progress: the names of new files, and the records of files that were written."""

NGINX_FOLDER = ".nginx"
"""The folder of files that nginx includes: `maps.conf` outside its servers, and `server.conf` in one."""

HOST_FILES: Mapping[str, Callable[[host_config.Hosting], bytes]] = {
    "_redirects": host_config.redirects,
    "_headers": host_config.headers,
    f"{NGINX_FOLDER}/maps.conf": host_config.nginx_maps,
    f"{NGINX_FOLDER}/server.conf": host_config.nginx_server,
}
"""The files that configure hosts, and the functions that render them."""

_TEMPORARY_PREFIX = ".feeds-new-"

_ONE_SECOND = timedelta(seconds=1)

_Result = tuple[str, BuiltFile | None, bool]
"""The name of a file, its record if that is new, and whether the file was written."""


class FolderError(Exception):
    """A folder that cannot be built into: what is wrong, and what was expected."""


@dataclass
class BuildReport:
    """What a build did: its site and manifest, the names of written files, and counts of removed and unchanged ones.

    Compressed copies are not counted.
    """

    site: Site
    manifest: Manifest
    written: list[str] = field(default_factory=list)
    removed: int = 0
    unchanged: int = 0

    @property
    def needs_nginx_reload(self) -> bool:
        """Return whether nginx has to reload its configuration."""
        return any(name.startswith(f"{NGINX_FOLDER}/") for name in self.written)


class BuildFolder:
    """A folder that a web server uses as the root of a host."""

    def __init__(self, root: Path) -> None:
        """Set the folder, which need not exist. Nothing is read yet."""
        self.root = root
        self._listed_files: dict[str, BuiltFile] = {}
        self._known_files: dict[str, BuiltFile] = {}  # listed files, and those that an interrupted build began
        self._foreign_files: set[str] = set()
        self._sources: Sources | None = None
        self._is_resumed = False

    def build(
        self,
        make: Callable[[Manifest | None], Export],
        site: Site,
        *,
        force: bool = False,
        with_copies: bool = True,
        progress: Callable[[int, int], object] = lambda done, total: None,
    ) -> BuildReport:
        """Write an edition over an earlier one.

        `make` takes the manifest of the earlier one and returns the export. It is called once no other build runs.
        `force` builds into a folder that contains other files, and touches none of them. Without `with_copies`
        nothing is compressed. `progress` is called with the number of files that are done, and that of all. Raises
        FolderError, and OSError if the disk fails; the next build resumes.
        """
        self._endings = ENDINGS if with_copies else ()
        with self._journal() as journal:
            if self._foreign_files and not force:
                raise FolderError(self._foreign_files_message())
            export = make(self._manifest(site))
            report = BuildReport(export.edition.site, export.edition.manifest)
            sources = export.sources()
            files, unaffected = self._files_to_check(export, sources)
            self._record_new_names(journal, [*(file.name for file in files), *HOST_FILES])
            total = len(files) + len(HOST_FILES)
            results = list(build_in_order(files, self._build_files, lambda done: progress(done, total)))
            now = unaffected | self._records(results)
            host_results = self._build_files(list(_host_files(export, now)))
            now |= self._records(host_results)
            results += host_results
            report.written = [name for name, _, is_written in results if is_written]
            report.unchanged = len(results) - len(report.written) + len(unaffected)
            for name in sorted(self._known_files.keys() - now.keys()):
                self._remove(name)
                report.removed += 1
            if now != self._listed_files:
                self._write(BUILD_LIST, to_json(now), is_durable=True)
            if sources != self._sources:  # after the list, so that what it says is never newer than the files
                self._write(SOURCES, sources.to_json())
        return report

    def _files_to_check(self, export: Export, sources: Sources) -> tuple[list[ExportedFile], dict[str, BuiltFile]]:
        """Return the files that may have changed, and the records of all others.

        The first are all files, unless only some articles changed since the last build.
        """
        affected = None
        if self._sources and not self._is_resumed and (changed := sources.changed_since(self._sources)) is not None:
            affected = export.affected_by(changed, self._sources)
        copies = list(export.guessed_path_copies(with_ending=True))
        if affected is not None:
            files = list(export.files((copy for copy in copies if copy.original in affected), only=affected))
            looked_at = {file.name for file in files}
            unlisted = tuple(
                f"{export.edition.site.path}/{name}/"[1:] for name in ("media", "pictures", static_search.FOLDER)
            )
            unaffected = {
                name: built
                for name, built in self._listed_files.items()
                if name not in looked_at and name not in HOST_FILES and not name.startswith(unlisted)
            }
            if all(self._is_intact(name, built) for name, built in unaffected.items()):
                return files, unaffected
        return list(export.files(copies)), {}

    def _records(self, results: Iterable[_Result]) -> dict[str, BuiltFile]:
        """Return the records of files by name."""
        return {name: built or self._known_files[name] for name, built, _ in results}

    def _manifest(self, site: Site) -> Manifest | None:
        """Return the manifest of the last build, or None if it is missing or cannot be read."""
        name = f"{site.path}{MANIFEST_PATH}"[1:]
        if name in self._known_files:
            with suppress(OSError, ValueError):
                return Manifest.from_json((self.root / name).read_bytes())
        return None

    @contextmanager
    def _journal(self) -> Iterator[TextIO]:
        """Lock out other builds (flock), and read the folder. The journal is deleted once all is done."""
        self._make_folder(self.root)
        with FileLock(self.root):
            self._listed_files = self._read_list()
            path = self.root / JOURNAL
            with path.open("a+", encoding="utf-8", errors="replace") as journal:
                journal.seek(0)
                lines = journal.read().split("\n")[:-1]  # complete lines
                begun = dict.fromkeys(filter(is_name, lines), INTERRUPTED_FILE)
                done = self._read_written()
                self._known_files = begun | self._listed_files | done
                self._is_resumed = bool(begun or done)
                self._sources = self._read_sources()
                self._foreign_files = set(self._foreign_names())
                is_done = False
                try:
                    yield journal
                    is_done = True
                finally:
                    if is_done or not os.fstat(journal.fileno()).st_size:  # a full disk may leave it empty
                        path.unlink()
                    if is_done:
                        (self.root / DONE).unlink(missing_ok=True)

    def _record_new_names(self, journal: TextIO, names: Iterable[str]) -> None:
        """Write new names to the journal, and flush it to disk, before any of the files is written."""
        journal.writelines(f"{name}\n" for name in names if name not in self._known_files)
        journal.flush()
        os.fsync(journal.fileno())

    def _foreign_names(self) -> Iterator[str]:
        """Yield the names of files that no build wrote. Files that a build left half-written are deleted."""
        own_names = {
            BUILD_LIST,
            JOURNAL,
            DONE,
            SOURCES,
            *(name + ending for name in self._known_files for ending in ("", *ENDINGS)),
        }
        start = len(str(self.root)) + 1
        for folder, folders, names in os.walk(self.root):
            links = [entry for entry in folders if os.path.islink(f"{folder}/{entry}")]
            for entry in (*names, *links):
                name = f"{folder}/{entry}"[start:]
                if entry.startswith(_TEMPORARY_PREFIX):
                    os.unlink(f"{folder}/{entry}")
                elif name not in own_names:
                    yield name

    def _foreign_files_message(self) -> str:
        examples = ", ".join(sorted(self._foreign_files)[:3])
        count = len(self._foreign_files)
        more = f" and {count - 3:,} more" if count > 3 else ""
        return (
            f"{self.root} contains files that no build wrote: {examples}{more} (use an empty folder, or --force,"
            " which leaves them as they are)"
        )

    def _build_files(self, files: Sequence[ExportedFile]) -> list[_Result]:
        """Build files in order, and record what was written, for the build that continues an interrupted one."""
        copies = self._compress_main_files(files)
        results: list[_Result] = []
        try:
            for file in files:
                results.append(self._build_file(file, copies.get(file.name)))
        finally:
            with suppress(OSError):  # then the next build does more
                self._record_written(results)
        return results

    def _compress_main_files(self, files: Iterable[ExportedFile]) -> dict[str, CompressedCopies]:
        """Return the copies of main files that changed. They are made in threads: the best levels take long."""
        changed = [file for file in files if self._endings and file.is_main and not self._is_current(file)]
        if not changed:
            return {}
        with ThreadPoolExecutor(core_count()) as pool:
            copies = pool.map(partial(compress, endings=self._endings), changed)
            return {file.name: copy for file, copy in zip(changed, copies, strict=True)}

    def _record_written(self, results: Iterable[_Result]) -> None:
        """Append the records of written files to the journal of what is done."""
        if written := {name: built for name, built, is_written in results if built and is_written}:
            with (self.root / DONE).open("ab") as journal:
                journal.write(to_json(written).replace(b"\n", b"") + b"\n")

    def _read_written(self) -> dict[str, BuiltFile]:
        """Return the records of an interrupted build. A line that is damaged or not complete is left out."""
        done: dict[str, BuiltFile] = {}
        with suppress(FileNotFoundError):
            for line in (self.root / DONE).read_bytes().splitlines():
                with suppress(ValueError):
                    done |= from_json(line)
        return done

    def _build_file(self, file: ExportedFile, copies: CompressedCopies | None) -> _Result:
        if self._is_current(file):
            known = self._known_files[file.name]
            is_same = known.inputs_digest == file.inputs_digest
            return file.name, None if is_same else replace(known, inputs_digest=file.inputs_digest), False
        return file.name, self._write_file(file, copies or compress(file, self._endings)), True

    def _is_current(self, file: ExportedFile) -> bool:
        """Return whether a file and its compressed copies are as an earlier build wrote them.

        It is rendered only if its `inputs_digest` is unknown or different.
        """
        built = self._known_files.get(file.name)
        if built is None or not self._is_intact(file.name, built):
            return False
        return (
            built.inputs_digest is not None and built.inputs_digest == file.inputs_digest
        ) or built.digest == file.content.digest

    def _is_intact(self, name: str, built: BuiltFile) -> bool:
        if built.lengths.keys() != {"", *self._endings}:
            return False
        modified = built.modified.timestamp()
        for ending, length in built.lengths.items():
            if length >= 0:
                try:
                    status = os.stat(f"{self.root}/{name}{ending}")
                except OSError:
                    return False
                if status.st_size != length or status.st_mtime != modified:
                    return False
        return True

    def _write_file(self, file: ExportedFile, copies: CompressedCopies) -> BuiltFile:
        """Write a file and its copies. Its date moves forward whenever its content changes."""
        built = self._known_files.get(file.name)
        self._make_way(file)
        content = file.content
        modified = max(content.modified, built.modified + _ONE_SECOND) if built else content.modified
        lengths = {}
        for ending, data in {**copies, "": content.source}.items():
            lengths[ending] = -1 if data is None else self._write(file.name + ending, data, modified)
        for ending, length in built.lengths.items() if built else ():
            if length >= 0 and lengths.get(ending, -1) < 0:
                (self.root / (file.name + ending)).unlink(missing_ok=True)
        return BuiltFile(content.digest, file.inputs_digest, content.content_type, content.headers, modified, lengths)

    def _make_way(self, file: ExportedFile) -> None:
        """Remove what an earlier build wrote where a file, or one of its folders, is to be.

        Raises FolderError if a file that no build wrote is in the way.
        """
        folders = [str(parent) for parent in PurePosixPath(file.name).parents][:-1]
        if self._foreign_files:
            conflicts = [file.name, *(file.name + ending for ending in ENDINGS), *folders]
            for name in self._foreign_files.intersection(conflicts):
                raise FolderError(f"{self.root / name} is in the way: no build wrote it (move it elsewhere)")
        for name in (name for name in folders if name in self._known_files):
            self._remove(name)
        if (self.root / file.name).is_dir():
            for name in [name for name in self._known_files if name.startswith(f"{file.name}/")]:
                self._remove(name)

    def _make_folder(self, path: Path) -> None:
        """Create a folder that a web server may enter, whoever runs the build."""
        if not path.is_dir():
            self._make_folder(path.parent)
            with suppress(FileExistsError):
                path.mkdir()
                path.chmod(0o755)

    def _write(
        self, name: str, source: bytes | Path, modified: datetime | None = None, *, is_durable: bool = False
    ) -> int:
        """Write a file atomically: under another name first, so that nobody sees half of it. Return its length."""
        path = self.root / name
        self._make_folder(path.parent)
        return atomic_write(path, source, modified=modified, is_durable=is_durable, prefix=_TEMPORARY_PREFIX)

    def _remove(self, name: str) -> None:
        """Remove a file of an earlier build, and the folders that are empty then."""
        built = self._known_files.pop(name)
        endings = [ending for ending, length in built.lengths.items() if length >= 0]
        if built is INTERRUPTED_FILE:  # any of them may have been written
            endings = [ending for ending in ("", *ENDINGS) if name + ending not in self._known_files]
        for ending in endings:
            # there may never have been a file that an interrupted build wanted to write
            with suppress(OSError) if built is INTERRUPTED_FILE else nullcontext():
                (self.root / (name + ending)).unlink(missing_ok=True)
        for folder in (self.root / name).parents:
            if folder == self.root or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()

    def _read_sources(self) -> Sources | None:
        """Return what the last build was made from, if that is known."""
        try:
            return Sources.from_json((self.root / SOURCES).read_bytes())
        except FileNotFoundError:
            return None

    def _read_list(self) -> dict[str, BuiltFile]:
        """Return the list of the last build, if any. Raises FolderError if it cannot be read."""
        try:
            return from_json((self.root / BUILD_LIST).read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            message = f"{self.root / BUILD_LIST} cannot be read: {error} (remove {self.root} and build again)"
            raise FolderError(message) from None


def _host_files(export: Export, built_files: Mapping[str, BuiltFile]) -> Iterator[ExportedFile]:
    """Yield the files that configure hosts, once all others have been written."""
    hosted = [
        host_config.HostedFile(f"/{name}", file.content_type, dict(file.headers))
        for name, file in sorted(built_files.items())
    ]
    arguments = (
        export.redirects(),
        export.query_redirects(),
        export.rewrites(),
        export.not_found_pages(),
        dict(export.headers),
    )
    hosting = host_config.Hosting(export.edition.site, hosted, *arguments)
    for name, write in HOST_FILES.items():
        data = write(hosting)
        content = ExportedContent(
            data, "application/octet-stream", (), export.edition.modified, fingerprint_bytes(data)
        )
        yield ExportedFile(f"/{name}", 4, False, lambda content=content: content)  # type: ignore[misc]
