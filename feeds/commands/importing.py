"""`feeds import`: imports articles from another system's feed, export or folder."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from feeds.base.atomic import atomic_write
from feeds.base.http import HttpError
from feeds.base.text import printable
from feeds.content.folder import ContentFolder
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import Catalog
from feeds.importing import report_page
from feeds.importing.categories import FALLBACK_NAME, Categories, MappingError
from feeds.importing.comparison import compare
from feeds.importing.fetcher import Fetcher
from feeds.importing.importer import Importer, PlannedArticle
from feeds.importing.media_importer import MediaImporter
from feeds.importing.old_feed import FeedError, OldFeed
from feeds.importing.report import ImportReport, as_table, reported_entries
from feeds.importing.site_redirects import SiteFile, SiteFileError
from feeds.importing.sources import SourceReader
from feeds.model.site import Site
from feeds.server.web import current_publisher

from .comparing import print_comparison
from .context import current_folder, current_language, file_errors, pluralize, site_or_exit

MAX_LISTED_NAMES = 40
"""Maximum number of category names that are listed; there may be thousands of tags."""

MAX_EXAMPLES = 10
"""Maximum number of examples that are printed."""


@click.command("import")
@click.argument("source_name", metavar="SOURCE")
@click.option("--map", "mapping", multiple=True, metavar="NAME=CATEGORY", help="What a name becomes: see above.")
@click.option("--old-feed", metavar="FEED", help="Feed of the old site, if SOURCE is an export or a folder.")
@click.option("--type", "types", multiple=True, help="WordPress post type that is imported too, such as event.")
@click.option("--url", "home", help="Address of the old site, if SOURCE does not contain it.")
@click.option("--language", help="Language of the entries, if not the one that the feed states.")
@click.option("--feed", "name", default="all", show_default=True, help="Feed of this site that replaces the old one.")
@click.option("--dry-run", is_flag=True, help="Write nothing, fetch only feeds, and print what would be done.")
@click.option("--no-pictures", is_flag=True, help="Leave pictures where they are.")
@click.option("--no-archives", is_flag=True, help="Do not follow the archives of the feed.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write the report to this HTML file."
)
@click.option("--allow-local", is_flag=True, help="Fetch from the local network too.")
@with_appcontext
def import_(
    source_name: str,
    old_feed: str | None,
    mapping: tuple[str, ...],
    types: tuple[str, ...],
    home: str | None,
    language: str | None,
    name: str,
    dry_run: bool,
    no_pictures: bool,
    no_archives: bool,
    html: Path | None,
    allow_local: bool,
) -> None:
    """Import the articles of another system.

    SOURCE is the URL or file of an RSS, Atom or JSON feed, an export of WordPress, Blogger or Ghost, or the folder
    of a static site generator (Hugo, Jekyll, Eleventy, Astro, Pelican, Zola, Hexo, Nikola) or of another Feeds site.

    Ids are kept byte for byte, so that no feed reader treats an entry as new. The folder of a generator does not
    contain them: name its feed with --old-feed. Existing files are not changed, except that redirects are added to
    site.yaml. A second run adds only new entries.

    --map "Name=research" puts entries filed under "Name" into a category, "Name=research,funding"
    into two, "Name=" drops the name, and "*=research" is for entries without any other category.
    Names that are not mapped become tags.
    """
    content = current_folder()
    site = site_or_exit(content, 1)
    if language and language not in site.languages:
        raise click.UsageError(
            f"--language {language} is not a language in site.yaml (expected {', '.join(site.languages)})"
        )
    if name not in ("all", *site.categories):
        raise click.UsageError(f"--feed {name} is not a feed of this site (expected all, {', '.join(site.categories)})")
    if html and not html.parent.is_dir():
        raise click.UsageError(f"--html {html}: there is no folder {html.parent} (create it first)")
    fetcher = Fetcher(allow_local=allow_local)
    reader = SourceReader(
        site,
        fetcher,
        home=home,
        types=types,
        reads_archives=not no_archives,
        note=lambda words: click.echo(words, err=True),
    )
    try:
        source = reader.read(source_name, old_feed)
        old = source.feed
        names = [name for entry in old.entries for name in entry.categories]
        tags = [tag for entry in old.entries for tag in entry.tags]
        categories = Categories.of(names, site, mapping, tags=tags)
    except (HttpError, FeedError, MappingError) as error:
        raise click.ClickException(str(error)) from None
    media_importer = None if dry_run or no_pictures else MediaImporter(content.media, fetcher, source.files)
    now = current_publisher().clock()
    importer = Importer(
        content,
        site,
        old,
        categories,
        now=now,
        language=language,
        media_importer=media_importer,
    )
    title, system = old.title or source_name, importer.system.name if importer.system else ""
    made_by = f", made by {system}" if system else ""
    click.echo(f"{printable(title)}: {pluralize(len(old.entries), 'entry', 'entries')}{made_by}")
    _print_categories(categories)
    if categories.unknown:
        click.echo(f"No entry is filed under {', '.join(categories.unknown)}\n", err=True)
    plan = importer.plan()
    _require_categories(importer, plan, dry_run=dry_run)
    _write_articles(importer, plan, writes=not dry_run)
    redirects = importer.addresses.redirects(
        categories, importer.tags(plan), url=source.url, name=name, language=importer.language_of()
    )
    site_file = SiteFile(content, site, redirects)
    new_site = _add_redirects(content, site, site_file, writes=not dry_run)
    report = ImportReport(
        title=title,
        system=system,
        is_dry_run=dry_run,
        entries=reported_entries(plan, now),
        others=old.others,
        names={each: categories.mapping.get(each) for each in categories.counts},
        pictures=len(media_importer.new_files) if media_importer else 0,
        old_links=tuple(importer.addresses.old_host_links),
        redirects=site_file.redirects.fitting,
        had_feed=old_feed != "",
    )
    if source.subscribed:
        catalog = _catalog_with(plan, content, new_site, now)
        report = _compare(report, catalog, source.subscribed, importer.language_of(), name)
    _print_report(report, old)
    if html:
        with file_errors(html):
            atomic_write(html, report_page.render(report, site, current_language()))
        click.echo(f"Report: {html}")
    if dry_run:
        click.echo("Nothing was written: this was a dry run.")


def _require_categories(importer: Importer, plan: list[PlannedArticle], *, dry_run: bool) -> None:
    """End the command if an entry is in none of our categories; a dry run goes on."""
    unmapped = importer.unmapped(plan)
    if not unmapped:
        return
    count = pluralize(len(unmapped), "entry is", "entries are")
    message = f"{count} in none of our categories: map their names (use --map; '*=' leaves them out)"
    if not dry_run:
        for article in unmapped[:MAX_EXAMPLES]:
            click.echo(printable(f"{article.entry.title or article.entry.id}: {article.refusal}"))
        raise click.ClickException(f"{message}. Nothing was written")
    click.echo(f"Before anything is written: {message}\n")


def _print_categories(categories: Categories) -> None:
    if not categories.counts:
        return
    click.echo("\nFiled under:")
    width = max(map(len, list(categories.counts)[:MAX_LISTED_NAMES]))
    for name, count in list(categories.counts.items())[:MAX_LISTED_NAMES]:
        mapped = categories.mapping.get(name)
        target = "a tag" if mapped is None else ", ".join(mapped) or "left out"
        click.echo(f"  {printable(name):<{width}}  {count:>5}  → {target}")
    if len(categories.counts) > MAX_LISTED_NAMES:
        click.echo(f"  … and {len(categories.counts) - MAX_LISTED_NAMES:,} more")
    if FALLBACK_NAME in categories.mapping:
        click.echo(f"  {FALLBACK_NAME:<{width}}         → {', '.join(categories.mapping[FALLBACK_NAME])}")
    click.echo()


def _write_articles(importer: Importer, plan: list[PlannedArticle], *, writes: bool) -> None:
    new = [each for each in plan if each.path]
    with click.progressbar(new, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for article in bar:
            importer.convert(article)
    for article in new:  # again, if it links to an entry that has been refused since
        if article.path and any(page in article.text for page in importer.refused_pages):
            importer.convert(article)
    try:
        for article in new:
            if article.path and writes:
                importer.write(article)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror} (the next run goes on from here)") from None
    for article in plan:
        title = article.entry.title or article.entry.id
        if article.refusal:
            click.echo(f"{click.style('left out', fg='red')}  {printable(f'{title}: {article.refusal}')}")
        elif article.path:
            click.echo(f"{click.style('new', fg='green')}       {article.path}")
            for note in dict.fromkeys(article.notes):
                click.echo(f"          {click.style(printable(note), fg='yellow')}")


def _add_redirects(content: ContentFolder, site: Site, site_file: SiteFile, *, writes: bool) -> Site:
    """Return the site with redirects, and add them to its file, unless that would make it invalid."""
    redirects = site_file.redirects
    if redirects.outside:
        paths = pluralize(len(redirects.outside), "old path")
        example = printable(redirects.outside[0])
        click.echo(f"{paths} not below {site.path}, such as {example}: redirects for the server there")
    for old in redirects.unusable[:MAX_EXAMPLES]:
        click.echo(f"{printable(old)} cannot be redirected: site.yaml cannot contain such a path")
    if redirects.excess:
        click.echo(
            f"{pluralize(redirects.excess, 'redirect')} more than site.yaml has room for: those of the oldest entries"
        )
    try:
        return site_file.add(writes=writes)
    except SiteFileError as error:
        lines = "".join(f"\n  {old}: {new}" for old, new in list(redirects.fitting.items())[:MAX_EXAMPLES])
        message = f"{content.site_file} is left as it is: {error}. To be added by hand:{lines}"
        raise click.ClickException(message) from None


def _catalog_with(plan: list[PlannedArticle], content: ContentFolder, site: Site, now: datetime) -> Catalog:
    """Return the catalog of a site with the planned articles, whether or not they were written."""
    loaded = content.load()
    articles = {**loaded.articles, **{each.article.slug: each.article for each in plan if each.article}}
    return Catalog.at(now, site, articles, pages=loaded.pages)


def _compare(report: ImportReport, catalog: Catalog, subscribed: OldFeed, language: str, name: str) -> ImportReport:
    """Return the report with a comparison of the old feed and our feed with a name in a language."""
    builder = FeedBuilder(catalog)
    topic = builder.topic(language, name)
    assert topic, "the name was checked"
    return replace(report, feed_url=builder.address(topic), comparison=compare(builder, topic, subscribed))


def _print_report(report: ImportReport, old: OldFeed) -> None:
    click.echo(f"\n{as_table(report)}\n")
    if report.old_links:
        links = pluralize(len(report.old_links), "address", "addresses")
        click.echo(f"The texts still link to {links} on the old host, which will stop working with it:")
        for address in report.old_links[:MAX_EXAMPLES]:
            click.echo(f"  {printable(address)}")
    if report.of("published", "draft", "scheduled") and not old.has_texts:
        click.echo("The feed has only descriptions, which may be truncated: check whether the texts are complete.")
    if report.comparison:
        print_comparison(report.comparison, report.feed_url, limit=MAX_EXAMPLES)
    elif report.had_feed:
        click.echo("Name the feed of the old site with --old-feed to see what its subscribers will see.")
