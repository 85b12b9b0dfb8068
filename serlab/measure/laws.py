"""Learns a server's law: exchanges of many sizes, in shuffled passes, one call in flight, bodies made beforehand."""

from __future__ import annotations

import hashlib
import json
import platform
import random
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, median_low

import numpy as np

from serlab.errors import TransportError
from serlab.measure.load.outcome import failure_code, unanswered
from serlab.records import series
from serlab.records.call import Call
from serlab.records.law import LawPoint, LawVisit, Route
from serlab.records.run import Endpoint
from serlab.servable.sizes import MAX_ELEMENTS, SIZES_MODEL
from serlab.transports.base import Transport, TransportOptions
from serlab.transports.registry import open_transport
from serlab.wire import encode_predict

#: Elements of the probes: at least two sizes between any two places where a law may bend.
SIZES = (64, 512, 2_560, 8_192, 20_480, 65_536, 150_528, 401_408, 1_048_576)
#: Numbers as JSON take so long that larger ones would leave no time for the others.
LARGER = (MAX_ELEMENTS,)
KINDS = ("eat", "make", "echo")
#: Passes over all probes. A server that slows down midway shows in the later ones.
PASSES = 3
#: Of each probe and pass, however long a call takes and however short it is.
MIN_CALLS, MAX_CALLS = 2, 100
#: Probes that a server leaves without any answer, one after the other, before it is asked no more.
SILENT = 3
_SEED = 20_261_122


@dataclass(frozen=True, slots=True)
class Probe:
    """One body to send again and again; ``body`` given is sent as it is, "" makes the lab's own for ``elements``."""

    route: Route
    kind: str
    elements: int
    model: str = SIZES_MODEL
    body: bytes = b""


def lab_probes(routes: Sequence[Route]) -> list[Probe]:
    """Return the probes for a server that has the lab's ``sizes`` servable."""
    return [
        Probe(route, kind, elements)
        for route in routes
        for kind in KINDS
        for elements in (SIZES if route == "rest-numbers" else (*SIZES, *LARGER))
    ]


def body_of(probe: Probe) -> bytes:
    """Return the request of a probe: uniform float32 values, or the number of those to answer."""
    if probe.body:
        return probe.body
    signature = probe.kind if probe.route != "rest-base64" else f"{probe.kind}_bytes"
    values = np.random.default_rng(_SEED).random((1, probe.elements), np.float32)
    count = np.array([probe.elements], np.int32)
    if probe.route == "grpc":
        inputs = {"n": count} if probe.kind == "make" else {"x": values}
        return encode_predict(probe.model, inputs, signature=signature)
    if probe.kind == "make":
        rows = str(count.tolist()).encode()
    elif probe.route == "rest-base64":
        rows = b'[{"b64":"%s"}]' % b64encode(values.tobytes())
    else:
        import orjson

        rows = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    return b'{"signature_name":%s,"instances":%s}' % (json.dumps(signature).encode(), rows)


def measure_points(
    endpoint: Endpoint, options: TransportOptions, probes: list[Probe], budget_s: float, seed: int = _SEED,
    kept: Path | None = None,
) -> list[LawPoint]:  # fmt: skip
    """Return a point per probe: the median exchange over all passes, within about ``budget_s`` seconds.

    The point's median is that of its middle pass, which neither a busy machine nor one lucky connection decides. A
    probe that the server refuses at its first call is not sent again; one that fails later keeps what it has. When the
    time is over, every probe that has not been sent yet still is, once; not to a server that has left ``SILENT`` of
    them in a row without an answer.
    Every visit is added to the series ``kept``; those of the same probes that lie there are taken as they are.
    """
    gathered = {index: _Gathered() for index in range(len(probes))}
    of = _whose(endpoint, options, probes, seed)
    done = {(visit.number, visit.probe): visit for visit in _read(kept) if visit.of == of}
    budget_s *= 1 - len(done) / (PASSES * len(probes))
    order, begin, silent = random.Random(seed), time.perf_counter(), 0
    for number in range(PASSES):
        shuffled = order.sample(range(len(probes)), len(probes))
        for position, index in enumerate(shuffled):
            left_s = begin + budget_s - time.perf_counter()
            steps_left = (PASSES - number) * len(probes) - position
            if visit := done.get((number, index)):
                gathered[index].take(visit)
            elif silent >= SILENT:
                gathered[index].leave(f"not asked: {SILENT} probes in a row had no answer")
            elif not gathered[index].refused and (left_s > 0 or not gathered[index].passes):
                blank = LawVisit(of, number, index, 0, 0, ())
                visit = _visit(endpoint, options, probes[index], blank, max(0.0, left_s) / steps_left)
                gathered[index].take(visit)
                silent = silent + 1 if unanswered(visit.error.partition(":")[0]) else 0
                if kept:
                    series.append(kept, (visit,))
    return [_point(probe, gathered[index]) for index, probe in enumerate(probes)]


def _whose(endpoint: Endpoint, options: TransportOptions, probes: Sequence[Probe], seed: int) -> str:
    """Return what tells the visits of one fit from those of another: server, client, probes, machine."""
    asked = [(probe.route, probe.kind, probe.elements, probe.model, len(probe.body)) for probe in probes]
    address = (endpoint.rest, endpoint.grpc) if endpoint.kind == "remote" else ()
    whose = (endpoint.kind, endpoint.version, address, options.quickack, platform.node(), seed, asked)
    return hashlib.sha256(repr(whose).encode()).hexdigest()[:16]


def _read(kept: Path | None) -> tuple[LawVisit, ...]:
    try:
        return series.read(kept, LawVisit) if kept else ()
    except FileNotFoundError:
        return ()


class _Gathered:
    """What the calls of one probe have brought so far."""

    def __init__(self) -> None:
        self.request_bytes = self.response_bytes = 0
        self.passes: list[list[float]] = []
        self.errors: list[str] = []

    @property
    def refused(self) -> bool:
        return bool(self.errors) and not self.passes

    def leave(self, reason: str) -> None:
        """Note why a probe is not sent, unless it was."""
        if not self.passes and not self.errors:
            self.errors.append(reason)

    def take(self, visit: LawVisit) -> None:
        """Add what one pass brought."""
        self.request_bytes = visit.request_bytes
        self.response_bytes = visit.response_bytes or self.response_bytes
        if visit.error:
            self.errors.append(visit.error)
        if visit.took_s:
            self.passes.append(list(visit.took_s))


def _visit(endpoint: Endpoint, options: TransportOptions, probe: Probe, blank: LawVisit, seconds: float) -> LawVisit:
    """Call for about ``seconds``. The first call connects and is not counted, nor are those that fail."""
    body = body_of(probe)
    response_bytes, error = 0, ""
    took: list[float] = []
    kind = "grpc" if probe.route == "grpc" else "rest"
    with open_transport(kind, endpoint, Call(probe.model, "", {}, {}), options) as transport:
        end = time.perf_counter() + seconds
        try:
            response_bytes = len(_send(transport, body)[1])
            while len(took) < MIN_CALLS or (len(took) < MAX_CALLS and time.perf_counter() < end):
                took.append(_send(transport, body)[0])
        except TransportError as failure:
            error = f"{failure_code(failure)}: {failure}"
    return replace(blank, request_bytes=len(body), response_bytes=response_bytes, took_s=tuple(took), error=error)


def _send(transport: Transport, body: bytes) -> tuple[float, bytes]:
    begin = time.perf_counter()
    answer = transport.send(body)
    return time.perf_counter() - begin, answer


def _point(probe: Probe, gathered: _Gathered) -> LawPoint:
    blank = LawPoint(
        probe.route, gathered.request_bytes, gathered.response_bytes, 0.0, 0.0, 0.0, 0, probe.kind,
        failed=len(gathered.errors), error=gathered.errors[0] if gathered.errors else "",
    )  # fmt: skip
    if not gathered.passes:
        return blank
    passes = [median(took) for took in gathered.passes]
    low, middle, high = np.quantile(gathered.passes[passes.index(median_low(passes))], [0.25, 0.5, 0.75])
    calls = sum(map(len, gathered.passes))
    return replace(
        blank, median_s=float(middle), low_s=float(low), high_s=float(high), calls=calls, passes_s=tuple(passes)
    )
