"""What makes figures less sure than they look, and what a comparison here and now would get right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from serlab.analysis.stats import FEWEST
from serlab.analysis.view import FLOOR, RunView
from serlab.analysis.words import counted
from serlab.records.comparison import CaseComparison, CaseResolution, Rate, SelfCheck
from serlab.records.run import RunInfo

#: A load of this share of the cores before anything was measured means that something else was running.
BUSY_SHARE = 0.5
#: Frequency governors under which a core's speed follows its load, and so the order of cases.
FIXED_GOVERNORS = frozenset({"performance", "unknown"})
#: Where the mean is this much above the undisturbed cost, the two answer different questions.
APART = 1.25
#: The floor copies the same buffer in every round: this much between its fastest and slowest round is the machine's.
DRIFT = 1.5
#: A typical interval wider than this to either side hides differences that matter.
WIDE = 0.2


def remarks(view: RunView) -> tuple[str, ...]:
    """Return remarks about noise, the weightiest first; none where nothing stands out."""
    return (*_machine(view.data.info), *_drift(view), *_means(view), *_intervals(view))


def _machine(info: RunInfo) -> Iterator[str]:
    if info.load_before and info.machine.cores and info.load_before[0] > BUSY_SHARE * info.machine.cores:
        yield (
            f"The machine was busy before the run began: load {info.load_before[0]:g} on "
            f"{counted(info.machine.cores, 'core')}."
        )
    if info.machine.governor not in FIXED_GOVERNORS:
        yield (
            f"The CPU's frequency governor is {info.machine.governor}: speed follows load. "
            "Set it to performance for steadier times."
        )
    if 0 < info.rounds < FEWEST:
        yield (
            f"{counted(info.rounds, 'round')}: fewer than {FEWEST} carry no 95 % interval, so ranges are shown and "
            "nothing is called faster. The standard profile takes more."
        )


def _drift(view: RunView) -> Iterator[str]:
    drifts = []
    for case, times in view.case_times.items():
        if case.codec == FLOOR and len(times) > 1 and min(times.values()) > 0:
            drifts.append((max(times.values()) / min(times.values()), case.id))
    if drifts and max(drifts)[0] > DRIFT:
        most, case_id = max(drifts)
        yield (
            f"The floor itself, {case_id}, took {most:.1f} times as long in its slowest round as in its fastest: "
            "the machine's speed changed. Ratios are taken within rounds and suffer less than times."
        )


def _means(view: RunView) -> Iterator[str]:
    apart = []
    for case in view.case_times:
        time, mean = view.time(case), view.mean(case)
        if time and mean and mean.median > APART * time.median:
            apart.append((mean.median / time.median, case.id))
    if apart:
        most, case_id = max(apart)
        yield (
            f"In {len(apart)} of {len(view.case_times)} cases a call's mean is more than {100 * (APART - 1):.0f} % "
            f"above its undisturbed cost, most in {case_id} ({most:.1f} times): the garbage collector's passes, cold "
            "caches, other programs. Comparisons use the undisturbed cost, totals and predictions the mean."
        )


def _intervals(view: RunView) -> Iterator[str]:
    widths = []
    for times in view.case_times.values():
        values = sorted(times.values())
        middle = median(values)
        if len(values) > 1 and middle > 0:
            widths.append(max(values[-1] - middle, middle - values[0]) / middle)
    if widths and median(widths) > WIDE:
        yield (
            f"Half of all cases spread by more than ±{100 * median(widths):.0f} % between processes: differences "
            "smaller than that need more rounds (--budget)."
        )


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
