"""Checks that need the rendered body, or all articles together, which a model does not see.

They open no file and decide nothing. Each result is a `Problem`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice

from feeds.base import translations
from feeds.feed import body_checks, markup, posts
from feeds.model.article import Article
from feeds.model.mediafile import Media, MediaFile
from feeds.model.problems import InvalidValue, Message, Problem
from feeds.model.renditions import CARD_SIZE
from feeds.model.site import Site
from feeds.model.yamlfile import Tree

BODY_PLACEHOLDER = "…"
"""The body of an article that has not been written yet."""


def site_warnings(tree: Tree, site: Site) -> Iterator[Problem]:
    """Yield a warning for each language that the interface is not translated into."""
    for index, language in enumerate(site.languages):
        if language.partition("-")[0] not in translations.LANGUAGES:
            message = Message.of("interface-language-missing", language=language)
            yield tree.problem(("languages", index), message, "warning")


def body_problems(tree: Tree, article: Article, site: Site, media: Media) -> Iterator[Problem]:
    """Yield problems with a body: a placeholder, markup that is removed, media that is missing or damaged."""
    path = ("body",)
    if article.body.strip() == BODY_PLACEHOLDER and not article.draft:
        yield tree.problem(path, Message.of("body-placeholder"))
    if refusal := body_checks.complexity_problem(article.body):
        yield tree.block_problem(path, *refusal, "error")
        return
    for offset, message in body_checks.problems(article.body):
        is_error = message.code in body_checks.ERROR_CODES and not article.draft
        yield tree.block_problem(path, offset, message, "error" if is_error else "warning")
    if "media/" in article.body:
        html = markup.to_html(article.body, base=site.url, page=site.url)
        references = dict.fromkeys(markup.media_references(html, base=site.url))
        flaws = ((reference, flaw) for reference in references if (flaw := _media_flaw(reference, html, site, media)))
        for reference, flaw in islice(flaws, body_checks.MAX_PROBLEMS):
            yield tree.block_problem(path, max(article.body.find(reference), 0), flaw, "error")


def _media_flaw(reference: str, html: str, site: Site, media: Media) -> Message | None:
    """Return why a file that a body refers to cannot be published, or None."""
    try:
        file = media.find(reference)
    except InvalidValue as error:
        return error.message
    is_shown = file.flaw and f'src="{markup.media_url(reference, base=site.url)}"' in html
    return file.flaw if is_shown else None


def pictures_in(article: Article, site: Site, media: Media) -> dict[str, MediaFile]:
    """Return the media files of the pictures that a body shows and that can be scaled down, by path.

    GIFs and animated pictures are not included.
    """
    pictures: dict[str, MediaFile] = {}

    def collect(path: str, tag: str) -> None:
        with suppress(ValueError):  # body_problems() has reported it
            file = media.find(path)
            if tag.startswith("<img") and file.width is not None and file.type != "image/gif" and not file.moves:
                pictures[path] = file

    if "media/" in article.body and not body_checks.complexity_problem(article.body):
        markup.replace_media_tags(
            markup.to_html(article.body, base=site.url, page=site.url), base=site.url, replace=collect
        )
    return pictures


def summary_warning(tree: Tree, article: Article) -> Iterator[Problem]:
    """Yield a warning if an article has no summary, so that one is derived from its body."""
    if article.summary is None and not article.draft:
        yield tree.problem(("summary",), Message.of("summary-missing"), "warning")


def picture_warning(tree: Tree, article: Article) -> Iterator[Problem]:
    """Yield a warning if networks would show an article's picture small."""
    if article.original and not article.original.fills_card:
        file = article.original.file
        least = {"least_width": CARD_SIZE[0], "least_height": CARD_SIZE[1]}
        size = {"width": file.width or 0, "height": file.height or 0}
        message = Message.of("picture-small", path=f"media/{file.path}", **size, **least)
        yield tree.problem(("picture", "file"), message, "warning")


def social_warning(tree: Tree, article: Article, site: Site) -> Iterator[Problem]:
    """Yield a warning for each network whose limit the text for posts exceeds. It is cut there."""
    if not article.social:
        return
    url = article.link or site.absolute(site.article_path(article.language, article.slug))
    for network in posts.NETWORKS:
        count = network.count(f"{article.social} {url}")
        if count > network.max_length:
            message = Message.of("social-too-long", count=count, network=network.name, limit=network.max_length)
            yield tree.problem(("social",), message, "warning")


def without_duplicates(
    articles: Iterable[tuple[Article, Tree]], served: Mapping[str, str]
) -> tuple[list[tuple[Article, Tree]], list[Problem]]:
    """Return the articles without duplicate slugs and ids, and problems for both files of a duplicate.

    `served` maps ids to the slugs that articles are served under. Of two files, one that is not a draft is preferred,
    then the one in `served`, then the older article. The author may have meant either, so both are reported.
    """
    candidates = list(articles)
    if len({item.slug for item, _ in candidates}) == len({item.id for item, _ in candidates}) == len(candidates):
        return candidates, []

    def rank(candidate: tuple[Article, Tree]) -> tuple[object, ...]:
        article, tree = candidate
        return article.draft, served.get(article.id) != article.slug, article.published, tree.file

    slugs: dict[str, Tree] = {}
    ids: dict[str, Tree] = {}
    unique, problems = [], []
    for article, tree in sorted(candidates, key=rank):
        if earlier := slugs.get(article.slug):
            problems.append(tree.problem((), Message.of("address-taken", slug=article.slug, other=earlier.file)))
            problems.append(earlier.problem((), Message.of("address-shared", slug=article.slug, other=tree.file)))
        elif earlier := ids.get(article.id):
            problems.append(tree.problem(("id",), Message.of("id-taken", id=article.id, other=earlier.file)))
            problems.append(earlier.problem(("id",), Message.of("id-shared", id=article.id, other=tree.file)))
        else:
            slugs[article.slug] = ids[article.id] = tree
            unique.append((article, tree))
    return unique, problems


def translation_warnings(site: Site, articles: Iterable[tuple[Article, Tree]]) -> Iterator[Problem]:
    """Yield warnings for articles without a translation, and for two in one language with the same `twin`."""
    files: dict[tuple[str, str], str] = {}
    published = [(article, tree) for article, tree in articles if not article.draft]
    for article, tree in published:
        if article.twin is None:
            continue
        if first_file := files.get((article.twin, article.language)):
            message = Message.of("twin-same-language", twin=article.twin, other=first_file)
            yield tree.problem(("twin",), message, "warning")
        else:
            files[article.twin, article.language] = tree.file
    for article, tree in published:
        other_languages = [language for language in site.languages if language != article.language]
        missing = [language for language in other_languages if (article.twin or "", language) not in files]
        if missing:
            message = Message.of("translation-missing", languages=", ".join(missing))
            yield tree.problem(("twin",), message, "warning")
