"""`feeds new` and `schema`: new article files, and JSON Schemas for editors."""

from __future__ import annotations

import json
import secrets

import click
from flask.cli import with_appcontext

from feeds.base.atomic import atomic_write
from feeds.content.checks import PLACEHOLDER
from feeds.content.reader import ARTICLE_SUFFIX, free_name
from feeds.model.fields import title as read_title
from feeds.model.schema import article_schema, schema_line, site_schema
from feeds.model.site_types import slug
from feeds.model.yaml_mistakes import name_character
from feeds.model.yamlfile import FORBIDDEN
from feeds.server.web import current_publisher

from .context import current_folder, file_errors, site_or_exit

SCHEMAS = ("article", "site")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="TITLE")
@with_appcontext
def new(words: tuple[str, ...]) -> None:
    """Write a draft article, and print its path.

    The file has a permanent id and the current time.
    """
    publisher, content = current_publisher(), current_folder()
    site = site_or_exit(content, 1)
    try:
        title = read_title(" ".join(words))
    except ValueError as error:
        raise click.UsageError(f"the title: {error}") from None
    if match := FORBIDDEN.search(title):
        raise click.UsageError(f"the title: {name_character(match[0])} is not allowed (remove it)")
    existing_slugs = {slug(path.stem) for path in content.article_files()}
    name = free_name(slug(title) or "article", existing_slugs)
    folder = content.root / "articles"
    path = folder / f"{name}{ARTICLE_SUFFIX}"
    timestamp = publisher.clock().astimezone(site.timezone).strftime("%Y-%m-%dT%H:%M")
    categories = list(site.categories)
    text = f"""\
{schema_line(0)}id: "{secrets.token_hex(6)}"
title: {json.dumps(title, ensure_ascii=False)}
published: {timestamp}
categories: [{categories[0]}]  # {", ".join(categories)}
draft: true
summary:
body: |
  {PLACEHOLDER}
"""
    with file_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(path, text.encode(), is_new=True)  # never replace a file created meanwhile
    click.echo(path)


@click.command()
@click.argument("kind", type=click.Choice(SCHEMAS), default="article")
@click.option("--write", is_flag=True, help="Write both next to site.yaml, where article files refer to them.")
@with_appcontext
def schema(kind: str, write: bool) -> None:
    """Print the JSON Schema of article or site files, for editors."""
    content = current_folder()
    schemas = {"article": article_schema(site_or_exit(content, 1)), "site": site_schema()}
    texts = {name: json.dumps(definition, ensure_ascii=False, indent=1) + "\n" for name, definition in schemas.items()}
    if write:
        for name in SCHEMAS:
            path = content.root / f"{name}.schema.json"
            with file_errors(path):
                atomic_write(path, texts[name].encode())
            click.echo(path)
    else:
        click.echo(texts[kind], nl=False)
