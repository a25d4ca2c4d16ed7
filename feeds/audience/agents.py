"""Agents: which program sends a User-Agent, of what kind it is, and how many subscribers it states.

It is a table, and a rule for what the table does not have. What a User-Agent says is nobody's proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from itertools import chain


class Kind(Enum):
    """What a program is to a feed."""

    SERVICE = "service"
    READER = "reader"
    BROWSER = "browser"
    AUTOMATION = "automation"
    HUB = "hub"
    PREVIEW = "preview"
    BOT = "bot"
    UNKNOWN = "unknown"

    @property
    def order(self) -> int:
        """Its place where kinds are listed."""
        return list(Kind).index(self)


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

_NAMES = 500
"""Programs that are told apart besides those of the table."""

_KNOWN = 50_000
"""User-Agents that are remembered at a time."""

# The order matters: Feedly says it is like FeedFetcher-Google, Telegram like TwitterBot.
_TABLE: tuple[tuple[Kind, tuple[tuple[str, str], ...]], ...] = (
    (
        Kind.SERVICE,
        (
            ("Feedly", "feedly"),
            ("Inoreader", "inoreader"),
            ("NewsBlur", "newsblur"),
            ("Feedbin", "^feedbin"),
            ("The Old Reader", "theoldreader"),
            ("BazQux", "bazqux"),
            ("Feedspot", "feedspot"),
            ("FeedHQ", "^feedhq"),
            ("Feed Wrangler", "feed wrangler"),
            ("Netvibes", "netvibes"),
            ("Bloglovin", "bloglovin"),
            ("G2Reader", "g2reader"),
            ("Feeder.co", "feeder[.]co"),
            ("Lion Reader", "lion ?reader"),
            ("Kouio", "kouio"),
            ("Dreamwidth", "dreamwidth"),
            ("LiveJournal", "livejournal"),
            ("Yandex Blogs", "yandexblogs"),
            ("My Yahoo", "yahoofeedseeker"),
            ("Bloglines", "bloglines"),
            ("NewsGator", "newsgatoronline"),
            ("Flipboard", "flipboard"),
            ("Blogtrottr", "blogtrottr"),
            ("FeedBurner", "feedburner"),
            ("Newsify", "newsify feed fetcher"),
            ("RSS Parrot", "rss-parrot"),
            ("Overcast", "overcast.*podcast sync"),
            ("Pocket Casts", "^pocketcasts"),
            ("Player FM", "^playerfm.*podcast sync"),
            ("Breaker", "^breaker/"),
            ("Podbean", "^podbean/feedupdate|^podbeanfeedreader"),
            ("Castro", "^tentacles"),
            ("Castbox", "^castboxfeedparser"),
            ("Apple Podcasts", "^itms$"),
            ("Spotify", "^spotify/1"),
            ("Deezer", "^deezer podcasters"),
            ("Amazon Music", "^amazon music podcast"),
            ("Listen Notes", "listennotes"),
            ("Podchaser", "^podchaser"),
            ("Podcast Index", "^podcastindex"),
        ),
    ),
    (
        Kind.READER,
        (
            ("NetNewsWire", "netnewswire"),
            ("Reeder", "^reeder/"),
            ("Thunderbird", "thunderbird/"),
            ("Liferea", "^liferea/"),
            ("newsboat", "^news(boat|beuter)/"),
            ("Akregator", "akregator/"),
            ("QuiteRSS", "quiterss"),
            ("RSSOwl", "^rssowl"),
            ("RSS Guard", "^rss ?guard"),
            ("Fluent Reader", "fluent-reader"),
            ("FreshRSS", "^freshrss"),
            ("Miniflux", "miniflux"),
            ("CommaFeed", "^commafeed"),
            ("Tiny Tiny RSS", "^tiny tiny rss"),
            ("yarr", "^yarr/"),
            ("Nextcloud News", "^nextcloud-news"),
            ("selfoss", "^selfoss"),
            ("Fever", "^fever/"),
            ("Stringer", "^stringer"),
            ("Leed", "leed [(]"),
            ("Elfeed", "elfeed"),
            ("Emacs", "^url/emacs"),
            ("Gwene", "^gwene"),
            ("Feeder", "^spacecowboys android rss reader"),
            ("Read You", "^readyou"),
            ("Capy Reader", "^capyreader"),
            ("Vienna", "vienna/"),
            ("Unread", "^unread rss"),
            ("ReadKit", "^readkit"),
            ("NewsFlash", "^newsflash"),
            ("News Explorer", "news/explorer"),
            ("Fiery Feeds", "^fiery(%20| )?feeds"),
            ("FeedDemon", "^feeddemon"),
            ("RSS Bandit", "^rssbandit"),
            ("Outlook", "^windows-rss-platform|microsoft outlook"),
            ("Apple PubSub", "^apple-pubsub"),
            ("rss2email", "^rss2email"),
            ("AntennaPod", "^antennapod"),
            ("gPodder", "^gpodder"),
            ("Podcast Addict", "^podcast ?addict"),
            ("Overcast app", "^overcast/"),
            ("Castro app", "^castro"),
            ("Podbean app", "^podbean/"),
            ("Apple Podcasts app", "^(podcasts|balados|podcasti|podcasty)/|^itunes/"),
            ("VLC", "^vlc/"),
        ),
    ),
    (
        Kind.HUB,
        (
            ("Google", "^feedfetcher-google"),
            ("Superfeedr", "^superfeedr"),
            ("WebSub hub", "websub|pubsubhubbub|switchboard"),
        ),
    ),
    (
        Kind.AUTOMATION,
        (
            ("Slack RSS", "^slackbot 1|^slackbot/1"),
            ("IFTTT", "^ifttt"),
            ("Zapier", "^zapier"),
            ("Make", "^make/|^integromat"),
            ("n8n", "^rss-parser|^n8n"),
            ("dlvr.it", "^dlvr[.]it"),
            ("MonitoRSS", "monitorss"),
            ("Power Automate", "^azure-logic-apps|microsoft-flow"),
            ("Office 365", "office 365 connectors"),
            ("Mailchimp", "^mailchimp"),
            ("WordPress", "^wordpress/"),
            ("SimplePie", "^simplepie"),
            ("feedparser", "^feedparser/|universalfeedparser"),
            ("MagpieRSS", "^magpierss"),
            ("Yahoo Pipes", "^yahoo pipes"),
        ),
    ),
    (
        Kind.PREVIEW,
        (
            ("Slack", "slackbot|slack-imgproxy"),
            ("Telegram", "^telegrambot"),
            ("Facebook", "facebookexternalhit|facebot"),
            ("X", "twitterbot"),
            ("LinkedIn", "^linkedinbot"),
            ("WhatsApp", "^whatsapp"),
            ("Discord", "discordbot"),
            ("Mastodon", "mastodon/"),
            ("Bluesky", "bluesky cardyb"),
            ("Pleroma", "^pleroma|^akkoma"),
            ("Misskey", "^misskey|summalybot"),
            ("GoToSocial", "^gotosocial"),
            ("Skype", "skypeuripreview"),
            ("Iframely", "^iframely"),
            ("Embedly", "embedly/"),
            ("Matrix", "^synapse"),
            ("Reddit", "redditbot"),
            ("Pinterest", "pinterestbot"),
            ("Discourse", "^discourse forum onebox"),
        ),
    ),
    (
        Kind.BOT,
        (
            ("Googlebot", "googlebot"),
            ("Bing", "bingbot"),
            ("DuckDuckGo", "duckduckbot"),
            ("Applebot", "applebot"),
            ("OpenAI", "gptbot|oai-searchbot|chatgpt-user"),
            ("Anthropic", "claudebot|claude-user"),
            ("Common Crawl", "^ccbot"),
            ("ByteDance", "bytespider"),
            ("Meta", "meta-external"),
            ("Amazonbot", "amazonbot"),
            ("Ahrefs", "ahrefsbot"),
            ("Semrush", "semrushbot"),
            ("PetalBot", "petalbot"),
            ("Yandex", "yandex"),
            ("UptimeRobot", "uptimerobot"),
            ("Pingdom", "pingdom"),
            ("Monit", "^monit/"),
            ("updown.io", "^updown"),
            ("W3C validator", "^feedvalidator|^w3c_validator"),
            ("curl", "^curl/"),
            ("Wget", "^wget/"),
            ("Python", "^python"),
            ("Go", "^go-http-client"),
        ),
    ),
)

_KNOWN_AGENTS = [
    (re.compile(pattern, re.IGNORECASE), name, kind) for kind, agents in _TABLE for name, pattern in agents
]

_NUMBER = "([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})"
_CLAIM = re.compile(
    rf"(?<![0-9A-Za-z.,/-]){_NUMBER} +(?:subscribers?\b|readers\b)|\bsubscribers[= ]{_NUMBER}|\busers {_NUMBER}; views",
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
    return int(next(filter(None, found.groups())).replace(",", "")) if found else None


def _guessed(text: str) -> tuple[str, Kind]:
    """Tell what can be told of a program that is not in the table."""
    if text in ("", "-"):
        return NAMELESS, Kind.UNKNOWN
    products = [product.strip(" ") for product in _PRODUCT.findall(text)]
    strange = [product for product in products if product.rpartition(" ")[2] not in _PRODUCTS_OF_BROWSERS]
    comment = _COMMENT.search(text)
    first = re.match("[A-Za-z][A-Za-z0-9._ +-]{0,39}", text)
    name = next(chain(strange, [comment[1]] if comment else [], [first[0]] if first else []), NAMELESS).strip(" .-+")
    if _claim(text) is not None:
        return name, Kind.SERVICE
    if _READS.search(name) and not re.search("bot|crawl|spider|valid", text, re.IGNORECASE):
        return name, Kind.READER
    if _BROWSER.match(text) and not (strange and _BOT.search(" ".join(strange))) and "compatible;" not in text:
        return Kind.BROWSER.value, Kind.BROWSER
    return name, Kind.BOT if _BOT.search(text) else Kind.UNKNOWN


class Agents(dict[bytes, Agent]):
    """Programs by their User-Agents, each looked at once; `kinds` are those of all that were seen."""

    def __init__(self) -> None:
        """Begin with none."""
        self.kinds: dict[str, Kind] = {}

    def __missing__(self, words: bytes) -> Agent:
        """Look at one that was not seen before."""
        if len(self) > _KNOWN:  # of somebody who makes them up
            self.clear()
        agent = read_agent(words[:1000])
        kind = self.kinds.get(agent.name)
        if kind is None and len(self.kinds) >= _NAMES:
            agent = Agent(OTHERS, Kind.UNKNOWN)
        elif kind is not None and kind is not agent.kind:
            agent = Agent(f"{agent.name} ({agent.kind.value})", agent.kind, agent.claim, agent.id)
        self.kinds.setdefault(agent.name, agent.kind)
        self[words] = agent
        return agent
