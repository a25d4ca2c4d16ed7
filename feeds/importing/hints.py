"""Hints of an import: what it leaves to be done as a whole, for those who run it.

It changes nothing, and prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from urllib.parse import unquote

from feeds.model.site import Site

from .categories import Categories
from .importer import Importer, PlannedArticle
from .notes import Note
from .old_feed import split_url
from .sources import Source

MAX_NAMES = 10
"""Maximum number of names in a hint."""


def hints_of(
    importer: Importer, plan: list[PlannedArticle], source: Source, site: Site, categories: Categories
) -> Iterator[str]:
    """Yield what the import as a whole leaves to be done."""
    feed = source.feed
    for name in categories.unknown:
        slugs = (unquote(each) for old in categories.slugs.values() for each in old)
        if nearest := get_close_matches(name, [*categories.counts, *slugs], 1):
            yield Note.of(
                "--map: no entry is filed under {name} (did you mean {nearest}?)", name=name, nearest=nearest[0]
            )
        else:
            yield Note.of("--map: no entry is filed under {name} (expected a category or tag)", name=name)
    if count := importer.count_misfiled(plan):
        yield Note.of(
            "Existing articles whose categories differ from those that the old site and --map give: {count}. Their "
            "files are not changed.",
            count=count,
        )
    if feeds := list(importer.addresses.unreplaced_feeds):
        yield Note.of(
            "Old feeds without a replacement, since no feed here has the same articles: {paths}. You can redirect "
            "those that people still read to a larger feed, but it will show them old entries as new.",
            paths=_listed(feeds),
        )
    named = {importer.languages.of_feed(each) for each in source.subscribed_feeds}
    others = [each for each in importer.languages.present if each not in named]
    if source.is_site and named and others:
        yield Note.of(
            "There are articles in other languages than that of the old feed: {names}. If these have feeds of their "
            "own, add --old-feed for each.",
            names=_listed(others),
        )
    if feed.undated:
        yield Note.of(
            "Pages without a date are not imported: {names}. In pages/, create those that people still read.",
            names=_listed(feed.undated),
        )
    derived = [each.entry for each in plan if each.path and each.entry.is_url_derived and not each.entry.is_draft]
    if derived:
        yield Note.of(
            "URLs derived for articles that the old feed does not contain: {count}. Test some of them, such as {url}.",
            count=len(derived),
            url=derived[-1].url,
        )
    for (code, known), count in importer.languages.missing(each.entry for each in plan if each.path).items():
        yield Note.of(
            "New entries whose language, {code}, is not in site.yaml: {count}. They are imported as {known} (add "
            "{code} to languages, or use --language).",
            count=count,
            code=code,
            known=known,
        )
    if not feed.is_complete:
        yield Note.of("The document is truncated, so entries are missing. Fetch or export it again.")
    if not feed.has_texts and any(each.path for each in plan):
        yield Note.of("The feed has only descriptions, which may be truncated: check that the texts are complete.")
    host = split_url(site.url).netloc
    urls = [each.entry.url for each in plan if each.entry.url] or [feed.home or ""]
    for old_host in importer.addresses.hosts_of(urls):
        if old_host == host:
            continue
        yield Note.of(
            "The host name changes from {old} to {new}: point {old} at the new server, or redirect all its requests "
            "with their paths.",
            old=old_host,
            new=host,
        )


def _listed(names: Sequence[str]) -> str:
    """Return names separated by commas, with an ellipsis in place of those that are too many."""
    return ", ".join([*names[:MAX_NAMES], *(["…"] if len(names) > MAX_NAMES else [])])
