"""The statistics behind every interval: order statistics over processes, ratios by round, percentiles with a floor.

A process is the unit, and where several are forked from one parent the parent is: values of one process share its
memory layout and its luck, and forks share their parent's, so pooling them would make intervals look tighter than they
are. Values are therefore summed up level by level (chunks → process → parent) and the interval is that of the parents.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from math import comb
from statistics import fmean
from typing import TypeVar

import numpy as np

from serlab.records.run import Interval

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")

CONFIDENCE = 0.95
RESAMPLES = 2000
#: Fewest processes that carry a 95 % interval of their median: five leave it out with probability 2 · 2⁻⁵ = 6 %.
FEWEST = 6
#: What an interval that is said to cover 95 % may cover; eight values can have 93.0 or 99.2 %.
_LEAST_COVERAGE, _MOST_COVERAGE = 0.929, 0.97

#: Fewest samples that carry a percentile: below, it is decided by a handful of the slowest calls.
SAMPLE_FLOOR: Mapping[float, int] = {0.5: 1, 0.9: 64, 0.99: 662}


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Return the items by their key, keys and items in the order in which they first come."""
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def interval(per_process: Iterable[float]) -> Interval:
    """Return the median over processes with its distribution-free 95 % interval; below six processes, with their range.

    The bounds are order statistics, whose coverage is binomial whatever the distribution (SciPy's
    ``quantile_test(...).confidence_interval``), interpolated between neighbours, as exact ones cover 95 to 99 %,
    depending on n (Hettmansperger and Sheather, "Confidence intervals based on interpolated order statistics", 1986).

    Raises:
        ValueError: no values.
    """
    ordered = sorted(map(float, per_process))
    if not ordered:
        raise ValueError("no processes to take a median of")
    count = len(ordered)
    median = float(np.median(ordered))
    if count < FEWEST:
        return Interval(median, ordered[0], ordered[-1], count, is_range=True)
    place, weight = _bounds(count)
    low = (1 - weight) * ordered[place] + weight * ordered[place + 1]
    high = (1 - weight) * ordered[-1 - place] + weight * ordered[-2 - place]
    return Interval(median, min(low, median), max(high, median), count)


def interval_if_any(per_process: Iterable[float]) -> Interval | None:
    """Return ``interval``, or None where there are no values."""
    values = list(per_process)
    return interval(values) if values else None


def midmean(values: Iterable[float]) -> float:
    """Return the mean of the middle half: of fewer than four values, of all.

    What takes one of two times, as a step that meets the garbage collector in every other call, has a median that is
    either of them. Its mean is what calls cost, which a few disturbed ones must not move.

    Raises:
        ValueError: no values.
    """
    ordered = sorted(values)
    cut = len(ordered) // 4
    if not ordered:
        raise ValueError("no values to take a mean of")
    return fmean(ordered[cut : len(ordered) - cut])


def coverage(count: int, place: int) -> float:
    """Return how often the values ``place`` from either end of ``count``, counted from 0, enclose the true median."""
    return 1.0 - 2.0 * sum(comb(count, below) for below in range(place + 1)) / 2.0**count


@cache
def _bounds(count: int) -> tuple[int, float]:
    """Return the place of the lower bound from below, and the weight of its neighbour further in."""
    place = max(place for place in range(count // 2) if coverage(count, place) >= CONFIDENCE)
    outer, inner = coverage(count, place), coverage(count, place + 1)
    if outer <= _MOST_COVERAGE:
        return place, 0.0
    share, rank = (outer - CONFIDENCE) / (outer - inner), place + 1
    weight = (count - rank) * share / (rank + (count - 2 * rank) * share)
    # Of values in two groups a bound may fall into the gap: far beyond its middle only the inner coverage holds.
    return place, weight if inner >= _LEAST_COVERAGE else min(weight, 0.6)


def paired_ratio(numerator: Mapping[int, float], denominator: Mapping[int, float]) -> Interval | None:
    """Return numerator ÷ denominator over the rounds that have both, each ratio taken within its round.

    Rounds pair what was measured under the same conditions. None where no round has both.
    """
    common = sorted(numerator.keys() & denominator.keys())
    return interval_if_any(numerator[number] / denominator[number] for number in common if denominator[number] > 0)


def paired_difference(one: Mapping[int, float], other: Mapping[int, float]) -> Interval | None:
    """Return one − other over the rounds that have both, each difference taken within its round."""
    return interval_if_any(one[number] - other[number] for number in sorted(one.keys() & other.keys()))


def percentile(samples: Sequence[float], fraction: float) -> float | None:
    """Return the percentile of all samples, None below its sample floor.

    Raises:
        KeyError: a fraction without a floor.
    """
    if len(samples) < max(1, SAMPLE_FLOOR[fraction]):
        return None
    return float(np.quantile(np.asarray(samples), fraction))


def too_close_to_call(ratio: Interval) -> bool:
    """Whether a ratio's interval spans 1, so that neither side can be called faster."""
    return ratio.spans(1.0)


def resolvable(ratio: Interval) -> float | None:
    """Return the smallest difference that would have been told from none, as a share; None for a range.

    It is how far the interval reaches from its middle: a true difference of that much moves it off 1.
    """
    if ratio.is_range or ratio.median <= 0:
        return None
    return max(ratio.high / ratio.median, ratio.median / ratio.low if ratio.low > 0 else float("inf")) - 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that a false rejection among them is as rare as the level says (Holm, 1979)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    stepped = accumulate((min(1.0, (len(order) - rank) * p_values[index]) for rank, index in enumerate(order)), max)
    adjusted = dict(zip(order, stepped, strict=True))
    return [adjusted[index] for index in range(len(order))]
