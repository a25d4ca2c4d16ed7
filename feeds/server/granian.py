"""The WSGI server: Granian with our settings. It knows nothing about the application."""

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

SHUTDOWN_SECONDS = 30
"""Seconds that responses in progress have to finish after the server is asked to stop."""

WORKER_THREADS = 32
"""How many responses a process can send at a time: a download to a slow client occupies a thread throughout.

Threads start on demand and end when idle. The more there are, the longer the thread that follows
the content waits for the GIL under full load. With twice as many, changes would take more than a
second to show.
"""

SIGNAL_SETTLE_SECONDS = 0.2
"""Seconds after which a worker that has loaded the application is sure to handle signals."""

_WORKER_POLL_SECONDS = 0.02

_PARENT_POLL_SECONDS = 0.5
"""Seconds between checks whether the parent process still runs."""

_ACCESS_HANDLER = {"class": "logging.StreamHandler", "formatter": "access", "stream": "ext://sys.stdout"}
_ACCESS_LOGGER = {"handlers": ["access"], "level": "INFO", "propagate": False, "filters": ["escape"]}


class EscapeLogArguments(logging.Filter):
    """Escapes what clients sent, so that it cannot end a line of the log or control a terminal."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Escape the values of a record, and keep the record.

        The path is percent-encoded. In other values, unprintable characters become hexadecimal
        codes.
        """
        values = record.args if isinstance(record.args, dict) else {}
        record.args = {name: _escape(name, value) for name, value in values.items()}
        return True


def _escape(name: str, value: object) -> object:
    if name == "path":
        return quote(str(value), safe="/:@!$&'()*+,;=~-._")
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in value)


_LOGGING = {
    "handlers": {"access": _ACCESS_HANDLER},
    "loggers": {"granian.access": _ACCESS_LOGGER},
    "filters": {"escape": {"()": EscapeLogArguments}},
}

LoadApplication = Callable[[], WSGIApplication]


class Server(MPServer):
    """Granian with WSGI workers that are restarted when they fail and that stop when asked to.

    A worker loses a signal that arrives before it serves. Until then it has its parent's handlers,
    and Granian drops a signal that arrives just after. So a worker is not stopped before it has
    reported that it is ready.
    """

    def __init__(self, *, host: str, port: int, workers: int, access_log: str | None = None) -> None:
        """Configure the server: it listens on `port` with `workers` processes once `run` is called.

        With `access_log`, a Granian log format, each request is logged as a line on standard
        output.
        """
        config = _LOGGING if access_log else None
        super().__init__(
            "feeds",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=WORKER_THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=SHUTDOWN_SECONDS,
            log_level=LogLevels.warning,
            log_access=access_log is not None,
            log_access_format=access_log,
            log_dictconfig=config or {"handlers": {}, "loggers": {}},  # all other records go to this process's log
        )
        self._ready_reader, self._ready_writer = multiprocessing.Pipe(duplex=False)
        self._ready_pids: set[int] = set()

    def run(self, load: LoadApplication) -> None:
        """Serve the application that `load` returns in each worker, until asked to stop."""
        logging.raiseExceptions = False  # the reader of the access log may exit
        logger.addFilter(lambda record: "Python threads" not in record.getMessage())  # it warns of too many threads
        self.serve(target_loader=partial(_load_and_report, load, self._ready_writer, os.getpid()), wrap_loader=False)

    def _stop_workers(self) -> None:
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        while self._starting_workers() and time.monotonic() < deadline:
            time.sleep(_WORKER_POLL_SECONDS)
        time.sleep(SIGNAL_SETTLE_SECONDS)
        super()._stop_workers()  # type: ignore[no-untyped-call]

    def _starting_workers(self) -> set[int]:
        while self._ready_reader.poll():
            self._ready_pids.add(int(self._ready_reader.recv_bytes()))
        alive = (worker.inner for worker in self.wrks if worker.inner.is_alive())
        return {process.pid for process in alive} - self._ready_pids


def _load_and_report(load: LoadApplication, ready_writer: Connection, parent_pid: int) -> WSGIApplication:
    """Load the application, and report that this worker is ready.

    Only the parent process stops a worker, and a worker always ends with its parent. A terminal
    signals the whole process group, and a worker that ends by itself would count as failed. So each
    worker has its own group.
    """
    os.setpgrp()
    application = load()
    ready_writer.send_bytes(str(os.getpid()).encode())
    threading.Thread(target=_exit_with_parent, args=(parent_pid,), name="parent", daemon=True).start()
    return application


def _exit_with_parent(parent_pid: int) -> None:
    """End this process after its parent has ended; by force if SIGTERM was lost."""
    time.sleep(SIGNAL_SETTLE_SECONDS)
    while os.getppid() == parent_pid:
        time.sleep(_PARENT_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SHUTDOWN_SECONDS)
    os._exit(1)
