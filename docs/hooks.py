"""MkDocs hook that generates the message reference from the catalogue, its translations and the examples."""

from __future__ import annotations

import html
import inspect
import re
from pathlib import Path
from typing import Any

import yaml

from feeds.base import translations
from feeds.model import messages

PLACEHOLDER = "<!-- messages -->"

EXAMPLES = Path(__file__).parent / "reference" / "messages.yaml"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the placeholder in a page with a table of messages for each group of the catalogue."""
    return markdown.replace(PLACEHOLDER, "\n".join(_tables())) if PLACEHOLDER in markdown else markdown


def _tables() -> list[str]:
    """Return a heading and a table for each comment in the source of the catalogue."""
    examples = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    lines = []
    for line in inspect.getsource(messages).splitlines():
        if group := re.fullmatch(r"    # (.+)", line):
            lines += ["", f"## {group[1][0].upper()}{group[1][1:]}", ""]
            lines += ["| code and messages | example | cure |", "|---|---|---|"]
        elif entry := re.match(r'    "([a-z0-9-]+)": ', line):
            lines.append(_row(entry[1], examples[entry[1]]))
    return lines


def _row(code: str, example: dict[str, str]) -> str:
    english = messages.MESSAGES[code]
    french = translations.translation("fr", english)
    texts = f'{_escape(english)}<br><span lang="fr">{_escape(french)}</span>'
    shown = _escape(example["case"]) if "case" in example else _code(example.get("article") or example["site"])
    cure = _escape(example["cure"]) if "case" in example else _code(example["cure"])
    return f"| <span id={code}>`{code}`</span><br>{texts} | {shown} | {cure} |"


def _code(text: str) -> str:
    """Return lines of a file as HTML that shows them unchanged, with invisible characters by their code points."""
    visible = re.sub("[\u00a0\u200b]", lambda match: f"⟨U+{ord(match[0]):04X}⟩", text).replace("\t", "⟨tab⟩")
    escaped = html.escape(visible, quote=False).replace(" ", "&nbsp;").replace("\n", "<br>")
    return f"<code>{_plain(escaped)}</code>"


def _escape(text: str) -> str:
    """Return a message as HTML that shows it unchanged, with its parameters as code."""
    text = html.escape(text, quote=False)
    text = re.sub(r"(?<!\{)\{([a-z_]+)[^{}]*\}(?!\})", r"<code>\1</code>", text)
    text = text.replace("{{", "{").replace("}}", "}")
    return _plain(re.sub(r"`([^`]+)`", r"<code>\1</code>", text))


def _plain(text: str) -> str:
    """Return HTML without characters that Markdown would interpret."""
    return re.sub(r"[|*_\[\]\\`~]", lambda match: f"&#{ord(match[0])};", text)
