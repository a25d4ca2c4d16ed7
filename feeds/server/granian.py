"""Server: Granian as we run it; it knows nothing of what is served."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from urllib.parse import quote
from wsgiref.types import WSGIApplication

from granian.constants import Interfaces
from granian.log import LogLevels, logger
from granian.server.mp import MPServer

GRACE = 30
"""Seconds that answers under way have to finish, once the server is told to end."""

THREADS = 32
"""How many answers a process may be sending at a time: a download to a slow client holds a thread while it lasts.

They are begun as they are needed, and end when they are not. The more there are, the longer the one that follows the
content waits for Python's lock under full load: twice as many would show changes after more than a second.
"""

_SETTLED = 0.2
"""Seconds after which a worker that has loaded the application surely listens to signals."""

_STEP = 0.02

_LOOK = 0.5
"""Seconds between two looks whether the first process is still there."""

_ACCESS = {"class": "logging.StreamHandler", "formatter": "access", "stream": "ext://sys.stdout"}
_REQUESTS = {"handlers": ["access"], "level": "INFO", "propagate": False, "filters": ["harmless"]}


class Harmless(logging.Filter):
    """Lets nothing that a client sent end a line of the log, or be obeyed by a terminal."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Escape it: the path as it was sent, whatever else by the numbers of its characters."""
        values = record.args if isinstance(record.args, dict) else {}
        record.args = {name: _harmless(name, value) for name, value in values.items()}
        return True


def _harmless(name: str, value: object) -> object:
    if name == "path":
        return quote(str(value), safe="/:@!$&'()*+,;=~-._")
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in value)


_LOGGING = {
    "handlers": {"access": _ACCESS},
    "loggers": {"granian.access": _REQUESTS},
    "filters": {"harmless": {"()": Harmless}},
}

Load = Callable[[], WSGIApplication]


class Server(MPServer):
    """Granian with WSGI workers that are replaced when they fail, and that end when they are told to.

    A worker loses a signal that comes before it serves: it has its parent's handlers until then, and Granian forgets
    one that comes just after. So none is told to end before it has said that it is ready.
    """

    def __init__(self, *, host: str, port: int, workers: int, access_log: str | None = None) -> None:
        """Listen on a port with so many processes, once `run` is called.

        With `access_log`, a form of Granian's, each request is a line of the standard output.
        """
        config = _LOGGING if access_log else None
        super().__init__(
            "feeds",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=GRACE,
            log_level=LogLevels.warning,
            log_access=access_log is not None,
            log_access_format=access_log,
            log_dictconfig=config or {"handlers": {}, "loggers": {}},  # the rest is in the log of this process
        )
        self._news, self._teller = multiprocessing.Pipe(duplex=False)
        self._ready: set[int] = set()

    def run(self, load: Load) -> None:
        """Serve what `load` makes in each worker, until told to end."""
        logging.raiseExceptions = False  # who reads the log of requests may go away
        logger.addFilter(lambda record: "Python threads" not in record.getMessage())  # it finds THREADS too many
        self.serve(target_loader=partial(_load_and_tell, load, self._teller, os.getpid()), wrap_loader=False)

    def _stop_workers(self) -> None:
        end = time.monotonic() + GRACE
        while self._young_workers() and time.monotonic() < end:
            time.sleep(_STEP)
        time.sleep(_SETTLED)
        super()._stop_workers()  # type: ignore[no-untyped-call]

    def _young_workers(self) -> set[int]:
        while self._news.poll():
            self._ready.add(int(self._news.recv_bytes()))
        alive = (worker.inner for worker in self.wrks if worker.inner.is_alive())
        return {process.pid for process in alive} - self._ready


def _load_and_tell(load: Load, teller: Connection, parent: int) -> WSGIApplication:
    """Be told to end by the first process alone, and end with it however it ends.

    A terminal tells the whole group of processes, of which one that ends by itself would be taken for one that failed.
    """
    os.setpgrp()
    loaded = load()
    teller.send_bytes(str(os.getpid()).encode())
    threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    return loaded


def _end_with(parent: int) -> None:
    """End this process once its parent is gone; by force, should the word of it have been lost."""
    time.sleep(_SETTLED)
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
