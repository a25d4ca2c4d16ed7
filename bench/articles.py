"""Writes the same articles for every program that is measured: ours, Hugo, Eleventy and Pelican.

The texts resemble real ones, since repeated sentences would compress, parse and render faster: their
words are distinct, and as frequent as in a language (Zipf's law). They contain headings, links and
lists, and now and then a table or a picture. The same number gives the same article.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate
from pathlib import Path

CATEGORIES = {"research": "Recherche", "outreach": "Société", "funding": "Soutiens"}

SITE = """\
title: Banc
subtitle: Un banc d’essai.
url: https://news.example
languages: [fr]
timezone: Europe/Paris
tag_authority: news.example,2020
publisher: {name: Banc}
categories:
""" + "".join(f"  {slug}: {{title: {title}, description: On publie.}}\n" for slug, title in CATEGORIES.items())
"""`site.yaml` of every benchmark."""

WORDS = 4_000
"""Number of distinct words in all texts."""

TAGS = 20
"""Number of distinct tags. One article in ten has some: each tag has feeds and archives of its own with us."""

_SYLLABLES = [
    consonant + vowel
    for consonant in (
        "b",
        "c",
        "ch",
        "d",
        "f",
        "g",
        "gr",
        "l",
        "m",
        "n",
        "p",
        "pr",
        "qu",
        "r",
        "s",
        "st",
        "t",
        "tr",
        "v",
    )
    for vowel in ("a", "e", "é", "ê", "i", "o", "ou", "u", "ai", "on", "an", "eur", "ien", "elle")
]
_SHORT_WORDS = (
    "de",
    "la",
    "et",
    "les",
    "des",
    "en",
    "le",
    "à",
    "du",
    "une",
    "un",
    "dans",
    "par",
    "pour",
    "sur",
    "l’on",
)


@cache
def _vocabulary() -> tuple[list[str], list[float]]:
    """Return the words, and their cumulative weights, which fall with the rank of a word."""
    rng = random.Random(2020)
    words = dict.fromkeys(_SHORT_WORDS)
    while len(words) < WORDS:
        words["".join(rng.choices(_SYLLABLES, k=rng.choice((1, 2, 2, 2, 3, 3))))] = None
    return list(words), list(accumulate(1 / (rank + 2) for rank in range(WORDS)))


@dataclass(frozen=True)
class Article:
    """An article as every program gets it; `body` is Markdown."""

    number: int
    title: str
    published: date
    category: str
    summary: str
    tags: list[str]
    attachments: list[str]
    body: str

    @property
    def name(self) -> str:
        """The stem of its file's name."""
        return f"a{self.number}"


def date_of(number: int) -> date:
    """Return the date of an article.

    The first 10,000 articles are spread over 21 years, so that no month has more than the 50 that
    the feeds show. All others are older.
    """
    if number >= 10_000:
        return date(1905 + number % 100, number // 100 % 12 + 1, number // 1200 % 28 + 1)
    return date(2005 + number % 21, number // 21 % 12 + 1, number // 252 % 28 + 1)


def newest(count: int) -> int:
    """Return the number of an article that every feed of its category lists first."""
    return max(range(count), key=lambda number: (date_of(number), number))


def article(number: int, title: str = "") -> Article:
    """Return the article with a number; `title` replaces its own."""
    rng = random.Random(number)
    attachment = f"{{url: https://lab.example/{number}.pdf, title: {_title(rng, 3)}, type: application/pdf}}"
    return Article(
        number,
        title or _title(rng, 7),
        date_of(number),
        list(CATEGORIES)[number % len(CATEGORIES)],
        _sentence(rng, 24),
        sorted({f"sujet {chr(96 + int(TAGS ** rng.random()))}" for _ in range(2)}) if number % 10 == 3 else [],
        [attachment] if number % 4 == 0 else [],
        _body(rng, number),
    )


def _words(rng: random.Random, count: int) -> list[str]:
    words, weights = _vocabulary()
    return rng.choices(words, cum_weights=weights, k=count)


def _title(rng: random.Random, count: int) -> str:
    return " ".join(_words(rng, count)).capitalize()


def _sentence(rng: random.Random, mean: int) -> str:
    words = _words(rng, max(4, round(rng.gauss(mean, mean / 4))))
    if len(words) > 12:
        words[len(words) // 2] += ","
    return f"{' '.join(words).capitalize()}."


def _paragraph(rng: random.Random) -> str:
    sentences = [_sentence(rng, 16) for _ in range(rng.randrange(3, 7))]
    if rng.random() < 0.5:
        words = sentences[-1].split()
        words[2] = f"[{words[2].rstrip(',')}](https://lab.example/{words[3].rstrip(',.')})"
        sentences[-1] = " ".join(words)
    if rng.random() < 0.3:
        words = sentences[0].split()
        words[1] = f"*{words[1]}*" if rng.random() < 0.5 else f"**{words[1]}**"
        sentences[0] = " ".join(words)
    return " ".join(sentences)


def _body(rng: random.Random, number: int) -> str:
    blocks = [_paragraph(rng) for _ in range(rng.randrange(4, 8))]
    if rng.random() < 0.6:
        blocks.insert(2, f"## {_title(rng, 5)}")
    if rng.random() < 0.3:
        blocks.insert(3, "\n".join(f"- {_sentence(rng, 8)}" for _ in range(4)))
    if number % 10 == 0:
        rows = [" | ".join(_words(rng, 3)) for _ in range(5)]
        blocks.append("\n".join(f"| {row} |" for row in (rows[0], "--- | --- | ---", *rows[1:])))
    if number % 10 == 5:
        blocks.insert(1, f"![{_title(rng, 6)}](https://lab.example/images/{number}.jpg)")
    return "\n\n".join(blocks)


def _front_matter(each: Article, date_key: str) -> str:
    """Return the keys that all programs with YAML share."""
    lines = [f"title: '{each.title}'", f"{date_key}: {each.published}", f"categories: [{each.category}]"]
    lines += [f"summary: {each.summary}"]
    lines += [f"tags: [{', '.join(each.tags)}]"] if each.tags else []
    lines += [f"attachments: [{', '.join(each.attachments)}]"] if each.attachments else []
    return "\n".join(lines) + "\n"


def write_ours(folder: Path, each: Article) -> None:
    """Write an article file for our program."""
    text = "\n".join(f"  {line}".rstrip() for line in each.body.splitlines())
    path = folder / "articles" / f"{each.name}.yaml"
    path.write_text(f"{_front_matter(each, 'published')}body: |\n{text}\n", encoding="utf-8")


def write_markdown(folder: Path, each: Article) -> None:
    """Write an article as Markdown with front matter in YAML, for Hugo and Eleventy."""
    path = folder / f"{each.name}.md"
    path.write_text(f"---\n{_front_matter(each, 'date')}---\n{each.body}\n", encoding="utf-8")


def write_pelican(folder: Path, each: Article) -> None:
    """Write an article as Markdown with the metadata of Pelican."""
    keys = f"Title: {each.title}\nDate: {each.published}\nCategory: {each.category}\nSummary: {each.summary}\n"
    tags = f"Tags: {', '.join(each.tags)}\n" if each.tags else ""
    (folder / f"{each.name}.md").write_text(f"{keys}{tags}\n{each.body}\n", encoding="utf-8")
