"""Asks the addresses of attachments elsewhere whether they are what articles say: `flask check --online`.

It reads nothing but headers, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from feeds.model.article import Article, Attachment
from feeds.model.yamlfile import Problem, Tree, harmless, show

TIMEOUT = 10
"""Seconds that an address has to answer."""

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


class _SameMethod(HTTPRedirectHandler):
    """Asks with HEAD after a redirect too."""

    def redirect_request(self, req: Request, *about: Any) -> Request | None:
        found = super().redirect_request(req, *about)
        if found:
            found.method = req.get_method()
        return found


_opener = build_opener(_SameMethod)


def _faults(attachment: Attachment) -> Iterator[tuple[str, str]]:
    try:
        with _opener.open(Request(attachment.url or "", method="HEAD"), timeout=TIMEOUT) as answer:
            headers = answer.headers
    except HTTPError as fault:
        fault.close()
        yield "url", f"the address answers {fault.code} {_plain(fault.reason)} (want one that answers 200)"
        return
    except Exception as fault:  # whatever a server elsewhere does, the others are asked
        yield "url", f"the address does not answer: {_plain(getattr(fault, 'reason', fault))} (want one that does)"
        return
    kind, length = headers.get_content_type(), headers.get("Content-Length", "")
    if "Content-Type" in headers and kind != attachment.type:
        yield "type", f"{attachment.type}, but the address answers {_plain(kind)} (want {_plain(kind)})"
    is_number = re.fullmatch("[0-9]{1,15}", length) is not None
    if is_number and attachment.type != "text/html" and int(length) != attachment.length:
        yield "length", f"{attachment.length or 'none'}, but the address answers {length} (want {length})"


def _plain(words: object) -> str:
    """Show what a server elsewhere said."""
    return show(harmless(str(words)))
