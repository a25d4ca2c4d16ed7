"""The sample's documents at NOW, byte for byte, because a change in one reaches all subscribers.

`--update-golden` rewrites the files.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from werkzeug.test import Client

from feeds import create_app
from feeds.settings import Settings
from tests.builders import NOW, SAMPLE, TESTS

GOLDEN = TESTS / "golden"
NAMES = {
    "research.rss": "/feeds/research.rss",
    "research.atom": "/feeds/research.atom",
    "research.json": "/feeds/research.json",
    "outreach.podcast.rss": "/feeds/outreach.podcast.rss",
    "all.social.rss": "/feeds/all.social.rss",
    "feeds.opml": "/feeds.opml",
    "article.html": "/articles/fete-de-la-science",
    "home.html": "/en/",
}

FRESH = datetime(2026, 1, 12, tzinfo=UTC)
"""When some articles are new enough to be posted."""


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_document_matches_its_golden_file(name: str, request: pytest.FixtureRequest) -> None:
    now = FRESH if ".social." in name else NOW
    app = create_app(Settings(SAMPLE), clock=lambda: now)
    found = Client(app.wsgi_app).get(NAMES[name]).data
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_bytes(found)
    assert found == (GOLDEN / name).read_bytes()
