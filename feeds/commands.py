"""The `flask` commands: they ask the other parts, and print what comes of it."""

from __future__ import annotations

import errno
import gc
import json
import logging
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast
from urllib.request import urlopen
from wsgiref.types import WSGIApplication

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo, run_command, with_appcontext

from .articlefile import ENDING
from .catalog import Catalog
from .checks import PLACEHOLDER
from .content import ContentFolder
from .edition import Edition
from .export import Export
from .manifest import Difference, Manifest, difference
from .model import title as read_title
from .pictures import PictureStore
from .publisher import Publisher
from .schema import article_schema, site_schema
from .site import Site
from .sitekeys import slug
from .state import StateFolder
from .yamlfile import FORBIDDEN, Problem, name_character

if TYPE_CHECKING:
    from .websub import Told

SCHEMAS = ("article", "site")

PING_STEP = 0.2
"""Seconds between two looks of `ping --watch` at what was published."""


def add_commands(app: Flask) -> None:
    """Make the commands known to `flask`."""
    for command in (serve, build, ping, check, diff, new, schema):
        app.cli.add_command(command)


def is_development() -> bool:
    """Tell whether this process is `flask run`: what is not live yet may be seen there."""
    context = click.get_current_context(silent=True)
    return context is not None and context.command is run_command


def _publisher() -> Publisher:
    return cast(Publisher, current_app.extensions["feeds"])


def _folder() -> ContentFolder:
    """Give the content as it is, without what is remembered of it: commands leave no trace in the state folder."""
    content = _publisher().content
    return ContentFolder(content.root, content.url)


def _site_or_exit(content: ContentFolder, status: int) -> Site:
    """Read the site, or print what is wrong with it and end with `status`."""
    site, problems = content.load_site()
    if site is None:
        for problem in sorted(problems):
            _print_problem(problem, err=True)
        sys.exit(status)
    return site


def _print_problem(problem: Problem, *, err: bool = False) -> None:
    where, what = str(problem).split(": ", 1)
    colour = "red" if problem.severity == "error" else "yellow"
    click.echo(f"{click.style(where, bold=True)}: {click.style(what, fg=colour)}", err=err)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of processes.")
@with_appcontext
def serve(host: str, port: int, workers: int) -> None:
    """Serve with the production server, until a SIGTERM or Ctrl+C; answers under way are finished,
    within 30 seconds.

    A site.yaml that cannot be used is told before any process starts, with exit status 2.
    """
    site = _site_or_exit(_folder(), 2)
    _refuse_taken_port(host, port)

    from .server import Server

    server = Server(host=host, port=port, workers=workers)
    click.echo(f"Serving {site.absolute('/')} on {host} port {port}. Ctrl+C ends it.")
    info = click.get_current_context().ensure_object(ScriptInfo)
    server.run(partial(load_worker, info.app_import_path))


def load_worker(app_import_path: str | None) -> WSGIApplication:
    """Make the application of one process, with its first edition ready."""
    from . import announcing

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    app = ScriptInfo(app_import_path=app_import_path).load_app()
    publisher: Publisher = app.extensions["feeds"]
    publisher.start()
    gc.collect()
    gc.freeze()  # what has been read is not looked through at every change
    publisher.watch()
    announcing.start(publisher)
    return cast(WSGIApplication, app.wsgi_app)


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            found = "is taken" if fault.errno == errno.EADDRINUSE else f"cannot be used: {fault.strerror}"
            raise click.ClickException(f"{host} port {port} {found} (want another: --port, --host)") from None


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--among-others", is_flag=True, help="Go on among files that no build wrote; none of them is touched.")
@click.option("--no-copies", is_flag=True, help="Leave out the compressed copies.")
@with_appcontext
def build(folder: Path, among_others: bool, no_copies: bool) -> None:
    """Write all that can be fetched into FOLDER, for any web server: the root of the host.

    Only what changed is written, and only what an earlier build wrote is removed. Exit status 2 if site.yaml cannot be
    used, 1 if the folder cannot.
    """
    from .folder import BuildFolder, FolderError

    _site_or_exit(_folder(), 2)
    target = BuildFolder(folder)
    publisher, edition = _whole_edition(target.manifest())
    export = Export(edition, publisher.content.media, publisher.pictures)
    try:
        with click.progressbar(length=export.count(), label="Building", file=sys.stderr) as bar:
            report = target.build(
                export, among_others=among_others, with_copies=not no_copies, progress=lambda: bar.update(1)
            )
    except (FolderError, OSError) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{report.written:,} written, {report.removed:,} removed, {report.unchanged:,} as they were in {folder}")


def _whole_edition(known: Manifest | None) -> tuple[Publisher, Edition]:
    """Make the edition of now with all pictures, and remember it as served; `known` is what was published before."""
    app = _publisher()
    publisher = Publisher(app.content, app.clock, state=app.state, pictures=app.pictures, known=known)
    publisher.start()
    assert publisher.edition, "the site was read just now"
    return publisher, publisher.edition


@click.command()
@click.option("--watch", is_flag=True, help="Go on: tell hubs of each change, and what they missed.")
@with_appcontext
def ping(watch: bool) -> None:
    """Tell the hubs of site.yaml what was built or served since they were told last.

    To be run once the new files are where readers fetch them. `flask serve` and `flask publish` do it by themselves.
    Exit status 1 if a hub could not be told: the next time, it is told of all that it missed.
    """
    from .announcing import Workers

    publisher, site = _publisher(), _site_or_exit(_folder(), 2)
    state = publisher.state
    assert state, "commands have one"
    if not site.hubs:
        raise click.ClickException("site.yaml names no hubs (want hubs: [https://…])")
    workers = click.get_current_context().with_resource(closing(Workers(state.root)))
    if not workers.is_announcer():
        raise click.ClickException(f"another process tells hubs of what is in {state.root} (want one alone)")
    if watch:
        _ping_for_ever(state)
    manifest = state.read_manifest()
    if manifest is None:
        raise click.ClickException(f"{state.root} knows of nothing that was built or served yet")
    if _tell_hubs(site, manifest, state.read_told(), state.write_told):
        sys.exit(1)


def _ping_for_ever(state: StateFolder) -> NoReturn:
    """Tell hubs of whatever a build or a server writes down, until the process is ended."""
    from .websub import Announcer, topics_of

    announcer, known = Announcer(state.read_told(), state.write_told), None
    while True:
        manifest = state.read_manifest()
        site = _folder().load_site()[0] if manifest and manifest is not known else None
        if manifest and site:
            announcer.update(site.hubs, topics_of(site, manifest))
            known = manifest
        time.sleep(PING_STEP)


def _tell_hubs(site: Site, manifest: Manifest, told: Told, keep: Callable[[Told], None]) -> bool:
    """Tell hubs once, and print what came of it; tell whether one could not be told."""
    from .websub import announce, pending, topics_of

    topics = topics_of(site, manifest)
    news = {hub: len(pending(told.get(hub, {}), topics)) for hub in site.hubs}
    told, faults = announce(told, site.hubs, topics)
    keep(told)
    for hub, count in news.items():
        result = f"{faults[hub]}; it is told the next time" if hub in faults else f"told of {_count(count, 'topic')}"
        click.echo(f"{hub}: {result}", err=hub in faults)
    return bool(faults)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[FILE]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@click.option("--online", is_flag=True, help="Ask the addresses of attachments elsewhere for their type and length.")
@with_appcontext
def check(files: tuple[Path, ...], form: str, online: bool) -> None:
    """Print every problem of the content, or of the FILEs and folders; exit status 1 if one is an error."""
    publisher, content = _publisher(), _folder()
    found = content.load()
    problems = list(found.problems)
    if found.site:
        edition = Edition(Catalog.at(publisher.clock(), found.site, found.articles), content.media)
        problems += [
            Problem(str(content.site_file), 1, 1, "entries", message, "warning") for message in edition.large_feeds()
        ]
    problems += content.picture_problems(found, PictureStore(content.media, None).flaw)
    if online and found.site:
        from .online import compare

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
            _print_problem(problem)
        warnings = len(problems) - errors
        click.echo(f"{_count(errors, 'error')}, {_count(warnings, 'warning')} in {_count(count, 'file')}")
    sys.exit(1 if errors else 0)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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
    publisher, content = _publisher(), _folder()
    _site_or_exit(content, 2)
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


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="TITLE")
@with_appcontext
def new(words: tuple[str, ...]) -> None:
    """Write an article file with a permanent id and the moment, as a draft, and print its path."""
    publisher, content = _publisher(), _folder()
    site = _site_or_exit(content, 1)
    try:
        title = read_title(" ".join(words))
    except ValueError as fault:
        raise click.UsageError(f"the title: {fault}") from None
    if found := FORBIDDEN.search(title):
        raise click.UsageError(f"the title: {name_character(found[0])} (want it removed)")
    taken = {slug(path.stem) for path in content.article_files()}
    name = _free_name(slug(title) or "article", taken)
    folder = content.root / "articles"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{ENDING}"
    moment = publisher.clock().astimezone(site.timezone).strftime("%Y-%m-%dT%H:%M")
    categories = list(site.categories)
    text = f"""\
# yaml-language-server: $schema=../article.schema.json
id: "{secrets.token_hex(6)}"
title: {json.dumps(title, ensure_ascii=False)}
published: {moment}
categories: [{categories[0]}]  # {", ".join(categories)}
draft: true
summary:
body: |
  {PLACEHOLDER}
"""
    with path.open("x", encoding="utf-8") as file:  # x: never over a file that came to be in between
        file.write(text)
    click.echo(path)


def _free_name(name: str, taken: Iterable[str]) -> str:
    name, number, known = name[:80].rstrip("-"), 1, set(taken)
    while (free := name if number == 1 else f"{name}-{number}") in known:
        number += 1
    return free


@click.command()
@click.argument("kind", type=click.Choice(SCHEMAS), default="article")
@click.option("--write", is_flag=True, help="Write both beside site.yaml, where the article files look for theirs.")
@with_appcontext
def schema(kind: str, write: bool) -> None:
    """Print the JSON Schema of article or of site files, for editors."""
    content = _folder()
    schemas = {"article": article_schema(_site_or_exit(content, 1)), "site": site_schema()}
    texts = {name: json.dumps(found, ensure_ascii=False, indent=1) + "\n" for name, found in schemas.items()}
    if write:
        for name in SCHEMAS:
            path = content.root / f"{name}.schema.json"
            path.write_text(texts[name], encoding="utf-8")
            click.echo(path)
    else:
        click.echo(texts[kind], nl=False)
