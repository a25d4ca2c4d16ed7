"""Every well-formed language tag is accepted (RFC 5646, section 2.1), in any case."""

from __future__ import annotations

import pytest

from feeds.base import translations
from feeds.formats import pages
from feeds.formats.page import Page
from feeds.model.languages import canonical_tag
from tests.builders import SITE, article, site, table

TAGS = {
    **{"fr": "fr", "FR": "fr", "pt-br": "pt-BR", "ZH-HANT": "zh-Hant", "sr-latn-RS": "sr-Latn-RS", "es-419": "es-419"},
    **{"de-ch-1901": "de-CH-1901", "sl-ROZAJ-biske": "sl-rozaj-biske", "zh-yue-hk": "zh-yue-HK", "gsw": "gsw"},
    **{"en-u-ca-BUDDHIST": "en-u-ca-buddhist", "X-klingon": "x-klingon", "I-Klingon": "i-klingon"},
    "de-x-ab-CDEF": "de-x-ab-cdef",
}


@pytest.mark.parametrize(("text", "tag"), TAGS.items())
def test_a_well_formed_tag_gets_its_usual_case(text: str, tag: str) -> None:
    assert canonical_tag(text) == tag


NO_TAGS = ["", "a", "x", "fr_FR", "français", "fr-", "-fr", "fr--FR", "en-a", "en-u", "abcdefghi", "fr "]


@pytest.mark.parametrize("text", NO_TAGS)
def test_any_other_text_is_no_tag(text: str) -> None:
    assert canonical_tag(text) is None


@pytest.mark.parametrize("text", [text for text, tag in TAGS.items() if tag != "fr"])
def test_pages_can_be_made_in_any_language(text: str) -> None:
    site_text = SITE.replace("languages: [fr, en]", f"languages: [fr, {text}]").replace(", en:", f", {text}:")
    tag = TAGS[text]
    assert site(site_text).languages == ("fr", tag)
    assert translations.language_name(tag) and translations.og_locale(tag)
    assert f'<html lang="{tag}"' in pages.home(Page(table(article(), text=site_text), tag)).decode()


LOCALES = {"zh-Hant": "zh_TW", "es-419": "es", "sr-Latn": "sr_RS", "en": "en_GB", "fr": "fr_FR", "pt-BR": "pt_BR"}


@pytest.mark.parametrize(("tag", "locale"), LOCALES.items())
def test_open_graph_gets_a_language_with_a_country(tag: str, locale: str) -> None:
    assert translations.og_locale(tag) == locale


def test_an_article_may_write_its_language_in_any_case() -> None:
    assert article(language="EN").language == "en"
