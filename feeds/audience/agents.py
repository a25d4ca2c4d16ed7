"""Agents: which program sends a User-Agent, of what kind it is, and how many subscribers it states.

`programs` has those that are known; others are told by a rule. What a User-Agent says is nobody's proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from unicodedata import normalize

from .programs import PROGRAMS, Kind


@dataclass(frozen=True, slots=True)
class Agent:
    """A program: `claim` is how many subscribers it states, and `id` what it calls the feed, if it does."""

    name: str
    kind: Kind
    claim: int | None = None
    id: bytes | None = None


OTHERS = "others"
"""Stands for the programs beyond those that are told apart."""

NAMELESS = "no name"

_NAMES = 100
"""Programs that are told apart besides those of the table."""

_LONGEST = 300
"""Bytes of a User-Agent that are read."""

_KNOWN = 20_000
"""User-Agents that are remembered at a time."""

_KNOWN_AGENTS = [
    (re.compile(pattern, re.IGNORECASE), name, kind) for kind, agents in PROGRAMS for name, pattern in agents
]

_NAMED = {OTHERS, NAMELESS, Kind.BROWSER.value, *(name for _, name, _ in _KNOWN_AGENTS)}
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
_READS = re.compile("rss|feed|reader|podcast|news|aggregat", re.IGNORECASE)
_BROWSER = re.compile(r"^(Mozilla|Opera)/.*(Gecko|AppleWebKit|Trident|MSIE|Presto)")
_PRODUCTS_OF_BROWSERS = (
    *("Mozilla", "AppleWebKit", "Gecko", "Chrome", "CriOS", "Safari", "Version", "Mobile", "Firefox", "FxiOS", "Edg"),
    *("EdgA", "EdgiOS", "Edge", "OPR", "Opera", "Vivaldi", "SamsungBrowser", "Ubuntu", "Chromium", "YaBrowser", "GSA"),
    *("DuckDuckGo", "Ddg", "Brave", "Electron", "Seamonkey", "SeaMonkey", "Build", "Trident", "Presto"),
)
_PRODUCT = re.compile("([A-Za-z][A-Za-z0-9._ +-]{0,39}?)/[0-9v$]")
_COMMENT = re.compile("[(](?:compatible; )?\\+?(?:https?://)?([A-Za-z][A-Za-z0-9._ -]{1,39})")


def read_agent(words: bytes) -> Agent:
    """Tell the program that a User-Agent is of."""
    text = words.replace(b"\\x22", b'"').decode("utf-8", "replace").strip(' ("')  # NewsBlur's second try is in both
    name, kind = _known(text) or _guessed(text)
    if kind is Kind.SERVICE and (claim := _claim(text)) is not None:
        found = _ID.search(text)
        return Agent(name, kind, claim, next(filter(None, found.groups())).encode() if found else None)
    return Agent(name, kind)


def _known(text: str) -> tuple[str, Kind] | None:
    return next(((name, kind) for pattern, name, kind in _KNOWN_AGENTS if pattern.search(text)), None)


def _claim(text: str) -> int | None:
    found = _CLAIM.search(text)
    return int(re.sub("[^0-9]", "", next(filter(None, found.groups())))) if found else None


def _guessed(text: str) -> tuple[str, Kind]:
    """Tell what can be told of a program that is not in the table."""
    if text in ("", "-"):
        return NAMELESS, Kind.UNKNOWN
    text = normalize("NFKD", text).encode("ascii", "ignore").decode()  # names are shown without accents
    products = [product.strip(" ") for product in _PRODUCT.findall(text)]
    strange = [product for product in products if product.rpartition(" ")[2] not in _PRODUCTS_OF_BROWSERS]
    comment = _COMMENT.search(text)
    first = re.match("[A-Za-z][A-Za-z0-9._ +-]{0,39}", text)
    name = next(chain(strange, [comment[1]] if comment else [], [first[0]] if first else []), NAMELESS).strip(" .-+")
    if re.search(r"[0-9]+([.][0-9]+){3}|[0-9]{7}", name) or not name:  # what could be an address, or somebody's
        name = NAMELESS
    if _claim(text) is not None:
        return name, Kind.SERVICE
    spoken = re.sub(r"[(][^)]*[)]?|https?://\S*", " ", text) + f" {name}"  # what is in brackets says less
    is_bot = _BOT.search(spoken) is not None or re.search("bot|crawl|spider", text, re.IGNORECASE) is not None
    is_browser = _BROWSER.match(text) is not None and "compatible;" not in text
    if is_browser and not is_bot and not re.search("rss|feed|reader|podcast", name, re.IGNORECASE):
        return Kind.BROWSER.value, Kind.BROWSER
    if not is_bot and "CFNetwork/" in text:  # an app of a telephone or a Mac
        return name if products and text.startswith(products[0]) else "Apple app", Kind.READER
    if not is_bot and _READS.search(f"{name} {text}" if not is_browser else name):
        return name, Kind.READER
    return name, Kind.BOT if is_bot else Kind.UNKNOWN


class Agents(dict[bytes, Agent]):
    """Programs by their User-Agents, each looked at once; `kinds` are those of all that were seen."""

    def __init__(self) -> None:
        """Begin with none."""
        self.kinds: dict[str, Kind] = {}
        self._strange = 0

    def __missing__(self, words: bytes) -> Agent:
        """Look at one that was not seen before."""
        if len(self) > _KNOWN:  # of somebody who makes them up
            self.clear()
        agent = read_agent(words[:_LONGEST])
        kind = self.kinds.get(agent.name)
        if kind is None and agent.name not in _NAMED:
            self._strange += 1
            if self._strange > _NAMES:
                agent = Agent(OTHERS, Kind.UNKNOWN)
        elif kind is not None and kind is not agent.kind:
            agent = Agent(f"{agent.name} ({agent.kind.value})", agent.kind, agent.claim, agent.id)
        self.kinds.setdefault(agent.name, agent.kind)
        if len(words) <= _LONGEST:
            self[words] = agent
        return agent
