"""Pages in a file of their own, without scripts, links to stylesheets or a server: reports for those who run a site."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from feeds.base import translations
from feeds.model.site import Site

from . import assets
from .page import render_template


class StandalonePage:
    """What the template of such a page needs besides its data: texts and numbers in a language."""

    def __init__(self, site: Site, language: str) -> None:
        """Set the site and the language, or English if the interface is not translated into it."""
        self.site, self.language = site, language if language in translations.LANGUAGES else "en"

    def translate(self, message: str, /, **values: object) -> str:
        """Return a text of the interface in the page's language."""
        return translations.translate(self.language, message, **values)

    def text(self, texts: dict[str, str]) -> str:
        """Return a text of the site in the page's language, or in the site's default language."""
        return texts.get(self.language) or texts[self.site.default_language]

    def number(self, value: float) -> str:
        """Return a formatted whole number."""
        return translations.number(self.language, round(value))


def render_standalone(template: str, page: StandalonePage, *, stylesheet: str, **values: Any) -> bytes:
    """Render a template that extends `standalone.html`, with the style of the site and a stylesheet of its own."""
    style = Markup((assets.style(page.site) + assets.read(stylesheet)).decode())
    return render_template(template, page=page, site=page.site, style=style, **values)
