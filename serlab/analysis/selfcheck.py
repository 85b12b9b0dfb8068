"""What a comparison here and now would get right: twins that must look alike, and slowdowns that must be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from serlab.records.comparison import CaseComparison, CaseResolution, Rate, SelfCheck


def sum_up(
    twins: Sequence[CaseComparison],
    slowed: Sequence[CaseComparison],
    slowdown: float,
    rounds: int,
    notes: Iterable[str],
) -> SelfCheck:
    """Return how many twins were told apart, how many slowdowns were found, and what each case can resolve."""
    verdicts = [entry for entry in twins if entry.verdict != "no verdict"]
    tested = [entry for entry in slowed if entry.verdict != "no verdict"]
    resolutions = [CaseResolution(entry.case, entry.resolves, entry.failure) for entry in twins]
    return SelfCheck(
        rounds,
        slowdown,
        rate(sum(entry.differs for entry in verdicts), len(verdicts)),
        rate(sum(entry.verdict == "slower" for entry in tested), len(tested)),
        tuple(resolutions),
        tuple(notes),
    )


def rate(hits: int, tries: int) -> Rate:
    """Return a share with its exact 95 % interval (Clopper and Pearson, 1934); from 0 to 1 where nothing was tried."""
    if not tries:
        return Rate(0, 0, 0.0, 1.0)
    from scipy.stats import binomtest

    bounds: Any = binomtest(hits, tries).proportion_ci(0.95, method="exact")
    return Rate(hits, tries, float(bounds.low), float(bounds.high))
