"""Takes the difference between a REST and a gRPC client apart: what the codec costs, and what the protocol does.

Two clients of one protocol differ by their codecs alone: in the client's encode and decode, and in what the other side
needs to read a longer body. REST base64 and gRPC tensor-proto both carry raw bytes; what their exchanges differ by is
the protocol. (base64's extra third of bytes is charged to it.) Where base64 was not called, nothing in the run tells
the two apart, and neither part is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Literal

from serlab.analysis.stats import interval
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Interval, Transport

#: From the commonest client to the leanest one. The protocol changes between the third and the fourth.
LADDER = ("json", "orjson", "base64", "tensor-proto", "wire")
#: REST codecs that carry raw bytes, as the gRPC codecs do: only from these to gRPC does the protocol alone change.
RAW_BYTES_OVER_REST = frozenset({"base64", "base64-simd"})

Part = Literal["codec", "protocol"]


@dataclass(frozen=True, slots=True)
class Rung:
    """One client of the ladder: seconds per call and its stages, each a median over rounds of the round's mean.

    ``change_s`` is what this client takes more than the one before it: negative is saved; None for the first.
    ``codec_s`` and ``protocol_s`` are its parts, None where they cannot be told apart.
    """

    codec: str
    transport: Transport
    total_s: Interval
    encode_s: float
    exchange_s: float
    decode_s: float
    change_s: Interval | None = None
    codec_s: Interval | None = None
    protocol_s: Interval | None = None


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The ladder for one payload, and its sums from the slowest REST client to the stock gRPC client.

    ``gap_s`` is how much longer the first client takes than the first gRPC client, None where either protocol was not
    called; ``codec_s`` and ``protocol_s`` are its two parts, which add up to it within each round, None where base64
    was not called.
    """

    payload: str
    rungs: tuple[Rung, ...]
    gap_s: Interval | None
    codec_s: Interval | None
    protocol_s: Interval | None


def decompose(runs: Iterable[EndToEndRun], payload: str, ladder: Sequence[str] = LADDER) -> Decomposition | None:
    """Return the decomposition of one payload's end-to-end clients, None where fewer than two were called.

    Rounds that not every client of the ladder completed are left out: differences are taken within rounds.
    """
    by_codec: dict[str, dict[int, EndToEndRun]] = {}
    for run in runs:
        if run.payload == payload and run.calls:
            by_codec.setdefault(run.codec, {})[run.round] = run
    codecs = [codec for codec in ladder if codec in by_codec]
    rounds = sorted(set.intersection(*(set(by_codec[codec]) for codec in codecs))) if codecs else []
    if len(codecs) < 2 or not rounds:
        return None
    clients = [[by_codec[codec][number] for number in rounds] for codec in codecs]
    rungs = [
        _rung(None, clients[0]),
        *(_rung(before, after) for before, after in pairwise(clients)),
    ]
    first_grpc = next((number for number, client in enumerate(clients) if client[0].transport == "grpc"), None)
    if first_grpc is None or first_grpc == 0:
        return Decomposition(payload, tuple(rungs), None, None, None)
    last_rest, grpc = clients[first_grpc - 1], clients[first_grpc]
    gap = _differences(grpc, clients[0], "total_s")
    if last_rest[0].codec not in RAW_BYTES_OVER_REST:
        return Decomposition(payload, tuple(rungs), interval(gap), None, None)
    protocol = _differences(grpc, last_rest, "exchange_s")
    codec = [whole - part for whole, part in zip(gap, protocol, strict=True)]
    return Decomposition(payload, tuple(rungs), interval(gap), interval(codec), interval(protocol))


def _rung(before: Sequence[EndToEndRun] | None, clients: Sequence[EndToEndRun]) -> Rung:
    first = clients[0]
    change_s = codec_s = protocol_s = None
    if before is not None:
        change = _differences(before, clients, "total_s")
        change_s = interval(change)
        same = before[0].transport == first.transport
        if same or before[0].codec in RAW_BYTES_OVER_REST:
            protocol = [0.0] * len(change) if same else _differences(before, clients, "exchange_s")
            codec_s = interval([whole - part for whole, part in zip(change, protocol, strict=True)])
            protocol_s = interval(protocol)
    return Rung(
        first.codec,
        first.transport,
        interval([_mean(run, "total_s") for run in clients]),
        encode_s=_middle(clients, "encode_s"),
        exchange_s=_middle(clients, "exchange_s"),
        decode_s=_middle(clients, "decode_s"),
        change_s=change_s,
        codec_s=codec_s,
        protocol_s=protocol_s,
    )


def _differences(before: Sequence[EndToEndRun], after: Sequence[EndToEndRun], stage: str) -> list[float]:
    """Return by round how much longer ``after`` takes in a stage than ``before``."""
    return [_mean(late, stage) - _mean(early, stage) for early, late in zip(before, after, strict=True)]


def _mean(run: EndToEndRun, stage: str) -> float:
    """Means, unlike medians, add up over stages."""
    return fmean(getattr(call, stage) for call in run.calls)


def _middle(clients: Sequence[EndToEndRun], stage: str) -> float:
    return interval([_mean(run, stage) for run in clients]).median
