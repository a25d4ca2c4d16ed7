"""The stored forms of what is compared with the next time: an upgrade must read what earlier versions wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from feeds.delivery import build_list
from feeds.delivery.bucket_list import BucketList, ObjectState
from feeds.delivery.build_list import BuiltFile
from feeds.feed.manifest import EntryState, Manifest, Revision

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

BUILT = """{"version": 1, "headers": [[], [["Vary", "Accept-Encoding"]]],
"files": {"a.rss": ["d1", null, "text/xml", 1, 1767225600, {"": 12, "gz": -1}]}}"""

BUCKET = """{"version": 1, "pending": ["b.rss"], "told": {"https://hub.example/": {"https://news.example/a.rss": "d1"}},
"objects": {"a.rss": ["d1", "d2"]}}"""

MANIFEST = """{"version": 2, "content": {"digest": "d1", "modified": "2026-01-01T00:00:00+00:00"},
"posted": "2026-01-01T00:00:00+00:00", "documents": {}, "past": {}, "entries": {"tag:a": {"slug": "a", "language": "fr",
"title": "A", "published": "2026-01-01T00:00:00+00:00", "first_seen": "2026-01-01T00:00:00+00:00",
"posted": "2026-01-01T00:00:00+00:00", "topics": ["research"], "digest": "d2"}}}"""


def test_the_list_of_a_build_keeps_its_stored_form() -> None:
    file = BuiltFile("d1", None, "text/xml", (("Vary", "Accept-Encoding"),), NEW_YEAR, {"": 12, "gz": -1})
    assert build_list.from_json(BUILT.encode()) == {"a.rss": file}
    assert build_list.from_json(build_list.to_json({"a.rss": file})) == {"a.rss": file}


@pytest.mark.parametrize("index", [2, -1])
def test_a_list_of_a_build_without_the_headers_of_a_file_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="not a list of Feeds"):
        build_list.from_json(BUILT.replace('"text/xml", 1', f'"text/xml", {index}').encode())


def test_the_list_of_a_bucket_keeps_its_stored_form() -> None:
    notified = {"https://hub.example/": {"https://news.example/a.rss": "d1"}}
    stored = BucketList.from_json(BUCKET.encode(), None)
    assert stored == BucketList({"a.rss": ObjectState("d1", "d2")}, {"b.rss"}, notified)
    assert json.loads(stored.to_json()) == json.loads(BUCKET)


def test_the_manifest_keeps_its_stored_form() -> None:
    entry = EntryState("tag:a", "a", "fr", "A", NEW_YEAR, NEW_YEAR, NEW_YEAR, ("research",), "d2")
    stored = Manifest.from_json(MANIFEST.encode())
    assert stored == Manifest(Revision("d1", NEW_YEAR), {}, {"tag:a": entry}, NEW_YEAR)
    written, kept = (json.loads(text) for text in (stored.to_json(with_past=True), MANIFEST.replace("+00:00", "Z")))
    kept["entries"]["tag:a"] |= {"is_posted": True, "old_slugs": []}
    assert written == kept
