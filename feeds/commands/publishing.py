"""`feeds build`, `publish` and `ping`: write an edition to files or a bucket, and notify hubs."""

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
from feeds.content.folder import ContentFolder
from feeds.content.state import StateFolder
from feeds.delivery.export import EXPORT_CACHED_ENTRIES, Export
from feeds.delivery.static_search import search_kind
from feeds.edition.edition import Edition
from feeds.feed.manifest import Manifest
from feeds.model.site import Site
from feeds.server.publisher import SETTLE_SECONDS, Publisher
from feeds.server.web import current_publisher
from feeds.settings import Settings

from .context import current_folder, file_errors, pluralize, site_or_exit

if TYPE_CHECKING:
    from feeds.delivery.bucket import Bucket
    from feeds.delivery.bucket import PublishReport as BucketReport
    from feeds.delivery.websub import NotifiedTopics, Topics

SAVE_SECONDS = 1.0
"""Seconds after which `publish --watch` saves what hubs were notified of."""

MAX_UPLOAD_WAIT_SECONDS = 10.0
"""Seconds that a build waits for media files that are being written; after that, their articles stay as they were."""

PING_POLL_SECONDS = 0.5
"""Seconds between two polls of `ping --watch` for a new build."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write into a folder that contains other files, which are not touched.")
@click.option("--no-compress", is_flag=True, help="Write no compressed copies.")
@with_appcontext
def build(folder: Path, force: bool, no_compress: bool) -> None:
    """Write the site as files into FOLDER.

    The folder is the document root for nginx or a static file host. Only changed files are written, and
    only files of an earlier build are removed. The exit status is 2 if site.yaml cannot be used, and 1 if
    the folder cannot be used.
    """
    from feeds.delivery.folder import BuildFolder, FolderError

    site, publisher = _site_with_articles(), current_publisher()
    try:
        start = time.monotonic()

        def show_rate(done: int | None) -> str:
            return f"{(done or 0) / max(time.monotonic() - start, 0.1):,.0f} files/s"

        with click.progressbar(
            length=1, label="Building", file=sys.stderr, hidden=not sys.stderr.isatty(), item_show_func=show_rate
        ) as bar:

            def progress(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos, done)

            report = BuildFolder(folder).build(
                _export, site, force=force, with_copies=not no_compress, progress=progress
            )
    except FolderError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise click.ClickException(
            "interrupted; run the command again to resume (the next build keeps what was written)"
        ) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder}: {error.strerror}") from None
    if publisher.state:
        from feeds.delivery.websub import topics_of

        publisher.state.write_built_topics((report.site.hubs, topics_of(report.site, report.manifest)))
    counts = f"{len(report.written):,} written, {report.removed:,} removed, {report.unchanged:,} as they were"
    click.echo(f"{counts} in {folder}{'; nginx has to be reloaded' if report.needs_nginx_reload else ''}")


def _site_with_articles() -> Site:
    """Return the site. Exits with 2 if it or the articles folder cannot be used: a build would remove everything."""
    content = current_folder()
    site = site_or_exit(content, 2)
    if not (content.root / "articles").is_dir():
        click.echo(f"{content.root}/articles: the folder is missing (create it, even if it stays empty)", err=True)
        sys.exit(2)
    return site


def _export(published_manifest: Manifest | None) -> Export:
    """Return the current files with all pictures, dated after those published before. Saves them as served."""
    publisher = current_publisher()
    return _export_of(publisher.content, publisher.state, published_manifest)


def _plan(published_manifest: Manifest | None) -> Export:
    """Return the current files, without saving anything."""
    publisher = current_publisher()
    saved_manifest = publisher.state.read_manifest() if publisher.state else None
    latest = max(
        filter(None, (published_manifest, saved_manifest)), key=lambda each: each.content.modified, default=None
    )
    return _export_of(current_folder(), None, latest)


def _export_of(content: ContentFolder, state: StateFolder | None, published_manifest: Manifest | None) -> Export:
    served = current_publisher()
    publisher = Publisher(
        content,
        served.clock,
        state=state,
        pictures=served.pictures,
        cached_entries=EXPORT_CACHED_ENTRIES,
        search=search_kind(),
    )
    publisher.continue_from(published_manifest)
    publisher.start()
    deadline = time.monotonic() + MAX_UPLOAD_WAIT_SECONDS
    while publisher.loaded_content.is_settling and time.monotonic() < deadline:
        time.sleep(SETTLE_SECONDS)
        publisher.refresh(publisher.clock(), ())
    assert publisher.edition, "the site was read just now"
    return Export(publisher.edition, publisher.content.media, publisher.pictures)


@click.command()
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="Print what would be sent and removed, and do neither.")
@click.option("--watch", is_flag=True, help="Keep running: publish each change, including scheduled ones.")
@click.option("--force", is_flag=True, help="Publish into a bucket with other objects, which are not overwritten.")
@click.option("--gzip", is_flag=True, help="Send text compressed, for buckets that can decompress it for clients.")
@with_appcontext
def publish(url: str, dry_run: bool, watch: bool, force: bool, gzip: bool) -> None:
    """Send the site to a bucket, and notify hubs.

    URL is the URL of the bucket: s3://…, gs://… or az://…. Only changed files are sent. Credentials come
    from environment variables such as AWS_ACCESS_KEY_ID. The exit status is 2 if site.yaml cannot be
    used, and 1 if the bucket cannot be used or a hub could not be notified.
    """
    from feeds.delivery.bucket import Bucket, BucketError
    from feeds.delivery.websub import topics_of

    site = _site_with_articles()
    try:
        bucket = Bucket(url, with_gzip=gzip)
        if watch:
            _publish_forever(bucket, site, force)
        if dry_run:
            report = bucket.compare(_plan, site)
            click.echo("".join(f"send    {key}\n" for key in report.sent), nl=False)
            click.echo("".join(f"remove  {key}\n" for key in report.removed), nl=False)
        else:
            report = bucket.publish(_export, site, force=force)
        click.echo(_publish_summary(report, url, dry_run))
        topics = topics_of(site, report.manifest)
        is_notified = (
            dry_run
            or not site.hubs
            or _notify_hubs(site.hubs, topics, bucket.notified_topics(), bucket.write_notified_topics)
        )
    except BucketError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(0 if is_notified else 1)


def _publish_summary(report: BucketReport, url: str, is_planned: bool = False) -> str:
    auxiliary = "would be " if is_planned else ""
    counts = f"{len(report.sent):,} {auxiliary}sent, {len(report.removed):,} {auxiliary}removed"
    return f"{counts}, {report.unchanged:,} as they were in {url}"


def _publish_forever(bucket: Bucket, site: Site, force: bool) -> NoReturn:
    """Publish each new edition and notify hubs. Failures are retried with increasing delays."""
    from feeds.delivery.announcer import MAX_RETRY_SECONDS, Announcer
    from feeds.delivery.bucket import BucketError
    from feeds.delivery.websub import topics_of

    log.configure(Settings.from_environ(os.environ).log)
    publisher = current_publisher()
    publisher.search = search_kind()
    publisher.continue_from(bucket.manifest(site))
    publisher.start()
    publisher.watch()
    unsaved: list[NotifiedTopics] = []  # other threads notify hubs; only this one writes to the bucket
    announcer = Announcer(bucket.notified_topics(), unsaved.append)
    edition: Edition | None = None
    failures = 0

    def make(published_manifest: Manifest | None) -> Export:
        """Return the files of the newest edition, dated after anything that was published elsewhere since."""
        newest = publisher.edition
        assert newest, "there is one"
        media, pictures = publisher.content.media, publisher.pictures
        if published_manifest and published_manifest.content.modified > newest.modified:
            newest = Edition(
                newest.catalog,
                media,
                published_manifest,
                None,
                pictures.pictures,
                cached_entries=EXPORT_CACHED_ENTRIES,
                search=publisher.search,
            )
        return Export(newest, media, pictures)

    while True:
        newest = publisher.wait(edition, min(2.0 ** (failures - 1), MAX_RETRY_SECONDS) if failures else SAVE_SECONDS)
        try:
            if newest and (newest is not edition or failures):
                edition = newest
                report = bucket.publish(make, edition.site, force=force)
                if report.sent or report.removed:
                    counts = {"sent": len(report.sent), "removed": len(report.removed)}
                    log.log_event("publish", bucket=bucket.url, **counts, unchanged=report.unchanged)
                announcer.update(edition.site.hubs, topics_of(edition.site, report.manifest))
            while unsaved:  # other threads may append meanwhile
                latest = unsaved[-1]
                bucket.write_notified_topics(latest)
                del unsaved[: unsaved.index(latest) + 1]
            failures = 0
        except BucketError as error:
            failures += 1
            click.echo(f"{error}; retrying", err=True)


@click.command()
@click.option("--watch", is_flag=True, help="Keep running: notify hubs of each build, and of what they missed.")
@with_appcontext
def ping(watch: bool) -> None:
    """Notify hubs of the last build.

    The hubs of site.yaml are notified of each feed that changed since they were last notified. Run this
    command once the new files are online. `feeds serve` and `feeds publish` notify hubs themselves. The
    exit status is 1 if a hub could not be notified. The next run notifies it of everything that it
    missed.
    """
    from feeds.delivery.announcer import Workers

    state = current_publisher().state
    assert state, "commands have one"
    workers = click.get_current_context().with_resource(closing(Workers(state.root)))
    with file_errors(state.root):
        is_announcer = workers.is_announcer()
    if not is_announcer:
        raise click.ClickException(f"another process announces what is in {state.root} (run only one)")
    if watch:
        _ping_forever(state)
    built = state.read_built_topics()
    if built is None:
        raise click.ClickException(f"nothing was built yet with the state folder {state.root} (run feeds build first)")
    if not built[0]:
        raise click.ClickException("what was built names no hubs (add hubs: [https://…] to site.yaml, and build again)")
    if not _notify_hubs(*built, state.read_notified_topics(), state.write_notified_topics):
        sys.exit(1)


def _ping_forever(state: StateFolder) -> NoReturn:
    """Notify hubs of every build, until the process is ended."""
    from feeds.delivery.announcer import Announcer

    announcer = Announcer(state.read_notified_topics(), state.write_notified_topics)
    while True:
        if built := state.read_built_topics():
            announcer.update(*built)
        time.sleep(PING_POLL_SECONDS)


def _notify_hubs(
    hubs: tuple[str, ...], topics: Topics, notified: NotifiedTopics, save: Callable[[NotifiedTopics], None]
) -> bool:
    """Notify hubs once, print the outcomes, and return whether all could be notified."""
    from feeds.delivery.websub import notify_hubs, pending, wait_until_live

    pending_topics = {hub: pending(notified.get(hub, {}), topics) for hub in hubs}
    wait_until_live(topics, dict.fromkeys(chain(*pending_topics.values())))
    notified, errors = notify_hubs(notified, hubs, topics, save)
    for hub, names in pending_topics.items():
        outcome = f"notified of {pluralize(len(names), 'feed')}" if names else "nothing new"
        if hub in errors:
            outcome = f"{errors[hub]}; it is notified next time"
        click.echo(f"{hub}: {outcome}", err=hub in errors)
    return not errors
