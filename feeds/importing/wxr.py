"""WordPress exports (WXR): posts as entries, with the pictures that they name by number.

Exports have what an author typed: blank lines for paragraphs, shortcodes, comments of the block editor. It asks nobody.
https://github.com/WordPress/WordPress/blob/master/wp-admin/includes/export.php
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from lxml import etree

from .old_feed import FeedError, OldEntry, OldFeed, OldFile, OldPerson, OldPicture, plain

PUBLIC = ("publish", "future")
DRAFTS = ("draft", "pending")
"""States of posts that are taken over, as what they are or as drafts; plugins have more of which nobody knows."""

_WHOLE = "pre|script|style|figure|table|ul|ol|blockquote"
"""Elements in which ends of lines are left as they are."""

_BLOCKS = f"{_WHOLE}|address|article|aside|audio|details|div|dl|form|h[1-6]|hr|iframe|nav|p|section|video"

_SHORTCODE = re.compile(r"\[([a-z][a-z0-9_-]*[_-][a-z0-9_-]*|[a-z]+(?= [a-z_]+=))[^\[\]]*\]")
"""A shortcode by its name: with a hyphen in it, or with a value behind it."""

_FORBIDDEN = re.compile(b"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What XML cannot have (XML 1.0 section 2.2), in UTF-8."""


@dataclass
class _Item:
    """An item: its values by their names without a namespace, its terms (taxonomy, name, slug), its metadata."""

    values: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Give a value; empty where there is none."""
        return self.values.get(name, "")


@dataclass
class _Export:
    about: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    items: list[_Item] = field(default_factory=list)


def is_export(data: bytes) -> bool:
    """Tell whether the start of a file is that of an export."""
    return b"wxr_version>" in data[:200_000]


def read_export(data: bytes, zone: ZoneInfo) -> OldFeed:
    """Read an export; a time with none in UTC beside it is in `zone`. Raises FeedError where nothing is in it.

    Attachments may follow the posts that name them, so that all are read before anything is made of them.
    """
    export = _read(data)
    posts = [item for item in export.items if item.get("post_type") == "post"]
    if not posts:
        raise FeedError("it is an export without posts (export all content, or posts)")
    attachments = {each.get("post_id"): each for each in export.items if each.get("post_type") == "attachment"}
    terms = (term for item in posts for term in item.terms)
    return OldFeed(
        title=plain(export.about.get("title", "")),
        entries=tuple(_entry(item, export.people, attachments, zone) for item in posts),
        kind="rss",
        home=export.about.get("link") or None,
        generator="https://wordpress.org/",
        language=export.about.get("language") or None,
        slugs={name: slug for domain, name, slug in terms if domain in ("category", "post_tag") and slug},
    )


def _read(data: bytes) -> _Export:
    """Go through the elements; characters that XML cannot have, which exports do not remove, are left out."""
    found = _Export()
    clean = _FORBIDDEN.sub(b"", data)
    for _, element in etree.iterparse(
        BytesIO(clean), tag=("{*}item", "{*}author", "{*}title", "{*}link", "{*}language"), recover=True, huge_tree=True
    ):
        parent = element.getparent()
        name = etree.QName(element).localname
        if name == "item":
            found.items.append(_item(element))
            element.clear()
        elif parent is not None and etree.QName(parent).localname == "channel":
            if name == "author":
                values = {etree.QName(each).localname: _text(each) for each in element}
                found.people[values.get("author_login", "")] = values.get("author_display_name", "")
            else:
                if text := _text(element).strip():  # an Atom link has none
                    found.about.setdefault(name, text)
    return found


def _text(element: etree._Element) -> str:
    """Give all text of an element: what exports split in two is one again."""
    return "".join(str(each) for each in element.itertext())


def _item(element: etree._Element) -> _Item:
    item = _Item()
    for each in element:
        if not isinstance(each.tag, str):
            continue
        name, text = etree.QName(each), _text(each)
        if name.localname == "category":
            item.terms.append((each.get("domain") or "category", plain(text), each.get("nicename") or ""))
        elif name.localname == "postmeta":
            pair = {etree.QName(inner).localname: _text(inner) for inner in each}
            item.meta.setdefault(pair.get("meta_key", ""), pair.get("meta_value", ""))
        elif name.localname == "encoded":  # of two namespaces: the text, and the excerpt
            item.values["excerpt" if "excerpt" in (name.namespace or "") else "content"] = text
        elif name.localname != "comment":
            item.values.setdefault(name.localname, text.strip(" \t\r\n"))
    return item


def _entry(item: _Item, people: Mapping[str, str], attachments: Mapping[str, _Item], zone: ZoneInfo) -> OldEntry:
    status, creator = item.get("status"), item.get("creator")
    thumbnail = attachments.get(item.meta.get("_thumbnail_id", ""))
    author = people.get(creator) or creator
    refusal = None if status in (*PUBLIC, *DRAFTS) else f"it is {status or 'in no state'} there"
    if refusal is None and item.get("post_password"):
        refusal = "it has a password there"
    text = _rendered(item.get("content"), attachments, item.get("post_id"))
    return OldEntry(
        id=item.get("guid"),
        title=plain(item.get("title")),
        url=item.get("link") or None,
        published=_moment(item, zone),
        authors=(OldPerson(plain(author)),) if author else (),
        categories=tuple(dict.fromkeys(name for domain, name, _ in item.terms if domain == "category")),
        tags=tuple(dict.fromkeys(name for domain, name, _ in item.terms if domain == "post_tag")),
        summary=item.get("excerpt"),
        html=text,
        picture=_picture(thumbnail) if thumbnail and thumbnail.get("attachment_url") else None,
        files=tuple(_enclosures(item)),
        slug=unquote(item.get("post_name")),
        is_draft=status in DRAFTS,
        refusal=refusal or (None if item.get("guid") else "it has no guid"),
        notes=tuple(_left(item.get("content"), text, attachments)),
    )


def _picture(item: _Item) -> OldPicture:
    alt = plain(item.meta.get("_wp_attachment_image_alt", ""))
    return OldPicture(item.get("attachment_url"), alt, plain(item.get("excerpt")))


def _enclosures(item: _Item) -> Iterator[OldFile]:
    """Read the one of an item: its address, length and type stand on three lines."""
    address, length, kind = ([*item.meta.get("enclosure", "").split("\n"), "", "", ""])[:3]
    if address.strip():
        size = length.strip()
        yield OldFile(address.strip(), kind.strip(), int(size) if size.isdigit() and int(size) else None)


def _moment(item: _Item, zone: ZoneInfo) -> datetime | None:
    """Read when it was published: in UTC, or in the site's own time where that is zero, as of drafts."""
    for name, where in (("post_date_gmt", UTC), ("post_date", zone)):
        try:
            return datetime.strptime(item.get(name), "%Y-%m-%d %H:%M:%S").replace(tzinfo=where).astimezone(UTC)
        except ValueError:
            continue
    return None


def _rendered(content: str, attachments: Mapping[str, _Item], post: str = "") -> str:
    """Make HTML of what an author typed."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"<pre data-kept={len(kept) - 1}></pre>"

    content = re.sub(r"<pre\b.*?</pre>", keep, content, flags=re.DOTALL | re.IGNORECASE)
    content = re.sub(
        r"<!-- wp:freeform -->(.*?)<!-- /wp:freeform -->", lambda found: _paragraphs(found[1]), content, flags=re.DOTALL
    )
    has_blocks = "<!-- wp:" in content
    content = re.sub(r"<!--(?!more).*?-->", "", content, flags=re.DOTALL)
    content = re.sub(r"<!--more.*?-->", "", content)
    content = re.sub(r"\[caption\b([^\]]*)\](.*?)\[/caption\]", _caption, content, flags=re.DOTALL)
    content = re.sub(r"\[gallery\b([^\]]*)\]", lambda found: _gallery(found[1], attachments, post), content)
    content = re.sub(r"\[(embed|audio|video)\b([^\]]*)\](?:(.*?)\[/\1\])?", _player, content, flags=re.DOTALL)
    content = re.sub(r"(?m)^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", r'<p><a href="\1">\1</a></p>', content)
    found = content if has_blocks else _paragraphs(content)
    return re.sub("<pre data-kept=([0-9]+)></pre>", lambda match: kept[int(match[1])], found)


def _left(content: str, text: str, attachments: Mapping[str, _Item]) -> Iterator[str]:
    """Tell what of a text needs what the export does not have: pictures of galleries, and plugins for shortcodes."""
    ids = re.findall("[0-9]+", " ".join(re.findall(r"\[gallery\b[^\]]*\bids\s*=\s*[\"']?([0-9, ]+)", content)))
    if missing := [id for id in ids if id not in attachments]:
        yield f"pictures of a gallery are not in the export: {', '.join(missing)} (export all content)"
    outside = re.sub(r"<(pre|code)\b.*?</\1>", "", text, flags=re.DOTALL | re.IGNORECASE)
    for name in dict.fromkeys(_SHORTCODE.findall(outside)):
        yield f"[{name}] of a plugin stays in the text as it is"


def _caption(found: re.Match[str]) -> str:
    picture = re.match(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", found[2], re.DOTALL)
    if not picture:
        return found[2]
    older = re.search(r"\bcaption\s*=\s*\"([^\"]*)\"", found[1])  # before WordPress 3.4
    caption = picture[2].strip() or (older[1] if older else "")
    return f"<figure>{picture[1]}<figcaption>{caption}</figcaption></figure>"


def _gallery(about: str, attachments: Mapping[str, _Item], post: str) -> str:
    """Show the pictures that a gallery names by number, or those that were uploaded to the post."""
    named = re.search(r"\bids\s*=\s*[\"']?([0-9, ]+)", about)
    ids = (
        [each.strip() for each in named[1].split(",")]
        if named
        else [id for id, each in attachments.items() if post and each.get("post_parent") == post]
    )
    pictures = [_picture(attachments[id]) for id in ids if id in attachments]
    return "".join(
        f'<figure><img src="{html.escape(each.url)}" alt="{html.escape(each.alt)}">'
        f"<figcaption>{html.escape(each.caption)}</figcaption></figure>"
        for each in pictures
    )


def _player(found: re.Match[str]) -> str:
    address = re.search(r"https?://[^\s\"'\]<]+", f"{found[2]} {found[3] or ''}")
    return f'<p><a href="{address[0]}">{address[0]}</a></p>' if address else ""


def _paragraphs(content: str) -> str:
    """Take blank lines for paragraphs and ends of lines for breaks, as WordPress does for its classic editor."""
    parts = re.split(rf"(<(?P<tag>{_WHOLE})\b.*?</(?P=tag)\s*>)", content, flags=re.DOTALL | re.IGNORECASE)
    found = []
    for at, part in enumerate(parts):
        if at % 3 == 1:
            found.append(part)
        elif at % 3 == 0:
            for text in filter(None, (each.strip() for each in re.split(r"\r?\n[ \t]*\r?\n", part))):
                is_block = re.match(rf"</?({_BLOCKS})\b", text, re.IGNORECASE)
                found.append(text if is_block else "<p>" + re.sub(r"\r?\n", "<br>", text) + "</p>")
    return "\n".join(found)
