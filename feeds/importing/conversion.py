"""Conversion: what an article file says of an entry of another system, key by key.

It decides nothing about whether an entry is taken over, and writes no file but pictures.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from feeds.feed.markup import excerpt
from feeds.model.mediafile import guess_type
from feeds.model.site import Site
from feeds.model.site_fields import slug

from .addresses import Addresses
from .categories import Categories
from .images import same_picture
from .markdown import Converted, first_picture, to_markdown
from .old_feed import OldEntry, OldFile, OldPicture, plain
from .picture_importer import Gallery, PictureError
from .systems import System

LONG_SUMMARY = 600
"""Characters beyond which a summary is taken for the text itself."""

_CUT = re.compile(r"[ \t]*(\[(…|\.\.\.)\]|\((…|\.\.\.)\)|…|\.\.\.)[ \t]*$")

Note = Callable[[str], None]
"""Is told of what is not as it was."""


class Conversion:
    """Converts entries; without a gallery, pictures stay where they are."""

    def __init__(
        self, site: Site, categories: Categories, addresses: Addresses, system: System | None, gallery: Gallery | None
    ) -> None:
        """Take what entries are converted with."""
        self._site, self._categories, self._addresses, self._gallery = site, categories, addresses, gallery
        self._extras = system.extras if system else ()

    def values(self, entry: OldEntry, *, language: str, base: str, note: Note) -> dict[str, object]:
        """Give the values of an entry's keys; references in its text are relative to its address, or to `base`."""
        categories, names = self._categories.take((*entry.categories, *entry.tags))
        base = entry.base or entry.url or base
        first, is_at_head = first_picture(entry.html, base, self._extras)
        shown = entry.picture or (first if is_at_head else None)
        picture = self._picture(entry, shown, first, note)
        body = self._body(entry, base, shown.url if picture and shown else None, note)
        if not body.text and picture:  # it is all that there is
            picture, body = None, self._body(entry, base, None, note)
        tags = dict.fromkeys(part.strip() for name in names for part in name.split(",") if slug(part))
        for each in entry.notes:
            note(each)
        if not entry.title:
            note("it had no title: the start of its text stands in")
        values: dict[str, object | None] = {
            "id": entry.id if ":" in entry.id else {"exact": entry.id},
            "title": _title(entry),
            "published": self._local(entry.published),
            "updated": self._local(entry.updated),
            "draft": "true" if entry.is_draft else None,
            "language": None if language == self._site.default_language else language,
            "categories": categories,
            "tags": list(tags),
            "authors": [{"name": each.name, "url": each.url} if each.url else each.name for each in entry.authors],
            "link": entry.link or (None if not entry.url or self._addresses.is_here(entry.url) else entry.url),
            "picture": picture,
            "attachments": [found for each in entry.files if (found := self._attachment(each, note))],
            "summary": self._summary(entry, body),
            "body": body.text,
        }
        return {key: value for key, value in values.items() if value or key == "body"}

    def _local(self, moment: datetime | None) -> str | None:
        return moment.astimezone(self._site.timezone).isoformat(timespec="seconds") if moment else None

    def _body(self, entry: OldEntry, base: str, shown: str | None, note: Note) -> Converted:
        body = to_markdown(
            entry.html,
            base=base,
            extras=self._extras,
            without=shown,
            picture=partial(self._place, entry, note),
            link=self._addresses.now,
        )
        for each in dict.fromkeys(body.notes):
            note(each)
        return body

    def _place(self, entry: OldEntry, note: Note, url: str) -> str:
        """Give where a picture of a text is now: in `media/`, or still where it was."""
        if self._gallery is None:
            return url
        try:
            return f"/media/{self._gallery.take(url, year_of(entry))}"
        except PictureError as fault:
            note(f"a picture stays where it was: {fault}")
            return self._addresses.now(url)

    def _picture(
        self, entry: OldEntry, shown: OldPicture | None, first: OldPicture | None, note: Note
    ) -> dict[str, str] | None:
        """Take the picture that is shown above the text; where it is the `first` in it, that tells more of it."""
        if not shown or self._gallery is None:
            return None
        try:
            file = self._gallery.take(shown.url, year_of(entry))
        except PictureError as fault:
            if entry.picture:
                note(f"the picture is left out: {fault}")
            return None
        same = first if first and same_picture(first.url, shown.url) else shown
        alt, caption = shown.alt or same.alt, shown.caption or same.caption
        if not alt:
            note("the picture has no description: the title is used (write a better alt)")
        picture = {"file": file, "alt": alt or _title(entry)}
        return {**picture, "caption": caption} if caption else picture

    def _attachment(self, file: OldFile, note: Note) -> dict[str, object] | None:
        kind = file.type.partition(";")[0].strip().lower()
        if not kind or kind.startswith(("binary/", "application/octet")):
            kind = guess_type(urlsplit(file.url).path) or kind
        if not kind or "/" not in kind:
            note(f"{file.url} is left out, since its media type is unknown")
            return None
        self._addresses.now(file.url)
        title = file.title or PurePosixPath(unquote(urlsplit(file.url).path)).name or file.url
        values = {"url": file.url, "title": title, "type": kind, "length": file.length and str(file.length)}
        duration = file.duration if re.fullmatch("[0-9:]+", file.duration) else ""
        return {key: value for key, value in {**values, "duration": duration}.items() if value}

    def _summary(self, entry: OldEntry, body: Converted) -> str:
        """Give what an author wrote to sum it up; the start of the text, which systems put there, is none."""
        if not entry.summary:
            return ""
        found = to_markdown(entry.summary, base=entry.url or "", extras=self._extras, picture=str, link=str)
        summary = plain(_rendered(found.text))
        is_start = _letters(plain(_rendered(body.text))).startswith(_letters(summary)[:60])
        return "" if is_start or _CUT.search(summary) or len(summary) > LONG_SUMMARY else summary


def year_of(entry: OldEntry) -> str:
    """Name the folder that an entry's file and pictures are in."""
    return f"{entry.published:%Y}" if entry.published else "drafts"


def _title(entry: OldEntry) -> str:
    """Give the title, the start of the text, or what there is to see; what looks like a tag is set in other marks."""
    found = entry.title or excerpt(entry.html, 80)
    if not found:
        first, _ = first_picture(entry.html, entry.url or "")
        found = (first.alt if first else "") or entry.id
    return re.sub("<(?=[A-Za-z/!?])", "‹", found).replace(">", "›") if re.search("<[A-Za-z/!?]", found) else found


def _rendered(markdown: str) -> str:
    """Take the marks out of a Markdown text."""
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[\\*`#>]", lambda found: found[1] or "", markdown)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
