"""Standby: what was finished ahead, kept for the next start: it is served while the content is still being read.

It serves only while nothing can have changed: neither a file of the content, nor the code, nor the address, nor the
time beyond the next scheduled change. It knows no article, and imports little, so that a start takes no longer.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from feeds.base.fingerprint import content_state
from feeds.base.version import code, zone_rules
from feeds.content.state import STANDBY
from feeds.edition.document import Document

from .traffic import Traffic

WAITING = 16
"""How many requests may wait for the application at a time; each takes a thread, and some are to be left for feeds."""

_SEAL = hashlib.sha256().digest_size

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standby:
    """Finished documents by their paths, good from an instant on and until another, in seconds since 1970.

    `zone` is the time zone by whose rules dates were read.
    """

    documents: Mapping[str, Document]
    address: str
    zone: str
    since: float
    until: float

    def find(self, path: str, now: float) -> Document | None:
        """Give the document at a path, while nothing of it changes by itself."""
        return self.documents.get(path) if self.since <= now < self.until else None


def key_of(state: str, url: str | None) -> str:
    """Tell what a standby holds for: a state of the content, an address from the environment, and this code."""
    return "\0".join((code(), url or "", state))


def pack(standby: Standby, key: str) -> bytes:
    """Write it for a key: a line of JSON, and all bytes behind it, sealed as a whole."""
    places: dict[int, int] = {}  # documents that stand at several paths are written once
    blobs: list[bytes] = []
    about: list[dict[str, Any]] = []
    for document in standby.documents.values():
        if id(document) not in places:
            places[id(document)] = len(about)
            coded = {coding: variant.data for coding, variant in document.variants.items()}
            about.append(
                {
                    "type": document.content_type,
                    "modified": document.modified.isoformat(),
                    "max_age": document.max_age,
                    "headers": document.headers,
                    "codings": {coding: len(data) for coding, data in coded.items()},
                }
            )
            blobs += coded.values()
    head = {
        "key": key,
        "address": standby.address,
        "zone": standby.zone,
        "rules": zone_rules(standby.zone),
        "since": standby.since,
        "until": standby.until if standby.until != float("inf") else None,
        "documents": about,
        "paths": {path: places[id(document)] for path, document in standby.documents.items()},
    }
    data = json.dumps(head).encode() + b"\n" + b"".join(blobs)
    return hashlib.sha256(data).digest() + data


def unpack(data: bytes, key: str) -> Standby | None:
    """Read it; nothing where it is damaged, or for another key."""
    seal, rest = data[:_SEAL], memoryview(data)[_SEAL:]
    if hashlib.sha256(rest).digest() != seal:
        return None
    end = data.index(b"\n", _SEAL)
    head = json.loads(data[_SEAL:end])
    if head["key"] != key or head["rules"] != zone_rules(head["zone"]):
        return None
    place, documents = end + 1, []
    for each in head["documents"]:
        coded = {}
        for coding, length in each["codings"].items():
            coded[coding] = data[place : place + length]
            place += length
        headers = tuple((name, value) for name, value in each["headers"])
        modified = datetime.fromisoformat(each["modified"])
        documents.append(Document(coded["identity"], each["type"], modified, each["max_age"], headers, coded))
    paths = {path: documents[number] for path, number in head["paths"].items()}
    until = head["until"]
    return Standby(paths, head["address"], head["zone"], head["since"], float("inf") if until is None else until)


def read(folder: Path | None, content: Path, url: str | None) -> Standby | None:
    """Give what a state folder has for a folder of content, if it holds now."""
    if folder is None:
        return None
    try:
        data = (folder / STANDBY).read_bytes()
        found = unpack(data, key_of(content_state(content), url))
    except (OSError, ValueError, KeyError):
        return None
    return found if found and found.since <= time.time() < found.until else None


class Early:
    """Answers from a standby until the application is there, and leaves all else to that, once it is."""

    def __init__(self, standby: Standby, load: Callable[[], WSGIApplication], traffic: Traffic) -> None:
        """Begin to load the application, in a thread; what is answered until it is there is counted."""
        self._standby, self._load, self._traffic = standby, load, traffic
        self._may_wait = threading.BoundedSemaphore(WAITING)
        self._application: WSGIApplication | None = None
        self._is_there = threading.Event()
        threading.Thread(target=self._begin, name="loading", daemon=True).start()

    def _begin(self) -> None:
        try:
            self._application = self._load()
        except BaseException:
            logger.exception("the application cannot be loaded; the process ends")
            os._exit(1)  # as it would have without a standby: whoever began it begins another
        self._is_there.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        if self._application is None:
            now = time.time()
            document = self._standby.find(environ["PATH_INFO"], now)
            if document is not None:
                status, headers, body = document.answer(environ, self._standby.until - now)
                self._traffic.count(environ["PATH_INFO"], status)
                start_response(status, headers)
                return body
            if not self._may_wait.acquire(blocking=False):
                start_response("503 Service Unavailable", [("Retry-After", "5"), ("Content-Length", "0")])
                return []
            try:
                self._is_there.wait()
            finally:
                self._may_wait.release()
        assert self._application, "it is there"
        return self._application(environ, start_response)
