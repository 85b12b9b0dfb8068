"""What load experiments measure, as frozen dataclasses. Times are seconds, sizes are bytes, rates are per second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serlab.records.run import Exactness, Interval, Transport

Loop = Literal["closed", "open"]
Arrivals = Literal["poisson", "constant"]
Generator = Literal["serlab", "locust"]


@dataclass(frozen=True, slots=True)
class StepSpec:
    """What one step of load sends.

    A closed loop keeps ``concurrency`` calls in flight. An open loop sends ``rate_per_s`` whatever the server does,
    with at most ``concurrency`` calls in flight. ``connections`` 0 means one per call in flight; gRPC calls share fewer
    as HTTP/2 streams, REST calls wait for one. ``processes`` generate the load, each its share of calls, connections
    and rate. ``pre_encoded`` sends one ready body again and again and leaves the answers undecoded. ``generator`` is
    who makes the calls: serlab's own processes, or Locust's workers.
    """

    payload: str
    codec: str
    loop: Loop = "closed"
    concurrency: int = 1
    connections: int = 0
    processes: int = 1
    rate_per_s: float = 0.0
    arrivals: Arrivals = "poisson"
    pre_encoded: bool = False
    generator: Generator = "serlab"

    @property
    def sockets(self) -> int:
        """Connections that the step opens."""
        return min(self.connections or self.concurrency, self.concurrency)

    @property
    def id(self) -> str:
        """Name of the step for people: ``image/orjson/8 in flight``, ``image/orjson/200 per s, pre-encoded``."""
        pace = f"{self.concurrency} in flight" if self.loop == "closed" else f"{self.rate_per_s:g} per s"
        how = (", pre-encoded" if self.pre_encoded else "") + (", locust" if self.generator == "locust" else "")
        return f"{self.payload}/{self.codec}/{pace}{how}"


@dataclass(frozen=True, slots=True)
class StepLimits:
    """How long a step lasts: a warm-up, then windows until they are stable (see ``analysis.load.stable``).

    At least ``min_windows`` are taken and at most ``max_windows``, ``most_windows`` where no call has been answered.
    """

    warmup_s: float = 1.0
    window_s: float = 1.0
    min_windows: int = 3
    max_windows: int = 10

    @property
    def most_windows(self) -> int:
        """Windows that are waited for the first answer."""
        return 2 * self.max_windows


@dataclass(frozen=True, slots=True)
class LoadWindow:
    """Calls that ended well within one window of a step, and their mean latency; None where there were none."""

    start_s: float
    duration_s: float
    calls: int
    errors: int
    mean_s: float | None

    @property
    def per_s(self) -> float:
        """Calls per second."""
        return self.calls / self.duration_s


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which no call was answered at all.

    ``start_s`` is when the first of the ``failed`` calls ended, counted from the end of the warm-up. ``recovery_s`` is
    from there to the end of the first call that succeeded again; None if none did.
    """

    start_s: float
    failed: int
    recovery_s: float | None


@dataclass(frozen=True, slots=True)
class LoadStep:
    """What the clients of one step saw, warm-up left out.

    ``measured_s`` are the three windows that agree with each other, or all there were if none did. ``calls`` were due
    within them and answered well, also after their end; ``histogram`` holds their latencies in microseconds
    (HdrHistogram V2, base64; empty where there are none), which an open loop counts from the intended send time.
    ``throughput_per_s`` counts the calls that ended within them.

    ``attempts``, ``errors`` (failed calls by code, see ``measure.load.outcome``; ``messages`` has one message per code)
    and ``outages`` are of the whole step after the warm-up, as are, of an open loop, ``late`` calls, which left more
    than a millisecond after their time, those ``starved`` of them because all connections were in use, and the
    ``unsent`` ones that were still due at the end.

    Stages are means per call, None for pre-encoded bodies. CPU is in cores (CPU seconds per second): of all generator
    processes, of the busiest one, of the server, and of everything on this machine, which has ``cores``.
    """

    spec: StepSpec
    transport: Transport
    round: int
    calls: int = 0
    attempts: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    throughput_per_s: float = 0.0
    measured_s: float = 0.0
    stable: bool = False
    histogram: str = ""
    mean_s: float | None = None
    max_s: float | None = None
    encode_s: float | None = None
    exchange_s: float | None = None
    decode_s: float | None = None
    late: int = 0
    starved: int = 0
    unsent: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    client_cpu: float = 0.0
    busiest_cpu: float = 0.0
    server_cpu: float | None = None
    machine_cpu: float | None = None
    cores: int = 0
    windows: tuple[LoadWindow, ...] = ()
    outages: tuple[Outage, ...] = ()
    messages: Mapping[str, str] = field(default_factory=dict)
    exactness: Exactness | None = None
    failure: str = ""  # why nothing could be measured, or not to the end

    @property
    def wire_bytes_per_s(self) -> float:
        """Bodies there and back per second; HTTP headers and HTTP/2 framing, some 200 B a call, are not in it."""
        return self.throughput_per_s * (self.request_bytes + self.response_bytes)


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """The rounds of one step put together.

    ``throughput`` has an interval over rounds; the histogram is the merged one, and percentiles of it are None below
    their sample floor. ``remarks`` say what to know before believing the figures.
    """

    spec: StepSpec
    transport: Transport
    rounds: int
    calls: int
    attempts: int
    errors: Mapping[str, int]
    throughput_per_s: Interval
    histogram: str
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    p999_s: float | None
    mean_s: float | None
    max_s: float | None
    encode_s: float | None
    exchange_s: float | None
    decode_s: float | None
    late: int
    starved: int
    unsent: int
    wire_bytes_per_s: float
    client_cpu_s: float | None  # per call
    server_cpu_s: float | None  # per call
    busiest_cpu: float  # cores, of any one generator process
    stable: bool
    outages: tuple[Outage, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Knee:
    """Where adding load to a payload × codec stops paying, and the most that was reached at any step."""

    payload: str
    codec: str
    pre_encoded: bool
    concurrency: int
    throughput_per_s: float
    latency_s: float
    peak_per_s: float
    peak_concurrency: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Every step of a load run as it was measured; what the rounds come to is derived from them."""

    steps: tuple[LoadStep, ...] = ()
    instance: Mapping[str, object] = field(default_factory=dict)
