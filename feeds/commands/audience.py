"""`flask audience`: who reads the feeds, from access logs."""

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
from feeds.audience.log_formats import Request, Unread
from feeds.audience.readership import Audience
from feeds.base.atomic import write_whole
from feeds.base.translations import LANGUAGES

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
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="For people (table) or programs.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with plots.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of the page, if not that of the site.")
@click.option(
    "--max-claim",
    default=MAX_CLAIM,
    show_default=True,
    type=click.IntRange(1),
    help="Subscribers that a service may state.",
)
@click.option(
    "--max-polls",
    default=MAX_POLLS,
    show_default=True,
    type=click.IntRange(2),
    help="Requests a day beyond which a client is listed.",
)
@with_appcontext
def audience(
    logs: tuple[str, ...], form: str | None, html: Path | None, language: str | None, max_claim: int, max_polls: int
) -> None:
    """Print how many subscribe to each feed each day, and through what, from access LOGs: files, or `-` for
    standard input, plain or compressed, in any order.

    Services state their subscribers; readers are counted once a day. No address is kept or printed.
    """
    site = site_or_exit(current_folder(), 2)
    if html and not html.parent.is_dir():
        raise click.UsageError(f"--html {html}: there is no folder {html.parent} (create it first)")
    census = Census(site, max_claim=max_claim, max_polls=max_polls)
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
        _write(html, page.render(found, site, language or site.default_language))
        click.echo(html)
    if form or not html:
        click.echo(FORMATS[form or "table"](found), nl=form != "csv")


def _write(path: Path, data: bytes) -> None:
    """Write a file whole; what is no file, such as a pipe, takes it as it is."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            write_whole(path, data)
    except OSError as fault:
        raise click.ClickException(f"--html {path}: {fault.strerror} (expected a writable file)") from None


def _count(census: Census, names: tuple[str, ...]) -> Iterator[Unread]:
    """Read logs side by side, so that days come in order, and show how far it has come where somebody watches."""
    names = tuple(dict.fromkeys(names))
    sizes = [Path(name).stat().st_size for name in names if _is_file(name)]
    total = sum(sizes) if len(sizes) == len(names) else 0
    bar: ProgressBar[int]
    waiting = [(_first_day(name), at, name) for at, name in enumerate(names)]
    heapq.heapify(waiting)
    begun: dict[str, Generator[tuple[list[Request], int], None, Unread]] = {}
    ready: dict[str, tuple[list[Request], int]] = {}
    hidden = not (total and sys.stderr.isatty())
    with click.progressbar(length=total or 1, label="Reading", file=sys.stderr, hidden=hidden) as bar:
        while waiting:
            _, at, name = heapq.heappop(waiting)
            if name in ready:
                requests, length = ready.pop(name)
                census.add(requests)
                bar.update(length if total else 0)
            blocks = begun.setdefault(name, _blocks(name))
            try:
                ready[name] = next(blocks)
            except StopIteration as end:
                yield end.value
            else:
                heapq.heappush(waiting, (ready[name][0][0][1], at, name))


def _blocks(name: str) -> Generator[tuple[list[Request], int], None, Unread]:
    """Give the requests of a log, of one day at a time, each with how many bytes were read for it."""
    with _opened(name) as stored:
        log, at = Log(name, stored), 0
        for requests in log:
            for _, found in groupby(requests, itemgetter(1)):
                asked = list(found)
                length = stored.tell() - at if stored.seekable() else 0
                at += length
                yield asked, length
        return log.unread


def _is_file(name: str) -> bool:
    try:
        return name != STDIN and Path(name).is_file()
    except OSError:  # in a folder that nobody may look into
        return False


def _first_day(name: str) -> date:
    """Tell with which day a log begins; what comes through a pipe is read last."""
    if not _is_file(name):
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
        raise LogError(f"{name}: {fault.strerror} (expected a readable log)") from None
