"""Prints what an import does, for `feeds import`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import click

from feeds.base.text import printable
from feeds.importing.categories import FALLBACK_NAME, Categories
from feeds.importing.importer import Importer, PlannedArticle
from feeds.importing.report import ImportReport, as_table
from feeds.model.site_types import slug

from .comparing import print_comparison
from .context import pluralize

MAX_LISTED_NAMES = 40
"""Maximum number of category names listed; a feed may have thousands of tags."""

MAX_EXAMPLES = 10
"""Maximum number of examples printed."""


def print_categories(categories: Categories, slugs: Mapping[str, Sequence[str]]) -> None:
    """Print the names of the old site, with slugs that differ from them, and what each becomes."""
    if not categories.counts:
        return
    click.echo("\nFiled under:")
    labels = {}
    for name in list(categories.counts)[:MAX_LISTED_NAMES]:
        old_slugs = [unquote(each) for each in slugs.get(name, ()) if unquote(each) != slug(name)]
        labels[name] = printable(f"{name} ({', '.join(old_slugs)})" if old_slugs else name)
    width = max(map(len, labels.values()))
    for name, label in labels.items():
        mapped = categories.mapping.get(name)
        target = "tag" if mapped is None else ", ".join(mapped) or "dropped"
        click.echo(f"  {label:<{width}}  {categories.counts[name]:>5}  → {target}")
    if len(categories.counts) > MAX_LISTED_NAMES:
        click.echo(f"  … and {len(categories.counts) - MAX_LISTED_NAMES:,} more")
    if FALLBACK_NAME in categories.mapping:
        target = ", ".join(categories.mapping[FALLBACK_NAME]) or "left out"
        click.echo(f"  {FALLBACK_NAME:<{width}}         → {target}")
    click.echo()


def print_articles(plan: list[PlannedArticle]) -> None:
    """Print new files, entries that are left out with the reason, and what to check."""
    for article in plan:
        title = article.entry.title or article.entry.id
        if article.refusal:
            click.echo(f"{click.style('left out', fg='red')}  {printable(f'{title}: {article.refusal}')}")
            continue
        if article.path:
            click.echo(f"{click.style('new', fg='green')}       {article.path}")
        elif article.notes:
            click.echo(f"{click.style('here', fg='yellow')}      {printable(title)}")
        for note in dict.fromkeys(article.notes):
            click.echo(f"          {click.style(printable(note), fg='yellow')}")


def languages_in(importer: Importer, plan: list[PlannedArticle]) -> str:
    """Return the languages of the articles, with counts if there are several: `in the languages fr (12), en (2)`."""
    counts = Counter(importer.languages.of(each.entry) for each in plan if each.page)
    counts = counts or Counter([importer.languages.main])
    if len(counts) == 1:
        return f"in the language {next(iter(counts))}"
    return "in the languages " + ", ".join(f"{code} ({count:,})" for code, count in counts.most_common())


def print_report(report: ImportReport) -> None:
    """Print the numbers of a report, what is left to be done, and what subscribers will see."""
    click.echo(f"\n{as_table(report)}\n")
    if report.old_links:
        links = pluralize(len(report.old_links), "address", "addresses")
        click.echo(
            f"The texts still contain {links} on the old host, which will stop working when it goes offline. Copy the "
            "files into media/, and change these addresses:"
        )
        for address in report.old_links[:MAX_EXAMPLES]:
            click.echo(f"  {printable(address)}")
        if len(report.old_links) > MAX_EXAMPLES:
            click.echo(f"  … and {len(report.old_links) - MAX_EXAMPLES:,} more (--html lists all of them)")
    for hint in report.hints:
        click.echo(printable(hint))
    for each in report.comparisons:
        print_comparison(each.comparison, each.feed_url, limit=MAX_EXAMPLES)
    if not report.comparisons and report.had_feed and not report.unmapped:
        click.echo("Add --old-feed with the feed of the old site to see what its subscribers will see.")
