"""Which mode of timing in isolation tells what a step takes within a call: the one that came closest in this run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import get_args

from serlab.records.correlation import InCall, Mode
from serlab.records.run import Case

#: Shorter steps are as long as their clock readings and what surrounds them.
SHORTEST_S = 20e-6
#: Isolated ÷ in-call within these tells the step.
LOW, HIGH = 0.85, 1.15

Times = Mapping[Case, Mapping[int, float]]


def judge(modes: Mapping[Mode, Times], stages: Mapping[Case, float]) -> tuple[InCall, ...]:
    """Return how each mode's times agree with the steps' times within calls, the closest mode first.

    ``stages`` are seconds within calls. Modes share their cases: those of ``SHORTEST_S`` and more that all of them
    have. Without any, the order is that of ``Mode``. Rounds are averaged as they are: a full pass of Python's collector
    falls within a step in some processes and not in others, and any robust mean of two heaps picks one of them.
    """
    shared = [
        case for case, seconds in stages.items() if seconds >= SHORTEST_S and all(case in t for t in modes.values())
    ]
    found = [
        _judged(mode, [fmean(modes[mode][case].values()) / stages[case] for case in shared])
        for mode in get_args(Mode)
        if mode in modes
    ]
    return tuple(sorted(found, key=lambda one: one.error))


def _judged(mode: Mode, ratios: Sequence[float]) -> InCall:
    if not ratios:
        return InCall(mode, 0, 0.0, 0.0, 0.0)
    near = sum(LOW <= ratio <= HIGH for ratio in ratios)
    error = median(max(ratio, 1 / ratio) - 1 for ratio in ratios)
    return InCall(mode, len(ratios), near / len(ratios), median(ratios), error)
