"""Is HEAD slower than BASE? A verdict per case that is false in at most 5 % of comparisons, whatever their size.

Environments measured side by side are compared round by round: the logs of the ratios of each round's parents, a
one-sample t-test on their mean, whose p-values Holm's method adjusts over all cases. Parents are the unit, so neither
many processes nor many chunks make a difference out of one parent's luck. (A sign test has no power here: with nine
rounds its smallest p is 0.4 %, which no adjustment over fifty cases survives.)

Stored runs were measured at different times, so that the machine's mood is part of their difference. What the middle
case changed by is taken for the machine and taken out; what cases scatter by beyond their own noise is taken for its
moods and added to every case's error. Both are told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, median, stdev, variance

from serlab.analysis.stats import CONFIDENCE, FEWEST, holm, interval, resolvable
from serlab.records.comparison import CaseComparison, Verdict
from serlab.records.run import Case, Interval

Costs = Mapping[Case, Mapping[int, float]]

LEVEL = 1 - CONFIDENCE
#: An interval within this distance of 1 shows that nothing that matters has changed.
SAME_WITHIN = 0.05
#: Runs of one machine differ by this much at least, however alike their cases look: a case's own layout and caches.
LEAST_BETWEEN = 0.005
#: With fewer cases in common what the machine did cannot be told from what the code did.
ENOUGH_CASES = 6


def compare_pairs(base: Costs, head: Costs, *, same_within: float = SAME_WITHIN) -> tuple[CaseComparison, ...]:
    """Compare costs that were measured side by side, case by case, in the same rounds."""
    found: list[CaseComparison] = []
    for case in base:
        common = sorted(base[case].keys() & head.get(case, {}).keys())
        ratios = [head[case][number] / base[case][number] for number in common]
        if not ratios:
            continue
        ratio = interval(ratios)
        p = _p_of_mean([math.log(value) for value in ratios]) if len(ratios) >= FEWEST else None
        found.append(CaseComparison(case, "no verdict", ratio, p, resolvable(ratio)))
    return judged(found, same_within)


def compare_runs(
    base: Costs, head: Costs, *, same_within: float = SAME_WITHIN, shift: bool = True
) -> tuple[tuple[CaseComparison, ...], tuple[str, ...]]:
    """Compare costs of two runs that were measured at different times; return the cases, and what to know of them.

    ``shift`` takes out what the middle case changed by; ratios to a floor of their own run have nothing to take out.
    """
    cases = [case for case in base if case in head]
    logs = {case: tuple([math.log(cost) for cost in side[case].values()] for side in (base, head)) for case in cases}
    known = {case: pair for case, pair in logs.items() if min(map(len, pair)) >= 2}
    moved = {case: fmean(two) - fmean(one) for case, (one, two) in known.items()}
    errors = {case: math.sqrt(sum(variance(side) / len(side) for side in pair)) for case, pair in known.items()}
    notes: list[str] = []
    middle = median(moved.values()) if shift and len(moved) >= ENOUGH_CASES else 0.0
    if abs(middle) > LEAST_BETWEEN:
        notes.append(
            f"HEAD's middle case took {100 * (math.exp(middle) - 1):+.1f} %: that is taken for the machine, and taken "
            "out of every ratio; what slows everything down alike cannot be told from it"
        )
    between = _between(moved, errors, middle)
    if between > LEAST_BETWEEN:
        notes.append(
            f"beyond their own noise cases of the two runs scatter by {100 * between:.1f} %: that is allowed for"
        )
    found = []
    for case in cases:
        one, two = logs[case]
        if case not in known or min(len(one), len(two)) < FEWEST:
            ratios = [math.exp(fmean(two) - fmean(one))]
            found.append(CaseComparison(case, "no verdict", interval(ratios)))
            continue
        error, freedom = math.hypot(errors[case], between), len(one) + len(two) - 2
        at, reach = moved[case] - middle, _t_quantile(freedom) * error
        ratio = Interval(math.exp(at), math.exp(at - reach), math.exp(at + reach), min(len(one), len(two)))
        found.append(CaseComparison(case, "no verdict", ratio, _p(at / error, freedom), math.exp(reach) - 1))
    return judged(found, same_within), tuple(notes)


def judged(found: Sequence[CaseComparison], same_within: float = SAME_WITHIN) -> tuple[CaseComparison, ...]:
    """Return the comparisons with p-values adjusted over all of them, and the verdicts that follow."""
    tested = [index for index, entry in enumerate(found) if entry.p is not None]
    adjusted = dict(zip(tested, holm([entry.p for entry in found if entry.p is not None]), strict=True))
    return tuple(
        replace(entry, p=adjusted.get(index), verdict=_verdict(entry, adjusted.get(index), same_within))
        for index, entry in enumerate(found)
    )


def confirmed(first: Sequence[CaseComparison], again: Sequence[CaseComparison]) -> tuple[CaseComparison, ...]:
    """Return the comparisons with those verdicts alone that a second measurement of the flagged cases bears out.

    A flagged case that was not measured again, or in too few rounds, gets no verdict.
    """
    second = {entry.case: entry for entry in again}
    return tuple(_borne_out(entry, second.get(entry.case)) if entry.differs else entry for entry in first)


def _borne_out(entry: CaseComparison, again: CaseComparison | None) -> CaseComparison:
    if again is None or again.ratio is None or again.verdict == "no verdict":
        return replace(entry, verdict="no verdict")
    verdict: Verdict = entry.verdict if again.verdict == entry.verdict else "too close to call"
    return replace(entry, verdict=verdict, again=again.ratio.runs)


def _verdict(entry: CaseComparison, p: float | None, same_within: float) -> Verdict:
    if entry.failure or entry.ratio is None or p is None or entry.ratio.is_range:
        return "no verdict"
    if p < LEVEL:
        return "slower" if entry.ratio.median > 1 else "faster"
    if 1 / (1 + same_within) <= entry.ratio.low and entry.ratio.high <= 1 + same_within:
        return "the same"
    return "too close to call"


def _between(moved: Mapping[Case, float], errors: Mapping[Case, float], middle: float) -> float:
    """Return the standard deviation between runs that the cases' own noise does not explain, by robust estimates."""
    if len(moved) < ENOUGH_CASES:
        return LEAST_BETWEEN
    # 1.4826 makes the median absolute deviation of normal values their standard deviation.
    scatter = 1.4826 * median(abs(value - middle) for value in moved.values())
    own = median(errors.values())
    return max(LEAST_BETWEEN, math.sqrt(max(0.0, scatter**2 - own**2)))


def _p_of_mean(logs: Sequence[float]) -> float:
    deviation = stdev(logs)
    if deviation == 0:
        return 1.0 if fmean(logs) == 0 else 0.0
    return _p(fmean(logs) / (deviation / math.sqrt(len(logs))), len(logs) - 1)


def _p(statistic: float, freedom: int) -> float:
    from scipy.stats import t

    return float(2 * t.sf(abs(statistic), freedom))


def _t_quantile(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(1 - LEVEL / 2, freedom))
