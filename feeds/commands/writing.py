"""`feeds new` and `schema`: new article files, and JSON Schemas for editors."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from feeds.base.atomic import atomic_write
from feeds.content.checks import PLACEHOLDER
from feeds.content.folder import ContentFolder
from feeds.content.new_files import article_text, schema_json, translated_values
from feeds.content.reader import ARTICLE_SUFFIX, RESERVED_SLUGS, free_name
from feeds.content.uploads import store_file
from feeds.model.article import Article
from feeds.model.article_text import KEY_ORDER
from feeds.model.fields import title as read_title
from feeds.model.problems import InvalidValue
from feeds.model.schema import article_schema, site_schema
from feeds.model.site import Site
from feeds.model.site_types import slug
from feeds.model.yaml_edit import EditError, Value, set_key
from feeds.model.yaml_mistakes import name_character
from feeds.model.yamlfile import FORBIDDEN, Tree
from feeds.server.web import current_publisher

from .context import current_folder, current_language, file_errors, print_problem, site_or_exit

SCHEMAS = ("article", "site")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="TITLE")
@click.option("--language", metavar="TAG", help="Language of the article; by default, the first of the site.")
@click.option(
    "--translate",
    "original",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Article to translate, from which pictures, authors and others are taken over.",
)
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Picture to copy to media/; one from a phone (HEIC) becomes a JPEG.",
)
@with_appcontext
def new(words: tuple[str, ...], language: str | None, original: Path | None, picture: Path | None) -> None:
    """Write a draft article, and print its path.

    The file has a permanent id, the current time, and every other useful key as a comment.
    """
    publisher, content = current_publisher(), current_folder()
    site = site_or_exit(content, 1)
    title = _checked_title(" ".join(words))
    if language and language not in site.languages:
        raise click.UsageError(
            f"--language: {language} is not a language of the site (expected {_list(site.languages)})"
        )
    values: dict[str, Value | None] = {"language": language} if language else {}
    categories = None
    if original:
        tree, article = _read_original(content, original, site)
        other = language or next((each for each in site.languages if each != article.language), None)
        if other is None or other == article.language:
            raise click.UsageError(
                f"--translate: {original} is in {article.language} (expected another --language of the site)"
            )
        _check_is_missing(content, article, other)
        values, categories = translated_values(tree.value, article, other), list(article.categories)
    if picture:
        values["picture"] = {"file": _copied_picture(content, picture, publisher.clock()), "alt": PLACEHOLDER}
    existing_slugs = {slug(path.stem) for path in content.article_files()} | set(RESERVED_SLUGS)
    name = free_name(slug(title) or "article", existing_slugs)
    folder = content.root / "articles"
    path = folder / f"{name}{ARTICLE_SUFFIX}"
    timestamp = publisher.clock().astimezone(site.timezone).strftime("%Y-%m-%dT%H:%M")
    text = article_text(
        site,
        title=title,
        published=timestamp,
        interface=current_language(),
        categories=categories,
        values=values,
    )
    with file_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(path, text.encode(), is_new=True)  # never replace a file created meanwhile
    if original:
        _link(original, tree, str(values["twin"]))
    click.echo(path)


def _checked_title(text: str) -> str:
    try:
        title = read_title(text)
    except ValueError as error:
        raise click.UsageError(f"the title: {error}") from None
    if match := FORBIDDEN.search(title):
        raise click.UsageError(f"the title: {name_character(match[0])} is not allowed (remove it)")
    return title


def _list(names: Iterable[str]) -> str:
    return " or ".join(names)


def _read_original(content: ContentFolder, path: Path, site: Site) -> tuple[Tree, Article]:
    """Return the article of a file of the content folder."""
    tree, problems = content.reader.read_tree(path)
    article = content.reader.article(tree, path, site)
    if tree is None or article is None:
        for problem in sorted(problems):
            print_problem(problem, err=True)
        raise click.ClickException(f"{path} cannot be translated until its errors are corrected")
    return tree, article


def _check_is_missing(content: ContentFolder, article: Article, language: str) -> None:
    """Raise UsageError if an article has a translation into a language already."""
    others = content.load().articles.values() if article.twin else ()
    if existing := [each.slug for each in others if each.twin == article.twin and each.language == language]:
        raise click.UsageError(f"--translate: {existing[0]} is already its translation into {language}")


def _link(original: Path, tree: Tree, twin: str) -> None:
    """Add `twin` to the file of the original, if it has none."""
    if tree.value.get("twin"):
        return
    path = Path(os.path.realpath(original))
    with file_errors(original):
        data, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        try:
            text = set_key(data.removeprefix(mark).decode(), "twin", twin, KEY_ORDER)
        except EditError:
            click.echo(f"Add the line  twin: {twin}  to {original}, to link it to its translation.", err=True)
            return
        atomic_write(path, mark + text.encode(), mode=mode)


def _copied_picture(content: ContentFolder, picture: Path, now: datetime) -> str:
    try:
        with file_errors(picture):
            return store_file(picture, picture.name, content.media, now, must_be_picture=True)
    except InvalidValue as error:
        raise click.ClickException(error.message.text(current_language())) from None


@click.command()
@click.argument("kind", type=click.Choice(SCHEMAS), default="article")
@click.option("--write", is_flag=True, help="Write both next to site.yaml, where article files refer to them.")
@with_appcontext
def schema(kind: str, write: bool) -> None:
    """Print the JSON Schema of article or site files, for editors."""
    content = current_folder()
    schemas = {"article": article_schema(site_or_exit(content, 1)), "site": site_schema()}
    texts = {name: schema_json(definition) for name, definition in schemas.items()}
    if write:
        for name in SCHEMAS:
            path = content.root / f"{name}.schema.json"
            with file_errors(path):
                atomic_write(path, texts[name].encode())
            click.echo(path)
    else:
        click.echo(texts[kind], nl=False)
