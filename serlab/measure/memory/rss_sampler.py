"""Reads the resident memory of two processes again and again, from a process of its own: neither is slowed or stopped.

``python -m serlab.measure.memory.rss_sampler CLIENT_PID SERVER_PID`` (0 for a server that cannot be seen) prints a line
"seconds client server" per sample, in bytes, until its standard input ends or the client does. Seconds are those of
``time.perf_counter``, which on Linux all processes share.
"""

from __future__ import annotations

import contextlib
import selectors
import sys
import time

import psutil

#: A copy of a large tensor lives for some milliseconds; reading two processes takes well under a tenth of one.
INTERVAL_S = 0.005


def sample(client: psutil.Process, server: psutil.Process | None) -> str:
    """Return one line. Raises psutil.NoSuchProcess when the client has gone."""
    resident = 0
    if server is not None:
        with contextlib.suppress(psutil.Error):
            resident = server.memory_info().rss
    return f"{time.perf_counter():.6f} {client.memory_info().rss} {resident}"


def main(client_pid: int, server_pid: int) -> None:
    """Print samples until standard input, a pipe, ends or the client does."""
    with contextlib.suppress(psutil.Error), selectors.DefaultSelector() as selector:
        client = psutil.Process(client_pid)
        server = psutil.Process(server_pid) if server_pid else None
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            print(sample(client, server), flush=True)
            if selector.select(INTERVAL_S):
                return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
