"""What a run is and what is measured of its cases, as frozen dataclasses. Times are seconds, sizes are bytes.

Records are what ``measure`` makes, ``store`` keeps, ``analysis`` reads and ``report`` shows; they hold no behaviour
beyond what can be derived from their own fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta

from serlab.records.call import TensorSpec
from serlab.records.secret import masked_command

#: What a time can be: not negative, and small enough that sums and squares of it stay numbers. A bound of the reader.
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
#: A time that cannot have been none.
Lasting = Annotated[float, Meta(gt=0, le=1e9)]
#: Numbers of things and of bytes, as exact in a float as in an int.
Count = Annotated[int, Meta(ge=0, le=2**53)]

Op = Literal["encode", "decode"]
Form = Literal["values", "content"]
Transport = Literal["grpc", "rest", "none"]
InstanceKind = Literal["embedded", "binary", "docker", "remote"]

OPS: tuple[Op, ...] = ("encode", "decode")
FORMS: tuple[Form, ...] = ("values", "content")


@dataclass(frozen=True, slots=True)
class PayloadInfo:
    """A payload as a result remembers it; ``raw_bytes`` is the size of the arrays' own buffers.

    Of several named tensors, ``tensors`` has dtype and shape of each; ``shape`` is then empty, and ``dtype`` is what
    they have in common, or "mixed".
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    distribution: str
    seed: int
    raw_bytes: Count
    tensors: Mapping[str, TensorSpec] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """payload × codec × op (× form, for what a gRPC server answers). The id is derived and never parsed back."""

    payload: str
    codec: str
    op: Op
    form: Form | None = None

    @property
    def id(self) -> str:
        """Name of the case for people and for pyperf: ``encode/image/orjson``."""
        parts = [self.op, self.payload, self.codec]
        return "/".join([*parts, self.form] if self.form else parts)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its 95 % confidence interval; ``runs`` processes stand behind it.

    Where too few processes were measured for an interval, ``is_range`` says that the bounds are merely the lowest and
    the highest value. A range decides nothing: it spans every value.
    """

    median: float
    low: float
    high: float
    runs: int
    is_range: bool = False

    def spans(self, value: float) -> bool:
        """Whether ``value`` cannot be ruled out: a ratio that spans 1 is too close to call."""
        return self.is_range or self.low <= value <= self.high

    def above(self, value: float) -> bool:
        """Whether the whole interval lies above ``value``."""
        return not self.is_range and self.low > value

    def below(self, value: float) -> bool:
        """Whether the whole interval lies below ``value``."""
        return not self.is_range and self.high < value


@dataclass(frozen=True, slots=True)
class Run:
    """The samples of one fresh process: seconds per call, each the mean over ``loops`` calls.

    ``timed_s`` is the wall time spent inside timed loops and calls, warmups included. A round may have several
    processes of a case; they are forks of one parent. ``client`` is what that has imported: "light" or "tensorflow"; ""
    of older runs. ``apart_s`` is what a call takes where only a server is missing (``measure.apart``); 0 where it was
    not measured.
    """

    case: Case
    round: int
    loops: int
    values_s: tuple[float, ...]
    timed_s: float
    client: str = ""
    apart_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Exactness:
    """What became of the elements of a tensor on its way: how many elements got which verdict.

    ``counts`` maps a verdict (see ``analysis.exactness``) to a number of elements; ``failure`` is the error that kept
    the tensor from arriving at all, "" otherwise.
    """

    elements: Count
    counts: Mapping[str, int]
    worst_ulp: int = 0
    failure: str = ""

    @property
    def exact(self) -> bool:
        """Whether every element came back with the same bits."""
        return not self.failure and self.counts.get("exact", 0) == self.elements


@dataclass(frozen=True, slots=True)
class Gate:
    """The correctness of one payload × codec round trip, established before anything is timed."""

    payload: str
    codec: str
    exactness: Exactness
    request_bytes: int
    response_bytes: Mapping[str, int]  # by form; REST codecs have one entry, "body"


@dataclass(frozen=True, slots=True)
class MemoryFrame:
    """A place in the code that held memory at the peak."""

    function: str
    file: str
    line: int
    bytes: int


@dataclass(frozen=True, slots=True)
class MemoryStack:
    """What one way through the code held at the peak; frames from the codec inwards, ``function (file:line)``.

    The last is what the innermost line calls, ``tensor.tolist()``, where that is known.
    """

    frames: tuple[str, ...]
    bytes: Count


@dataclass(frozen=True, slots=True)
class MemoryProfile:
    """What one encode or decode adds to the process, from memray.

    ``peak_bytes`` is the high-water mark, of which ``pymalloc_peak_bytes`` were Python's small objects;
    ``allocated_bytes`` is the sum of everything allocated, also what was freed at once. ``capture`` and ``flamegraph``
    are paths relative to the run's folder. ``top`` are the places that held most, ``stacks`` the ways to all of them.
    """

    case: Case
    raw_bytes: Annotated[int, Meta(ge=1, le=2**53)]
    peak_bytes: Count
    pymalloc_peak_bytes: Count
    allocated_bytes: Count
    allocations: Count
    capture: str
    flamegraph: str = ""
    top: tuple[MemoryFrame, ...] = ()
    stacks: tuple[MemoryStack, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A live instance's addresses: ``host:port`` each, "" where the instance does not offer the protocol.

    ``pid`` is the server's process where it is on this machine and known, for CPU and memory readings.
    ``tls`` holds for gRPC, and for REST unless ``https`` says otherwise. ``prefix`` ("/seldon/ns/name") stands before
    the paths of the REST API; ``base_url`` is ``http(s)://host:port/prefix``.
    """

    kind: InstanceKind
    version: str
    grpc: str
    rest: str
    pid: int | None = None
    tls: bool = False
    https: bool | None = None
    prefix: str = ""

    @property
    def rest_tls(self) -> bool:
        """Whether REST is encrypted."""
        return self.tls if self.https is None else self.https

    @property
    def base_url(self) -> str:
        """Root of the REST API."""
        return f"{'https' if self.rest_tls else 'http'}://{self.rest}{self.prefix}"

    @property
    def transports(self) -> tuple[Transport, ...]:
        """The protocols that it offers."""
        offered: dict[Transport, str] = {"grpc": self.grpc, "rest": self.rest}
        return tuple(name for name, address in offered.items() if address)

    @property
    def label(self) -> str:
        """How tables and plots name the instance."""
        return f"{self.kind} ({self.version})"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run was measured."""

    name: str
    cpu_model: str
    cores: int
    memory_bytes: int
    governor: str
    kernel: str
    os: str
    python: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run was asked to do, where and with what: the first thing written and the last thing updated."""

    name: str
    machine: Machine
    started: str  # ISO 8601, UTC
    profile: str
    seed: int
    command: str
    payloads: tuple[PayloadInfo, ...]
    codecs: tuple[str, ...]
    versions: Mapping[str, str]
    git_commit: str = ""
    finished: str = ""
    load_before: tuple[float, ...] = ()
    load_after: tuple[float, ...] = ()
    instance: Mapping[str, Any] = field(default_factory=dict)  # kind, version, model, transport options
    plan: Mapping[str, Any] = field(default_factory=dict)  # what ``--resume`` needs to go on
    rounds: Count = 0
    wall_s: Seconds = 0.0
    timed_s: Seconds = 0.0
    unavailable: Mapping[str, str] = field(default_factory=dict)  # codec -> reason
    gates: tuple[Gate, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # what was asked for and could not be measured, in words

    def __post_init__(self) -> None:
        # However a command was recorded, and by whichever version: nobody reads a credential out of a run.
        object.__setattr__(self, "command", masked_command(self.command))

    @property
    def resumes(self) -> bool:
        """Whether a run of this kind can be gone on with; others are measured anew."""
        return bool(self.plan) or self.profile == "claims"

    def next_command(self, place: str = "") -> str:
        """Return the command that measures what a run lacks; ``place`` names it where its name does not find it."""
        resuming = f"--resume --run {place or self.name}"
        if self.plan:
            return f"serlab {'bench' if 'endtoend' in self.plan.get('parts', ()) else 'time'} {resuming}"
        options, dashes, flags = self.command.partition(" -- ")
        return f"{options} {resuming}{dashes}{flags}" if self.resumes and "--resume" not in options else self.command
