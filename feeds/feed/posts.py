"""Posts: the text that goes out on social networks with a link to an article, and how long each network finds a text.

It sends nothing: an automation that reads a social feed does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex

from .values import Entry

LINK = 23
"""What Mastodon and X count for any link, however long it is."""

_URL = re.compile(r"https?://\S+")
_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\p{Regional_Indicator}|\u20E3")
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""The code points that X counts once; all others count twice (twitter-text, configuration v3)."""


def graphemes(text: str) -> int:
    """Count what people see as characters (UAX 29)."""
    return len(regex.findall(r"\X", text))


def weighed(text: str) -> int:
    """Count a text as X does (https://docs.x.com/fundamentals/counting-characters): a link is 23, an emoji is 2."""
    rest, links = _URL.subn("", unicodedata.normalize("NFC", text))
    weights = (2 if _EMOJI.search(each) else sum(map(_weight, each)) for each in regex.findall(r"\X", rest))
    return sum(weights) + LINK * links


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2


def _tooted(text: str) -> int:
    rest, links = _URL.subn("", text)
    return graphemes(rest) + LINK * links


@dataclass(frozen=True, slots=True)
class Network:
    """A network: how it counts a post with its link, and how much it takes."""

    name: str
    most: int
    count: Callable[[str], int]


NETWORKS = (
    Network("Mastodon", 500, _tooted),
    Network("Bluesky", 300, graphemes),
    Network("X", 280, weighed),
    Network("LinkedIn", 3000, len),
)

LEAST_SUMMARY = 40
"""Characters of a summary below which it says too little to be begun."""

MOST_BYTES = 3000
"""What Bluesky takes in UTF-8, whatever the characters."""


def fits(text: str, url: str) -> bool:
    """Tell whether a post with its link is short enough for every network that the link leaves room on."""
    post = f"{text} {url}"
    networks = (network for network in NETWORKS if network.count(url) <= network.most // 2)
    return all(network.count(post) <= network.most for network in networks) and len(post.encode()) <= MOST_BYTES


def compose(entry: Entry, social: str | None = None) -> str:
    """Write the post for an entry, on one line and without its link, for which there is room on every network.

    It is the author's text, or else title and summary; then as many hashtags as there is room for.
    """

    def has_room(text: str) -> bool:
        return fits(text, entry.url)

    text = shortened(_in_one_line(social or entry.title), has_room) or entry.title
    tags = [each for each in hashtags(entry) if each.casefold() not in text.casefold()]
    if not social:
        ended = text if text.endswith((".", "!", "?", "…")) else f"{text} –"
        told = shortened(f"{ended} {_in_one_line(entry.summary)}", lambda each: has_room(" ".join([each, *tags[:2]])))
        text = told if len(told) > len(ended) + LEAST_SUMMARY else text
    for tag in tags:
        text = f"{text} {tag}" if has_room(f"{text} {tag}") else text
    return text


def _in_one_line(text: str) -> str:
    return re.sub("[ \t\r\n]+", " ", text)


def shortened(text: str, has_room: Callable[[str], bool]) -> str:
    """Cut a text after a word, or within its first, so that there is room for it, and say so with an ellipsis."""
    if has_room(text):
        return text
    for parts, between in ((text.split(" "), " "), (regex.findall(r"\X", text), "")):
        while parts:
            cut = between.join(parts).rstrip(",;:–—-\u00a0\u202f") + "…"
            if has_room(cut):
                return cut
            parts.pop()
    return ""


def hashtags(entry: Entry) -> list[str]:
    """Write its tags and categories as hashtags in CamelCase, accents kept: cancer du sein is #CancerDuSein."""
    terms = sorted(entry.categories, key=lambda term: not term.scheme.endswith(":tags"))  # tags tell more
    names = (re.findall(r"[^\W_]+", term.label) for term in terms)
    found = ("".join(word[0].upper() + word[1:] for word in words) for words in names)
    return list(dict.fromkeys(f"#{tag}" for tag in found if tag and not tag.isdigit()))
