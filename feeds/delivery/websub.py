"""WebSub (https://www.w3.org/TR/websub/): tells hubs which topics changed, once the new bytes are live.

It serves nothing and makes no edition, and no fault of a hub reaches those who do. What a hub could not be told is
known, and told later: a topic is pending as long as its bytes are not those that the hub was told of.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin, urlsplit

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from feeds.base.fingerprint import fingerprint_bytes
from feeds.base.http import HttpClient, HttpError
from feeds.feed.manifest import Manifest
from feeds.model.site import Site

MOST = 50
"""How many topics one request announces."""

DEADLINE = 15
"""Seconds that a request to a hub, or for a topic, may take."""

MAX_TOPIC_BYTES = 50_000_000
"""Bytes of a topic that are read."""

LONGEST = 900
"""Seconds that lie between two attempts at most, unless the hub asks for more patience."""

PATIENCE = 86_400
"""Seconds that a hub may ask us to wait at most."""

LIVE_WITHIN = 75
"""Seconds that new bytes have to come through caches; then hubs are told all the same."""

Topics = Mapping[str, str]
"""The URLs of topics, each with a digest of the bytes that are there."""

Told = Mapping[str, Topics]
"""What each hub was told last, by its URL."""

LONGEST_ANSWER = 60
"""Seconds after which a command waits for a hub no longer."""

_HEADERS = {"Cache-Control": "no-cache"}

_STEP = 0.5
_THREADS = 8
_REDIRECTS = 4

_unreachable: set[str] = set()
"""The topics that were told of as such."""

logger = logging.getLogger(__name__)


class HubError(Exception):
    """A hub that could not be told; `wait` are the seconds that it asked us to wait, if it did."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        """Say why."""
        super().__init__(reason)
        self.wait = wait


def topics_of(site: Site, manifest: Manifest) -> dict[str, str]:
    """Give the topics of what was published: the feeds that declare hubs, by their own address."""
    feeds = ((path.removeprefix(site.path), each.digest) for path, each in manifest.documents.items())
    return {site.absolute(path): digest for path, digest in feeds if site.language_of(path)[1].startswith("/feeds/")}


def pending(told: Topics, topics: Topics) -> list[str]:
    """Tell which topics a hub has to be told of."""
    return [topic for topic, digest in topics.items() if told.get(topic) != digest]


def await_live(
    topics: Topics, names: Iterable[str], *, until: float | None = None, is_wanted: Callable[[], bool] = lambda: True
) -> None:
    """Wait until readers get the new bytes of topics: a hub that is told fetches them at once, and only once.

    It is waited for until an instant of the monotonic clock, LIVE_WITHIN from now if none is given; not where a topic
    cannot be asked for from here, nor once it is not wanted any more.
    """
    end, left = until or time.monotonic() + LIVE_WITHIN, list(names)
    with ThreadPoolExecutor(_THREADS) as pool:
        while left and is_wanted():
            stale = pool.map(lambda topic: _is_stale(topic, topics[topic]), left)
            left = [topic for topic, is_stale in zip(left, stale, strict=True) if is_stale]
            if left and time.monotonic() >= end:
                logger.warning("%s: old bytes are given still; hubs are told all the same", left[0])
                return
            if left:
                time.sleep(_STEP)


def _is_stale(topic: str, digest: str) -> bool:
    """Return whether a topic is answered with other bytes than those that are published, or not answered yet."""
    client = _client()
    try:
        # a cache that heeds it fetches the new bytes, in every coding that it keeps apart, and the hub gets them there
        response = client.get(topic, max_bytes=MAX_TOPIC_BYTES, headers={**_HEADERS, "Accept-Encoding": "identity"})
        if response.status != 200 or fingerprint_bytes(response.data) != digest:
            return True
        for coding in ("gzip", "br"):
            client.head(topic, headers={**_HEADERS, "Accept-Encoding": coding})
        return False
    except HttpError as error:
        if topic not in _unreachable:
            logger.warning("%s cannot be asked for from here, so hubs are told at once: %s", topic, error)
            _unreachable.add(topic)
        return False


def announce(
    told: Told, hubs: Sequence[str], topics: Topics, keep: Callable[[Told], None] = lambda told: None
) -> tuple[dict[str, Topics], dict[str, HubError]]:
    """Tell each hub once what it has to be told; give what all know then, and why some could not be told.

    `keep` is given what all know whenever one was told something, by one thread at a time. A hub that goes on answering
    for more than LONGEST_ANSWER seconds is left to it.
    """
    found: dict[str, Topics] = {hub: told.get(hub, {}) for hub in hubs}
    faults: dict[str, HubError] = {}
    alone = threading.Lock()

    def serve(hub: str) -> None:
        def know(known: Topics) -> None:
            with alone:
                found[hub] = known
                keep(dict(found))

        try:
            tell(hub, found[hub], topics, know)
        except HubError as fault:
            faults[hub] = fault
        except Exception as fault:  # where it is kept, something is wrong; another time it is told twice
            faults[hub] = HubError(f"what it was told cannot be kept: {fault}")

    threads = {hub: threading.Thread(target=serve, args=(hub,), daemon=True) for hub in hubs}
    for thread in threads.values():
        thread.start()
    end = time.monotonic() + LONGEST_ANSWER
    for hub, thread in threads.items():
        thread.join(max(0.0, end - time.monotonic()))
        if thread.is_alive():
            faults[hub] = HubError(f"it has not answered within {LONGEST_ANSWER} seconds")
    with alone:
        return dict(found), dict(faults)


def tell(hub: str, told: Topics, topics: Topics, know: Callable[[Topics], None]) -> None:
    """Tell a hub what it has to be told; `know` is given what it knows after each request. Raises HubError."""
    known = {topic: digest for topic, digest in told.items() if topic in topics}
    waiting = pending(known, topics)
    for start in range(0, len(waiting), MOST):
        some = waiting[start : start + MOST]
        publish(hub, some)
        known = known | {topic: topics[topic] for topic in some}
        know(known)
    if not waiting and known != told:
        know(known)


def publish(hub: str, topics: Iterable[str]) -> None:
    """Tell a hub that topics changed, in one request. Raises HubError, whatever the hub does."""
    form = [("hub.mode", "publish")]
    for topic in topics:
        form += [("hub.url", topic), ("hub.topic", topic)]  # hubs differ in which of the two they read
    client, where = _client(), hub
    try:
        for _ in range(_REDIRECTS):
            response = client.post(where, form, headers=_HEADERS)
            if 200 <= response.status < 300:
                return
            place = urljoin(where, response.headers.get("Location", ""))
            if response.status not in (307, 308) or urlsplit(place)[:2] != urlsplit(where)[:2]:
                raise HubError(f"it answers {response.status}", _wait(response.headers.get("Retry-After")))
            where = place
        raise HubError("it redirects for ever")
    except (HttpError, ValueError) as error:  # a Location may be anything
        raise HubError(str(error)) from None


def _client() -> HttpClient:
    return HttpClient("Feeds (WebSub publisher)", allow_local=True, deadline=DEADLINE)


def _wait(retry_after: str | None) -> float | None:
    try:
        return Retry(retry_after_max=PATIENCE).parse_retry_after((retry_after or "")[:40])
    except (InvalidHeader, ValueError, OverflowError):
        return None
