"""Ranks ways of sending one payload: what the user needs decides which qualify, what is to be small decides the order.

A way is a representation over a codec. Its costs were measured, in rounds that pair them, or predicted by laws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from serlab.analysis.laws.predict import TIE
from serlab.analysis.representation import AS_IS, answers_in_words, exactness
from serlab.analysis.stats import interval, paired_ratio, resolvable, too_close_to_call
from serlab.analysis.words import counted
from serlab.errors import UsageError
from serlab.records.call import Call, TensorSpec
from serlab.records.law import Route
from serlab.records.run import Interval, Transport
from serlab.records.send_less import AnswerChange, ValueChange

Optimise = Literal["latency", "throughput", "memory", "bytes"]
OPTIMISE: tuple[Optimise, ...] = ("latency", "throughput", "memory", "bytes")
#: How many ways are named.
BEST = 3
#: Ways that cost this many times another in each of too few rounds were not measured on, and are no ties.
_LEFT_BEHIND = 1.5
#: Dtypes whose numbers TensorFlow Serving's JSON reader or writer does not carry bit for bit: float64 is off by 1 to 2
#: ULP for 18 % of values, as RapidJSON reads it without full precision.
INEXACT_IN_JSON = frozenset({"float64"})


@dataclass(frozen=True, slots=True)
class Way:
    """One way of sending: its costs, and what it does to values.

    ``latency`` is seconds by round, of calls that were made; ``predicted`` the law's, where none were. ``client_s`` and
    ``server_s`` are one call's shares, ``peak_bytes`` what representing and encoding add to the client. ``answers``
    compares the answers with those to the untouched request. ``inputs`` are what the client holds, ``call``
    takes what it sends. ``requires`` are the modules that its client imports.
    ``failure`` says why it was not called.
    """

    representation: str
    codec: str
    transport: Transport
    route: Route
    requires: tuple[str, ...] = ()
    effect: str = "exact"
    dtypes: tuple[str, ...] = ()
    latency: Mapping[int, float] = field(default_factory=dict)
    throughput: Mapping[int, float] = field(default_factory=dict)
    predicted: Interval | None = None
    client_s: float | None = None
    server_s: float | None = None
    request_bytes: int | None = None
    response_bytes: int | None = None
    peak_bytes: int | None = None
    values: ValueChange | None = None
    answers: AnswerChange | None = None
    call: Call | None = None
    inputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    failure: str = ""

    @property
    def label(self) -> str:
        """The codec, or the representation over it; a lossy way says so wherever it stands."""
        if self.representation == AS_IS:
            return self.codec
        return f"{self.representation} over {self.codec}{' (LOSSY)' if self.lossy else ''}"

    @property
    def lossy(self) -> bool:
        """Whether values are changed, or may be."""
        return refusal(self, "exact") != ""

    @property
    def p50(self) -> Interval | None:
        """Median seconds of a call."""
        return interval(self.latency.values()) if self.latency else self.predicted

    @property
    def exactness(self) -> str:
        """What becomes of the values, and of the answers where they were compared."""
        if self.representation == AS_IS and set(self.dtypes) & INEXACT_IN_JSON and self.route == "rest-numbers":
            told = "float64 within 1 to 2 ULP"
        else:
            told = exactness(self.values)
        return f"{told}; answers: {answers_in_words(self.answers)}" if self.answers else told

    def costs(self, optimise: Optimise) -> Mapping[int, float]:
        """Return what is to be small, by round; of sizes there is one figure."""
        if optimise == "latency":
            return self.latency
        if optimise == "throughput":
            return self.throughput
        size = self.peak_bytes if optimise == "memory" else self.total_bytes
        return {} if size is None else {0: float(size)}

    def cost(self, optimise: Optimise) -> float | None:
        """Return the median of what is to be small, None where it is not known."""
        found = self.costs(optimise)
        if found:
            return interval(found.values()).median
        if optimise == "latency":
            return self.predicted.median if self.predicted else None
        return None

    @property
    def total_bytes(self) -> int | None:
        """Both bodies of one call."""
        if self.request_bytes is None or self.response_bytes is None:
            return None
        return self.request_bytes + self.response_bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """A way that qualifies. ``less_than`` holds how many times less it costs than json and than what is used now.

    ``ties`` are ways too close to call with it, each with the smallest difference that could have been told (None: too
    few rounds, or predicted).
    """

    way: Way
    p50: Interval
    cost: float
    less_than: Mapping[str, Interval]
    ties: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best ways, best first; those that do not qualify and those that could not be sent, each with the reason."""

    choices: tuple[Choice, ...]
    unfit: Mapping[str, str]
    not_sent: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """From ``elements`` on, ``codec`` is predicted to be the best instead of ``before``, by more than a tie."""

    elements: int
    raw_bytes: int
    before: str
    codec: str


def parse_needs(text: str) -> str:
    """Return ``exact``, ``top1`` or a tolerance such as ``1e-3``, as it was written.

    Raises:
        UsageError: it is none of them.
    """
    if text in ("exact", "top1"):
        return text
    try:
        tolerance = float(text)
    except ValueError:
        tolerance = -1.0
    if not 0 < tolerance < math.inf:
        raise UsageError(f"--needs {text!r}: say exact, top1, or the largest change that is allowed, such as 1e-3")
    return text


def refusal(way: Way, needs: str) -> str:
    """Return why a way does not do what is needed, "" if it does.

    ``exact``: its values arrive bit for bit whatever they are. A tolerance: no number of an answer changes by more, or
    where none was seen, no number of the request. ``top1``: the first class of every answer that was seen is the same.
    """
    inexact = set(way.dtypes) & INEXACT_IN_JSON if way.route == "rest-numbers" else set()
    promised = way.values is not None and way.values.bound == 0 and not inexact
    seen = way.answers
    if promised and (seen is None or seen.largest_change == 0):
        return ""
    told = way.effect if not inexact else f"{sorted(inexact)[0]} is off by 1 to 2 ULP as JSON"
    if needs == "exact":
        if promised and seen is not None:
            return f"its answers differ from the others' by up to {seen.largest_change:.2g}"
        return told
    if needs == "top1":
        if seen is None:
            return f"{told}; what becomes of the answers was not measured"
        if seen.top1_changed is None:
            return "" if seen.largest_change == 0 else f"{told}; the answers are no scores of classes"
        return (
            f"top-1 changed on {seen.top1_changed} of {counted(seen.requests, 'request')}" if seen.top1_changed else ""
        )
    if seen is not None:
        largest, what = seen.largest_change, "an answer"
    elif way.values is not None and way.values.bound is not None and not inexact:
        largest, what = way.values.bound, "the request"
    else:
        return f"{told}; what becomes of the answers was not measured"
    return f"{what} changes by up to {largest:.2g}" if largest > float(needs) else ""


def rank(ways: Sequence[Way], needs: str, optimise: Optimise, against: Sequence[Way] = ()) -> Ranking:
    """Return the best ways that qualify, told against ``against`` (what people start from, what is used now).

    Raises:
        UsageError: none could be sent, or none of them does what is needed; the message has each one's reason.
    """
    not_sent = {way.label: way.failure or "it was not reached" for way in ways if way.cost(optimise) is None}
    sent = [way for way in ways if way.cost(optimise) is not None and way.p50]
    unfit = {way.label: reason for way in sent if (reason := refusal(way, needs))}
    # Of ways with the same bytes, the fastest comes first.
    fit = sorted((way for way in sent if way.label not in unfit),
                 key=lambda way: (way.cost(optimise) or 0.0, way.p50.median if way.p50 else 0.0))  # fmt: skip
    if not fit:
        told = "; ".join(f"{names}: {reason}" for names, reason in by_reason({**unfit, **not_sent}))
        raise UsageError(
            f"no way that was offered is {needs}: {told}" if unfit else f"nothing can carry this: {told or 'no way'}"
        )
    choices = [_choice(way, fit, optimise, against) for way in fit[:BEST]]
    return Ranking(tuple(choices), unfit, not_sent)


def by_reason(reasons: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return each reason once, after the labels that it holds for."""
    labels: dict[str, list[str]] = {}
    for label, reason in reasons.items():
        labels.setdefault(reason, []).append(label)
    return [(", ".join(named), reason) for reason, named in labels.items()]


def _choice(way: Way, fit: Sequence[Way], optimise: Optimise, against: Sequence[Way]) -> Choice:
    less = {}
    for other in against:
        found = ratio(other, way, optimise)
        if found and other.label != way.label:
            less[other.label] = found
    ties: dict[str, float | None] = {}
    for other in fit:
        found = ratio(other, way, optimise)
        if other is not way and found and _close(found):
            ties[other.label] = resolvable(found) if found.runs else None
    cost = way.cost(optimise)
    assert way.p50 is not None
    assert cost is not None
    return Choice(way, way.p50, cost, less, ties)


def _close(found: Interval) -> bool:
    """Whether two ways are too close to call; one that was soon left behind, and has a range only, is not."""
    return found.low < _LEFT_BEHIND if found.is_range else too_close_to_call(found)


def ratio(one: Way, other: Way, optimise: Optimise) -> Interval | None:
    """Return what ``one`` costs ÷ what ``other`` does: paired by round if measured, else by the laws' errors."""
    if optimise in ("latency", "throughput") and one.latency and other.latency:
        return paired_ratio(one.costs(optimise), other.costs(optimise))
    first, second = one.cost(optimise), other.cost(optimise)
    if not first or not second:
        return None
    middle = first / second
    if optimise in ("memory", "bytes"):
        return Interval(middle, middle, middle, 1)
    # What a route's law leaves open is the same for two ways on that route.
    wide = math.log(TIE)
    if one.route != other.route:
        wide = max(wide, math.hypot(_log_width(one.predicted), _log_width(other.predicted)))
    return Interval(middle, middle * math.exp(-wide), middle * math.exp(wide), 0)


def _log_width(predicted: Interval | None) -> float:
    if predicted is None or predicted.low <= 0:
        return 0.0
    return math.log(predicted.high / predicted.low) / 2


def changes(totals: Mapping[int, Mapping[str, float]], itemsize: int) -> tuple[Change, ...]:
    """Return where the best codec changes, from seconds by elements and codec; ties keep the codec that was best."""
    found: list[Change] = []
    best = ""
    for elements in sorted(totals):
        costs = totals[elements]
        fastest = min(costs, key=lambda name: costs[name])
        if not best:
            best = fastest
        elif costs[best] > TIE * costs[fastest]:
            found.append(Change(elements, elements * itemsize, best, fastest))
            best = fastest
    return tuple(found)
