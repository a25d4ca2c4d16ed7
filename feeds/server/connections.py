"""Closes idle connections, so that silent clients cannot use up the file descriptors of a process.

Granian 2.8 has a timeout for incomplete requests, but none for connections that send nothing.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import termios
import time
from contextlib import suppress

IDLE_SECONDS = 90
"""Seconds without any traffic after which a connection is closed."""

STALLED_SECONDS = 3600
"""Seconds after which a download whose client has stopped reading is ended. Until then, a player may be paused."""

CHECK_SECONDS = 5.0
"""Seconds between two checks of all connections."""

DESCRIPTOR_FOLDER = "/proc/self/fd"

_TCP_INFO = struct.Struct("=B 43x I 4x I")
"""The fields that we read of Linux's `struct tcp_info` (linux/tcp.h): the state of the connection, and the milliseconds
since data was sent and received.
"""

_ESTABLISHED, _CLOSE_WAIT = 1, 8
"""States of a connection that is open, and of one that the client has closed."""


def close_idle_connections(port: int) -> None:
    """Close the idle connections to a port of this process every few seconds, until the process ends.

    Returns at once on systems other than Linux, which do not report how long a connection has been idle.
    """
    if not hasattr(socket, "TCP_INFO") or not os.path.isdir(DESCRIPTOR_FOLDER):
        return
    while True:
        time.sleep(CHECK_SECONDS)
        with suppress(OSError):  # no file descriptor is left for the moment
            close_idle(port, IDLE_SECONDS)


def close_idle(port: int, seconds: float) -> int:
    """Close the connections to a port that have had no traffic for `seconds`, and return their number."""
    count = 0
    for name in os.listdir(DESCRIPTOR_FOLDER):
        try:
            if not os.readlink(f"{DESCRIPTOR_FOLDER}/{name}").startswith("socket:"):
                continue
            duplicate = os.dup(int(name))  # this connection, even if its number is reused meanwhile
        except OSError:
            continue
        with socket.socket(fileno=duplicate) as connection:
            try:
                if connection.getsockname()[1] == port and is_idle(connection, seconds):
                    connection.shutdown(socket.SHUT_RDWR)
                    count += 1
            except (OSError, IndexError):  # it is not a TCP connection, or was closed meanwhile
                continue
    return count


def is_idle(connection: socket.socket, seconds: float) -> bool:
    """Return whether an open connection has neither sent nor received data for `seconds`."""
    data = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    state, since_sent, since_received = _TCP_INFO.unpack(data)
    (unsent,) = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))  # or not acknowledged
    limit = STALLED_SECONDS if unsent else seconds
    return state in (_ESTABLISHED, _CLOSE_WAIT) and min(since_sent, since_received) > limit * 1000
