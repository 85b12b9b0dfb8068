"""Which function judges which claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from serlab.analysis.claims import (
    channel,
    copies,
    diagnosis,
    extremes,
    latency,
    operation,
    parsing,
    resnet,
    sizes,
)
from serlab.analysis.claims.catalogue import CLAIMS
from serlab.errors import UnknownNameError
from serlab.records.claims import INCONSISTENT, NOT_TESTABLE, ClaimResult, Evidence, Judgement

JUDGES: Mapping[str, Callable[[Evidence], Judgement]] = MappingProxyType(
    {
        "size-raw": sizes.size_raw,
        "size-json": sizes.size_json,
        "size-proto": sizes.size_proto,
        "parse-speed": parsing.parse_speed,
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
        "json-precision": extremes.json_precision,
        "memory-chunk": operation.memory_chunk,
        "batching": operation.batching,
        "dual-protocol": operation.dual_protocol,
        "proto-compat": diagnosis.proto_compat,
        "http2-blocked": diagnosis.http2_blocked,
    }
)


def judge(claim_id: str, evidence: Evidence, file: str = "") -> ClaimResult:
    """Return the result for a claim. What could not be measured is not testable here, with the experiment's reason.

    A claim that contradicts arithmetic is inconsistent whatever could be measured. ``file`` is where the evidence lies.

    Raises:
        UnknownNameError: no such claim.
    """
    if claim_id not in CLAIMS:
        raise UnknownNameError("claim", claim_id, CLAIMS)
    judgement = JUDGES[claim_id](evidence)
    if evidence.missing and judgement.verdict != INCONSISTENT:
        judgement = Judgement(NOT_TESTABLE, finding=evidence.missing, needs=evidence.needs)
    return ClaimResult(CLAIMS[claim_id], judgement, file)
