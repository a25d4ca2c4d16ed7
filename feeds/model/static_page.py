"""The `StaticPage` model: a page in `pages/`, such as the legal notice, that belongs to the site and is in no feed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from .article_types import ArticleContext, Body, Language, Word
from .fields import StrictModel, Title, validate
from .mediafile import MediaFile
from .renditions import Original
from .yamlfile import Tree


class StaticPage(StrictModel):
    """One of the site's own pages. The name of its file is its slug."""

    synonyms: ClassVar[dict[str, str]] = {
        **{"titre": "title", "texte": "body", "text": "body", "content": "body", "lang": "language"},
        **{"contenu": "body", "corps": "body", "langue": "language"},
    }
    draft: ClassVar[bool] = False

    _slug: str = PrivateAttr("")
    _body_pictures: Mapping[str, Original] = PrivateAttr(default_factory=dict)

    title: Title = Field(description="The title, as plain text.", examples=["Legal notice"])
    body: Body = Field(description="The text in Markdown.", examples=["| and Markdown below it, indented"])
    language: Language = Field(
        None, validate_default=True, description="One of the site's; without it, the first.", examples=["en"]
    )
    twin: Word | None = Field(
        None, description="Any word, if a page and its translation both have it.", examples=["legal"]
    )

    def model_post_init(self, context: Any) -> None:
        """Set the slug from the validation context."""
        self._slug = context.slug

    @property
    def slug(self) -> str:
        """The last segment of its path: the stem of the file's name."""
        return self._slug

    def with_body_pictures(self, files: Mapping[str, MediaFile]) -> StaticPage:
        """Return the page with the pictures that its body shows, by their paths in it."""
        page = self.model_copy()
        page._body_pictures = {path: Original(file) for path, file in files.items()}
        return page

    @property
    def body_pictures(self) -> Mapping[str, Original]:
        """Pictures in `media/` that the body shows and that have renditions, by their paths in it."""
        return self._body_pictures

    @property
    def originals(self) -> tuple[Original, ...]:
        """The sources of renditions."""
        return tuple(dict.fromkeys(self._body_pictures.values()))


def translations_of(page: StaticPage, pages: Mapping[str, StaticPage]) -> dict[str, StaticPage]:
    """Return the translations of a page, by language. If several share its twin, the first by slug counts."""
    twins = (each for _, each in sorted(pages.items(), reverse=True) if page.twin and each.twin == page.twin)
    return {each.language: each for each in twins if each.language != page.language}


def page_in(language: str, slug: str, pages: Mapping[str, StaticPage]) -> StaticPage | None:
    """Return the page with a slug, or its translation into a language, or None."""
    page = pages.get(slug)
    if page is None or page.language == language:
        return page
    return translations_of(page, pages).get(language)


def read_static_page(tree: Tree, context: ArticleContext) -> StaticPage | None:
    """Return the page in a file's values, or None after adding its problems to the tree."""
    return validate(tree, StaticPage, context)
