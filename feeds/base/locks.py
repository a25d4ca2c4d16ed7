"""Advisory locks on files and folders (flock), which the kernel releases when their process ends, however it does."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FileLock:
    """An exclusive lock on a path, held by one open file at a time, in any process; as a context manager it waits.

    A path that does not exist is created as an empty file.
    """

    def __init__(self, path: Path) -> None:
        """Take the path; nothing is opened yet."""
        self.path = path
        self._file: int | None = None

    def acquire(self, *, wait: bool = True) -> bool:
        """Take the lock, and return whether it was free; with `wait` it always is in the end. Raises OSError."""
        if self._file is None:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | (0 if self.path.is_dir() else os.O_CREAT), 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                os.close(file)
                return False
            except BaseException:
                os.close(file)
                raise
            self._file = file
        return True

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> FileLock:
        """Wait for the lock. Raises OSError."""
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Release the lock."""
        self.release()
