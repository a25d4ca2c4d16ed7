"""BucketList: what was sent to a bucket, object by object, and what hubs were notified of.

It does no I/O; `bucket` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from .websub import NotifiedTopics

BUCKET_LIST_VERSION: Literal[1] = 1


class ObjectState(NamedTuple):
    """The digest of an object's content, and that of its inputs."""

    digest: str
    inputs_digest: str | None


@dataclass
class BucketList:
    """What is in a bucket: states by key, pending keys, and what hubs were notified of.

    The state of a pending key is unknown. `version` identifies the stored list that the next one replaces; None if
    there is none.
    """

    objects: dict[str, ObjectState] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    notified_topics: NotifiedTopics = field(default_factory=dict)
    version: Any = None

    def to_json(self) -> bytes:
        """Return the stored form; the version of the object is not part of it."""
        stored = _Stored(
            BUCKET_LIST_VERSION, sorted(self.pending), self.notified_topics, dict(sorted(self.objects.items()))
        )
        return _STORED.dump_json(stored, indent=0, by_alias=True)

    @classmethod
    def from_json(cls, data: bytes, version: Any) -> BucketList:
        """Parse a stored list. Raises ValueError for anything else, and for another version."""
        try:
            stored = _STORED.validate_json(data)
        except ValidationError as error:
            raise ValueError(
                f"it is not a list of Feeds, version {BUCKET_LIST_VERSION}: {error.errors()[0]['msg']}"
            ) from None
        return cls(stored.objects, set(stored.pending), stored.notified_topics, version)


@dataclass(frozen=True)
class _Stored:
    version: Literal[1]
    pending: list[str]
    notified_topics: Annotated[NotifiedTopics, Field(alias="told")]
    objects: dict[str, ObjectState]


_STORED = TypeAdapter(_Stored)
