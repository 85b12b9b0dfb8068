"""Times calls one by one with the caches swept in between, as a codec finds them after a socket has done its work.

In a tight loop a codec's data, its code and its tables stay warm, and Python's collector runs on a heap that holds
nothing else. Within a call none of that holds: the kernel has copied the bodies through the caches meanwhile.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

#: ``as-is`` is what a user's process has; ``frozen`` leaves what was imported out of every pass (``gc.freeze``).
Collector = Literal["as-is", "frozen"]

#: Where Linux tells the caches of a core, and what is assumed where it does not.
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_ASSUMED_BYTES = 2 * 2**20
_LINE = 64


def private_cache_bytes() -> int:
    """Return the size of a core's own caches together; those that other cores share are not counted."""
    total = 0
    for index in _CACHES.glob("index*"):
        try:
            shared = (index / "shared_cpu_list").read_text().strip()
            size = re.fullmatch(r"(\d+)K", (index / "size").read_text().strip())
        except OSError:
            continue
        if size and not re.search(r"[,-]", shared):
            total += int(size[1]) * 1024
    return total or _ASSUMED_BYTES


class Sweeper:
    """Fills a core's own caches with other data: one write per line over twice their size."""

    def __init__(self, size: int | None = None) -> None:
        self._lines = np.zeros((2 * (size or private_cache_bytes()) // _LINE, _LINE), np.uint8)

    def sweep(self) -> None:
        """Touch every line."""
        self._lines[:, 0] += 1


def time_apart(
    step: Callable[[], object], calls: int, sweeper: Sweeper, before: Callable[[], object] | None = None
) -> list[float]:
    """Return the seconds of each of ``calls`` calls, each after a sweep; what a call returns is dropped after timing.

    ``before`` is done between sweep and call, untimed: within a run of calls an encode follows the last answer's
    decode, and finds warm what the two share; a decode follows the socket.
    """
    clock, found = time.perf_counter, []
    for _ in range(calls):
        sweeper.sweep()
        if before is not None:
            before()
        begin = clock()
        kept = step()
        found.append(clock() - begin)
        del kept
    return found


@contextmanager
def collector(mode: Collector) -> Iterator[None]:
    """Leave Python's collector as it is, or freeze what lives already for the length of the block."""
    if mode == "as-is":
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
