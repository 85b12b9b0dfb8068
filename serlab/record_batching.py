"""What batching on the server does to throughput and latency, as frozen dataclasses. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serlab.record import Interval
from serlab.record_load import LoadStep

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
