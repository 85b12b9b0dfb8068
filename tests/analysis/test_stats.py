from __future__ import annotations

import numpy as np
import pytest

from serlab.analysis.stats import interval, paired_ratio, percentile, too_close_to_call
from serlab.records.run import Interval


def test_an_interval_holds_the_median_of_the_processes() -> None:
    found = interval([3.0, 1.0, 2.0, 4.0, 5.0])
    assert found.median == 3.0
    assert found.low < 3.0 < found.high
    assert found.runs == 5


def test_an_interval_covers_the_true_median_about_as_often_as_it_claims() -> None:
    rng = np.random.default_rng(5)
    covered = sum(interval(rng.lognormal(0, 0.3, 20).tolist()).spans(1.0) for _ in range(200))
    assert 0.88 <= covered / 200 <= 1.0


def test_the_same_values_give_the_same_interval() -> None:
    assert interval([1.0, 2.0, 4.0, 8.0]) == interval([1.0, 2.0, 4.0, 8.0])


def test_one_process_has_no_interval_of_its_own() -> None:
    assert interval([2.5]) == Interval(2.5, 2.5, 2.5, 1)


def test_no_values_are_an_error() -> None:
    with pytest.raises(ValueError, match="no processes"):
        interval([])


def test_ratios_are_taken_within_a_round_so_that_drift_cancels() -> None:
    drifting = {number: 2.0 * (1 + number) for number in range(5)}
    floor = {number: 1.0 * (1 + number) for number in range(5)}
    assert paired_ratio(drifting, floor) == Interval(2.0, 2.0, 2.0, 5)


def test_rounds_that_only_one_side_has_do_not_count() -> None:
    found = paired_ratio({0: 4.0, 1: 6.0, 7: 100.0}, {0: 2.0, 1: 3.0})
    assert found is not None
    assert (found.median, found.runs) == (2.0, 2)
    assert paired_ratio({0: 1.0}, {1: 1.0}) is None


@pytest.mark.parametrize(("fraction", "floor"), [(0.9, 64), (0.99, 662)])
def test_a_tail_below_its_sample_floor_is_not_shown(fraction: float, floor: int) -> None:
    assert percentile([1.0] * (floor - 1), fraction) is None
    assert percentile([1.0] * floor, fraction) == 1.0


def test_the_median_needs_one_sample() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0], 0.5) == 3.0


@pytest.mark.parametrize(("low", "high", "unclear"), [(0.9, 1.1, True), (1.01, 1.2, False), (0.5, 0.99, False)])
def test_an_interval_that_spans_one_is_too_close_to_call(low: float, high: float, unclear: bool) -> None:
    assert too_close_to_call(Interval((low + high) / 2, low, high, 5)) is unclear
