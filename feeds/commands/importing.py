"""`feeds import`: articles from another system's feed or export."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click
from flask.cli import with_appcontext
from pydantic import TypeAdapter

from feeds.base.atomic import atomic_write
from feeds.base.http import HttpError
from feeds.base.text import printable
from feeds.content.folder import ContentFolder
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import Catalog
from feeds.importing.archives import MAX_FEED_BYTES, with_older
from feeds.importing.categories import FALLBACK_NAME, Categories, MappingError
from feeds.importing.comparison import compare, topic_of
from feeds.importing.fetcher import Fetcher
from feeds.importing.ghost import is_ghost_export, read_ghost_export
from feeds.importing.importer import Importer, PlannedArticle
from feeds.importing.old_feed import FeedError, OldFeed
from feeds.importing.old_xml import read_feed
from feeds.importing.picture_importer import PictureImporter
from feeds.importing.site_redirects import SiteFileError, add_redirects, that_fit
from feeds.importing.wxr import is_export, read_export
from feeds.model.site import Site, read_site
from feeds.model.site_types import OldPath
from feeds.model.yamlfile import MAX_YAML_BYTES, parse_yaml
from feeds.server.web import current_publisher

from .context import current_folder, pluralize, site_or_exit

MAX_LISTED_NAMES = 40
"""Maximum number of category names that are listed; there may be thousands of tags."""

MAX_EXAMPLES = 10
"""Maximum number of examples that are printed."""


@click.command("import")
@click.argument("feed")
@click.option("--map", "mapping", multiple=True, metavar="NAME=CATEGORY", help="What a name becomes: see above.")
@click.option("--type", "types", multiple=True, help="WordPress post type that is imported too, such as event.")
@click.option("--url", "home", help="Address of the old site, if it is not ours, and an export does not contain it.")
@click.option("--language", help="Language of the entries, if not the one that the feed states.")
@click.option("--feed", "name", default="all", show_default=True, help="Feed of this site that replaces FEED.")
@click.option("--dry-run", is_flag=True, help="Write nothing, fetch only the feed, and print what would be done.")
@click.option("--no-pictures", is_flag=True, help="Leave pictures where they are.")
@click.option("--no-archives", is_flag=True, help="Do not follow the archives of the feed.")
@click.option("--allow-local", is_flag=True, help="Fetch from the local network too.")
@with_appcontext
def import_(
    feed: str,
    mapping: tuple[str, ...],
    types: tuple[str, ...],
    home: str | None,
    language: str | None,
    name: str,
    dry_run: bool,
    no_pictures: bool,
    no_archives: bool,
    allow_local: bool,
) -> None:
    """Import the articles of another system.

    FEED is the URL or file of an RSS, Atom or JSON feed, or of an export of WordPress, Blogger or Ghost. Ids are kept
    byte for byte, so that no feed reader treats an entry as new. Existing files are not changed,
    except that redirects are added to site.yaml. A second run adds only new entries.

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
    fetcher = Fetcher(allow_local=allow_local)
    try:
        old, url = _read(feed, site, fetcher, no_archives, types, home or site.url)
        names = [name for entry in old.entries for name in entry.categories]
        tags = [tag for entry in old.entries for tag in entry.tags]
        categories = Categories.of(names, site, mapping, tags=tags)
    except (HttpError, FeedError, MappingError) as error:
        raise click.ClickException(str(error)) from None
    picture_importer = None if dry_run or no_pictures else PictureImporter(content.media, fetcher)
    importer = Importer(
        content,
        site,
        old,
        categories,
        now=current_publisher().clock(),
        language=language,
        picture_importer=picture_importer,
    )
    system = f", made by {importer.system.name}" if importer.system else ""
    click.echo(f"{printable(old.title or feed)}: {pluralize(len(old.entries), 'entry', 'entries')}{system}")
    if old.others:
        click.echo(f"Not imported: {', '.join(f'{count:,} {printable(kind)}' for kind, count in old.others.items())}")
    _print_categories(categories)
    if categories.unknown:
        click.echo(f"No entry is filed under {', '.join(categories.unknown)}\n", err=True)
    plan = importer.plan()
    if unmapped := importer.unmapped(plan):
        count = pluralize(len(unmapped), "entry is", "entries are")
        message = f"{count} in none of our categories: map their names (use --map; '*=' leaves them out)"
        if not dry_run:
            for article in unmapped[:MAX_EXAMPLES]:
                click.echo(printable(f"{article.entry.title or article.entry.id}: {article.refusal}"))
            raise click.ClickException(f"{message}. Nothing was written")
        click.echo(f"Before anything is written: {message}\n")
    _write_articles(importer, plan, writes=not dry_run)
    _print_summary(plan, list(importer.addresses.old_host_links), old, picture_importer)
    redirects = importer.addresses.redirects(
        categories, importer.tags(plan), url=url, name=name, language=importer.language_of()
    )
    _add_redirects(content, site, redirects, writes=not dry_run)
    if dry_run:
        click.echo("Nothing was written: this was a dry run.")
    else:
        _print_view_of_subscribers(content, old, name, importer.language_of())


def _read(
    feed: str, site: Site, fetcher: Fetcher, no_archives: bool, types: tuple[str, ...], home: str
) -> tuple[OldFeed, str | None]:
    """Return an export, or a feed with its archives, and the URL of a feed if it has one."""
    if "://" in feed:
        response = fetcher.get(feed, max_bytes=MAX_FEED_BYTES)
        if export := _export(response.data, site, types, home):
            return export, None
        old = read_feed(response.data, response.url, response.content_type)
        if not no_archives:
            old = with_older(old, response.url, fetcher, lambda words: click.echo(words, err=True))
        return old, feed
    try:
        data = Path(feed).read_bytes()
    except OSError as error:
        raise HttpError(f"{feed}: {error.strerror} (expected a file, or an address with https://)") from None
    return _export(data, site, types, home) or read_feed(data), None


def _export(data: bytes, site: Site, types: tuple[str, ...], home: str) -> OldFeed | None:
    """Return the posts of an export of WordPress or Ghost, or None if the data is neither."""
    if is_export(data):
        return read_export(data, site.timezone, types)
    return read_ghost_export(data, home) if is_ghost_export(data) else None


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


def _add_redirects(content: ContentFolder, site: Site, redirects: dict[str, str], *, writes: bool) -> None:
    """Add redirects to the site file, unless that would make it invalid."""
    outside = [old for old in redirects if not f"{old}/".startswith(f"{site.path}/")]
    inside = {old.removeprefix(site.path): new for old, new in redirects.items() if old not in set(outside)}
    if outside:
        paths = pluralize(len(outside), "old path")
        click.echo(f"{paths} not below {site.path}, such as {printable(outside[0])}: redirects for the server there")
    for old in [old for old in inside if not _is_usable(old)][:MAX_EXAMPLES]:
        click.echo(f"{printable(old)} cannot be redirected: site.yaml cannot contain such a path")
    path = content.site_file.resolve()
    text = path.read_bytes().decode()
    usable = {old: new for old, new in inside.items() if _is_usable(old)}
    fitting = that_fit(text, usable, max_bytes=MAX_YAML_BYTES)
    if more := len(usable) - len(fitting):
        click.echo(f"{pluralize(more, 'redirect')} more than site.yaml has room for: those of the oldest entries")
    try:
        new_text = _check_site_text(text, add_redirects(text, fitting), fitting, content)
    except SiteFileError as error:
        lines = "".join(f"\n  {old}: {new}" for old, new in list(fitting.items())[:MAX_EXAMPLES])
        message = f"{content.site_file} is left as it is: {error}. To be added by hand:{lines}"
        raise click.ClickException(message) from None
    if writes and new_text != text:
        mode = path.stat().st_mode
        atomic_write(path, new_text.encode())
        path.chmod(mode)
    if fitting:
        click.echo(f"{pluralize(len(fitting), 'redirect')} in {content.site_file}")


def _check_site_text(old_text: str, text: str, redirects: Mapping[str, str], content: ContentFolder) -> str:
    """Return the new text of a site file. Raises SiteFileError if it is not valid or changes other keys."""
    old_tree, _ = parse_yaml(old_text.encode(), str(content.site_file))
    tree, problems = parse_yaml(text.encode(), str(content.site_file))
    if redirects and old_tree and tree:
        expected = {**old_tree.value, "redirects": {**(old_tree.value.get("redirects") or {}), **redirects}}
        if tree.value != expected:
            raise SiteFileError("other keys would change")
    site = read_site(tree, content.media) if tree else None
    errors = [str(problem.message) for problem in (tree.problems if tree else problems) if problem.severity == "error"]
    if site is None or errors:
        raise SiteFileError(f"with redirects: {'; '.join(errors)}")
    return text


def _print_view_of_subscribers(content: ContentFolder, old: OldFeed, name: str, language: str) -> None:
    """Print what subscribers of the old feed would see of ours in its place."""
    loaded = content.load()
    if loaded.site is None:
        return
    catalog = Catalog.at(current_publisher().clock(), loaded.site, loaded.articles, pages=loaded.pages)
    builder = FeedBuilder(catalog)
    topic = topic_of(builder, f"{loaded.site.prefix(language)}/{name}".removeprefix("/"), "")
    seen = compare(builder, topic, old)
    click.echo(
        f"Subscribers who are redirected to {builder.address(topic)} will see {len(seen.new):,} new, "
        f"{len(seen.retitled):,} with another title, {len(seen.gone):,} gone"
    )
    for id, title in list(seen.new.items())[:MAX_EXAMPLES]:
        click.echo(f"  {click.style('new', fg='green')}  {printable(f'{title}  ({id})')}")


def _is_usable(old: str) -> bool:
    try:
        TypeAdapter(OldPath).validate_python(old)
    except ValueError:
        return False
    return True


def _print_summary(
    plan: list[PlannedArticle], old_addresses: list[str], old: OldFeed, picture_importer: PictureImporter | None
) -> None:
    new = sum(each.path is not None for each in plan)
    known = sum(each.is_known for each in plan)
    left_out = len(plan) - new - known
    drafts = sum(each.path is not None and each.entry.is_draft for each in plan)
    pictures = f", {pluralize(len(picture_importer.new_files), 'picture')}" if picture_importer else ""
    as_drafts = f" ({pluralize(drafts, 'draft')})" if drafts else ""
    click.echo(f"{new:,} new{as_drafts}{pictures}, {known:,} known, {left_out:,} left out")
    if old_addresses:
        links = pluralize(len(old_addresses), "address", "addresses")
        click.echo(f"The texts still link to {links} on the old host, which will stop working with it:")
        for address in old_addresses[:MAX_EXAMPLES]:
            click.echo(f"  {printable(address)}")
    if new and not old.has_texts:
        click.echo("The feed has only descriptions, which may be truncated: check whether the texts are complete.")
