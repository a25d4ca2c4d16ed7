"""Bucket: an edition as objects in S3, Google Cloud Storage or Azure, for `feeds publish`.

Only changes are sent. The list of what was sent is itself an object in the bucket. It names objects before they are
sent, so that the next publish can finish an interrupted one. It is replaced by a conditional put: if two publishers
run at the same time, the slower one starts over from the list that the other wrote.
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

from feeds.edition.document import worth_compressing
from feeds.edition.edition import MANIFEST_PATH
from feeds.feed.manifest import Manifest
from feeds.model.site import Site

from .bucket_list import BucketList, ObjectState
from .export import Export, ExportedFile

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from .websub import NotifiedTopics

BUCKET_LIST_KEY = ".feeds.json"
"""Key of the object that lists what was sent."""

OBJECT_METADATA = {"publisher": "feeds"}
"""Metadata of every object that we send."""

BUCKET_SCHEMES = ("s3", "gs", "az")

MULTIPART_BYTES = 4_000_000
"""Size in bytes above which an object is sent in parts, since one request may take half a minute."""

UPLOAD_BATCH_SIZE = 200
"""Objects sent between two writes of the list. After an interruption, no more than that are sent again."""

_MAX_THREADS = 8
_MAX_ATTEMPTS = 8

MakeExport = Callable[[Manifest | None], Export]
"""A function that takes the manifest that was published last, and returns the files to publish."""


class BucketError(Exception):
    """A bucket that cannot be published to: what is wrong, and what was expected."""


class _OvertakenError(Exception):
    """Another publisher has replaced the list."""


@dataclass
class PublishReport:
    """The keys that were sent and removed, and the number of unchanged objects."""

    sent: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    manifest: Manifest = field(default_factory=Manifest)


class Bucket:
    """A bucket, or a prefix in one, that readers fetch from. It is the root of the host."""

    def __init__(self, url: str, *, with_gzip: bool = False) -> None:
        """Open a bucket such as `s3://bucket/prefix`. Credentials come from the environment (see obstore).

        `with_gzip` sends text compressed, for a bucket that decompresses it for clients without gzip. Raises
        BucketError.
        """
        self.url, self._with_gzip = url, with_gzip
        parts = urlsplit(url)
        if parts.password is not None or parts.query:  # it would be logged, and is not repeated here either
            message = "contains a password or a query (use s3://bucket/path; credentials come from the environment)"
            raise BucketError(f"the address {parts.scheme}://… {message}")
        if url.partition("://")[0] not in BUCKET_SCHEMES:
            raise BucketError(f"{url} is not a bucket (expected s3://…, gs://… or az://…)")
        for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL"):
            is_plain_http = url.startswith("s3:") and os.environ.get(name, "").startswith("http:")
            if is_plain_http and os.environ.get("AWS_ALLOW_HTTP", "").lower() != "true":
                raise BucketError(f"{name} is not encrypted (expected https, or AWS_ALLOW_HTTP=true as well)")
        try:
            self._store: ObjectStore = from_url(url)
        except (BaseError, ValueError, OSError) as error:
            raise BucketError(f"{url} cannot be used: {error}") from None
        self._changed_keys: set[str] = set()

    def publish(
        self, make: MakeExport, site: Site, *, force: bool = False, pause: Callable[[float], None] = time.sleep
    ) -> PublishReport:
        """Send what changed, and delete what was removed. Raises BucketError; the next publish resumes.

        `force` publishes into a bucket that contains other objects, and overwrites none of them.
        """
        self._changed_keys = set()
        for attempt in range(_MAX_ATTEMPTS):
            try:
                with self._as_bucket_error():
                    return self._publish(make, site, force)
            except _OvertakenError:
                pause(random.uniform(0, 2.0**attempt / 4))  # so that one of two publishers finishes first
        raise BucketError(f"{self.url}: another publisher keeps writing there (run one publisher at a time)")

    def compare(self, make: MakeExport, site: Site) -> PublishReport:
        """Return what `publish` would send and remove. Raises BucketError."""
        with self._as_bucket_error():
            bucket_list = self._read_list()
            self._first_key()  # raises if the bucket does not exist
            export = make(self._manifest(site, bucket_list))
            report, keys = PublishReport(manifest=export.edition.manifest), set[str]()
            for file in self._changed_files(export, bucket_list, report, keys):
                report.sent.append(file.key)
            report.removed = sorted(bucket_list.objects.keys() - keys)
            return report

    def manifest(self, site: Site) -> Manifest | None:
        """Return the manifest that was published last, or None if there is none. Raises BucketError."""
        with self._as_bucket_error():
            return self._manifest(site, self._read_list())

    def notified_topics(self) -> NotifiedTopics:
        """Return the topics that each hub was notified of. Raises BucketError."""
        with self._as_bucket_error():
            return self._read_list().notified_topics

    def write_notified_topics(self, notified_topics: NotifiedTopics) -> None:
        """Write the topics that each hub was notified of. Raises BucketError.

        If another publisher replaced the list, nothing is written, and that publisher notifies hubs again.
        """
        with self._as_bucket_error(), suppress(_OvertakenError):
            bucket_list = self._read_list()
            if bucket_list.notified_topics != notified_topics:
                bucket_list.notified_topics = notified_topics
                self._write_list(bucket_list)

    def _publish(self, make: MakeExport, site: Site, force: bool) -> PublishReport:
        bucket_list = self._read_list()
        if bucket_list.version is None and not force and (foreign_key := self._first_key()):
            raise BucketError(
                f"{self.url} contains objects that no publish sent: {foreign_key} (use an empty prefix, or --force,"
                " which leaves them as they are)"
            )
        previous_objects = dict(bucket_list.objects)
        export = make(self._manifest(site, bucket_list))
        report, now = PublishReport(manifest=export.edition.manifest), set[str]()
        with ThreadPoolExecutor(_MAX_THREADS) as pool:
            for batch in _batches(self._changed_files(export, bucket_list, report, now)):
                self._mark_pending({file.key for file in batch}, bucket_list)
                list(pool.map(lambda file: self._send(file, is_new=file.key not in bucket_list.objects), batch))
                report.sent += [file.key for file in batch]
                bucket_list.objects |= {file.key: self._object_state(file) for file in batch}
                bucket_list.pending -= {file.key for file in batch}
            removed_keys = sorted((bucket_list.objects.keys() | bucket_list.pending) - now)
            if removed_keys:
                self._mark_pending(set(removed_keys), bucket_list)
                list(pool.map(lambda key: self._delete(key, is_new=key not in bucket_list.objects), removed_keys))
                report.removed = [key for key in removed_keys if key in bucket_list.objects]
        bucket_list.objects = {key: state for key, state in bucket_list.objects.items() if key in now}
        bucket_list.pending.clear()
        if self._changed_keys or bucket_list.objects != previous_objects:
            self._write_list(bucket_list)
        return report

    def _changed_files(
        self, export: Export, bucket_list: BucketList, report: PublishReport, now: set[str]
    ) -> Iterator[ExportedFile]:
        for file in _files(export):
            now.add(file.key)
            if self._is_current(file, bucket_list):
                report.unchanged += 1
            else:
                _ = file.content  # feedgen sets the locale of the process, so only one thread may render feeds
                yield file

    def _is_current(self, file: ExportedFile, bucket_list: BucketList) -> bool:
        """Return whether an object is up to date.

        Its content is rendered only if its `inputs_digest` is unknown or different.
        """
        stored = bucket_list.objects.get(file.key)
        if stored is None or file.key in bucket_list.pending or file.key in self._changed_keys:
            return False
        if stored.inputs_digest is not None and stored.inputs_digest == (
            file.inputs_digest and self._with_coding(file.inputs_digest)
        ):
            return True
        state = self._object_state(file)
        if stored.digest != state.digest:
            return False
        bucket_list.objects[file.key] = state
        return True

    def _object_state(self, file: ExportedFile) -> ObjectState:
        digest = self._with_coding(file.content.digest) if file.content.is_text else file.content.digest
        return ObjectState(digest, file.inputs_digest and self._with_coding(file.inputs_digest))

    def _with_coding(self, digest: str) -> str:
        return f"{digest}-gzip" if self._with_gzip else digest

    def _mark_pending(self, keys: set[str], bucket_list: BucketList) -> None:
        """Record keys as pending before they are sent or removed: until that is done, their state is unknown."""
        bucket_list.pending |= keys
        self._write_list(bucket_list)
        self._changed_keys |= keys

    def _send(self, file: ExportedFile, *, is_new: bool) -> None:
        """Send an object. One that is new to us never overwrites another's object."""
        content = file.content
        attributes = {
            "Content-Type": content.content_type,
            "Cache-Control": dict(content.headers)["Cache-Control"],
            **OBJECT_METADATA,
        }
        source = content.source
        if self._with_gzip and content.is_text:
            data = content.data
            compressed = gzip.compress(data, 9, mtime=0)
            source = compressed if worth_compressing(compressed, data) else data
            attributes |= {"Content-Encoding": "gzip"} if source is compressed else {}
        if is_new and not self._create(file.key, source, attributes):
            if not _is_ours(obstore.get(self._store, file.key).attributes):
                message = f"{self.url}: {file.key} is in the way: no publish sent it (move it elsewhere)"
                raise BucketError(message)
            is_new = False
        if not is_new:
            obstore.put(self._store, file.key, source, attributes=attributes)

    def _create(self, key: str, source: bytes | Path, attributes: dict[str, str]) -> bool:
        """Send an object unless its key exists. Return whether it was sent.

        A large object is sent in parts, which no bucket accepts conditionally, so its key is only looked up before.
        """
        if isinstance(source, Path) and source.stat().st_size > MULTIPART_BYTES:
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
        """Delete an object of ours. One that was only pending as new must have our metadata."""
        with suppress(FileNotFoundError):
            if not is_new or _is_ours(obstore.get(self._store, key).attributes):
                obstore.delete(self._store, key)

    def _read_list(self) -> BucketList:
        try:
            response = obstore.get(self._store, BUCKET_LIST_KEY)
        except FileNotFoundError:
            return BucketList()
        try:
            return BucketList.from_json(bytes(response.bytes()), _version(response.meta))
        except ValueError as error:
            raise BucketError(f"{self.url}/{BUCKET_LIST_KEY}: {error} (remove it, and everything else there)") from None

    def _write_list(self, bucket_list: BucketList) -> None:
        """Replace the list, if it is still the one that was read. Raises _OvertakenError."""
        attributes = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        mode: Any = "create" if bucket_list.version is None else bucket_list.version
        try:
            bucket_list.version = _version(
                obstore.put(
                    self._store,
                    BUCKET_LIST_KEY,
                    bucket_list.to_json(),
                    attributes=attributes,
                    mode=mode,
                    use_multipart=False,
                )
            )
        except (AlreadyExistsError, PreconditionError):
            raise _OvertakenError from None

    def _manifest(self, site: Site, bucket_list: BucketList) -> Manifest | None:
        """Return the manifest that was published last, or None if it is missing or cannot be read."""
        key = f"{site.path}{MANIFEST_PATH}"[1:]
        if key in bucket_list.objects:
            with suppress(FileNotFoundError, ValueError):
                data = bytes(obstore.get(self._store, key).bytes())
                return Manifest.from_json(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        return None

    @contextmanager
    def _as_bucket_error(self) -> Iterator[None]:
        """Raise errors of the store as BucketError with the URL of the bucket."""
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise BucketError(f"{self.url}: {str(error).partition(chr(10))[0]}") from None

    def _first_key(self) -> str | None:
        keys = (entry["path"] for page in obstore.list(self._store) for entry in page)
        return next(keys, None)


def _is_ours(attributes: Mapping[str, str]) -> bool:
    return OBJECT_METADATA.items() <= {name.lower(): value for name, value in attributes.items()}.items()


def _version(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {name: metadata[name] for name in ("e_tag", "version") if metadata.get(name) is not None}


def _files(export: Export) -> Iterator[ExportedFile]:
    return export.files(chain(export.moved_path_copies(), export.guessed_path_copies()))


def _batches(files: Iterable[ExportedFile]) -> Iterator[list[ExportedFile]]:
    """Yield the files in batches. A batch ends where its stage ends, or when it is full.

    No file refers to a file in a later batch.
    """
    for _, stage in groupby(files, key=attrgetter("stage")):
        while batch := list(islice(stage, UPLOAD_BATCH_SIZE)):
            yield batch
