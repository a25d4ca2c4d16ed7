"""User-Agents: which program sends one, of what kind the program is, and how many subscribers it states.

`programs` has the table of known programs; heuristics identify the others. A User-Agent proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from unicodedata import normalize

from .programs import PROGRAMS, Kind


@dataclass(frozen=True, slots=True)
class Agent:
    """A program. `claim` is the number of subscribers it states, `id` its own id for the feed; None if not stated."""

    name: str
    kind: Kind
    claim: int | None = None
    id: bytes | None = None


OTHERS = "others"
"""The name for all unlisted programs after the first hundred."""

NAMELESS = "no name"

_MAX_UNLISTED_PROGRAMS = 100
"""Maximum number of programs outside the table that keep their own name."""

_MAX_USER_AGENT_BYTES = 300
"""Bytes of a User-Agent that are examined."""

_USER_AGENT_CACHE_SIZE = 20_000
"""Maximum number of User-Agents in the cache."""

_PROGRAM_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE), name, kind) for kind, agents in PROGRAMS for name, pattern in agents
]

_LISTED_NAMES = {OTHERS, NAMELESS, Kind.BROWSER.value, *(name for _, name, _ in _PROGRAM_PATTERNS)}
_NUMBER = "([0-9]{1,3}(?:[,. \u00a0\u202f][0-9]{3})+|[0-9]{1,15})"
_CLAIM = re.compile(
    rf"(?<![0-9A-Za-z.,/-]){_NUMBER} +(?:subscribers?\b|readers\b)|\bsubscribers[=:] ?{_NUMBER}|"
    rf"\bsubscribers {_NUMBER}|\busers {_NUMBER}; views",
    re.IGNORECASE,
)
_ID = re.compile(r"feed-?id[=:] ?([0-9A-Za-z-]{1,64})|newsblur[.]com/site/([0-9]{1,20})", re.IGNORECASE)
_BOT = re.compile(
    "bot\\b|bot[/_-]|crawl|spider|slurp|monitor|uptime|pingdom|validat|scan|check|archiv|headless|http|okhttp|axios|"
    "guzzle|^node|^ruby|^java|^php|^perl|^libwww|^lua|^dart|^rust",
    re.IGNORECASE,
)
_READER = re.compile("rss|feed|reader|podcast|news|aggregat", re.IGNORECASE)
_BROWSER = re.compile(r"^(Mozilla|Opera)/.*(Gecko|AppleWebKit|Trident|MSIE|Presto)")
_BROWSER_PRODUCTS = (
    *("Mozilla", "AppleWebKit", "Gecko", "Chrome", "CriOS", "Safari", "Version", "Mobile", "Firefox", "FxiOS", "Edg"),
    *("EdgA", "EdgiOS", "Edge", "OPR", "Opera", "Vivaldi", "SamsungBrowser", "Ubuntu", "Chromium", "YaBrowser", "GSA"),
    *("DuckDuckGo", "Ddg", "Brave", "Electron", "Seamonkey", "SeaMonkey", "Build", "Trident", "Presto"),
)
_PRODUCT = re.compile("([A-Za-z][A-Za-z0-9._ +-]{0,39}?)/[0-9v$]")
_COMMENT = re.compile("[(](?:compatible; )?\\+?(?:https?://)?([A-Za-z][A-Za-z0-9._ -]{1,39})")


def read_agent(user_agent: bytes) -> Agent:
    """Return the program that sent a User-Agent."""
    text = user_agent.replace(b"\\x22", b'"').decode("utf-8", "replace").strip(' ("')  # NewsBlur's retry is in both
    name, kind = _find_program(text) or _guess_program(text)
    if kind is Kind.SERVICE and (claim := _parse_claim(text)) is not None:
        id_match = _ID.search(text)
        return Agent(name, kind, claim, next(filter(None, id_match.groups())).encode() if id_match else None)
    return Agent(name, kind)


def _find_program(text: str) -> tuple[str, Kind] | None:
    return next(((name, kind) for pattern, name, kind in _PROGRAM_PATTERNS if pattern.search(text)), None)


def _parse_claim(text: str) -> int | None:
    match = _CLAIM.search(text)
    return int(re.sub("[^0-9]", "", next(filter(None, match.groups())))) if match else None


def _guess_program(text: str) -> tuple[str, Kind]:
    """Return the name and kind of a program that is not in the table, as far as its User-Agent shows them."""
    if text in ("", "-"):
        return NAMELESS, Kind.UNKNOWN
    text = normalize("NFKD", text).encode("ascii", "ignore").decode()  # names are displayed without accents
    products = [product.strip(" ") for product in _PRODUCT.findall(text)]
    own_products = [product for product in products if product.rpartition(" ")[2] not in _BROWSER_PRODUCTS]
    comment = _COMMENT.search(text)
    leading_name = re.match("[A-Za-z][A-Za-z0-9._ +-]{0,39}", text)
    name = next(
        chain(own_products, [comment[1]] if comment else [], [leading_name[0]] if leading_name else []), NAMELESS
    ).strip(" .-+")
    if re.search(r"[0-9]+([.][0-9]+){3}|[0-9]{7}", name) or not name:  # could be an IP address or identify a person
        name = NAMELESS
    if _parse_claim(text) is not None:
        return name, Kind.SERVICE
    searched_text = re.sub(r"[(][^)]*[)]?|https?://\S*", " ", text) + f" {name}"  # brackets and URLs prove less
    is_bot = _BOT.search(searched_text) is not None or re.search("bot|crawl|spider", text, re.IGNORECASE) is not None
    is_browser = _BROWSER.match(text) is not None and "compatible;" not in text
    if is_browser and not is_bot and not re.search("rss|feed|reader|podcast", name, re.IGNORECASE):
        return Kind.BROWSER.value, Kind.BROWSER
    if not is_bot and "CFNetwork/" in text:  # an iOS or macOS app
        return name if products and text.startswith(products[0]) else "Apple app", Kind.READER
    if not is_bot and _READER.search(f"{name} {text}" if not is_browser else name):
        return name, Kind.READER
    return name, Kind.BOT if is_bot else Kind.UNKNOWN


class Agents(dict[bytes, Agent]):
    """A cache of programs by User-Agent. `kinds` has the kind of every program seen so far, by name."""

    def __init__(self) -> None:
        """Create an empty cache."""
        self.kinds: dict[str, Kind] = {}
        self._unlisted_count = 0

    def __missing__(self, user_agent: bytes) -> Agent:
        """Identify the program of a new User-Agent."""
        if len(self) > _USER_AGENT_CACHE_SIZE:  # somebody sends invented User-Agents
            self.clear()
        agent = read_agent(user_agent[:_MAX_USER_AGENT_BYTES])
        kind = self.kinds.get(agent.name)
        if kind is None and agent.name not in _LISTED_NAMES:
            self._unlisted_count += 1
            if self._unlisted_count > _MAX_UNLISTED_PROGRAMS:
                agent = Agent(OTHERS, Kind.UNKNOWN)
        elif kind is not None and kind is not agent.kind:
            agent = Agent(f"{agent.name} ({agent.kind.value})", agent.kind, agent.claim, agent.id)
        self.kinds.setdefault(agent.name, agent.kind)
        if len(user_agent) <= _MAX_USER_AGENT_BYTES:
            self[user_agent] = agent
        return agent
