"""Timing a case in one fresh process: many short chunks, so that the fastest of them is one that nothing disturbed.

A call that takes longer than ``DEAR_S`` is its own chunk, made once: what it costs to warm up would pay for another.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from typing import Any

from serlab.codecs.base import Body, Call, ChunkedCodec, Codec, Tensors
from serlab.measure.apart import Apart
from serlab.measure.calls import Subject
from serlab.measure.pyperf_script import TimedCase
from serlab.records.run import Case

#: Calls from this on are dear: they are made once per process, and in no more rounds than carry an interval.
DEAR_S = 0.25
#: Calls that a number of loops is chosen by: the fastest, as the first ones meet cold caches.
TRIES = 3
#: Fewest chunks of a process: on a busy machine some are interrupted, however short.
MIN_CHUNKS = 5
MAX_LOOPS = 1_000_000
NOT_APART = Apart(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Chunks:
    """What one process measured: seconds per call of each chunk of ``loops`` calls, and of the warm-ups before them."""

    loops: int
    values_s: tuple[float, ...]
    warmups_s: tuple[tuple[int, float], ...] = ()
    apart: Apart = NOT_APART  # within calls that have no server; 0 where that was not asked for, or is dear

    @property
    def timed_s(self) -> float:
        """Seconds spent inside timed loops and calls, warm-ups included."""
        in_loops_s = self.loops * sum(self.values_s) + sum(count * value for count, value in self.warmups_s)
        return in_loops_s + self.apart.timed_s


def time_chunks(
    case: Case,
    subject: Subject,
    *,
    loops: int,
    chunk_s: float,
    run_s: float,
    slowdown: float = 0.0,
    freeze: bool = False,
    dear: bool = True,
    apart: int | None = None,
) -> Chunks:
    """Be one fresh process that times ``case`` for about ``run_s`` seconds in chunks of ``loops`` calls.

    With ``loops`` 0, as many calls as take ``chunk_s``. ``slowdown`` makes every call take that share longer: a known
    difference, to find out whether it is found. ``freeze`` takes what was imported out of the collector's sight. Unless
    ``dear``, a call that is dear is repeated all the same. ``apart`` also times it as a call has it, as in the round of
    that number.
    """
    timed = TimedCase(case, subject, wrap=Slowed(slowdown) if slowdown else None)
    begin = time.perf_counter()
    first = timed(1)
    # What a case takes to prepare is paid for by measuring it for as long.
    run_s = max(run_s, time.perf_counter() - begin - first)
    if freeze:
        gc.freeze()
    if dear and first >= DEAR_S:
        return Chunks(1, (_short(first),))
    warmups = [(1, first)]
    if not loops:
        tried = [timed(1) for _ in range(TRIES)]
        warmups += [(1, cost) for cost in tried]
        loops = min(MAX_LOOPS, max(1, round(chunk_s / max(min(tried), 1e-9))))
    warmups.append((loops, timed(loops) / loops))
    values: list[float] = []
    end = time.perf_counter() + run_s
    while len(values) < MIN_CHUNKS or time.perf_counter() < end:
        values.append(timed(loops) / loops)
    found = NOT_APART if apart is None else timed.apart(run_s, apart)
    warmed = tuple((count, _short(cost)) for count, cost in warmups)
    return Chunks(loops, tuple(map(_short, values)), warmed, Apart(*map(_short, found)))


def time_step(case: Case, subject: Subject, run_s: float, round_number: int) -> float:
    """Be one fresh process that times a step apart for about ``run_s`` seconds; return its seconds.

    Raises what the payload, the codec and the echo servable raise.
    """
    return TimedCase(case, subject).apart(run_s, round_number).step_s


def _short(seconds: float) -> float:
    """Return a time to five digits, far below its noise: a run has some hundred thousand of them to keep."""
    return float(f"{seconds:.5g}")


class Slowed:
    """Makes a codec's calls take ``share`` longer than they do, each by its own time."""

    def __init__(self, share: float) -> None:
        self._share = share

    def __call__(self, codec: Codec) -> Any:
        """Return what is timed in the codec's place."""
        return _SlowedCodec(codec, self._share)


class _SlowedCodec:
    def __init__(self, codec: Codec, share: float) -> None:
        self._encode = codec.drain if isinstance(codec, ChunkedCodec) else codec.encode
        self._decode, self._share = codec.decode, share

    def encode(self, tensors: Tensors, call: Call) -> None:
        begin = time.perf_counter()
        self._encode(tensors, call)
        self._spin(begin)

    def decode(self, body: Body, call: Call) -> None:
        begin = time.perf_counter()
        self._decode(body, call)
        self._spin(begin)

    def _spin(self, begin: float) -> None:
        now = time.perf_counter()
        end = now + self._share * (now - begin)
        while time.perf_counter() < end:
            pass
