"""What every command asks of the application, and says to who called it."""

from __future__ import annotations

import sys

import click

from feeds.content.folder import ContentFolder
from feeds.model.problems import Problem
from feeds.model.site import Site
from feeds.server.web import current_publisher


def current_folder() -> ContentFolder:
    """Give the content as it is, without what is remembered of it: commands leave no trace in the state folder."""
    content = current_publisher().content
    return ContentFolder(content.root, content.url)


def site_or_exit(content: ContentFolder, status: int) -> Site:
    """Read the site, or print what is wrong with it and end with `status`."""
    site, problems = content.load_site()
    if site is None:
        for problem in sorted(problems):
            print_problem(problem, err=True)
        sys.exit(status)
    return site


def print_problem(problem: Problem, *, err: bool = False) -> None:
    """Print a problem on a line, in colour where that is seen."""
    where, what = str(problem).split(": ", 1)
    colour = "red" if problem.severity == "error" else "yellow"
    click.echo(f"{click.style(where, bold=True)}: {click.style(what, fg=colour)}", err=err)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Say how many there are of something."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
