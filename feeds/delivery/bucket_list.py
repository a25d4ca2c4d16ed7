"""Inventory: what was sent to a bucket, object by object, and what hubs were told of it.

It opens nothing; `bucket` does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .websub import Told

VERSION = 1


class State(NamedTuple):
    """What an object is, and what it is made of, as digests."""

    digest: str
    made_of: str | None


@dataclass
class Inventory:
    """What is in a bucket: states by key; keys of which that is not known; and what hubs were told.

    `version` is what the object's next version replaces, None if there is no object.
    """

    objects: dict[str, State] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    told: Told = field(default_factory=dict)
    version: Any = None

    def to_json(self) -> bytes:
        """Write it, an object a line."""
        objects = ",\n".join(f"{json.dumps(key)}: {json.dumps(state)}" for key, state in sorted(self.objects.items()))
        pending, told = json.dumps(sorted(self.pending)), json.dumps(self.told)
        head = f'{{"version": {VERSION}, "pending": {pending}, "told": {told}'
        return f'{head},\n"objects": {{\n{objects}}}}}\n'.encode()

    @classmethod
    def from_json(cls, data: bytes, version: Any) -> Inventory:
        """Read it. Raises ValueError where it is none of ours, or of another version."""
        try:
            values = json.loads(data)
            if values["version"] != VERSION:
                raise ValueError(f"the list has version {values['version']} (expected {VERSION})")
            objects = {key: State(*state) for key, state in values["objects"].items()}
            return cls(objects, set(values["pending"]), dict(values["told"]), version)
        except (KeyError, TypeError) as fault:
            raise ValueError(f"it is not a list of Feeds: {fault!r}") from None
