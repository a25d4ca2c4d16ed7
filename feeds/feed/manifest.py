"""Manifest: what an edition was, for comparison with those that follow.

It is computed without rendering anything and opens no file; `state` keeps it, and `/manifest.json` shows it. It names
live entries only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from feeds.base.fingerprint import fingerprint
from feeds.model.article import Article

from .catalog import Catalog

VERSION = 2
CONTENT_TYPE = "application/json"
BETWEEN_POSTS = timedelta(minutes=1)
"""How far apart the entries of the feeds for posts are at least."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Dated:
    """What something was, as a digest, and since when: aware, in UTC and whole seconds."""

    digest: str
    modified: datetime


@dataclass(frozen=True)
class EntryState:
    """A live entry: when it was first seen, and a digest of what its article says, but for its id and address.

    `posted` is its date in the feeds for posts, and `topics` are the categories it is in there, whatever becomes of it.
    """

    id: str
    slug: str
    language: str
    title: str
    published: datetime
    first_seen: datetime
    posted: datetime
    topics: tuple[str, ...]
    digest: str

    def saying(self, said: Mapping[str, Any]) -> EntryState:
        """Describe its article as it is, with what was settled when it was first seen; itself, if nothing changed."""
        is_same = all(getattr(self, name) == value for name, value in said.items())
        return self if is_same else replace(self, **said)

    @cached_property
    def json(self) -> str:
        """Its line in a manifest, written once for all those that it is in."""
        values = _as_dict(self)
        return f"{_json(values.pop('id'))}: {_json(values)}"


@dataclass(frozen=True)
class Manifest:
    """The content as a whole, each document that is finished ahead by its path, and each live entry by its id.

    The digest of the content is the sum of those of the site and its articles, so that a change is a subtraction and an
    addition. Entries are in the order of their ids. `posted` is the last date that any entry was given for posts, and
    `past` are entries that are not live any more: should one come back, it is not new. Only the state folder has those.
    """

    content: Dated = Dated("", _NEVER)
    documents: Mapping[str, Dated] = field(default_factory=dict)
    entries: Mapping[str, EntryState] = field(default_factory=dict)
    posted: datetime = _NEVER
    past: Mapping[str, EntryState] = field(default_factory=dict)

    def after(self, catalog: Catalog, then: Catalog | None = None, *, moves: bool = False) -> Manifest:
        """Take in the entries of a catalog; the documents follow once they are made.

        `then` is the catalog that this is the manifest of, where `catalog` followed it: only what differs is looked at.
        The date moves if the content is another, or something else `moves` it, by a second at least, and never back.
        """
        now = catalog.now.replace(microsecond=0)
        if then and then.site is catalog.site:
            new = {each.slug for each in catalog.come}
            woken = [each for each in catalog.woken(then.now) if each.slug not in new]
            come, out = [*catalog.come, *woken], [*catalog.gone, *woken]
            gone = {each.id for each in out}
            total = int(self.content.digest, 16) - sum(_number(each, then.now) for each in out)
        else:
            come, gone = list(catalog.articles.values()), set(self.entries)
            total = int(fingerprint(catalog.site), 16)
        total += sum(_number(each, catalog.now) for each in come)
        found = self._with_entries(catalog, now, come, gone)
        digest = f"{total % _MODULUS:032x}"
        is_same = (
            self.content.digest == digest and not moves and not found._has_posted(self.content.modified, catalog.now)
        )
        return replace(found, content=self.content if is_same else Dated(digest, self.next_date(now)))

    def _has_posted(self, since: datetime, now: datetime) -> bool:
        """Tell whether an entry that waited for its minute has been posted since an instant."""
        return self.posted > since and any(since < each.posted <= now for each in self.entries.values())

    def _with_entries(self, catalog: Catalog, now: datetime, come: Iterable[Article], gone: set[str]) -> Manifest:
        """Take out entries by their ids, and put in those of the articles that are live.

        New ones are posted in the order of their publication, a minute apart, and none before one that was before:
        automations skip an entry that is older than the newest they know. Where something was served already, one that
        comes late is posted now.
        """
        added: dict[str, EntryState] = {}
        posted, first = self._last_post(now), now if self.entries or self.past else _NEVER
        for article in sorted(filter(catalog.is_live, come), key=lambda each: (each.published, each.id)):
            said = _said(article, catalog.now)
            if known := self.entries.get(article.id) or self.past.get(article.id):
                added[article.id] = known.saying(said)
                continue
            posted = max(article.published, posted + BETWEEN_POSTS, first)
            added[article.id] = EntryState(
                id=article.id, first_seen=now, posted=posted, topics=article.categories, **said
            )
        entries = {**self.entries, **added}
        left = {id: entries.pop(id) for id in gone - added.keys() if id in entries}
        past = {id: each for id, each in {**self.past, **left}.items() if id not in added}
        ordered = entries if added.keys() <= self.entries.keys() else dict(sorted(entries.items()))
        return replace(self, entries=ordered, posted=posted, past=past if left or added else self.past)

    def completed(self, documents: Mapping[str, Dated]) -> Manifest:
        """Take in the documents; the content is as new as the newest of them, whose code may have changed alone."""
        newest = max([self.content.modified, *(each.modified for each in documents.values())])
        return replace(self, content=Dated(self.content.digest, newest), documents=documents)

    def next_date(self, now: datetime) -> datetime:
        """Give the date of a change: `now`, in whole seconds, but after all dates there were."""
        latest = max([self.content.modified, *(each.modified for each in self.documents.values())])
        return max(now, latest + _SECOND)

    def _last_post(self, now: datetime) -> datetime:
        """Tell the last date of a post; a future one counts while its entry is live, else a clock was wrong."""
        if self.posted <= now:
            return self.posted
        were = (each.posted for each in self.past.values() if each.posted <= now)
        return max([*(each.posted for each in self.entries.values()), *were], default=_NEVER)

    def next_post(self, now: datetime) -> datetime | None:
        """Tell when the next entry that waits for its minute is posted."""
        if self.posted <= now:
            return None
        return min((entry.posted for entry in self.entries.values() if entry.posted > now), default=None)

    def to_json(self, *, with_past: bool = False) -> bytes:
        """Write it, an entry a line, the same bytes for the same values; what is past is not for the public."""
        documents = _json({path: _as_dict(each) for path, each in sorted(self.documents.items())})
        entries = ",\n".join([each.json for each in self.entries.values()])
        past = ",\n".join([each.json for each in self.past.values()]) if with_past else ""
        content = _json(_as_dict(self.content))
        start = f'{{"version": {VERSION}, "content": {content}, "posted": {_json(self.posted.isoformat())}'
        head = f'{start},\n"documents": {documents},\n'
        return f'{head}"past": {{\n{past}}},\n"entries": {{\n{entries}}}}}\n'.encode()

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read it. Raises ValueError where it is none of ours, or of another version."""
        try:
            values: dict[str, Any] = json.loads(data)
            if values["version"] != VERSION:
                raise ValueError(f"the manifest has version {values['version']} (expected {VERSION})")
            documents = {path: _dated(each) for path, each in values["documents"].items()}
            entries = {id: _entry_state(id, each) for id, each in values["entries"].items()}
            past = {id: _entry_state(id, each) for id, each in values["past"].items()}
            return cls(_dated(values["content"]), documents, entries, _moment(values["posted"]), past)
        except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as fault:
            raise ValueError(f"it is not a manifest of Feeds: {fault!r}") from None


def _state(article: Article, now: datetime) -> tuple[str, ...]:
    """Tell what of an article depends on the instant."""
    offered = len(article.attachments_at(now))
    flags = (article.withdrawal(now) is not None, article.tombstone(now) is not None, article.has_expired(now))
    return article.updated_at(now).isoformat(), str(offered), *map(str, flags)


def digest_at(article: Article, now: datetime) -> str:
    """Give a digest of what an article says at an instant, but for its id and address."""
    if not article.depends_on_time:
        return article.digest
    return fingerprint(article.digest, *_state(article, now))


def _said(article: Article, now: datetime) -> dict[str, Any]:
    """Give what the state of its entry tells of an article as it is at an instant."""
    about = {name: getattr(article, name) for name in ("slug", "language", "title", "published")}
    return {**about, "digest": digest_at(article, now)}


def _number(article: Article, now: datetime) -> int:
    """Give what an article adds to the digest of the content: nothing before it has appeared."""
    if not article.has_appeared(now):
        return 0
    return int(fingerprint(article.id, article.slug, digest_at(article, now)), 16)


_json: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False).encode


def _as_dict(value: Dated | EntryState) -> dict[str, Any]:
    found = ((name, getattr(value, name)) for name in value.__dataclass_fields__)
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in found}


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found.astimezone(UTC)


def _dated(values: dict[str, str]) -> Dated:
    return Dated(values["digest"], _moment(values["modified"]))


def _entry_state(id: str, values: dict[str, Any]) -> EntryState:
    return EntryState(
        id=id,
        slug=values["slug"],
        language=values["language"],
        title=values["title"],
        published=_moment(values["published"]),
        first_seen=_moment(values["first_seen"]),
        posted=_moment(values["posted"]),
        topics=tuple(map(str, values["topics"])),
        digest=values["digest"],
    )


@dataclass(frozen=True)
class Difference:
    """What subscribers of the old see when the new is published: entries by id.

    `renamed` are entries that say the same under another id, old and new: readers take them for new ones. `moved` are
    those whose page has another address, by their slugs, old and new. `backdated`
    are new ones older than the newest that was served, which date-driven automations skip.
    """

    new: Mapping[str, EntryState]
    edited: Mapping[str, EntryState]
    gone: Mapping[str, EntryState]
    renamed: Mapping[str, str]
    moved: Mapping[str, tuple[str, str]]
    backdated: Mapping[str, EntryState]


def difference(old: Manifest, new: Manifest) -> Difference:
    """Compare two manifests."""
    added = {id: entry for id, entry in new.entries.items() if id not in old.entries}
    gone = {id: entry for id, entry in old.entries.items() if id not in new.entries}
    by_digest = {entry.digest: id for id, entry in gone.items()}
    renamed = {by_digest[entry.digest]: id for id, entry in added.items() if entry.digest in by_digest}
    fresh = {id: entry for id, entry in added.items() if id not in renamed.values()}
    newest: dict[str, datetime] = {}
    for entry in old.entries.values():
        newest[entry.language] = max(entry.published, newest.get(entry.language, entry.published))
    both = [(id, entry, old.entries.get(id)) for id, entry in new.entries.items()]
    late = (each for each in fresh.items() if each[1].published < newest.get(each[1].language, each[1].published))
    return Difference(
        new=fresh,
        edited={id: entry for id, entry, before in both if before and before.digest != entry.digest},
        gone={id: entry for id, entry in gone.items() if id not in renamed},
        renamed=renamed,
        moved={id: (before.slug, entry.slug) for id, entry, before in both if before and before.slug != entry.slug},
        backdated=dict(late),
    )
