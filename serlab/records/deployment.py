"""What calls that share a connection cost each other, as frozen dataclasses. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serlab.records.endtoend import EndToEndRun
from serlab.records.load import LoadStep
from serlab.records.run import Interval, Lasting, MemoryProfile, Transport


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
    total_s: Lasting
    calls: tuple[SharedCall, ...]
    large: SharedCall | None = None

    @property
    def slowest_s(self) -> float:
        """The longest that any one call took once it had a connection."""
        return max((call.exchange_s for call in self.calls), default=0.0)

    @property
    def overlap(self) -> float:
        """Total ÷ slowest single call: 1 when all calls are in flight together, their number when one waits for the
        other."""
        return self.total_s / self.slowest_s if self.slowest_s else 1.0


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

    @property
    def errors(self) -> tuple[str, ...]:
        """What calls that failed were told, each once."""
        bursts = (*self.bursts, *self.behind_large)
        calls = [call for burst in bursts for call in (*burst.calls, *((burst.large,) if burst.large else ()))]
        told = [call.error for call in calls] + [step.failure for step in self.frames]
        told += [f"{step.spec.id}: {dict(step.errors)}" for step in self.frames if step.errors]
        return tuple(dict.fromkeys(filter(None, told)))


#: Who batches: an op within the graph, or TensorFlow Serving itself (``--enable_batching``).
Batcher = Literal["graph", "server"]


@dataclass(frozen=True, slots=True, order=True)
class BatchSetting:
    """At most so many rows per batch, and how long the first row of one waits for more, in microseconds."""

    max_batch_size: int
    timeout_micros: int

    def __str__(self) -> str:
        return f"max_batch_size {self.max_batch_size}, batch_timeout_micros {self.timeout_micros:,}"


@dataclass(frozen=True, slots=True)
class BatchingStep:
    """One step of load against one setting; None is the server without batching.

    ``mean_rows`` is the size of the batch in which a row was computed, on average over rows; None where the server
    batches, which does not tell.
    """

    setting: BatchSetting | None
    step: LoadStep
    mean_rows: float | None = None


@dataclass(frozen=True, slots=True)
class BatchingSummary:
    """The rounds of one setting; ``gain`` is its throughput ÷ that without batching, paired by round."""

    setting: BatchSetting | None
    rounds: int
    throughput_per_s: Interval
    gain: Interval | None
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    mean_s: float | None
    mean_rows: float | None
    errors: int


@dataclass(frozen=True, slots=True)
class BatchingReport:
    """Every step of a sweep of settings at one concurrency."""

    batcher: Batcher
    codec: str
    concurrency: int
    steps: tuple[BatchingStep, ...] = ()
    instance: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayReport:
    """The same clients direct and through the gateway, each a fresh process per round.

    The server CPU of the runs ``through`` is the gateway's own; the model server's is in the direct ones.
    """

    gateway: str  # nginx/1.22.1
    direct: tuple[EndToEndRun, ...] = ()
    through: tuple[EndToEndRun, ...] = ()
    config: str = ""
    instance: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayCost:
    """What the gateway adds to one payload × codec: medians over clients, differences and ratios paired by round.

    ``gateway_cpu_s`` is its CPU per call. ``errors`` are what kept clients from finishing, direct or through it.
    """

    payload: str
    codec: str
    transport: Transport
    rounds: int
    direct_s: Interval | None
    through_s: Interval | None
    added_s: Interval | None
    ratio: Interval | None
    gateway_cpu_s: float | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UploadProfile:
    """What encoding and sending one request added to the client, up to the moment when its answer was read.

    ``chunked`` requests are sent while they are made. ``profile``'s capture is relative to the run's folder.
    """

    profile: MemoryProfile
    body_bytes: int
    chunked: bool


@dataclass(frozen=True, slots=True)
class UploadReport:
    """Uploads of the same tensors through several codecs; ``failures`` are those that did not succeed, in words."""

    profiles: tuple[UploadProfile, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    instance: Mapping[str, object] = field(default_factory=dict)
