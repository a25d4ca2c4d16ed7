"""Bucket: an edition as objects of S3, Google or Azure, for `flask publish`.

It sends only what changed. What was sent stands in a list, itself an object, which is only ever replaced where nobody
else has replaced it meanwhile (a conditional put), and which names what is being sent before it is: so an interrupted
publish is finished by the next, and of two at once the later one starts over from what the other sent.
"""

from __future__ import annotations

import gzip
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import from_url

from feeds.edition.document import pays
from feeds.edition.edition import MANIFEST
from feeds.feed.manifest import Manifest
from feeds.model.site import Site

from .bucket_list import Inventory, State
from .export import Export, ExportedFile

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from .websub import Told

LIST = ".feeds.json"
"""The object that tells what was sent."""

MARK = {"publisher": "feeds"}
"""What every object of ours says of itself, as its metadata."""

SCHEMES = ("s3", "gs", "az")

LARGE = 4_000_000
"""Bytes beyond which an object is sent in parts: one request has half a minute."""

BATCH = 200
"""How many objects are sent between two writings of the list: so many are sent again after an interruption at most."""

_THREADS = 8
_ATTEMPTS = 8

Make = Callable[[Manifest | None], Export]
"""Makes the files to be published after what was published last."""


class BucketError(Exception):
    """A bucket that cannot be published in: what was found, and what is wanted."""


class _OvertakenError(Exception):
    """Somebody else has replaced the list."""


@dataclass
class Report:
    """What was sent and removed, by key; and how many objects were as they should be."""

    sent: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    manifest: Manifest = field(default_factory=Manifest)


class Bucket:
    """A bucket, or what is below a prefix of one, that readers fetch from; it is the root of the host."""

    def __init__(self, url: str, *, with_gzip: bool = False) -> None:
        """Take an address such as `s3://bucket/prefix`; what opens it comes from the environment, as obstore has it.

        `with_gzip` sends texts compressed, for a bucket that unpacks them for those who want them so. Raises
        BucketError.
        """
        self.url, self._with_gzip = url, with_gzip
        parts = urlsplit(url)
        if parts.password is not None or parts.query:  # it would stand in the log, and is not repeated here either
            message = "contains a password or a query (use s3://bucket/path; credentials come from the environment)"
            raise BucketError(f"the address {parts.scheme}://… {message}")
        if url.partition("://")[0] not in SCHEMES:
            raise BucketError(f"{url} is not a bucket (expected s3://…, gs://… or az://…)")
        for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL"):
            is_open = url.startswith("s3:") and os.environ.get(name, "").startswith("http:")
            if is_open and os.environ.get("AWS_ALLOW_HTTP", "").lower() != "true":
                raise BucketError(f"{name} is not encrypted (expected https, or AWS_ALLOW_HTTP=true as well)")
        try:
            self._store: ObjectStore = from_url(url)
        except (BaseError, ValueError, OSError) as fault:
            raise BucketError(f"{url} cannot be used: {fault}") from None
        self._touched: set[str] = set()

    def publish(
        self, make: Make, site: Site, *, force: bool = False, pause: Callable[[float], None] = time.sleep
    ) -> Report:
        """Send what changed, and remove what is gone. Raises BucketError, and the next publish goes on from there.

        `force` goes on where there are objects that no publish sent, and overwrites none of them.
        """
        self._touched = set()
        for attempt in range(_ATTEMPTS):
            try:
                with self._explained():
                    return self._publish(make, site, force)
            except _OvertakenError:
                pause(random.uniform(0, 2.0**attempt / 4))  # so that one of two comes to its end first
        raise BucketError(f"{self.url}: another publisher keeps writing there (run one publisher at a time)")

    def compare(self, make: Make, site: Site) -> Report:
        """Tell what `publish` would send and remove. Raises BucketError."""
        with self._explained():
            found = self._inventory()
            self._first_key()  # a bucket that is not there is told
            export = make(self._manifest(site, found))
            report, keys = Report(manifest=export.edition.manifest), set[str]()
            for file in self._changed(export, found, report, keys):
                report.sent.append(file.key)
            report.removed = sorted(found.objects.keys() - keys)
            return report

    def manifest(self, site: Site) -> Manifest | None:
        """Give the manifest of what was published last, if there is one. Raises BucketError."""
        with self._explained():
            return self._manifest(site, self._inventory())

    def told(self) -> Told:
        """Give what each hub was told. Raises BucketError."""
        with self._explained():
            return self._inventory().told

    def keep_told(self, told: Told) -> None:
        """Write down what each hub was told; where somebody else publishes, they tell hubs again."""
        with self._explained(), suppress(_OvertakenError):
            found = self._inventory()
            if found.told != told:
                found.told = told
                self._write(found)

    def _publish(self, make: Make, site: Site, force: bool) -> Report:
        found = self._inventory()
        if found.version is None and not force and (other := self._first_key()):
            raise BucketError(
                f"{self.url} contains objects that no publish sent: {other} (use an empty prefix, or --force,"
                " which leaves them as they are)"
            )
        before = dict(found.objects)
        export = make(self._manifest(site, found))
        report, now = Report(manifest=export.edition.manifest), set[str]()
        with ThreadPoolExecutor(_THREADS) as pool:
            for batch in _batches(self._changed(export, found, report, now)):
                self._begin({file.key for file in batch}, found)
                list(pool.map(lambda file: self._send(file, is_new=file.key not in found.objects), batch))
                report.sent += [file.key for file in batch]
                found.objects |= {file.key: self._state(file) for file in batch}
                found.pending -= {file.key for file in batch}
            gone = sorted((found.objects.keys() | found.pending) - now)
            if gone:
                self._begin(set(gone), found)
                list(pool.map(lambda key: self._delete(key, is_new=key not in found.objects), gone))
                report.removed = [key for key in gone if key in found.objects]
        found.objects = {key: state for key, state in found.objects.items() if key in now}
        found.pending.clear()
        if self._touched or found.objects != before:
            self._write(found)
        return report

    def _changed(self, export: Export, found: Inventory, report: Report, now: set[str]) -> Iterator[ExportedFile]:
        for file in _files(export):
            now.add(file.key)
            if self._is_current(file, found):
                report.unchanged += 1
            else:
                _ = file.made  # feedgen sets the locale of the process: one thread alone may write feeds
                yield file

    def _is_current(self, file: ExportedFile, found: Inventory) -> bool:
        """Tell whether an object is what it should be; it is only made where it is not known to be made of the same."""
        known = found.objects.get(file.key)
        if known is None or file.key in found.pending or file.key in self._touched:
            return False
        if known.made_of is not None and known.made_of == (file.made_of and self._coded(file.made_of)):
            return True
        state = self._state(file)
        if known.digest != state.digest:
            return False
        found.objects[file.key] = state
        return True

    def _state(self, file: ExportedFile) -> State:
        digest = self._coded(file.made.digest) if file.made.is_text else file.made.digest
        return State(digest, file.made_of and self._coded(file.made_of))

    def _coded(self, digest: str) -> str:
        return f"{digest}-gzip" if self._with_gzip else digest

    def _begin(self, keys: set[str], found: Inventory) -> None:
        """Write down what is sent or removed next: of these it is not known any more what they are."""
        found.pending |= keys
        self._write(found)
        self._touched |= keys

    def _send(self, file: ExportedFile, *, is_new: bool) -> None:
        """Send an object; one that is new to us overwrites none that somebody else has put there."""
        made = file.made
        attributes = {"Content-Type": made.content_type, "Cache-Control": dict(made.headers)["Cache-Control"], **MARK}
        source = made.source
        if self._with_gzip and made.is_text:
            data = made.data
            coded = gzip.compress(data, 9, mtime=0)
            source = coded if pays(coded, data) else data
            attributes |= {"Content-Encoding": "gzip"} if source is coded else {}
        if is_new and not self._create(file.key, source, attributes):
            if not _is_ours(obstore.get(self._store, file.key).attributes):
                message = f"{self.url}: {file.key} is in the way: no publish sent it (move it elsewhere)"
                raise BucketError(message)
            is_new = False
        if not is_new:
            obstore.put(self._store, file.key, source, attributes=attributes)

    def _create(self, key: str, source: bytes | Path, attributes: dict[str, str]) -> bool:
        """Send an object unless there is one of its key; tell whether it was sent.

        What is large goes in parts, which no bucket takes on a condition: it is only looked for before.
        """
        if isinstance(source, Path) and source.stat().st_size > LARGE:
            with suppress(FileNotFoundError):
                obstore.head(self._store, key)
                return False
            obstore.put(self._store, key, source, attributes=attributes)
            return True
        try:
            obstore.put(self._store, key, source, attributes=attributes, mode="create", use_multipart=False)
            return True
        except AlreadyExistsError:
            return False

    def _delete(self, key: str, *, is_new: bool) -> None:
        """Remove an object of ours; of what was only about to be sent for the first time, it has to be marked so."""
        with suppress(FileNotFoundError):
            if not is_new or _is_ours(obstore.get(self._store, key).attributes):
                obstore.delete(self._store, key)

    def _inventory(self) -> Inventory:
        try:
            found = obstore.get(self._store, LIST)
        except FileNotFoundError:
            return Inventory()
        try:
            return Inventory.from_json(bytes(found.bytes()), _version(found.meta))
        except ValueError as fault:
            raise BucketError(f"{self.url}/{LIST}: {fault} (remove it, and everything else there)") from None

    def _write(self, found: Inventory) -> None:
        """Replace the list, if it is the one that was read. Raises _OvertakenError."""
        attributes = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        mode: Any = "create" if found.version is None else found.version
        try:
            found.version = _version(
                obstore.put(self._store, LIST, found.to_json(), attributes=attributes, mode=mode, use_multipart=False)
            )
        except (AlreadyExistsError, PreconditionError):
            raise _OvertakenError from None

    def _manifest(self, site: Site, found: Inventory) -> Manifest | None:
        """Give the manifest of what was published last; nothing where there is none that can be read."""
        key = f"{site.path}{MANIFEST}"[1:]
        if key in found.objects:
            with suppress(FileNotFoundError, ValueError):
                data = bytes(obstore.get(self._store, key).bytes())
                return Manifest.from_json(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        return None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of which bucket a fault is."""
        try:
            yield
        except (BaseError, OSError, ValueError) as fault:
            raise BucketError(f"{self.url}: {str(fault).partition(chr(10))[0]}") from None

    def _first_key(self) -> str | None:
        keys = (each["path"] for some in obstore.list(self._store) for each in some)
        return next(keys, None)


def _is_ours(attributes: Mapping[str, str]) -> bool:
    return MARK.items() <= {name.lower(): value for name, value in attributes.items()}.items()


def _version(about: Mapping[str, Any]) -> dict[str, str]:
    return {name: about[name] for name in ("e_tag", "version") if about.get(name) is not None}


def _files(export: Export) -> Iterator[ExportedFile]:
    return export.files(chain(export.moved(), export.guessed()))


def _batches(files: Iterable[ExportedFile]) -> Iterator[list[ExportedFile]]:
    """Part files where a stage ends, and where there are many; nothing of one batch refers to a later one."""
    for _, stage in groupby(files, key=attrgetter("stage")):
        while batch := list(islice(stage, BATCH)):
            yield batch
