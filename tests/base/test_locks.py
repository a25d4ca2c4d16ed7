"""The lock for files and folders: exclusive, blocking or not, and released when its holder dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from feeds.base.locks import FileLock
from tests.builders import ROOT

HOLD = """\
import sys
from pathlib import Path
from feeds.base.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_lock_has_one_holder_at_a_time(kind: str, tmp_path: Path) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "lock"
    with FileLock(path) as first:
        assert first.acquire(wait=False), "whoever holds it may ask again"
        assert not FileLock(path).acquire(wait=False)
    second = FileLock(path)
    assert second.acquire(wait=False)
    second.release()


@pytest.mark.integration
def test_the_lock_of_a_killed_process_is_released(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        lock = FileLock(tmp_path / "lock")
        assert not lock.acquire(wait=False)
        other.kill()
        other.wait()
        assert lock.acquire(wait=False)
        lock.release()


def test_a_lock_file_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), FileLock(tmp_path / "missing" / "lock"):
        pass
