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
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from .document import etag_of
from .manifest import Manifest
from .site import Site

MOST = 50
"""How many topics one request announces."""

TIMEOUT = (5, 10)
"""Seconds that a hub has to take a connection, and to answer."""

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

_STEP = 0.5

log = logging.getLogger(__name__)


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


def await_live(topics: Topics, names: Iterable[str], is_wanted: Callable[[], bool] = lambda: True) -> None:
    """Wait until readers get the new bytes of topics: a hub that is told fetches them at once, and only once.

    It is waited for no longer than LIVE_WITHIN, nor where a topic cannot be asked for from here, nor once it is not
    wanted any more.
    """
    end, left = time.monotonic() + LIVE_WITHIN, list(names)
    with _Session() as session:
        while left := [topic for topic in left if is_wanted() and _is_stale(session, topic, topics[topic])]:
            if time.monotonic() >= end:
                log.warning("%s: old bytes are given still; hubs are told all the same", left[0])
                return
            time.sleep(_STEP)


def _is_stale(session: requests.Session, topic: str, digest: str) -> bool:
    """Tell whether a topic is given with other bytes than those that are published."""
    try:
        # a cache that heeds it fetches the new bytes, and the hub gets them from there
        headers = {"Cache-Control": "no-cache", "Accept-Encoding": "identity"}
        answer = session.get(topic, headers=headers, timeout=TIMEOUT)
        return answer.status_code == 200 and etag_of(answer.content) != digest
    except requests.RequestException:
        return False


def announce(told: Told, hubs: Sequence[str], topics: Topics) -> tuple[dict[str, Topics], dict[str, HubError]]:
    """Tell each hub once what it has to be told; give what all know then, and why some could not be told."""

    def tell(hub: str) -> tuple[Topics, HubError | None]:
        known = {topic: digest for topic, digest in told.get(hub, {}).items() if topic in topics}
        waiting = pending(known, topics)
        try:
            for start in range(0, len(waiting), MOST):
                some = waiting[start : start + MOST]
                publish(hub, some)
                known |= {topic: topics[topic] for topic in some}
        except HubError as fault:
            return known, fault
        return known, None

    with ThreadPoolExecutor(max(len(hubs), 1)) as pool:
        found = dict(zip(hubs, pool.map(tell, hubs), strict=True))
    faults = {hub: fault for hub, (_, fault) in found.items() if fault}
    return {hub: known for hub, (known, _) in found.items()}, faults


def publish(hub: str, topics: Iterable[str]) -> None:
    """Tell a hub that topics changed, in one request. Raises HubError."""
    form = [("hub.mode", "publish")]
    for topic in topics:
        form += [("hub.url", topic), ("hub.topic", topic)]  # hubs differ in which of the two they read
    try:
        with _Session() as session, session.post(hub, data=form, timeout=TIMEOUT, stream=True) as answer:
            if answer.ok and not answer.is_redirect:
                return
            raise HubError(f"it answers {answer.status_code}", _wait(answer.headers.get("Retry-After")))
    except requests.RequestException as fault:
        raise HubError(f"it does not answer: {fault}") from None


def _wait(retry_after: str | None) -> float | None:
    try:
        return Retry(retry_after_max=PATIENCE).parse_retry_after(retry_after or "")
    except InvalidHeader:
        return None


class _Session(requests.Session):
    """Follows a redirect only where the request stays what it is, and with the host it was meant for."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        here = urlsplit(resp.url or "")
        there = urlsplit(urljoin(resp.url or "", target or ""))
        is_safe = (here.scheme, here.netloc) == (there.scheme, there.netloc) and resp.status_code in (307, 308)
        return target if is_safe else None


@dataclass
class _Line:
    """Where we are with a hub: how often in a row it failed, and from when on it is tried again."""

    failures: int = 0
    retry_at: float = 0.0


@dataclass
class Announcer:
    """Tells hubs of topics whenever they change, each from a thread of its own, until the process ends.

    `keep` writes down what was told; it is called by one thread at a time.
    """

    told: Told
    keep: Callable[[Told], None]
    _hubs: tuple[str, ...] = field(default=(), init=False)
    _topics: Topics = field(default_factory=dict, init=False)
    _lines: dict[str, _Line] = field(default_factory=dict, init=False)
    _news: threading.Condition = field(default_factory=threading.Condition, init=False)

    def update(self, hubs: tuple[str, ...], topics: Topics) -> None:
        """Have hubs told of topics, as far as they do not know them."""
        with self._news:
            self._hubs, self._topics = hubs, topics
            for hub in hubs:
                if hub not in self._lines:
                    self._lines[hub] = _Line()
                    threading.Thread(target=self._serve, args=(hub,), name=f"hub {hub}", daemon=True).start()
            self._news.notify_all()

    def _serve(self, hub: str) -> None:
        line = self._lines[hub]
        while True:
            with self._news:
                while not self._is_due(hub):
                    self._news.wait(self._seconds_to_wait(hub))
                topics, told = self._topics, dict(self.told)
            await_live(topics, pending(told.get(hub, {}), topics), lambda topics=topics: self._topics is topics)  # type: ignore[misc]
            if self._topics is not topics:
                continue
            known, faults = announce(told, [hub], topics)
            with self._news:
                if known[hub] != self.told.get(hub):
                    self.told = {each: self.told.get(each, {}) for each in self._hubs} | known
                    self.keep(self.told)
                self._settle(line, hub, faults.get(hub))

    def _is_due(self, hub: str) -> bool:
        has_news = hub in self._hubs and bool(pending(self.told.get(hub, {}), self._topics))
        return has_news and time.monotonic() >= self._lines[hub].retry_at

    def _seconds_to_wait(self, hub: str) -> float | None:
        left = self._lines[hub].retry_at - time.monotonic()
        return left if left > 0 else None

    def _settle(self, line: _Line, hub: str, fault: HubError | None) -> None:
        if fault is None:
            if line.failures:
                log.warning("hub %s: told of all that it missed", hub)
            line.failures, line.retry_at = 0, 0.0
            return
        line.failures += 1
        wait = fault.wait if fault.wait is not None else min(2.0 ** (line.failures - 1), LONGEST)
        line.retry_at = time.monotonic() + max(wait, 1)
        if line.failures == 1:
            log.warning("hub %s: %s; it is told later", hub, fault)
