"""Results over time: where a case's cost took a step.

A run is a step when it differs from the median of the runs before it by more than those changed from one to the next:
beyond the third quartile of their changes by three times the quartiles' distance. It is a rule of the kind that rustc's
performance suite uses (https://github.com/rust-lang/rustc-perf): what a case did so far tells how much of a change is
noise. A search for change points (PELT and the like) needs some tens of runs before and after; a lab has five to fifty,
unevenly spaced, and wants to hear of the newest one. An older step counts only if the next run bears it out. Costs are
ratios to the floor of their own run, so that the machine's moods cancel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles

from serlab.analysis.stats import interval
from serlab.analysis.view import FLOOR, RunView
from serlab.records.run import Case, Interval

#: Fewer earlier runs say nothing about how much a case changes from run to run.
MIN_EARLIER = 4
FENCE = 3.0
#: A step smaller than this is none that anyone would act on.
LEAST_STEP = 0.03


@dataclass(frozen=True, slots=True)
class Point:
    """A case in one run: its cost, and its ratio to the floor of the same run; None where there is no floor."""

    run: str
    started: str
    commit: str
    machine: str
    cost: Interval
    to_floor: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """Where a case's cost changed: from the median of the runs before ``run`` to that of it and those after."""

    case: Case
    run: str
    commit: str
    before: float
    after: float
    borne_out: bool

    @property
    def change(self) -> float:
        """The change as a share: 0.1 for 10 % more."""
        return self.after / self.before - 1.0


@dataclass(frozen=True, slots=True)
class History:
    """Each case's points, oldest first, and the steps of all."""

    points: dict[Case, list[Point]]
    steps: list[Step]

    def newest_steps(self) -> list[Step]:
        """Return the steps that a case took in its newest run."""
        return [step for step in self.steps if self.points[step.case][-1].run == step.run]


def series(views: Sequence[RunView]) -> dict[Case, list[Point]]:
    """Return each case's points in the order of the runs."""
    found: dict[Case, list[Point]] = {}
    for view in views:
        info = view.data.info
        for case, times in view.case_times.items():
            ratio = view.ratio_to_raw(case) if case.codec != FLOOR else None
            point = Point(
                info.name, info.started, info.git_commit, info.machine.name, interval(times.values()),
                ratio.median if ratio else None,
            )  # fmt: skip
            found.setdefault(case, []).append(point)
    return found


def steps(points: Mapping[Case, Sequence[Point]]) -> list[Step]:
    """Return the steps of all cases, the largest first. Points of different machines are not compared."""
    found: list[Step] = []
    for case, known in points.items():
        for machine in dict.fromkeys(point.machine for point in known):
            ours = [point for point in known if point.machine == machine and point.to_floor is not None]
            found += _steps(case, ours)
    return sorted(found, key=lambda step: -abs(step.change))


def _steps(case: Case, points: Sequence[Point]) -> list[Step]:
    found, begin = [], 0
    values = [point.to_floor or 0.0 for point in points]
    for index in range(len(points)):
        earlier = values[begin:index]
        if len(earlier) < MIN_EARLIER or not _is_out(values[index], earlier):
            continue
        after = values[index : index + 2]
        borne_out = len(after) == 2 and _is_out(after[1], earlier) and (after[0] > median(earlier)) == (
            after[1] > median(earlier)
        )  # fmt: skip
        if borne_out or len(after) == 1:
            point = points[index]
            found.append(Step(case, point.run, point.commit, median(earlier), median(after), borne_out))
            begin = index
    return found


def _is_out(value: float, earlier: Sequence[float]) -> bool:
    """Whether a value is further from the earlier median than those change from run to run, and enough to matter."""
    middle = median(earlier)
    changes = [abs(later / before - 1.0) for before, later in pairwise(earlier)]
    low, _, high = quantiles(changes, n=4, method="inclusive") if len(changes) > 1 else (0.0, 0.0, changes[0])
    fence = high + FENCE * (high - low)
    return abs(value / middle - 1.0) > max(fence, LEAST_STEP)
