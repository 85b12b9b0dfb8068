"""When the calls of a step are due."""

from __future__ import annotations

import random
import threading
from typing import Protocol

from serlab.records.load import Arrivals, StepSpec


class Pace(Protocol):
    """Hands out calls; several threads may take from it. Times are those of ``time.perf_counter``."""

    def take(self, now: float) -> float | None:
        """Return when the next call is due, which may be in the past or in the future; None when there are no more."""

    def peek(self, now: float) -> float | None:
        """Return what ``take`` would, and leave it."""

    def close(self, end: float) -> int:
        """Hand out no more calls; return about how many that were due by ``end`` nobody took."""


class ClosedPace:
    """A call is due as soon as someone is free to make it."""

    def __init__(self) -> None:
        self._open = True

    def take(self, now: float) -> float | None:
        """Return the present."""
        return now if self._open else None

    peek = take

    def close(self, end: float) -> int:
        """Hand out no more calls; none was due."""
        self._open = False
        return 0


class OpenPace:
    """Calls are due at ``rate_per_s`` from ``start`` on, whatever became of those before.

    ``share`` of ``shares`` generators: their constant arrivals interleave evenly, and their Poisson arrivals add up to
    a Poisson process, because such processes do.
    """

    def __init__(
        self, rate_per_s: float, arrivals: Arrivals, seed: str, start: float, *, share: int = 0, shares: int = 1
    ) -> None:
        self._rate = rate_per_s / shares
        self._random = random.Random(f"{seed}/{share}") if arrivals == "poisson" else None
        self._lock = threading.Lock()
        self._open = True
        self._next = start + (self._gap() if self._random else share / rate_per_s)

    def take(self, now: float) -> float | None:
        """Return the next arrival."""
        with self._lock:
            if not self._open:
                return None
            due = self._next
            self._next += self._gap()
            return due

    def peek(self, now: float) -> float | None:
        """Return the next arrival and leave it."""
        return self._next if self._open else None

    def close(self, end: float) -> int:
        """Hand out no more calls; return how many were still to be had, Poisson ones by their mean."""
        with self._lock:
            self._open = False
            return max(0, int((end - self._next) * self._rate) + (self._next <= end))

    def _gap(self) -> float:
        return self._random.expovariate(self._rate) if self._random else 1.0 / self._rate


def make_pace(spec: StepSpec, seed: str, start: float, share: int) -> Pace:
    """Return the pace of one generator of a step."""
    if spec.loop == "closed":
        return ClosedPace()
    return OpenPace(spec.rate_per_s, spec.arrivals, seed, start, share=share, shares=spec.processes)
