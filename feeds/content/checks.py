"""Checks: what a model cannot see, since it takes the body rendered, or all articles together.

They open nothing and decide nothing; each finding is a `Problem`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from feeds.base import translations
from feeds.feed import markup, posts
from feeds.model.article import Article
from feeds.model.mediafile import Media, MediaFile
from feeds.model.problems import InvalidValue, Message, Problem
from feeds.model.renditions import CARD
from feeds.model.site import Site
from feeds.model.yamlfile import Tree

PLACEHOLDER = "…"
"""The body of an article that is still to be written."""


def site_warnings(tree: Tree, site: Site) -> Iterator[Problem]:
    """Tell of languages that we have no words in."""
    for place, language in enumerate(site.languages):
        if language.partition("-")[0] not in translations.LANGUAGES:
            message = Message.of("interface-language-missing", language=language)
            yield tree.problem(("languages", place), message, "warning")


def body_problems(tree: Tree, article: Article, site: Site, media: Media) -> Iterator[Problem]:
    """Tell what is taken out of a body, and what it names that is not there."""
    path = ("body",)
    if article.body.strip() == PLACEHOLDER and not article.draft:
        yield tree.problem(path, Message.of("body-placeholder"))
    if refusal := markup.refusal(article.body):
        yield tree.problem(path, refusal)
        return
    for offset, message in markup.faults(article.body):
        yield tree.block_problem(path, offset, message, "warning")
    if "media/" in article.body:
        found = markup.to_html(article.body, base=site.url, page=site.url)
        for reference in markup.media_references(found, base=site.url):
            try:
                file = media.find(reference)
            except InvalidValue as error:
                yield tree.block_problem(path, max(article.body.find(reference), 0), error.message, "error")
            else:
                if file.flaw and f'src="{markup.media_url(reference, base=site.url)}"' in found:
                    yield tree.block_problem(path, max(article.body.find(reference), 0), file.flaw, "error")


def pictures_in(article: Article, site: Site, media: Media) -> dict[str, MediaFile]:
    """Find the pictures of ours that a body shows and that can be made smaller; what moves stays as it is."""
    found: dict[str, MediaFile] = {}

    def look(path: str, tag: str) -> None:
        with suppress(ValueError):  # it was told of before
            file = media.find(path)
            if tag.startswith("<img") and file.width is not None and file.type != "image/gif" and not file.moves:
                found[path] = file

    if "media/" in article.body and not markup.refusal(article.body):
        markup.with_pictures(markup.to_html(article.body, base=site.url, page=site.url), base=site.url, replace=look)
    return found


def summary_warning(tree: Tree, article: Article) -> Iterator[Problem]:
    """Tell of a summary that is left to us."""
    if article.summary is None and not article.draft:
        yield tree.problem(("summary",), Message.of("summary-missing"), "warning")


def picture_warning(tree: Tree, article: Article) -> Iterator[Problem]:
    """Tell of a picture that networks would show small."""
    if article.original and not article.original.is_large:
        file = article.original.file
        least = {"least_width": CARD[0], "least_height": CARD[1]}
        size = {"width": file.width or 0, "height": file.height or 0}
        message = Message.of("picture-small", path=f"media/{file.path}", **size, **least)
        yield tree.problem(("picture", "file"), message, "warning")


def social_warning(tree: Tree, article: Article, site: Site) -> Iterator[Problem]:
    """Tell of a text for posts that is too long for some network, where it will be cut."""
    if not article.social:
        return
    url = article.link or site.absolute(site.article_path(article.language, article.slug))
    for network in posts.NETWORKS:
        count = network.count(f"{article.social} {url}")
        if count > network.most:
            message = Message.of("social-too-long", count=count, network=network.name, limit=network.most)
            yield tree.problem(("social",), message, "warning")


def without_doubles(
    found: Iterable[tuple[Article, Tree]], served: Mapping[str, str]
) -> tuple[list[tuple[Article, Tree]], list[Problem]]:
    """Keep one file of each slug and id: no draft rather than a draft, what was `served`, and of two the older article.

    `served` are slugs by ids. Both files are told of, since either may be the one that was meant.
    """
    all_of_them = list(found)
    if len({each.slug for each, _ in all_of_them}) == len({each.id for each, _ in all_of_them}) == len(all_of_them):
        return all_of_them, []

    def rank(one: tuple[Article, Tree]) -> tuple[object, ...]:
        article, tree = one
        return article.draft, served.get(article.id) != article.slug, article.published, tree.file

    slugs: dict[str, Tree] = {}
    ids: dict[str, Tree] = {}
    kept, problems = [], []
    for article, tree in sorted(all_of_them, key=rank):
        if other := slugs.get(article.slug):
            problems.append(tree.problem((), Message.of("address-taken", slug=article.slug, other=other.file)))
            problems.append(other.problem((), Message.of("address-shared", slug=article.slug, other=tree.file)))
        elif other := ids.get(article.id):
            problems.append(tree.problem(("id",), Message.of("id-taken", id=article.id, other=other.file)))
            problems.append(other.problem(("id",), Message.of("id-shared", id=article.id, other=tree.file)))
        else:
            slugs[article.slug] = ids[article.id] = tree
            kept.append((article, tree))
    return kept, problems


def translation_warnings(site: Site, found: Iterable[tuple[Article, Tree]]) -> Iterator[Problem]:
    """Tell of articles without a translation, and of two in one language that claim to be each other's."""
    files: dict[tuple[str, str], str] = {}
    published = [(article, tree) for article, tree in found if not article.draft]
    for article, tree in published:
        if article.twin is None:
            continue
        if first := files.get((article.twin, article.language)):
            message = Message.of("twin-same-language", twin=article.twin, other=first)
            yield tree.problem(("twin",), message, "warning")
        else:
            files[article.twin, article.language] = tree.file
    for article, tree in published:
        others = [each for each in site.languages if each != article.language]
        missing = [each for each in others if (article.twin or "", each) not in files]
        if missing:
            message = Message.of("translation-missing", languages=", ".join(missing))
            yield tree.problem(("twin",), message, "warning")
