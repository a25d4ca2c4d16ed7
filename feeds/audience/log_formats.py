"""Log formats: parse the lines of access logs of several servers as requests.

It opens no file, counts nothing, and knows neither feeds nor programs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from ipaddress import ip_address
from itertools import islice
from typing import Any
from urllib.parse import unquote_to_bytes

Request = tuple[bytes, date, bytes, bytes, int, bytes, "bool | None", bytes]
"""Client address, day as logged, target, status, body bytes (0 if not logged), User-Agent, whether it was
conditional (None if not logged), requested host (empty if not logged). A plain tuple, as there are millions.
"""

LogParser = Callable[[Iterable[bytes], "SkippedLines"], Iterator[Request]]

KNOWN_FORMATS = (
    "a combined log; JSON of nginx, Caddy, Traefik or Cloudflare; a log of IIS, CloudFront, S3 or an Application "
    "Load Balancer; or one of `feeds serve --access-log`"
)
"""The supported log formats."""

EMPTY_VALUES = (b"", b"-")
_METHODS = (b"GET ", b"HEAD ")
_QUOTED_METHODS = (b'"GET', b'"HEAD')
_DAY_CACHE_SIZE = 20_000
_MONTHS = {
    name: number + 1
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
    )
}


@dataclass
class SkippedLines:
    """The number of lines of a log that could not be parsed, and the line number of the first."""

    name: str
    lines: int = 0
    first: int = 0
    read: int = 0

    def add(self, line_number: int) -> None:
        """Count a line, by its number in the current block."""
        self.lines += 1
        self.first = self.first or self.read + line_number


UNUSABLE_FORMATS = {
    rb".*haproxy\[\d+\]: |\S+:\d+ \[\d\d/\w{3}/\d{4}:[0-9:.]+\] \S+ \S+/\S+ [-+0-9/]+ \d{3} ": "HAProxy",
    rb'[^"\[]*\[[^\]]*\] "[A-Z]+ \S+ HTTP/[0-9.]+" \d{3} [-0-9]+\s*$': "the common log format",
}
"""Forms of lines without a User-Agent, which says who reads, each with its name."""


def unusable_format(lines: Iterable[bytes]) -> str:
    """Return the name of a known format that has no User-Agent; empty if the lines are in none."""
    forms = [(re.compile(pattern), name) for pattern, name in UNUSABLE_FORMATS.items()]
    return next((name for line in islice(lines, 100) for form, name in forms if form.match(line)), "")


def detect_parser(lines: Iterable[bytes]) -> LogParser | None:
    """Return the parser for the first line in a known format, or None if there is no such line yet."""
    for line in islice(lines, 1000):
        if line.startswith(b"{") and any(b'"%b"' % key.encode() in line for key in _STATUS_KEYS):
            return _parse_json
        if line.startswith(b"#Fields:"):
            return _W3CParser()
        for pattern in (_LOAD_BALANCER_LINE, _S3_LINE):
            if pattern.match(line):
                return partial(_parse_pattern, pattern)
        if _GRANIAN_LINE.fullmatch(line.rstrip(b"\r")):
            return _parse_granian
        if _COMBINED_LINE.match(line):
            return _parse_combined
    return None


def _bytes_sent(size: str | bytes) -> int:
    """Return a size, or 0 if it was not logged or is absurd."""
    return int(size) if size.isdigit() and len(size) < 16 else 0


class _DayCache(dict[bytes, "date | None"]):
    """A cache of days by the text at the start of a time; a log has only a few."""

    def __missing__(self, text: bytes) -> date | None:
        if len(self) > _DAY_CACHE_SIZE:  # a log with invented dates
            self.clear()
        self[text] = day = _parse_day(text)
        return day


def _parse_day(text: bytes) -> date | None:
    try:
        if text[2:3] == b"/":
            return date(int(text[7:11]), _MONTHS[text[3:6]], int(text[:2]))
        return date.fromisoformat(text[:10].decode("ascii"))
    except (ValueError, KeyError):
        return None


_day_cache = _DayCache()

_COMBINED_LINE = re.compile(
    rb"(?:([A-Za-z0-9.-]+):\d{1,5} (?=[0-9A-Fa-f.:]+ ))?"  # Apache's vhost_combined starts with the host
    rb'(\S+) [^"]*\[([^\[\]"]*)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d{1,15}|-) "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"'
    rb'(?: "((?:[^"\\]|\\.)*)")?'
)


def _parse_combined(lines: Iterable[bytes], skipped: SkippedLines) -> Iterator[Request]:
    """Parse the combined format of Apache and nginx. The usual line is split at spaces and quotes, for speed."""
    days, quoted_methods = _day_cache, _QUOTED_METHODS
    for number, line in enumerate(lines, 1):
        try:
            address, _, _, time, _, method, target, _, status, rest = line.split(b" ", 9)
            parts = rest.split(b'"')
            day = days[time[1:12]]
            if method in quoted_methods and len(parts) in (5, 7) and day and len(parts[0]) < 17 and b"\\" not in rest:
                size = parts[0]
                if len(parts) == 7 and parts[5] not in EMPTY_VALUES:
                    address = _client_address(address, parts[5])
                yield address, day, target, status, 0 if size == b"- " else int(size), parts[3], None, b""
                continue
        except ValueError:
            pass
        if match := _COMBINED_LINE.match(line):
            yield from _parse_combined_match(match, skipped, number)
        elif line.strip():
            skipped.add(number)


def _parse_combined_match(match: re.Match[bytes], skipped: SkippedLines, number: int) -> Iterator[Request]:
    """Parse a line with a leading host, escaped quotes, or a client address in `X-Forwarded-For`."""
    host, address, time, request, status, size, user_agent, forwarded = match.groups(b"-")
    day = _day_cache[time[:11]]
    if day is None:
        skipped.add(number)
    elif request.startswith(_METHODS):
        target = request.split(b" ", 2)[1]
        sent = int(size) if size.isdigit() else 0
        user_agent = user_agent.replace(b'\\"', b'"')
        yield _client_address(address, forwarded), day, target, status, sent, user_agent, None, host.strip(b"-")


def _client_address(address: bytes, forwarded: bytes | None) -> bytes:
    """Return the client's address: behind a proxy of ours, the one that it added to `X-Forwarded-For`."""
    if forwarded in (None, *EMPTY_VALUES) or not _is_private(address):
        return address
    assert forwarded
    return forwarded.rpartition(b",")[2].strip()


@lru_cache(maxsize=1000)
def _is_private(address: bytes) -> bool:
    """Return whether an address is local or private, or a Unix socket, which has none."""
    try:
        ip = ip_address(address.decode("ascii"))
        return (getattr(ip, "ipv4_mapped", None) or ip).is_private
    except ValueError:
        return address.startswith(b"unix:")


_ADDRESS_KEYS = ("remote_addr", "realip_remote_addr", "client", "client_ip", "remote_ip", "ClientHost", "ClientIP")
_TIME_KEYS = ("time_iso8601", "time_local", "time", "timestamp", "msec", "ts", "StartUTC", "EdgeStartTimestamp")
_METHOD_KEYS = ("request_method", "method", "RequestMethod", "ClientRequestMethod")
_TARGET_KEYS = ("request_uri", "uri", "path", "RequestPath", "ClientRequestURI")
_STATUS_KEYS = ("status", "DownstreamStatus", "EdgeResponseStatus")
_SIZE_KEYS = ("body_bytes_sent", "bytes_sent", "size", "DownstreamContentSize", "EdgeResponseBytes")
_AGENT_KEYS = ("http_user_agent", "request_User-Agent", "ClientRequestUserAgent")
_HOST_KEYS = ("host", "http_host", "RequestHost", "ClientRequestHost")
_CONDITION_KEYS = (
    *("http_if_none_match", "http_if_modified_since"),
    *("request_If-None-Match", "request_If-Modified-Since"),
)


def _parse_json(lines: Iterable[bytes], skipped: SkippedLines) -> Iterator[Request]:
    """Parse objects whose keys are nginx variables, or those of Caddy, Traefik or Cloudflare's Logpush.

    https://nginx.org/en/docs/varindex.html, https://caddyserver.com/docs/logging,
    https://doc.traefik.io/traefik/observe/logs-and-access-logs/,
    https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/
    """
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line.decode("utf-8", "replace"))
            if isinstance(values.get("request"), dict):
                values = _caddy_values(values)
            day = _parse_json_day(_first_value(values, _TIME_KEYS))
            method, target = _first_value(values, _METHOD_KEYS), _first_value(values, _TARGET_KEYS)
            if "request" in values:
                method, target = (str(values["request"]).split(" ") + [""])[:2]
            if day is None or not method:
                raise ValueError
            if method in ("GET", "HEAD"):
                conditions = [values[key] for key in _CONDITION_KEYS if key in values]
                forwarded = str(values.get("http_x_forwarded_for") or "").encode()
                yield (
                    _client_address(_first_value(values, _ADDRESS_KEYS).encode(), forwarded),
                    day,
                    str(target).encode(),
                    str(next(values[key] for key in _STATUS_KEYS if key in values)).encode(),
                    _bytes_sent(_first_value(values, _SIZE_KEYS)),
                    _first_value(values, _AGENT_KEYS).encode(),
                    any(condition not in ("", "-", None) for condition in conditions) if conditions else None,
                    _first_value(values, _HOST_KEYS).encode().partition(b":")[0],
                )
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError, StopIteration):
            if line.strip():
                skipped.add(number)


def _caddy_values(entry: dict[str, Any]) -> dict[str, object]:
    """Return the values of a log entry of Caddy, with the names that nginx has for those of the request."""
    request = entry.pop("request")
    headers = {name.lower(): values[0] for name, values in request.pop("headers", {}).items() if values}
    names = ("user-agent", "if-none-match", "if-modified-since")
    return {**request, **entry, **{f"http_{name.replace('-', '_')}": headers.get(name, "") for name in names}}


def _first_value(values: dict[str, object], names: tuple[str, ...]) -> str:
    return str(next((values[name] for name in names if values.get(name) is not None), ""))


def _parse_json_day(time: str) -> date | None:
    if seconds := re.fullmatch(r"(\d{9,10})(\d{3}|\d{9}|\.\d+)?", time):  # seconds, milliseconds or nanoseconds
        return datetime.fromtimestamp(int(seconds[1]), UTC).date()
    return _day_cache[time[:11].encode()]


class _W3CParser:
    """Parses the W3C extended log format of CloudFront and IIS: header lines name the fields.

    CloudFront separates them with tabs, IIS with blanks.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
    https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging
    """

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}

    def __call__(self, lines: Iterable[bytes], skipped: SkippedLines) -> Iterator[Request]:
        for number, line in enumerate(lines, 1):
            if line.startswith(b"#"):
                if line.startswith(b"#Fields:"):
                    self._columns = {
                        name: column for column, name in enumerate(line.decode("ascii", "replace").split()[1:])
                    }
                continue
            is_cloudfront = b"\t" in line
            values = line.rstrip(b"\r").split(b"\t" if is_cloudfront else b" ")
            try:
                column = self._columns
                day = _day_cache[values[column["date"]]]
                if day is None:
                    raise ValueError
                if values[column["cs-method"]] in (b"GET", b"HEAD"):
                    query = values[column["cs-uri-query"]] if "cs-uri-query" in column else b"-"
                    target = values[column["cs-uri-stem"]] + (b"?" + query if query != b"-" else b"")
                    size = values[column["sc-bytes"]] if "sc-bytes" in column else b"0"
                    user_agent = values[column["cs(User-Agent)"]]
                    user_agent = unquote_to_bytes(user_agent) if is_cloudfront else user_agent.replace(b"+", b" ")
                    yield (
                        values[column["c-ip"]],
                        day,
                        target,
                        values[column["sc-status"]],
                        _bytes_sent(size),
                        unquote_to_bytes(user_agent)
                        if b"%20" in user_agent
                        else user_agent,  # CloudFront escapes it twice
                        None,
                        b"",  # CloudFront logs its own host name, not the site's
                    )
            except (ValueError, KeyError, IndexError):
                if line.strip():
                    skipped.add(number)


_LOAD_BALANCER_LINE = re.compile(
    rb"(?:https?|h2|grpcs|wss?) (?P<time>\d{4}-\d\d-\d\d)T\S+ \S+ (?P<address>\S+):\d+ \S+ \S+ \S+ \S+ "
    rb'(?P<status>\d{3}|-) \S+ \d+ (?P<size>\d+) "(?P<method>[A-Z]+) '
    rb'\w+://(?P<host>\[[^\]]*\]|[^/:" ]+)(?::\d+)?(?P<target>\S*) [^"]*" "(?P<agent>(?:[^"\\]|\\.)*)"'
)
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"""

_S3_LINE = re.compile(
    rb"[0-9a-f]{64} (?P<host>\S+) \[(?P<time>\d\d/\w{3}/\d{4}):[^\]]*\] (?P<address>\S+) \S+ \S+ \S+ \S+ "
    rb'"(?P<method>[A-Z]+) (?P<target>\S+)[^"]*" (?P<status>\d{3}|-) \S+ (?P<size>\d+|-) \S+ \S+ \S+ "[^"]*" '
    rb'"(?P<agent>(?:[^"\\]|\\.)*)"'
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html"""


def _parse_pattern(pattern: re.Pattern[bytes], lines: Iterable[bytes], skipped: SkippedLines) -> Iterator[Request]:
    """Parse lines that a pattern describes, with its names for their parts."""
    for number, line in enumerate(lines, 1):
        match = pattern.match(line)
        day = _day_cache[match["time"]] if match else None
        if not match or day is None:
            if line.strip():
                skipped.add(number)
            continue
        if match["method"] in (b"GET", b"HEAD"):
            size = _bytes_sent(match["size"])
            host = b"" if pattern is _S3_LINE else match["host"]  # the name of a bucket is not that of the site
            target = match["target"]
            if pattern is _S3_LINE and target.startswith(b"/" + match["host"] + b"/"):
                target = target[len(match["host"]) + 1 :]
            yield match["address"], day, target or b"/", match["status"], size, match["agent"], None, host


GRANIAN_LOG_FORMAT = (
    '[%(time)s] %(addr)s - "%(method)s %(path)s %(protocol)s" %(status)d %(dt_ms).3f '
    "forwarded-for=%(header{x-forwarded-for})s if-none-match=%(header{if-none-match})s "
    "if-modified-since=%(header{if-modified-since})s user-agent=%(header{user-agent})s"
)
"""The log format of `feeds serve`: Granian's default and the headers that identify programs."""

_GRANIAN_LINE = re.compile(
    rb'\[(\d{4}-\d\d-\d\d) [^\]]*\] (\S+) - "([A-Z]+) (.*) [^ "]*" (\d{3}) [0-9.]+'
    rb"(?: forwarded-for=(.*?) if-none-match=(.*?) if-modified-since=(.*?) user-agent=(.*))?"
)


def _parse_granian(lines: Iterable[bytes], skipped: SkippedLines) -> Iterator[Request]:
    for number, line in enumerate(lines, 1):
        match = _GRANIAN_LINE.fullmatch(line.rstrip(b"\r"))
        day = _day_cache[match[1]] if match else None
        if not match or day is None:
            if line.strip():
                skipped.add(number)
            continue
        _, address, method, target, status, forwarded, none_match, modified_since, user_agent = match.groups()
        if method in (b"GET", b"HEAD"):
            conditional = (
                None if user_agent is None else none_match not in EMPTY_VALUES or modified_since not in EMPTY_VALUES
            )
            yield _client_address(address, forwarded), day, target, status, 0, user_agent or b"", conditional, b""
