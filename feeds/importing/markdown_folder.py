"""Reader for folders of Markdown files with front matter: their articles as the entries that subscribers know.

The folder contains whole texts, drafts and pictures, but not the ids that readers know. Those are in the old
feed, and from its entries follow the addresses and ids of the articles that it no longer contains.
"""

from __future__ import annotations

import html
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from zoneinfo import ZoneInfo

from feeds.model.site_types import slug

from .document_addresses import DocumentAddresses, match_entries, match_translations
from .document_texts import DocumentTexts
from .documents import HTML_EXTENSIONS, MARKDOWN_EXTENSIONS, UNDATED, Document, read_document
from .generators import GeneratedSite, site_of
from .inherited import Inheritance
from .notes import Note, unreadable_text
from .old_feed import FeedError, OldEntry, OldFeed, OldPerson, OldPicture, later, split_url

_SKIPPED_FOLDERS = (
    *("node_modules", "public", "_site", "output", "dist", "themes", "layouts", "archetypes", "vendor", "resources"),
    *("_includes", "_layouts", "_data", "_sass", "templates"),
)
_OTHER_EXTENSIONS = (".rst", ".adoc", ".org", ".ipynb", ".textile")
"""Formats that are counted but not read."""


class MarkdownFolder(NamedTuple):
    """The articles of a folder, and the files that they reference, by old URL."""

    feed: OldFeed
    files: Mapping[str, Path]


def read_markdown_folder(
    folder: Path, *, home: str | None, zone: ZoneInfo, languages: Sequence[str], old_feed: OldFeed | None = None
) -> MarkdownFolder:
    """Read the articles of a folder, with the ids, addresses and dates that they have in `old_feed`.

    Entries of the old feed without a file are added. `home` overrides the address in the configuration and in the
    feed. Raises FeedError if the address is unknown, or if the folder has no articles.
    """
    site = site_of(folder)
    home = home or _home(site.home, old_feed)
    if not home:
        raise FeedError(
            f"the configuration in {folder} does not contain the URL of the site (add --url https://…, or --old-feed)"
        )
    documents, others = _read_documents(folder.resolve(), site, zone, languages)
    candidates = [each for each in documents if each.kind in ("", UNDATED)]
    old_entries = old_feed.entries if old_feed else ()
    matches = match_entries(candidates, old_entries)
    undated = {each.path for each in candidates if each.kind}
    matches = {path: entry for path, entry in matches.items() if entry.published or path not in undated}
    articles = [each for each in candidates if not each.kind or each.path in matches]
    others.update(each.kind for each in documents if each.kind and each.path not in matches)
    if not articles:
        counted = ", ".join(f"{kind}: {count}" for kind, count in others.items())
        raise FeedError(
            f"{folder} contains no articles (expected Markdown files with a date; found {counted or 'none'})"
        )
    addresses = DocumentAddresses(articles, matches, site, home, zone)
    matches |= addresses.entries_at_urls(old_entries, matches)
    matches |= match_translations(articles, old_entries, matches, site.default_language)
    addresses = DocumentAddresses(articles, matches, site, home, zone)
    matched_ids = {entry.id for entry in matches.values()}
    texts = DocumentTexts(site, addresses)
    twins = _translations(articles)
    entries = [
        _entry(
            document, texts, addresses, matches.get(document.path), twins.get(document.path, ""), site.default_language
        )
        for document in articles
    ]
    entries.sort(key=lambda entry: entry.published or datetime.max.replace(tzinfo=UTC), reverse=True)
    more = [entry for entry in old_entries if entry.id not in matched_ids]
    return MarkdownFolder(
        OldFeed(
            title=(old_feed and old_feed.title) or site.title or folder.resolve().name,
            entries=(*entries, *more),
            kind=old_feed.kind if old_feed else site.generator.kind,
            home=home,
            generator=site.generator.name or (old_feed.generator if old_feed else ""),
            language=site.default_language or (old_feed.language if old_feed else None),
            category_slugs=old_feed.category_slugs if old_feed else {},
            tag_slugs=old_feed.tag_slugs if old_feed else {},
            sections=tuple(dict.fromkeys(each.section for each in articles if each.section and not each.refusal)),
            undated=tuple(
                each.path.as_posix() for each in documents if each.kind and each.path in undated - set(matches)
            ),
            others=dict(others.most_common()),
        ),
        texts.files,
    )


def _home(configured: str | None, old_feed: OldFeed | None) -> str | None:
    """Return the address of a site. A feed may name a section of it, and a configuration another host."""
    stated = old_feed.home if old_feed else None
    if configured and stated and split_url(configured).netloc != split_url(stated).netloc:
        return stated
    return configured or stated


def _read_documents(
    folder: Path, site: GeneratedSite, zone: ZoneInfo, languages: Sequence[str]
) -> tuple[list[Document], Counter[str]]:
    """Return the documents of a folder, in the order of their paths, and the number of other files by kind."""
    content = site.content.resolve()
    start = folder if folder.is_relative_to(content) else content
    documents, others, inheritance = [], Counter[str](), Inheritance(site)
    roots = (site.root.resolve(), content)
    for file in _files(start, site, inheritance):
        ending = file.suffix.lower()
        if ending in _OTHER_EXTENSIONS:
            others[Note.of("{extension} file", extension=ending)] += 1
        elif ending in (*MARKDOWN_EXTENSIONS, *HTML_EXTENSIONS):
            if not file.is_file() or not any(file.resolve().is_relative_to(root) for root in roots):
                others[Note.of("symbolic link to a file outside the folder")] += 1
                continue
            path = PurePosixPath(file.relative_to(content).as_posix())
            document = read_document(file, path, site.generator, zone, languages, inheritance.metadata(path))
            if ending in MARKDOWN_EXTENSIONS or (document.title and not document.kind and document.refusal is None):
                documents.append(document)
    if not site.generator.name:
        skipped = (file for name in _SKIPPED_FOLDERS[1:] for file in (site.root / name).rglob("*.md"))
        others[Note.of("file in a folder of code or generated files")] += sum(1 for _ in skipped)
    return documents, +others


def _files(start: Path, site: GeneratedSite, inheritance: Inheritance) -> Iterator[Path]:
    """Yield the files below a folder that the generator reads, without its own code and output."""
    root = site.root.resolve()
    base = root if start.is_relative_to(root) else start.parent
    for parent, folders, names in os.walk(start):
        path = PurePosixPath(Path(parent).relative_to(base).as_posix())
        skipped = _SKIPPED_FOLDERS if Path(parent) == root else ()
        folders[:] = sorted(
            name for name in folders if name not in skipped and not inheritance.is_skipped_folder(path / name)
        )
        yield from (Path(parent, name) for name in sorted(names) if not inheritance.is_skipped(path / name))


def _translations(documents: Iterable[Document]) -> dict[PurePosixPath, str]:
    """Return a common name for the documents that are translations of each other."""
    groups: dict[str, list[Document]] = {}
    for document in documents:
        if document.refusal is None:
            groups.setdefault(document.translation_key or document.untranslated_path, []).append(document)
    return {
        each.path: slug(name)
        for name, group in groups.items()
        for each in group
        if len({document.language for document in group}) == len(group) > 1
    }


def _entry(
    document: Document,
    texts: DocumentTexts,
    addresses: DocumentAddresses,
    match: OldEntry | None,
    twin: str,
    default_language: str,
) -> OldEntry:
    url, refusal = addresses.urls[document.path], document.refusal
    rendered, notes = "", tuple[str, ...]()
    try:
        if refusal is None:
            rendered, notes = texts.html(document)
    except Exception as error:  # one bad document must not stop the import
        refusal = unreadable_text(error)
    picture = OldPicture(texts.file_url(document, document.picture), document.picture_alt, document.picture_caption)
    entry = OldEntry(
        id=addresses.ids[document.path],
        has_unique_url=True,
        is_url_derived=match is None and not document.address,
        title=document.title,
        url=url,
        published=document.published,
        updated=document.updated,
        expires=document.expires,
        authors=tuple(OldPerson(name, address or None) for name, address in document.authors),
        categories=document.categories,
        tags=document.tags,
        summary=html.escape(document.summary),
        html=rendered,
        base=url,
        picture=picture if document.picture else None,
        language=document.language or default_language or (match.language if match else None),
        link=document.link or None,
        old_urls=tuple(addresses.old_urls(document)),
        is_draft=document.is_draft,
        copied_values={"twin": twin} if twin else {},
        unreadable_date=document.unreadable_date,
        refusal=refusal,
        notes=notes,
    )
    if match is None:
        return entry
    return replace(
        entry,
        published=(None if match.is_dated_by_update else match.published) or entry.published or match.published,
        updated=entry.updated or (later(match.published, entry.published) if match.is_dated_by_update else None),
        authors=entry.authors or match.authors,
        categories=entry.categories or match.categories,
        picture=entry.picture or match.picture,
        files=match.files,
        unreadable_date=match.unreadable_date or entry.unreadable_date,
    )
