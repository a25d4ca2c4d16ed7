"""Entries: what an article says at an instant, as readers get it; the same in every feed and format.

No markup language of feeds occurs here. Pictures come as what has been made of them so far.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from feeds.base import translations
from feeds.model.article import Article, Attachment, Picture, Withdrawal
from feeds.model.renditions import Pictures, Rendition, Renditions, picture_path
from feeds.model.site import Site

from . import markup
from .catalog import Catalog
from .values import Enclosure, Entry, Image, Term

KEPT = 1024
"""How many entries are kept; those of the feeds that are finished ahead come first."""


_TEXT_OR_PICTURE = re.compile(r"<img|<hr|(?:^|>)[^<]*[^<\s]")


class Entries:
    """The entries of a catalog's articles, each made once for all the feeds it is in; `most` are kept for that."""

    def __init__(self, catalog: Catalog, pictures: Pictures, before: Entries | None = None) -> None:
        """Make nothing yet; what did not change since the entries `before` is taken over."""
        self.catalog, self.site, self.pictures = catalog, catalog.site, pictures
        self._before = before._entries if before and before.site is catalog.site else {}
        self.most = KEPT
        self._entries: dict[str, tuple[Article, tuple[Renditions | None, ...], Entry]] = {}

    def of(self, article: Article) -> Entry:
        """Make the entry of an article that has appeared, once."""
        made = self._entries.get(article.slug)
        if made is None:
            renditions = tuple(map(self.pictures.of, article.originals))
            kept = self._before.get(article.slug)
            is_same = kept is not None and kept[0] is article and kept[1] == renditions and not article.depends_on_time
            made = kept if kept and is_same else (article, renditions, self._made(article))
            if len(self._entries) < self.most:
                self._entries[article.slug] = made
        return made[2]

    def body(self, article: Article) -> str:
        """Render the text of an article that has appeared as safe HTML: without its picture and attachments."""
        found = markup.to_html(article.body, base=self.site.url, page=self.page_of(article))
        if not article.body_pictures:
            return found

        def replace(path: str, tag: str) -> str | None:
            if (original := article.body_pictures.get(path)) is None:
                return None
            made = self.pictures.of(original)
            if tag.startswith("<a"):
                where = self.site.absolute(picture_path(made.feed.name)) if made else self.page_of(article)
                return re.sub(' href="[^"]*"', f' href="{html.escape(where)}"', tag)
            return _with_rendition(tag, self.site, made.feed) if made else ""

        return markup.with_pictures(found, base=self.site.url, replace=replace)

    def page_of(self, article: Article) -> str:
        """Give the URL of an article's page with us."""
        return self.site.absolute(self.site.article_path(article.language, article.slug))

    def _made(self, article: Article) -> Entry:
        site, now = self.site, self.catalog.now
        renditions = self.pictures.of(article.original) if article.original else None
        picture: Image | None = None
        card: Image | None = None
        enclosures: tuple[Enclosure, ...] = ()
        if withdrawal := article.withdrawal(now):
            summary, content = _notice(site, article.language, withdrawal)
        else:
            attachments = article.attachments_at(now)
            if article.picture and article.original and renditions:
                picture = _image(site, renditions.feed, article.picture, article.original.small_names)
                card = _image(site, renditions.card, article.picture)
            enclosures = tuple(_enclosure(site, each) for each in attachments)
            body = self.body(article)
            summary = article.summary or markup.excerpt(body) or article.title
            figure = _figure(article.language, picture, article.picture)
            parts = (figure, body, _attachment_list(site, article.language, attachments, enclosures))
            content = "\n".join(filter(None, parts))
            if not _TEXT_OR_PICTURE.search(content):
                content = f"<p>{html.escape(article.title, quote=False)}</p>"
        return Entry(
            id=article.id,
            url=article.link or self.page_of(article),
            title=article.title,
            published=article.published,
            updated=article.updated_at(now),
            summary=summary,
            content=content,
            language=article.language,
            authors=article.authors,
            categories=tuple(self._terms(article)),
            picture=picture,
            card=card,
            enclosures=enclosures,
        )

    def _terms(self, article: Article) -> Iterator[Term]:
        for name in article.categories:
            yield Term(self.site.categories[name].title[article.language], self.site.tag("categories"))
        for tag in article.tags:
            yield Term(tag, self.site.tag("tags"))


def _image(site: Site, made: Rendition, picture: Picture, smaller: Mapping[str, int] | None = None) -> Image:
    urls = tuple((site.absolute(picture_path(name)), width) for name, width in (smaller or {}).items())
    where, size = site.absolute(picture_path(made.name)), (made.length, made.width, made.height)
    return Image(where, made.type, *size, picture.alt, picture.credit, urls)


def _with_rendition(tag: str, site: Site, made: Rendition) -> str:
    """Put a rendition into the tag of a picture, with its size."""
    bare = re.sub(' (src|width|height)="[^"]*"', "", tag.rstrip(">").rstrip("/ "))
    source = html.escape(site.absolute(picture_path(made.name)))
    return f'{bare} src="{source}" width="{made.width}" height="{made.height}">'


def _enclosure(site: Site, attachment: Attachment) -> Enclosure:
    file = attachment.file
    kind = attachment.type or "application/octet-stream"
    if file:
        return Enclosure(site.absolute(file.url_path), kind, attachment.title, file.size, attachment.duration)
    return Enclosure(attachment.url or "", kind, attachment.title, attachment.length, attachment.duration)


def _figure(language: str, image: Image | None, picture: Picture | None) -> str:
    """Show the picture first, in a way that reads well where figure and figcaption are taken away."""
    if not image or not picture:
        return ""
    credit = translations.say(language, "Credit: {credit}", credit=picture.credit) if picture.credit else None
    caption = f"{picture.caption} ({credit})" if picture.caption and credit else picture.caption or credit
    shown = f"<figcaption><p>{html.escape(caption, quote=False)}</p></figcaption>" if caption else ""
    source, alt = html.escape(image.url), html.escape(image.alt)
    return f'<figure><img src="{source}" alt="{alt}" width="{image.width}" height="{image.height}">{shown}</figure>'


def _attachment_list(
    site: Site, language: str, attachments: tuple[Attachment, ...], enclosures: tuple[Enclosure, ...]
) -> str:
    lines = []
    for attachment, enclosure in zip(attachments, enclosures, strict=True):
        until = f" ({translations.end(language, attachment.until, site.timezone)})" if attachment.until else ""
        name = html.escape(enclosure.title, quote=False)
        lines.append(f'<li><a href="{html.escape(enclosure.url)}">{name}</a>{until}</li>')
    return "<ul>\n" + "\n".join(lines) + "\n</ul>" if lines else ""


def _notice(site: Site, language: str, withdrawal: Withdrawal) -> tuple[str, str]:
    """Say that an article is withdrawn: as plain text and as HTML."""
    day = translations.day(language, withdrawal.at, site.timezone)
    said = translations.say(language, "This article was withdrawn on {day}.", day=day)
    reason = translations.say(language, "Reason: {reason}", reason=withdrawal.reason)
    paragraphs = "".join(f"<p>{html.escape(text, quote=False)}</p>" for text in (said, reason))
    return f"{said} {reason}", paragraphs
