"""Conversion: the keys and values of an article file, from an entry of another system.

It does not decide which entries are imported. It writes no files, except through the media importer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from html import escape, unescape
from pathlib import PurePosixPath
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from feeds.feed.html_text import excerpt
from feeds.model.article_text import KEY_ORDER
from feeds.model.media_types import guess_type
from feeds.model.site import Site
from feeds.model.site_types import slug

from .addresses import Addresses
from .categories import Categories
from .images import same_picture
from .markdown import MarkdownBody, first_picture, to_markdown
from .media_importer import MediaError, MediaImporter
from .notes import Note
from .old_feed import OldEntry, OldFile, OldPicture, absolute_url, plain, split_url
from .systems import System

MAX_SUMMARY_CHARACTERS = 600
"""Length in characters above which a summary is assumed to be the full text."""

_REFERENCE = re.compile(r' (?:src|href)="([^"]+)"')
_SAFE = "%/:?#[]@!$&'*+,;=~-._"

_ELLIPSIS_AT_END = re.compile(r"[ \t]*(\[(…|\.\.\.)\]|\((…|\.\.\.)\)|…|\.\.\.)[ \t]*$")

AddNote = Callable[[str], None]
"""Called with a note on each thing that is changed or left out."""


class Conversion:
    """Converts entries. Without a media importer, pictures and files keep their addresses."""

    def __init__(
        self,
        site: Site,
        categories: Categories,
        addresses: Addresses,
        system: System | None,
        media_importer: MediaImporter | None,
    ) -> None:
        """Set the site, the mappings, the system and the importer of media files."""
        self._site, self._categories, self._addresses, self._media_importer = (
            site,
            categories,
            addresses,
            media_importer,
        )
        self._boilerplate = system.boilerplate if system else ()

    def values(self, entry: OldEntry, *, language: str, base: str, note: AddNote) -> dict[str, object]:
        """Return the keys and values of an entry's article.

        References in its text are relative to the entry's own base or address, or else to `base`.
        """
        categories, names = self._categories.resolve((*entry.categories, *entry.tags))
        base = entry.base or entry.url or base
        if entry.picture and self._media_importer is None:
            entry = _with_picture_in_text(entry, base)
        first, is_lead = first_picture(entry.html, base, self._boilerplate)
        shown = entry.picture or (first if is_lead and not entry.markdown else None)
        picture = self._picture(entry, shown, first, note)
        body = self._body(entry, base, shown.url if picture and shown else None, note)
        if entry.markdown:
            body = MarkdownBody(self._with_new_addresses(entry, base), ())
        if not body.text and picture:  # the entry consists of this picture
            picture, body = None, self._body(entry, base, None, note)
        tags = dict.fromkeys(part.strip() for name in names for part in name.split(",") if slug(part))
        for each in entry.notes:
            note(each)
        if not entry.title:
            note(Note.of("it has no title: the start of its text is used"))
        values: dict[str, object | None] = {
            "id": entry.id if ":" in entry.id else {"exact": entry.id},
            "title": _title(entry),
            "published": self._local_time(entry.published),
            "updated": self._local_time(entry.updated),
            "expires": self._local_time(entry.expires),
            "draft": "true" if entry.is_draft else None,
            "language": None if language == self._site.default_language else language,
            "categories": categories,
            "tags": list(tags),
            "authors": [{"name": each.name, "url": each.url} if each.url else each.name for each in entry.authors],
            "link": entry.link or (None if not entry.url or self._addresses.was_on_old_site(entry.url) else entry.url),
            "picture": picture,
            "attachments": [attached for each in entry.files if (attached := self._attachment(entry, each, note))],
            "summary": self._summary(entry, body),
            **entry.copied_values,
            "body": body.text,
        }
        return {key: values[key] for key in KEY_ORDER if values.get(key) or key == "body"}

    def _local_time(self, date: datetime | None) -> str | None:
        return date.astimezone(self._site.timezone).isoformat(timespec="seconds") if date else None

    def _body(self, entry: OldEntry, base: str, shown: str | None, note: AddNote) -> MarkdownBody:
        body = to_markdown(
            entry.html,
            base=base,
            boilerplate=self._boilerplate,
            lead_picture=shown,
            picture=partial(self._picture_url, entry, note),
            link=partial(self._link, entry),
        )
        for each in dict.fromkeys(body.notes):
            note(each)
        return body

    def _with_new_addresses(self, entry: OldEntry, base: str) -> str:
        """Return the Markdown of another Feeds site with the current addresses of its files and articles."""
        markdown = entry.markdown
        references = dict.fromkeys(unescape(each) for each in _REFERENCE.findall(entry.html))
        for reference in sorted(references, key=len, reverse=True):
            media = re.search(r"(?:^|/)(media/.+)", reference) if not split_url(reference).netloc else None
            url = absolute_url(base, media[1] if media else reference)
            is_local = not reference.startswith("#") and split_url(url).netloc == split_url(base).netloc
            address = self._link(entry, url) if is_local else reference
            for form in dict.fromkeys((reference, unquote(reference))):
                if address != form:
                    pattern = rf"(?<![\w/.:%-]){re.escape(form)}(?![\w/%-])"
                    markdown = re.sub(pattern, quote(address, safe=_SAFE).replace("\\", r"\\"), markdown)
        return markdown

    def _link(self, entry: OldEntry, url: str) -> str:
        """Return the current address of a link: a page here, a file in `media/`, or the old address."""
        copy = self._copy(entry, url)
        return f"/media/{copy}" if copy else self._addresses.new_url(url)

    def _year(self, entry: OldEntry) -> str:
        return year_of(entry, self._site.timezone)

    def _copy(self, entry: OldEntry, url: str) -> str | None:
        """Return the path below `media/` of a copied local file, or None if the address is not one."""
        return self._media_importer.import_file(url, self._year(entry)) if self._media_importer else None

    def _picture_url(self, entry: OldEntry, note: AddNote, url: str) -> str:
        """Return the current address of a picture in a text: in `media/`, or the old one."""
        if self._media_importer is None:
            return url
        try:
            return f"/media/{self._media_importer.import_picture(url, self._year(entry))}"
        except MediaError as error:
            note(Note.of("a picture is not copied into media/: {reason}", reason=error.reason))
            return self._addresses.new_url(url)

    def _picture(
        self, entry: OldEntry, shown: OldPicture | None, first: OldPicture | None, note: AddNote
    ) -> dict[str, object] | None:
        """Import the picture that is shown above the text.

        If it is also the `first` picture in the text, the alt and caption there are the fallback.
        """
        if not shown or self._media_importer is None:
            return None
        try:
            file = self._media_importer.import_picture(shown.url, self._year(entry))
        except MediaError as error:
            if entry.picture:
                note(Note.of("its picture is not imported: {reason}", reason=error.reason))
            return None
        fallback = first if first and same_picture(first.url, shown.url) else shown
        alt, caption = shown.alt or fallback.alt, shown.caption or fallback.caption
        if not alt:
            note(Note.of("its picture has no description: the title is used instead (write a better alt)"))
        picture = {"file": file, "alt": alt or _title(entry), "credit": shown.credit, "caption": caption}
        focus = {"focus": [str(each) for each in shown.focus]} if shown.focus else {}
        return {key: value for key, value in {**picture, **focus}.items() if value}

    def _attachment(self, entry: OldEntry, file: OldFile, note: AddNote) -> dict[str, str] | None:
        kind = file.type.partition(";")[0].strip().lower()
        if not kind or kind.startswith(("binary/", "application/octet")):
            kind = guess_type(split_url(file.url).path) or kind
        if not kind or "/" not in kind:
            note(Note.of("{url} is left out: its media type is unknown", url=file.url))
            return None
        copy = self._copy(entry, file.url)
        if copy is None:
            self._addresses.new_url(file.url)  # record it as still on the old host
        values = {
            **({"file": copy} if copy else {"url": file.url}),
            "title": file.title or PurePosixPath(unquote(split_url(file.url).path)).name or file.url,
            "type": kind,
            "length": str(file.length) if file.length and not copy else "",
            "duration": file.duration if re.fullmatch("[0-9:]+", file.duration) else "",
            "until": file.until,
        }
        return {key: value for key, value in values.items() if value}

    def _summary(self, entry: OldEntry, body: MarkdownBody) -> str:
        """Return the author's summary, or an empty string if it only repeats the start of the text."""
        if not entry.summary:
            return ""
        converted = to_markdown(
            entry.summary, base=entry.url or "", boilerplate=self._boilerplate, picture=str, link=str
        )
        summary = plain(_without_markup(converted.text))
        is_start = _letters(plain(_without_markup(body.text))).startswith(_letters(summary)[:60])
        return "" if is_start or _ELLIPSIS_AT_END.search(summary) or len(summary) > MAX_SUMMARY_CHARACTERS else summary


def year_of(entry: OldEntry, zone: ZoneInfo) -> str:
    """Return the name of the folder for a dated entry's file and pictures: its year in a time zone."""
    assert entry.published
    return f"{entry.published.astimezone(zone):%Y}"


def _with_picture_in_text(entry: OldEntry, base: str) -> OldEntry:
    """Return an entry whose own picture is in its text, where it can stay at its old address."""
    assert entry.picture
    sources = (absolute_url(base, unescape(each)) for each in _REFERENCE.findall(entry.html))
    if any(same_picture(each, entry.picture.url) for each in sources):
        return entry
    image = f'<p><img src="{escape(entry.picture.url)}" alt="{escape(entry.picture.alt)}"></p>'
    markdown = f"![{entry.picture.alt}]({entry.picture.url})\n\n{entry.markdown}" if entry.markdown else ""
    return replace(entry, html=image + entry.html, markdown=markdown)


def _title(entry: OldEntry) -> str:
    """Return the title, or else the start of the text, the alt of its first picture, or the id.

    `‹` and `›` replace angle brackets if the title looks like it contains a tag.
    """
    title = entry.title or excerpt(entry.html, 80)
    if not title:
        first, _ = first_picture(entry.html, entry.url or "")
        title = (first.alt if first else "") or entry.id
    return re.sub("<(?=[A-Za-z/!?])", "‹", title).replace(">", "›") if re.search("<[A-Za-z/!?]", title) else title


def _without_markup(markdown: str) -> str:
    """Return a Markdown text without its markup."""
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[\\*`#>]", lambda match: match[1] or "", markdown)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
