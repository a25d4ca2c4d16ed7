from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model.dates import parse_end, parse_start

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("zone", "date", "first"),
    [
        ("Europe/Paris", "2026-03-29", "2026-03-28T23:00"),
        ("Europe/Paris", "2026-10-25", "2026-10-24T22:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),  # midnight itself was skipped: the day began at 01:00
        ("America/Havana", "2026-11-01", "2026-11-01T04:00"),  # midnight comes twice: the day begins with the first
    ],
)
def test_a_date_means_its_first_moment_even_if_midnight_is_skipped_or_repeated(
    zone: str, date: str, first: str
) -> None:
    assert parse_start(date, ZoneInfo(zone)) == datetime.fromisoformat(first).replace(tzinfo=UTC)


def test_until_a_date_includes_the_whole_day() -> None:
    assert parse_end("2026-01-19", PARIS) == datetime(2026, 1, 19, 23, tzinfo=UTC)
    assert parse_end("2026-01-19T18:00", PARIS) == datetime(2026, 1, 19, 17, tzinfo=UTC)


@given(st.text(alphabet="0123456789-T: +Z.٣", max_size=26))
def test_any_text_gives_an_instant_in_utc_or_raises_value_error(text: str) -> None:
    try:
        found = parse_start(text, PARIS)
    except ValueError:
        return
    assert found.tzinfo is UTC and found.microsecond == 0


@given(st.datetimes(datetime(1900, 1, 2), datetime(2999, 12, 30)).map(lambda moment: moment.replace(microsecond=0)))
def test_an_instant_with_an_offset_round_trips(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert parse_start(aware.isoformat(), PARIS) == aware
