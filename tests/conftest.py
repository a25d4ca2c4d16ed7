from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from werkzeug.test import Client

from feeds import create_app
from feeds.base import log
from feeds.settings import Settings
from tests.builders import NOW, ROOT, SAMPLE
from tests.processes import forwarded, free_port, nginx

settings.register_profile("feeds", deadline=None)  # a busy machine is no fault
settings.load_profile("feeds")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ anew from what is rendered now")


def require(found: str | Path | None, name: str) -> str:
    """Go on with what was found, or skip; with FEEDS_REQUIRE_ALL=1 a missing one fails."""
    if found and Path(found).exists():
        return str(found)
    reason = f"{name} is not installed (.ci/run installs it)"
    if os.environ.get("FEEDS_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Find a program of the system."""
    return lambda name: require(shutil.which(name), name)


@pytest.fixture(scope="session")
def node_package() -> Callable[[str], str]:
    """Find a file of a package of tests/node."""
    return lambda name: require(ROOT / "tests" / "node" / "node_modules" / name, f"{name} (npm)")


def chromium_options() -> list[str]:
    """Let Chromium ask nobody but whom a page asks, and run as root where that is who we are."""
    unwanted = ("gpu", "quic", "sync", "component-update", "background-networking")
    return ["--no-first-run", *(f"--disable-{name}" for name in unwanted), *["--no-sandbox"] * (os.geteuid() == 0)]


@pytest.fixture(scope="session")
def browser(program: Callable[[str], str]) -> Iterator[Browser]:
    """Debian's Chromium, which asks nobody but our servers for anything."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=chromium_options())
        yield chromium
        chromium.close()


@pytest.fixture(scope="session", params=["https://news.crcm.example", "https://www.example.org/news"])
def address(request: pytest.FixtureRequest) -> str:
    """The address the sample is published at: a host of its own, and a path of another."""
    return str(request.param)


@pytest.fixture(scope="session")
def live(address: str) -> Client:
    """A client of the sample at NOW; nothing in it changes between tests."""
    app = create_app(Settings(SAMPLE, address), clock=lambda: NOW)
    return Client(app.wsgi_app)


@pytest.fixture(scope="session")
def hosted(address: str, program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of Debian's nginx, which has the same sample as files that `flask build` wrote, and no more of us."""
    folder = tmp_path_factory.mktemp("hosted")
    app = create_app(Settings(SAMPLE, address), clock=lambda: NOW)
    done = app.test_cli_runner().invoke(args=["build", str(folder / "files")])
    assert done.exit_code == 0, done.output
    port = free_port()
    config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8").replace("/srv/feeds", f"{folder}/files")
    config = config.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")
    with nginx(program("nginx"), config.replace("# brotli_static", "brotli_static"), folder):
        yield Client(forwarded(port))


@pytest.fixture(params=["live", "hosted"])
def client(request: pytest.FixtureRequest) -> Client:
    """A client of each way to serve the sample: our own server, and files behind another."""
    found: Client = request.getfixturevalue(request.param)
    return found


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


@pytest.fixture
def restored_log() -> Iterator[None]:
    """Leave the process's log as it was."""
    root, ours = logging.getLogger(), logging.getLogger(log.LOGGER)
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])  # which forgets what loggers remember of it
    ours.setLevel(before[2])
