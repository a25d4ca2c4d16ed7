"""Makes untrusted text safe to show on one line of a terminal or a log."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return the text with a space in place of every control character and line break."""
    return "".join(character if character.isprintable() else " " for character in text)
