"""Where a round's time goes: to the cases whose intervals another process would narrow.

Processes of one parent narrow only what varies within a parent; what varies between parents is narrowed by rounds. A
case therefore gets as many processes in a round as make the former small beside what is to be resolved, and no more.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median, pvariance

from serlab.analysis.stats import FEWEST, paired_ratio, resolvable
from serlab.measure.chunks import DEAR_S
from serlab.records.run import Case, Run

#: The share of what is to be resolved that may be left to the processes of one parent.
SHARE = 0.5
#: An interval of six parents reaches this many standard deviations to either side.
REACH = 1.27
#: A case whose processes differ this wildly would swallow a round: more rounds are worth more.
MOST_PROCESSES = 40
#: Fewer processes of a parent say nothing about how they differ.
LEAST_PROCESSES = 2


class Allocation:
    """Gathers runs and says which cases need another process. ``resolve`` is a share: 0.03 for 3 %."""

    def __init__(self, resolve: float, runs: Iterable[Run] = ()) -> None:
        self._resolve = resolve
        self._costs: dict[Case, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for run in runs:
            self.add(run)

    def add(self, run: Run) -> None:
        """Take in what a process measured: its fastest chunk."""
        self._costs[run.case][run.round].append(min(run.values_s))

    def is_dear(self, case: Case) -> bool:
        """Whether one call takes so long that a round can have no more than one."""
        return any(min(found) >= DEAR_S for found in self._costs[case].values())

    def is_due(self, case: Case, number: int) -> bool:
        """Whether round ``number`` still lacks the case; a dear one that has its interval is lacking no more."""
        rounds = self._costs[case].keys()
        return number not in rounds and not (self.is_dear(case) and len(rounds) >= FEWEST)

    def wants_more(self, case: Case, number: int) -> bool:
        """Whether another process in round ``number`` would narrow the case's interval."""
        done = len(self._costs[case][number])
        return not self.is_dear(case) and done < self._processes_needed(case)

    def unresolved(self, cases: Iterable[Case], floors: Mapping[Case, Case]) -> list[Case]:
        """Return the cases whose ratio to their floor could still not tell a difference of ``resolve``."""
        return [case for case in cases if case != floors[case] and not self._is_resolved(case, floors[case])]

    def _is_resolved(self, case: Case, floor: Case) -> bool:
        ratio = paired_ratio(self._by_round(case), self._by_round(floor))
        least = resolvable(ratio) if ratio else None
        return least is not None and least <= self._resolve

    def _by_round(self, case: Case) -> dict[int, float]:
        return {number: median(found) for number, found in self._costs[case].items() if found}

    def _processes_needed(self, case: Case) -> int:
        """From the variance within parents, pooled; the median of n processes varies by 1.25 / √n of theirs."""
        groups = [found for found in self._costs[case].values() if len(found) >= LEAST_PROCESSES]
        if not groups:
            return min(LEAST_PROCESSES, MOST_PROCESSES)
        freedom = sum(len(found) - 1 for found in groups)
        within = sum(len(found) * pvariance([math.log(cost) for cost in found]) for found in groups) / freedom
        needed = within * (REACH * 1.25 / (SHARE * self._resolve)) ** 2
        return min(MOST_PROCESSES, max(LEAST_PROCESSES, math.ceil(needed)))
