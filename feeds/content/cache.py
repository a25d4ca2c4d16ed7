"""A cache of parsed article files, measured media, and the last good text of each file, which outlives restarts.

A row is used only if the file, the code, the site and the media that it was made from are unchanged: its seal covers
all of them. The last good text has a seal of its own, since it outlives releases. Rows are JSON, so that a damaged row
is discarded and can never run code. The body follows the JSON, so that it can be stored without being parsed.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

from feeds.base.fingerprint import file_state, fingerprint, fingerprint_bytes
from feeds.base.parallel import parallel_map
from feeds.base.version import code_digest, zone_rules_digest
from feeds.model.article import NO_FIELDS, Article, Attachment, Picture, StoredBodyReference, Withdrawal
from feeds.model.mediafile import MediaFile
from feeds.model.problems import Message, Parameter, Problem, Severity
from feeds.model.renditions import Original
from feeds.model.site import Site
from feeds.model.site_groups import Author
from feeds.model.social import Social
from feeds.model.yamlfile import Outline

from .reader import ANY_FILE, NO_MEDIA, ArticleFile, ArticleReader
from .state import StateFolder

NAME = "articles.sqlite"
"""The database in the state folder."""

MEDIA = "media/"
"""Prefix of the names of media files; all other rows are of article files and of the site file."""

BATCH = 500
"""Rows that are written in a transaction: all of them would be in memory twice."""

READING_PACKAGES = ("base", "model", "feed", "content")
"""The packages whose code affects how an article file is read; changing it invalidates all rows."""

NOT_READING = (
    *("base/http.py", "base/memory.py", "base/text.py", "base/locale/", "model/redirects.py", "model/schema.py"),
    *("feed/archives.py", "feed/builder.py", "feed/entries.py", "feed/special_feeds.py"),
    *("content/folder.py", "content/link_check.py", "content/pictures.py", "content/rendering.py"),
)
"""Files of these packages that reading does not need: changing one of them invalidates no row."""

_MODELS: Mapping[str, type[BaseModel]] = {
    model.__name__: model for model in (Article, Attachment, Author, Picture, Social, Withdrawal)
}
_DEFAULTS = {
    name: {key: info.get_default() for key, info in model.model_fields.items() if not info.is_required()}
    for name, model in _MODELS.items()
}
_TEMPLATES = {name: {key: _DEFAULTS[name].get(key) for key in model.model_fields} for name, model in _MODELS.items()}
_TYPE = "is"
"""The key under which a packed model has its name; no field has this name."""

_BODY = "body"
"""The field of an article that is not in the JSON."""

_CREATE = "create table if not exists articles (name text primary key, seal blob, row blob, text_seal blob, text blob)"
_SAVE = (
    "insert into articles values (?, ?, ?, ?, ?) on conflict (name) do update set"
    " seal = excluded.seal, row = excluded.row, text_seal = excluded.text_seal, text = excluded.text"
    " where seal is not excluded.seal or row is not excluded.row or text is not excluded.text"
)

logger = logging.getLogger(__name__)

Row = tuple[str, bytes | None, bytes | None, bytes | None, bytes | None]
"""Name of the file below the content folder, seal, packed reading, seal of the text, last good text."""


class ArticleCache:
    """Caches the article files of a content folder in the state folder; without a state folder, caches nothing."""

    def __init__(self, root: Path, reader: ArticleReader, state: StateFolder | None) -> None:
        """Set the content folder and the state folder; nothing is read yet."""
        self._root, self._reader, self._state = root, reader, state
        self._prefix = str(root / "x")[:-1]
        self._unsaved: set[str] = set()
        self._key = b""

    def use_site(self, site: Site) -> None:
        """Set the site that rows are sealed for from now on."""
        code = code_digest(*READING_PACKAGES, without=NOT_READING)
        self._key = fingerprint(code, zone_rules_digest(site.timezone.key), site).encode()

    def load(self, paths: Sequence[str], site: Site) -> dict[str, ArticleFile]:
        """Return files that this process has not read yet, from the cache if possible, else read from disk."""
        files = self._cached(paths) if self._state else {}
        unknown = [path for path in paths if path not in files]
        self._unsaved.update(unknown)

        def read(path: str) -> ArticleFile:
            return self._reader.load(Path(path), site, None, is_first=True)

        read_files = parallel_map(unknown, read, pack=pack, unpack=self._unpack)
        files.update(zip(unknown, read_files, strict=True))
        return {path: files[path] for path in paths}

    def _cached(self, paths: Sequence[str]) -> dict[str, ArticleFile]:
        """Return the files whose cached rows are still valid, and mark deleted files for `save`."""
        by_name = {self._name(path): path for path in paths}
        files: dict[str, ArticleFile] = {}
        for name, seal, row in self._query("select name, seal, row from articles"):
            path = by_name.get(name)
            is_sealed = isinstance(row, bytes) and seal == self._seal(name, row)
            if path is None and name.startswith(MEDIA) and (self._root / name).exists():
                if is_sealed:
                    state, packed = from_json(row)
                    self._reader.media.add_measurement(tuple(state), _unpack(packed))
            elif path is None and name.startswith(("articles/", MEDIA)):
                self._unsaved.add(str(self._root / name))  # it is gone: the next `save` deletes it
            elif path and is_sealed and (file := self._unchanged(path, row)):
                files[path] = file
        return files

    def _unchanged(self, path: str, row: bytes) -> ArticleFile | None:
        """Return a file from its row, or None if its text has changed; a new mtime alone is no change."""
        state = file_state(path)
        if state is None or os.path.islink(path):  # where a link leads has to be looked at
            return None
        file = self._unpack(path, row)
        if not all(self._reader.media.is_unchanged(*each) for each in file.media.items()):
            return None
        if file.state == state:
            return file
        text, problem = self._reader.read_bytes(Path(path))
        if problem or text != self.texts({self._name(path)}).get(self._name(path)) or state != file_state(path):
            return None
        self._unsaved.add(path)
        return replace(file, state=state)

    def _unpack(self, path: str, row: bytes) -> ArticleFile:
        return unpack(path, row, self._reader.bodies.put)

    def mark(self, paths: Collection[str]) -> None:
        """Mark files that were read or deleted, for the next `save`."""
        self._unsaved.update(paths)

    def save(self, files: Mapping[str, ArticleFile]) -> None:
        """Write the valid files that were read since the last call, and delete the rows of deleted files."""
        changed, self._unsaved = self._unsaved, set()
        if self._state is None or not changed:
            return
        rows = self._rows(files, changed)
        while batch := list(islice(rows, BATCH)):
            self._execute(_SAVE, batch)
        if gone := [(self._name(path),) for path in changed if path not in files]:
            self._execute("delete from articles where name = ?", gone)

    def _rows(self, files: Mapping[str, ArticleFile], paths: Collection[str]) -> Iterator[Row]:
        for path in paths:
            if (file := files.get(path)) and not file.is_broken:
                text, problem = self._reader.read_bytes(Path(path))
                if not problem and file_state(path) == file.state:  # else it has changed, and is read next
                    row, name = pack(file), self._name(path)
                    yield name, row and self._seal(name, row), row, _text_seal(name, text), text
        for state, media in self._reader.media.pop_new_measurements():
            name, row = f"{MEDIA}{media.path}", json.dumps([state, _pack(media)], ensure_ascii=False).encode()
            yield name, self._seal(name, row), row, None, None

    def paths(self) -> list[str]:
        """Return the paths of all article files in the cache."""
        names = [name for (name,) in self._query("select name from articles")] if self._state else []
        return [str(self._root / name) for name in names if name.startswith("articles/")]

    def texts(self, names: Collection[str]) -> dict[str, bytes]:
        """Return the last good texts of files, by their names below the content folder."""
        texts: dict[str, bytes] = {}
        statement = "select text_seal, text from articles where name = ? and text is not null"
        for name in names if self._state else ():
            for seal, text in self._query(statement, (name,)):
                if seal == _text_seal(name, text):
                    texts[name] = text
                else:
                    logger.error("the last good text of %s is damaged, and is not used", name)
        return texts

    def text(self, name: str) -> bytes | None:
        """Return the last good text of a file, by its name below the content folder, or None."""
        return self.texts([name]).get(name)

    def texts_below(self, prefix: str) -> dict[str, bytes]:
        """Return the last good texts of all files whose names begin with a prefix."""
        names = [name for (name,) in self._query("select name from articles")] if self._state else []
        return self.texts([name for name in names if name.startswith(prefix)])

    def delete_text(self, name: str) -> None:
        """Delete the last good text of a file."""
        if self._state:
            self._execute("delete from articles where name = ?", [(name,)])

    def save_text(self, name: str, text: bytes) -> None:
        """Write the text of a file that is good."""
        if self._state:
            self._execute(_SAVE, [(name, None, None, _text_seal(name, text), text)])

    def _name(self, path: str) -> str:
        return path.removeprefix(self._prefix)

    def _seal(self, name: str, row: bytes) -> bytes:
        return fingerprint_bytes(b"\0".join((self._key, name.encode(errors="surrogateescape"), row))).encode()

    def _query(self, statement: str, values: tuple[str, ...] = ()) -> Iterator[Any]:
        try:
            with self._database() as database:
                yield from database.execute(statement, values)
        except (sqlite3.Error, OSError) as error:
            self._recover(error)

    def _execute(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        try:
            with self._database() as database, database:
                database.executemany(statement, rows)
        except (sqlite3.Error, OSError) as error:
            self._recover(error)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        assert self._state, "without a state folder nothing is cached"
        self._state.root.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._state.root / NAME, timeout=5)) as database:
            database.execute(_CREATE)
            yield database

    def _recover(self, error: Exception) -> None:
        """Delete a damaged database; log any other error, which may be temporary."""
        assert self._state
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            path = self._state.root / NAME
            logger.error("%s: %s; it is deleted and rebuilt", path, error)
            with suppress(OSError):
                path.unlink()
        else:
            self._state.log_error(error)


def _text_seal(name: str, text: object) -> bytes:
    data = text if isinstance(text, bytes) else repr(text).encode()  # a damaged row may hold another type
    return fingerprint_bytes(name.encode(errors="surrogateescape") + b"\0" + data).encode()


def pack(file: ArticleFile) -> bytes | None:
    """Return a file as JSON and its body, or None if it has no valid article or may depend on any media file."""
    if file.article is None or file.outline is None or file.is_broken or ANY_FILE in file.media:
        return None
    article = file.article
    problems = [_pack_problem(problem) for problem in file.problems]
    pictures = {path: _pack(original.file) for path, original in article.body_pictures.items()}
    computed = {name: getattr(article, name) for name in _COMPUTED}
    values = (
        file.state,
        dict(file.media),
        article.slug,
        computed,
        pictures,
        _pack(article),
        file.outline.numbers,
        problems,
    )
    head = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return head.encode() + b"\0" + article.body.encode()


def unpack(path: str, row: bytes, store: Callable[[bytes], StoredBodyReference | None]) -> ArticleFile:
    """Return the file at a path from the result of `pack`. The caller has checked its seal.

    The body is put into `store`.
    """
    head, _, body = row.partition(b"\0")
    state, media, slug, computed, pictures, values, numbers, problems = from_json(head)
    stored = store(body)
    if stored is None:
        values[_BODY] = body.decode()
    originals = {position: Original(_unpack(picture)) for position, picture in pictures.items()}
    private = {"_slug": slug, "_body_pictures": originals or _NO_PICTURES, "_stored_body": stored}
    article = _unpack_model(values, private)
    assert isinstance(article, Article), "the seal is ours"
    article.__dict__.update(computed)  # what the cached properties would compute
    return ArticleFile(
        tuple(state),
        article,
        Outline.of(path, numbers),
        tuple(_unpack_problem(path, *problem) for problem in problems),
        False,
        media={name: tuple(state) for name, state in media.items()} or NO_MEDIA,
    )


_NO_PICTURES: Mapping[str, Original] = {}

_COMPUTED = ("digest", "estimated_size", "may_reference_media")
"""The cached properties of an article that depend on its body."""


def _pack(value: Any) -> Any:
    """Return a value of a model as what JSON has."""
    if isinstance(value, BaseModel):
        name = type(value).__name__
        defaults, given = _DEFAULTS[name], value.__dict__
        keys = [key for key in _MODELS[name].model_fields if key != _BODY]
        changed = (key for key in keys if key not in defaults or given[key] != defaults[key])
        return {_TYPE: name, **{key: _pack(given[key]) for key in changed}}
    if isinstance(value, MediaFile):
        return {_TYPE: "file", **asdict(value), "flaw": value.flaw and _pack_message(value.flaw)}
    if isinstance(value, datetime):
        return {_TYPE: "at", "seconds": int(value.timestamp())}
    return [_pack(item) for item in value] if isinstance(value, tuple) else value


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(sys.intern(item) if isinstance(item, str) else _unpack(item) for item in value)
    if not isinstance(value, dict):
        return value
    if value[_TYPE] == "at":
        return datetime.fromtimestamp(value["seconds"], UTC)
    if value[_TYPE] == "file":
        del value[_TYPE]
        flaw = value.pop("flaw")
        return MediaFile(**value, flaw=flaw and _unpack_message(*flaw))
    return _unpack_model(value)


def _unpack_model(packed: dict[str, Any], private: dict[str, Any] | None = None) -> BaseModel:
    """Return a model from values that were validated before, in the way pydantic restores a pickle."""
    name = packed.pop(_TYPE)
    fields = {**_TEMPLATES[name], **packed}
    for key, value in packed.items():
        if isinstance(value, list | dict):
            fields[key] = _unpack(value)
    if _BODY in fields and _BODY not in packed:  # it is stored
        del fields[_BODY]
    model = _MODELS[name].__new__(_MODELS[name])
    model.__setstate__(
        {
            "__dict__": fields,
            "__pydantic_fields_set__": NO_FIELDS,
            "__pydantic_extra__": None,
            "__pydantic_private__": private,
        }
    )
    return model


def _pack_message(message: Message) -> tuple[str, dict[str, Parameter]]:
    return message.code, dict(message.parameters)


def _unpack_message(code: str, parameters: dict[str, Parameter]) -> Message:
    return Message(code, tuple(parameters.items()))


def _pack_problem(problem: Problem) -> list[Any]:
    return [problem.line, problem.column, problem.key, *_pack_message(problem.message), problem.severity]


def _unpack_problem(
    file: str, line: int, column: int, key: str, code: str, parameters: dict[str, Parameter], severity: Severity
) -> Problem:
    return Problem(file, line, column, key, _unpack_message(code, parameters), severity)
