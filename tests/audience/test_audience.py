from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import logging
import lzma
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import quote

import pytest
from lxml import etree
from playwright.sync_api import Browser

from feeds import create_app
from feeds.audience import access_log, census, page, plots
from feeds.audience.access_log import Log, LogError
from feeds.audience.agents import OTHERS, Agents, read_agent
from feeds.audience.census import Census
from feeds.audience.feed_paths import FeedPaths
from feeds.audience.programs import Kind
from feeds.audience.readership import Audience
from feeds.base import translations
from feeds.server.granian import EscapeLogArguments
from feeds.settings import Settings
from tests.builders import NOW, ROOT, SAMPLE, SITE, content_folder, site
from tests.conftest import violations
from tests.processes import get, served

FEEDLY = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; {} subscribers; like FeedFetcher-Google)"
FEEDBIN = "Feedbin feed-id:{} - {} subscribers"
NNW = "NetNewsWire (RSS Reader; https://netnewswire.com/)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DAY = date(2026, 3, 2)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def line(
    agent: str = NNW,
    *,
    path: str = "/feeds/research.rss",
    address: str = "203.0.113.7",
    day: int = 2,
    status: int = 200,
    size: int | str = 5000,
    method: str = "GET",
) -> str:
    """Return a line of a combined log with defaults for everything that a test does not name."""
    time = f"{day:02}/Mar/2026:09:00:00 +0100"
    return f'{address} - - [{time}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}"'


def log_of(text: bytes) -> Log:
    return Log("access.log", io.BufferedReader(cast(io.RawIOBase, io.BytesIO(text))))


def find(page: bytes, path: str) -> list[Any]:
    """Return what an XPath expression selects in a page."""
    return cast(list[Any], etree.HTML(page).xpath(path))


def counted(lines: Iterable[str], **options: int) -> Audience:
    """Return the audience counted from the lines of a log."""
    log = log_of("\n".join(lines).encode())
    found = Census(site(), **options)
    for requests in log:
        found.add(requests)
    assert log.skipped_lines.lines == 0
    return found.audience()


def subscribers(audience: Audience, day: int = 2) -> dict[tuple[str, str], int]:
    return {(row.feed, row.program): row.subscribers for row in audience.rows if row.day.day == day}


AGENTS = [
    tuple(map(str.strip, each.split("|", 4)))
    for each in (ROOT / "tests" / "data" / "agents.txt").read_text(encoding="utf-8").splitlines()
    if not each.startswith("#")
]


@pytest.mark.parametrize("expected", AGENTS, ids=[f"{each[0]}: {each[4][:40]}" for each in AGENTS])
def test_real_user_agents_are_recognised(expected: Sequence[str]) -> None:
    name, kind, claim, id, text = expected
    found = read_agent(text.encode())
    shown = "-" if found.claim is None else str(found.claim)
    assert (found.name, found.kind.value, shown, (found.id or b"-").decode()) == (name, kind, claim, id)


@pytest.mark.parametrize(
    ("said", "claim"),
    [("1,234 subscribers", 1234), ("12,345,678 subscribers", 12_345_678), ("0 subscribers", 0), ("1 Subscriber", 1)],
)
def test_numbers_are_read_as_services_write_them(said: str, claim: int) -> None:
    assert read_agent(f"Some Service/1.0 (https://service.example; {said})".encode()).claim == claim


@pytest.mark.parametrize(
    "text", ["\x00\xff\x1b[31m", '=cmd|"/c calc"!A1/1.0', "<script>alert(1)</script>/1", "@SUM(1)/2"]
)
def test_names_of_unknown_programs_are_harmless_everywhere(text: str) -> None:
    name = read_agent(text.encode()).name
    assert re.fullmatch("[A-Za-z][A-Za-z0-9._ +-]*", name)


def test_the_number_of_distinct_unknown_programs_is_limited() -> None:
    agents = Agents()
    names = {agents[f"Invented{number}/1.0".encode()].name for number in range(2000)}
    assert len(names) < 600
    assert OTHERS in names


def test_a_service_counts_once_a_day_with_its_largest_number_and_not_their_sum() -> None:
    polls = [line(FEEDLY.format(number), address=f"192.0.2.{number}") for number in (300, 310, 305)]
    later = [line(FEEDLY.format(320), day=3)]
    audience = counted(polls + later)
    assert subscribers(audience) == {("research", "Feedly"): 310}
    assert subscribers(audience, 3) == {("research", "Feedly"): 320}


def test_formats_of_a_feed_are_added_up_but_repeated_ids_are_not() -> None:
    audience = counted(
        [
            line(FEEDLY.format(300)),
            line(FEEDLY.format(20), path="/feeds/research.atom"),
            line(FEEDBIN.format(11, 40)),
            line(FEEDBIN.format(11, 40), path="/feeds/research.rss?_=1"),
            line(FEEDBIN.format(12, 5), path="/feeds/research.json"),
        ]
    )
    assert subscribers(audience) == {("research", "Feedly"): 320, ("research", "Feedbin"): 45}


def test_a_service_without_a_number_is_one_subscriber_and_with_zero_is_none() -> None:
    assert subscribers(counted([line("Blogtrottr/2.0")])) == {("research", "Blogtrottr"): 1}
    assert subscribers(counted([line(FEEDLY.format(0))])) == {("research", "Feedly"): 0}


def test_readers_are_counted_once_a_day_per_program_and_address() -> None:
    audience = counted(
        [
            *[line(address="203.0.113.7")] * 3,
            line(address="203.0.113.7", path="/feeds/research.atom"),
            line(address="203.0.113.8"),
            line("newsboat/2.40 (Linux x86_64)", address="203.0.113.8"),
            line(address="203.0.113.7", day=3),
        ]
    )
    assert subscribers(audience) == {("research", "NetNewsWire"): 2, ("research", "newsboat"): 1}
    assert subscribers(audience, 3) == {("research", "NetNewsWire"): 1}


def test_addresses_cannot_be_recovered_once_their_day_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Census(site())
    seen: list[bytes] = []

    def token_bytes(length: int) -> bytes:
        seen.append(bytes([len(seen)]) * length)
        return seen[-1]

    monkeypatch.setattr("secrets.token_bytes", token_bytes)
    for day in range(1, 8):
        log = log_of(line(day=day).encode())
        for requests in log:
            found.add(requests)
    salts = [day.salt for day in found.days.values()]
    assert sum(salt != b"" for salt in salts) == census.MAX_OPEN_DAYS
    assert len(set(seen)) >= 7, "each day has a salt of its own"
    found.audience()
    assert all(day.salt == b"" for day in found.days.values())
    assert not any(tally.clients for day in found.days.values() for tally in day.tallies.values())


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (BROWSER, Kind.BROWSER),
        ("FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)", Kind.HUB),
        ("Twitterbot/1.0", Kind.PREVIEW),
        ("curl/8.5.0", Kind.BOT),
        ("Zapier", Kind.AUTOMATION),
        ("-", Kind.UNKNOWN),
    ],
)
def test_programs_other_than_readers_are_classified_and_not_subscribers(agent: str, kind: Kind) -> None:
    (row,) = counted([line(agent)]).rows
    assert (row.kind, row.subscribers, row.usage.requests) == (kind, 0, 1)


def test_an_implausible_number_is_capped_and_reported() -> None:
    log = [line(FEEDLY.format(5_000_000)), line(FEEDBIN.format(1, 40)), line(FEEDLY.format(400), path="/feeds/all.rss")]
    audience = counted(log, max_claim=1000)
    assert subscribers(audience)["research", "Feedly"] == 40, "as many as the most that another service states"
    found = [(each.program, each.feed, each.stated, each.counted) for each in audience.implausible_claims]
    assert found == [("Feedly", "research", 5_000_000, 40)]
    assert subscribers(counted(log[:1], max_claim=1000)) == {("research", "Feedly"): 1}


def test_a_service_cannot_claim_subscribers_under_unlimited_ids() -> None:
    audience = counted([line(FEEDBIN.format(number, 1)) for number in range(5000)])
    assert subscribers(audience) == {("research", "Feedbin"): 100}
    audience = counted([line(FEEDBIN.format(number, 900)) for number in range(50)], max_claim=1000)
    assert subscribers(audience) == {("research", "Feedbin"): 1}, "and what they come to has the same bound"
    assert [each.program for each in audience.implausible_claims] == ["Feedbin"]
    empty = [line(FEEDBIN.format(number, 0)) for number in range(200)]
    assert subscribers(counted([*empty, line(FEEDBIN.format(1373711, 142))])) == {("research", "Feedbin"): 142}


def test_a_subscription_is_counted_once_under_all_paths_and_without_its_id() -> None:
    paths = ("/feed", "/feed/", "/rss", "/feeds/all.rss", "//feeds//all.rss", "https://news.example/feeds/all.rss")
    assert subscribers(counted([line(FEEDLY.format(9), path=path) for path in paths])) == {("all", "Feedly"): 9}
    netvibes = "Netvibes (http://www.netvibes.com/; 105 subscribers{})"
    audience = counted([line(netvibes.format("; feedID: 33718936")), line(netvibes.format(""))])
    assert subscribers(audience) == {("research", "Netvibes"): 105}


def test_an_old_url_counts_for_the_feed_it_redirects_to_and_missing_ones_are_reported() -> None:
    text = SITE + 'redirects: {/category/recherche/feed/: /feeds/research.rss, "/?feed=rss2": /feeds/all.rss}\n'
    log = [
        line(path="/category/recherche/feed/"),
        line(path="/?feed=rss2"),
        line(path="/category/autre/feed/", status=404),
        line("curl/8.5.0", path="/x/feed/", status=404),
        line(path="/category/recherche/feed/", status=301),
    ]
    found = Census(site(text))
    for requests in log_of("\n".join(log).encode()):
        found.add(requests)
    audience = found.audience()
    assert subscribers(audience) == {("research", "NetNewsWire"): 1, ("all", "NetNewsWire"): 1}
    assert audience.missed == (("/category/autre/feed/", 1),)


def test_campaign_parameters_of_an_old_url_are_ignored_as_the_server_does() -> None:
    paths = FeedPaths(site(SITE + 'redirects: {"/?feed=rss2&cat=3": /feeds/research.rss, /old.xml: /feeds/all.rss}\n'))
    targets = (b"/?utm_source=x&cat=3&feed=rss2", b"/old.xml?utm_source=x", b"/?feed=rss2")
    assert [found.feed if (found := paths[target]) else None for target in targets] == ["research", "all", ""]


def test_lines_of_another_host_are_not_counted() -> None:
    audience = counted(["blog.example:443 " + line(), "news.example:443 " + line(), "www.news.example:80 " + line()])
    assert (audience.elsewhere, sum(row.usage.requests for row in audience.rows)) == (1, 2)


def test_known_programs_are_recognised_among_many_unknown_ones() -> None:
    made_up = [line(f"Made{number}X/1.0") for number in range(600)]
    audience = counted([*made_up, line(FEEDLY.format(457)), line()])
    assert subscribers(audience).items() >= {("research", "Feedly"): 457, ("research", "NetNewsWire"): 1}.items()


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1 NewsSapphire/30.1", Kind.BROWSER),
        ("FlipboardProxy/1.2", Kind.PREVIEW),
        ("newspaper/0.2.8", Kind.BOT),
        ("rss-checker/1", Kind.BOT),
        ("Canto/0.9.0 (https://codezen.org)", Kind.READER),
        ("BeyondPod/4.0 (http://beyondpod.example)", Kind.READER),
        ("%D0%9F%D0%BE/1575 CFNetwork/1240.0.4 Darwin/20.6.0", Kind.READER),
        ("SomeReader/1.0 (http://reader.example)", Kind.READER),
        ("RSS-203.0.113.7/1", Kind.READER),
        ("Éléphant-RSS/1.0", Kind.READER),
    ],
)
def test_rare_programs_are_classified_by_their_user_agent(agent: str, kind: Kind) -> None:
    found = read_agent(agent.encode())
    assert found.kind is kind
    assert "203.0.113.7" not in found.name and not found.name.startswith("phant")


def test_the_last_brackets_are_the_time_whatever_the_user_name_is() -> None:
    forged = line().replace("- - [", "- x [01/Jan/1901:00:00:00 +0000] [")
    assert [row.day for row in counted([forged]).rows] == [DAY]


def test_addresses_that_end_in_digits_are_not_taken_for_hosts() -> None:
    lines = [line(address=f"2001:db8::{number}") + ' "-"' for number in range(1, 6)]
    assert subscribers(counted(lines)) == {("research", "NetNewsWire"): 5}
    assert subscribers(counted([each.replace("- - [", "- a user [") for each in lines])) == {
        ("research", "NetNewsWire"): 5
    }


def test_lines_before_the_first_request_are_skipped(run: Callable[..., str]) -> None:
    told = run("-", "--format", "json", input="Serving https://news.example/ on 127.0.0.1\n\n" + line() + "\n")
    assert json.loads(told[told.index("{") :])["rows"][0]["subscribers"] == 1


def test_logs_of_two_servers_are_read_side_by_side(run: Callable[..., str], tmp_path: Path) -> None:
    for server in (1, 2):
        lines = [line(address=f"203.0.{server}.{n}", day=day) for day in range(1, 9) for n in range(4)]
        (tmp_path / f"{server}.log").write_text("\n".join(lines), encoding="utf-8")
    found = json.loads(run(*(str(tmp_path / f"{server}.log") for server in (1, 2)), "--format", "json"))
    assert [row["subscribers"] for row in found["rows"]] == [8] * 8
    assert found["reopened"] == []


@pytest.mark.parametrize(
    "changes",
    [{"body_bytes_sent": "-"}, {"time_iso8601": "1772442000123"}, {"body_bytes_sent": "9" * 5000}, {"status": 304}],
)
def test_unusual_json_values_lose_no_line(changes: dict[str, object]) -> None:
    assert len(counted([json_line(**changes)]).rows) == 1
    raw = json_line(http_referer="X").encode().replace(b'"X"', b'"caf\xe9"')
    assert len([request for requests in log_of(raw) for request in requests]) == 1


def test_an_unwritable_output_path_is_reported_before_a_log_is_read(run: Callable[..., str], tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(line(), encoding="utf-8")
    assert "there is no folder" in run(str(log), "--html", str(tmp_path / "none" / "a.html"), code=2)
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    run(str(log), "--html", str(tmp_path / "fifo"))
    assert (tmp_path / "fifo").is_fifo(), "and what is no file stays what it is"
    os.close(reader)


def test_a_client_cannot_end_a_line_of_our_access_log() -> None:
    record = logging.LogRecord("x", 20, "", 0, "%(path)s %(_h0)s", None, None)
    record.args = {"path": '/a\n[2026] "\x1b[31m é', "_h0": "b\r\n\x1b]0;x", "status": 200}
    assert EscapeLogArguments().filter(record)
    assert record.getMessage() == "/a%0A%5B2026%5D%20%22%1B%5B31m%20%C3%A9 b\\x0d\\x0a\\x1b]0;x"


PATHS = {
    "/feeds/research.rss": "research",
    "/feeds/research.rss?_=17": "research",
    "/en/feeds/research.json": "en/research",
    "/feeds/tags/genetique.atom": "tags/genetique",
    "/feeds/authors/ligue.rss": "authors/ligue",
    "/feeds/research.social.rss": "research.social",
    "/feeds/outreach.podcast.rss": "outreach.podcast",
    "/feed/": "all",
    "/en/rss": "en/all",
    "/feeds/rese%61rch.rss": "research",
    "/feeds/research": None,
    "/feeds/research/2026-03.rss": None,
    "/feeds/research.txt": None,
    "/feeds.opml": None,
    "/articles/un-titre": None,
    "/": None,
    "*": None,
}


@pytest.mark.parametrize(("path", "feed"), PATHS.items())
def test_feed_paths_are_recognised_in_every_format(path: str, feed: str | None) -> None:
    audience = counted([line(path=path)])
    assert [row.feed for row in audience.rows] == ([feed] if feed else [])
    assert audience.elsewhere == (feed is None)


def test_paths_are_relative_to_the_path_of_the_site() -> None:
    log = log_of(line(path="/news/feeds/all.rss").encode())
    found = Census(site().with_url("https://www.example.org/news"))
    for requests in log:
        found.add(requests)
    assert [row.feed for row in found.audience().rows] == ["all"]


def test_responses_other_than_200_and_304_count_no_subscriber() -> None:
    audience = counted([line(status=status) for status in (301, 404, 500, 429)])
    assert (audience.rows, audience.unserved) == ((), 4)


def test_bytes_are_added_up_and_a_304_saves_a_full_response() -> None:
    lines = [line(status=304, size=0), line(size=8000), line(status=304, size="-"), line(status=304, size=0)]
    (row,) = counted(lines).rows
    assert (row.usage.sent, row.usage.saved, row.usage.not_modified) == (8000, 24_000, 3)
    assert row.usage.unchanged_share == 0.75
    assert row.usage.conditional_share is None, "a combined log does not tell"


def test_the_polling_interval_is_computed_over_whole_days() -> None:
    lines = [line(day=1)] + [line(day=2, address=f"203.0.113.{number % 2}") for number in range(48)] + [line(day=3)]
    (program,) = counted(lines).programs
    assert program.interval == 3600


def test_clients_that_poll_too_often_are_reported_by_program_only() -> None:
    lines = [line(day=day) for day in (2, 3) for _ in range(20 * day)] + [line("curl/8.5.0")] * 9
    audience = counted([*lines, *[line(FEEDLY.format(3))] * 31], max_polls=30)
    found = [(each.program, each.most, each.day.day, each.times) for each in audience.over_polling]
    assert found == [("NetNewsWire", 60, 3, 2), ("Feedly", 31, 2, 1)]


def test_a_reopened_day_keeps_at_least_its_count_and_is_reported() -> None:
    lines = [line(day=1, address=f"203.0.113.{number}") for number in range(5)]
    lines += [line(day=day) for day in range(2, 7)] + [line(day=1, address="203.0.113.99")]
    audience = counted(lines)
    assert subscribers(audience, 1) == {("research", "NetNewsWire"): 5}
    assert audience.reopened == (date(2026, 3, 1),)


def test_clients_beyond_the_limit_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "MAX_CLIENTS_PER_DAY", 1000)
    addresses = [f"203.{a}.{b}.{c}" for a in range(2) for b in range(100) for c in range(100)]
    audience = counted([line(address=address) for address in addresses])
    estimate = subscribers(audience)["research", "NetNewsWire"]
    assert abs(estimate - 20_000) < 20_000 * 0.3, "one standard deviation is about a twentieth"
    assert audience.sampled == (DAY,)


def json_line(**changes: object) -> str:
    values = {
        "time_iso8601": "2026-03-02T09:00:00+01:00",
        "remote_addr": "203.0.113.7",
        "request_method": "GET",
        "request_uri": "/feeds/research.rss",
        "status": "304",
        "body_bytes_sent": "0",
        "http_user_agent": NNW,
        "http_if_none_match": '"abc"',
        "http_if_modified_since": "",
    }
    return json.dumps({**values, **changes})


CLOUDFRONT = """\
#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)
2026-03-02\t09:00:00\tCDG50-C1\t5000\t203.0.113.7\tGET\td1.cloudfront.net\t/feeds/research.rss\t200\t-\t{}
2026-03-02\t09:00:00\tCDG50-C1\t500\t203.0.113.8\tPOST\td1.cloudfront.net\t/feeds/research.rss\t405\t-\t-
"""
GRANIAN = '[2026-03-02 09:00:00 +0100] 203.0.113.7 - "GET /feeds/research.rss HTTP/1.1" 304 0.512'

CADDY = {
    "level": "info",
    "ts": 1772442000.5,
    "logger": "http.log.access",
    "msg": "handled request",
    "request": {
        "remote_ip": "203.0.113.7",
        "client_ip": "203.0.113.7",
        "proto": "HTTP/2.0",
        "method": "GET",
        "host": "news.example",
        "uri": "/feeds/research.rss",
        "headers": {"User-Agent": [NNW], "If-None-Match": ['"abc"']},
    },
    "duration": 0.001,
    "size": 0,
    "status": 304,
}
TRAEFIK = {
    "ClientHost": "203.0.113.7",
    "DownstreamContentSize": 0,
    "DownstreamStatus": 304,
    "RequestHost": "news.example",
    "RequestMethod": "GET",
    "RequestPath": "/feeds/research.rss",
    "StartUTC": "2026-03-02T08:00:00.123456789Z",
    "request_User-Agent": NNW,
}
CLOUDFLARE = {
    "ClientIP": "203.0.113.7",
    "ClientRequestHost": "news.example",
    "ClientRequestMethod": "GET",
    "ClientRequestURI": "/feeds/research.rss",
    "ClientRequestUserAgent": NNW,
    "EdgeResponseBytes": 900,
    "EdgeResponseStatus": 200,
    "EdgeStartTimestamp": 1772442000123456789,
}
IIS = """\
#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status time-taken
2026-03-02 09:00:00 10.0.0.1 GET /feeds/research.rss - 443 203.0.113.7 {} 200 15
2026-03-02 09:00:00 10.0.0.1 POST /feeds/research.rss - 443 203.0.113.8 - 405 15
"""
LOAD_BALANCER = (
    "https 2026-03-02T09:00:00.186641Z app/web/50dc6c495c0c9188 203.0.113.7:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 "
    f'34 366 "GET https://news.example:443/feeds/research.rss HTTP/1.1" "{NNW}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 -'
)
S3 = (
    f"{'7' * 64} news.example [02/Mar/2026:09:00:00 +0000] 203.0.113.7 - 3E57427F3EXAMPLE WEBSITE.GET.OBJECT "
    f'feeds/research.rss "GET /feeds/research.rss HTTP/1.1" 200 - 113 113 7 6 "-" "{NNW}" - abc= - - - host TLSv1.2 - -'
)

FORMS = {
    "combined": line(),
    "combined, with quotes at the end": line('NetNewsWire (RSS Reader; \\"https://netnewswire.com/\\" x)'),
    "Caddy": json.dumps(CADDY),
    "Traefik": json.dumps(TRAEFIK),
    "Traefik, in its common format": line() + ' 13 "web@docker" "http://10.0.0.1:80" 1ms',
    "Cloudflare": json.dumps(CLOUDFLARE),
    "Cloudflare, with another time": json.dumps({**CLOUDFLARE, "EdgeStartTimestamp": "2026-03-02T09:00:00Z"}),
    "IIS": IIS.format(NNW.replace(" ", "+")),
    "an AWS load balancer": LOAD_BALANCER,
    "S3": S3,
    "S3, with the bucket in the path": S3.replace("GET /feeds", "GET /news.example/feeds"),
    "combined, with an address behind a proxy": line(address="127.0.0.1") + ' "198.51.100.1, 203.0.113.7"',
    "combined, with its host first": "news.example:443 " + line(),
    "combined, with a quote": line('NetNewsWire (\\"RSS Reader\\"; https://netnewswire.com/)'),
    "combined, with Windows’ ends of lines": line() + "\r\n",
    "nginx’s JSON": json_line(),
    "nginx’s JSON, with the request as one": json_line(request="GET /feeds/research.rss HTTP/2.0", request_method=None),
    "nginx’s JSON, with seconds": json_line(time_iso8601="1772442000.123"),
    "CloudFront": CLOUDFRONT.format(quote(quote(NNW))),
    "CloudFront, escaped once": CLOUDFRONT.format(quote(NNW)),
    "Granian, as `feeds serve` has it": GRANIAN
    + f' forwarded-for=- if-none-match="a b" if-modified-since=- user-agent={NNW}',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=list(FORMS))
def test_log_formats_of_several_servers_are_parsed(text: str) -> None:
    audience = counted(text.splitlines())
    assert subscribers(audience) == {("research", "NetNewsWire"): 1}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "Mar  2 09:00:00 web haproxy[14389]: 203.0.113.7:33317 [02/Mar/2026:09:00:00.655] in web/a 10/0/30/69/109 "
            '200 2750 - - ---- 1/1/1/1/0 0/0 "GET /feeds/research.rss HTTP/1.1"',
            "HAProxy",
        ),
        ('203.0.113.7 - - [02/Mar/2026:09:00:00 +0000] "GET /a HTTP/1.1" 200 12', "the common log format"),
    ],
)
def test_formats_without_a_program_are_named(text: str, name: str) -> None:
    with pytest.raises(LogError, match=f"is in the format of {name}, which has no User-Agent"):
        list(log_of(text.encode()))


def test_values_that_other_servers_log_are_read() -> None:
    (row,) = counted([json.dumps(CADDY), json.dumps({**CADDY, "status": 200, "size": 12})]).rows
    assert (row.usage.requests, row.usage.conditional_share) == (2, 1.0)


def test_the_cloudfront_query_field_is_part_of_the_request() -> None:
    log = CLOUDFRONT.replace("cs(User-Agent)", "cs(User-Agent) cs-uri-query").replace(
        "/feeds/research.rss\t200", "/\t200"
    )
    found = Census(site(SITE + 'redirects: {"/?feed=rss2": /feeds/all.rss}\n'))
    for requests in log_of(log.format(quote(NNW) + "\tfeed=rss2").encode()):
        found.add(requests)
    assert subscribers(found.audience()) == {("all", "NetNewsWire"): 1}


def test_the_default_granian_format_names_no_program() -> None:
    (row,) = counted([GRANIAN]).rows
    assert (row.kind, row.usage.requests, row.usage.conditional_share) == (Kind.UNKNOWN, 1, None)


def test_conditional_requests_are_counted_if_the_log_records_them() -> None:
    (row,) = counted([json_line(), json_line(status="200"), json_line(http_if_none_match="")]).rows
    assert row.usage.conditional_share == pytest.approx(2 / 3)
    (row,) = counted([FORMS["Granian, as `feeds serve` has it"]]).rows
    assert row.usage.conditional_share == 1


def test_a_forged_client_address_is_not_trusted() -> None:
    forged = [line(address="93.184.216.34") + f' "198.51.100.{number}"' for number in range(9)]
    assert subscribers(counted(forged)) == {("research", "NetNewsWire"): 1}


def test_an_endless_line_does_not_exhaust_memory() -> None:
    text = b"x" * (access_log.READ_BLOCK_BYTES * 3) + b"\n" + line().encode() + b"\n"
    log = log_of(line().encode() + b"\n" + text)
    found = [request for requests in log for request in requests]
    assert len(found) == 2
    assert (log.skipped_lines.lines, log.skipped_lines.first) == (1, 2)


@pytest.fixture
def run(content: Path) -> Callable[..., str]:
    """Return a function that runs `feeds audience` on a plain site, and returns its output."""
    content_folder(content, {})
    app = create_app(Settings(content), clock=lambda: NOW)

    def audience(*words: str, code: int = 0, **more: object) -> str:
        done = app.test_cli_runner().invoke(args=["audience", *words], **more)
        assert done.exit_code == code, done.output
        return done.output

    return audience


def test_the_table_shows_each_day_and_each_program(run: Callable[..., str], tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    lines = [line(FEEDLY.format(1200 + day), day=day) for day in range(1, 5)] + [line(day=2), line(day=2, status=304)]
    log.write_text("\n".join(sorted(lines, key=lambda each: each.partition("[")[2])), encoding="utf-8")
    assert (
        run(str(log))
        == """\
research    total  Feedly  NetNewsWire
2026-03-01  1,201   1,201            0
2026-03-02  1,203   1,202            1
2026-03-03  1,203   1,203            0
2026-03-04  1,204   1,204            0
mean        1,203   1,202            0

program      kind     subscribers  requests  304  conditional  every     sent   saved
Feedly       service        1,202         4   0%  –             24 h  20.0 kB       –
NetNewsWire  reader             –         2  50%  –             12 h   5.0 kB  5.0 kB

6 requests for feeds from 2026-03-01 to 2026-03-04, 17% answered with 304; 25.0 kB sent, 5.0 kB saved. In addition, 0 \
requests for feeds with another status, and 0 for anything else. Means are over whole days.
"""
    )


def test_json_and_csv_have_all_rows(run: Callable[..., str], tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(line(FEEDLY.format(7)) + "\n" + line() + "\n", encoding="utf-8")
    rows = json.loads(run(str(log), "--format", "json"))["rows"]
    assert [(row["day"], row["feed"], row["program"], row["subscribers"]) for row in rows] == [
        ("2026-03-02", "research", "Feedly", 7),
        ("2026-03-02", "research", "NetNewsWire", 1),
    ]
    found = list(csv.DictReader(io.StringIO(run(str(log), "--format", "csv"))))
    assert [{name: str(value) for name, value in row.items()} for row in rows] == found


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes], ids=["gz", "bz2", "xz", "plain"])
def test_compressed_logs_are_read_in_any_order_and_through_a_pipe(
    run: Callable[..., str], tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    names = []
    for day in (6, 5, 4, 3, 2, 1):  # as `access.log*` gives them
        path = tmp_path / f"access.log.{7 - day}"
        path.write_bytes(pack(f"{line(day=day)}\n{line(day=day + 1)}\n".encode()))
        names.append(str(path))
    found = json.loads(run(*names, "--format", "json"))
    assert found["reopened"] == []
    assert [row["subscribers"] for row in found["rows"]] == [1] * 7
    piped = json.loads(run("-", "--format", "json", input=pack(line().encode())))
    assert [row["subscribers"] for row in piped["rows"]] == [1]


def test_lines_other_than_requests_are_counted_and_the_first_is_named(run: Callable[..., str], tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    bad = "[error] 31#31: open() failed", line().replace("02/Mar", "31/Feb"), line(size="x")
    log.write_text("\n".join([line(), *bad, "", line(method="POST"), "1.2.3.4 - - ["]), encoding="utf-8")
    assert f"{log}: skipped 4 lines of 7 that are not requests; the first is line 2\n" in run(str(log))


def test_a_file_that_is_not_a_log_is_reported(run: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary\n", encoding="utf-8")
    assert f"{path} is not a known access log (expected a combined log;" in run(str(path), code=1)
    path.write_bytes(gzip.compress(line().encode() * 9000)[:-20])
    assert "expected a complete file" in run(str(path), code=1)
    path.write_bytes(b"\x28\xb5\x2f\xfd....")
    assert f"zstdcat {path} | feeds audience -" in run(str(path), code=1)
    assert "No such file or directory (expected a readable log)" in run(str(tmp_path / "none.log"), code=1)
    path.write_bytes(b"")
    assert run(str(path)) == "No feed was requested.\n"


@pytest.mark.integration
def test_the_log_of_our_own_server_is_read(sample: Path, run: Callable[..., str]) -> None:
    headers = {"User_Agent": NNW, "If_None_Match": '"a b"', "X_Forwarded_For": "203.0.113.7"}
    with served(sample, "--access-log") as (port, process):
        for _ in range(2):
            get(port, "/feeds/research.rss", **headers)
        assert process.stdout
        asked = (each for each in process.stdout if "NetNewsWire" in each)
        printed = next(asked) + next(asked)
    (row,) = json.loads(run("-", "--format", "json", input=printed))["rows"]
    assert (row["program"], row["subscribers"], row["requests"], row["conditional"]) == ("NetNewsWire", 1, 2, 2)


@pytest.mark.integration
def test_the_generated_log_gives_the_expected_counts(tmp_path: Path, run: Callable[..., str]) -> None:
    """The log that the docs show and `bench/audience.py` measures: its readers are those that were generated."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "access_log.py"), "3", "50"], capture_output=True, text=True, check=True
    )
    rows = json.loads(run("-", "--format", "json", input=made.stdout))["rows"]
    found = {row["program"]: row["kind"] for row in rows}
    assert {"Feedly", "Inoreader", "NetNewsWire", "FreshRSS", "dlvr.it", "Googlebot"} <= found.keys()
    readers = sum(row["subscribers"] for row in rows if row["kind"] == "reader" and row["day"] == "2026-03-02")
    assert 35 <= readers <= 50


def rendered(language: str, days: int = 12, **more: int) -> bytes:
    lines = [line(FEEDLY.format(90 + day), day=day) for day in range(1, days + 1)]
    lines += [
        line(day=day, path=f"/feeds/{name}.rss") for day in range(1, days + 1) for name in ("all", "funding", "tags/x")
    ]
    lines += [line(FEEDLY.format(9_999_999), path="/en/feeds/all.rss")] + [line("curl/8.5.0")] * 200
    return page.render(counted(lines, **more), site(), language)


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_the_audience_page_is_one_file_that_loads_nothing_else(language: str) -> None:
    html = rendered(language)
    assert find(html, "/html/@lang") == [language]
    assert not find(html, "//script | //link | //img | //iframe | //@href | //@src | //*[@style]")
    assert all("url(" not in text and "@import" not in text for text in find(html, "//style/text()"))


def test_the_audience_page_is_translated_and_names_the_feeds() -> None:
    text = " ".join(find(rendered("fr"), "//main//text()"))
    for expected in (
        "Recherche",
        "Toutes les actualités (en)",
        "1er mars 2026",
        "Feedly a annoncé 9\u202f999\u202f999 abonnés",
    ):
        assert expected in text
    assert "Subscribers" not in text


def test_each_plot_has_a_table_for_people_who_cannot_see_it() -> None:
    html = rendered("en")
    labels = find(html, "//*[local-name()='svg']/@aria-label")
    assert len(labels) == 2 and all("table below" in label for label in labels)
    assert find(html, "//table[not(caption)] | //table//th[not(@scope)]") == []
    days = find(html, "//section[@aria-labelledby='days']//tbody/tr")
    assert [cell.text for cell in days[1]][0] == "2 March 2026"
    assert len(days) == 12


def test_each_line_of_a_plot_has_its_own_dash_pattern_besides_its_colour(browser: Browser) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 800})
    tab.set_content(rendered("fr").decode())
    dashes = tab.eval_on_selector_all("path.line", "found => found.map(each => getComputedStyle(each).strokeDasharray)")
    assert len(set(dashes)) == len(dashes) / 3, "one in the plot, one beside the name, one in the list below"
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nothing makes the page wider than a telephone"
    tab.close()


def test_the_audience_page_is_accessible(browser: Browser) -> None:
    """axe-core finds no barriers, for keyboard users or blind users."""
    tab = browser.new_page()
    tab.set_content(rendered("fr").decode())
    for width in (390, 1120):
        tab.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            tab.emulate_media(color_scheme=scheme)
            assert violations(tab) == [], (width, scheme)
    tab.close()


def test_labels_of_lines_do_not_overlap() -> None:
    days = [date(2026, 3, 1), date(2026, 3, 2)]
    svg = plots.lines(
        [(f"n{n}", dict.fromkeys(days, 100)) for n in range(7)], days, title="t", format_number=str, format_day=str
    )
    places = sorted(float(y) for y in re.findall(r'class="name" x="\d+" y="([0-9.]+)"', svg))
    assert min(b - a for a, b in zip(places, places[1:], strict=False)) >= 19
    assert places[-1] <= plots.HEIGHT


def test_days_missing_from_the_log_are_a_gap_and_not_zero() -> None:
    audience = counted([line(day=1), line(day=2), line(day=5), line(day=6)])
    assert audience.mean(audience.series("research")) == 1
    svg = plots.lines([("r", audience.series("research"))], audience.days, title="t", format_number=str, format_day=str)
    (path,) = re.findall(r'class="line s0" d="(M[^h"]*)"', svg)
    assert [step for step in path if step.isalpha()] == ["M", "L", "M", "L"]


@pytest.mark.parametrize(
    ("most", "expected"), [(0, [0, 1]), (1, [0, 1]), (7, [0, 2, 4, 6, 8]), (633, [0, 200, 400, 600, 800])]
)
def test_axes_have_round_numbers(most: int, expected: list[int]) -> None:
    assert plots.ticks(most) == expected


def test_the_audience_page_is_written_to_the_given_path(tmp_path: Path) -> None:
    log, html = tmp_path / "access.log", tmp_path / "audience.html"
    log.write_text(line(), encoding="utf-8")
    done = create_app(Settings(SAMPLE), clock=lambda: NOW).test_cli_runner()
    result = done.invoke(args=["audience", str(log), "--html", str(html), "--language", "en"])
    assert (result.exit_code, result.output) == (0, f"{html}\n")
    assert b"<h1>Audience</h1>" in html.read_bytes()
