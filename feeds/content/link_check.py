"""Asks the addresses of attachments elsewhere whether they are what articles say: `flask check --online`.

It reads nothing but headers, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from feeds.base.http import HttpClient, HttpError
from feeds.base.text import printable
from feeds.model.article import Article, Attachment
from feeds.model.problems import Message, Problem, show
from feeds.model.yamlfile import Tree

DEADLINE = 10
"""Seconds that a request may take."""

AGENT = "Feeds (link check)"

_THREADS = 8


def compare(found: Iterable[tuple[Article, Tree]]) -> list[Problem]:
    """Ask each address with HEAD, several at a time, and tell what is not as the article says."""
    asked = [
        (tree, place, each) for article, tree in found for place, each in enumerate(article.attachments) if each.url
    ]
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = pool.map(lambda one: list(_faults(one[2])), asked)
        return [
            tree.problem(("attachments", place, key), message, "warning")
            for (tree, place, _), faults in zip(asked, answers, strict=True)
            for key, message in faults
        ]


def _faults(attachment: Attachment) -> Iterator[tuple[str, Message]]:
    try:
        response = HttpClient(AGENT, allow_local=True, deadline=DEADLINE).head(attachment.url or "")
    except HttpError as error:
        yield "url", Message.of("address-unreachable", reason=str(error))
        return
    if response.status != 200:
        yield "url", Message.of("address-status", status=response.status, reason=_plain(response.reason))
        return
    kind, length = response.content_type.partition(";")[0].strip().lower(), response.headers.get("Content-Length", "")
    if kind and kind != attachment.type:
        yield "type", Message.of("address-type", given=attachment.type or "", found=_plain(kind))
    is_number = re.fullmatch("[0-9]{1,15}", length) is not None
    if is_number and attachment.type != "text/html" and int(length) != attachment.length:
        yield "length", Message.of("address-length", given=attachment.length or "none", found=length)


def _plain(words: object) -> str:
    """Show what a server elsewhere said."""
    return show(printable(str(words)))
