"""`flask import`: articles from another system's feed or export."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from pydantic import TypeAdapter

from feeds.base.atomic import write_whole
from feeds.base.http import HttpError
from feeds.base.text import printable
from feeds.content.folder import ContentFolder
from feeds.importing.archives import MOST_BYTES, with_older
from feeds.importing.categories import ANY, Categories, MappingError
from feeds.importing.fetcher import Fetcher
from feeds.importing.importer import Importer, Taken
from feeds.importing.old_feed import FeedError, OldFeed
from feeds.importing.old_xml import read_feed
from feeds.importing.picture_importer import Gallery
from feeds.importing.site_redirects import SiteFileError, add_redirects, that_fit
from feeds.importing.wxr import is_export, read_export
from feeds.model.site import Site, read_site
from feeds.model.site_fields import OldPath
from feeds.model.yamlfile import MAX_BYTES, read

from .context import counted, current_folder, site_or_exit

LISTED = 40
"""Names of categories that are listed; of tags there may be thousands."""

SHOWN = 10
"""Examples that are shown of what may be many."""


@click.command("import")
@click.argument("feed")
@click.option("--map", "mapping", multiple=True, metavar="NAME=CATEGORY", help="What a name becomes: see above.")
@click.option("--language", help="Language of the entries, if it is not that which the feed names.")
@click.option("--feed", "name", default="all", show_default=True, help="Feed of ours that takes its place.")
@click.option("--dry-run", is_flag=True, help="Write and fetch nothing but the feed; tell what would be done.")
@click.option("--no-pictures", is_flag=True, help="Leave pictures where they are.")
@click.option("--no-archives", is_flag=True, help="Do not follow the archives of the feed.")
@click.option("--allow-local", is_flag=True, help="Fetch from the local network too.")
@with_appcontext
def import_(
    feed: str,
    mapping: tuple[str, ...],
    language: str | None,
    name: str,
    dry_run: bool,
    no_pictures: bool,
    no_archives: bool,
    allow_local: bool,
) -> None:
    """Write articles of the entries of another system's FEED: the address or file of an RSS, Atom or JSON feed, or a
    WordPress export.

    Their ids stay to the byte, so that no reader takes them for new. Nothing that is there is changed, but for
    redirects that are added to site.yaml; a second run adds only what is new.

    --map "Name=research" puts what is filed there under "Name" into a category, "Name=research,funding" into two,
    "Name=" leaves the name out, and "*=research" is for what is in no category otherwise. Names that nobody maps
    become tags.
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
        old, url = _read(feed, site, fetcher, no_archives)
        names = [name for entry in old.entries for name in entry.categories]
        tags = [tag for entry in old.entries for tag in entry.tags]
        categories = Categories.of(names, site, mapping, tags=tags)
    except (HttpError, FeedError, MappingError) as fault:
        raise click.ClickException(str(fault)) from None
    gallery = None if dry_run or no_pictures else Gallery(content.media, fetcher)
    importer = Importer(content, site, old, categories, language=language, gallery=gallery)
    system = f", made by {importer.system.name}" if importer.system else ""
    click.echo(f"{printable(old.title or feed)}: {counted(len(old.entries), 'entry', 'entries')}{system}")
    _print_categories(categories)
    if categories.unknown:
        click.echo(f"No entry is filed under {', '.join(categories.unknown)}\n", err=True)
    plan = importer.plan()
    if unanswered := importer.unanswered(plan):
        for each in unanswered[:SHOWN]:
            click.echo(printable(f"{each.entry.title or each.entry.id}: {each.refusal}"))
        count = counted(len(unanswered), "entry is", "entries are")
        message = f"{count} in none of our categories: say what their names become (use --map; '*=' leaves them out)"
        if not dry_run:
            raise click.ClickException(f"{message}. Nothing was written")
        click.echo(f"Before anything is written: {message}\n")
    _take(importer, plan, writes=not dry_run)
    _sum_up(plan, list(importer.addresses.left), old, gallery)
    redirects = importer.addresses.redirects(
        categories, importer.tags(plan), url=url, name=name, language=importer.language_of()
    )
    _tell_redirects(content, site, redirects, writes=not dry_run)
    if dry_run:
        click.echo("Nothing was written: this was a dry run.")


def _read(feed: str, site: Site, fetcher: Fetcher, no_archives: bool) -> tuple[OldFeed, str | None]:
    """Read a feed with all that came before it; give its address too, if it has one."""
    if "://" in feed:
        answer = fetcher.get(feed, max_bytes=MOST_BYTES)
        if is_export(answer.data):
            return read_export(answer.data, site.timezone), None
        found = read_feed(answer.data, answer.url, answer.content_type)
        if not no_archives:
            found = with_older(found, answer.url, fetcher, lambda words: click.echo(words, err=True))
        return found, feed
    try:
        data = Path(feed).read_bytes()
    except OSError as fault:
        raise HttpError(f"{feed}: {fault.strerror} (expected a file, or an address with https://)") from None
    if is_export(data):
        return read_export(data, site.timezone), None
    return read_feed(data), None


def _print_categories(categories: Categories) -> None:
    if not categories.counts:
        return
    click.echo("\nFiled under:")
    width = max(map(len, list(categories.counts)[:LISTED]))
    for name, count in list(categories.counts.items())[:LISTED]:
        mapped = categories.mapping.get(name)
        target = "a tag" if mapped is None else ", ".join(mapped) or "left out"
        click.echo(f"  {printable(name):<{width}}  {count:>5}  → {target}")
    if len(categories.counts) > LISTED:
        click.echo(f"  … and {len(categories.counts) - LISTED:,} more")
    if ANY in categories.mapping:
        click.echo(f"  {ANY:<{width}}         → {', '.join(categories.mapping[ANY])}")
    click.echo()


def _take(importer: Importer, plan: list[Taken], *, writes: bool) -> None:
    new = [each for each in plan if each.path]
    with click.progressbar(new, label="Taking over", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for taken in bar:
            importer.convert(taken)
    for taken in new:  # what links to an entry that was left out after all
        if taken.path and any(page in taken.text for page in importer.refused_pages):
            importer.convert(taken)
    try:
        for taken in new:
            if taken.path and writes:
                importer.write(taken)
    except OSError as fault:
        raise click.ClickException(f"{fault.filename}: {fault.strerror} (the next run goes on from here)") from None
    for taken in plan:
        title = taken.entry.title or taken.entry.id
        if taken.refusal:
            click.echo(f"{click.style('left out', fg='red')}  {printable(f'{title}: {taken.refusal}')}")
        elif taken.path:
            click.echo(f"{click.style('new', fg='green')}       {taken.path}")
            for note in dict.fromkeys(taken.notes):
                click.echo(f"          {click.style(printable(note), fg='yellow')}")


def _tell_redirects(content: ContentFolder, site: Site, redirects: dict[str, str], *, writes: bool) -> None:
    """Add redirects to the site file, if it is as good with them as it was without."""
    outside = [old for old in redirects if not f"{old}/".startswith(f"{site.path}/")]
    inside = {old.removeprefix(site.path): new for old, new in redirects.items() if old not in set(outside)}
    if outside:
        paths = counted(len(outside), "old path")
        click.echo(f"{paths} not below {site.path}, such as {printable(outside[0])}: redirects for the server there")
    for old in [old for old in inside if not _is_usable(old)][:SHOWN]:
        click.echo(f"{printable(old)} cannot be redirected: site.yaml cannot contain such a path")
    path = content.site_file.resolve()
    text = path.read_bytes().decode()
    usable = {old: new for old, new in inside.items() if _is_usable(old)}
    fitting = that_fit(text, usable, max_bytes=MAX_BYTES)
    if more := len(usable) - len(fitting):
        click.echo(f"{counted(more, 'redirect')} more than site.yaml has room for: those of the oldest entries")
    try:
        changed = _checked(add_redirects(text, fitting), content)
    except SiteFileError as fault:
        lines = "".join(f"\n  {old}: {new}" for old, new in list(fitting.items())[:SHOWN])
        message = f"{content.site_file} is left as it is: {fault}. To be added by hand:{lines}"
        raise click.ClickException(message) from None
    if writes and changed != text:
        mode = path.stat().st_mode
        write_whole(path, changed.encode())
        path.chmod(mode)
    if fitting:
        click.echo(f"{counted(len(fitting), 'redirect')} in {content.site_file}")


def _checked(text: str, content: ContentFolder) -> str:
    """Give the text of a site file that has no fault. Raises SiteFileError for one that has."""
    tree, problems = read(text.encode(), str(content.site_file))
    found = read_site(tree, content.media) if tree else None
    faults = [str(each.message) for each in (tree.problems if tree else problems) if each.severity == "error"]
    if found is None or faults:
        raise SiteFileError(f"with redirects: {'; '.join(faults)}")
    return text


def _is_usable(old: str) -> bool:
    try:
        TypeAdapter(OldPath).validate_python(old)
    except ValueError:
        return False
    return True


def _sum_up(plan: list[Taken], left: list[str], old: OldFeed, gallery: Gallery | None) -> None:
    new = sum(each.path is not None for each in plan)
    known = sum(each.is_known for each in plan)
    out = len(plan) - new - known
    pictures = f", {counted(len(gallery.new), 'picture')}" if gallery else ""
    click.echo(f"{new:,} new{pictures}, {known:,} known, {out:,} left out")
    if left:
        links = counted(len(left), "address", "addresses")
        click.echo(f"The texts still lead to {links} of the old host, which go with it:")
        for address in left[:SHOWN]:
            click.echo(f"  {printable(address)}")
    if new and not old.has_texts:
        click.echo("The feed has descriptions alone, which may be shortened: see whether the texts are whole.")
