"""Looks things up in evidence and sums them up: medians by round, intervals, ratios within rounds, tails."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean, median

import numpy as np

from serlab.analysis.stats import CONFIDENCE, RESAMPLES, SAMPLE_FLOOR, interval_if_any, paired_difference, paired_ratio
from serlab.records.claims import Evidence, Series
from serlab.records.run import Interval

_SEED = 0  # the same samples give the same interval


def find(evidence: Evidence, quantity: str, *, codec: str = "", payload: str = "", setting: str = "") -> Series | None:
    """Return the series of ``quantity`` with exactly these labels, None where the experiment has none."""
    wanted = (quantity, codec, payload, setting)
    for series in evidence.series:
        if (series.quantity, series.codec, series.payload, series.setting) == wanted:
            return series
    return None


def medians(series: Series) -> dict[int, float]:
    """Return the median of each round that has samples."""
    return {number: median(values) for number, values in series.samples.items() if values}


def means(series: Series) -> dict[int, float]:
    """Return the mean of each round that has samples."""
    return {number: fmean(values) for number, values in series.samples.items() if values}


def estimate(series: Series | None) -> Interval | None:
    """Return the median over rounds with its interval; None without samples."""
    return interval_if_any(medians(series).values()) if series else None


def ratio(numerator: Series | None, denominator: Series | None) -> Interval | None:
    """Return the ratio of the rounds' medians, paired by round; None where they share none."""
    if numerator is None or denominator is None:
        return None
    return paired_ratio(medians(numerator), medians(denominator))


def mean_ratio(numerator: Series | None, denominator: Series | None) -> Interval | None:
    """Return the ratio of the rounds' means, paired by round; None where they share none."""
    if numerator is None or denominator is None:
        return None
    return paired_ratio(means(numerator), means(denominator))


def difference(one: Series | None, other: Series | None) -> Interval | None:
    """Return the difference of the rounds' medians, paired by round; None where they share none."""
    if one is None or other is None:
        return None
    return paired_difference(medians(one), medians(other))


def count(series: Series | None) -> int:
    """Return the number of samples of all rounds."""
    return sum(map(len, series.samples.values())) if series else 0


def tail_ratio(numerator: Series | None, denominator: Series | None, fraction: float) -> Interval | None:
    """Return the ratio of a percentile of all samples, with the interval of a bootstrap over rounds.

    None where either side has fewer samples than the percentile's floor: see ``stats.SAMPLE_FLOOR``.
    """
    if numerator is None or denominator is None:
        return None
    if min(count(numerator), count(denominator)) < SAMPLE_FLOOR[fraction]:
        return None
    common = sorted(numerator.samples.keys() & denominator.samples.keys())

    def at(rounds: list[int]) -> float:
        return _quantile(numerator.samples, rounds, fraction) / _quantile(denominator.samples, rounds, fraction)

    rng = np.random.default_rng(_SEED)
    resampled = [at([common[i] for i in rng.integers(0, len(common), len(common))]) for _ in range(RESAMPLES)]
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [outside, 1 - outside])
    return Interval(at(common), float(low), float(high), len(common))


def exactly(value: float) -> Interval:
    """Return a value that was counted, not estimated."""
    return Interval(value, value, value, 1)


def _quantile(samples: Mapping[int, tuple[float, ...]], rounds: list[int], fraction: float) -> float:
    return float(np.quantile(np.concatenate([samples[number] for number in rounds]), fraction))
