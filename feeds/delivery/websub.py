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
"""Seconds without progress after which a command stops waiting for a hub."""

_JOIN_SECONDS = 0.1

_NO_CACHE_HEADERS = {"Cache-Control": "no-cache"}

LIVE_POLL_SECONDS = 0.5
_MAX_THREADS = 8
_MAX_REDIRECTS = 4

_unreachable_topics: set[str] = set()
"""The topics that were already logged as unreachable."""

logger = logging.getLogger(__name__)


class HubError(Exception):
    """A hub that could not be notified. `wait` is the number of seconds that it asked us to wait, or None.

    `is_general` means that the failure does not depend on the topic.
    """

    def __init__(self, reason: str, wait: float | None = None, *, is_general: bool = False) -> None:
        """Set the reason, the seconds to wait, and whether it concerns all topics."""
        super().__init__(reason)
        self.wait, self.is_general = wait, is_general


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

    `save` is called with the topics of all hubs after each notification, by one thread at a time. A hub that has
    made no progress for HUB_TIMEOUT_SECONDS is no longer waited for.
    """
    topics_by_hub: dict[str, Topics] = {hub: notified_topics.get(hub, {}) for hub in hubs}
    errors: dict[str, HubError] = {}
    lock = threading.Lock()
    progress = dict.fromkeys(hubs, time.monotonic())  # when each was last notified of a topic

    def serve(hub: str) -> None:
        def record(known: Topics) -> None:
            progress[hub] = time.monotonic()
            with lock:
                topics_by_hub[hub] = known
                save(dict(topics_by_hub))

        try:
            count = len(pending(topics_by_hub[hub], topics))
            if refused := notify_hub(hub, topics_by_hub[hub], topics, record):
                first = next(iter(refused.values()))
                errors[hub] = HubError(f"{first} for {len(refused)} of {count} feeds")
        except HubError as error:
            errors[hub] = error
        except Exception as error:  # saving failed; the hub may be notified twice
            errors[hub] = HubError(f"its notified topics cannot be saved: {error}")

    threads = {hub: threading.Thread(target=serve, args=(hub,), daemon=True) for hub in hubs}
    for thread in threads.values():
        thread.start()
    for hub, thread in threads.items():
        while thread.is_alive() and time.monotonic() < progress[hub] + HUB_TIMEOUT_SECONDS:
            thread.join(_JOIN_SECONDS)
        if thread.is_alive():
            errors[hub] = HubError(f"it has not answered within {HUB_TIMEOUT_SECONDS} seconds")
    with lock:
        return dict(topics_by_hub), dict(errors)


def notify_hub(
    hub: str,
    notified_topics: Topics,
    topics: Topics,
    record: Callable[[Topics], None],
    due_topics: Sequence[str] | None = None,
) -> dict[str, HubError]:
    """Notify a hub of its pending topics, or of `due_topics`, and return the errors of single topics.

    Each request contains one topic: many hubs read only the last of several. Some answer with an error for a topic
    without subscribers. After each request, `record` gets the notified topics. Raises HubError if the hub cannot be
    reached for two topics in a row, or asks us to wait; then the remaining topics are not tried.
    """
    client, errors, is_suspect = _client(), dict[str, HubError](), False
    notified = {topic: digest for topic, digest in notified_topics.items() if topic in topics}
    if notified != notified_topics:
        record(notified)
    for topic in pending(notified, topics) if due_topics is None else due_topics:
        try:
            publish(hub, topic, client)
        except HubError as error:
            if error.wait is not None or (error.is_general and is_suspect):
                raise
            errors[topic], is_suspect = error, error.is_general
        else:
            is_suspect = False
            notified = notified | {topic: topics[topic]}
            record(notified)
    return errors


def publish(hub: str, topic: str, client: HttpClient | None = None) -> None:
    """Notify a hub that a topic changed. Any failure raises HubError."""
    client, target = client or _client(), hub
    form = [("hub.mode", "publish"), ("hub.url", topic), ("hub.topic", topic)]  # hubs differ in which they read
    try:
        for _ in range(_MAX_REDIRECTS):
            response = client.post(target, form, headers=_NO_CACHE_HEADERS)
            if 200 <= response.status < 300:
                return
            location = urljoin(target, response.headers.get("Location", ""))
            if response.status not in (307, 308) or urlsplit(location)[:2] != urlsplit(target)[:2]:
                wait = _parse_retry_after(response.headers.get("Retry-After"))
                raise HubError(f"it answers {response.status}", wait, is_general=wait is not None)
            target = location
        raise HubError("it redirects too often", is_general=True)
    except (HttpError, ValueError) as error:  # a Location may be anything
        raise HubError(str(error), is_general=True) from None


def _client() -> HttpClient:
    return HttpClient("Feeds (WebSub publisher)", allow_local=True, deadline=HUB_DEADLINE_SECONDS)


def _parse_retry_after(retry_after: str | None) -> float | None:
    try:
        return Retry(retry_after_max=MAX_RETRY_AFTER_SECONDS).parse_retry_after((retry_after or "")[:40])
    except (InvalidHeader, ValueError, OverflowError):
        return None
