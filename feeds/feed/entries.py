"""Entries: what readers get of articles at a given time, the same in every feed and format.

No feed markup occurs here. Pictures are included once their renditions exist.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from feeds.base import translations
from feeds.model.article import Article, Attachment, Picture, Withdrawal
from feeds.model.media_types import UNKNOWN
from feeds.model.renditions import CARD_SIZE, Original, Pictures, Rendition, Renditions, TitleCard, picture_path
from feeds.model.site import Site
from feeds.model.static_page import StaticPage

from . import html_text, markup
from .catalog import Catalog
from .title_cards import card_source
from .values import Enclosure, Entry, Image, Term

CACHED_ENTRIES = 1024
"""Maximum number of cached entries; those of the feeds that are built ahead are cached first."""


_TEXT_OR_PICTURE = re.compile(r"<img|<hr|(?:^|>)[^<]*[^<\s]")


class Entries:
    """The entries of a catalog's articles, built once for all feeds.

    At most `cache_size` of them are cached.
    """

    def __init__(
        self,
        catalog: Catalog,
        pictures: Pictures,
        previous: Entries | None = None,
        cache_size: int = CACHED_ENTRIES,
    ) -> None:
        """Set the catalog; nothing is built yet. Entries unchanged since `previous` are reused."""
        self.catalog, self.site, self.pictures = catalog, catalog.site, pictures
        self._previous = previous._entries if previous and previous.site is catalog.site else {}
        self._cache_size = cache_size
        self._last_body: tuple[Article | None, str] = (None, "")
        self._entries: dict[str, tuple[Article, tuple[Renditions | Rendition | None, ...], Entry]] = {}

    def of(self, article: Article) -> Entry:
        """Return the entry of an article that has appeared, from the cache if possible."""
        record = self._entries.get(article.slug)
        if record is None:
            renditions = self.renditions(article)
            record = self._previous.get(article.slug)
            if not record or record[0] is not article or record[1] != renditions or article.depends_on_time:
                record = (article, renditions, self._build(article))
            if len(self._entries) < self._cache_size:
                self._entries[article.slug] = record
        return record[2]

    def renditions(self, article: Article) -> tuple[Renditions | Rendition | None, ...]:
        """Return the card of an article, and what exists of its pictures; equal values give equal entries."""
        return (self._card(card_source(self.catalog, article)), *map(self.pictures.of, article.originals))

    def card(self, source: Original | TitleCard | None, alt: str) -> Image | None:
        """Return a card as a picture. One that is still to be drawn has length 0; any other is None until it exists."""
        rendition = self._card(source)
        return _image(self.site, rendition, alt) if rendition else None

    def _card(self, source: Original | TitleCard | None) -> Rendition | None:
        rendition = self.pictures.card(source)
        if rendition is None and isinstance(source, TitleCard) and source.card_stem not in self.pictures.failed_cards:
            return Rendition(source.name_of_file, "image/jpeg", 0, *CARD_SIZE)
        return rendition

    def body(self, article: Article) -> str:
        """Return an article's text as safe HTML, without its picture and attachments.

        It must have appeared. The last one is cached: the page of an article needs it just after its entry.
        """
        last_article, body = self._last_body
        if last_article is not article:
            body = self._render_body(article)
            self._last_body = (article, body)
        return body

    def page_body(self, page: StaticPage) -> str:
        """Return the text of one of the site's pages as safe HTML."""
        return self._to_html(page, self.site.absolute(self.site.page_path(page.language, page.slug)))

    def _render_body(self, article: Article) -> str:
        return self._to_html(article, self.page_of(article))

    def _to_html(self, article: Article | StaticPage, page: str) -> str:
        content = markup.to_html(
            article.body,
            base=self.site.url,
            page=page,
            prefix=f"{article.slug}--",  # which no slug contains
            language=article.language,
        )
        if not article.body_pictures:
            return content

        def replace(path: str, tag: str) -> str | None:
            if (original := article.body_pictures.get(path)) is None:
                return None
            renditions = self.pictures.of(original)
            if tag.startswith("<a"):
                url = self.site.absolute(picture_path(renditions.feed.name)) if renditions else page
                return re.sub(' href="[^"]*"', f' href="{html.escape(url)}"', tag)
            return _with_rendition(tag, self.site, renditions.feed) if renditions else ""

        return html_text.replace_media_tags(content, base=self.site.url, replace=replace)

    def page_of(self, article: Article) -> str:
        """Return the URL of an article's page on this site."""
        return self.site.absolute(self.site.article_path(article.language, article.slug))

    def _build(self, article: Article) -> Entry:
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
                described = (article.picture.alt, article.picture.credit)
                picture = _image(site, renditions.feed, *described, article.original.small_names)
                card = _image(site, renditions.card, *described)
            else:
                card = self.card(card_source(self.catalog, article), article.title)
            enclosures = tuple(_enclosure(site, attachment) for attachment in attachments)
            body = self.body(article)
            summary = article.summary or html_text.excerpt(body) or article.title
            figure = _figure(article.language, picture, article.picture)
            parts = (
                figure,
                markup.for_readers(body),
                _attachment_list(site, article.language, attachments, enclosures),
            )
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
            authors=article.authors or (site.publisher,),  # few readers apply the authors of the feed to its entries
            categories=tuple(self._terms(article)),
            picture=picture,
            card=card,
            enclosures=enclosures,
            is_withdrawn=withdrawal is not None,
        )

    def _terms(self, article: Article) -> Iterator[Term]:
        for name in article.categories:
            yield Term(self.site.categories[name].title[article.language], self.site.tag_uri("categories"))
        for tag in article.tags:
            yield Term(tag, self.site.tag_uri("tags"))


def _image(
    site: Site, rendition: Rendition, alt: str, credit: str | None = None, smaller: Mapping[str, int] | None = None
) -> Image:
    urls = tuple((site.absolute(picture_path(name)), width) for name, width in (smaller or {}).items())
    url, size = site.absolute(picture_path(rendition.name)), (rendition.length, rendition.width, rendition.height)
    return Image(url, rendition.type, *size, alt, credit, urls)


def _with_rendition(tag: str, site: Site, rendition: Rendition) -> str:
    """Return the tag of a picture with the URL and size of a rendition."""
    bare = re.sub(' (src|width|height)="[^"]*"', "", tag.rstrip(">").rstrip("/ "))
    source = html.escape(site.absolute(picture_path(rendition.name)))
    return f'{bare} src="{source}" width="{rendition.width}" height="{rendition.height}">'


def _enclosure(site: Site, attachment: Attachment) -> Enclosure:
    file = attachment.file
    kind = attachment.type or UNKNOWN
    if file:
        return Enclosure(site.absolute(file.url_path), kind, attachment.title, file.size, attachment.duration)
    return Enclosure(attachment.url or "", kind, attachment.title, attachment.length, attachment.duration)


def _figure(language: str, image: Image | None, picture: Picture | None) -> str:
    """Render the picture so that it reads well even without the figure and figcaption tags."""
    if not image or not picture:
        return ""
    credit = translations.translate(language, "Credit: {credit}", credit=picture.credit) if picture.credit else None
    caption = f"{picture.caption} ({credit})" if picture.caption and credit else picture.caption or credit
    figcaption = f"<figcaption><p>{html.escape(caption, quote=False)}</p></figcaption>" if caption else ""
    source, alt = html.escape(image.url), html.escape(image.alt)
    return (
        f'<figure><img src="{source}" alt="{alt}" width="{image.width}" height="{image.height}">{figcaption}</figure>'
    )


def _attachment_list(
    site: Site, language: str, attachments: tuple[Attachment, ...], enclosures: tuple[Enclosure, ...]
) -> str:
    lines = []
    for attachment, enclosure in zip(attachments, enclosures, strict=True):
        until = f" ({translations.until_text(language, attachment.until, site.timezone)})" if attachment.until else ""
        name = html.escape(enclosure.title, quote=False)
        lines.append(f'<li><a href="{html.escape(enclosure.url)}">{name}</a>{until}</li>')
    heading = html.escape(translations.translate(language, "To go with it"), quote=False)
    return f"<p><b>{heading}</b></p>\n<ul>\n" + "\n".join(lines) + "\n</ul>" if lines else ""


def _notice(site: Site, language: str, withdrawal: Withdrawal) -> tuple[str, str]:
    """Return the notice that an article is withdrawn, as plain text and as HTML."""
    day = translations.day(language, withdrawal.at, site.timezone)
    notice = translations.translate(language, "This article was withdrawn on {day}.", day=day)
    reason = translations.translate(language, "Reason: {reason}", reason=withdrawal.reason)
    paragraphs = "".join(f"<p>{html.escape(text, quote=False)}</p>" for text in (notice, reason))
    return f"{notice} {reason}", paragraphs
