"""`feeds check` and `diff`: problems in the content, and the changes that subscribers would see."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from feeds.base import translations
from feeds.base.text import printable
from feeds.content.folder import ContentFolder
from feeds.content.pictures import PictureStore
from feeds.content.reader import ARTICLE_SUFFIX
from feeds.content.rendering import RenderError
from feeds.content.repair import Repairer, decoded
from feeds.edition.edition import Edition
from feeds.edition.history import date_problems
from feeds.edition.own_links import OwnLinks
from feeds.feed.builder import FeedBuilder
from feeds.feed.catalog import Catalog
from feeds.feed.manifest import Difference, Manifest, difference
from feeds.model.problems import Problem
from feeds.model.site import Site
from feeds.model.yaml_mistakes import MAX_SHOWN_LINE
from feeds.server.publisher import Publisher
from feeds.server.web import current_publisher

from .context import count, current_folder, current_language, file_errors, print_problem, site_or_exit

if TYPE_CHECKING:
    from feeds.importing.old_feed import OldFeed


TRANSLATION_CODE = "translation-missing"
"""Code of the warnings that are summarised."""


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[FILE]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@click.option("--all", "shows_all", is_flag=True, help="List each missing translation instead of only counting them.")
@click.option("--online", is_flag=True, help="Check the type and length of attachments on other sites.")
@click.option("--fix", is_flag=True, help="First correct the mistakes that have only one possible correction.")
@click.option("--diff", "shows_diff", is_flag=True, help="With --fix, show what would be changed, and change nothing.")
@with_appcontext
def check(files: tuple[Path, ...], form: str, shows_all: bool, online: bool, fix: bool, shows_diff: bool) -> None:
    """Print the problems in the content.

    With FILEs or folders, print only theirs. The exit status is 1 if one of them is an error. Missing translations are
    summarised in one line, unless FILEs are given.

    --fix corrects tabs and no-break spaces in indentation, texts that need quotes, other encodings than UTF-8, the
    extension .yml, misnamed keys and categories, dates in other formats, and pictures in HEIC or AVIF.
    """
    publisher, content = current_publisher(), current_folder()
    if shows_diff and not fix:
        raise click.UsageError("--diff needs --fix")
    if fix:
        _fix(content, files, shows_diff)
    loaded = content.load()
    problems = list(loaded.problems)
    if loaded.site:
        catalog = Catalog.at(publisher.clock(), loaded.site, loaded.articles, pages=loaded.pages)
        edition = Edition(catalog, content.media)
        problems += [
            Problem(str(content.site_file), 1, 1, "entries", message, "warning") for message in edition.large_feeds()
        ]
        links, articles = OwnLinks(edition), list(content.trees(loaded))
        problems += links.problems(articles)
        problems += links.page_problems(content.page_trees())
        with suppress(ValueError, OSError):  # a manifest that cannot be read says nothing about the content
            if publisher.state and (served := publisher.state.read_manifest()):
                problems += date_problems(edition.catalog, served, articles)
        if tree := content.reader.read_tree(content.site_file)[0]:
            problems += links.redirect_problems(tree)
    problems += content.picture_problems(loaded, PictureStore(content.media, None).decode_error)
    if online and loaded.site:
        from feeds.content.link_check import check_attachments

        problems += check_attachments(content.trees(loaded))
    problems.sort()
    number_of_files = loaded.files
    if files:
        content_files = [content.site_file, *content.page_files(), *content.article_files()]
        selected = set()
        for argument in files:
            matches = {path for path in content_files if path.resolve().is_relative_to(argument.resolve())}
            if not matches:
                raise click.UsageError(
                    f"{argument} is not a file of {content.root}/ (expected {content.root}/articles/…{ARTICLE_SUFFIX})"
                )
            selected |= matches
        problems = [problem for problem in problems if Path(problem.file) in selected]
        number_of_files = len(selected)
    errors = sum(problem.severity == "error" for problem in problems)
    language = current_language()
    if form == "json":
        click.echo(json.dumps([problem.to_dict(language) for problem in problems], ensure_ascii=False, indent=1))
    else:
        is_summarised = not shows_all and not files
        untranslated = [each for each in problems if is_summarised and each.message.code == TRANSLATION_CODE]
        repairer = Repairer(content)
        for problem in problems:
            if not is_summarised or problem.message.code != TRANSLATION_CODE:
                print_problem(problem)
                _print_line(problem, repairer)
        for languages, number in Counter(dict(each.message.parameters)["languages"] for each in untranslated).items():
            click.echo(
                translations.translate(
                    language,
                    "{articles} without a translation into {languages}"
                    " (feeds check --all lists them; complete in site.yaml names the languages that are expected)",
                    articles=count(number, "article"),
                    languages=languages,
                )
            )
        warnings = len(problems) - errors
        click.echo(
            translations.translate(
                language,
                "{errors}, {warnings} in {files}",
                errors=count(errors, "error"),
                warnings=count(warnings, "warning"),
                files=count(number_of_files, "file"),
            )
        )
    sys.exit(1 if errors else 0)


def _print_line(problem: Problem, repairer: Repairer) -> None:
    """Print the line that an error is about, and the corrected line, if there is a single right one."""
    if problem.severity != "error":
        return
    data, unreadable = current_folder().reader.read_bytes(Path(problem.file))
    if not unreadable:
        lines = decoded(data).splitlines()
        if problem.line <= len(lines) and (line := _visible(lines[problem.line - 1])):
            click.echo(f"    {line[:MAX_SHOWN_LINE]}")
            if corrected := repairer.correction(problem):
                click.echo(f"  → {click.style(_visible(corrected), fg='green')}")


def _visible(line: str) -> str:
    """Return a line with its indentation only if that has other characters than spaces, which are made visible."""
    start = line[: len(line) - len(line.lstrip())]
    marks = start.replace("\t", "⇥").replace("\u00a0", "⍽").replace("\u202f", "⍽") if start.strip(" ") else ""
    return printable(marks + line.strip())


def _fix(content: ContentFolder, files: tuple[Path, ...], shows_diff: bool) -> None:
    """Correct files. With `shows_diff`, print a diff instead, and exit."""
    language, repairer, changed = current_language(), Repairer(content), 0
    for repair in list(repairer.repairs()):
        if files and not any(repair.path.resolve().is_relative_to(each.resolve()) for each in files):
            continue
        for problem, dates in repair.questions:
            text = translations.translate(language, "which date is meant? {dates}", dates=", ".join(dates))
            click.echo(f"{problem.file}:{problem.line}:{problem.column}: {problem.key}: {text}")
        if not repair.changes_anything:
            continue
        changed += 1
        if shows_diff:
            click.echo(repair.diff(), nl=False)
            continue
        try:
            with file_errors(repair.path):
                repairer.apply(repair)
        except RenderError as error:
            raise click.ClickException(f"{repair.path}: {error}") from None
        click.echo(translations.translate(language, "corrected: {file}", file=repair.new_path))
    if shows_diff:
        click.echo(translations.translate(language, "{files} would be changed", files=count(changed, "file")))
        sys.exit(1 if changed else 0)


@click.command()
@click.argument("other", required=False)
@click.option("--feed", "name", metavar="NAME", help="Feed of this site to compare with, such as en/research.")
@click.option(
    "--max-new", default=10, show_default=True, type=click.IntRange(0), help="Maximum number of new entries accepted."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@with_appcontext
def diff(other: str | None, name: str | None, max_new: int, form: str) -> None:
    """Print what would change for subscribers.

    The content is compared with the manifest in the state folder, or with OTHER: a manifest or feed
    in a file or at a URL, or a folder with a manifest.json. A feed, such as that of the previous system,
    is compared with the feed of this site that its URL redirects to, or else with that of all articles in its
    language, or with the one that --feed names.

    The exit status is 1 if more than --max-new entries would be new, since automations would post them, or if
    this site has no entry of the other feed.
    """
    publisher, content = current_publisher(), current_folder()
    site_or_exit(content, 2)
    loaded = content.load()
    assert loaded.site, "it was read just now"
    catalog = Catalog.at(publisher.clock(), loaded.site, loaded.articles, pages=loaded.pages)
    before = _before(other, publisher, loaded.site.timezone)
    if not isinstance(before, Manifest):
        _diff_with_feed(catalog, before, other or "", name, max_new, form)
    now = Manifest().updated_for(catalog)
    changes = difference(before, now)
    if form == "json":
        click.echo(json.dumps(asdict(changes), default=str, ensure_ascii=False, indent=1))
    else:
        _print_difference(changes, now, loaded.site)
    sys.exit(1 if len(changes.new) + len(changes.renamed) > max_new else 0)


def _before(other: str | None, publisher: Publisher, zone: ZoneInfo) -> Manifest | OldFeed:
    """Return the manifest or feed to compare with; an empty manifest if the state folder has none yet."""
    if other is None:
        try:
            return (publisher.state and publisher.state.read_manifest()) or Manifest()
        except (OSError, ValueError) as error:
            raise click.ClickException(f"the manifest of the state folder: {error}") from None
    from feeds.base.http import HttpError
    from feeds.importing.archives import MAX_FEED_BYTES
    from feeds.importing.fetcher import Fetcher
    from feeds.importing.old_feed import FeedError
    from feeds.importing.old_xml import read_feed
    from feeds.importing.wxr import is_wordpress_export, read_wordpress_export

    try:
        if other.startswith(("https://", "http://")):
            data = Fetcher(allow_local=True).get(other, max_bytes=MAX_FEED_BYTES).data
        else:
            path = Path(other)
            data = (path / "manifest.json" if path.is_dir() else path).read_bytes()
        if data.lstrip().startswith(b"{") and b"jsonfeed.org/version" not in data:
            return Manifest.from_json(data)
        if is_wordpress_export(data):
            return read_wordpress_export(data, zone)
        return read_feed(data, other)
    except HttpError as error:
        raise click.ClickException(str(error)) from None
    except (OSError, ValueError, FeedError) as error:
        raise click.ClickException(
            f"{other}: {error} (expected a manifest.json or a feed, or the address of one)"
        ) from None


def _diff_with_feed(catalog: Catalog, old: OldFeed, other: str, name: str | None, max_new: int, form: str) -> NoReturn:
    """Print what subscribers of another system's feed would see of ours in its place, and exit."""
    from feeds.importing import comparison

    from .comparing import print_comparison

    builder = FeedBuilder(catalog)
    try:
        topic = comparison.topic_of(builder, name, other, old)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    differences = comparison.compare(builder, topic, old)
    if form == "json":
        click.echo(json.dumps(asdict(differences), default=str, ensure_ascii=False, indent=1))
    else:
        print_comparison(differences, builder.address(topic))
    sys.exit(1 if len(differences.new) > max_new or differences.has_nothing_in_common else 0)


def _print_difference(changes: Difference, now: Manifest, site: Site) -> None:
    groups = (("new", "green", changes.new), ("edited", "yellow", changes.edited), ("gone", "red", changes.gone))
    for name, colour, entries in groups:
        for id, entry in entries.items():
            late = ", older than the newest entry served: automations skip it" if id in changes.backdated else ""
            label = click.style(f"{name:<8}", fg=colour)
            day = entry.published.astimezone(site.timezone)
            click.echo(f"{label} {day:%Y-%m-%d}  {entry.slug}  {entry.title}{late}")
    for old, id in changes.renamed.items():
        label, line = (
            click.style("renamed ", fg="red"),
            json.dumps(old.removeprefix(site.tag_uri("")), ensure_ascii=False),
        )
        click.echo(f"{label} {id} repeats {old}: readers show it again; add to its file the line  id: {line}")
    for id, (before, after) in changes.moved.items():
        label, language = click.style("moved   ", fg="red"), now.entries[id].language
        line = f"{site.article_path(language, before)}: {site.article_path(language, after)}"
        click.echo(f"{label} {id} has another address: add this redirect to site.yaml  {line}")
    counts = f"{len(changes.new)} new, {len(changes.edited)} edited, {len(changes.gone)} gone"
    click.echo(
        f"{counts}, {len(changes.renamed)} renamed, {len(changes.moved)} moved, {len(changes.backdated)} backdated"
    )
