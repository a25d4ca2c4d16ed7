"""`feeds import`: import articles from another system's feed, export or folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
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
from feeds.importing.addresses import FeedAddress
from feeds.importing.categories import Categories, MappingError
from feeds.importing.comparison import compare
from feeds.importing.fetcher import Fetcher
from feeds.importing.hints import hints_of
from feeds.importing.importer import Importer, PlannedArticle
from feeds.importing.media_importer import MediaImporter
from feeds.importing.old_feed import FeedError, SubscribedFeed, split_url
from feeds.importing.report import ComparedFeeds, ImportReport, reported_entries
from feeds.importing.site_redirects import SiteFile, SiteFileError
from feeds.importing.sources import Source, SourceReader
from feeds.model.site import Site
from feeds.server.web import current_publisher

from .context import current_folder, file_errors, pluralize, site_or_exit
from .import_output import MAX_EXAMPLES, languages_in, print_articles, print_categories, print_report


@click.command("import")
@click.argument("source_name", metavar="SOURCE")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="NAME=CATEGORY",
    help="Map a category or tag to categories of this site (see above).",
)
@click.option(
    "--old-feed",
    "old_feeds",
    multiple=True,
    metavar="FEED",
    help='Feed of the old site, if SOURCE is an export or a folder ("" if it had none). Can be repeated (languages).',
)
@click.option(
    "--type",
    "types",
    multiple=True,
    help="WordPress post type to import besides posts, such as event. Can be repeated.",
)
@click.option("--url", "home", help="URL of the old site, if SOURCE does not contain it.")
@click.option("--language", help="Language of all entries, instead of the one found for each.")
@click.option("--feed", "name", default="all", show_default=True, help="Feed of this site that replaces the old one.")
@click.option("--dry-run", is_flag=True, help="Import nothing and fetch only feeds: print what would be done.")
@click.option("--no-pictures", is_flag=True, help="Do not copy pictures and files into media/.")
@click.option("--no-archives", is_flag=True, help="Do not fetch older entries from the archives of the feed.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write the report to this file, as a web page."
)
@click.option("--allow-local", is_flag=True, help="Allow requests to the local network.")
@with_appcontext
def import_(
    source_name: str,
    old_feeds: tuple[str, ...],
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
    """Import articles from another system.

    SOURCE is the URL or file of an RSS, Atom or JSON feed, an export of WordPress, Blogger or Ghost, or the folder
    of a static site generator (Hugo, Jekyll, Eleventy, Astro, Pelican, Zola, Hexo, Nikola) or of another Feeds site.

    Ids are kept byte for byte, so that no feed reader treats an entry as new. The folder of a generator does not
    contain them, so name the feed of its site with --old-feed. Existing files are not changed, except that redirects
    are added to site.yaml. A second run adds only new entries.

    --map "Name=research" puts the entries filed under "Name" into a category, and "Name=research,funding" into two.
    "Name=" drops the name. "*=research" is for entries without any other category; "*=" leaves them out. Names that
    are not mapped become tags.
    """
    content = current_folder()
    site = site_or_exit(content, 1)
    if language and language not in site.languages:
        raise click.UsageError(
            f"--language {language} is not a language in site.yaml (expected {', '.join(site.languages)})"
        )
    if name not in ("all", *site.categories):
        raise click.UsageError(f"--feed {name} is not a feed of this site (expected all, {', '.join(site.categories)})")
    if home and split_url(home).scheme not in ("http", "https"):
        raise click.UsageError(f"--url {home} is not the URL of a site (expected https://…)")
    if html and not html.parent.is_dir():
        raise click.UsageError(f"--html {html}: the folder {html.parent} does not exist (create it first)")
    if html and html.exists() and not report_page.is_of_dry_run(html):
        raise click.UsageError(f"--html {html} exists, and is not the report of a dry run (name another file)")
    fetcher = Fetcher(allow_local=allow_local)
    reader = SourceReader(
        site,
        fetcher,
        home=home,
        types=types,
        reads_archives=not no_archives,
        note=lambda message: click.echo(message, err=True),
    )
    try:
        source = reader.read(source_name, old_feeds)
        old = source.feed
        names = [name for entry in old.entries for name in entry.categories]
        tags = [tag for entry in old.entries for tag in entry.tags]
        categories = Categories.of(names, site, mapping, tags=tags, slugs=old.slugs)
    except (HttpError, FeedError, MappingError) as error:
        raise click.ClickException(str(error)) from None
    now = current_publisher().clock()
    feed_urls = [each.url for each in source.subscribed_feeds if each.url]
    importer = Importer(content, site, old, categories, now=now, language=language, feed_urls=feed_urls)
    feeds = _addresses_of_feeds(importer, source, site)
    title, system = old.title or source_name, importer.system.name if importer.system else ""
    generated_by = f", generated by {system}" if system else ""
    entries = pluralize(len(old.entries), "entry", "entries")
    plan = importer.plan()
    click.echo(f"{printable(title)}: {entries}{generated_by}, {languages_in(importer, plan)}")
    print_categories(categories, old.slugs)
    unmapped = sum(each.is_unmapped for each in plan)
    writes = not dry_run and not unmapped
    media_importer = MediaImporter(content.media, fetcher, source.files) if writes and not no_pictures else None
    _convert(importer, plan, media_importer)
    if writes:
        _write(importer, plan)
    print_articles(plan)
    redirects = importer.addresses.redirects(
        categories, importer.names(), importer.tags(plan), importer.languages, feeds=feeds, feed_name=name
    )
    site_file = SiteFile(content, site, redirects)
    new_site = _add_redirects(content, site, site_file, writes=writes)
    report = ImportReport(
        title=title,
        source=source_name,
        system=system,
        date=now,
        is_dry_run=not writes,
        entries=reported_entries(plan, now, content.root),
        others=old.others,
        names={each: categories.mapping.get(each) for each in categories.counts},
        name_counts=categories.counts,
        media_files=len(media_importer.new_files) if media_importer else None,
        old_links=tuple(importer.addresses.old_host_links),
        redirects=site_file.redirects.fitting,
        hints=tuple(hints_of(importer, plan, source, site, categories)),
        unmapped=unmapped,
        had_feed="" not in old_feeds,
    )
    if source.subscribed_feeds and not unmapped:
        catalog = _catalog_with(plan, content, new_site, now)
        languages = [each.language for each in feeds]
        report = replace(report, comparisons=tuple(_compared(catalog, source.subscribed_feeds, languages, name)))
    print_report(report)
    if html:
        with file_errors(html):
            atomic_write(html, report_page.render(report, site, site.default_language))
        click.echo(f"Report written to {html}")
    if unmapped:
        count = pluralize(unmapped, "entry is", "entries are")
        raise click.ClickException(
            f"{count} in no category of site.yaml: map their names with --map, or leave them out with "
            '--map "*=". Nothing was imported'
        )
    if dry_run:
        click.echo("Nothing was imported: this was a dry run.")


def _addresses_of_feeds(importer: Importer, source: Source, site: Site) -> list[FeedAddress]:
    """Return the feeds of the old site with their languages. Raises ClickException if two have the same."""
    names: dict[str, str] = {}
    addresses = []
    for feed in source.subscribed_feeds:
        language = importer.languages.of_feed(feed)
        if language in names:
            free = next((each for each in site.languages if each not in names), None)
            advice = (
                f"state another language with --old-feed {free}={feed.name}"
                if free
                else "leave one out, or add its language to site.yaml"
            )
            raise click.ClickException(
                f"--old-feed: {names[language]} and {feed.name} would both be replaced by the feed in {language} "
                f"(expected one feed per language, that of all articles: {advice})"
            )
        names[language] = feed.name
        addresses.append(FeedAddress(feed.url, language, feed.feed.kind))
    return addresses


def _convert(importer: Importer, plan: list[PlannedArticle], media_importer: MediaImporter | None) -> None:
    """Convert new entries, and show the progress on a terminal."""
    conversion = importer.conversion(media_importer)
    new = [each for each in plan if each.path]
    with click.progressbar(new, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for article in bar:
            importer.convert(article, conversion)
    for article in new:  # convert again what links to an entry that was refused in the meantime
        if article.path and any(page in article.text for page in importer.refused_pages):
            importer.convert(article, conversion)


def _write(importer: Importer, plan: list[PlannedArticle]) -> None:
    try:
        for article in plan:
            if article.path:
                importer.write(article)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror} (run the import again to continue)") from None


def _add_redirects(content: ContentFolder, site: Site, site_file: SiteFile, *, writes: bool) -> Site:
    """Add redirects to the site file if it `writes`, and return the new site. Raises ClickException if invalid."""
    redirects = site_file.redirects
    if redirects.outside:
        paths = pluralize(len(redirects.outside), "old path is", "old paths are")
        example = printable(redirects.outside[0])
        click.echo(
            f"{paths} outside {site.path}, such as {example}: redirect them on the server that handles these paths"
        )
    for old in redirects.unusable[:MAX_EXAMPLES]:
        click.echo(f"{printable(old)} cannot be redirected: it is not a valid path in site.yaml")
    if redirects.excess:
        click.echo(
            f"{pluralize(redirects.excess, 'redirect does', 'redirects do')} not fit into site.yaml: those of the "
            "oldest entries, and of lists"
        )
    try:
        return site_file.add(writes=writes)
    except SiteFileError as error:
        lines = "".join(f"\n  {old}: {new}" for old, new in list(redirects.fitting.items())[:MAX_EXAMPLES])
        message = f"{content.site_file} was not changed: {error}. Add the redirects by hand, such as:{lines}"
        raise click.ClickException(message) from None


def _catalog_with(plan: list[PlannedArticle], content: ContentFolder, site: Site, now: datetime) -> Catalog:
    """Return the catalog of a site with the planned articles, whether or not they were written."""
    loaded = content.load()
    articles = {**loaded.articles, **{each.article.slug: each.article for each in plan if each.article}}
    return Catalog.at(now, site, articles, pages=loaded.pages)


def _compared(
    catalog: Catalog, old_feeds: Sequence[SubscribedFeed], languages: Sequence[str], name: str
) -> Iterator[ComparedFeeds]:
    """Yield old feeds, compared with the feeds `name` of this site in their languages."""
    builder = FeedBuilder(catalog)
    for old, language in zip(old_feeds, languages, strict=True):
        topic = builder.topic(language, name)
        assert topic, "the name was checked"
        yield ComparedFeeds(old.name, builder.address(topic), compare(builder, topic, old.feed))
