"""Log forms: the lines of access logs as requests, in the forms of several servers.

It opens no file, counts nothing, and knows neither feeds nor programs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from ipaddress import ip_address
from itertools import islice
from urllib.parse import unquote_to_bytes

Request = tuple[bytes, date, bytes, bytes, int, bytes, "bool | None", bytes]
"""Address, day as the log has it, target, status, bytes of the answer's body (0: not told), User-Agent, whether it was
conditional, if the log tells, and the host that was asked, if it tells. A plain tuple: there are millions."""

Reader = Callable[[Iterable[bytes], "Unread"], Iterator[Request]]

KNOWN_FORMS = "a combined log, JSON of nginx, or a log of CloudFront or of `flask serve --access-log`"
"""The forms that are known."""

NOTHING = (b"", b"-")
_METHODS = (b"GET ", b"HEAD ")
_USUAL = (b'"GET', b'"HEAD')
_REMEMBERED = 20_000
_MONTHS = {
    name: number + 1
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
    )
}


@dataclass
class Unread:
    """The lines of a log that are no requests: how many, and the number of the first."""

    name: str
    lines: int = 0
    first: int = 0
    read: int = 0

    def add(self, number: int) -> None:
        """Take note of a line, by its number among those that are being read."""
        self.lines += 1
        self.first = self.first or self.read + number


def reader_of(lines: Iterable[bytes]) -> Reader | None:
    """Tell by the first line of a log that is known how it is to be read; nothing where there is none yet."""
    for line in islice(lines, 1000):
        if line.startswith(b"{") and b'"status"' in line:
            return _json
        if line.startswith(b"#Fields:"):
            return _Fields()
        if _GRANIAN.fullmatch(line.rstrip(b"\r")):
            return _granian
        if _COMBINED.match(line):
            return _combined
    return None


class _Days(dict[bytes, "date | None"]):
    """Days by the text that begins a time: a log has few."""

    def __missing__(self, text: bytes) -> date | None:
        if len(self) > _REMEMBERED:  # of a log that makes them up
            self.clear()
        self[text] = found = _day(text)
        return found


def _day(text: bytes) -> date | None:
    try:
        if text[2:3] == b"/":
            return date(int(text[7:11]), _MONTHS[text[3:6]], int(text[:2]))
        return date.fromisoformat(text[:10].decode("ascii"))
    except (ValueError, KeyError):
        return None


_days = _Days()

_COMBINED = re.compile(
    rb"(?:([A-Za-z0-9.-]+):\d{1,5} (?=[0-9A-Fa-f.:]+ ))?"  # Apache's vhost_combined has the host first
    rb'(\S+) [^"]*\[([^\[\]"]*)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d{1,15}|-) "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"'
    rb'(?: "((?:[^"\\]|\\.)*)")?'
)


def _combined(lines: Iterable[bytes], unread: Unread) -> Iterator[Request]:
    """Read the combined form of Apache and nginx; the usual line is cut at its blanks and quotes, for speed."""
    days, usual = _days, _USUAL
    for number, line in enumerate(lines, 1):
        try:
            address, _, _, time, _, method, target, _, status, rest = line.split(b" ", 9)
            parts = rest.split(b'"')
            day = days[time[1:12]]
            if method in usual and len(parts) in (5, 7) and day and len(parts[0]) < 17:
                size = parts[0]
                if len(parts) == 7 and parts[5] not in NOTHING:
                    address = _behind_proxy(address, parts[5])
                yield address, day, target, status, 0 if size == b"- " else int(size), parts[3], None, b""
                continue
        except ValueError:
            pass
        if found := _COMBINED.match(line):
            yield from _unusual(found, unread, number)
        elif line.strip():
            unread.add(number)


def _unusual(found: re.Match[bytes], unread: Unread, number: int) -> Iterator[Request]:
    """Read a line with a host first, with quotes in quotes, or with the address behind a proxy (`X-Forwarded-For`)."""
    host, address, time, request, status, size, agent, forwarded = found.groups(b"-")
    day = _days[time[:11]]
    if day is None:
        unread.add(number)
    elif request.startswith(_METHODS):
        target = request.split(b" ", 2)[1]
        sent = int(size) if size.isdigit() else 0
        agent = agent.replace(b'\\"', b'"')
        yield _behind_proxy(address, forwarded), day, target, status, sent, agent, None, host.strip(b"-")


def _behind_proxy(address: bytes, forwarded: bytes | None) -> bytes:
    """Give the address of a client: where a proxy of ours asked, the one that it added to `X-Forwarded-For`."""
    if forwarded in (None, *NOTHING) or not _is_private(address):
        return address
    assert forwarded
    return forwarded.rpartition(b",")[2].strip()


@lru_cache(maxsize=1000)
def _is_private(address: bytes) -> bool:
    """Tell whether an address is of this machine or its network; a socket of this machine has none."""
    try:
        found = ip_address(address.decode("ascii"))
        return (getattr(found, "ipv4_mapped", None) or found).is_private
    except ValueError:
        return address.startswith(b"unix:")


_ADDRESS = ("remote_addr", "realip_remote_addr", "client", "client_ip")
_TIME = ("time_iso8601", "time_local", "time", "timestamp", "msec", "ts")
_TARGET = ("request_uri", "uri", "path")
_SIZE = ("body_bytes_sent", "bytes_sent", "size")
_CONDITIONS = ("http_if_none_match", "http_if_modified_since")


def _json(lines: Iterable[bytes], unread: Unread) -> Iterator[Request]:
    """Read objects whose keys are nginx's variables (https://nginx.org/en/docs/varindex.html)."""
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line.decode("utf-8", "replace"))
            day = _json_day(_first(values, _TIME))
            method, target = values.get("request_method"), _first(values, _TARGET)
            if "request" in values:
                method, target = (str(values["request"]).split(" ") + [""])[:2]
            if day is None or not method:
                raise ValueError
            if method in ("GET", "HEAD"):
                told = [values[key] for key in _CONDITIONS if key in values]
                forwarded = str(values.get("http_x_forwarded_for") or "").encode()
                yield (
                    _behind_proxy(_first(values, _ADDRESS).encode(), forwarded),
                    day,
                    str(target).encode(),
                    str(values["status"]).encode(),
                    int(size) if (size := _first(values, _SIZE)).isdigit() and len(size) < 16 else 0,
                    str(values.get("http_user_agent") or "").encode(),
                    any(each not in ("", "-", None) for each in told) if told else None,
                    str(values.get("host") or values.get("http_host") or "").encode().partition(b":")[0],
                )
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            if line.strip():
                unread.add(number)


def _first(values: dict[str, object], names: tuple[str, ...]) -> str:
    return str(next((values[name] for name in names if name in values), ""))


def _json_day(time: str) -> date | None:
    if seconds := re.fullmatch(r"(\d{9,10})(\d{3}|\.\d+)?", time):  # or in milliseconds
        return datetime.fromtimestamp(int(seconds[1]), UTC).date()
    return _days[time[:11].encode()]


class _Fields:
    """Reads the W3C's extended form as CloudFront writes it: the first lines name the fields, tabs part them.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
    """

    def __init__(self) -> None:
        self._at: dict[str, int] = {}

    def __call__(self, lines: Iterable[bytes], unread: Unread) -> Iterator[Request]:
        for number, line in enumerate(lines, 1):
            if line.startswith(b"#"):
                if line.startswith(b"#Fields:"):
                    self._at = {name: at for at, name in enumerate(line.decode("ascii", "replace").split()[1:])}
                continue
            values = line.rstrip(b"\r").split(b"\t")
            try:
                at = self._at
                day = _days[values[at["date"]]]
                if day is None:
                    raise ValueError
                if values[at["cs-method"]] in (b"GET", b"HEAD"):
                    query = values[at["cs-uri-query"]] if "cs-uri-query" in at else b"-"
                    target = values[at["cs-uri-stem"]] + (b"?" + query if query != b"-" else b"")
                    size, agent = values[at["sc-bytes"]], unquote_to_bytes(values[at["cs(User-Agent)"]])
                    yield (
                        values[at["c-ip"]],
                        day,
                        target,
                        values[at["sc-status"]],
                        int(size) if size.isdigit() and len(size) < 16 else 0,
                        unquote_to_bytes(agent) if b"%20" in agent else agent,  # CloudFront escapes it twice
                        None,
                        b"",  # it is asked under names of its own
                    )
            except (ValueError, KeyError, IndexError):
                if line.strip():
                    unread.add(number)


GRANIAN = (
    '[%(time)s] %(addr)s - "%(method)s %(path)s %(protocol)s" %(status)d %(dt_ms).3f '
    "forwarded-for=%(header{x-forwarded-for})s if-none-match=%(header{if-none-match})s "
    "if-modified-since=%(header{if-modified-since})s user-agent=%(header{user-agent})s"
)
"""The form in which `flask serve` writes it: Granian's own, with what tells programs apart."""

_GRANIAN = re.compile(
    rb'\[(\d{4}-\d\d-\d\d) [^\]]*\] (\S+) - "([A-Z]+) (.*) [^ "]*" (\d{3}) [0-9.]+'
    rb"(?: forwarded-for=(.*?) if-none-match=(.*?) if-modified-since=(.*?) user-agent=(.*))?"
)


def _granian(lines: Iterable[bytes], unread: Unread) -> Iterator[Request]:
    for number, line in enumerate(lines, 1):
        found = _GRANIAN.fullmatch(line.rstrip(b"\r"))
        day = _days[found[1]] if found else None
        if not found or day is None:
            if line.strip():
                unread.add(number)
            continue
        _, address, method, target, status, forwarded, none_match, since, agent = found.groups()
        if method in (b"GET", b"HEAD"):
            conditional = None if agent is None else none_match not in NOTHING or since not in NOTHING
            yield _behind_proxy(address, forwarded), day, target, status, 0, agent or b"", conditional, b""
