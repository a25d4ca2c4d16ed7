"""Census: who asked for which feed on which day, counted in one pass over requests, in bounded memory.

It reads no file, and knows a client only by a hash whose salt is forgotten with its day.
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
"""Subscribers that one service may state for a feed; what is above is taken for an invention."""

MAX_POLLS = 96
"""Requests of a feed by one client in a day beyond which it is named: one in a quarter of an hour."""

MISSED = 1_000
"""Paths that were asked for as if a feed were there, which are told apart."""

OPEN_DAYS = 3
"""Days whose clients are told apart at a time: logs are about in order."""

CLIENTS = 200_000
"""Clients of a day, feed by feed, that are told apart; of more, a known part is sampled."""

_IDS = 100
"""Ids or addresses under which a service may state numbers for a feed in a day."""

_SERVED = frozenset((b"200", b"304"))
_GONE = frozenset((b"404", b"410"))


@dataclass(slots=True)
class _Tally:
    """What a program asked of a feed in a day: how often each client, and what it stated under each id or document."""

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


class _Day:
    """The tallies of a day by feed and program, and the salt of its clients' hashes.

    Where clients are too many, only those are kept whose hash ends in `level` zeros, and each stands for all that it
    could have been (adaptive sampling; Flajolet, On adaptive sampling, Computing 43, 1990).
    """

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str], _Tally] = {}
        self.open()

    def open(self) -> None:
        """Tell clients apart from now on."""
        self.salt, self.count, self.level = secrets.token_bytes(16), 0, 0

    def close(self) -> Iterator[tuple[str, str, int]]:
        """Count the clients, and forget them; give how often each asked for what, through which program.

        A day that was closed before has as many clients as the larger count.
        """
        self.salt = b""
        for (feed, program), tally in self.tallies.items():
            tally.readers = max(tally.readers, len(tally.clients) << self.level)
            yield from ((feed, program, count) for count in tally.clients.values())
            claims = tally.by_id or tally.by_document  # one that has ids may leave them out now and then
            if claims:
                tally.stated = max(sum(claims.values()), tally.stated or 0)
                tally.sources = max(len(claims), tally.sources)
            tally.clients, tally.by_id, tally.by_document = {}, {}, {}

    def has_new_client(self) -> None:
        """Take note of another client, and keep half of them where there are too many."""
        self.count += 1
        while self.count > CLIENTS:
            self.level += 1
            for tally in self.tallies.values():
                tally.clients = {client: n for client, n in tally.clients.items() if self.keeps(client)}
            self.count = sum(len(tally.clients) for tally in self.tallies.values())

    def keeps(self, client: int) -> bool:
        """Tell whether a client is in the sample."""
        return not client & ((1 << self.level) - 1)


class Census:
    """Takes requests in, and gives an `Audience`."""

    def __init__(self, site: Site, *, max_claim: int = MAX_CLAIM, max_polls: int = MAX_POLLS) -> None:
        """Begin with nothing. `max_claim` and `max_polls` take the place of MAX_CLAIM and MAX_POLLS."""
        self._max_claim, self._max_polls = max_claim, max_polls
        self._paths, self._agents = FeedPaths(site), Agents()
        host = urlsplit(site.url).hostname or ""
        self._hosts = {b"", host.encode(), f"www.{host}".encode(), host.removeprefix("www.").encode()}
        self._missed: Counter[str] = Counter()
        self._days: dict[date, _Day] = {}
        self._open: OrderedDict[date, _Day] = OrderedDict()
        self._sampled: set[date] = set()
        self._reopened: set[date] = set()
        self._implausible_claims: dict[tuple[str, str], int] = {}
        self._over_polling: dict[tuple[str, str], OverPolling] = {}
        self.requests = self.elsewhere = self.unserved = 0

    def add(self, requests: Iterable[Request]) -> None:
        """Count requests."""
        paths, agents, served, service = self._paths, self._agents, _SERVED, Kind.SERVICE
        of, day = None, _Day()
        count = elsewhere = 0
        for address, on, target, status, size, words, conditional, host in requests:
            count += 1
            path = paths[target]
            if path is None or (host and host not in self._hosts):
                elsewhere += 1
                continue
            if status not in served or not path.feed:
                self._miss(path, status, agents[words].kind)
                elsewhere += not path.feed
                continue
            if on != of:
                of, day = on, self._day(on)
            agent = agents[words]
            key = path.feed, agent.name
            tally = day.tallies.get(key)
            if tally is None:
                day.tallies[key] = tally = _Tally()
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
                    self._claim(tally, agent, path)
                continue
            client = hash(day.salt + address)
            if day.level and not day.keeps(client):
                continue
            known = tally.clients.get(client)
            tally.clients[client] = (known or 0) + 1
            if known is None:
                day.has_new_client()
        self.requests += count
        self.elsewhere += elsewhere

    def _miss(self, path: FeedPath, status: bytes, kind: Kind) -> None:
        """Take note of what was asked for and not there, if it was by one that may have subscribed."""
        self.unserved += bool(path.feed)
        is_told = path.path in self._missed or len(self._missed) < MISSED
        if status in _GONE and kind in (Kind.SERVICE, Kind.READER) and is_told:
            self._missed[path.path] += 1

    def _claim(self, tally: _Tally, agent: Agent, path: FeedPath) -> None:
        """Take the number that a service states: of a day the largest, for each id, or document, it states one for.

        Of ids that are too many, the largest numbers are taken; what they come to has the same bound as one. What is
        beyond it is not believed, and counts in the end as much as the most that another service states for the feed.
        """
        claim = agent.claim or 0
        claims, id = (tally.by_id, agent.id) if agent.id else (tally.by_document, path.document)
        if id not in claims and len(claims) >= _IDS:
            least = min(claims, key=lambda each: claims[each])
            if claims[least] >= claim:
                return
            del claims[least]
        others = sum(claims.values()) - claims.get(id, 0)
        if others + claim > self._max_claim:
            key = agent.name, path.feed
            self._implausible_claims[key] = max(others + claim, self._implausible_claims.get(key, 0))
            tally.is_implausible, claim = True, max(0, self._max_claim - others)
        claims[id] = max(claim, claims.get(id, 0))

    def _day(self, on: date) -> _Day:
        if on in self._open:
            self._open.move_to_end(on)
            return self._open[on]
        if len(self._open) >= OPEN_DAYS:
            self._close_one()
        if day := self._days.get(on):
            self._reopened.add(on)
            day.open()
        else:
            self._days[on] = day = _Day()
        self._open[on] = day
        return day

    def _close_one(self) -> None:
        """Close the day that was asked for least lately."""
        on, day = self._open.popitem(last=False)
        if day.level:
            self._sampled.add(on)
        for feed, program, count in day.close():
            self._note_over_polling(on, feed, program, count)

    def _note_over_polling(self, on: date, feed: str, program: str, count: int) -> None:
        if count > self._max_polls:
            worst = self._over_polling.get((program, feed), OverPolling(program, feed, 0, on, 0))
            most, day = (count, on) if count > worst.most else (worst.most, worst.day)
            self._over_polling[program, feed] = OverPolling(program, feed, most, day, worst.times + 1)

    def audience(self) -> Audience:
        """Close all days, and give what was counted."""
        while self._open:
            self._close_one()
        rows = tuple(self._rows())
        for row in rows:
            if row.kind is Kind.SERVICE:  # all its machines together, for each id that it asks under
                self._note_over_polling(row.day, row.feed, row.program, row.usage.requests // row.usage.clients)
        return Audience(
            rows=rows,
            implausible_claims=tuple(
                ImplausibleClaim(*key, claim, self._believed(key[1]))
                for key, claim in sorted(self._implausible_claims.items())
            ),
            over_polling=tuple(
                sorted(self._over_polling.values(), key=lambda each: (-each.most, each.program, each.feed))
            ),
            max_polls=self._max_polls,
            missed=tuple(self._missed.most_common()),
            requests=self.requests,
            elsewhere=self.elsewhere,
            unserved=self.unserved,
            sampled=tuple(sorted(self._sampled)),
            reopened=tuple(sorted(self._reopened)),
        )

    def _believed(self, feed: str) -> int:
        """Tell the most that a service is believed of the subscribers of a feed, on any day."""
        tallies = (tally for day in self._days.values() for (name, _), tally in day.tallies.items() if name == feed)
        return max((tally.stated or 1 for tally in tallies if not tally.is_implausible), default=1)

    def _rows(self) -> Iterator[Readership]:
        for on, day in sorted(self._days.items()):
            for (feed, program), tally in sorted(day.tallies.items()):
                kind = self._agents.kinds[program]
                if tally.is_implausible:
                    tally.stated = min(tally.stated or 0, self._believed(feed))
                usage = Usage(
                    requests=tally.requests,
                    clients=tally.sources if kind is Kind.SERVICE else tally.readers,
                    not_modified=tally.not_modified,
                    told=tally.told,
                    conditional=tally.conditional,
                    sent=tally.sent,
                    saved=tally.saved + sum(path.size * count for path, count in tally.unsized.items()),
                )
                yield Readership(on, feed, program, kind, _subscribers(kind, tally), usage)


def _subscribers(kind: Kind, tally: _Tally) -> int:
    """Tell how many subscribe: what a service states, or one where it states nothing; else readers, each by itself."""
    if kind is Kind.SERVICE:
        return 1 if tally.stated is None else tally.stated
    return tally.readers if kind is Kind.READER else 0
