"""`flask check` and `diff`: what is wrong with the content, and what subscribers would see of it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from urllib.request import urlopen

import click
from flask.cli import with_appcontext

from feeds.catalog import Catalog
from feeds.contentstate import ENDING
from feeds.edition import Edition
from feeds.manifest import Difference, Manifest, difference
from feeds.pictures import PictureStore
from feeds.publisher import Publisher
from feeds.site import Site
from feeds.web import current_publisher
from feeds.yamlfile import Problem

from .context import counted, current_folder, print_problem, site_or_exit


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
        from feeds.online import compare

        problems += compare(content.trees(found))
    problems.sort()
    count = found.files
    if files:
        known = [content.site_file, *content.article_files()]
        asked = set()
        for each in files:
            inside = {path for path in known if path.resolve().is_relative_to(each.resolve())}
            if not inside:
                raise click.UsageError(f"{each} is no file of {content.root}/ (want {content.root}/articles/…{ENDING})")
            asked |= inside
        problems = [problem for problem in problems if Path(problem.file) in asked]
        count = len(asked)
    errors = sum(problem.severity == "error" for problem in problems)
    if form == "json":
        click.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            print_problem(problem)
        warnings = len(problems) - errors
        click.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')} in {counted(count, 'file')}")
    sys.exit(1 if errors else 0)


@click.command()
@click.argument("other", required=False)
@click.option(
    "--most", default=10, show_default=True, type=click.IntRange(0), help="New entries that are not too many."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@with_appcontext
def diff(other: str | None, most: int, form: str) -> None:
    """Print what subscribers would see of the content that they did not see before.

    Before is what the state folder remembers, or the manifest OTHER: a file, a folder with a manifest.json, or an
    address. Exit status 1 if more entries would be new than --most: automations would post them all.
    """
    publisher, content = current_publisher(), current_folder()
    site_or_exit(content, 2)
    loaded = content.load()
    assert loaded.site, "it was read just now"
    now = Manifest().after(Catalog.at(publisher.clock(), loaded.site, loaded.articles))
    found = difference(_manifest(other, publisher), now)
    if form == "json":
        click.echo(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=1))
    else:
        _print_difference(found, now, loaded.site)
    sys.exit(1 if len(found.new) + len(found.renamed) > most else 0)


def _manifest(other: str | None, publisher: Publisher) -> Manifest:
    """Read a manifest from a file, a folder or an address; none of our own yet is an empty one."""
    try:
        if other is None:
            return (publisher.state and publisher.state.read_manifest()) or Manifest()
        if other.startswith(("https://", "http://")):
            with urlopen(other, timeout=20) as answer:
                return Manifest.from_json(answer.read())
        path = Path(other)
        return Manifest.from_json((path / "manifest.json" if path.is_dir() else path).read_bytes())
    except (OSError, ValueError) as fault:
        raise click.ClickException(f"{other}: {fault} (want a manifest.json, or the address of one)") from None


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
