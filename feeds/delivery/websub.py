"""WebSub (https://www.w3.org/TR/websub/): notifies hubs of changed topics, once the new bytes are live.

It serves nothing and builds no edition, so a failing hub cannot affect either. A failed notification is retried
later: a topic is pending until the hub has been notified of its current bytes.
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

MAX_TOPICS_PER_REQUEST = 50
"""Maximum number of topics in one request."""

HUB_DEADLINE_SECONDS = 15
"""Time limit of a single request, to a hub or for a topic, in seconds."""

MAX_TOPIC_BYTES = 50_000_000
"""Maximum number of bytes of a topic that are read."""

MAX_RETRY_AFTER_SECONDS = 86_400
"""Maximum seconds that a hub may ask us to wait."""

LIVE_TIMEOUT_SECONDS = 75
"""Seconds that new bytes have to get through caches. After that, hubs are notified anyway."""

Topics = Mapping[str, str]
"""The URLs of topics, each with a digest of its bytes."""

NotifiedTopics = Mapping[str, Topics]
"""The topics that each hub was last notified of, by the URL of the hub."""

HUB_TIMEOUT_SECONDS = 60
"""Seconds after which a command stops waiting for a hub."""

_NO_CACHE_HEADERS = {"Cache-Control": "no-cache"}

LIVE_POLL_SECONDS = 0.5
_MAX_THREADS = 8
_MAX_REDIRECTS = 4

_unreachable_topics: set[str] = set()
"""The topics that were already logged as unreachable."""

logger = logging.getLogger(__name__)


class HubError(Exception):
    """A hub that could not be notified. `wait` is the number of seconds that it asked us to wait, or None."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        """Set the reason, and the seconds to wait."""
        super().__init__(reason)
        self.wait = wait


def topics_of(site: Site, manifest: Manifest) -> dict[str, str]:
    """Return the published feeds that declare hubs: their digests by URL."""
    feeds = ((path.removeprefix(site.path), revision.digest) for path, revision in manifest.documents.items())
    return {site.absolute(path): digest for path, digest in feeds if site.split_language(path)[1].startswith("/feeds/")}


def pending(notified_topics: Topics, topics: Topics) -> list[str]:
    """Return the topics of which a hub has not been notified."""
    return [topic for topic, digest in topics.items() if notified_topics.get(topic) != digest]


def wait_until_live(
    topics: Topics, names: Iterable[str], *, until: float | None = None, is_wanted: Callable[[], bool] = lambda: True
) -> None:
    """Wait until readers get the new bytes of topics. A notified hub fetches them at once, and only once.

    The wait ends at `until`, an instant of the monotonic clock; without it, LIVE_TIMEOUT_SECONDS from now. It also
    ends when `is_wanted` returns False. A topic that cannot be reached from here is not waited for.
    """
    deadline, stale_topics = until or time.monotonic() + LIVE_TIMEOUT_SECONDS, list(names)
    with ThreadPoolExecutor(_MAX_THREADS) as pool:
        while stale_topics and is_wanted():
            stale = pool.map(lambda topic: is_stale(topic, topics[topic]), stale_topics)
            stale_topics = [topic for topic, is_old in zip(stale_topics, stale, strict=True) if is_old]
            if stale_topics and time.monotonic() >= deadline:
                logger.warning("%s: old bytes are still served; hubs are notified anyway", stale_topics[0])
                return
            if stale_topics:
                time.sleep(LIVE_POLL_SECONDS)


def is_stale(topic: str, digest: str) -> bool:
    """Return whether a topic does not have the published bytes yet."""
    client = _client()
    try:
        # no-cache makes caches fetch the new bytes, in every coding that they store separately, before the hub asks
        response = client.get(
            topic, max_bytes=MAX_TOPIC_BYTES, headers={**_NO_CACHE_HEADERS, "Accept-Encoding": "identity"}
        )
        if response.status != 200 or fingerprint_bytes(response.data) != digest:
            return True
        for coding in ("gzip", "br"):
            client.head(topic, headers={**_NO_CACHE_HEADERS, "Accept-Encoding": coding})
        return False
    except HttpError as error:
        if topic not in _unreachable_topics:
            logger.warning("%s cannot be fetched from here, so hubs are notified at once: %s", topic, error)
            _unreachable_topics.add(topic)
        return False


def notify_hubs(
    notified_topics: NotifiedTopics,
    hubs: Sequence[str],
    topics: Topics,
    save: Callable[[NotifiedTopics], None] = lambda notified_topics: None,
) -> tuple[dict[str, Topics], dict[str, HubError]]:
    """Notify each hub once of its pending topics. Return what each was notified of, and the errors, by hub.

    `save` is called with the topics of all hubs after each notification, by one thread at a time. A hub that has not
    finished after HUB_TIMEOUT_SECONDS is no longer waited for.
    """
    topics_by_hub: dict[str, Topics] = {hub: notified_topics.get(hub, {}) for hub in hubs}
    errors: dict[str, HubError] = {}
    lock = threading.Lock()

    def serve(hub: str) -> None:
        def record(known: Topics) -> None:
            with lock:
                topics_by_hub[hub] = known
                save(dict(topics_by_hub))

        try:
            notify_hub(hub, topics_by_hub[hub], topics, record)
        except HubError as error:
            errors[hub] = error
        except Exception as error:  # saving failed; the hub may be notified twice
            errors[hub] = HubError(f"its notified topics cannot be saved: {error}")

    threads = {hub: threading.Thread(target=serve, args=(hub,), daemon=True) for hub in hubs}
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + HUB_TIMEOUT_SECONDS
    for hub, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            errors[hub] = HubError(f"it has not answered within {HUB_TIMEOUT_SECONDS} seconds")
    with lock:
        return dict(topics_by_hub), dict(errors)


def notify_hub(hub: str, notified_topics: Topics, topics: Topics, record: Callable[[Topics], None]) -> None:
    """Notify a hub of its pending topics. After each request, `record` gets its notified topics. Raises HubError."""
    notified = {topic: digest for topic, digest in notified_topics.items() if topic in topics}
    pending_topics = pending(notified, topics)
    for start in range(0, len(pending_topics), MAX_TOPICS_PER_REQUEST):
        batch = pending_topics[start : start + MAX_TOPICS_PER_REQUEST]
        publish(hub, batch)
        notified = notified | {topic: topics[topic] for topic in batch}
        record(notified)
    if not pending_topics and notified != notified_topics:
        record(notified)


def publish(hub: str, topics: Iterable[str]) -> None:
    """Notify a hub that topics changed, in one request. Any failure raises HubError."""
    form = [("hub.mode", "publish")]
    for topic in topics:
        form += [("hub.url", topic), ("hub.topic", topic)]  # hubs differ in which of the two they read
    client, target = _client(), hub
    try:
        for _ in range(_MAX_REDIRECTS):
            response = client.post(target, form, headers=_NO_CACHE_HEADERS)
            if 200 <= response.status < 300:
                return
            location = urljoin(target, response.headers.get("Location", ""))
            if response.status not in (307, 308) or urlsplit(location)[:2] != urlsplit(target)[:2]:
                raise HubError(f"it answers {response.status}", _parse_retry_after(response.headers.get("Retry-After")))
            target = location
        raise HubError("it redirects too often")
    except (HttpError, ValueError) as error:  # a Location may be anything
        raise HubError(str(error)) from None


def _client() -> HttpClient:
    return HttpClient("Feeds (WebSub publisher)", allow_local=True, deadline=HUB_DEADLINE_SECONDS)


def _parse_retry_after(retry_after: str | None) -> float | None:
    try:
        return Retry(retry_after_max=MAX_RETRY_AFTER_SECONDS).parse_retry_after((retry_after or "")[:40])
    except (InvalidHeader, ValueError, OverflowError):
        return None
