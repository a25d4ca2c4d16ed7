"""The WSGI server: Granian with our settings and limits. It knows nothing about the application."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import quote
from wsgiref.types import WSGIApplication

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels, logger
from granian.server.mp import MPServer

from feeds.base import log

from .connections import close_idle_connections

SHUTDOWN_SECONDS = 30
"""Seconds that responses in progress have to finish after the server is asked to stop."""

WORKER_THREADS = 32
"""How many responses a process can send at a time: a download to a slow client occupies a thread throughout.

Threads start on demand and end when idle. The more there are, the longer the thread that follows
the content waits for the GIL under full load. With twice as many, changes would take more than a
second to show.
"""

MAX_CONNECTIONS = 16_384
"""Maximum number of open connections of a process; more wait until one is closed."""

RESERVED_DESCRIPTORS = 512
"""File descriptors of a process that are not used for connections: files, and the check of idle connections."""

HEADER_SECONDS = 75
"""Seconds that a connection may wait between two requests, or take to send the headers of one, before it is closed.

nginx keeps connections to us for 60 seconds, and must not use one that we are closing.
"""

MAX_REQUEST_HEAD_BYTES = 32_768
"""Maximum size of a request line with its headers; a larger one is answered with 431 (RFC 6585 section 5)."""

SIGNAL_SETTLE_SECONDS = 0.2
"""Seconds after which a worker that has loaded the application is sure to handle signals."""

HEARTBEAT_SECONDS = 1.0
"""Seconds between two heartbeats of a worker, at each of which it also checks whether its parent still runs."""

HANG_SECONDS = 10.0
"""Seconds without a heartbeat after which a worker is killed and replaced."""

_WORKER_POLL_SECONDS = 0.02

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


def connection_limit() -> int:
    """Return the maximum number of connections of a process, so that some file descriptors are always left."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MAX_CONNECTIONS, max(soft - RESERVED_DESCRIPTORS, soft // 2)) if soft > 0 else MAX_CONNECTIONS


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
            backpressure=connection_limit(),
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=MAX_REQUEST_HEAD_BYTES
            ),
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=SHUTDOWN_SECONDS,
            log_level=LogLevels.warning,
            log_access=access_log is not None,
            log_access_format=access_log,
            log_dictconfig=config or {"handlers": {}, "loggers": {}},  # all other records go to this process's log
        )
        self._heartbeat_reader, self._heartbeat_writer = multiprocessing.Pipe(duplex=False)
        self._heartbeats: dict[int, float] = {}  # when each worker was last heard from, by its process id
        self._draining_workers: list[Any] = []  # replaced by others, and finishing their responses

    def run(self, load: LoadApplication) -> None:
        """Serve the application that `load` returns in each worker, until asked to stop."""
        logging.raiseExceptions = False  # the reader of the access log may exit
        logger.addFilter(lambda record: "Python threads" not in record.getMessage())  # it warns of too many threads
        loader = partial(_load_and_report, load, self._heartbeat_writer, os.getpid(), self.bind_port)
        self.serve(target_loader=loader, wrap_loader=False)

    def _stop_workers(self) -> None:
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        while self._starting_workers() and time.monotonic() < deadline:
            time.sleep(_WORKER_POLL_SECONDS)
        time.sleep(SIGNAL_SETTLE_SECONDS)
        super()._stop_workers()  # type: ignore[no-untyped-call]
        self._wait_for_draining_workers()

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Replace all workers, and log that."""
        start = time.monotonic()
        super()._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        log.log_event("reload", workers=self.workers, seconds=round(time.monotonic() - start, 3))

    def _respawn_workers(self, workers: list[int], spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        """Replace workers one by one, so that a reload (SIGHUP) drops no request.

        A worker is stopped once its replacement has loaded the application, and kept if the replacement
        fails. Granian would stop it after `delay` seconds in any case; `delay` is ignored.
        """
        for index in workers:
            if self.interrupt_signal:
                return
            self.respawned_wrks[index] = time.monotonic()
            old_worker: Any = self.wrks[index]
            worker: Any = self._spawn_worker(idx=index, target=spawn_target, callback_loader=target_loader)
            worker.interrupt_by_parent = True  # its failure is dealt with here
            worker.start()
            self._heartbeats.pop(worker.inner.pid, None)  # of a process that had the same id
            while worker.is_alive() and worker.inner.pid not in self._heartbeats and not self.interrupt_signal:
                time.sleep(_WORKER_POLL_SECONDS)
            time.sleep(SIGNAL_SETTLE_SECONDS)
            worker.interrupt_by_parent = False
            if not worker.is_alive() and old_worker.is_alive():
                logger.error(f"worker-{index + 1} was not replaced: its replacement exited during startup")
                continue
            self.wrks[index] = worker
            if not worker.is_alive():
                self.interrupt_children.append(index)
                self.main_loop_interrupt.set()
            old_worker.terminate()
            self._draining_workers.append(old_worker)
            self._wait_for_draining_workers()

    def _wait_for_draining_workers(self) -> None:
        """Wait until replaced workers have finished their responses, and kill those that exceed SHUTDOWN_SECONDS.

        If the server is told to stop meanwhile, return at once.
        """
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        is_stopping = self.interrupt_signal
        while self._draining_workers and (is_stopping or not self.interrupt_signal):
            worker = self._draining_workers[0]
            worker.join(_WORKER_POLL_SECONDS)
            if worker.is_alive() and time.monotonic() < deadline:
                continue
            if worker.is_alive():
                worker.kill()
                worker.join()
            self._draining_workers.pop(0)

    def _starting_workers(self) -> set[int]:
        return self._running_pids() - self._heartbeats.keys()

    def _running_pids(self) -> set[int]:
        return {worker.inner.pid for worker in self.wrks if worker.inner.is_alive()}

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        """Start the workers, and a thread that replaces those that hang."""
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        threading.Thread(target=self._watch_workers, name="heartbeats", daemon=True).start()

    def _watch_workers(self) -> None:
        previous = time.monotonic()
        while True:
            self._heartbeat_reader.poll(HEARTBEAT_SECONDS)
            now = time.monotonic()
            if now - previous > HANG_SECONDS / 2:  # this process was stopped, perhaps with all workers
                self._heartbeats = dict.fromkeys(self._heartbeats, now)
            previous = now
            while self._heartbeat_reader.poll():
                self._heartbeats[int(self._heartbeat_reader.recv_bytes())] = now
            for pid in self._running_pids():
                if now - self._heartbeats.get(pid, now) > HANG_SECONDS:
                    logger.error(f"worker {pid} has not responded for {HANG_SECONDS:.0f} seconds and is replaced")
                    del self._heartbeats[pid]
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


def _load_and_report(
    load: LoadApplication, heartbeat_writer: Connection, parent_pid: int, port: int
) -> WSGIApplication:
    """Load the application, and start the heartbeats of this worker, the first of which says that it is ready.

    Only the parent process stops a worker, and a worker always ends with its parent. A terminal
    signals the whole process group, and a worker that ends by itself would count as failed. So each
    worker has its own group.
    """
    os.setpgrp()
    application = load()
    arguments = heartbeat_writer, parent_pid
    threading.Thread(target=_send_heartbeats, args=arguments, name="heartbeat", daemon=True).start()
    threading.Thread(target=close_idle_connections, args=(port,), name="idle connections", daemon=True).start()
    return application


def _send_heartbeats(heartbeat_writer: Connection, parent_pid: int) -> None:
    """Send heartbeats to the parent. After the parent has ended, end this process, by force if SIGTERM was lost."""
    os.set_blocking(heartbeat_writer.fileno(), False)  # a parent that does not read must not hold us up
    while os.getppid() == parent_pid:
        with suppress(OSError):
            heartbeat_writer.send_bytes(str(os.getpid()).encode())
        time.sleep(HEARTBEAT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SHUTDOWN_SECONDS)
    os._exit(1)
