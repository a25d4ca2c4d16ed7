"""Manifest: a record of an edition, for comparison with later ones.

It is computed without rendering anything and opens no file. `state` stores it, and `/manifest.json`
publishes it. It names live entries only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, TypeAdapter, ValidationError

from feeds.base.fingerprint import fingerprint, fingerprint_bytes
from feeds.model.article import Article

from .catalog import Catalog

VERSION: Literal[2] = 2
CONTENT_TYPE = "application/json"
MIN_POST_INTERVAL = timedelta(minutes=1)
"""Minimum time between two entries of the feeds for posts."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Revision:
    """The digest of something, and the time of its last change: aware, in UTC and whole seconds."""

    digest: str
    modified: AwareDatetime


@dataclass(frozen=True, slots=True)
class EntryState:
    """A live entry: when it was first seen, and a digest of its content without id and address.

    `posted` is its date in the feeds for posts, unless it is too old for them. `topics` are its
    categories there, which later edits do not change. `old_slugs` are former names of its file,
    which old addresses have.
    """

    id: str
    slug: str
    language: str
    title: str
    published: AwareDatetime
    first_seen: AwareDatetime
    posted: AwareDatetime
    topics: tuple[str, ...]
    digest: str
    is_posted: bool = True
    old_slugs: tuple[str, ...] = ()
    _json: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def updated_with(self, fields: Mapping[str, Any]) -> EntryState:
        """Return the state with its article's current fields; the state itself, with their objects, if it has them."""
        if all(getattr(self, name) == value for name, value in fields.items()):
            for name, value in fields.items():
                object.__setattr__(self, name, value)
            return self
        slugs = dict.fromkeys((*self.old_slugs, self.slug))
        return replace(self, **fields, old_slugs=tuple(slug for slug in slugs if slug != fields["slug"]))

    def to_json(self) -> bytes:
        """Return the entry's line in a manifest, rendered once for all manifests that contain it."""
        if self._json is None:
            values = _ENTRY_ADAPTER.dump_json(self, exclude={"id", "_json"})
            object.__setattr__(self, "_json", json.dumps(self.id, ensure_ascii=False).encode() + b": " + values)
        assert self._json
        return self._json


@dataclass(frozen=True)
class Manifest:
    """The content as a whole, each document built ahead by its path, and each live entry by its id.

    The digest of the content is the sum of the digests of the site and its articles, so that a
    change is a subtraction and an addition. Entries are ordered by id. `posted` is the latest
    posting date of any entry. `past` are entries that are no longer live: if one returns, it is not
    new. Only the state folder stores them.
    """

    content: Revision = Revision("", _NEVER)
    documents: Mapping[str, Revision] = field(default_factory=dict)
    entries: Mapping[str, EntryState] = field(default_factory=dict)
    posted: datetime = _NEVER
    past: Mapping[str, EntryState] = field(default_factory=dict)

    def updated_for(
        self, catalog: Catalog, previous_catalog: Catalog | None = None, *, force_new_date: bool = False
    ) -> Manifest:
        """Return the manifest with a catalog's entries; `with_documents` adds the documents later.

        `previous_catalog` is the catalog of this manifest, if `catalog` follows it: then only
        differences are examined. The date moves if the content changed or with `force_new_date`, by
        at least a second, and never back.
        """
        now = catalog.now.replace(microsecond=0)
        if previous_catalog and previous_catalog.site is catalog.site and previous_catalog.pages == catalog.pages:
            new_slugs = {article.slug for article in catalog.added}
            changed_by_time = [
                article for article in catalog.changed_by_time(previous_catalog.now) if article.slug not in new_slugs
            ]
            added, removed = [*catalog.added, *changed_by_time], [*catalog.removed, *changed_by_time]
            removed_ids = {article.id for article in removed}
            digest_sum = int(self.content.digest, 16) - sum(
                _digest_term(article, previous_catalog.now) for article in removed
            )
        else:
            added, removed_ids = list(catalog.articles.values()), set(self.entries)
            digest_sum = int(site_digest(catalog), 16)
        digest_sum += sum(_digest_term(article, catalog.now) for article in added)
        manifest = self._with_entries(catalog, now, added, removed_ids)
        digest = f"{digest_sum % _MODULUS:032x}"
        is_unchanged = (
            self.content.digest == digest
            and not force_new_date
            and not manifest._has_posted(self.content.modified, catalog.now)
        )
        return replace(manifest, content=self.content if is_unchanged else Revision(digest, self.next_date(now)))

    def _has_posted(self, since: datetime, now: datetime) -> bool:
        """Return whether an entry with a delayed posting time was posted after `since`."""
        return self.posted > since and any(since < entry.posted <= now for entry in self.entries.values())

    def _with_entries(
        self, catalog: Catalog, now: datetime, articles: Iterable[Article], removed_ids: set[str]
    ) -> Manifest:
        """Return the manifest without the entries `removed_ids` and with those of live articles.

        New entries are posted in the order of their publication, a minute apart, and never before
        an earlier post: automations skip an entry that is older than the newest they know. If
        anything was served already, an article that arrives late is posted now. One that is older than
        the site's `newer_than` is not posted: an import would post hundreds.
        """
        added: dict[str, EntryState] = {}
        gone: dict[str, EntryState] | None = None
        posted, earliest = self._last_post(now), now if self.entries or self.past else _NEVER
        for article in sorted(filter(catalog.is_live, articles), key=lambda each: (each.published, each.id)):
            fields = _entry_fields(article, catalog.now)
            if known := self.entries.get(article.id) or self.past.get(article.id):
                added[article.id] = known.updated_with({**fields, "id": article.id})  # one text in memory for both
                continue
            if gone is None:
                gone = self.gone_by_digest(removed_ids, catalog)
            if former := gone.get(fields["digest"]):
                is_posted = former.is_posted and former.posted > now
                added[article.id] = replace(former.updated_with(fields), id=article.id, is_posted=is_posted)
                continue
            is_posted = now - article.published <= timedelta(days=catalog.site.social.newer_than)
            date = article.published
            if is_posted:
                date = posted = max(date, posted + MIN_POST_INTERVAL, earliest)
            added[article.id] = EntryState(
                id=article.id,
                first_seen=now,
                posted=date,
                topics=article.categories,
                is_posted=is_posted,
                **fields,
            )
        entries = _with_names({**self.entries, **added}, {state.slug for state in added.values()})
        removed_entries = {id: entries.pop(id) for id in removed_ids - added.keys() if id in entries}
        past = {id: each for id, each in {**self.past, **removed_entries}.items() if id not in added}
        ordered = entries if added.keys() <= self.entries.keys() else dict(sorted(entries.items()))
        return replace(self, entries=ordered, posted=posted, past=past if removed_entries or added else self.past)

    def gone_by_digest(self, removed_ids: Iterable[str], catalog: Catalog) -> dict[str, EntryState]:
        """Return the entries, by digest, whose id no article has any longer: their files may have been renamed."""
        current_ids = {article.id for article in catalog.articles.values()}
        gone = (self.past.get(id) or self.entries.get(id) for id in (*self.past, *removed_ids) if id not in current_ids)
        return {entry.digest: entry for entry in gone if entry}

    def with_documents(self, documents: Mapping[str, Revision]) -> Manifest:
        """Return the manifest with the documents.

        The content is at least as new as the newest document: a change of the code alone may change
        a document.
        """
        newest = max([self.content.modified, *(revision.modified for revision in documents.values())])
        return replace(self, content=Revision(self.content.digest, newest), documents=documents)

    def next_date(self, now: datetime) -> datetime:
        """Return the date of a change: `now`, in whole seconds, but after all previous dates."""
        latest = max([self.content.modified, *(revision.modified for revision in self.documents.values())])
        return max(now, latest + _SECOND)

    def _last_post(self, now: datetime) -> datetime:
        """Return the date of the last post.

        A future date counts only while its entry is live; otherwise a clock was wrong.
        """
        if self.posted <= now:
            return self.posted
        past_dates = (entry.posted for entry in self.past.values() if entry.posted <= now)
        return max([*(entry.posted for entry in self.entries.values()), *past_dates], default=_NEVER)

    def next_post(self, now: datetime) -> datetime | None:
        """Return when the next entry with a delayed posting time is posted, or None."""
        if self.posted <= now:
            return None
        return min((entry.posted for entry in self.entries.values() if entry.posted > now), default=None)

    def to_json(self, *, with_past: bool = False) -> bytes:
        """Return the manifest as JSON, one entry a line; equal values give equal bytes.

        Past entries are not public; only `with_past` includes them.
        """
        head = _MANIFEST_ADAPTER.dump_json(
            _StoredManifest(VERSION, self.content, self.posted, dict(self.documents), {}, {})
        )
        start = head.removesuffix(b',"past":{},"entries":{}}')
        entries = b",\n".join([entry.to_json() for entry in self.entries.values()])
        past = b",\n".join([entry.to_json() for entry in self.past.values()]) if with_past else b""
        return start + b',\n"past": {\n' + past + b'},\n"entries": {\n' + entries + b"}}\n"

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Parse a manifest. Raises ValueError if it is not a Feeds manifest or has another version."""
        try:
            stored = _MANIFEST_ADAPTER.validate_json(data)
        except ValidationError as error:
            raise ValueError(f"it is not a manifest of Feeds, version {VERSION}: {error.errors()[0]['msg']}") from None
        return cls(stored.content, stored.documents, stored.entries, stored.posted, stored.past)


def _with_names(entries: dict[str, EntryState], slugs: set[str]) -> dict[str, EntryState]:
    """Return entries of which those that no longer have one of the names `slugs` give up their claim to it."""
    return {
        id: replace(entry, old_slugs=tuple(slug for slug in entry.old_slugs if slug not in slugs))
        if entry.old_slugs and not slugs.isdisjoint(entry.old_slugs)
        else entry
        for id, entry in entries.items()
    }


def _with_ids(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return stored entries with their ids, which are stored only as keys, added to their values."""
    for key, entry in entries.items():
        entry["id"] = key
        if isinstance(language := entry.get("language"), str):
            entry["language"] = sys.intern(language)
    return entries


_StoredEntries = Annotated[dict[str, EntryState], BeforeValidator(_with_ids)]


@dataclass(frozen=True)
class _StoredManifest:
    version: Literal[2]
    content: Revision
    posted: AwareDatetime
    documents: dict[str, Revision]
    past: _StoredEntries
    entries: _StoredEntries


_ENTRY_ADAPTER, _MANIFEST_ADAPTER = TypeAdapter(EntryState), TypeAdapter(_StoredManifest)


def _time_dependent_values(article: Article, now: datetime) -> tuple[str, ...]:
    """Return the values of an article that depend on the time."""
    attachment_count = len(article.attachments_at(now))
    flags = (article.withdrawal(now) is not None, article.tombstone(now) is not None, article.has_expired(now))
    return article.updated_at(now).isoformat(), str(attachment_count), *map(str, flags)


def site_digest(catalog: Catalog) -> str:
    """Return a digest of the site and its pages."""
    pages = {name: (page, page.originals) for name, page in catalog.pages.items()}
    return fingerprint(catalog.site, pages) if pages else fingerprint(catalog.site)


def digest_at(article: Article, now: datetime) -> str:
    """Return a digest of an article's content at an instant, without its id and address."""
    if not article.depends_on_time:
        return article.digest
    return fingerprint(article.digest, *_time_dependent_values(article, now))


def _entry_fields(article: Article, now: datetime) -> dict[str, Any]:
    """Return the fields of an entry's state that come from its article, at an instant."""
    fields = {name: getattr(article, name) for name in ("slug", "language", "title", "published")}
    return {**fields, "digest": digest_at(article, now)}


def _digest_term(article: Article, now: datetime) -> int:
    """Return what an article adds to the digest of the content: 0 before it has appeared."""
    if not article.has_appeared(now):
        return 0
    return int(fingerprint_bytes(f"{article.id}\0{article.slug}\0{digest_at(article, now)}".encode()), 16)


@dataclass(frozen=True)
class Difference:
    """The changes that subscribers see when a new manifest replaces an old one: entries by id.

    `renamed` are entries with the same content under another id, old and new: readers take them for
    new ones. `moved` are entries whose page has another address, by their slugs, old and new.
    `backdated` are new entries older than the newest that was served, which date-driven automations
    skip.
    """

    new: Mapping[str, EntryState]
    edited: Mapping[str, EntryState]
    gone: Mapping[str, EntryState]
    renamed: Mapping[str, str]
    moved: Mapping[str, tuple[str, str]]
    backdated: Mapping[str, EntryState]


def difference(old: Manifest, new: Manifest) -> Difference:
    """Return the differences between two manifests."""
    added = {id: entry for id, entry in new.entries.items() if id not in old.entries}
    removed = {id: entry for id, entry in old.entries.items() if id not in new.entries}
    by_digest = {entry.digest: id for id, entry in removed.items()}
    renamed = {by_digest[entry.digest]: id for id, entry in added.items() if entry.digest in by_digest}
    new_entries = {id: entry for id, entry in added.items() if id not in renamed.values()}
    newest: dict[str, datetime] = {}
    for entry in old.entries.values():
        newest[entry.language] = max(entry.published, newest.get(entry.language, entry.published))
    entries_with_previous = [(id, entry, old.entries.get(id)) for id, entry in new.entries.items()]
    late = (each for each in new_entries.items() if each[1].published < newest.get(each[1].language, each[1].published))
    return Difference(
        new=new_entries,
        edited={
            id: entry for id, entry, previous in entries_with_previous if previous and previous.digest != entry.digest
        },
        gone={id: entry for id, entry in removed.items() if id not in renamed},
        renamed=renamed,
        moved={
            id: (previous.slug, entry.slug)
            for id, entry, previous in entries_with_previous
            if previous and previous.slug != entry.slug
        },
        backdated=dict(late),
    )
