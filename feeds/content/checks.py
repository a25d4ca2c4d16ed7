"""Checks that need the rendered body, or all articles together, which a model does not see.

They open no file and decide nothing. Each result is a `Problem`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice

from feeds.base import translations
from feeds.feed import body_checks, body_limits, html_text, markup, posts
from feeds.model.article import Article
from feeds.model.media_types import PODCAST_TYPES, UNKNOWN
from feeds.model.mediafile import RSS_LOGO_SIZE, Media, MediaFile, fits_rss
from feeds.model.problems import InvalidValue, Message, Problem, show
from feeds.model.renditions import CARD_SIZE
from feeds.model.site import Site
from feeds.model.static_page import StaticPage, page_in
from feeds.model.yaml_mistakes import name_character
from feeds.model.yamlfile import Outline, Path, Tree

PLACEHOLDER = "…"
"""A text that has not been written yet."""


def site_warnings(tree: Tree, site: Site) -> Iterator[Problem]:
    """Yield warnings for languages that the interface lacks, and for a logo that some formats leave out."""
    if site.logo and not fits_rss(site.logo):
        message = Message.of(
            "logo-not-in-rss",
            path=f"media/{site.logo.path}",
            type=site.logo.type,
            width=site.logo.width or 0,
            height=site.logo.height or 0,
            max_width=RSS_LOGO_SIZE[0],
            max_height=RSS_LOGO_SIZE[1],
        )
        yield tree.problem(("logo",), message, "warning")
    for index, language in enumerate(site.languages):
        if language.partition("-")[0] not in translations.LANGUAGES:
            message = Message.of("interface-language-missing", language=language)
            yield tree.problem(("languages", index), message, "warning")


def footer_link_problems(
    tree: Tree, site: Site, pages: Mapping[str, StaticPage], broken: Container[str]
) -> Iterator[Problem]:
    """Yield a problem for each link at the end of pages to a page that does not exist in one of the languages.

    `broken` are the slugs of files that have problems of their own.
    """
    for index, link in enumerate(site.links):
        if link.page in broken:
            continue
        missing = [name for name in site.languages if link.page and page_in(name, link.page, pages) is None]
        if missing:
            expected = ", ".join(sorted(pages)) or f"pages/{link.page}.yaml"
            message = Message.of(
                "page-not-in-site", value=show(link.page), language=", ".join(missing), expected=expected
            )
            yield tree.problem(("links", index, "page"), message)


def body_problems(tree: Tree, article: Article | StaticPage, site: Site, media: Media) -> Iterator[Problem]:
    """Yield problems with a body: a placeholder, markup that is removed, media that is missing or damaged."""
    path = ("body",)
    if refusal := body_limits.complexity_problem(article.body):
        yield tree.block_problem(path, *refusal, "error")
        return
    for offset, message in body_checks.problems(article.body):
        is_error = message.code in body_checks.ERROR_CODES and not article.draft
        yield tree.block_problem(path, offset, message, "error" if is_error else "warning")
    if invisible := _INVISIBLE.search(article.body):
        message = Message.of("text-invisible", character=name_character(invisible[0]))
        yield tree.block_problem(path, invisible.start(), message, "warning")
    if "media/" in article.body:
        content = markup.to_html(article.body, base=site.url, page=site.url)
        names = dict.fromkeys(html_text.media_references(content, base=site.url))
        flaws = ((reference, flaw) for reference in names if (flaw := _media_flaw(reference, content, site, media)))
        for reference, flaw in islice(flaws, body_checks.MAX_PROBLEMS):
            yield tree.block_problem(path, max(article.body.find(reference), 0), flaw, "error")
        for reference in names:
            with suppress(ValueError):  # reported above
                file = media.find(reference)
                is_shown = f'src="{html_text.media_url(reference, base=site.url)}"' in content
                if is_shown and file.width is None and not file.flaw:
                    message = Message.of("body-not-a-picture", path=reference)
                    yield tree.block_problem(path, max(article.body.find(reference), 0), message, "warning")
                elif file.type == UNKNOWN:
                    message = Message.of("media-type-unknown", path=f"media/{reference}")
                    yield tree.block_problem(path, max(article.body.find(reference), 0), message, "warning")


def _media_flaw(reference: str, content: str, site: Site, media: Media) -> Message | None:
    """Return why a file that a body refers to cannot be published, or None."""
    try:
        file = media.find(reference)
    except InvalidValue as error:
        return error.message
    is_shown = file.flaw and f'src="{html_text.media_url(reference, base=site.url)}"' in content
    return file.flaw if is_shown else None


def pictures_in(article: Article | StaticPage, site: Site, media: Media) -> dict[str, MediaFile]:
    """Return the media files of the pictures that a body shows and that can be scaled down, by path.

    GIFs and animated pictures are not included.
    """
    pictures: dict[str, MediaFile] = {}

    def collect(path: str, tag: str) -> None:
        with suppress(ValueError):  # body_problems() has reported it
            file = media.find(path)
            if tag.startswith("<img") and file.width is not None and file.type != "image/gif" and not file.moves:
                pictures[path] = file

    if "media/" in article.body and not body_limits.complexity_problem(article.body):
        html_text.replace_media_tags(
            markup.to_html(article.body, base=site.url, page=site.url), base=site.url, replace=collect
        )
    return pictures


_ENTITY = re.compile("&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_MARKDOWN = re.compile(r"\*\*[^*\s][^*]*\*\*|!?\[[^\]]+\]\([^()\s]+\)")


_INVISIBLE = re.compile("[\u00ad\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f]")


def placeholder_problems(tree: Tree, article: Article) -> Iterator[Problem]:
    """Yield a problem for each text that is still to be written, unless the article is a draft."""
    for path, text in (*_plain_texts(article), (("body",), article.body)):
        if text.strip() == PLACEHOLDER and not article.draft:
            yield tree.problem(path, Message.of("placeholder"))


def text_warnings(tree: Tree, article: Article) -> Iterator[Problem]:
    """Yield warnings for entities, Markdown and invisible characters in plain texts, which are shown as typed."""
    for path, text in _plain_texts(article):
        entity = _ENTITY.search(text)
        if entity and (character := html.unescape(entity[0])) != entity[0]:
            message = Message.of("text-entity", entity=entity[0], character=show(character))
            yield tree.problem(path, message, "warning")
        if invisible := _INVISIBLE.search(text):
            message = Message.of("text-invisible", character=name_character(invisible[0]))
            yield tree.problem(path, message, "warning")
        if markdown := _MARKDOWN.search(text):
            yield tree.problem(path, Message.of("text-markdown", value=show(markdown[0])), "warning")


def _plain_texts(article: Article) -> Iterator[tuple[Path, str]]:
    """Yield the plain texts of an article, each with its path in the file."""
    yield ("title",), article.title
    yield ("summary",), article.summary or ""
    yield from ((("tags", index), tag) for index, tag in enumerate(article.tags))
    yield from ((("authors", index), author.name) for index, author in enumerate(article.authors))
    yield from ((("attachments", index, "title"), each.title) for index, each in enumerate(article.attachments))
    if picture := article.picture:
        texts = (("alt", picture.alt), ("credit", picture.credit), ("caption", picture.caption))
        yield from ((("picture", key), text or "") for key, text in texts)
    if article.withdrawn:
        yield ("withdrawn", "reason"), article.withdrawn.reason


def attachment_warnings(tree: Tree, article: Article, site: Site) -> Iterator[Problem]:
    """Yield a warning for each attachment of unknown type, and for an episode that podcast directories do not play."""
    for index, attachment in enumerate(article.attachments):
        is_guessed = ("attachments", index, "type") not in tree.values_at
        if attachment.file and attachment.type == UNKNOWN and is_guessed:
            message = Message.of("attachment-type-unknown", path=f"media/{attachment.file.path}")
            yield tree.problem(("attachments", index, "file"), message, "warning")
    has_podcast = any(site.categories[name].podcast for name in article.categories)
    types = ((index, attachment.type or "") for index, attachment in enumerate(article.attachments))
    playable = ((index, type) for index, type in types if type.startswith(("audio/", "video/")))
    for index, type in islice(playable, 1 if has_podcast else 0):
        if type not in PODCAST_TYPES:
            yield tree.problem(("attachments", index), Message.of("podcast-type", type=type), "warning")


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
    if not article.social or article.social.skip:
        return
    url = article.link or site.absolute(site.article_path(article.language, article.slug))
    for network in posts.NETWORKS:
        for key, text in (("text", article.social.text), (network.key, getattr(article.social, network.key))):
            count = network.count(f"{text} {url}") if text else 0
            if count > network.max_length:
                message = Message.of("social-too-long", count=count, network=network.name, limit=network.max_length)
                path = ("social", key) if ("social", key) in tree.values_at else ("social",)
                yield tree.problem(path, message, "warning")


def without_duplicates(
    articles: Iterable[tuple[Article, Outline]], served: Mapping[str, str]
) -> tuple[list[tuple[Article, Outline]], list[Problem]]:
    """Return the articles without duplicate slugs and ids, and problems for both files of a duplicate.

    `served` maps ids to the slugs that articles are served under. Of two files, one that is not a draft is preferred,
    then the one in `served`, then the older article. The author may have meant either, so both are reported.
    """
    candidates = list(articles)
    if len({item.slug for item, _ in candidates}) == len({item.id for item, _ in candidates}) == len(candidates):
        return candidates, []

    def rank(candidate: tuple[Article, Outline]) -> tuple[object, ...]:
        article, tree = candidate
        return article.draft, served.get(article.id) != article.slug, article.published, tree.file

    slugs: dict[str, Outline] = {}
    ids: dict[str, Outline] = {}
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


def shared_feed_warnings(site: Site, articles: Iterable[tuple[Article, Outline]]) -> Iterator[Problem]:
    """Yield a warning for each tag or author that shares its feeds with another, since their slugs are equal.

    Names that differ only in case, accents or the form of an apostrophe are the same name.
    """
    first_names: dict[tuple[str, str, str], tuple[str, str]] = {}
    reported: set[tuple[str, str, str]] = set()
    for article, tree in sorted(articles, key=lambda pair: pair[0].published):
        tags = (("tags", index, tag, site.tag_slug(tag)) for index, tag in enumerate(article.tags))
        authors = (("authors", index, each.name, each.slug) for index, each in enumerate(article.authors))
        for kind, index, name, slug in (*tags, *authors):
            first, file = first_names.setdefault((article.language, kind, slug), (name, tree.file))
            if first == name or _is_same_name(first, name) or (kind, slug, name) in reported:
                continue
            reported.add((kind, slug, name))
            code = "tag-shares-feed" if kind == "tags" else "author-shares-feed"
            path = site.feed_path(article.language, f"{kind}/{slug}")
            message = Message.of(code, value=name, path=path, other=first, file=file)
            yield tree.problem((kind, index), message, "warning")


def _is_same_name(first: str, second: str) -> bool:
    first, second = (
        "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
        for name in (first, second)
    )
    return " ".join(first.replace("’", "'").split()) == " ".join(second.replace("’", "'").split())


def translation_warnings(site: Site, articles: Iterable[tuple[Article, Outline]]) -> Iterator[Problem]:
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
        expected_languages = site.languages if site.complete is None else site.complete
        other_languages = [language for language in expected_languages if language != article.language]
        missing = [language for language in other_languages if (article.twin or "", language) not in files]
        if missing:
            message = Message.of("translation-missing", languages=", ".join(missing))
            yield tree.problem(("twin",), message, "warning")
