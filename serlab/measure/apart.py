"""Times a codec's steps as a call has them: with an exchange between encode and decode, but no server.

In a tight loop a codec's data, its code and its tables stay warm, and Python's collector runs on a heap that holds
nothing else. Within a call none of that holds: the client waits, its core idles or does the server's work, the kernel
copies the bodies through the caches, and an answer arrives in memory that is new each time.
"""

from __future__ import annotations

import gc
import io
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from serlab.analysis.stats import midmean
from serlab.codecs.base import Body, Call, ChunkedCodec, Tensors
from serlab.records.run import Op, Transport
from serlab.transports import http1

#: Where Linux tells the caches of a core, and what is assumed where it does not.
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_ASSUMED_BYTES = 2 * 2**20
_LINE = 64
#: How much of them an exchange takes, by transport: less leaves short steps faster than within calls, more slower. A
#: REST client does nothing while it waits; gRPC's own threads, queues and copies pass through the caches of its core.
_SWEPT: Mapping[Transport, float] = {"rest": 0.5, "grpc": 1.25, "none": 1.25}
#: How long a client waits: what the shortest exchanges with a server take. An idle core forgets which way branches go.
_WAIT_S = 0.0005
#: Calls of one process: enough for a median, and the fewest where time is short and a call does not take this long.
CALLS, MIN_CALLS, LONG_S = 16, 3, 0.25


#: The head of an answer as TensorFlow Serving writes it.
_HTTP_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    b"Content-Length: %d\r\n\r\n"
)
#: The small passes of Python's collector that make a middle one, and that make one that looks at everything.
_SMALL_PASSES, _CYCLE = 11, 121
_GOLDEN = (5**0.5 - 1) / 2


def shift_collector(round_number: int) -> None:
    """Put Python's collector where a client of this round finds it: rounds are spread evenly over its cycle.

    A JSON codec's call of an image makes so many lists that the collector looks at all of them about once per call:
    within encode for seven calls, then within decode for seven. A new process always begins at the same place, so a
    few calls of each would tell what is true of no client that has run for a while.
    """
    middle, small = divmod(int((round_number * _GOLDEN) % 1 * _CYCLE), _SMALL_PASSES)
    for generation, passes in ((1, middle), (0, small)):
        for _ in range(passes):
            gc.collect(generation)


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
    """Fills a ``share`` of a core's own caches with other data: one write per line."""

    def __init__(self, share: float, size: int | None = None) -> None:
        self._lines = np.zeros((int(share * (size or private_cache_bytes())) // _LINE, _LINE), np.uint8)

    def sweep(self) -> None:
        """Touch every line."""
        self._lines[:, 0] += 1


class Apart(NamedTuple):
    """Seconds of one step apart: the middle mean of its calls, and all that their steps took together."""

    step_s: float
    timed_s: float


def time_apart(
    codec: Any, op: Op, tensors: Tensors, answer: Body, call: Call, *, run_s: float, round_number: int = 0,
    sweeper: Sweeper | None = None,
) -> Apart:  # fmt: skip
    """Return the seconds of one step in up to ``CALLS`` calls that take about ``run_s`` together.

    Every call encodes, leaves its core to others, receives its answer and decodes, whichever step is asked for: each
    finds what the other leaves of the heap, the collector's counts and the caches. What a step returns is kept while
    its call lasts, as a client does. The first call warms up where there are others.
    """
    clock, found = time.perf_counter, list[float]()
    begin = decoded = timed_s = 0.0
    encode = codec.drain if isinstance(codec, ChunkedCodec) else codec.encode
    sweeper = sweeper or Sweeper(_SWEPT[codec.transport])
    receive = _receive_http if codec.transport == "rest" else _receive_message
    if codec.transport == "rest":
        answer = _HTTP_HEAD % len(answer) + answer
    end = clock() + run_s
    while not found or (len(found) < CALLS and clock() < end) or (len(found) < MIN_CALLS and decoded - begin < LONG_S):
        begin = clock()
        body = encode(tensors, call)
        encoded = clock()
        sweeper.sweep()
        time.sleep(_WAIT_S)
        received = receive(answer)
        arrived = clock()
        kept = codec.decode(received, call)
        decoded = clock()
        del body, received, kept
        timed_s += encoded - begin + decoded - arrived
        found.append(encoded - begin if op == "encode" else decoded - arrived)
        if len(found) == 1:
            shift_collector(round_number)
    return Apart(midmean(found[1:] or found), timed_s)


def _receive_http(answer: bytes) -> Body:
    """Return the answer's body in new memory, read as from a socket: in Python, whose code is warm again then."""
    return http1.receive(io.BufferedReader(io.BytesIO(answer)))[0].body


def _receive_message(answer: bytes) -> Body:
    """Return the answer in new memory."""
    return io.BufferedReader(io.BytesIO(answer)).read(len(answer))
