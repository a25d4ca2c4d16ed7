"""`feeds audience`: subscriber counts from access logs."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date
from io import BufferedReader, RawIOBase
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from flask.cli import with_appcontext

from feeds.audience import page, report
from feeds.audience.access_log import Log, LogError
from feeds.audience.census import MAX_CLAIM, MAX_POLLS, Census
from feeds.audience.log_formats import Request, SkippedLines
from feeds.audience.readership import Audience
from feeds.base.atomic import atomic_write
from feeds.base.translations import LANGUAGES

from .context import current_folder, pluralize, site_or_exit

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

STDIN = "-"
REPORT_FORMATS: dict[str, Callable[[Audience], str]] = {
    "table": report.as_table,
    "json": report.as_json,
    "csv": report.as_csv,
}


@click.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--format", "form", type=click.Choice(list(REPORT_FORMATS)), help="For people (table) or programs.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with plots.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of the page, if not that of the site.")
@click.option(
    "--max-claim",
    default=MAX_CLAIM,
    show_default=True,
    type=click.IntRange(1),
    help="Highest subscriber count that is accepted from a service.",
)
@click.option(
    "--max-polls",
    default=MAX_POLLS,
    show_default=True,
    type=click.IntRange(2),
    help="Daily requests above which a client is listed.",
)
@with_appcontext
def audience(
    logs: tuple[str, ...], form: str | None, html: Path | None, language: str | None, max_claim: int, max_polls: int
) -> None:
    """Print the number of subscribers of each feed, from access logs.

    Subscribers are counted by day and program. Each LOG is a file, or `-` for standard input, plain
    or compressed, in any order.

    Services state how many subscribers they have; other readers are counted once a day. No IP address
    is stored or printed.
    """
    site = site_or_exit(current_folder(), 2)
    if html and not html.parent.is_dir():
        raise click.UsageError(f"--html {html}: there is no folder {html.parent} (create it first)")
    census = Census(site, max_claim=max_claim, max_polls=max_polls)
    try:
        skipped_lines = [summary for summary in _count(census, logs) if summary.lines]
    except LogError as error:
        raise click.ClickException(str(error)) from None
    readership = census.audience()
    for summary in skipped_lines:
        lines = pluralize(summary.lines, "line")
        click.echo(
            f"{summary.name}: skipped {lines} of {summary.read:,} that are not requests;"
            f" the first is line {summary.first:,}",
            err=True,
        )
    if html:
        _write(html, page.render(readership, site, language or site.default_language))
        click.echo(html)
    if form or not html:
        click.echo(REPORT_FORMATS[form or "table"](readership), nl=form != "csv")


def _write(path: Path, data: bytes) -> None:
    """Write a file atomically, or directly if the path is not a regular file, such as a pipe."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            atomic_write(path, data)
    except OSError as error:
        raise click.ClickException(f"--html {path}: {error.strerror} (expected a writable file)") from None


def _count(census: Census, names: tuple[str, ...]) -> Iterator[SkippedLines]:
    """Count the requests of all logs, and yield the skipped lines of each. Shows progress on a terminal.

    Logs are merged by day, so that days are counted in order.
    """
    names = tuple(dict.fromkeys(names))
    sizes = [Path(name).stat().st_size for name in names if _is_file(name)]
    total = sum(sizes) if len(sizes) == len(names) else 0
    bar: ProgressBar[int]
    queue = [(_first_day(name), index, name) for index, name in enumerate(names)]
    heapq.heapify(queue)
    readers: dict[str, Generator[tuple[list[Request], int], None, SkippedLines]] = {}
    next_blocks: dict[str, tuple[list[Request], int]] = {}
    hidden = not (total and sys.stderr.isatty())
    with click.progressbar(length=total or 1, label="Reading", file=sys.stderr, hidden=hidden) as bar:
        while queue:
            _, index, name = heapq.heappop(queue)
            if name in next_blocks:
                requests, length = next_blocks.pop(name)
                census.add(requests)
                bar.update(length if total else 0)
            blocks = readers.setdefault(name, _blocks(name))
            try:
                next_blocks[name] = next(blocks)
            except StopIteration as stop:
                yield stop.value
            else:
                heapq.heappush(queue, (next_blocks[name][0][0][1], index, name))


def _blocks(name: str) -> Generator[tuple[list[Request], int], None, SkippedLines]:
    """Yield the requests of a log, one day at a time, with the number of bytes read for them."""
    with _open_log(name) as file:
        log, position = Log(name, file), 0
        for requests in log:
            for _, group in groupby(requests, itemgetter(1)):
                day_requests = list(group)
                length = file.tell() - position if file.seekable() else 0
                position += length
                yield day_requests, length
        return log.skipped_lines


def _is_file(name: str) -> bool:
    try:
        return name != STDIN and Path(name).is_file()
    except OSError:  # its folder is not accessible
        return False


def _first_day(name: str) -> date:
    """Return the first day of a log, or the last possible date for a pipe, which is read last."""
    if not _is_file(name):
        return date.max
    with _open_log(name) as file:
        return Log(name, file).first_day()


@contextmanager
def _open_log(name: str) -> Iterator[BufferedReader]:
    if name == STDIN:
        yield BufferedReader(cast(RawIOBase, sys.stdin.buffer))  # adds peek(), whatever stdin is
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise LogError(f"{name}: {error.strerror} (expected a readable log)") from None
