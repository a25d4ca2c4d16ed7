"""Language tags: which are well-formed, and their usual case (RFC 5646, sections 2.1 and 2.1.1)."""

from __future__ import annotations

import re

_IRREGULAR = (
    *("en-GB-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo", "i-navajo"),
    *("i-pwn", "i-tao", "i-tay", "i-tsu", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE"),
)
"""Tags registered before the syntax was fixed, and which do not follow it."""

_TAG = re.compile(
    r"""
    (?: (?: [a-z]{2,3} (?:-[a-z]{3}){0,3} | [a-z]{4,8} )  # language, with extended language subtags
        (?: -[a-z]{4} )?                                  # script
        (?: -(?: [a-z]{2} | [0-9]{3} ) )?                 # region
        (?: -(?: [a-z0-9]{5,8} | [0-9][a-z0-9]{3} ) )*    # variants
        (?: -[0-9a-wy-z] (?: -[a-z0-9]{2,8} )+ )*         # extensions
        (?: -x (?: -[a-z0-9]{1,8} )+ )?                   # private use
    |   x (?: -[a-z0-9]{1,8} )+
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def canonical_tag(text: str) -> str | None:
    """Return a language tag in its usual case, such as `zh-Hant` or `pt-BR`, or None if it is not well-formed."""
    for tag in _IRREGULAR:
        if tag.lower() == text.lower():
            return tag
    if not text.isascii() or not _TAG.fullmatch(text):
        return None
    first, *others = text.lower().split("-")
    subtags, is_after_singleton = [first], len(first) == 1
    for subtag in others:
        if is_after_singleton or subtag.isdigit():
            subtags.append(subtag)
        else:
            subtags.append({2: str.upper, 4: str.title}.get(len(subtag), str.lower)(subtag))
        is_after_singleton = is_after_singleton or len(subtag) == 1
    return "-".join(subtags)
