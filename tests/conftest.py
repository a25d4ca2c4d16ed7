from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import urllib3.util.connection  # noqa: F401 (opens a socket on import, which no test is to blame for)
from axe_playwright_python.base import AXE_SCRIPT
from hypothesis import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.test import Client

from feeds import create_app
from feeds.base import log
from feeds.content import card_drawing, pictures, rendering
from feeds.content.rendering import Rendered, RenderError, Version
from feeds.settings import Settings
from tests.builders import NOW, ROOT, SAMPLE
from tests.processes import forwarding_app, free_port, nginx

HOST, BELOW = "https://news.crcm.example", "https://www.example.org/news"
"""URLs at which the sample is published: on its own host, and below a path on another host."""

SHARED = ("hosted", "browser")
"""Fixtures that are expensive to set up. With pytest-xdist, one worker runs all tests that use the same one."""

OUTSIDE_EVENTS = {"os.exec", "os.fork", "os.posix_spawn", "socket.bind", "socket.connect", "socket.sendto"}
OUTSIDE_EVENTS |= {"subprocess.Popen", "os.system"}
"""Audit events (PEP 578) that show that a test acts outside its own process."""

LOOPBACK = ("127.", "::1", "localhost")

may_leave_process = True
"""Whether the current test is marked `integration`."""

violations_of_isolation: list[str] = []
"""What the current test did in the main thread that its marks do not allow. Other threads may be of earlier tests."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/ from the rendered output")
    parser.addoption("--long", action="store_true", help="run random walks and property tests at full length")


def pytest_configure(config: pytest.Config) -> None:
    os.environ["FEEDS_LANGUAGE"] = "en"  # whatever the locale of this machine
    for name, examples in (("short", 25), ("long", 100)):
        settings.register_profile(name, max_examples=examples, deadline=None)  # a slow machine is not an error
    settings.load_profile("long" if config.getoption("--long") else "short")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in SHARED:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))
                item.add_marker(pytest.mark.integration)
    items.sort(key=lambda item: item.get_closest_marker("integration") is None)  # the slowest first


@pytest.hookimpl(optionalhook=True)  # the suite also runs without pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of cores plus one, since many tests wait for a process."""
    return (os.cpu_count() or 1) + 1


def check_event(event: str, arguments: tuple[Any, ...]) -> None:
    """Record an event of the current test that its marks do not allow."""
    if event not in OUTSIDE_EVENTS or threading.current_thread() is not threading.main_thread():
        return
    if not may_leave_process:
        violations_of_isolation.append(f"{event} in a test without the mark integration")
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not arguments[1][0].startswith(LOOPBACK):
        violations_of_isolation.append(f"a test connects to {arguments[1]}")


sys.addaudithook(check_event)


@pytest.fixture(autouse=True)
def isolation(request: pytest.FixtureRequest) -> Iterator[None]:
    """Allow only tests with the mark `integration` to start a process or to open a connection."""
    global may_leave_process
    may_leave_process = request.node.get_closest_marker("integration") is not None
    violations_of_isolation.clear()
    yield
    may_leave_process = True
    assert not violations_of_isolation


@pytest.fixture(autouse=True)
def renders_in_process(request: pytest.FixtureRequest) -> Iterator[None]:
    """Render pictures without a child process in tests that may not start one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("integration") is None:
            patch.setattr(pictures, "render", render_here)
            patch.setattr(pictures, "draw", lambda cards: [card_drawing.draw(card) for card in cards])
        yield


def render_here(path: Path, size: tuple[int, int], versions: Sequence[Version]) -> list[Rendered]:
    try:
        return rendering.render(path, size, versions)
    except Exception as error:
        raise RenderError.of(error) from None


@pytest.fixture(autouse=True)
def builds_without_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build folders without an index for searches: Pagefind is a program of its own, which most tests do not need."""
    monkeypatch.setattr("feeds.commands.publishing.search_kind", lambda: None)


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Return whether random walks run at full length."""
    return bool(request.config.getoption("--long"))


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
    """Return a function that finds a system program by name."""
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
        expect.set_options(timeout=20_000)  # a machine that runs other tests may be slow
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=chromium_options())
        yield chromium
        chromium.close()


at_both_addresses = pytest.mark.parametrize("address", [HOST, BELOW], indirect=True)
"""Runs a test at both addresses, where the path of the site matters."""


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """Return the URL at which the sample is published, by default below a path."""
    return str(getattr(request, "param", BELOW))


VIOLATIONS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map(each => [each.id, each.nodes.map(node => node.html)]);
}"""


def violations(page: Page) -> list[Any]:
    """Return the rules of axe-core that a page violates, each with the HTML of its elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return list(page.evaluate(VIOLATIONS))


@cache
def sample_at(address: str) -> Client:
    """Return a client of the sample at NOW. Its content does not change between tests."""
    return Client(create_app(Settings(SAMPLE, address), clock=lambda: NOW).wsgi_app)


@pytest.fixture
def live(address: str) -> Client:
    """Return a client of our own server."""
    return sample_at(address)


@pytest.fixture(scope="session")
def hosts(program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Client]]:
    """Yield a function that takes a URL, and returns a client of nginx that serves the sample built for it."""
    with ExitStack() as stack:

        @cache
        def client_of(address: str) -> Client:
            folder = tmp_path_factory.mktemp("hosted")
            app = create_app(Settings(SAMPLE, address), clock=lambda: NOW)
            result = app.test_cli_runner().invoke(args=["build", str(folder / "files")])
            assert result.exit_code == 0, result.output
            port = free_port()
            config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
            config = config.replace("/srv/feeds", f"{folder}/files").replace("# brotli_static", "brotli_static")
            config = config.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")
            stack.enter_context(nginx(program("nginx"), config, folder))
            return Client(forwarding_app(port))

        yield client_of


@pytest.fixture
def hosted(hosts: Callable[[str], Client], address: str) -> Client:
    """Return a client of Debian's nginx that serves the files of `feeds build` for the sample, without our code."""
    return hosts(address)


@pytest.fixture(
    params=["live", pytest.param("hosted", marks=[pytest.mark.integration, pytest.mark.xdist_group("hosted")])]
)
def client(request: pytest.FixtureRequest) -> Client:
    """Return a client for each way to serve the sample: our own server, and static files on nginx."""
    http_client: Client = request.getfixturevalue(request.param)
    return http_client


@pytest.fixture
def path(address: str) -> Callable[[str], str]:
    """Return a function that prefixes a path with the path of the address."""
    prefix = "/" + address.split("/", 3)[3] if address.count("/") > 2 else ""
    return lambda local_path: prefix + local_path


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return tmp_path / "content"


@pytest.fixture
def sample(content: Path) -> Path:
    """Return a copy of the sample for a server, whose state is stored next to it and not in the repository."""
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
