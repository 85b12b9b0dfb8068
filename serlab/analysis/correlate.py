"""Does the time in isolation explain the time end to end? Points, robust fits, and what a change of codec saves.

The slope is Theil–Sen's (the median of all pairwise slopes), which a few wild points do not move; the rank correlation
is Spearman's. Both from SciPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from serlab.analysis.endtoend import sum_up
from serlab.analysis.stats import interval, paired_ratio
from serlab.analysis.view import RunView
from serlab.records.correlation import Correlation, CorrelationPoint, Correlations, Saving
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Case, Interval

#: With fewer points a rank correlation or a slope says nothing.
MIN_POINTS = 3


def correlate(view: RunView) -> Correlations:
    """Return points, fits per transport and over all, and savings against the baseline codec."""
    points = tuple(point for key, clients in view.clients.items() if (point := _point(view, key, clients)))
    scopes = [*dict.fromkeys(point.transport for point in points), "all"]
    fits = tuple(
        _fit(scope, [point for point in points if scope in ("all", point.transport)]) for scope in scopes if points
    )
    return Correlations(points, fits, _savings(points, view))


def _decode_case(view: RunView, payload: str, codec: str, transport: str) -> Case:
    return Case(payload, codec, "decode", view.live_form if transport == "grpc" else None)


def _point(view: RunView, key: tuple[str, str], clients: Sequence[EndToEndRun]) -> CorrelationPoint | None:
    payload, codec = key
    whole = sum_up(clients)
    encode = view.in_call_times.get(Case(payload, codec, "encode"))
    decode = view.in_call_times.get(_decode_case(view, payload, codec, whole.transport))
    if not encode or not decode or not whole.median_s or whole.encode_s is None or whole.decode_s is None:
        return None
    isolated = {number: encode[number] + decode[number] for number in encode.keys() & decode.keys()}
    if not isolated:
        return None
    # The mean: what takes long in isolation is a mean too, and both must count the collector's passes alike.
    totals = {run.round: fmean(call.total_s for call in run.calls) for run in clients if run.calls}
    share = paired_ratio(isolated, totals) or interval([fmean(isolated.values()) / fmean(totals.values())])
    encode_s, decode_s = fmean(encode.values()), fmean(decode.values())
    return CorrelationPoint(
        payload,
        codec,
        whole.transport,
        encode_s,
        decode_s,
        isolated_s=interval(list(isolated.values())),
        end_to_end_s=whole.median_s,
        share=share,
        encode_in_situ_ratio=whole.encode_s / encode_s,
        decode_in_situ_ratio=whole.decode_s / decode_s,
    )


def _fit(scope: str, points: Sequence[CorrelationPoint]) -> Correlation:
    if len(points) < MIN_POINTS:
        return Correlation(scope, len(points), None, None, None)
    from scipy.stats import spearmanr, theilslopes

    isolated = [point.isolated_s.median for point in points]
    whole = [point.end_to_end_s.median for point in points]
    line = theilslopes(whole, isolated)
    slope = Interval(float(line.slope), float(line.low_slope), float(line.high_slope), len(points))
    return Correlation(scope, len(points), float(spearmanr(isolated, whole).statistic), slope, float(line.intercept))


def _savings(points: Sequence[CorrelationPoint], view: RunView) -> tuple[Saving, ...]:
    by_key = {(point.payload, point.codec): point for point in points}
    found = []
    for point in points:
        base = by_key.get((point.payload, view.baseline))
        if base is None or point.codec == base.codec:
            continue
        slow = {run.round: run for run in view.clients[base.payload, base.codec] if run.calls}
        fast = {run.round: run for run in view.clients[point.payload, point.codec] if run.calls}
        saved = [_median_total(slow[number]) - _median_total(fast[number]) for number in slow.keys() & fast.keys()]
        if not saved:
            continue
        encode_s, decode_s = base.encode_s - point.encode_s, base.decode_s - point.decode_s
        whole = interval(saved)
        found.append(Saving(point.payload, base.codec, point.codec, encode_s, decode_s, whole))
    return tuple(found)


def _median_total(run: EndToEndRun) -> float:
    ordered = sorted(call.total_s for call in run.calls)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
