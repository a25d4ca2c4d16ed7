"""Cards of articles without a picture, for previews of links: drawn from titles, or the picture of the site."""

from __future__ import annotations

import re

from feeds.model.article import Article
from feeds.model.renditions import Original, TitleCard
from feeds.model.site import Site

from .catalog import Catalog

_LETTER = re.compile(r"[^\W\d_]")
_LETTER_OF_FONT = re.compile(r"(?=[\u0041-\u052f\u1e00-\u1fff])[^\W\d_]")
"""A letter of the Latin, Greek or Cyrillic script, which the font of cards has."""


def card_source(catalog: Catalog, article: Article) -> Original | TitleCard | None:
    """Return the source of an article's card: its picture, the site's `card`, its title, or the site's subtitle."""
    site = catalog.site
    if source := article.original or site.card_original:
        return source
    if article.slug in catalog.articles_with_title_cards and is_drawable(article.title):
        return title_card(site, article)
    return general_card(site, article.language)


def general_card(site: Site, language: str) -> Original | TitleCard | None:
    """Return the source of the card of pages and older articles, or None if there is none."""
    if site.card_original:
        return site.card_original
    return site_card(site, language) if is_drawable(site.subtitle[language]) else None


def is_drawable(text: str) -> bool:
    """Return whether the font of cards has at least two thirds of the letters of a text."""
    return len(_LETTER_OF_FONT.findall(text)) * 3 >= len(_LETTER.findall(text)) * 2


def title_card(site: Site, article: Article) -> TitleCard:
    """Return the card that shows the title of an article and its first category."""
    kicker = site.categories[article.categories[0]].title[article.language] if article.categories else ""
    return _card(site, article.language, article.title, kicker)


def site_card(site: Site, language: str) -> TitleCard:
    """Return the card that shows the subtitle of the site, for pages and for older articles."""
    return _card(site, language, site.subtitle[language], "")


def title_cards(catalog: Catalog) -> list[TitleCard]:
    """Return all cards to draw, that of the newest article last."""
    site = catalog.site
    if site.card:
        return []
    articles = (catalog.articles[slug] for slug in catalog.articles_with_title_cards)
    newest_last = sorted(articles, key=lambda article: article.published)
    general = [general_card(site, language) for language in site.languages]
    own = [title_card(site, article) for article in newest_last if is_drawable(article.title)]
    return list(dict.fromkeys(card for card in (*general, *own) if isinstance(card, TitleCard)))


def _card(site: Site, language: str, title: str, kicker: str) -> TitleCard:
    return TitleCard(title, kicker, site.title[language], site.accent, site.icon or site.logo)
