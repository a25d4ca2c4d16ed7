"""What subscribers of another system's feed would see of ours in its place, for `feeds diff` and `feeds import`."""

from __future__ import annotations

import sys

import click

from feeds.base.text import printable
from feeds.importing.comparison import FeedComparison

from .context import pluralize


def print_comparison(comparison: FeedComparison, address: str, *, limit: int = sys.maxsize) -> None:
    """Print the differences of a feed of ours, at an address, from the old one; of each kind `limit` at most."""
    click.echo(f"Compared with {address}, of {pluralize(comparison.entries, 'entry', 'entries')}:")
    lines = [("new", "green", f"{title}  ({id})") for id, title in comparison.new.items()][:limit]
    lines += [("gone", "red", f"{title}  ({id})") for id, title in comparison.gone.items()][:limit]
    lines += [("title", "yellow", f"{old} → {new}") for old, new in comparison.retitled.items()][:limit]
    moved = [f"add this redirect to site.yaml  {old}: {new}" for old, new in comparison.unredirected.items()][:limit]
    lines += [("moved", "red", text) for text in moved]
    for label, colour, text in lines:
        click.echo(f"{click.style(f'{label:<8}', fg=colour)} {printable(text)}")
    if comparison.fitting is not None:
        suggestion = f"entries: {comparison.fitting} in site.yaml keeps it out"
        click.echo(f"What is new is older than all that the other feed has: {suggestion}")
    click.echo(
        f"{len(comparison.new):,} new, {len(comparison.retitled):,} with another title, {len(comparison.gone):,} gone, "
        f"{len(comparison.unredirected):,} moved"
    )
