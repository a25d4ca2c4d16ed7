"""Reader for the content folder of another Feeds site: its articles as entries, with their ids.

It makes no requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from feeds.content.folder import ContentFolder
from feeds.content.reader import ARTICLE_SUFFIX
from feeds.feed.markup import commonmark
from feeds.model.article import Article
from feeds.model.site import Site

from .notes import Note
from .old_feed import FeedError, OldEntry, OldFeed, OldFile, OldPicture

_COPIED_KEYS = ("summary", "authors", "withdrawn", "twin", "social", "hide_from")
"""Keys whose values are copied unchanged."""


def find_content(folder: Path) -> Path | None:
    """Return the content folder at or directly below a folder, or None."""
    return next((each for each in (folder, folder / "content") if (each / "site.yaml").is_file()), None)


def read_feeds_folder(folder: Path) -> tuple[OldFeed, dict[str, Path]]:
    """Return the articles of a content folder, and the files in `media/` by their old addresses.

    An invalid article becomes an entry with a refusal. Raises FeedError if the site is invalid.
    """
    content = ContentFolder(folder)
    site, problems = content.load_site()
    if site is None:
        raise FeedError(f"{problems[0] if problems else folder} (expected a valid site)")
    entries = [_read(content, path, site) for path in content.article_files() if path.suffix == ARTICLE_SUFFIX]
    entries.sort(key=lambda entry: entry.published.timestamp() if entry.published else 0, reverse=True)
    media = content.media.root
    files = {
        f"{site.url}/media/{quote(path.relative_to(media).as_posix())}": path
        for path in sorted(media.rglob("*"))
        if path.is_file() and path.resolve().is_relative_to(media.resolve())
    }
    feed = OldFeed(
        title=site.title[site.default_language],
        entries=tuple(entries),
        kind="rss",
        home=f"{site.url}/",
        generator="Feeds",
        language=site.default_language,
    )
    return feed, files


def _read(content: ContentFolder, path: Path, site: Site) -> OldEntry:
    tree, problems = content.reader.read_tree(path)
    article = content.reader.article(tree, path, site) if tree else None
    errors = [each for each in (tree.problems if tree else problems) if each.severity == "error"]
    if tree is None or article is None or errors:
        name = path.relative_to(content.root).as_posix()
        reason = (
            Note.of("its file is invalid: line {line}: {message}", line=errors[0].line, message=errors[0].message)
            if errors
            else Note.of("it is empty")
        )
        return OldEntry(id=name, title=name, refusal=reason)
    return _entry(article, site, {key: tree.value[key] for key in _COPIED_KEYS if tree.value.get(key)})


def _entry(article: Article, site: Site, copied_values: Mapping[str, object]) -> OldEntry:
    url = site.absolute(site.article_path(article.language, article.slug))
    picture = article.picture
    return OldEntry(
        id=article.id,
        title=article.title,
        url=article.link or url,
        published=article.published,
        updated=article.updated,
        expires=article.expires,
        categories=article.categories,
        tags=article.tags,
        html=commonmark(article.body),
        markdown=article.body,
        base=f"{site.url}/",
        picture=OldPicture(
            f"{site.url}/media/{quote(picture.file.path)}",
            picture.alt,
            picture.caption or "",
            credit=picture.credit or "",
            focus=picture.focus,
        )
        if picture
        else None,
        files=tuple(
            OldFile(
                each.url or f"{site.url}/media/{quote(each.file.path) if each.file else ''}",
                each.type or "",
                each.length,
                each.title,
                str(each.duration or ""),
                each.until.isoformat() if each.until else "",
            )
            for each in article.attachments
        ),
        language=article.language,
        link=article.link,
        slug=article.slug,
        old_urls=(url,),
        is_draft=article.draft,
        copied_values=copied_values,
    )
