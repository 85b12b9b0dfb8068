"""Does the time in isolation explain the time end to end? Points, robust fits, and what a change of codec saves.

The slope is Theil–Sen's (the median of all pairwise slopes), which a few wild points do not move; the rank correlation
is Spearman's. Both from SciPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from serlab.analysis.endtoend import median_totals, sum_up
from serlab.analysis.stats import interval, midmean, paired_difference, paired_ratio
from serlab.analysis.view import RunView
from serlab.records.correlation import Correlation, CorrelationPoint, Correlations, Saving
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Case, Interval

#: With fewer points a rank correlation or a slope says nothing.
MIN_POINTS = 3
#: A slope whose interval reaches further from it than this share of it shows no relation.
WIDEST = 0.5


def correlate(view: RunView) -> Correlations:
    """Return points, fits per transport and over all, and savings against the baseline codec."""
    points = tuple(point for key, clients in view.clients.items() if (point := _point(view, key, clients)))
    scopes = [*dict.fromkeys(point.transport for point in points), "all"]
    fits = tuple(
        _fit(scope, [point for point in points if scope in ("all", point.transport)]) for scope in scopes if points
    )
    return Correlations(points, fits, _savings(points, view), view.in_call)


def _point(view: RunView, key: tuple[str, str], clients: Sequence[EndToEndRun]) -> CorrelationPoint | None:
    payload, codec = key
    whole = sum_up(clients)
    form = view.live_form if whole.transport == "grpc" else None
    cases = Case(payload, codec, "encode"), Case(payload, codec, "decode", form)
    encode, decode = (view.in_call_times.get(case) for case in cases)
    # Answers of one instance have one form; records from elsewhere may say otherwise.
    stages = [view.stage_times[case] for case in cases if case in view.stage_times]
    if not encode or not decode or not whole.median_s or len(stages) < len(cases):
        return None
    isolated = {number: encode[number] + decode[number] for number in encode.keys() & decode.keys()}
    if not isolated:
        return None
    totals = median_totals(clients)
    share = paired_ratio(isolated, totals) or interval([median(isolated.values()) / median(totals.values())])
    encode_s, decode_s = midmean(encode.values()), midmean(decode.values())
    return CorrelationPoint(
        payload,
        codec,
        whole.transport,
        encode_s,
        decode_s,
        isolated_s=interval(isolated.values()),
        end_to_end_s=whole.median_s,
        share=share,
        encode_in_situ_ratio=stages[0] / encode_s,
        decode_in_situ_ratio=stages[1] / decode_s,
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


def shows_relation(fit: Correlation) -> bool:
    """Whether a fit's slope is a finding: its interval leaves 0 out, and is not wider than ±50 % of the slope."""
    slope = fit.slope
    if slope is None or slope.spans(0):
        return False
    return max(slope.high - slope.median, slope.median - slope.low) <= WIDEST * abs(slope.median)


def _savings(points: Sequence[CorrelationPoint], view: RunView) -> tuple[Saving, ...]:
    by_key = {(point.payload, point.codec): point for point in points}
    found = []
    for point in points:
        base = by_key.get((point.payload, view.baseline))
        if base is None or point.codec == base.codec:
            continue
        slow, fast = (median_totals(view.clients[one.payload, one.codec]) for one in (base, point))
        whole = paired_difference(slow, fast)
        if whole is None:
            continue
        encode_s, decode_s = base.encode_s - point.encode_s, base.decode_s - point.decode_s
        found.append(Saving(point.payload, base.codec, point.codec, encode_s, decode_s, whole))
    return tuple(found)
