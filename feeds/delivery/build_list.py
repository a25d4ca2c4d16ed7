"""Written: what a build wrote, file by file, and the list of it that the next build reads.

It opens no file; `folder` does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .export import Headers

VERSION = 1


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of a file: what it is and is made of, as digests, what hosts are told of it, and its date.

    `lengths` are those of the file (under "") and of its compressed copies; one that does not pay is not there, and has
    the length -1.
    """

    digest: str
    made_of: str | None
    content_type: str
    headers: Headers
    modified: datetime
    lengths: Mapping[str, int]


BEGUN = Written("", None, "", (), datetime(1970, 1, 1, tzinfo=UTC), {})
"""What a build that was cut off may have written, in part or as a whole."""


def is_name(name: str) -> bool:
    """Tell whether a text can be the name of a file that a build wrote: below its folder, and no list of its own."""
    parts = name.split("/")
    return not {"", ".", ".."} & set(parts) and "\0" not in name and not name.startswith(".feeds")


def to_json(written: Mapping[str, Written]) -> bytes:
    """Write down what was written, by name: a file a line, and headers that many have once."""
    headers = list(dict.fromkeys(each.headers for each in written.values()))
    number = {each: place for place, each in enumerate(headers)}
    lines = []
    for name, each in sorted(written.items()):
        about = (each.digest, each.made_of, each.content_type, number[each.headers], int(each.modified.timestamp()))
        lines.append(f"{json.dumps(name)}: {json.dumps([*about, each.lengths])}")
    files = ",\n".join(lines)
    return f'{{"version": {VERSION}, "headers": {json.dumps(headers)},\n"files": {{\n{files}}}}}\n'.encode()


def from_json(data: bytes) -> dict[str, Written]:
    """Read it. Raises ValueError where it is none of ours, or of another version."""
    try:
        values = json.loads(data)
        if values["version"] != VERSION:
            raise ValueError(f"the list has version {values['version']} (expected {VERSION})")
        if bad := [name for name in values["files"] if not is_name(name)]:
            raise ValueError(f"{bad[0]!r} is not a file name")
        headers = [tuple(map(tuple, each)) for each in values["headers"]]
        return {
            name: Written(digest, made_of, kind, headers[number], datetime.fromtimestamp(modified, UTC), lengths)
            for name, (digest, made_of, kind, number, modified, lengths) in values["files"].items()
        }
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as fault:
        raise ValueError(f"it is not a list of Feeds: {fault!r}") from None
