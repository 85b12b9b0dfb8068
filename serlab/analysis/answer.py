"""The answer of a run: for each payload the fastest codec per transport that returns the same bits, and what it saves.

Calls to a live instance decide where there are any; otherwise encode + decode in isolation do, and ``basis`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal

from serlab.analysis.stats import interval, paired_ratio, too_close_to_call
from serlab.analysis.view import FLOOR, RunView
from serlab.records.run import Case, Exactness, Interval, Transport

Basis = Literal["end to end", "isolated"]
TRANSPORTS: tuple[Transport, ...] = ("rest", "grpc")


@dataclass(frozen=True, slots=True)
class Contender:
    """One payload × codec with its seconds by round."""

    payload: str
    codec: str
    transport: Transport
    basis: Basis
    by_round: Mapping[int, float]
    exactness: Exactness | None

    @property
    def seconds(self) -> float:
        """The median over rounds."""
        return median(self.by_round.values())

    @property
    def exact(self) -> bool:
        """Whether the codec is known to return the same bits."""
        return self.exactness is not None and self.exactness.exact


@dataclass(frozen=True, slots=True)
class Choice:
    """What a payload should travel as over one transport.

    ``times_less`` is the baseline's time ÷ this codec's, paired by round; None where there is no baseline, or this is
    it. ``ties`` are codecs too close to call with it. ``altering`` is a codec that was faster but alters values.
    """

    payload: str
    transport: Transport
    codec: str
    basis: Basis
    time_s: Interval
    times_less: Interval | None
    ties: tuple[str, ...]
    exactness: Exactness | None
    altering: str = ""


def contenders(view: RunView, payload: str) -> list[Contender]:
    """Return the codecs that carried ``payload``: by their calls where the run made any, else by isolated times."""
    found = list(_calls(view, payload)) if view.clients else list(_isolated(view, payload))
    return sorted(found, key=lambda contender: contender.seconds)


def choose(view: RunView) -> tuple[Choice, ...]:
    """Return a choice per payload and transport, in the order of payloads; none where nothing was measured."""
    found = (contenders(view, entry.name) for entry in view.data.info.payloads)
    return tuple(
        choice
        for carried in found
        for transport in TRANSPORTS
        if (choice := _choice(carried, transport, view.baseline))
    )


def baseline(view: RunView, payload: str) -> Contender | None:
    """Return what everything is told against, None where it did not carry this payload."""
    return next((found for found in contenders(view, payload) if found.codec == view.baseline), None)


def transport_of(view: RunView, codec: str) -> Transport:
    """Return how a codec travels, as far as the run knows: from its calls, else from the forms it was read in."""
    for (_, name), clients in view.clients.items():
        if name == codec:
            return clients[0].transport
    if codec == FLOOR:
        return "none"
    sizes = [gate.response_bytes for gate in view.data.info.gates if gate.codec == codec]
    return "grpc" if any("values" in forms or "content" in forms for forms in sizes) else "rest"


def decode_case(view: RunView, payload: str, codec: str) -> Case:
    """Return the decode that a call makes: over gRPC, of the form in which the live instance answers."""
    grpc = transport_of(view, codec) == "grpc"
    return Case(payload, codec, "decode", view.live_form if grpc else None)


def _calls(view: RunView, payload: str) -> Iterator[Contender]:
    for (name, codec), clients in view.clients.items():
        by_round = {run.round: median(call.total_s for call in run.calls) for run in clients if run.calls}
        if name == payload and by_round:
            exactness = view.answered(payload, codec)
            if exactness is None and not view.calls_a_model:
                exactness = view.exactness(payload, codec)
            yield Contender(payload, codec, clients[0].transport, "end to end", by_round, exactness)


def _isolated(view: RunView, payload: str) -> Iterator[Contender]:
    for codec in view.data.info.codecs:
        encode = view.case_times.get(Case(payload, codec, "encode"), {})
        decode = view.case_times.get(decode_case(view, payload, codec), {})
        by_round = {number: encode[number] + decode[number] for number in encode.keys() & decode.keys()}
        if by_round and codec != FLOOR:
            transport = transport_of(view, codec)
            yield Contender(payload, codec, transport, "isolated", by_round, view.exactness(payload, codec))


def _choice(found: list[Contender], transport: Transport, told_against: str) -> Choice | None:
    """``found`` is sorted, fastest first."""
    here = [contender for contender in found if contender.transport == transport]
    if not here:
        return None
    best = next((contender for contender in here if contender.exact), here[0])
    ratios = {
        other.codec: paired_ratio(other.by_round, best.by_round)
        for other in here
        if other.codec != best.codec and other.exact
    }
    base = next((contender for contender in found if contender.codec == told_against), None)
    return Choice(
        best.payload,
        transport,
        best.codec,
        best.basis,
        interval(best.by_round.values()),
        paired_ratio(base.by_round, best.by_round) if base and base.codec != best.codec else None,
        tuple(codec for codec, ratio in ratios.items() if ratio and too_close_to_call(ratio)),
        best.exactness,
        altering=here[0].codec if here[0] is not best else "",
    )
