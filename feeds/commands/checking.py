"""`flask check` and `diff`: what is wrong with the content, and what subscribers would see of it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from feeds.base.text import printable
from feeds.content.pictures import PictureStore
from feeds.content.reader import ENDING
from feeds.edition.edition import Edition
from feeds.feed.builder import FeedTable
from feeds.feed.catalog import Catalog
from feeds.feed.manifest import Difference, Manifest, difference
from feeds.model.problems import Problem
from feeds.model.site import Site
from feeds.server.publisher import Publisher
from feeds.server.web import current_publisher

from .context import counted, current_folder, print_problem, site_or_exit

if TYPE_CHECKING:
    from feeds.importing.old_feed import OldFeed


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[FILE]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@click.option("--online", is_flag=True, help="Ask the addresses of attachments elsewhere for their type and length.")
@with_appcontext
def check(files: tuple[Path, ...], form: str, online: bool) -> None:
    """Print every problem of the content, or of the FILEs and folders; exit status 1 if one is an error."""
    publisher, content = current_publisher(), current_folder()
    found = content.load()
    problems = list(found.problems)
    if found.site:
        edition = Edition(Catalog.at(publisher.clock(), found.site, found.articles), content.media)
        problems += [
            Problem(str(content.site_file), 1, 1, "entries", message, "warning") for message in edition.large_feeds()
        ]
    problems += content.picture_problems(found, PictureStore(content.media, None).flaw)
    if online and found.site:
        from feeds.content.link_check import compare

        problems += compare(content.trees(found))
    problems.sort()
    count = found.files
    if files:
        known = [content.site_file, *content.article_files()]
        asked = set()
        for each in files:
            inside = {path for path in known if path.resolve().is_relative_to(each.resolve())}
            if not inside:
                raise click.UsageError(
                    f"{each} is not a file of {content.root}/ (expected {content.root}/articles/…{ENDING})"
                )
            asked |= inside
        problems = [problem for problem in problems if Path(problem.file) in asked]
        count = len(asked)
    errors = sum(problem.severity == "error" for problem in problems)
    if form == "json":
        click.echo(json.dumps([problem.to_dict() for problem in problems], ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            print_problem(problem)
        warnings = len(problems) - errors
        click.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')} in {counted(count, 'file')}")
    sys.exit(1 if errors else 0)


@click.command()
@click.argument("other", required=False)
@click.option("--feed", "name", metavar="NAME", help="Feed of ours that another is compared with, such as en/research.")
@click.option(
    "--max-new", default=10, show_default=True, type=click.IntRange(0), help="New entries that are acceptable."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@with_appcontext
def diff(other: str | None, name: str | None, max_new: int, form: str) -> None:
    """Print what subscribers would see of the content that they did not see before.

    Before is what the state folder remembers, or OTHER: the manifest or any feed in a file or at an address, or a
    folder with a manifest.json. A feed, such as that of the system before, is compared with ours that its address is
    redirected to, or --feed. Exit status 1 if more than --max-new entries would be new: automations would post them.
    """
    publisher, content = current_publisher(), current_folder()
    site_or_exit(content, 2)
    loaded = content.load()
    assert loaded.site, "it was read just now"
    catalog = Catalog.at(publisher.clock(), loaded.site, loaded.articles)
    before = _before(other, publisher, loaded.site.timezone)
    if not isinstance(before, Manifest):
        _diff_with_feed(catalog, before, other or "", name, max_new, form)
    now = Manifest().after(catalog)
    found = difference(before, now)
    if form == "json":
        click.echo(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=1))
    else:
        _print_difference(found, now, loaded.site)
    sys.exit(1 if len(found.new) + len(found.renamed) > max_new else 0)


def _before(other: str | None, publisher: Publisher, zone: ZoneInfo) -> Manifest | OldFeed:
    """Read a manifest or a feed from a file, a folder or an address; none of our own yet is an empty manifest."""
    if other is None:
        try:
            return (publisher.state and publisher.state.read_manifest()) or Manifest()
        except (OSError, ValueError) as fault:
            raise click.ClickException(f"the manifest of the state folder: {fault}") from None
    from feeds.base.http import HttpError
    from feeds.importing.archives import MOST_BYTES
    from feeds.importing.fetcher import Fetcher
    from feeds.importing.old_feed import FeedError
    from feeds.importing.old_xml import read_feed
    from feeds.importing.wxr import is_export, read_export

    try:
        if other.startswith(("https://", "http://")):
            data = Fetcher(allow_local=True).get(other, max_bytes=MOST_BYTES).data
        else:
            path = Path(other)
            data = (path / "manifest.json" if path.is_dir() else path).read_bytes()
        if data.lstrip().startswith(b"{") and b"jsonfeed.org/version" not in data:
            return Manifest.from_json(data)
        if is_export(data):
            return read_export(data, zone)
        return read_feed(data, other)
    except (OSError, ValueError, HttpError, FeedError) as fault:
        raise click.ClickException(
            f"{other}: {fault} (expected a manifest.json or a feed, or the address of one)"
        ) from None


def _diff_with_feed(catalog: Catalog, old: OldFeed, other: str, name: str | None, max_new: int, form: str) -> NoReturn:
    """Print what a subscriber of another system's feed would see of ours in its place, and end."""
    from feeds.importing import comparison

    table = FeedTable(catalog)
    try:
        topic = comparison.topic_of(table, name, other)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    found = comparison.compare(table, topic, old)
    if form == "json":
        click.echo(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=1))
    else:
        click.echo(f"Compared with {table.address(topic)}, of {counted(found.entries, 'entry', 'entries')}:")
        for label, colour, entries in (("new", "green", found.new), ("gone", "red", found.gone)):
            for id, title in entries.items():
                click.echo(f"{click.style(f'{label:<8}', fg=colour)} {printable(f'{title}  ({id})')}")
        for there, here in found.retitled.items():
            click.echo(f"{click.style('title   ', fg='yellow')} {printable(there)} → {here}")
        for old_path, new_path in found.unredirected.items():
            label = click.style("moved   ", fg="red")
            click.echo(f"{label} site.yaml wants the redirect  {old_path}: {new_path}")
        if found.fitting is not None:
            wanted = f"entries: {found.fitting} in site.yaml keeps it out"
            click.echo(f"What is new is older than all that the other feed has: {wanted}")
        counts = f"{len(found.new)} new, {len(found.retitled)} with another title, {len(found.gone)} gone"
        click.echo(f"{counts}, {len(found.unredirected)} moved")
    sys.exit(1 if len(found.new) > max_new else 0)


def _print_difference(found: Difference, now: Manifest, site: Site) -> None:
    groups = (("new", "green", found.new), ("edited", "yellow", found.edited), ("gone", "red", found.gone))
    for name, colour, entries in groups:
        for id, entry in entries.items():
            late = (
                ", dated before the newest that was served: what goes by dates skips it"
                if id in found.backdated
                else ""
            )
            label = click.style(f"{name:<8}", fg=colour)
            day = entry.published.astimezone(site.timezone)
            click.echo(f"{label} {day:%Y-%m-%d}  {entry.slug}  {entry.title}{late}")
    for old, id in found.renamed.items():
        label, line = click.style("renamed ", fg="red"), json.dumps(old.removeprefix(site.tag("")), ensure_ascii=False)
        click.echo(f"{label} {id} says what {old} said: readers show it again; its file wants the line  id: {line}")
    for id, (before, after) in found.moved.items():
        label, language = click.style("moved   ", fg="red"), now.entries[id].language
        line = f"{site.article_path(language, before)}: {site.article_path(language, after)}"
        click.echo(f"{label} {id} has another address: site.yaml wants the redirect  {line}")
    counts = f"{len(found.new)} new, {len(found.edited)} edited, {len(found.gone)} gone"
    click.echo(f"{counts}, {len(found.renamed)} renamed, {len(found.moved)} moved, {len(found.backdated)} backdated")
