"""What calls that share a connection cost each other, as frozen dataclasses. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from serlab.record import Interval, Transport
from serlab.record_load import LoadStep


@dataclass(frozen=True, slots=True)
class SharedCall:
    """One call of several that were made together, from the moment when all of them were asked for.

    It got its connection after ``waited_s``, and its answer after ``exchange_s`` more. ``error`` is why there was none.
    """

    waited_s: float
    exchange_s: float
    error: str = ""

    @property
    def latency_s(self) -> float:
        """What the caller waited in all."""
        return self.waited_s + self.exchange_s


@dataclass(frozen=True, slots=True)
class Burst:
    """``calls`` asked for at once over ``connections`` connections, behind a ``large`` call if there is one.

    ``total_s`` is from the first moment to the last answer of ``calls``.
    """

    codec: str
    transport: Transport
    connections: int
    round: int
    total_s: float
    calls: tuple[SharedCall, ...]
    large: SharedCall | None = None

    @property
    def slowest_s(self) -> float:
        """The longest that any one call took once it had a connection."""
        return max(call.exchange_s for call in self.calls)

    @property
    def overlap(self) -> float:
        """Total ÷ slowest single call: 1 when all calls are in flight together, their number when one waits for the
        other."""
        return self.total_s / self.slowest_s


@dataclass(frozen=True, slots=True)
class SharingSummary:
    """Every round of one codec over so many connections, with intervals over rounds.

    ``small_behind_large_s`` is the median latency of small calls that were asked for right after a large one;
    ``held_back_s`` what of that is due to sharing a connection: the difference from one connection per call, paired by
    round (None for those themselves).
    """

    codec: str
    transport: Transport
    connections: int
    calls: int
    rounds: int
    overlap: Interval
    total_s: Interval
    calls_per_s: Interval
    small_behind_large_s: Interval | None
    held_back_s: Interval | None
    errors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MultiplexingReport:
    """Bursts of equal calls, bursts of small calls behind a large one, and frames pipelined as unary calls.

    ``frames`` are closed loops over one connection: each of their calls is a frame, as many of them in flight as the
    step's concurrency.
    """

    payload: str
    large_payload: str
    calls: int
    bursts: tuple[Burst, ...] = ()
    behind_large: tuple[Burst, ...] = ()
    frames: tuple[LoadStep, ...] = ()
    instance: Mapping[str, object] = field(default_factory=dict)
