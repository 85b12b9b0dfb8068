"""Evidence with the calls that TensorFlow Serving would have taken in place of the stand-in's own."""

from __future__ import annotations

import math
from dataclasses import replace

from serlab.analysis.claims.samples import find, means
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Series
from serlab.records.run import Interval


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
