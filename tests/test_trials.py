"""Short versions of `trials/`, which keep the trials working; `make trials` and `make fuzz` run the long versions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from feeds.server.granian import WORKER_THREADS
from feeds.server.web import MAX_LARGE_DOWNLOADS
from tests.builders import ROOT
from tests.conftest import require

sys.path.insert(0, str(ROOT / "trials"))

import hostile
import load

pytestmark = pytest.mark.integration

CORPUS = ROOT / "trials" / "corpus"


def faultless(report: load.Report) -> None:
    assert not report.faults, str(report) + "\n" + "\n".join(report.faults)


def test_nothing_fails_under_load_while_the_content_changes(program: Callable[[str], str]) -> None:
    program("wrk")
    report = load.many_requests(64, 4, stale=4.0)  # a machine may have more to do than one that is measured
    faultless(report)
    assert report.requests > 1_000 and int(report.figures["changes"]) >= 2


def test_stalled_clients_do_not_delay_other_clients() -> None:
    faultless(load.slow_clients(4 * WORKER_THREADS))


def test_the_server_survives_endless_headers() -> None:
    faultless(load.endless_headers(3))


def test_requests_for_unknown_paths_do_not_grow_memory() -> None:
    faultless(load.unknown_paths(2_000))


def test_idle_connections_delay_no_other_client() -> None:
    faultless(hostile.idle_connections(1_000))


def test_distinct_large_headers_do_not_grow_memory() -> None:
    faultless(hostile.large_headers(100))


def test_no_part_of_an_upload_is_published() -> None:
    faultless(hostile.growing_upload(2))


def test_hostile_content_stays_within_the_memory_of_the_systemd_unit() -> None:
    faultless(hostile.hostile_content())


@pytest.fixture
def film() -> Iterator[load.Server]:
    with load.server(articles=1, film=20_000_000) as running:
        yield running


def test_concurrent_large_downloads_are_limited_until_one_ends(film: load.Server) -> None:
    ask = b"GET /media/film.mp4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with ExitStack() as stack:
        starts = [stack.enter_context(film.connect(ask)).recv(12) for _ in range(WORKER_THREADS)]
        assert (starts.count(b"HTTP/1.1 200"), starts.count(b"HTTP/1.1 503")) == (
            MAX_LARGE_DOWNLOADS,
            WORKER_THREADS - MAX_LARGE_DOWNLOADS,
        )
    load.wait_until(lambda: film.get("/media/film.mp4")[0] == 200)
    assert film.get("/media/film.mp4", Range="bytes=0-9")[0] == 206


@pytest.mark.parametrize("name", ["yaml", "front"])
def test_the_fuzzers_report_no_error_for_their_corpus(name: str, tmp_path: Path, is_long: bool) -> None:
    """Every input of the corpus, and 100 mutations. Property tests do the same with less; this takes --long."""
    if not is_long:
        pytest.skip("takes --long")
    require(next(Path(sys.prefix).glob("lib/python*/site-packages/atheris"), None), "atheris")
    command = [sys.executable, str(ROOT / "trials" / f"fuzz_{name}.py"), "-seed=1", "-timeout=10", "-rss_limit_mb=300"]
    count = len(list((CORPUS / name).iterdir())) + 100
    runs = [f"-runs={count}", f"-artifact_prefix={tmp_path}/", str(tmp_path), str(CORPUS / name)]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    # by a shell in between: a process counts the memory of the one that it was split off from as its own (getrusage)
    shell = ["sh", "-c", '"$@"; exit $?', "sh"]
    done = subprocess.run([*shell, *command, *runs], capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {count} runs" in done.stderr
