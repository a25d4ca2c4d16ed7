"""Repairs characters that no document may contain: joins surrogate pairs, and replaces all others with U+FFFD.

Some systems truncate texts within a character, or write one outside the BMP as two references.
"""

from __future__ import annotations

import re

_SURROGATES = re.compile(r"(?:&#(?:[xX]0{0,9}[dD][89a-fA-F][0-9a-fA-F]{2}|0{0,9}5[5-7][0-9]{3});)+")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,40})|([0-9]{1,40}));")
_VALID = (range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))


def repair_references(text: str) -> str:
    """Return XML or HTML whose numeric character references are all valid (XML 1.0 section 4.1)."""
    if "&#" not in text:
        return text
    return _REFERENCE.sub(_valid_reference, _SURROGATES.sub(_joined, text))


def repair_document(data: bytes) -> bytes:
    """Return a document with valid references, in any encoding that extends ASCII."""
    return repair_references(data.decode("latin-1")).encode("latin-1") if b"&#" in data else data


def join_surrogates(text: str) -> str:
    """Return a text in which each pair of surrogates is one character, and no other surrogate is left."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(reference: re.Match[str]) -> int:
    digits, base = (reference[1], 16) if reference[1] is not None else (reference[2], 10)
    return int(digits, base)


def _joined(references: re.Match[str]) -> str:
    characters = "".join(chr(_number(each)) for each in _REFERENCE.finditer(references[0]))
    return "".join(f"&#{ord(character)};" for character in join_surrogates(characters))


def _valid_reference(reference: re.Match[str]) -> str:
    number = _number(reference)
    is_valid = number in (9, 10, 13) or any(number in numbers for numbers in _VALID)
    return reference[0] if is_valid else "&#65533;"
