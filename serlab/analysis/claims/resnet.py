"""Claims about a busy ResNet-50: throughput, CPU, network."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import (
    GRPC,
    HTTP,
    bandwidth_contradiction,
    cpu_per_request_ratio,
    gap_verdict,
    throughput_contradiction,
    undecided,
)
from serlab.analysis.claims.samples import estimate, find, ratio
from serlab.records import evidence as said
from serlab.records.claims import INCONSISTENT, NOT_TESTABLE, Evidence, Judgement, Quantity, Verdict

#: The article's clients as this lab's codecs.
HTTP_CODEC, GRPC_CODEC = "json", "tensor-proto"
CLAIMED_CPU_RATIO = HTTP.cpu / GRPC.cpu
CLAIMED_THROUGHPUT_RATIO = GRPC.throughput / HTTP.throughput
CLAIMED_BANDWIDTH_RATIO = HTTP.bandwidth / GRPC.bandwidth
CODECS = (HTTP_CODEC, "orjson", "base64", GRPC_CODEC, "wire")


def resnet_qps(evidence: Evidence) -> Judgement:
    """The claimed throughputs do not go with the claimed latencies; what was measured is shown beside."""
    measured = _against(evidence, said.THROUGHPUT, GRPC_CODEC, HTTP_CODEC, "requests per second, gRPC ÷ REST json")
    each = tuple(
        Quantity(f"requests per second, {codec}", value, "1/s")
        for codec in CODECS
        if (value := estimate(find(evidence, said.THROUGHPUT, codec=codec))) is not None
    )
    contradictions = [text for text in map(throughput_contradiction, (GRPC, HTTP)) if text]
    rest = [quantity.value.median for quantity in each if quantity.label.endswith(("orjson", "base64"))]
    grpc = estimate(find(evidence, said.THROUGHPUT, codec=GRPC_CODEC))
    share = f". REST with its best codec reaches {max(rest) / grpc.median:.2f}x of gRPC" if rest and grpc else ""
    return _judged(contradictions, (*measured, *each), CLAIMED_THROUGHPUT_RATIO, share)


def resnet_bandwidth(evidence: Evidence) -> Judgement:
    """The claimed bandwidths do not go with the claimed throughputs."""
    measured = _against(evidence, said.CALL_BYTES, HTTP_CODEC, GRPC_CODEC, "bytes per request, REST json ÷ gRPC")
    each = tuple(
        Quantity(f"network, {codec}", value, "bit/s")
        for codec in CODECS
        if (value := estimate(find(evidence, said.NETWORK, codec=codec))) is not None
    )
    contradictions = [text for text in map(bandwidth_contradiction, (GRPC, HTTP)) if text]
    return _judged(contradictions, (*measured, *each), CLAIMED_BANDWIDTH_RATIO, "")


def resnet_cpu(evidence: Evidence) -> Judgement:
    """HTTP takes more CPU per request, by at least the ratio of the claimed shares."""
    quantities: list[Quantity] = []
    for what in (said.SERVER_CPU, said.CLIENT_CPU):
        quantities += _against(evidence, what, HTTP_CODEC, GRPC_CODEC, f"{what} per request, REST json ÷ gRPC")
    quantities = [
        *_against(evidence, said.CPU, HTTP_CODEC, GRPC_CODEC, "CPU per request, server + client, REST json ÷ gRPC"),
        *quantities,
        *_against(evidence, said.CPU, "orjson", GRPC_CODEC, "the same, REST orjson ÷ gRPC"),
        *_against(evidence, said.CPU, "base64", GRPC_CODEC, "the same, REST base64 ÷ gRPC"),
    ]
    if not quantities:
        return Judgement(NOT_TESTABLE, finding="the server's CPU time cannot be read", needs="a server on this machine")
    verdict = gap_verdict(quantities[0].value, CLAIMED_CPU_RATIO)
    return Judgement(
        verdict,
        tuple(quantities),
        f"at the article's own throughputs its shares are {cpu_per_request_ratio():.1f}x per request",
        undecided(verdict, quantities[0].value),
    )


def _against(evidence: Evidence, quantity: str, one: str, other: str, label: str) -> tuple[Quantity, ...]:
    value = ratio(find(evidence, quantity, codec=one), find(evidence, quantity, codec=other))
    return (Quantity(label, value, "ratio"),) if value else ()


def _judged(contradictions: list[str], measured: tuple[Quantity, ...], claimed: float, more: str) -> Judgement:
    verdict: Verdict = INCONSISTENT
    if not contradictions:
        verdict = gap_verdict(measured[0].value, claimed) if measured else NOT_TESTABLE
    return Judgement(verdict, measured, "; ".join(contradictions) + more)
