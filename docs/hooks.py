"""MkDocs hook that generates the message reference from the catalogue."""

from __future__ import annotations

import html
import inspect
import re
from typing import Any

from feeds.model import messages

PLACEHOLDER = "<!-- messages -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the placeholder in a page with a table of messages for each group of the catalogue."""
    return markdown.replace(PLACEHOLDER, "\n".join(_tables())) if PLACEHOLDER in markdown else markdown


def _tables() -> list[str]:
    """Return a heading and a table for each comment in the source of the catalogue."""
    lines = []
    for line in inspect.getsource(messages).splitlines():
        if group := re.fullmatch(r"    # (.+)", line):
            lines += ["", f"## {group[1][0].upper()}{group[1][1:]}", "", "| code | message |", "|---|---|"]
        elif entry := re.match(r'    "([a-z0-9-]+)": ', line):
            text = messages.MESSAGES[entry[1]]
            lines.append(f"| <span id={entry[1]}>`{entry[1]}`</span> | {_escape(text)} |")
    return lines


def _escape(text: str) -> str:
    """Return a message as HTML that shows it unchanged, with its parameters as code."""
    text = html.escape(text, quote=False)
    text = re.sub(r"(?<!\{)\{([a-z_]+)[^{}]*\}(?!\})", r"<code>\1</code>", text)
    text = text.replace("{{", "{").replace("}}", "}")
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"[|*_\[\]\\]", lambda match: f"&#{ord(match[0])};", text)
