"""Folding of texts and queries, so that accents, apostrophes, capitals and plurals make no difference to a search.

It does not depend on the index.
"""

from __future__ import annotations

import re
import unicodedata

MAX_QUERY_CHARACTERS = 200
"""Maximum length of a query; the rest is ignored."""

MAX_QUERY_WORDS = 8
"""Maximum number of words of a query that are searched."""

_LETTERS = (("œ", "oe"), ("æ", "ae"), ("ø", "o"), ("ł", "l"), ("đ", "d"), ("ı", "i"))
"""Letters that have no decomposition, each with what people type instead."""

_ELIDED = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ‘](?=\w)")
"""A French article, pronoun or conjunction that has lost its vowel: it says nothing about a text."""

_MARKS = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u064b-\u0655\u0670]+")
"""Combining characters: accents, and the vowel points of Hebrew and Arabic, which few people type."""

_WITHOUT_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""A character of a script that does not separate words. Each is searched as a word."""

_PLURAL = re.compile(r"[sx]\b(?<=[^\W_]{4})")
"""A final s or x of a word of at least four letters, which may mark a plural in French or English."""

_WORD = re.compile(r"[^\W_]+")
_NOT_TEXT = re.compile(r"\]\([^()\n]*\)|https?://\S+|<[^<>\n]*>|^\[[^\]\n]+\]:.*$", re.MULTILINE)
"""Parts of Markdown that are not text: addresses of links and pictures, tags, and link definitions."""


def fold(text: str) -> str:
    """Return a plain text in lower case, without accents, elided words and plural endings."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    for letter, plain_letters in _LETTERS:  # for a text in French, str.translate takes ten times as long
        plain = plain.replace(letter, plain_letters)
    bare = _MARKS.sub("", unicodedata.normalize("NFD", _ELIDED.sub(" ", plain)))
    return _PLURAL.sub("", _WITHOUT_SPACES.sub(r" \g<0> ", unicodedata.normalize("NFC", bare)))


def fold_markdown(text: str) -> str:
    """Return a text in Markdown, folded, without the addresses of its links."""
    return fold(_NOT_TEXT.sub(" ", text))


def separated(folded: str) -> str:
    """Return only the words of a folded text; SQLite takes symbols that are newer than its tables for letters."""
    return " ".join(_WORD.findall(folded))


def query_words(query: str) -> list[str]:
    """Return the folded words of a query, without repetitions. Empty if nothing can be searched."""
    return list(dict.fromkeys(_WORD.findall(fold(query[:MAX_QUERY_CHARACTERS]))))[:MAX_QUERY_WORDS]
