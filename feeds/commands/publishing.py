"""`flask build`, `publish` and `ping`: the edition as files, as objects of a bucket, and the word to hubs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from flask.cli import with_appcontext

from feeds.base import log
from feeds.content.state import StateFolder
from feeds.delivery.export import Export
from feeds.edition.edition import Edition
from feeds.feed.manifest import Manifest
from feeds.model.site import Site
from feeds.server.publisher import Publisher
from feeds.server.web import current_publisher
from feeds.settings import Settings

from .context import counted, current_folder, site_or_exit

if TYPE_CHECKING:
    from feeds.delivery.bucket import Bucket
    from feeds.delivery.bucket import Report as BucketReport
    from feeds.delivery.websub import Told, Topics

KEEP_STEP = 1.0
"""Seconds after which `publish --watch` writes down what hubs were told."""

PING_STEP = 0.5
"""Seconds between two looks of `ping --watch` at what was published."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write into a folder that contains other files, which are not touched.")
@click.option("--no-compress", is_flag=True, help="Write no compressed copies.")
@with_appcontext
def build(folder: Path, force: bool, no_compress: bool) -> None:
    """Write all that can be fetched into FOLDER, for any web server: the root of the host.

    Only what changed is written, and only what an earlier build wrote is removed. Exit status 2 if site.yaml cannot be
    used, 1 if the folder cannot.
    """
    from feeds.delivery.folder import BuildFolder, FolderError

    site, app = _site_with_articles(), current_publisher()
    try:
        with click.progressbar(length=1, label="Building", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

            def progress(left: int) -> None:
                bar.length = max(bar.length or 1, bar.pos + left + 1)
                bar.update(1)

            report = BuildFolder(folder).build(
                _export, site, force=force, with_copies=not no_compress, progress=progress
            )
    except FolderError as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or folder}: {fault.strerror}") from None
    if app.state:
        from feeds.delivery.websub import topics_of

        app.state.write_built((report.site.hubs, topics_of(report.site, report.manifest)))
    counts = f"{len(report.written):,} written, {report.removed:,} removed, {report.unchanged:,} as they were"
    click.echo(f"{counts} in {folder}{'; nginx has to be reloaded' if report.tells_nginx else ''}")


def _site_with_articles() -> Site:
    """Read the site; end with 2 where it cannot be used, or where the articles are away: all would be removed."""
    content = current_folder()
    site = site_or_exit(content, 2)
    if not (content.root / "articles").is_dir():
        click.echo(f"{content.root}/articles: the folder is missing (create it, even if it stays empty)", err=True)
        sys.exit(2)
    return site


def _export(known: Manifest | None) -> Export:
    """Make the files of now, with all pictures, after what was published before; it is remembered as served."""
    app = current_publisher()
    return _export_of(Publisher(app.content, app.clock, state=app.state, pictures=app.pictures), known)


def _plan(known: Manifest | None) -> Export:
    """Make the files of now, and remember nothing."""
    app, content = current_publisher(), current_folder()
    kept = app.state.read_manifest() if app.state else None
    latest = max(filter(None, (known, kept)), key=lambda each: each.content.modified, default=None)
    return _export_of(Publisher(content, app.clock, pictures=app.pictures), latest)


def _export_of(publisher: Publisher, known: Manifest | None) -> Export:
    publisher.remember(known)
    publisher.start()
    assert publisher.edition, "the site was read just now"
    return Export(publisher.edition, publisher.content.media, publisher.pictures)


@click.command()
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="Print what would be sent and removed, and do neither.")
@click.option("--watch", is_flag=True, help="Go on: publish each change, and what the time brings.")
@click.option("--force", is_flag=True, help="Write among other objects, which are not overwritten.")
@click.option("--gzip", is_flag=True, help="Send texts compressed: for buckets that unpack them where it is wanted.")
@with_appcontext
def publish(url: str, dry_run: bool, watch: bool, force: bool, gzip: bool) -> None:
    """Send all that can be fetched to the bucket URL (s3://…, gs://…, az://…), and then tell hubs.

    Only what changed is sent. What opens the bucket comes from the environment, as AWS_ACCESS_KEY_ID does. Exit status
    2 if site.yaml cannot be used, 1 if the bucket cannot, or a hub could not be told.
    """
    from feeds.delivery.bucket import Bucket, BucketError
    from feeds.delivery.websub import topics_of

    site = _site_with_articles()
    try:
        bucket = Bucket(url, with_gzip=gzip)
        if watch:
            _publish_for_ever(bucket, site, force)
        if dry_run:
            report = bucket.compare(_plan, site)
            click.echo("".join(f"send    {key}\n" for key in report.sent), nl=False)
            click.echo("".join(f"remove  {key}\n" for key in report.removed), nl=False)
        else:
            report = bucket.publish(_export, site, force=force)
        click.echo(_published(report, url, dry_run))
        topics = topics_of(site, report.manifest)
        is_told = dry_run or not site.hubs or _tell_hubs(site.hubs, topics, bucket.told(), bucket.keep_told)
    except BucketError as fault:
        raise click.ClickException(str(fault)) from None
    sys.exit(0 if is_told else 1)


def _published(report: BucketReport, url: str, is_planned: bool = False) -> str:
    be = "would be " if is_planned else ""
    counts = f"{len(report.sent):,} {be}sent, {len(report.removed):,} {be}removed"
    return f"{counts}, {report.unchanged:,} as they were in {url}"


def _publish_for_ever(bucket: Bucket, site: Site, force: bool) -> NoReturn:
    """Publish each edition as it comes, and have hubs told; what fails is tried again, after ever longer times."""
    from feeds.delivery.announcer import Announcer
    from feeds.delivery.bucket import BucketError
    from feeds.delivery.websub import LONGEST, topics_of

    log.set_up(Settings.of(os.environ).log)
    publisher = current_publisher()
    publisher.remember(bucket.manifest(site))
    publisher.start()
    publisher.watch()
    unkept: list[Told] = []  # hubs are told by other threads; this one alone writes to the bucket
    announcer = Announcer(bucket.told(), unkept.append)
    edition: Edition | None = None
    failures = 0

    def make(known: Manifest | None) -> Export:
        """Give the files of the newest edition; where something later was published elsewhere, its dates are after."""
        newest = publisher.edition
        assert newest, "there is one"
        media, pictures = publisher.content.media, publisher.pictures
        if known and known.content.modified > newest.modified:
            newest = Edition(newest.catalog, media, known, None, pictures.pictures)
        return Export(newest, media, pictures)

    while True:
        newest = publisher.wait(edition, min(2.0 ** (failures - 1), LONGEST) if failures else KEEP_STEP)
        try:
            if newest and (newest is not edition or failures):
                edition = newest
                report = bucket.publish(make, edition.site, force=force)
                if report.sent or report.removed:
                    counts = {"sent": len(report.sent), "removed": len(report.removed)}
                    log.tell("publish", bucket=bucket.url, **counts, unchanged=report.unchanged)
                announcer.update(edition.site.hubs, topics_of(edition.site, report.manifest))
            while unkept:  # more may come meanwhile
                kept = unkept[-1]
                bucket.keep_told(kept)
                del unkept[: unkept.index(kept) + 1]
            failures = 0
        except BucketError as fault:
            failures += 1
            click.echo(f"{fault}; it is tried again", err=True)


@click.command()
@click.option("--watch", is_flag=True, help="Go on: tell hubs of each change, and what they missed.")
@with_appcontext
def ping(watch: bool) -> None:
    """Tell the hubs of site.yaml what was built since they were told last.

    To be run once the new files are where readers fetch them. `flask serve` and `flask publish` do it by themselves.
    Exit status 1 if a hub could not be told: the next time, it is told of all that it missed.
    """
    from feeds.delivery.announcer import Workers

    state = current_publisher().state
    assert state, "commands have one"
    workers = click.get_current_context().with_resource(closing(Workers(state.root)))
    if not workers.is_announcer():
        raise click.ClickException(f"another process announces what is in {state.root} (run only one)")
    if watch:
        _ping_for_ever(state)
    built = state.read_built()
    if built is None:
        raise click.ClickException(f"nothing was built yet with the state folder {state.root} (run flask build first)")
    if not built[0]:
        raise click.ClickException("what was built names no hubs (add hubs: [https://…] to site.yaml, and build again)")
    if not _tell_hubs(*built, state.read_told(), state.write_told):
        sys.exit(1)


def _ping_for_ever(state: StateFolder) -> NoReturn:
    """Tell hubs of whatever is built, until the process is ended."""
    from feeds.delivery.announcer import Announcer

    announcer = Announcer(state.read_told(), state.write_told)
    while True:
        if built := state.read_built():
            announcer.update(*built)
        time.sleep(PING_STEP)


def _tell_hubs(hubs: tuple[str, ...], topics: Topics, told: Told, keep: Callable[[Told], None]) -> bool:
    """Tell hubs once, and print what came of it; tell whether all could be told."""
    from feeds.delivery.websub import announce, await_live, pending

    waiting = {hub: pending(told.get(hub, {}), topics) for hub in hubs}
    await_live(topics, dict.fromkeys(chain(*waiting.values())))
    told, faults = announce(told, hubs, topics, keep)
    for hub, names in waiting.items():
        outcome = f"told of {counted(len(names), 'feed')}" if names else "nothing new"
        if hub in faults:
            outcome = f"{faults[hub]}; it is told the next time"
        click.echo(f"{hub}: {outcome}", err=hub in faults)
    return not faults
