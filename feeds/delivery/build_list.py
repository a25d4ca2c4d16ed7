"""BuiltFile: a file that a build wrote, and the list of all of them that the next build reads.

It does no I/O; `folder` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, AwareDatetime, NonNegativeInt, TypeAdapter, ValidationError

from .export import Headers

BUILD_LIST_VERSION: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file that a build wrote: digests of its content and inputs, what hosts need to know, and its date.

    `lengths` are those of the file (under "") and of its compressed copies. A copy that is not worth keeping is not
    written, and has the length -1.
    """

    digest: str
    inputs_digest: str | None
    content_type: str
    headers: Headers
    modified: AwareDatetime
    lengths: Mapping[str, int]


INTERRUPTED_FILE = BuiltFile("", None, "", (), datetime(1970, 1, 1, tzinfo=UTC), {})
"""A file that an interrupted build may have written, partly or completely."""


def is_name(name: str) -> bool:
    """Return whether a text can be the name of a file that a build wrote: below its folder, and not its list."""
    parts = name.split("/")
    return not {"", ".", ".."} & set(parts) and "\0" not in name and not name.startswith(".feeds")


def _file_name(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"{name!r} is not a file name")
    return name


class _StoredFile(NamedTuple):
    digest: str
    inputs_digest: str | None
    content_type: str
    headers_index: NonNegativeInt
    modified: AwareDatetime
    lengths: dict[str, int]


@dataclass(frozen=True)
class _Stored:
    version: Literal[1]
    headers: list[Headers]
    files: dict[Annotated[str, AfterValidator(_file_name)], _StoredFile]


_STORED = TypeAdapter(_Stored)


def to_json(built_files: Mapping[str, BuiltFile]) -> bytes:
    """Return the list of built files as JSON, sorted by name; headers that many files share are stored once."""
    headers = list(dict.fromkeys(file.headers for file in built_files.values()))
    indexes = {value: index for index, value in enumerate(headers)}
    files = {
        name: _StoredFile(
            file.digest,
            file.inputs_digest,
            file.content_type,
            indexes[file.headers],
            file.modified,
            dict(file.lengths),
        )
        for name, file in sorted(built_files.items())
    }
    return _STORED.dump_json(_Stored(BUILD_LIST_VERSION, headers, files), indent=0)


def from_json(data: bytes) -> dict[str, BuiltFile]:
    """Parse the output of `to_json`. Raises ValueError for anything else, and for another version."""
    try:
        stored = _STORED.validate_json(data)
        return {
            name: BuiltFile(*file[:3], stored.headers[file.headers_index], *file[4:])
            for name, file in stored.files.items()
        }
    except (ValidationError, IndexError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ValueError(f"it is not a list of Feeds, version {BUILD_LIST_VERSION}: {reason}") from None
