"""Renders documents of a static site generator as HTML with old URLs, and collects the files that they reference.

It reads no files, and only checks that they exist.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from unicodedata import normalize
from urllib.parse import quote, unquote, urljoin

from feeds.feed.markup import commonmark

from .document_addresses import FILE_PREFIX, DocumentAddresses
from .documents import HTML_EXTENSIONS, MARKDOWN_EXTENSIONS, Document
from .generators import GeneratedSite
from .old_feed import absolute_url, split_url
from .template_tags import TemplateTags

_FILE = re.compile(
    r"""(<(?:img|video|audio|source)\b[^<>]*?\ssrc\s*=\s*)("[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)""", re.IGNORECASE
)
_LINK = re.compile(r"""(<a\b[^<>]*?\shref\s*=\s*)("[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)""", re.IGNORECASE)

_SITE_EXTENSIONS = (".xml", ".rss", ".atom", ".xsl", ".json", ".js", ".css", ".yml", ".yaml")

_CODE_LANGUAGE = re.compile(r"<pre><code>\s*(?::::|#!)([a-z]\w*)\n")
"""Language of a code block as in Python-Markdown: its first line."""


class DocumentTexts:
    """Renders the texts of documents, and finds the files that they name."""

    def __init__(self, site: GeneratedSite, addresses: DocumentAddresses) -> None:
        """Start without referenced files."""
        self._site, self._addresses = site, addresses
        self._roots = [(site.root / name).resolve() for name in (*site.generator.static, *site.generator.content)]
        self.files: dict[str, Path] = {}

    def html(self, document: Document) -> tuple[str, tuple[str, ...]]:
        """Return the text of a document as HTML, with notes on what is left out."""
        generator, is_markdown = self._site.generator, document.file.suffix.lower() in MARKDOWN_EXTENSIONS
        tags = TemplateTags(self._addresses.home, partial(self._addresses.target, document))
        text = tags.replace(
            document.body, has_expressions=generator.has_expressions, is_mdx=document.file.suffix.lower() == ".mdx"
        )
        rendered = _CODE_LANGUAGE.sub(r'<pre><code class="language-\1">', commonmark(text)) if is_markdown else text
        for pattern, address in ((_FILE, self.file_url), (_LINK, self._link)):
            rendered = pattern.sub(partial(_with_address, document, address), rendered)
        return rendered, tuple(tags.notes)

    def file_url(self, document: Document, reference: str) -> str:
        """Return the old address of a picture or another file, and remember the file if it is in the folder."""
        url = absolute_url(self._addresses.urls[document.path], self._path(reference))
        home = self._addresses.home
        if split_url(url).netloc != split_url(home).netloc:
            return url
        file = None if _is_part_of_site(reference) else self._file(document, reference)
        if file and self.files.setdefault(url, file) != file:
            url = urljoin(home, quote(file.relative_to(self._site.root.resolve()).as_posix()))
            self.files[url] = file
        return url

    def _path(self, reference: str) -> str:
        """Return the URL of a file, without the prefix that says where it is."""
        path = FILE_PREFIX.sub("", unquote(reference)) if FILE_PREFIX.match(unquote(reference)) else reference
        return self._addresses.home.rstrip("/") + quote(path, safe="/%?&=#+,;:@-._~") if path.startswith("/") else path

    def _file(self, document: Document, reference: str) -> Path | None:
        path = unquote(split_url(FILE_PREFIX.sub("", unquote(reference))).path)
        home_path = split_url(self._addresses.home).path.rstrip("/")
        parent = document.file.parent
        beside = [] if path.startswith("/") else [parent / path, parent / document.file.stem / path]
        below = path.removeprefix(home_path).lstrip("/")
        root = self._site.root.resolve()
        for file in (*beside, *(each / below for each in self._roots)):
            try:
                for name in dict.fromkeys((str(file), normalize("NFC", str(file)), normalize("NFD", str(file)))):
                    if Path(name).is_file() and Path(name).resolve().is_relative_to(root):
                        return Path(name).resolve()
            except (OSError, ValueError):  # not a valid file name
                continue
        return None

    def _link(self, document: Document, reference: str) -> str:
        """Return the URL on the old site to which a link leads."""
        names_article = _is_document(reference) or FILE_PREFIX.match(unquote(reference))
        if names_article and (target := self._addresses.target(document, reference)):
            return target.url
        if reference.startswith("#") or not reference:
            return reference
        return self.file_url(document, reference)


def _is_document(reference: str) -> bool:
    """Return whether an address is that of a page or its source."""
    return _ending(reference) in (*MARKDOWN_EXTENSIONS, *HTML_EXTENSIONS)


def _is_part_of_site(reference: str) -> bool:
    """Return whether an address is that of a page, a feed or code, rather than of a file to download."""
    return _is_document(reference) or _ending(reference) in _SITE_EXTENSIONS


def _ending(reference: str) -> str:
    return PurePosixPath(reference.partition("#")[0].partition("?")[0]).suffix.lower()


def _with_address(document: Document, address: Callable[[Document, str], str], match: re.Match[str]) -> str:
    reference = match[2][1:-1] if match[2][0] in "\"'" else match[2]
    return f'{match[1]}"{html.escape(address(document, html.unescape(reference)))}"'
