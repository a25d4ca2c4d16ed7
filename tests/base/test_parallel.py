"""Work is divided among processes, returned in order, and done in the calling process if a child fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from feeds.base import parallel
from feeds.base.parallel import MIN_VALUES_PER_PROCESS, parallel_map
from tests.builders import ROOT
from tests.processes import count_forks


def twice(value: int) -> int:
    return value * 2


def packed(value: int) -> bytes | None:
    return None if value % 3 == 0 else str(value).encode()


def unpacked(_: int, data: bytes) -> int:
    return int(data)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return count_forks(monkeypatch)


def test_without_a_known_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert parallel.core_count() == os.cpu_count()


MANY = list(range(4 * MIN_VALUES_PER_PROCESS + 7))


@pytest.mark.integration
def test_work_is_divided_among_processes_and_returned_in_order(forks: list[int]) -> None:
    assert parallel_map(MANY, twice, pack=packed, unpack=unpacked) == [2 * value for value in MANY]
    assert len(forks) == 2


@pytest.mark.parametrize("count", [0, 1, MIN_VALUES_PER_PROCESS])
def test_a_small_job_runs_in_the_calling_process(count: int, forks: list[int]) -> None:
    assert parallel_map(MANY[:count], twice, pack=packed, unpack=unpacked) == [2 * value for value in MANY[:count]]
    assert forks == []


@pytest.mark.integration
def test_the_work_of_a_failed_process_is_done_in_the_calling_process(
    forks: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    here = os.getpid()

    def work(value: int) -> int:
        if os.getpid() != here and value == MANY[-1]:
            os._exit(3)
        return twice(value)

    assert parallel_map(MANY, work, pack=packed, unpack=unpacked) == [2 * value for value in MANY]
    assert "a process failed" in caplog.text


def test_if_no_process_can_be_started_the_calling_process_does_the_work(
    forks: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> int:
        raise BlockingIOError("there are as many processes as there may be")

    monkeypatch.setattr(os, "fork", refuse)
    assert parallel_map(MANY, twice, pack=packed, unpack=unpacked) == [2 * value for value in MANY]
    assert "no process can be started" in caplog.text


@pytest.mark.integration
def test_if_only_some_processes_can_be_started_none_is_left_waiting(
    forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = os.fork

    def refuse_the_second() -> int:
        if forks:
            raise BlockingIOError("there are as many processes as there may be")
        return fork()

    monkeypatch.setattr(os, "fork", refuse_the_second)
    assert parallel_map(MANY, twice, pack=packed, unpack=unpacked) == [2 * value for value in MANY]
    assert len(forks) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(forks[0], 0)


@pytest.mark.integration
def test_if_no_thread_can_be_started_the_calling_process_does_the_work(
    forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert parallel_map(MANY, twice, pack=packed, unpack=unpacked) == [2 * value for value in MANY]
    for process in forks:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


LOSES_ITS_PARENT = """
import os, signal, time
from feeds.base import parallel
from feeds.base.parallel import MIN_VALUES_PER_PROCESS, parallel_map

parallel.core_count = lambda: 2
parent = os.getpid()

def work(value):
    if os.getpid() == parent:
        print("begun", flush=True)
        time.sleep(60)
    return value

parallel_map(range(2 * MIN_VALUES_PER_PROCESS), work, pack=lambda _: b"", unpack=lambda value, _: value)
"""


@pytest.mark.integration
def test_a_worker_ends_with_its_parent() -> None:
    """It would hold the locks that it inherited, such as that of a folder of a build."""
    program = [sys.executable, "-c", LOSES_ITS_PARENT]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "begun\n"
        process.kill()
        assert process.communicate(timeout=20)[0] == "", "it returns once no process has the other end"


@pytest.mark.integration
def test_an_interrupt_does_not_wait_for_the_workers(forks: list[int]) -> None:
    parent = os.getpid()

    def work(value: int) -> int:
        if os.getpid() == parent:
            raise KeyboardInterrupt
        time.sleep(3600)
        return value

    with pytest.raises(KeyboardInterrupt):
        parallel_map(MANY, work, pack=packed, unpack=unpacked)
    for process in forks:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.integration
def test_no_child_process_outlives_an_error_in_the_calling_process(forks: list[int]) -> None:
    here = os.getpid()

    def work(value: int) -> int:
        if os.getpid() != here:
            time.sleep(0.2)
        raise ValueError("no work")

    with pytest.raises(ValueError, match="no work"):
        parallel_map(MANY, work, pack=packed, unpack=unpacked)
    for process in forks:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_process_with_threads_is_not_forked(forks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert parallel_map(MANY, twice, pack=packed, unpack=unpacked) == [2 * value for value in MANY]
    assert forks == []
