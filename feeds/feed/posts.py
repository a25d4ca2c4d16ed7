"""Posts: texts for social networks to go with a link, and how each network counts their length.

It sends nothing: an automation that reads a social feed does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex

from feeds.model.social import HashtagSettings, Social

from .values import Entry

LINK_LENGTH = 23
"""Number of characters that Mastodon and X count for any link, whatever its length."""

_URL = re.compile(r"https?://\S+")
_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\p{Regional_Indicator}|\u20E3")
_SINGLE_WEIGHT_RANGES = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Ranges of code points that X counts once; all others count twice (twitter-text, configuration v3)."""


def count_graphemes(text: str) -> int:
    """Return the number of user-perceived characters (UAX 29)."""
    return len(regex.findall(r"\X", text))


def x_length(text: str) -> int:
    """Return the length of a text as X counts it: a link is 23, an emoji is 2.

    See https://docs.x.com/fundamentals/counting-characters.
    """
    rest, links = _URL.subn("", unicodedata.normalize("NFC", text))
    weights = (2 if _EMOJI.search(grapheme) else sum(map(_weight, grapheme)) for grapheme in regex.findall(r"\X", rest))
    return sum(weights) + LINK_LENGTH * links


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _SINGLE_WEIGHT_RANGES) else 2


def _mastodon_length(text: str) -> int:
    rest, links = _URL.subn("", text)
    return count_graphemes(rest) + LINK_LENGTH * links


@dataclass(frozen=True, slots=True)
class Network:
    """A social network: how it counts a post with its link, and the maximum that it accepts.

    `key` is its name in paths and in article files.
    """

    name: str
    key: str
    max_length: int
    count: Callable[[str], int]


NETWORKS = (
    Network("Mastodon", "mastodon", 500, _mastodon_length),
    Network("Bluesky", "bluesky", 300, count_graphemes),
    Network("X", "x", 280, x_length),
    Network("LinkedIn", "linkedin", 3000, len),
)

MIN_SUMMARY_LENGTH = 40
"""Minimum number of characters of a summary in a post; a shorter one is left out."""

MAX_POST_BYTES = 3000
"""Maximum size of a post on Bluesky in UTF-8 bytes, whatever its characters."""


def fits_all_networks(text: str, url: str) -> bool:
    """Return whether a post with its link fits all networks on which the link leaves room."""
    post = f"{text} {url}"
    networks = (network for network in NETWORKS if network.count(url) <= network.max_length // 2)
    return (
        all(network.count(post) <= network.max_length for network in networks) and len(post.encode()) <= MAX_POST_BYTES
    )


def fits(text: str, url: str, network: Network) -> bool:
    """Return whether a post with its link fits a network."""
    post = f"{text} {url}"
    return network.count(post) <= network.max_length and (
        network.key != "bluesky" or len(post.encode()) <= MAX_POST_BYTES
    )


def compose(
    entry: Entry,
    social: Social | None = None,
    settings: HashtagSettings | None = None,
    network: Network | None = None,
) -> str:
    """Return the one-line post for an entry, without its link, short enough for `network`, or for all if it is None.

    It is the author's text, or else title and summary; then as many hashtags as fit.
    """

    def has_room(text: str) -> bool:
        return fits(text, entry.url, network) if network else fits_all_networks(text, entry.url)

    own_text = social.text_for(network.key if network else None) if social else None
    text = truncate(_in_one_line(own_text or entry.title), has_room) or entry.title
    own_hashtags = social.hashtags if social else None
    terms = hashtags(entry, settings or HashtagSettings()) if own_hashtags is None else own_hashtags
    unique = {each.casefold(): each for each in reversed(terms)}
    tags = [each for each in reversed(unique.values()) if not _contains_hashtag(text, each)]
    if not own_text:
        title_part = text if text.endswith((".", "!", "?", "…")) else f"{text} –"
        text_with_summary = truncate(
            f"{title_part} {_in_one_line(entry.summary)}", lambda each: has_room(" ".join([each, *tags[:2]]))
        )
        text = text_with_summary if len(text_with_summary) > len(title_part) + MIN_SUMMARY_LENGTH else text
    for tag in tags:
        text = f"{text} {tag}" if has_room(f"{text} {tag}") else text
    return text


def _in_one_line(text: str) -> str:
    return re.sub("[ \t\r\n]+", " ", text)


def truncate(text: str, has_room: Callable[[str], bool]) -> str:
    """Return the text, cut after the last word that fits, or within the first word if none does.

    A cut text ends with an ellipsis.
    """
    if has_room(text):
        return text
    for parts, separator in ((text.split(" "), " "), (regex.findall(r"\X", text), "")):
        while parts:
            cut = separator.join(parts).rstrip(",;:–—-\u00a0\u202f") + "…"
            if has_room(cut):
                return cut
            parts.pop()
    return ""


def _contains_hashtag(text: str, hashtag: str) -> bool:
    return re.search(rf"{re.escape(hashtag)}(?!\w)", text, re.IGNORECASE) is not None


def hashtags(entry: Entry, settings: HashtagSettings) -> list[str]:
    """Return the entry's tags and categories as hashtags in CamelCase, as far as a site wants them.

    Accents are kept: cancer du sein is #CancerDuSein.
    """
    tags = [term for term in entry.categories if term.scheme.endswith(":tags")]
    categories = [term for term in entry.categories if term not in tags]
    terms = [*(tags if settings.tags else ()), *(categories if settings.categories else ())]  # tags are specific
    word_lists = (re.findall(r"[^\W_]+", term.label) for term in terms)
    hashtag_names = ("".join(word[0].upper() + word[1:] for word in words) for words in word_lists)
    return list(dict.fromkeys(f"#{tag}" for tag in hashtag_names if tag and not tag.isdigit()))
