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
from tests.processes import forwarding_app, free_port, nginx

settings.register_profile("feeds", deadline=None)  # a slow machine is not an error
settings.load_profile("feeds")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ anew from what is rendered now")


def require(candidate: str | Path | None, name: str) -> str:
    """Return a path if it exists, or skip the test. With FEEDS_REQUIRE_ALL=1, fail instead."""
    if candidate and Path(candidate).exists():
        return str(candidate)
    reason = f"{name} is not installed (.ci/run installs it)"
    if os.environ.get("FEEDS_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Return a function that finds a program of the system by name."""
    return lambda name: require(shutil.which(name), name)


@pytest.fixture(scope="session")
def node_package() -> Callable[[str], str]:
    """Return a function that finds a file in the packages of tests/node."""
    return lambda name: require(ROOT / "tests" / "node" / "node_modules" / name, f"{name} (npm)")


def chromium_options() -> list[str]:
    """Return options that prevent background requests, and disable the sandbox if running as root."""
    unwanted = ("gpu", "quic", "sync", "component-update", "background-networking")
    return ["--no-first-run", *(f"--disable-{name}" for name in unwanted), *["--no-sandbox"] * (os.geteuid() == 0)]


@pytest.fixture(scope="session")
def browser(program: Callable[[str], str]) -> Iterator[Browser]:
    """Yield Debian's Chromium without background requests: it contacts only our servers."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=chromium_options())
        yield chromium
        chromium.close()


@pytest.fixture(scope="session", params=["https://news.crcm.example", "https://www.example.org/news"])
def address(request: pytest.FixtureRequest) -> str:
    """Return the URL at which the sample is published: its own host, or a path on another."""
    return str(request.param)


@pytest.fixture(scope="session")
def live(address: str) -> Client:
    """Return a client of the sample at NOW. Its content does not change between tests."""
    app = create_app(Settings(SAMPLE, address), clock=lambda: NOW)
    return Client(app.wsgi_app)


@pytest.fixture(scope="session")
def hosted(address: str, program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Yield a client of Debian's nginx that serves the files of `feeds build` for the sample, without our code."""
    folder = tmp_path_factory.mktemp("hosted")
    app = create_app(Settings(SAMPLE, address), clock=lambda: NOW)
    result = app.test_cli_runner().invoke(args=["build", str(folder / "files")])
    assert result.exit_code == 0, result.output
    port = free_port()
    config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8").replace("/srv/feeds", f"{folder}/files")
    config = config.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")
    with nginx(program("nginx"), config.replace("# brotli_static", "brotli_static"), folder):
        yield Client(forwarding_app(port))


@pytest.fixture(params=["live", "hosted"])
def client(request: pytest.FixtureRequest) -> Client:
    """Return a client for each way to serve the sample: our own server, and static files on nginx."""
    http_client: Client = request.getfixturevalue(request.param)
    return http_client


@pytest.fixture(scope="session")
def path(address: str) -> Callable[[str], str]:
    """Return a function that prefixes a path with the path of the address."""
    prefix = "/" + address.split("/", 3)[3] if address.count("/") > 2 else ""
    return lambda local_path: prefix + local_path


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return tmp_path / "content"


@pytest.fixture
def sample(content: Path) -> Path:
    """Return a copy of the sample for a server, whose state is stored beside it and not in the repository."""
    shutil.copytree(SAMPLE, content)
    return content


@pytest.fixture
def restored_log() -> Iterator[None]:
    """Restore the log configuration of the process after the test."""
    root, logger = logging.getLogger(), logging.getLogger(log.EVENT_LOGGER_NAME)
    before = root.handlers[:], root.level, logger.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])  # also clears the levels that loggers have cached
    logger.setLevel(before[2])
