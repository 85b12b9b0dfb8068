"""Claims about the latency of HTTP against gRPC, one call in flight; measured, or predicted for the real server."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from serlab.analysis.claims.arithmetic import gap_verdict, undecided
from serlab.analysis.claims.samples import count, find, mean_ratio, means, ratio, tail_ratio
from serlab.analysis.stats import SAMPLE_FLOOR
from serlab.analysis.words import counted
from serlab.records import evidence as said
from serlab.records.claims import NOT_TESTABLE, REPRODUCED, SAME_DIRECTION, Evidence, Judgement, Quantity, Series
from serlab.records.run import Interval

CLAIMED_1K, CLAIMED_10K = 98 / 37, 5.0
CLAIMED_P50, CLAIMED_P99 = 110 / 42, 185 / 68

#: The article's clients.
HTTP, GRPC = "json", "tensor-proto"
#: REST clients that the article does not have: the same protocol, another codec.
BETTER_REST = ("orjson", "json-simdjson", "base64", "base64-simd")

Ratio = Callable[[Series | None, Series | None], Interval | None]


def latency_1k(evidence: Evidence) -> Judgement:
    """Mean latency with a 1 KB vector: HTTP slower by about the claimed ratio."""
    return _gap(evidence, "vector-1k", CLAIMED_1K, mean_ratio)


def latency_10k(evidence: Evidence) -> Judgement:
    """Mean latency with a 10 KB vector: the claimed ratio, and a larger one than with 1 KB."""
    judged = _gap(evidence, "vector-10k", CLAIMED_10K, mean_ratio)
    small = _ratio(evidence, "vector-1k", HTTP, mean_ratio)
    if not judged.measured or small is None:
        return judged
    large = judged.measured[0].value
    words = "grows" if large.above(small.high) else "does not clearly grow"
    # "Grows" is part of the claim: a gap of that size which does not grow is another one.
    verdict = judged.verdict if judged.verdict != REPRODUCED or large.above(small.high) else SAME_DIRECTION
    return Judgement(
        verdict,
        judged.measured,
        f"the ratio is {small.median:.2f}x at 1 KB and {large.median:.2f}x at 10 KB: it {words}. {judged.finding}",
        judged.needs,
    )


def resnet_p50(evidence: Evidence) -> Judgement:
    """Median latency of ResNet-50."""
    return _gap(evidence, "image", CLAIMED_P50, ratio)


def resnet_p99(evidence: Evidence) -> Judgement:
    """Tail latency of ResNet-50, if there are calls enough for a tail."""
    calls = min(count(find(evidence, said.LATENCY, codec=codec, payload="image")) for codec in (HTTP, GRPC))
    floor = SAMPLE_FLOOR[0.99]
    if calls < floor:
        return Judgement(
            NOT_TESTABLE,
            finding=f"{counted(calls, 'call')} per client: too few for a p99",
            needs=f"{floor} calls per client: serlab claims --only resnet-p99 without --quick",
        )
    return _gap(evidence, "image", CLAIMED_P99, lambda slow, fast: tail_ratio(slow, fast, 0.99))


def _gap(evidence: Evidence, payload: str, claimed: float, of: Ratio) -> Judgement:
    """Judge REST json ÷ gRPC, and show the same ratio for the REST codecs that the article leaves out."""
    article = _ratio(evidence, payload, HTTP, of)
    if article is None:
        return Judgement(NOT_TESTABLE, finding="no pair of calls succeeded", needs="a server that answers both APIs")
    quantities = [Quantity(f"REST {HTTP} ÷ gRPC {GRPC}", article, "ratio")]
    better = {codec: value for codec in BETTER_REST if (value := _ratio(evidence, payload, codec, of))}
    quantities += [Quantity(f"REST {codec} ÷ gRPC {GRPC}", value, "ratio") for codec, value in better.items()]
    verdict = gap_verdict(article, claimed)
    return Judgement(verdict, tuple(quantities), _explain(article, better), undecided(verdict, article))


def _explain(article: Interval, better: dict[str, Interval]) -> str:
    if not better:
        return "of other REST codecs there are too few calls for this"
    listed = ", ".join(f"{codec} {value.median:.2f}x" for codec, value in better.items())
    best = min(value.median for value in better.values())
    if not article.above(1.0):
        return f"HTTP is not slower here; other REST codecs: {listed}"
    gone = "closes the gap" if best <= 1.0 else f"leaves {best:.2f}x of it"
    return f"over the same HTTP another codec {gone}: {listed}. The client's codec makes the difference"


def _ratio(evidence: Evidence, payload: str, codec: str, of: Ratio) -> Interval | None:
    slow, fast = (find(evidence, said.LATENCY, codec=name, payload=payload) for name in (codec, GRPC))
    return widened(of(slow, fast), evidence, slow, fast)


def predicted_calls(evidence: Evidence) -> Evidence | None:
    """Return the evidence with predicted latencies as its latencies; None where it holds no prediction."""
    predicted = tuple(series for series in evidence.series if series.quantity == said.PREDICTED)
    if not predicted:
        return None
    others = tuple(series for series in evidence.series if series.quantity not in (said.LATENCY, said.PREDICTED))
    return replace(evidence, series=(*(replace(series, quantity=said.LATENCY) for series in predicted), *others))


def widened(ratio: Interval | None, evidence: Evidence, one: Series | None, other: Series | None) -> Interval | None:
    """Return a ratio of two predicted latencies with the law's own error in its interval.

    The law's error weighs as much as its exchange does in the whole call; two routes err independently. Measured
    latencies are returned as they are.
    """
    if ratio is None or one is None or other is None:
        return ratio
    spread = math.hypot(_spread(evidence, one), _spread(evidence, other))
    return replace(ratio, low=ratio.low * math.exp(-spread), high=ratio.high * math.exp(spread))


def _spread(evidence: Evidence, latency: Series) -> float:
    exchange = find(evidence, said.PREDICTED_EXCHANGE, codec=latency.codec, payload=latency.payload)
    if exchange is None:
        return 0.0
    spread = evidence.facts.get(f"{said.LAW_SPREAD}, {latency.codec}", 0.0)
    whole, part = means(latency), means(exchange)
    share = next(iter(part.values())) / (sum(whole.values()) / len(whole))
    return float(spread) * share
