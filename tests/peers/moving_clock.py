"""The application with a clock that is offset by the seconds in the file TEST_CLOCK. Tests serve it."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feeds import create_app


def moving_clock() -> datetime:
    with suppress(OSError, ValueError):
        return datetime.now(UTC) + timedelta(seconds=float(Path(os.environ["TEST_CLOCK"]).read_text()))
    return datetime.now(UTC)


app = create_app(clock=moving_clock)
