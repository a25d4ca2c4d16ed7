from __future__ import annotations

import pytest

from feeds.model.media_types import TYPES, guess_type


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("A.XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("a.odt", "application/vnd.oasis.opendocument.text"),
        ("a.ods", "application/vnd.oasis.opendocument.spreadsheet"),
        ("a.ics", "text/calendar"),
        ("a.flac", "audio/flac"),
        ("a.m4b", "audio/mp4"),
        ("a.gpx", "application/gpx+xml"),
        ("a.7z", "application/x-7z-compressed"),
        ("dossier.2026/a.tar.gz", "application/gzip"),
        ("a.xyz", None),
        ("docx", None),
        (".docx", None),
    ],
)
def test_the_type_of_a_file_depends_on_its_suffix_alone(name: str, media_type: str | None) -> None:
    assert guess_type(name) == media_type


def test_every_type_is_a_media_type() -> None:
    assert all(suffix == suffix.lower() and media_type.count("/") == 1 for suffix, media_type in TYPES.items())
