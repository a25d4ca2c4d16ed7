from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from werkzeug.test import Client

from feeds import create_app
from feeds.settings import Settings

from .builders import NOW, SAMPLE

settings.register_profile("feeds", deadline=None)  # a busy machine is no fault
settings.load_profile("feeds")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ anew from what is rendered now")


@pytest.fixture
def program() -> Callable[[str], str]:
    """Find a program of the system, or skip; with FEEDS_REQUIRE_ALL=1 a missing one fails."""

    def find(name: str) -> str:
        if found := shutil.which(name):
            return found
        reason = f"{name} is not installed (.ci/run installs it)"
        if os.environ.get("FEEDS_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)

    return find


@pytest.fixture(scope="session", params=["https://news.crcm.example", "https://www.example.org/news"])
def address(request: pytest.FixtureRequest) -> str:
    """The address the sample is published at: a host of its own, and a path of another."""
    return str(request.param)


@pytest.fixture(scope="session")
def client(address: str) -> Client:
    """A client of the sample at NOW; nothing in it changes between tests."""
    app = create_app(Settings(SAMPLE, address), clock=lambda: NOW)
    return Client(app.wsgi_app)


@pytest.fixture(scope="session")
def path(address: str) -> Callable[[str], str]:
    """Put the path of the address before one of ours."""
    prefix = "/" + address.split("/", 3)[3] if address.count("/") > 2 else ""
    return lambda below: prefix + below


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return tmp_path / "content"


@pytest.fixture
def sample(content: Path) -> Path:
    """A copy of the sample for a server: what it remembers stands beside it, and not in the repository."""
    shutil.copytree(SAMPLE, content)
    return content
