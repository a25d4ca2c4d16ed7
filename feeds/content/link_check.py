"""Checks that attachments at other sites are what articles say: `feeds check --online`.

Only response headers are read, and nothing is changed.
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

LINK_DEADLINE_SECONDS = 10
"""Time limit of a request, in seconds."""

USER_AGENT = "Feeds (link check)"

_MAX_THREADS = 8


def check_attachments(articles: Iterable[tuple[Article, Tree]]) -> list[Problem]:
    """Send a HEAD request for each attachment at another site, and return a warning for each difference.

    Several requests run at a time.
    """
    targets = [
        (tree, index, attachment)
        for article, tree in articles
        for index, attachment in enumerate(article.attachments)
        if attachment.url
    ]
    with ThreadPoolExecutor(_MAX_THREADS) as pool:
        results = pool.map(lambda target: list(_differences(target[2])), targets)
        return [
            tree.problem(("attachments", index, key), message, "warning")
            for (tree, index, _), messages in zip(targets, results, strict=True)
            for key, message in messages
        ]


def _differences(attachment: Attachment) -> Iterator[tuple[str, Message]]:
    try:
        response = HttpClient(USER_AGENT, allow_local=True, deadline=LINK_DEADLINE_SECONDS).head(attachment.url or "")
    except HttpError as error:
        yield "url", Message.of("address-unreachable", reason=str(error))
        return
    if response.status != 200:
        yield "url", Message.of("address-status", status=response.status, reason=_plain(response.reason))
        return
    media_type, length = (
        response.content_type.partition(";")[0].strip().lower(),
        response.headers.get("Content-Length", ""),
    )
    if media_type and media_type != attachment.type:
        yield "type", Message.of("address-type", given=attachment.type or "", found=_plain(media_type))
    is_number = re.fullmatch("[0-9]{1,15}", length) is not None
    if is_number and attachment.type != "text/html" and int(length) != attachment.length:
        yield "length", Message.of("address-length", given=attachment.length or "none", found=length)


def _plain(value: object) -> str:
    """Return text from a remote server in printable form."""
    return show(printable(str(value)))
