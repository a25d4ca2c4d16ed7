"""Typography of pages: no-break spaces in French, and headings that begin with a capital letter.

Feeds keep the characters that an author typed.
"""

from __future__ import annotations

import re

_NAMES = "script|style|pre|code|kbd|samp|textarea"
_UNTOUCHED = re.compile(rf"(<(?:{_NAMES})\b.*?</(?:{_NAMES})>)", re.DOTALL)
_TEXT = re.compile("(?:^|(?<=>))[^<]*?(?: [:;!?»%]|« )[^<]*")
"""A text between two tags that has one of the spaces."""

_BREAKING_SPACE = re.compile(r"(?<!\s) (?=[:;!?»%]+(?:[\s.,)»…\]&-]|$))|(?<=«) ")


def keep_french_spaces(html: str) -> str:
    """Return a French page with no-break spaces before `: ; ! ? » %` and after `«`, in its text only."""
    parts = _UNTOUCHED.split(html)
    parts[::2] = [_TEXT.sub(_with_no_break_spaces, part) for part in parts[::2]]
    return "".join(parts)


def _with_no_break_spaces(text: re.Match[str]) -> str:
    return _BREAKING_SPACE.sub("\u00a0", text[0])


def capitalize(heading: str) -> str:
    """Return a heading with a capital, if its first word is one of small letters only, unlike `mRNA` and `p53`."""
    first_word = heading.partition(" ")[0]
    is_word = first_word.isalpha() and first_word.islower() and len(first_word[:1].upper()) == 1
    return heading[:1].upper() + heading[1:] if is_word else heading
