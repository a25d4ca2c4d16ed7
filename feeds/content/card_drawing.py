"""Draws title cards with Pillow: the pictures that social networks show for articles without one.

Like `rendering`, it runs as a program in a process of its own, and imports no other module of Feeds.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import font_source_serif_pro as fonts
from PIL import Image, ImageDraw, ImageFont

MEMORY_BYTES = 600 << 20
"""Maximum address space of the process."""

CPU_SECONDS = 120
"""Maximum CPU time for one batch of cards."""

NICENESS = 10
"""Increment of the niceness of the process, so that requests are served first (nice(2))."""

SIZE = (1200, 630)
"""Width and height in pixels."""

MARGIN = 72
TITLE_SIZES = range(82, 39, -6)
"""Font sizes that are tried for the title, in pixels."""

SMALL_SIZE = 34
LOGO_SIDE = 96
TITLE_TOP, TITLE_BOTTOM = 146, 446
"""Space for the title, from the top, in pixels."""

LINE_HEIGHT = 1.16
JPEG_QUALITY = 82
"""Quality at which text on a flat background has no visible artefacts, without chroma subsampling."""

LOGO_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MAX_LOGO_PIXELS = 4_000_000
"""Maximum number of pixels of a logo that is drawn."""

ELLIPSIS = "…"

MAX_CHARACTERS = 300
"""Characters of a text that are drawn: a longer title does not fit in any size."""


BOLD, REGULAR = fonts.SourceSerifProBold, fonts.SourceSerifPro
"""The files of the fonts."""


def main() -> None:
    """Draw the cards that are listed on standard input. Print their lengths in JSON, then the bytes of all."""
    with suppress(ValueError, OSError):  # macOS does not limit the address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    with suppress(OSError):
        os.nice(NICENESS)
    cards = [draw(card) for card in json.load(sys.stdin)]
    sys.stdout.buffer.write(json.dumps([len(card) for card in cards]).encode() + b"\n" + b"".join(cards))


def draw(card: Mapping[str, str | None]) -> bytes:
    """Return a card as a JPEG: `kicker`, `title` and `name` on `accent`, with the picture at `logo`, if any.

    Characters that the font lacks are left out. If they are more than a third of the title, the name replaces it.
    """
    picture = Image.new("RGB", SIZE, card["accent"] or "black")
    canvas = ImageDraw.Draw(picture)
    small, width = ImageFont.truetype(REGULAR, SMALL_SIZE), SIZE[0] - 2 * MARGIN
    kicker, name = (_truncate(drawable(card[key] or "", small), small, width) for key in ("kicker", "name"))
    canvas.text((MARGIN, MARGIN), kicker, "white", small)
    canvas.line([(MARGIN, TITLE_TOP - 26), (MARGIN + 96, TITLE_TOP - 26)], "white", 5)
    bold = ImageFont.truetype(BOLD, SMALL_SIZE)
    font, lines = _fit(drawable(card["title"] or "", bold) or drawable(card["name"] or "", bold), width)
    for index, line in enumerate(lines):
        canvas.text((MARGIN, TITLE_TOP + index * round(font.size * LINE_HEIGHT)), line, "white", font)
    left, bottom = MARGIN, SIZE[1] - MARGIN
    if logo := _logo(card.get("logo")):
        box = (left, bottom - LOGO_SIDE, left + LOGO_SIDE, bottom)
        canvas.rounded_rectangle(box, 14, "white")
        picture.paste(
            logo,
            (left + (LOGO_SIDE - logo.width) // 2, bottom - (LOGO_SIDE + logo.height) // 2),
            logo,
        )
        left += LOGO_SIDE + 28
    canvas.text((left, bottom - LOGO_SIDE // 2), _truncate(name, small, SIZE[0] - MARGIN - left), "white", small, "lm")
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return data.getvalue()


def drawable(text: str, font: ImageFont.FreeTypeFont) -> str:
    """Return a text without the characters that a font lacks; empty if it lacks more than a third of them."""
    text = text[:MAX_CHARACTERS]
    text_with_spaces = "".join(" " if character in "\t\n" else character for character in text).replace(
        "\u202f", "\u00a0"
    )
    missing = font.getmask("\uffff")
    shape = missing.size, bytes(missing)

    def is_missing(character: str) -> bool:
        mask = font.getmask(character)
        return not character.isspace() and (mask.size, bytes(mask)) == shape

    unsupported = {character for character in set(text_with_spaces) if is_missing(character)}
    drawable_text = "".join(character for character in text_with_spaces if character not in unsupported)
    drawable_text = re.sub(" +", " ", drawable_text).strip(" ")
    return drawable_text if len(drawable_text) * 3 >= len(text_with_spaces) * 2 else ""


def _fit(title: str, width: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return the largest font in which a title fits, and its lines; a title that never fits is cut."""
    for size in TITLE_SIZES:
        font = ImageFont.truetype(BOLD, size)
        lines = _wrap(title, font, width)
        count = int((TITLE_BOTTOM - TITLE_TOP) / (size * LINE_HEIGHT))
        if len(lines) <= count:
            return font, lines
    return font, [*lines[: count - 1], _truncate(f"{lines[count - 1]} {ELLIPSIS}", font, width)]


def _wrap(title: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Return a title in lines, broken at spaces, and within words that are too long for a line."""
    lines: list[str] = []
    for word in title.split(" "):
        line = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(line) <= width:
            lines[-1] = line
            continue
        rest = word
        while rest and font.getlength(rest) > width:
            end = next(end for end in range(len(rest) - 1, 0, -1) if end == 1 or font.getlength(rest[:end]) <= width)
            lines.append(rest[:end])
            rest = rest[end:]
        lines.append(rest)
    return lines


def _truncate(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    text = text.removesuffix(ELLIPSIS)
    while text and font.getlength(text + ELLIPSIS) > width:
        text = text[:-1]
    return text.rstrip(" ") + ELLIPSIS


def _logo(path: str | None) -> Image.Image | None:
    """Return a logo that fits into its square, or None if there is none or it cannot be decoded."""
    if not path:
        return None
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(Path(path), formats=LOGO_FORMATS) as logo:
            if logo.width * logo.height > MAX_LOGO_PIXELS:
                return None
            logo.thumbnail((LOGO_SIDE - 16, LOGO_SIDE - 16), Image.Resampling.LANCZOS)
            return logo.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


if __name__ == "__main__":
    main()
