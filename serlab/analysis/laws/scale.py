"""Carries a law to another machine by yardsticks: small measurements that were made on both.

==================  =================================================================================
``copy``            one copy of a 602,112 B buffer
``write-numbers``   the text of 150,528 uniform float32, by orjson from numpy
``read-numbers``    the same text read into a float32 buffer, by pysimdjson
``base64``          base64 of 602,112 B in a JSON body, by the standard library
``parse-float``     ``float(text)`` of 10,000 texts
``repr-float``      ``repr(number)`` of 10,000 floats
``loopback``        one byte there and back over an open TCP connection on 127.0.0.1
==================  =================================================================================

What a coefficient does decides which yardstick carries it. How far the yardsticks disagree about the two machines is
how far any of them can be trusted for work it does not do itself: that is the scaling's uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from serlab.errors import UsageError
from serlab.records.law import CodecLaw, Law, LawMachine, Line, Route, RouteLaw, Yardstick

#: What carries the floor, the request's line and the response's line of each route.
_CARRIES: Mapping[Route, tuple[str, str, str]] = {
    "grpc": ("loopback", "copy", "copy"),
    "rest-numbers": ("loopback", "read-numbers", "write-numbers"),
    "rest-base64": ("loopback", "base64", "base64"),
}
#: What carries the two steps of each codec, by what its time goes to; of other codecs, the mean of all yardsticks.
_STEPS: Mapping[str, tuple[str, str]] = {
    "json": ("repr-float", "parse-float"),
    "json-orjson-list": ("repr-float", "parse-float"),
    "orjson": ("write-numbers", "parse-float"),
    "json-simdjson": ("write-numbers", "read-numbers"),
    "base64": ("base64", "base64"),
    "base64-simd": ("copy", "copy"),
    "tensor-proto": ("copy", "copy"),
    "tensor-proto-values": ("repr-float", "parse-float"),
    "wire": ("copy", "copy"),
}
#: With one yardstick nothing says how far it can be trusted; machines differ by about this much from task to task.
_ALONE = 0.2


@dataclass(frozen=True, slots=True)
class Carried:
    """A law on another machine. ``spread`` is the standard deviation of the scaling's log; ``factors`` by yardstick."""

    law: Law
    factors: Mapping[str, float]
    spread: float
    remarks: tuple[str, ...] = ()


def carry(law: Law, machine: LawMachine, here: Mapping[str, Yardstick]) -> Carried:
    """Return the law with every coefficient carried to the machine where ``here`` was measured.

    Raises:
        UsageError: the law is another machine's and there is no yardstick that both have.
    """
    common = [name for name in law.yardsticks if name in here]
    if not common:
        if law.machine == machine:
            return Carried(law, {}, 0.0, ("no yardsticks: taken as measured on this machine today",))
        raise UsageError(
            f"law {law.name} is of {law.machine.cpu_model}, {law.machine.cores} cores, and has no yardstick to carry "
            "it to this machine: fit it again with serlab law fit"
        )
    factors = {name: here[name].seconds / law.yardsticks[name].seconds for name in common}
    logs = [math.log(factor) for factor in factors.values()]
    own = fmean(math.hypot(law.yardsticks[name].spread, here[name].spread) for name in common)
    spread = math.hypot(stdev(logs) if len(logs) > 1 else _ALONE, own)
    absent = sorted({name for names in _CARRIES.values() for name in names} - factors.keys())
    remarks = tuple(
        f"law {law.name} does not say how fast {name} was on its machine: that part is scaled as the rest is, "
        "and the interval is as wide as the rest disagrees"
        for name in absent
    )
    return Carried(by_factors(law, factors), factors, spread, remarks)


def by_factors(law: Law, factors: Mapping[str, float]) -> Law:
    """Return the law with every coefficient times its yardstick's factor; where that is missing, times their mean."""
    middle = math.exp(fmean(map(math.log, factors.values()))) if factors else 1.0
    return replace(
        law,
        routes=tuple(_scaled(route, factors, middle) for route in law.routes),
        codecs=tuple(_scaled_step(step, factors, middle) for step in law.codecs),
    )


def _scaled_step(law: CodecLaw, factors: Mapping[str, float], middle: float) -> CodecLaw:
    encode, decode = _STEPS.get(law.codec, ("", ""))
    factor = factors.get(encode if law.op == "encode" else decode, middle)
    return replace(law, floor_s=law.floor_s * middle, line=_line(law.line, factor))


def _scaled(law: RouteLaw, factors: Mapping[str, float], middle: float) -> RouteLaw:
    floor, request, response = (factors.get(name, middle) for name in _CARRIES[law.route])
    return replace(
        law,
        floor_s=law.floor_s * floor,
        request=_line(law.request, request),
        response=_line(law.response, response),
    )


def _line(line: Line, factor: float) -> Line:
    return replace(line, rates=tuple(rate * factor for rate in line.rates))
