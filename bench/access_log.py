"""Writes a plausible access log: feed readers with their intervals, services, robots and browsers.

The same arguments give the same log. `bench/audience.py` measures with it, and
`docs/screenshots.py` shows it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FEEDS = {"/feeds/all.rss": 9, "/feeds/research.rss": 7, "/feeds/outreach.rss": 4, "/feeds/funding.rss": 2}
FEEDS |= {"/feeds/research.atom": 2, "/en/feeds/all.rss": 3, "/feeds/all.json": 1, "/rss": 1}

READERS = {
    "FreshRSS/1.28.0 (Linux; https://freshrss.org)": (9, 24),
    "NetNewsWire (RSS Reader; https://netnewswire.com/)": (8, 12),
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0": (8, 10),
    "Mozilla/5.0 (compatible; Miniflux/2.2.14; +https://miniflux.app)": (5, 24),
    "Tiny Tiny RSS/25.07-dea3f2d (Unsupported) (https://tt-rss.org/)": (4, 48),
    "Reeder/5050102 CFNetwork/3860.500.112 Darwin/25.4.0": (3, 8),
    "newsboat/2.40 (Linux x86_64)": (3, 4),
    "SpaceCowboys Android RSS Reader / 2.13.0(3764)": (3, 24),
    "Liferea/1.14.5 (Linux; https://lzone.de/liferea/) AppleWebKit (KHTML, like Gecko)": (2, 18),
}
"""Programs, each with its share of readers in per cent and its requests a day."""

SERVICES = {
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; {} subscribers; like FeedFetcher-Google)": (260, 40),
    "Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; {} subscribers; )": (120, 24),
    "NewsBlur Feed Fetcher - {} subscribers - https://www.newsblur.com/site/6865328/news": (35, 12),
    "Feedbin feed-id:1373711 - {} subscribers": (28, 24),
    "Mozilla/5.0 (compatible; theoldreader.com; {} subscribers; feed-id=0719795c4d27c784217b0bc0)": (22, 24),
    "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; {} subscribers)": (9, 24),
}
"""Services, each with the subscribers of its largest feed and its requests a day."""

OTHERS = {
    "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)": ("/feeds/all.rss", 24),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": ("/feeds/research.rss", 6),
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": ("/articles/cheque-ligue", 9),
    "dlvr.it/1.0 (+http://dlvr.it/fetcher)": ("/feeds/all.rss", 96),
    "python-requests/2.32.3": ("/feeds/all.rss", 300),
}
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
_PAGES = (
    "/",
    "/articles/cheque-ligue",
    "/feeds/research",
    "/static/style.css",
    "/pictures/89d2e7dca5b2d728c3dc-640x360.jpg",
)
_SIZES = {path: 30_000 + 9_000 * number for number, path in enumerate(FEEDS)}


@dataclass(frozen=True)
class _Reader:
    address: str
    program: str
    path: str
    visits: int
    since: int


def lines(days: int, readers: int, *, first: date = date(2026, 3, 1), seed: int = 1) -> Iterator[str]:
    """Yield the lines of N days in order; `readers` is the number of readers at the end."""
    rng = random.Random(seed)
    population = [_reader(rng, days) for _ in range(readers)]
    for day_number in range(days):
        day = first + timedelta(days=day_number)
        visits: list[tuple[int, str, str, str]] = []
        for reader in population:
            if reader.since <= day_number and rng.random() < (0.55 if day.weekday() > 4 else 0.9):
                visits += [
                    (rng.randrange(86_400), reader.address, reader.path, reader.program) for _ in range(reader.visits)
                ]
        for host, (user_agent, (subscribers, requests_a_day)) in enumerate(SERVICES.items()):
            for path, weight in FEEDS.items():
                stated = round(subscribers * weight / 9 * (0.9 + 0.1 * day_number / days))
                seconds = [rng.randrange(86_400) for _ in range(requests_a_day)] if stated else []
                visits += [(second, f"198.51.100.{host}", path, user_agent.format(stated)) for second in seconds]
        for host, (user_agent, (path, requests_a_day)) in enumerate(OTHERS.items()):
            visits += [(rng.randrange(86_400), f"192.0.2.{host}", path, user_agent) for _ in range(requests_a_day)]
        people = len(visits) // 6
        visits += [(rng.randrange(86_400), _address(rng), rng.choice(_PAGES), _BROWSER) for _ in range(people)]
        for second, address, path, user_agent in sorted(visits):
            yield _line(rng, day, second, address, path, user_agent)


def _reader(rng: random.Random, days: int) -> _Reader:
    (program,) = rng.choices(list(READERS), [weight for weight, _ in READERS.values()])
    (path,) = rng.choices(list(FEEDS), list(FEEDS.values()))
    first_day = rng.randrange(days) if rng.random() < 0.15 else 0
    return _Reader(_address(rng), program, path, max(1, round(rng.gauss(READERS[program][1], 2))), first_day)


def _address(rng: random.Random) -> str:
    return f"203.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"


def _line(rng: random.Random, day: date, second: int, address: str, path: str, user_agent: str) -> str:
    size = _SIZES.get(path)
    is_known = size is not None and "python" not in user_agent and rng.random() < 0.9
    time = f"{day:%d/%b/%Y}:{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} +0100"
    status_and_size = "304 0" if is_known else f"200 {size or 12_345}"
    return f'{address} - - [{time}] "GET {path} HTTP/1.1" {status_and_size} "-" "{user_agent}"\n'


def write(path: Path, *, min_lines: int, days: int, readers: int) -> int:
    """Write a file of at least `min_lines` lines, and return how many there are.

    The days are repeated with other readers until there are enough lines.
    """
    count = 0
    with path.open("w", encoding="ascii") as file:
        while count < min_lines:
            for line in lines(days, readers, first=date(2026, 1, 1), seed=count):
                file.write(line)
                count += 1
                if count >= min_lines:
                    break
    return count


if __name__ == "__main__":
    sys.stdout.writelines(lines(int(sys.argv[1]), int(sys.argv[2])))
