"""Intervals cover what they say, on data that is as unpleasant as measurements are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from serlab.analysis.stats import FEWEST, coverage, interval, paired_ratio

Floats = NDArray[np.float64]
RNG = np.random.default_rng(20)
TRIALS, FORKS = 2000, 5


def heavy(rounds: int) -> Floats:
    return RNG.standard_t(1.5, rounds)


def skewed(rounds: int) -> Floats:
    return RNG.lognormal(0.0, 1.0, rounds)


def two_modes(rounds: int) -> Floats:
    """Layouts of which two in three are fast."""
    return np.where(RNG.random(rounds) < 2 / 3, 0.0, 0.14) + RNG.normal(0.0, 0.01, rounds)


def nested(rounds: int) -> Floats:
    """Parents that differ by 5 %, the median of five forks of each that differ by 10 % or far more."""
    parent = RNG.normal(0.0, 0.05, (rounds, 1))
    fork = 0.1 * np.abs(RNG.standard_t(2, (rounds, FORKS)))
    return np.exp(np.median(parent + fork, axis=1))


@pytest.mark.parametrize("draw", [heavy, skewed, two_modes, nested])
@pytest.mark.parametrize("rounds", [*range(FEWEST, 14), 16, 20])
def test_an_interval_covers_the_true_median_in_93_to_97_percent(draw: Callable[[int], Floats], rounds: int) -> None:
    truth = float(np.median(draw(400_000)))
    samples = draw(TRIALS * rounds).reshape(TRIALS, rounds)
    covered = sum(found.low <= truth <= found.high for found in (interval(row.tolist()) for row in samples))
    # The share of so many trials has a standard error of 0.5 %.
    assert 0.93 - 0.012 <= covered / TRIALS <= 0.97 + 0.012


@pytest.mark.parametrize("rounds", [6, 7, 9, 12])
def test_a_ratio_covers_though_the_machine_drifts_and_parents_and_processes_differ(rounds: int) -> None:
    truth, covered, trials = 1.1, 0, 1500
    for _ in range(trials):
        drift = np.cumsum(RNG.normal(0.0, 0.05, rounds)) + 0.3 * np.sin(np.arange(rounds))
        sides = []
        for cost in (truth, 1.0):
            parent = np.where(RNG.random(rounds) < 0.7, 0.0, 0.07) + RNG.normal(0.0, 0.02, rounds)
            forks = np.median(0.05 * np.abs(RNG.standard_t(2, (rounds, FORKS))), axis=1)
            sides.append(dict(enumerate((cost * np.exp(drift + parent + forks)).tolist())))
        found = paired_ratio(*sides)
        assert found is not None
        covered += found.low <= truth <= found.high
    assert 0.93 - 0.012 <= covered / trials <= 0.97 + 0.012


def test_the_bounds_are_scipys_where_those_cover_neither_too_little_nor_too_much() -> None:
    from scipy.stats import quantile_test

    for count in (6, 9, 12, 15, 17, 18, 20):
        values = RNG.normal(size=count).tolist()
        expected = quantile_test(values, q=0.0, p=0.5).confidence_interval(0.95)
        found = interval(values)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_coverage_is_binomial() -> None:
    assert coverage(6, 0) == 1 - 2 / 64
    assert coverage(8, 1) == 1 - 2 * 9 / 256
