"""The census counts who requested which feed on which day, in one pass and in bounded memory.

It reads no file. It identifies clients only by a salted hash, and discards the salt when the day is closed.
"""

from __future__ import annotations

import secrets
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from feeds.model.site import Site

from .agents import Agent, Agents
from .feed_paths import FeedPath, FeedPaths
from .log_formats import Request
from .programs import Kind
from .readership import Audience, ImplausibleClaim, OverPolling, Readership, Usage

MAX_CLAIM = 10_000
"""Subscribers that a service may state for a feed; a larger number is considered invented."""

MAX_POLLS = 96
"""Requests for a feed by one client in a day above which it is listed: one every 15 minutes."""

MAX_MISSED_PATHS = 1_000
"""Maximum number of distinct paths to record at which clients expected a feed but found none."""

MAX_OPEN_DAYS = 3
"""Days whose clients are tracked at the same time; logs are roughly in order."""

MAX_CLIENTS_PER_DAY = 200_000
"""Maximum number of clients tracked per day, counted once per feed and program; above it, they are sampled."""

_MAX_SERVICE_IDS = 100
"""Maximum number of ids, or documents, for which a service may state subscribers of a feed in a day."""

_SERVED_STATUSES = frozenset((b"200", b"304"))
_MISSING_STATUSES = frozenset((b"404", b"410"))


@dataclass(slots=True)
class _Tally:
    """A program's use of a feed in a day: requests per client, and subscribers stated per id or document."""

    requests: int = 0
    not_modified: int = 0
    told: int = 0
    conditional: int = 0
    sent: int = 0
    saved: int = 0
    readers: int = 0
    clients: dict[int, int] = field(default_factory=dict)
    stated: int | None = None
    is_implausible: bool = False
    sources: int = 1
    by_id: dict[bytes, int] = field(default_factory=dict)
    by_document: dict[bytes, int] = field(default_factory=dict)
    unsized: Counter[FeedPath] = field(default_factory=Counter)


class _DayCounts:
    """The tallies of a day by feed and program, and the salt of its clients' hashes.

    If there are too many clients, only those whose hash ends in `level` zero bits are kept. Each then counts for
    2 ** `level` clients (adaptive sampling; Flajolet, On adaptive sampling, Computing 43, 1990).
    """

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str], _Tally] = {}
        self.open()

    def open(self) -> None:
        """Start to track clients, with a new salt."""
        self.salt, self.count, self.level = secrets.token_bytes(16), 0, 0

    def close(self) -> Iterator[tuple[str, str, int]]:
        """Count and forget the clients. Yield the feed, the program and the number of requests of each client.

        If the day was closed before, the larger number of clients counts.
        """
        self.salt = b""
        for (feed, program), tally in self.tallies.items():
            tally.readers = max(tally.readers, len(tally.clients) << self.level)
            yield from ((feed, program, count) for count in tally.clients.values())
            claims = tally.by_id or tally.by_document  # a service with ids may omit them in some requests
            if claims:
                tally.stated = max(sum(claims.values()), tally.stated or 0)
                tally.sources = max(len(claims), tally.sources)
            tally.clients, tally.by_id, tally.by_document = {}, {}, {}

    def add_client(self) -> None:
        """Count a new client. If there are too many, halve the sample."""
        self.count += 1
        while self.count > MAX_CLIENTS_PER_DAY:
            self.level += 1
            for tally in self.tallies.values():
                tally.clients = {client: n for client, n in tally.clients.items() if self.is_sampled(client)}
            self.count = sum(len(tally.clients) for tally in self.tallies.values())

    def is_sampled(self, client: int) -> bool:
        """Return whether a client is in the sample."""
        return not client & ((1 << self.level) - 1)


class Census:
    """Collects requests and computes an `Audience`."""

    def __init__(self, site: Site, *, max_claim: int = MAX_CLAIM, max_polls: int = MAX_POLLS) -> None:
        """Create an empty census. `max_claim` and `max_polls` override MAX_CLAIM and MAX_POLLS."""
        self._max_claim, self._max_polls = max_claim, max_polls
        self._paths, self._agents = FeedPaths(site), Agents()
        host = urlsplit(site.url).hostname or ""
        self._hosts = {b"", host.encode(), f"www.{host}".encode(), host.removeprefix("www.").encode()}
        self._missed_paths: Counter[str] = Counter()
        self.days: dict[date, _DayCounts] = {}
        self._open_days: OrderedDict[date, _DayCounts] = OrderedDict()
        self._sampled_days: set[date] = set()
        self._reopened_days: set[date] = set()
        self._implausible_claims: dict[tuple[str, str], int] = {}
        self._over_polling: dict[tuple[str, str], OverPolling] = {}
        self.requests = self.elsewhere = self.unserved = 0

    def add(self, requests: Iterable[Request]) -> None:
        """Count requests."""
        paths, agents, served, service = self._paths, self._agents, _SERVED_STATUSES, Kind.SERVICE
        current_day, counts = None, _DayCounts()
        total = elsewhere = 0
        for address, day, target, status, size, user_agent, conditional, host in requests:
            total += 1
            path = paths[target]
            if path is None or (host and host not in self._hosts):
                elsewhere += 1
                continue
            if status not in served or not path.feed:
                self._record_unserved(path, status, agents[user_agent].kind)
                elsewhere += not path.feed
                continue
            if day != current_day:
                current_day, counts = day, self._counts_of(day)
            agent = agents[user_agent]
            key = path.feed, agent.name
            tally = counts.tallies.get(key)
            if tally is None:
                counts.tallies[key] = tally = _Tally()
            tally.requests += 1
            if status == b"200":
                tally.sent += size
                if size:
                    path.size = size
            else:
                tally.not_modified += 1
                if path.size:
                    tally.saved += path.size
                else:
                    tally.unsized[path] += 1
            if conditional is not None:
                tally.told += 1
                tally.conditional += conditional
            if agent.kind is service:
                if agent.claim is not None:
                    self._add_claim(tally, agent, path)
                continue
            client = hash(counts.salt + address)
            if counts.level and not counts.is_sampled(client):
                continue
            previous_requests = tally.clients.get(client)
            tally.clients[client] = (previous_requests or 0) + 1
            if previous_requests is None:
                counts.add_client()
        self.requests += total
        self.elsewhere += elsewhere

    def _record_unserved(self, path: FeedPath, status: bytes, kind: Kind) -> None:
        """Count a request that was not served; record its path if a reader or service found nothing there."""
        self.unserved += bool(path.feed)
        can_record = path.path in self._missed_paths or len(self._missed_paths) < MAX_MISSED_PATHS
        if status in _MISSING_STATUSES and kind in (Kind.SERVICE, Kind.READER) and can_record:
            self._missed_paths[path.path] += 1

    def _add_claim(self, tally: _Tally, agent: Agent, path: FeedPath) -> None:
        """Record the subscribers that a service states. The largest number of a day counts for each id or document.

        If there are too many ids, those with the largest numbers are kept. Their sum has the same limit as a single
        number. A sum above it is implausible, and counts at most as the largest plausible claim for the feed.
        """
        claim = agent.claim or 0
        claims, id = (tally.by_id, agent.id) if agent.id else (tally.by_document, path.document)
        if id not in claims and len(claims) >= _MAX_SERVICE_IDS:
            smallest = min(claims, key=lambda claim_id: claims[claim_id])
            if claims[smallest] >= claim:
                return
            del claims[smallest]
        other_claims = sum(claims.values()) - claims.get(id, 0)
        if other_claims + claim > self._max_claim:
            key = agent.name, path.feed
            self._implausible_claims[key] = max(other_claims + claim, self._implausible_claims.get(key, 0))
            tally.is_implausible, claim = True, max(0, self._max_claim - other_claims)
        claims[id] = max(claim, claims.get(id, 0))

    def _counts_of(self, day: date) -> _DayCounts:
        if day in self._open_days:
            self._open_days.move_to_end(day)
            return self._open_days[day]
        if len(self._open_days) >= MAX_OPEN_DAYS:
            self._close_least_recent_day()
        if counts := self.days.get(day):
            self._reopened_days.add(day)
            counts.open()
        else:
            self.days[day] = counts = _DayCounts()
        self._open_days[day] = counts
        return counts

    def _close_least_recent_day(self) -> None:
        """Close the least recently used day."""
        day, counts = self._open_days.popitem(last=False)
        if counts.level:
            self._sampled_days.add(day)
        for feed, program, requests in counts.close():
            self._record_over_polling(day, feed, program, requests)

    def _record_over_polling(self, day: date, feed: str, program: str, requests: int) -> None:
        if requests > self._max_polls:
            worst = self._over_polling.get((program, feed), OverPolling(program, feed, 0, day, 0))
            most, worst_day = (requests, day) if requests > worst.most else (worst.most, worst.day)
            self._over_polling[program, feed] = OverPolling(program, feed, most, worst_day, worst.times + 1)

    def audience(self) -> Audience:
        """Close all days and return the result."""
        while self._open_days:
            self._close_least_recent_day()
        rows = tuple(self._rows())
        for row in rows:
            if row.kind is Kind.SERVICE:  # requests of all its machines, per id
                self._record_over_polling(row.day, row.feed, row.program, row.usage.requests // row.usage.clients)
        return Audience(
            rows=rows,
            implausible_claims=tuple(
                ImplausibleClaim(*key, claim, self._max_plausible_claim(key[1]))
                for key, claim in sorted(self._implausible_claims.items())
            ),
            over_polling=tuple(
                sorted(self._over_polling.values(), key=lambda item: (-item.most, item.program, item.feed))
            ),
            max_polls=self._max_polls,
            missed=tuple(self._missed_paths.most_common()),
            requests=self.requests,
            elsewhere=self.elsewhere,
            unserved=self.unserved,
            sampled=tuple(sorted(self._sampled_days)),
            reopened=tuple(sorted(self._reopened_days)),
        )

    def _max_plausible_claim(self, feed: str) -> int:
        """Return the largest number of subscribers that a service plausibly stated for a feed, on any day."""
        tallies = (
            tally for counts in self.days.values() for (name, _), tally in counts.tallies.items() if name == feed
        )
        return max((tally.stated or 1 for tally in tallies if not tally.is_implausible), default=1)

    def _rows(self) -> Iterator[Readership]:
        for day, counts in sorted(self.days.items()):
            for (feed, program), tally in sorted(counts.tallies.items()):
                kind = self._agents.kinds[program]
                if tally.is_implausible:
                    tally.stated = min(tally.stated or 0, self._max_plausible_claim(feed))
                usage = Usage(
                    requests=tally.requests,
                    clients=tally.sources if kind is Kind.SERVICE else tally.readers,
                    not_modified=tally.not_modified,
                    told=tally.told,
                    conditional=tally.conditional,
                    sent=tally.sent,
                    saved=tally.saved + sum(path.size * count for path, count in tally.unsized.items()),
                )
                yield Readership(day, feed, program, kind, _subscribers(kind, tally), usage)


def _subscribers(kind: Kind, tally: _Tally) -> int:
    """Return the number of subscribers: what a service states (1 if nothing), or the clients of a reader."""
    if kind is Kind.SERVICE:
        return 1 if tally.stated is None else tally.stated
    return tally.readers if kind is Kind.READER else 0
