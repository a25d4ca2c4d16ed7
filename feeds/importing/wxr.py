"""Parser for WordPress exports (WXR): posts as entries, with the pictures that they reference by id.

`wordpress_text` renders what an author typed. It makes no requests.
https://github.com/WordPress/WordPress/blob/master/wp-admin/includes/export.php
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from lxml import etree

from feeds.model.site_types import slug as slug_of

from .characters import repair_document
from .notes import Note, unreadable_text
from .old_feed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, absolute_url, ends_document, plain
from .wordpress_text import find_restriction, missing_pictures, render_post, with_reusable_blocks, without_shortcodes

PUBLIC_STATUSES = ("publish", "future")
DRAFT_STATUSES = ("draft", "pending")
"""Statuses of imported posts. Plugins add others, whose meaning is unknown."""

_FOOTNOTES = re.compile("<!-- wp:footnotes(?: \\{[^{}]*\\})? /-->")

_LANGUAGE_CODE = re.compile("[a-z]{2}(-[a-z]{2})?")

_FORBIDDEN_BYTES = re.compile(b"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that XML cannot contain (XML 1.0 section 2.2), in UTF-8."""


@dataclass
class _Item:
    """An item: its values by local name, its terms (taxonomy, name, slug), and its metadata."""

    values: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return a value, or an empty string if there is none."""
        return self.values.get(name, "")

    def term(self, taxonomy: str) -> str:
        """Return the slug of its term in a taxonomy with one term per post, or an empty string."""
        return next((slug for each, _, slug in self.terms if each == taxonomy and slug), "")


@dataclass
class _Export:
    channel: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    """The parents of categories, by their slugs."""

    category_names: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    """The texts of reusable blocks, by their ids."""

    items: list[_Item] = field(default_factory=list)

    has_languages: bool = False
    """Whether Polylang states the languages of posts."""

    twins: set[str] = field(default_factory=set)
    """The groups in which Polylang puts the translations of a post."""


@dataclass
class _Library:
    """The pictures of an export by their ids, and by the posts to which they were uploaded."""

    by_id: dict[str, OldPicture] = field(default_factory=dict)
    by_post: dict[str, list[OldPicture]] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[_Item], home: str) -> _Library:
        library = cls()
        for item in items:
            if item.get("post_type") == "attachment" and item.get("attachment_url"):
                alt = plain(item.meta.get("_wp_attachment_image_alt", ""))
                url = absolute_url(home, item.get("attachment_url"))
                picture = OldPicture(url, alt, plain(item.get("excerpt")))
                library.by_id[item.get("post_id")] = picture
                library.by_post.setdefault(item.get("post_parent"), []).append(picture)
        return library


def is_wordpress_export(data: bytes) -> bool:
    """Return whether a file starts like a WordPress export."""
    return b"wxr_version>" in data[:200_000]


def read_wordpress_export(data: bytes, zone: ZoneInfo, types: Sequence[str] = ()) -> OldFeed:
    """Parse an export: its posts, and items of other `types`. A date without a UTC value is in `zone`.

    Raises FeedError if there are no posts.

    Attachments may follow the posts that reference them, so all items are read before any is converted.
    """
    export = _parse_export(data)
    counts = Counter(item.get("post_type") for item in export.items)
    posts = [item for item in export.items if item.get("post_type") in ("post", *types)]
    if unknown := [each for each in types if each not in counts]:
        types_there = ", ".join(sorted(filter(None, counts)))
        raise FeedError(f"--type {unknown[0]}: the export contains no such posts (expected one of {types_there})")
    if not posts:
        found = ", ".join(f"{count} {name}" for name, count in counts.most_common() if name)
        raise FeedError(
            f"it is an export without posts (it contains {found or 'nothing'}): export all content, or use --type"
        )
    library = _Library.of(export.items, export.channel.get("link", ""))
    terms = [term for item in posts for term in item.terms]
    codes = {item.term("language") for item in posts}
    export.has_languages = any(domain == "post_translations" for domain, _, _ in terms) or (
        len(codes) > 1 and all(map(_LANGUAGE_CODE.fullmatch, codes))
    )
    export.twins = _translated_groups(posts)
    return OldFeed(
        title=plain(export.channel.get("title", "")),
        entries=tuple(_entry(item, export, library, zone) for item in posts),
        kind="rss",
        home=absolute_url("", export.channel.get("link", "")) or None,
        is_complete=ends_document(data),
        generator="https://wordpress.org/",
        language=export.channel.get("language") or None,
        others={name: count for name, count in counts.most_common() if name not in ("post", "attachment", "", *types)},
        category_slugs=_slugs(terms, "category"),
        tag_slugs=_slugs(terms, "post_tag"),
        category_paths=dict(_category_paths(export)),
    )


def _parse_export(data: bytes) -> _Export:
    """Parse the elements. Characters that XML forbids, which exports contain, are removed."""
    export = _Export()
    clean = _FORBIDDEN_BYTES.sub(b"", repair_document(data))
    tags = [f"{{*}}{name}" for name in ("item", "author", "category", "title", "link", "language")]
    for _, element in etree.iterparse(BytesIO(clean), tag=tags, recover=True, huge_tree=True):
        parent = element.getparent()
        name = etree.QName(element).localname
        if name == "item":
            item = _item(element)
            export.items.append(item)
            if (
                item.get("post_type") == "wp_block"
                and item.get("status") == "publish"
                and not item.get("post_password")
            ):
                export.blocks[item.get("post_id")] = item.get("content")
            element.clear()
        elif parent is not None and etree.QName(parent).localname == "channel":
            values = {etree.QName(each).localname: _text(each) for each in element}
            if name == "author":
                export.people[values.get("author_login", "")] = values.get("author_display_name", "")
            elif name == "category":
                export.parents[values.get("category_nicename", "")] = values.get("category_parent", "")
                export.category_names[values.get("category_nicename", "")] = plain(values.get("cat_name", ""))
            else:
                if text := _text(element).strip():  # an Atom link has no text
                    export.channel.setdefault(name, text)
    return export


def _text(element: etree._Element) -> str:
    """Return all text of an element; exports split some into several CDATA sections."""
    return "".join(str(each) for each in element.itertext())


def _item(element: etree._Element) -> _Item:
    item = _Item()
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name, text = etree.QName(child), _text(child)
        if name.localname == "category":
            item.terms.append((child.get("domain") or "category", plain(text), child.get("nicename") or ""))
        elif name.localname == "postmeta":
            pair = {etree.QName(inner).localname: _text(inner) for inner in child}
            item.meta.setdefault(pair.get("meta_key", ""), pair.get("meta_value", ""))
        elif name.localname == "encoded":  # in two namespaces: the text and the excerpt
            item.values["excerpt" if "excerpt" in (name.namespace or "") else "content"] = text
        elif name.localname != "comment":
            item.values.setdefault(name.localname, text.strip(" \t\r\n"))
    return item


def _slugs(terms: Iterable[tuple[str, str, str]], taxonomy: str) -> dict[str, tuple[str, ...]]:
    """Return the slugs of the names in a taxonomy; translations of a term may have the same name."""
    slugs: dict[str, dict[str, None]] = {}
    for domain, name, slug in terms:
        if domain == taxonomy and slug:
            slugs.setdefault(name, {})[slug] = None
    return {name: tuple(each) for name, each in slugs.items()}


def _translated_groups(posts: Iterable[_Item]) -> set[str]:
    """Return the groups of translations whose posts are in different languages."""
    languages: dict[str, list[str]] = {}
    for item in posts:
        if item.get("status") in (*PUBLIC_STATUSES, *DRAFT_STATUSES) and not item.get("post_password"):
            languages.setdefault(item.term("post_translations"), []).append(item.term("language"))
    return {group for group, codes in languages.items() if group and len(set(codes)) == len(codes) > 1}


def _entry(item: _Item, export: _Export, library: _Library, zone: ZoneInfo) -> OldEntry:
    status, creator = item.get("status"), item.get("creator")
    author = export.people.get(creator) or creator
    refusal = None
    if status not in (*PUBLIC_STATUSES, *DRAFT_STATUSES):
        named = Note.of("its status on the old site is {state}", state=status)
        refusal = named if status else Note.of("it has no status")
    elif item.get("post_password"):
        refusal = Note.of("it is password-protected")
    own_pictures = library.by_post.get(item.get("post_id"), []) if item.get("post_id") else []
    try:
        content = with_reusable_blocks(_with_footnotes(item, item.get("content")), export.blocks)
    except ValueError as error:
        content, refusal = "", refusal or unreadable_text(error)
    restriction = find_restriction(content)
    twin = item.term("post_translations")
    text, shortcodes = without_shortcodes(render_post(content, library.by_id, own_pictures))
    return OldEntry(
        id=item.get("guid"),
        title=plain(item.get("title")),
        url=absolute_url(export.channel.get("link", ""), item.get("link")) or None,
        published=_publication_date(item, zone),
        authors=(OldPerson(plain(author)),) if author else (),
        categories=tuple(dict.fromkeys(_categories(item, export))),
        tags=tuple(dict.fromkeys(name for domain, name, _ in item.terms if domain == "post_tag")),
        summary=item.get("excerpt"),
        html=text,
        picture=library.by_id.get(item.meta.get("_thumbnail_id", "")),
        files=tuple(_enclosures(item)),
        language=(item.term("language") or None) if export.has_languages else None,
        copied_values={"twin": slug_of(twin)} if twin in export.twins else {},
        slug=unquote(item.get("post_name")),
        is_draft=status in DRAFT_STATUSES or bool(restriction),
        refusal=refusal or (None if item.get("guid") else Note.of("it has no guid")),
        notes=tuple(_notes(item, library, shortcodes, restriction)),
    )


def _notes(item: _Item, library: _Library, shortcodes: Iterable[str], restriction: str) -> Iterator[str]:
    """Yield notes on missing gallery pictures, removed shortcodes and stickiness."""
    if missing := missing_pictures(item.get("content"), library.by_id):
        yield Note.of("the export lacks pictures of a gallery: {ids} (export all content)", ids=", ".join(missing))
    for name in shortcodes:
        if f"[/{name}]" in item.get("content"):
            yield Note.of("the shortcode [{name}] is removed; its content stays", name=name)
        else:
            yield Note.of("the shortcode [{name}] is removed", name=name)
    if restriction:
        yield Note.of("{name} hides a part of it from the public: it is imported as a draft", name=restriction)
    if item.get("is_sticky") == "1":
        yield Note.of("it was sticky on the old site; here, the newest article comes first")


def _categories(item: _Item, export: _Export) -> Iterator[str]:
    """Yield the categories of an item with their parents, whose feeds contain it too."""
    for domain, name, slug in item.terms:
        if domain == "category":
            yield name
            seen = {slug}
            while (slug := export.parents.get(slug, "")) and slug not in seen:
                seen.add(slug)
                yield export.category_names.get(slug) or slug


def _category_paths(export: _Export) -> Iterator[tuple[str, str]]:
    """Yield the names of categories within others with their paths, such as `parent/child`."""
    for slug, name in export.category_names.items():
        path = [slug]
        while (parent := export.parents.get(path[0], "")) and parent not in path:
            path.insert(0, parent)
        if len(path) > 1:
            yield name, "/".join(path)


def _with_footnotes(item: _Item, content: str) -> str:
    """Return the content of a post with its footnotes, which the block editor stores apart from it."""
    try:
        notes = json.loads(item.meta.get("footnotes") or "[]")
        items = "".join(f'<li id="{escape(str(each["id"]))}">{each["content"]}</li>' for each in notes)
    except (ValueError, TypeError, KeyError, RecursionError):
        return content
    rendered = f"<ol>{items}</ol>" if items else ""
    return _FOOTNOTES.sub(lambda _: rendered, content, count=1) if _FOOTNOTES.search(content) else content + rendered


def _enclosures(item: _Item) -> Iterator[OldFile]:
    """Yield the enclosure of an item: its address, length and type are on three lines."""
    address, length, kind = ([*item.meta.get("enclosure", "").split("\n"), "", "", ""])[:3]
    if address.strip():
        size = length.strip()
        yield OldFile(address.strip(), kind.strip(), int(size) if size.isdigit() and int(size) else None)


def _publication_date(item: _Item, zone: ZoneInfo) -> datetime | None:
    """Return the publication date: in UTC, or in the site's time zone if that is zero, as for drafts."""
    for name, timezone in (("post_date_gmt", UTC), ("post_date", zone)):
        try:
            return datetime.strptime(item.get(name), "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone).astimezone(UTC)
        except ValueError:
            continue
    return None
