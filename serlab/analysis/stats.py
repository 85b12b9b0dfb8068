"""The statistics behind every interval: bootstrap over processes, ratios paired by round, percentiles with a floor.

A process is the unit: values of one process share its memory layout and its luck, so pooling them would make intervals
look tighter than they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from serlab.records.run import Interval

CONFIDENCE = 0.95
RESAMPLES = 2000
_SEED = 0  # the same samples give the same interval, in every report that is rebuilt from them

#: Fewest samples that carry a percentile: below, it is decided by a handful of the slowest calls.
SAMPLE_FLOOR: Mapping[float, int] = {0.5: 1, 0.9: 64, 0.99: 662}


def interval(per_process: Sequence[float]) -> Interval:
    """Return the median over processes with its 95 % bootstrap interval (percentile method, SciPy).

    A single process has no interval: its bounds are the value itself, and ``runs`` says 1.

    Raises:
        ValueError: no values.
    """
    if not per_process:
        raise ValueError("no processes to take a median of")
    median = float(np.median(per_process))
    if len(set(per_process)) == 1:
        return Interval(median, median, median, len(per_process))
    from scipy.stats import bootstrap

    bounds = bootstrap(
        (np.asarray(per_process),),
        np.median,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return Interval(median, float(bounds.low), float(bounds.high), len(per_process))


def paired_ratio(numerator: Mapping[int, float], denominator: Mapping[int, float]) -> Interval | None:
    """Return numerator ÷ denominator over the rounds that have both, each ratio taken within its round.

    Rounds pair what was measured under the same conditions. None where no round has both.
    """
    common = sorted(numerator.keys() & denominator.keys())
    ratios = [numerator[number] / denominator[number] for number in common if denominator[number] > 0]
    return interval(ratios) if ratios else None


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
