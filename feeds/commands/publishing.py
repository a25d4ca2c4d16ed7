"""`flask build`, `publish` and `ping`: the edition as files, as objects of a bucket, and the word to hubs."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from flask.cli import with_appcontext

from feeds.edition import Edition
from feeds.export import Export
from feeds.manifest import Manifest
from feeds.publisher import Publisher
from feeds.site import Site
from feeds.state import StateFolder

from .context import counted, current_folder, current_publisher, site_or_exit

if TYPE_CHECKING:
    from feeds.bucket import Bucket
    from feeds.bucket import Report as BucketReport
    from feeds.websub import Told

PING_STEP = 0.2
"""Seconds between two looks of `ping --watch` at what was published."""


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
    from feeds.folder import BuildFolder, FolderError

    site = site_or_exit(current_folder(), 2)
    target = BuildFolder(folder)
    publisher, edition = _whole_edition(target.manifest(site))
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
    app = current_publisher()
    publisher = Publisher(app.content, app.clock, state=app.state, pictures=app.pictures)
    publisher.remember(known)
    publisher.start()
    assert publisher.edition, "the site was read just now"
    return publisher, publisher.edition


@click.command()
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="Print what would be sent and removed, and do neither.")
@click.option("--watch", is_flag=True, help="Go on: publish each change, and what the time brings.")
@click.option("--among-others", is_flag=True, help="Go on among objects that no publish sent; none is overwritten.")
@click.option("--gzip", is_flag=True, help="Send texts compressed: for buckets that unpack them where it is wanted.")
@with_appcontext
def publish(url: str, dry_run: bool, watch: bool, among_others: bool, gzip: bool) -> None:
    """Send all that can be fetched to the bucket URL (s3://…, gs://…, az://…), and then tell hubs.

    Only what changed is sent. What opens the bucket comes from the environment, as AWS_ACCESS_KEY_ID does. Exit status
    2 if site.yaml cannot be used, 1 if the bucket cannot, or a hub could not be told.
    """
    from feeds.bucket import Bucket, BucketError

    site, app = site_or_exit(current_folder(), 2), current_publisher()
    try:
        bucket = Bucket(url, with_gzip=gzip)
        known = bucket.manifest(site)
        if watch:
            app.remember(known)
            _publish_for_ever(bucket, app, among_others)
        make = partial(_export, *_whole_edition(known))
        if dry_run:
            report = bucket.compare(make, site)
            click.echo("".join(f"send    {key}\n" for key in report.sent), nl=False)
            click.echo("".join(f"remove  {key}\n" for key in report.removed), nl=False)
        else:
            report = bucket.publish(make, site, among_others=among_others)
    except BucketError as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(_published(report, url))
    if not dry_run and site.hubs and _tell_hubs(site, report.manifest, bucket.told(), bucket.keep_told):
        sys.exit(1)


def _published(report: BucketReport, url: str) -> str:
    return f"{len(report.sent):,} sent, {len(report.removed):,} removed, {report.unchanged:,} as they were in {url}"


def _export(publisher: Publisher, edition: Edition, known: Manifest | None) -> Export:
    """Give the files of an edition; where something later was published elsewhere, its dates are after that."""
    media, pictures = publisher.content.media, publisher.pictures
    if known and known.content.modified > edition.modified:
        edition = Edition(edition.catalog, media, known, None, pictures.pictures)
    return Export(edition, media, pictures)


def _publish_for_ever(bucket: Bucket, publisher: Publisher, among_others: bool) -> NoReturn:
    """Publish each edition as it comes; what fails is tried again, after ever longer times."""
    from feeds.bucket import BucketError
    from feeds.websub import LONGEST

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    publisher.start()
    publisher.watch()
    edition: Edition | None = None
    failures, wait = 0, None
    while True:
        edition = publisher.wait(edition, wait)
        if edition is None:
            continue
        has_failed = False
        try:
            report = bucket.publish(partial(_export, publisher, edition), edition.site, among_others=among_others)
            if report.sent or report.removed:
                click.echo(_published(report, bucket.url))
            if edition.site.hubs:
                has_failed = _tell_hubs(edition.site, report.manifest, bucket.told(), bucket.keep_told)
        except BucketError as fault:
            has_failed = True
            click.echo(f"{fault}; it is tried again", err=True)
        failures = failures + 1 if has_failed else 0
        wait = min(2.0 ** (failures - 1), LONGEST) if has_failed else None


@click.command()
@click.option("--watch", is_flag=True, help="Go on: tell hubs of each change, and what they missed.")
@with_appcontext
def ping(watch: bool) -> None:
    """Tell the hubs of site.yaml what was built or served since they were told last.

    To be run once the new files are where readers fetch them. `flask serve` and `flask publish` do it by themselves.
    Exit status 1 if a hub could not be told: the next time, it is told of all that it missed.
    """
    from feeds.announcing import Workers

    publisher, site = current_publisher(), site_or_exit(current_folder(), 2)
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
    from feeds.websub import Announcer, topics_of

    announcer, known = Announcer(state.read_told(), state.write_told), None
    while True:
        manifest = state.read_manifest()
        site = current_folder().load_site()[0] if manifest and manifest is not known else None
        if manifest and site:
            announcer.update(site.hubs, topics_of(site, manifest))
            known = manifest
        time.sleep(PING_STEP)


def _tell_hubs(site: Site, manifest: Manifest, told: Told, keep: Callable[[Told], None]) -> bool:
    """Tell hubs once, and print what came of it; tell whether one could not be told."""
    from feeds.websub import announce, await_live, pending, topics_of

    topics = topics_of(site, manifest)
    waiting = {hub: pending(told.get(hub, {}), topics) for hub in site.hubs}
    await_live(topics, dict.fromkeys(chain(*waiting.values())))
    told, faults = announce(told, site.hubs, topics)
    keep(told)
    for hub, names in waiting.items():
        result = (
            f"{faults[hub]}; it is told the next time" if hub in faults else f"told of {counted(len(names), 'topic')}"
        )
        click.echo(f"{hub}: {result}", err=hub in faults)
    return bool(faults)
