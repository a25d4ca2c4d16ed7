"""Typography of pages: no-break spaces in French, and headings that begin with a capital letter.

Feeds keep the characters that an author typed.
"""

from __future__ import annotations

import re

_NAMES = "script|style|pre|code|kbd|samp|textarea"
_UNTOUCHED = re.compile(rf"(<(?:{_NAMES})\b.*?</(?:{_NAMES})>)", re.DOTALL)
_BREAKING_SPACE = re.compile(r" (?:(?<=« )|(?<!\s )(?=[:;!?»%]+(?:[\s.,)»…\]&<-]|$)))")


def keep_french_spaces(html: str) -> str:
    """Return a French page with no-break spaces before `: ; ! ? » %` and after `«`, in its text only."""
    parts = _UNTOUCHED.split(html)
    parts[::2] = map(_with_no_break_spaces, parts[::2])
    return "".join(parts)


def _with_no_break_spaces(html: str) -> str:
    is_in_tag, checked = False, 0

    def replacement(space: re.Match[str]) -> str:
        nonlocal is_in_tag, checked
        start, end = html.rfind("<", checked, space.start()), html.rfind(">", checked, space.start())
        is_in_tag = start > end or (start == end and is_in_tag)  # equal if there is neither
        checked = space.start()
        return " " if is_in_tag else "\u00a0"

    return _BREAKING_SPACE.sub(replacement, html)


def capitalize(heading: str) -> str:
    """Return a heading with a capital, if its first word is one of small letters only, unlike `mRNA` and `p53`."""
    first_word = heading.partition(" ")[0]
    is_word = first_word.isalpha() and first_word.islower() and len(first_word[:1].upper()) == 1
    return heading[:1].upper() + heading[1:] if is_word else heading
