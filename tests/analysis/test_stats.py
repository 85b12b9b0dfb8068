from __future__ import annotations

import pytest

from serlab.analysis.stats import holm, interval, midmean, paired_ratio, percentile, resolvable, too_close_to_call
from serlab.records.run import Interval


def test_an_interval_holds_the_median_of_the_processes() -> None:
    found = interval([3.0, 1.0, 2.0, 4.0, 5.0, 6.0])
    assert found.median == 3.5
    assert (found.low, found.high) == (1.0, 6.0)
    assert found.runs == 6
    assert not found.is_range


def test_fewer_than_six_processes_have_a_range_and_decide_nothing() -> None:
    found = interval([3.0, 4.0, 5.0, 6.0, 7.0])
    assert found == Interval(5.0, 3.0, 7.0, 5, is_range=True)
    assert found.spans(1.0)
    assert not found.above(1.0)
    assert not found.below(9.0)
    assert resolvable(found) is None


def test_what_an_interval_resolves_is_how_far_it_reaches() -> None:
    assert resolvable(Interval(1.0, 0.98, 1.01, 6)) == pytest.approx(1 / 0.98 - 1)
    assert resolvable(Interval(2.0, 1.9, 2.2, 6)) == pytest.approx(0.1)


def test_holm_steps_down_and_never_up() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_same_values_give_the_same_interval() -> None:
    assert interval([1.0, 2.0, 4.0, 8.0]) == interval([1.0, 2.0, 4.0, 8.0])


def test_one_process_has_no_interval_of_its_own() -> None:
    assert interval([2.5]) == Interval(2.5, 2.5, 2.5, 1, is_range=True)


def test_no_values_are_an_error() -> None:
    with pytest.raises(ValueError, match="no processes"):
        interval([])


def test_ratios_are_taken_within_a_round_so_that_drift_cancels() -> None:
    drifting = {number: 2.0 * (1 + number) for number in range(6)}
    floor = {number: 1.0 * (1 + number) for number in range(6)}
    assert paired_ratio(drifting, floor) == Interval(2.0, 2.0, 2.0, 6)


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


def test_the_middle_mean_counts_both_of_two_times_and_no_outlier() -> None:
    assert midmean([15.0, 25.0, 15.0, 25.0]) == 20.0
    assert midmean([1.0, 1.0, 1.0, 900.0]) == 1.0
    assert midmean([1.0, 2.0, 6.0]) == 3.0
    with pytest.raises(ValueError, match="no values"):
        midmean([])
