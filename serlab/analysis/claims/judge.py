"""Which function judges which claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from serlab.analysis.claims import channel, copies, latency, operation, resnet, sizes
from serlab.analysis.claims.catalogue import CLAIMS
from serlab.analysis.claims.latency import predicted_calls
from serlab.errors import UnknownNameError
from serlab.records import evidence as said
from serlab.records.claims import INCONSISTENT, NOT_TESTABLE, ClaimResult, Evidence, Judgement
from serlab.records.run import InstanceKind

JUDGES: Mapping[str, Callable[[Evidence], Judgement]] = MappingProxyType(
    {
        "size-raw": sizes.size_raw,
        "size-json": sizes.size_json,
        "size-proto": sizes.size_proto,
        "parse-speed": sizes.parse_speed,
        "multiplexing": channel.multiplexing,
        "streaming": channel.streaming,
        "zero-copy": copies.zero_copy,
        "tolist-time": copies.tolist_time,
        "tolist-memory": copies.tolist_memory,
        "latency-1k": latency.latency_1k,
        "latency-10k": latency.latency_10k,
        "resnet-p50": latency.resnet_p50,
        "resnet-p99": latency.resnet_p99,
        "resnet-qps": resnet.resnet_qps,
        "resnet-cpu": resnet.resnet_cpu,
        "resnet-bandwidth": resnet.resnet_bandwidth,
        "message-limit": channel.message_limit,
        "json-precision": sizes.json_precision,
        "memory-chunk": operation.memory_chunk,
        "batching": operation.batching,
        "dual-protocol": operation.dual_protocol,
        "proto-compat": channel.detected,
        "http2-blocked": channel.detected,
        "client-imports": copies.client_imports,
    }
)


#: Claims whose value hangs on what the server takes; the stand-in's own times never decide them.
SERVER_SHARE = frozenset(
    {"latency-1k", "latency-10k", "resnet-p50", "resnet-p99", "resnet-qps", "resnet-cpu", "batching", "dual-protocol"}
)
#: Of those, the ones that are decided by what came back, not by how fast.
_BY_ANSWERS = frozenset({"dual-protocol"})
#: Claims that a prediction can decide: it has the middle of calls, not their tails, and no load.
_PREDICTABLE = frozenset({"latency-1k", "latency-10k", "resnet-p50"})
STAND_IN: InstanceKind = "embedded"
_REAL = "a real TensorFlow Serving: serlab claims --serving binary, docker or HOST:GRPC_PORT:REST_PORT"


def judge(claim_id: str, evidence: Evidence, file: str = "", instance: str = "") -> ClaimResult:
    """Return the result for a claim. What could not be measured is not testable here, with the experiment's reason.

    A claim that contradicts arithmetic is inconsistent whatever could be measured. ``file`` is where the evidence lies,
    ``instance`` the kind of server that was called. What the stand-in took decides no claim about the server's share:
    the prediction for TensorFlow Serving does, where the evidence holds one.

    Raises:
        UnknownNameError: no such claim.
    """
    if claim_id not in CLAIMS:
        raise UnknownNameError("claim", claim_id, CLAIMS)
    stands_in = instance == STAND_IN and claim_id in SERVER_SHARE
    predicted = predicted_calls(evidence) if stands_in and claim_id in _PREDICTABLE else None
    judgement = JUDGES[claim_id](predicted or evidence)
    if evidence.missing and judgement.verdict != INCONSISTENT:
        judgement = Judgement(NOT_TESTABLE, finding=evidence.missing, needs=evidence.needs)
    elif stands_in and judgement.verdict != INCONSISTENT:
        judgement = _on_stand_in(claim_id, judgement, predicted)
    return ClaimResult(CLAIMS[claim_id], judgement, file)


def _on_stand_in(claim_id: str, judgement: Judgement, predicted: Evidence | None) -> Judgement:
    if predicted and judgement.measured:
        law = predicted.facts.get(said.LAW, "its law")
        finding = f"predicted for TensorFlow Serving by {law}; {judgement.finding}"
        return replace(judgement, finding=finding, needs=judgement.needs or _REAL)
    own = tuple(replace(quantity, label=f"{quantity.label} (stand-in)") for quantity in judgement.measured)
    if claim_id in _BY_ANSWERS:
        return replace(judgement, measured=(), finding=f"{judgement.finding}; what it adds depends on the server")
    return Judgement(NOT_TESTABLE, own, "the server's share decides it, and the stand-in's is its own", _REAL)
