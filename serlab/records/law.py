"""Laws: what a server's exchange and a codec's step cost, by size. Times are seconds, sizes bytes or elements.

A cost is ``floor + Σ rate × size`` with the rate of each piece of the size: between two breaks every further byte costs
the same. Points, fit and errors stay together, so that a law can be doubted, and fitted again.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from serlab.errors import SchemaVersionError, StoreError
from serlab.records.run import Form, InstanceKind, Machine, Op
from serlab.records.schema import UNREADABLE

#: How a body reaches the model, as far as its cost goes.
Route = Literal["grpc", "rest-numbers", "rest-base64"]
ROUTES: tuple[Route, ...] = ("grpc", "rest-numbers", "rest-base64")

LAW_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class LawPoint:
    """Calls of one size: both bodies, the median exchange of the middle pass, and the middle half of that pass."""

    route: Route
    request_bytes: int
    response_bytes: int
    median_s: float
    low_s: float  # 25th percentile
    high_s: float  # 75th percentile
    calls: int
    kind: str = ""  # eat, make, echo, or the model's own name
    passes_s: tuple[float, ...] = ()  # median of each pass over the sizes, in order of time
    failed: int = 0  # visits that ended in an error
    error: str = ""  # the first of them

    @property
    def refused(self) -> bool:
        """Whether the server answered no call of this size; the times are then 0."""
        return not self.calls


@dataclass(frozen=True, slots=True)
class LawVisit:
    """The calls of one probe in one pass, in seconds each: what a fit that was interrupted has measured so far.

    ``of`` tells whose they are: the server, the probes and the machine.
    """

    of: str
    number: int  # of the pass
    probe: int
    request_bytes: int
    response_bytes: int
    took_s: tuple[float, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A cost over one size, in pieces: ``rates[i]`` seconds per unit between ``breaks[i - 1]`` and ``breaks[i]``."""

    rates: tuple[float, ...]
    breaks: tuple[int, ...] = ()

    def cost(self, size: float) -> float:
        """Return the seconds that ``size`` units take, the floor left out."""
        return sum(rate * part for rate, part in zip(self.rates, parts(size, self.breaks), strict=True))


def parts(size: float, breaks: Sequence[int]) -> list[float]:
    """Return how much of ``size`` lies in each piece; the parts add up to it."""
    edges = [0.0, *breaks, math.inf]
    return [max(0.0, min(size, edges[i + 1]) - edges[i]) for i in range(len(edges) - 1)]


@dataclass(frozen=True, slots=True)
class FitErrors:
    """Relative errors |fitted ÷ measured − 1| over the points, and the same with each point left out of its own fit.

    ``spread`` is the 95th percentile of |log(measured ÷ fitted)| with the points left out: a prediction lies within
    ``× exp(±spread)`` 95 times of 100.
    """

    median: float
    worst: float
    left_out_median: float
    left_out_worst: float
    spread: float


@dataclass(frozen=True, slots=True)
class RouteLaw:
    """``exchange = floor + request's line + response's line``: send + server + receive of one call, nothing beside it.

    ``remarks`` say where the fit does not hold and what could not be told apart; ``holds`` is False with the former.
    """

    route: Route
    floor_s: float
    request: Line
    response: Line
    errors: FitErrors
    points: int
    request_bytes: tuple[int, int]  # smallest and largest that were measured
    response_bytes: tuple[int, int]
    holds: bool = True
    remarks: tuple[str, ...] = ()

    def exchange_s(self, request_bytes: float, response_bytes: float) -> float:
        """Return the predicted seconds of one exchange."""
        return self.floor_s + self.request.cost(request_bytes) + self.response.cost(response_bytes)

    def covers(self, request_bytes: int, response_bytes: int) -> bool:
        """Whether bodies of these sizes lie within twice the range that was measured."""
        pairs = ((request_bytes, self.request_bytes), (response_bytes, self.response_bytes))
        return all(size <= 2 * high for size, (_, high) in pairs)


@dataclass(frozen=True, slots=True)
class CodecPoint:
    """One size of a codec's step: number of elements, and seconds per call."""

    elements: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CodecLaw:
    """``step = floor + line over elements``: one codec's encode or decode of one dtype in one kind of client."""

    codec: str
    op: Op
    dtype: str
    client: str  # light or tensorflow
    floor_s: float
    line: Line
    errors: FitErrors
    points: tuple[CodecPoint, ...]
    form: Form | None = None

    def seconds(self, elements: float) -> float:
        """Return the predicted seconds of one call."""
        return self.floor_s + self.line.cost(elements)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A small measurement that can be repeated on any machine, to carry a law there: seconds, and its relative spread.

    ``analysis.laws.scale`` says what each name stands for.
    """

    seconds: float
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class LawMachine:
    """Where a law was measured: enough to know the machine again, nothing that names it."""

    cpu_model: str
    cores: int

    @classmethod
    def of(cls, machine: Machine) -> LawMachine:
        """Return what a law says of a machine."""
        return cls(machine.cpu_model, machine.cores)


@dataclass(frozen=True, slots=True)
class Law:
    """An instance's law with everything it rests on."""

    name: str
    measured: str  # ISO 8601
    kind: InstanceKind
    version: str
    machine: LawMachine
    routes: tuple[RouteLaw, ...]
    points: tuple[LawPoint, ...]
    yardsticks: Mapping[str, Yardstick] = field(default_factory=dict)
    codecs: tuple[CodecLaw, ...] = ()
    model: str = ""
    source: str = ""  # where the points come from, in words
    remarks: tuple[str, ...] = ()
    schema: int = LAW_SCHEMA

    def route(self, route: Route) -> RouteLaw | None:
        """Return the law of a route, None where it was not measured."""
        return next((law for law in self.routes if law.route == route), None)


class _Head(msgspec.Struct):
    schema: int = 0


def parse_law(content: bytes, origin: str) -> Law:
    """Return the law that a file's bytes hold; ``origin`` names it in errors.

    Raises:
        SchemaVersionError: another version of serlab wrote it.
        StoreError: it is no law, or its numbers cannot be: negative, not finite, of one size only.
    """
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
        if schema != LAW_SCHEMA:
            raise SchemaVersionError(
                f"{origin} has law schema {schema}, this serlab reads {LAW_SCHEMA}: fit the law again with serlab law"
            )
        law = msgspec.json.decode(content, type=Law)
    except UNREADABLE as error:
        raise StoreError(f"{origin} is not a law: {error}") from error
    for found in faults(law):
        raise StoreError(f"{origin} cannot be used: {found}; fit the law again with serlab law")
    return law


def faults(law: Law) -> Iterator[str]:
    """Yield what is impossible about a law, in words."""
    if not law.routes and not law.codecs:
        yield "it holds no route and no codec"
    for number in _numbers(msgspec.to_builtins(law)):
        if not 0 <= number <= sys.float_info.max:  # nor NaN, nor an integer that no float holds
            yield f"it holds {number}, and times, sizes and errors are finite and not negative"
    lines: list[tuple[str, Line]] = [
        (route.route, line) for route in law.routes for line in (route.request, route.response)
    ]
    lines += [(f"{codec.codec} {codec.op}", codec.line) for codec in law.codecs]
    for what, line in lines:
        if len(line.rates) != len(line.breaks) + 1 or list(line.breaks) != sorted(set(line.breaks)):
            yield f"{what} has {len(line.rates)} rates and breaks at {list(line.breaks)}: they do not go together"
    for route in law.routes:
        if route.floor_s == 0 and not any((*route.request.rates, *route.response.rates)):
            yield f"{route.route} would cost nothing at all"
        if not _width(route.request_bytes) and not _width(route.response_bytes):
            yield f"{route.route} was measured at one size only, which gives no cost per byte"
    for name, yardstick in law.yardsticks.items():
        if yardstick.seconds == 0:
            yield f"yardstick {name} took no time"


def _width(sizes: tuple[int, int]) -> int:
    return sizes[1] - sizes[0]


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _numbers(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _numbers(item)
