"""Parser for WordPress exports (WXR): posts as entries, with the pictures that they reference by id.

Exports contain what an author typed: blank lines between paragraphs, shortcodes, and comments of the block
editor. It makes no requests.
https://github.com/WordPress/WordPress/blob/master/wp-admin/includes/export.php
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from lxml import etree

from .characters import repair_document
from .code_blocks import LANGUAGE_ATTRIBUTE
from .old_feed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, plain

PUBLIC_STATUSES = ("publish", "future")
DRAFT_STATUSES = ("draft", "pending")
"""Statuses of posts that are imported, unchanged or as drafts. Plugins add others of unknown meaning."""

_VERBATIM_ELEMENTS = "pre|script|style|figure|table"
"""Elements in which line ends are left unchanged."""

_FLOWING = ("li", "dd", "dt", "p", "h1", "h2", "h3", "h4", "h5", "h6", "summary")
"""Elements whose text is a paragraph only if there are several."""

_BLOCK_TAG = re.compile(
    r"(</?(?:address|article|aside|audio|blockquote|dd|details|div|dl|dt|form|h[1-6]|hr|iframe|li|nav|ol|p|section|"
    r"summary|ul|video)\b[^<>]*>)",
    re.IGNORECASE,
)

_SHORTCODE = re.compile(r"\[([a-z][a-z0-9_-]*[_-][a-z0-9_-]*|[a-z]+(?= [a-z_]+=))[^\[\]]*\]")
"""A shortcode by its name, which contains a hyphen or underscore, or is followed by an attribute."""

_CODE_SHORTCODE = re.compile(
    r"\[(code|sourcecode|source|php|css|html|xml|js|javascript|python|ruby|bash|sql|java)\b([^\[\]]*)\](.*?)\[/\1\]",
    re.DOTALL,
)
"""Code, as plugins for it mark it."""

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


@dataclass
class _Export:
    channel: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    """The parents of categories, by their slugs."""

    category_names: dict[str, str] = field(default_factory=dict)
    items: list[_Item] = field(default_factory=list)


def is_export(data: bytes) -> bool:
    """Return whether a file starts like a WordPress export."""
    return b"wxr_version>" in data[:200_000]


def read_export(data: bytes, zone: ZoneInfo, types: Sequence[str] = ()) -> OldFeed:
    """Parse an export: its posts, and items of other `types`. A date without a UTC value is in `zone`.

    Raises FeedError if there are none.

    Attachments may follow the posts that reference them, so all items are read before any is converted.
    """
    export = _parse_export(data)
    counts = Counter(item.get("post_type") for item in export.items)
    posts = [item for item in export.items if item.get("post_type") in ("post", *types)]
    if unknown := [each for each in types if each not in counts]:
        raise FeedError(f"--type {unknown[0]}: the export has no such posts (expected {', '.join(sorted(counts))})")
    if not posts:
        found = ", ".join(f"{count} {name}" for name, count in counts.most_common() if name)
        raise FeedError(
            f"it is an export without posts (it contains: {found or 'nothing'}; export all content, or use --type)"
        )
    attachments = {each.get("post_id"): each for each in export.items if each.get("post_type") == "attachment"}
    terms = (term for item in posts for term in item.terms)
    return OldFeed(
        title=plain(export.channel.get("title", "")),
        entries=tuple(_entry(item, export, attachments, zone) for item in posts),
        kind="rss",
        home=export.channel.get("link") or None,
        generator="https://wordpress.org/",
        language=export.channel.get("language") or None,
        others={name: count for name, count in counts.most_common() if name not in ("post", "attachment", "", *types)},
        slugs={name: slug for domain, name, slug in terms if domain in ("category", "post_tag") and slug},
    )


def _parse_export(data: bytes) -> _Export:
    """Read the elements. Characters that XML cannot contain, which exports do not remove, are left out."""
    export = _Export()
    clean = _FORBIDDEN_BYTES.sub(b"", repair_document(data))
    tags = [f"{{*}}{name}" for name in ("item", "author", "category", "title", "link", "language")]
    for _, element in etree.iterparse(BytesIO(clean), tag=tags, recover=True, huge_tree=True):
        parent = element.getparent()
        name = etree.QName(element).localname
        if name == "item":
            export.items.append(_item(element))
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


def _entry(item: _Item, export: _Export, attachments: Mapping[str, _Item], zone: ZoneInfo) -> OldEntry:
    status, creator = item.get("status"), item.get("creator")
    thumbnail = attachments.get(item.meta.get("_thumbnail_id", ""))
    author = export.people.get(creator) or creator
    refusal = None if status in (*PUBLIC_STATUSES, *DRAFT_STATUSES) else f"it is {status or 'in no state'} there"
    if refusal is None and item.get("post_password"):
        refusal = "it has a password there"
    text = _render_content(item.get("content"), attachments, item.get("post_id"))
    return OldEntry(
        id=item.get("guid"),
        title=plain(item.get("title")),
        url=item.get("link") or None,
        published=_publication_date(item, zone),
        authors=(OldPerson(plain(author)),) if author else (),
        categories=tuple(dict.fromkeys(_categories(item, export))),
        tags=tuple(dict.fromkeys(name for domain, name, _ in item.terms if domain == "post_tag")),
        summary=item.get("excerpt"),
        html=_without_shortcodes(text),
        picture=_picture(thumbnail) if thumbnail and thumbnail.get("attachment_url") else None,
        files=tuple(_enclosures(item)),
        slug=unquote(item.get("post_name")),
        is_draft=status in DRAFT_STATUSES,
        refusal=refusal or (None if item.get("guid") else "it has no guid"),
        notes=(
            *_missing_content(item.get("content"), text, attachments),
            *(["it was sticky there; here, the newest article is at the top"] if item.get("is_sticky") == "1" else []),
        ),
    )


def _categories(item: _Item, export: _Export) -> Iterator[str]:
    """Yield the names of the categories of an item, each with those above it, whose feeds contain the item too."""
    for domain, name, slug in item.terms:
        if domain == "category":
            yield name
            seen = {slug}
            while (slug := export.parents.get(slug, "")) and slug not in seen:
                seen.add(slug)
                yield export.category_names.get(slug) or slug


def _picture(item: _Item) -> OldPicture:
    alt = plain(item.meta.get("_wp_attachment_image_alt", ""))
    return OldPicture(item.get("attachment_url"), alt, plain(item.get("excerpt")))


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


def _render_content(content: str, attachments: Mapping[str, _Item], post: str = "") -> str:
    """Render what an author typed as HTML."""
    code_blocks: list[str] = []

    def store_code(found: re.Match[str]) -> str:
        code_blocks.append(found[0])
        return f"<pre data-kept={len(code_blocks) - 1}></pre>"

    content = _CODE_SHORTCODE.sub(_render_code, content)
    content = re.sub(r"<pre\b.*?</pre>", store_code, content, flags=re.DOTALL | re.IGNORECASE)
    content = re.sub(
        r"<!-- wp:freeform -->(.*?)<!-- /wp:freeform -->", lambda found: _paragraphs(found[1]), content, flags=re.DOTALL
    )
    has_blocks = "<!-- wp:" in content
    content = re.sub(r"<!--(?!more).*?-->", "", content, flags=re.DOTALL)
    content = re.sub(r"<!--more.*?-->", "", content)
    content = re.sub(r"\[caption\b([^\]]*)\](.*?)\[/caption\]", _render_caption, content, flags=re.DOTALL)
    content = re.sub(r"\[gallery\b([^\]]*)\]", lambda found: _render_gallery(found[1], attachments, post), content)
    content = re.sub(r"\[(embed|audio|video)\b([^\]]*)\](?:(.*?)\[/\1\])?", _render_player, content, flags=re.DOTALL)
    content = re.sub(r"(?m)^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", r'<p><a href="\1">\1</a></p>', content)
    found = content if has_blocks else _paragraphs(content)
    return re.sub("<pre data-kept=([0-9]+)></pre>", lambda match: code_blocks[int(match[1])], found)


def _missing_content(content: str, text: str, attachments: Mapping[str, _Item]) -> Iterator[str]:
    """Yield notes on what a text needs and the export lacks: gallery pictures, and plugins for shortcodes."""
    ids = re.findall("[0-9]+", " ".join(re.findall(r"\[gallery\b[^\]]*\bids\s*=\s*[\"']?([0-9, ]+)", content)))
    if missing := [id for id in ids if id not in attachments]:
        yield f"pictures of a gallery are not in the export: {', '.join(missing)} (export all content)"
    for name in _shortcodes(_without_code_and_tags(text)):
        yield f"[{name}] of a plugin is left out, and what it encloses stays"


def _without_code_and_tags(text: str) -> str:
    return re.sub(r"<(pre|code)\b.*?</\1>|<[^<>]*>", "", text, flags=re.DOTALL | re.IGNORECASE)


def _shortcodes(text: str) -> list[str]:
    """Return the names of shortcodes: they have an attribute or a closing tag, or stand alone on a line."""
    names = dict.fromkeys(_SHORTCODE.findall(text))
    return [
        name
        for name in names
        if f"[/{name}]" in text
        or re.search(rf"\[{re.escape(name)}\s[^\[\]]*=|^\s*\[{re.escape(name)}\b[^\[\]]*\]\s*$", text, re.MULTILINE)
    ]


def _without_shortcodes(text: str) -> str:
    """Remove the brackets of shortcodes, and leave what they enclose, tags and code as they are."""
    names = _shortcodes(_without_code_and_tags(text))
    if not names:
        return text
    parts = re.split(r"(<(pre|code)\b.*?</\2>|<[^<>]*>)", text, flags=re.DOTALL | re.IGNORECASE)
    brackets = re.compile(rf"\[/?(?:{'|'.join(map(re.escape, names))})(?:[\s/][^\[\]]*)?\]")
    return "".join(
        brackets.sub("", part or "") if index % 3 == 0 else part for index, part in enumerate(parts) if index % 3 < 2
    )


def _render_code(match: re.Match[str]) -> str:
    """Render a shortcode of a plugin for code; some plugins store it with references instead of `<`."""
    language = re.search(r"(?:lang|language)\s*=\s*[\"']?([\w+#-]+)", match[2])
    name = language[1] if language else "" if match[1] in ("code", "sourcecode", "source") else match[1]
    code = html.unescape(match[3]) if "&lt;" in match[3] else match[3]
    attribute = f' {LANGUAGE_ATTRIBUTE}="{name}"' if name else ""
    return f"<pre{attribute}>{html.escape(code.strip(chr(13) + chr(10)))}</pre>"


def _render_caption(match: re.Match[str]) -> str:
    picture = re.match(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", match[2], re.DOTALL)
    if not picture:
        return match[2]
    old_caption = re.search(r"\bcaption\s*=\s*\"([^\"]*)\"", match[1])  # before WordPress 3.4
    caption = picture[2].strip() or (old_caption[1] if old_caption else "")
    return f"<figure>{picture[1]}<figcaption>{caption}</figcaption></figure>"


def _render_gallery(attributes: str, attachments: Mapping[str, _Item], post: str) -> str:
    """Render the pictures that a gallery references by id, or those that were uploaded to the post."""
    id_list = re.search(r"\bids\s*=\s*[\"']?([0-9, ]+)", attributes)
    ids = (
        [each.strip() for each in id_list[1].split(",")]
        if id_list
        else [id for id, each in attachments.items() if post and each.get("post_parent") == post]
    )
    pictures = [_picture(attachments[id]) for id in ids if id in attachments]
    return "".join(
        f'<figure><img src="{html.escape(each.url)}" alt="{html.escape(each.alt)}">'
        f"<figcaption>{html.escape(each.caption)}</figcaption></figure>"
        for each in pictures
    )


def _render_player(match: re.Match[str]) -> str:
    address = re.search(r"https?://[^\s\"'\]<]+", f"{match[2]} {match[3] or ''}")
    return f'<p><a href="{address[0]}">{address[0]}</a></p>' if address else ""


def _paragraphs(content: str) -> str:
    """Convert blank lines to paragraphs and line ends to breaks, like WordPress's classic editor.

    A single paragraph in a list item or another element of `_FLOWING` stays as it is.
    """
    parts = re.split(rf"(<(?P<tag>{_VERBATIM_ELEMENTS})\b.*?</(?P=tag)\s*>)", content, flags=re.DOTALL | re.IGNORECASE)
    blocks, element = [], ""
    for index, part in enumerate(parts):
        if index % 3 == 1:
            blocks.append(part)
        elif index % 3 == 0:
            for number, piece in enumerate(_BLOCK_TAG.split(part)):
                if number % 2:
                    element = piece.strip("<>").split()[0].lower()
                blocks.append(piece if number % 2 else _flowing(piece, is_alone=element in _FLOWING))
    return "".join(blocks)


def _flowing(text: str, *, is_alone: bool) -> str:
    """Convert text between two block elements."""
    paragraphs = [each.strip() for each in re.split(r"\r?\n[ \t]*\r?\n", text) if each.strip()]
    if not paragraphs:
        return "\n"
    lines = [re.sub(r"\r?\n", "<br>", each) for each in paragraphs]
    return lines[0] if is_alone and len(lines) == 1 else "".join(f"<p>{each}</p>\n" for each in lines)
