"""What a call that differs from its prediction may be telling: each reason with the figures it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from serlab.records.endtoend import EndToEndRun
from serlab.records.prediction import Prediction

#: Smaller residuals are within what laws leave unexplained.
_LARGE = 0.3
#: REST answers in this range wait for the client's delayed ACK unless it acknowledges at once: the server writes
#: 16 KiB and Nagle's algorithm holds the rest (measured on TensorFlow Serving 2.20: about 44 ms on loopback).
_ACK_RANGE = (16 * 2**10, 64 * 2**10)
_ACK_S = 0.030
#: A call this many times slower than the median one was held up, not slow.
_STALL = 5.0


def meaning(prediction: Prediction, clients: Sequence[EndToEndRun]) -> str:
    """Return why the measured call differs from the prediction, "" where it does not by much or nothing tells."""
    calls = [call for run in clients for call in run.calls]
    if prediction.residual is None or abs(prediction.residual) <= _LARGE or not calls:
        return ""
    exchange = median(call.exchange_s for call in calls)
    more = exchange - prediction.exchange_s - prediction.model_s
    low, high = _ACK_RANGE
    if prediction.route != "grpc" and low < prediction.response_bytes <= high and more > _ACK_S:
        return (
            f"delayed ACK: {more * 1e3:.0f} ms more for an answer between 16 and 64 KiB; let clients use TCP_QUICKACK"
        )
    steps = median(call.encode_s + call.decode_s for call in calls) - prediction.encode_s - prediction.decode_s
    if abs(steps) > abs(more):
        how = "more" if steps > 0 else "less"
        return f"the client's own steps take {abs(steps) * 1e3:.3g} ms {how} within calls than in isolation"
    slowest = max(call.exchange_s for call in calls)
    if prediction.residual > 0 and slowest > _STALL * exchange:
        return f"stalls: the slowest of {len(calls)} exchanges took {slowest / exchange:.0f} times the median one"
    served = [run.server_cpu_s / len(run.calls) for run in clients if run.calls and run.server_cpu_s is not None]
    if prediction.residual > 0 and served and fmean(served) < exchange / 2:
        share = fmean(served) / exchange
        return f"waiting, not work: the server computes for {share:.0%} of the exchange; queueing or the network"
    if not prediction.covered:
        return "the law was fitted on smaller bodies"
    return ""
