"""Cards of articles without a picture, for previews of links: drawn from titles, or the picture of the site."""

from __future__ import annotations

from feeds.model.article import Article
from feeds.model.renditions import Original, TitleCard
from feeds.model.site import Site

from .catalog import Catalog


def card_source(catalog: Catalog, article: Article) -> Original | TitleCard:
    """Return the source of an article's card: its picture, the site's `card`, its title, or the site's subtitle."""
    site = catalog.site
    if source := article.original or site.card_original:
        return source
    is_recent = article.slug in catalog.articles_with_title_cards
    return title_card(site, article) if is_recent else site_card(site, article.language)


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
    general = (site_card(site, language) for language in site.languages)
    return list(dict.fromkeys((*general, *(title_card(site, article) for article in newest_last))))


def _card(site: Site, language: str, title: str, kicker: str) -> TitleCard:
    return TitleCard(title, kicker, site.title[language], site.accent, site.icon or site.logo)
