"""`feeds init`: a new site from nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from feeds.base import translations
from feeds.base.atomic import atomic_write
from feeds.content.new_files import NewSite
from feeds.model.fields import title as read_title
from feeds.model.languages import canonical_tag
from feeds.model.site_types import site_url, slug
from feeds.settings import SITE_FILE

from .context import current_language, file_errors

DEFAULT_ZONES = {"fr": "Europe/Paris"}
"""Time zones of new sites on a machine without one of its own, by the language of the site."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--title", help="Title of the site.")
@click.option("--url", help="Address at which readers will find the site.")
@click.option("--language", "languages", multiple=True, metavar="TAG", help="Language of articles (repeatable).")
@click.option("--category", "pairs", multiple=True, metavar="SLUG=TITLE", help="Category (repeatable).")
def init(folder: Path, title: str | None, url: str | None, languages: tuple[str, ...], pairs: tuple[str, ...]) -> None:
    """Create a new site in FOLDER.

    This writes a site.yaml, a first draft and a README for authors. Without options, it asks for what it needs.
    Existing files are not changed.
    """
    site_file = folder / SITE_FILE
    if os.path.lexists(site_file):
        raise click.ClickException(f"{site_file} already exists (expected a folder without a site)")
    asks = not (title or url or languages or pairs)
    interface = _interface(languages) or current_language()
    if asks:
        title, url, languages, pairs = _ask(interface)
    interface = _interface(languages) or interface
    if not title or not url or not pairs:
        missing = [name for name, value in (("--title", title), ("--url", url), ("--category", pairs)) if not value]
        raise click.UsageError(
            f"{' and '.join(missing)} missing (give all of these options, or none to be asked for them)"
        )
    languages = languages or (interface,)
    new = NewSite(
        title=_checked_title(title),
        url=_checked_url(url),
        languages=[_checked_language(tag) for tag in languages],
        categories=_categories(pairs),
        timezone=_zone(languages[0]),
        interface=interface,
        now=datetime.now(UTC),
    )
    try:
        texts = new.texts()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    for name, text in texts.items():
        path = folder / name
        with file_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(path):
                atomic_write(path, text.encode(), is_new=True)
                click.echo(path)
    _print_next(folder, interface)


def _interface(languages: tuple[str, ...]) -> str | None:
    """Return the first language of the site, if the interface has it."""
    first = languages[0].partition("-")[0] if languages else None
    return first if first in translations.LANGUAGES else None


def _ask(interface: str) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """Ask for the title, the address, the languages and the categories, again until each is valid."""
    title = click.prompt(translations.translate(interface, "Title of the site"), value_proc=_checked_title)
    url = click.prompt(
        translations.translate(interface, "Address of the site, such as https://news.example.org"),
        value_proc=_checked_url,
    )
    tags = click.prompt(
        translations.translate(interface, "Languages of the articles, separated by commas"),
        default=interface,
        value_proc=_language_list,
    )
    titles = click.prompt(
        translations.translate(interface, "Categories, separated by commas, such as Research, Events"),
        value_proc=_category_list,
    )
    return title, url, tuple(tags), tuple(titles)


def _checked_title(value: str) -> str:
    try:
        return read_title(value)
    except ValueError as error:
        raise click.BadParameter(f"the title: {error}") from None


def _language_list(value: str) -> list[str]:
    return [_checked_language(tag) for tag in value.split(",")]


def _category_list(value: str) -> list[str]:
    pairs = [title if "=" in title else f"{slug(title)}={title.strip()}" for title in value.split(",")]
    _categories(tuple(pairs))
    return pairs


def _checked_url(value: str) -> str:
    value = value.strip()
    try:
        return site_url(value if "://" in value else f"https://{value}")
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _checked_language(value: str) -> str:
    tag = canonical_tag(value.strip())
    if tag is None:
        raise click.BadParameter(f"{value} is not a language (expected a tag such as fr or en)")
    return tag


def _categories(pairs: tuple[str, ...]) -> Mapping[str, str]:
    categories = {}
    for pair in pairs:
        name, separator, title = pair.partition("=")
        if not separator or not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name.strip()) or not title.strip():
            raise click.BadParameter(f"{pair!r} is not a category (expected one such as research=Research)")
        categories[name.strip()] = title.strip()
    return categories


def _zone(language: str) -> str:
    """Return the time zone of the machine; on a machine in UTC, that of the language, if there is only one."""
    link = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    name = os.environ.get("TZ") or link
    try:
        is_city = "/" in name and not name.startswith("Etc/") and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        is_city = False
    return name if is_city else DEFAULT_ZONES.get(language, "UTC")


def _print_next(folder: Path, interface: str) -> None:
    steps = [
        ("feeds edit", translations.translate(interface, "write articles: http://127.0.0.1:5001/edit")),
        (
            "FEEDS_URL=http://localhost:8000 feeds serve",
            translations.translate(interface, "view the site: http://localhost:8000/"),
        ),
        ("feeds check", translations.translate(interface, "find mistakes in site.yaml and in articles")),
    ]
    click.echo()
    click.echo(translations.translate(interface, "The site is ready. Next steps:"))
    if folder.resolve() != Path.cwd():
        click.echo(f"  cd {folder}")
    width = max(len(command) for command, _ in steps)
    for command, purpose in steps:
        click.echo(f"  {command:<{width}}  # {purpose}")
