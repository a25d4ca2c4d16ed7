"""Foreign text on one line of a terminal or a log."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text with a space in place of every character that a terminal would obey or that ends a line."""
    return "".join(character if character.isprintable() else " " for character in text)
