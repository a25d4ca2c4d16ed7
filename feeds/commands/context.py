"""Access to the content, and output, for all commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from feeds.base import translations
from feeds.content.folder import ContentFolder
from feeds.model.problems import Problem
from feeds.model.site import Site
from feeds.server.web import current_publisher
from feeds.settings import message_language

COUNTED = {
    "error": ("error", "errors"),
    "warning": ("warning", "warnings"),
    "file": ("file", "files"),
    "article": ("article", "articles"),
}
"""Nouns that are counted, each in the singular and the plural."""


def current_folder() -> ContentFolder:
    """Return the content folder without its cache: commands leave no trace in the state folder."""
    content = current_publisher().content
    return ContentFolder(content.root, content.url)


def site_or_exit(content: ContentFolder, status: int) -> Site:
    """Return the site, or print its problems and exit with `status`."""
    site, problems = content.load_site()
    if site is None:
        for problem in sorted(problems):
            print_problem(problem, err=True)
        sys.exit(status)
    return site


def current_language() -> str:
    """Return the language of messages."""
    return message_language(os.environ)


def print_problem(problem: Problem, *, err: bool = False) -> None:
    """Print a problem on one line, in colour on a terminal."""
    location, message = problem.text(current_language()).split(": ", 1)
    colour = "red" if problem.severity == "error" else "yellow"
    click.echo(f"{click.style(location, bold=True)}: {click.style(message, fg=colour)}", err=err)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Report an OSError that the block raises as an error message about a file or folder."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def pluralize(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: 1 file, 2 files."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, one of COUNTED, in the language of messages: 1 file, 2 fichiers."""
    language = current_language()
    is_plural = number > 1 or (number == 0 and language == "en")  # French has the singular for 0
    return f"{translations.number(language, number)} {translations.translate(language, COUNTED[noun][is_plural])}"
