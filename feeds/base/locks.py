"""Advisory locks on files and folders (flock), released by the kernel when their process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FileLock:
    """An exclusive lock on a path, held by one open file at a time, across processes.

    As a context manager it waits for the lock. A path that does not exist is created as an empty
    file.
    """

    def __init__(self, path: Path) -> None:
        """Store the path; nothing is opened yet."""
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool = True) -> bool:
        """Acquire the lock, and return whether it was free. Raises OSError.

        With `wait`, block until it is free.
        """
        if self._descriptor is None:
            descriptor = os.open(
                self.path, os.O_RDONLY | os.O_CLOEXEC | (0 if self.path.is_dir() else os.O_CREAT), 0o644
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                os.close(descriptor)
                return False
            except BaseException:
                os.close(descriptor)
                raise
            self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> FileLock:
        """Wait for the lock. Raises OSError."""
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Release the lock."""
        self.release()
