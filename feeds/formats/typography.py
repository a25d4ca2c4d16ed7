"""Typography of pages: spaces that a browser must not break in French, and headings that begin with a capital.

Feeds keep the characters that an author typed.
"""

from __future__ import annotations

import re

_UNTOUCHED = r"<(?:script|style|pre|code|textarea)\b.*?</(?:script|style|pre|code|textarea)>|<[^>]*>"
_BREAKING_SPACE = re.compile(f"({_UNTOUCHED})|(?<=\\S) (?=[:;!?»%](?:\\s|[<.,)»]|$))|(?<=«) ", re.DOTALL)


def keep_french_spaces(html: str) -> str:
    """Return a French page with no-break spaces before `: ; ! ? » %` and after `«`, in its text only."""
    return _BREAKING_SPACE.sub(lambda match: match[1] or "\u00a0", html)


def capitalize(heading: str) -> str:
    """Return a heading with a capital, unless its first word has one elsewhere, as `mRNA` does."""
    first_word = heading.partition(" ")[0]
    return heading[:1].upper() + heading[1:] if first_word == first_word.lower() else heading
