"""Prints how a feed of this site differs from the old feed, for `feeds diff` and `feeds import`."""

from __future__ import annotations

import sys

import click

from feeds.base.text import printable
from feeds.importing.comparison import FeedComparison

from .context import pluralize


def print_comparison(comparison: FeedComparison, address: str, *, limit: int = sys.maxsize) -> None:
    """Print how our feed at `address` differs from the old one, with at most `limit` entries of each kind."""
    entries = pluralize(comparison.entries, "entry", "entries")
    old_entries = pluralize(comparison.old_entries, "entry", "entries")
    click.echo(f"{address} ({entries}), compared with the old feed ({old_entries}):")
    kinds = (
        ("new", "green", [f"{title}  ({id})" for id, title in comparison.new.items()]),
        ("gone", "red", [f"{title}  ({id})" for id, title in comparison.gone.items()]),
        ("not live", "red", [f"{title}  (a draft or scheduled here)" for title in comparison.unpublished.values()]),
        ("title", "yellow", [f"{old} → {new}" for old, new in comparison.retitled.items()]),
        (
            "moved",
            "red",
            [f"add this redirect to site.yaml  {old}: {new}" for old, new in comparison.unredirected.items()],
        ),
    )
    for label, colour, lines in kinds:
        for line in lines[:limit]:
            click.echo(f"{click.style(f'{label:<8}', fg=colour)} {printable(line)}")
        if len(lines) > limit:
            click.echo(f"         … and {len(lines) - limit:,} more")
    if comparison.has_nothing_in_common:
        click.echo("This site has no entry of the old feed: import its entries before the switch.")
    elif comparison.fitting is not None:
        click.echo(
            "The new entries are older than all that the old feed has: "
            f'set "entries: {comparison.fitting}" in site.yaml to leave them out.'
        )
    click.echo(
        f"{len(comparison.new):,} new, {len(comparison.retitled):,} with another title, {len(comparison.gone):,} gone, "
        f"{len(comparison.unredirected):,} moved"
        + (f", {len(comparison.unpublished):,} not published here" if comparison.unpublished else "")
    )
