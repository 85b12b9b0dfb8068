"""Times a codec's steps as a call has them: with an exchange between encode and decode, but no server.

In a tight loop a codec's data, its code and its tables stay warm, and Python's collector runs on a heap that holds
nothing else. Within a call none of that holds: the client waits, its core idles or does the server's work, the kernel
copies the bodies through the caches, and an answer arrives in memory that is new each time.
"""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from serlab.codecs.base import Body, Call, ChunkedCodec, Tensors
from serlab.records.run import Op

#: Where Linux tells the caches of a core, and what is assumed where it does not.
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_ASSUMED_BYTES = 2 * 2**20
_LINE = 64
#: How long a client waits: what the shortest exchanges with a server take. An idle core forgets which way branches go.
_WAIT_S = 0.0005
#: Calls of one process: enough for a median, and the fewest where time is short and a call does not take this long.
CALLS, MIN_CALLS, LONG_S = 16, 3, 0.25


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


class Apart(NamedTuple):
    """Seconds of one step apart: the median of its calls, and all that their steps took together."""

    median_s: float
    timed_s: float


def time_apart(
    codec: Any, op: Op, tensors: Tensors, answer: Body, call: Call, *, run_s: float, sweeper: Sweeper | None = None
) -> Apart:
    """Return the seconds of one step in up to ``CALLS`` calls that take about ``run_s`` together.

    Every call encodes, waits for its answer and decodes, whichever step is asked for: each finds what the other leaves
    of the heap, the collector's counts and the caches. What a step returns is kept while its call lasts, as a client
    does. The first call warms up where there are others.
    """
    clock, found = time.perf_counter, list[float]()
    begin = decoded = timed_s = 0.0
    encode = codec.drain if isinstance(codec, ChunkedCodec) else codec.encode
    sweeper = sweeper or Sweeper()
    end = clock() + run_s
    while not found or (len(found) < CALLS and clock() < end) or (len(found) < MIN_CALLS and decoded - begin < LONG_S):
        begin = clock()
        body = encode(tensors, call)
        encoded = clock()
        received = _exchange(answer, sweeper)
        arrived = clock()
        kept = codec.decode(received, call)
        decoded = clock()
        del body, received, kept
        timed_s += encoded - begin + decoded - arrived
        found.append(encoded - begin if op == "encode" else decoded - arrived)
    return Apart(median(found[1:] or found), timed_s)


def _exchange(answer: Body, sweeper: Sweeper) -> Body:
    """Do to this process what sending and receiving do: leave the core to others, then read the answer into new memory.

    It is read through the buffers that a socket is read through.
    """
    sweeper.sweep()
    time.sleep(_WAIT_S)
    return io.BufferedReader(io.BytesIO(answer)).read(len(answer))
