"""`flask audience`: who reads the feeds, from access logs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from flask.cli import with_appcontext

from feeds.audience import page, report
from feeds.audience.accesslog import Log, LogError
from feeds.audience.census import ABSURD, HASTY, Census
from feeds.audience.logforms import Unread
from feeds.audience.readership import Audience
from feeds.whole import write_whole
from feeds.words import LANGUAGES

from .context import counted, current_folder, site_or_exit

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

STDIN = "-"
FORMATS: dict[str, Callable[[Audience], str]] = {
    "table": report.as_table,
    "json": report.as_json,
    "csv": report.as_csv,
}


@click.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="table", help="For people or programs.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with plots instead.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of the page, if not that of the site.")
@click.option(
    "--absurd", default=ABSURD, show_default=True, type=click.IntRange(1), help="Stated subscribers that are believed."
)
@click.option(
    "--hasty",
    default=HASTY,
    show_default=True,
    type=click.IntRange(2),
    help="Requests a day from which a client is named.",
)
@with_appcontext
def audience(
    logs: tuple[str, ...], form: str, html: Path | None, language: str | None, absurd: int, hasty: int
) -> None:
    """Print how many subscribe to each feed each day, and through what, from access LOGs: files, or `-` for
    standard input, plain or compressed, in any order.

    Services state their subscribers; readers are counted once a day. No address is kept or printed.
    """
    site = site_or_exit(current_folder(), 2)
    census = Census(site, absurd=absurd, hasty=hasty)
    try:
        unread = [each for each in _count(census, logs) if each.lines]
    except LogError as fault:
        raise click.ClickException(str(fault)) from None
    found = census.audience()
    for each in unread:
        lines = counted(each.lines, "line")
        click.echo(
            f"{each.name}: {lines} of {each.read:,} left out, no requests that can be read: first {each.first:,}",
            err=True,
        )
    if html:
        write_whole(html, page.render(found, site, language or site.default_language))
        click.echo(html)
    else:
        click.echo(FORMATS[form](found), nl=form != "csv")


def _count(census: Census, names: tuple[str, ...]) -> Iterator[Unread]:
    """Read logs, the oldest first, and show how far it has come where somebody watches."""
    sizes = [Path(name).stat().st_size for name in names if name != STDIN and Path(name).is_file()]
    total = sum(sizes) if len(sizes) == len(names) else 0
    is_seen = total > 0 and sys.stderr.isatty()
    bar: ProgressBar[int]
    with click.progressbar(length=total or 1, label="Reading", file=sys.stderr, hidden=not is_seen) as bar:
        for name in sorted(names, key=_first_day):
            at = 0
            with _opened(name) as stored:
                log = Log(name, stored)
                for requests in log:
                    census.add(requests)
                    if total:
                        bar.update(stored.tell() - at)
                        at = stored.tell()
                yield log.unread


def _first_day(name: str) -> date:
    """Tell with which day a log begins; what comes through a pipe is read last."""
    if name == STDIN or not Path(name).is_file():
        return date.max
    with _opened(name) as stored:
        return Log(name, stored).first_day()


@contextmanager
def _opened(name: str) -> Iterator[BufferedReader]:
    if name == STDIN:
        yield BufferedReader(cast(RawIOBase, sys.stdin.buffer))  # which can be peeked into, whatever it is
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as fault:
        raise LogError(f"{name}: {fault.strerror} (want a log that can be read)") from None
