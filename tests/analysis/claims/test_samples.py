from __future__ import annotations

import numpy as np
import pytest

from serlab.analysis.claims.arithmetic import about, gap_verdict, undecided
from serlab.analysis.claims.samples import count, estimate, find, mean_ratio, ratio, tail_ratio
from serlab.records.claims import NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED, SAME_DIRECTION, Evidence, Series
from serlab.records.run import Interval


def made(samples: dict[int, tuple[float, ...]], codec: str = "") -> Series:
    return Series("latency", "s", samples, codec)


def test_a_series_is_found_by_all_of_its_labels() -> None:
    plain, labelled = made({0: (1.0,)}), made({0: (2.0,)}, "json")
    evidence = Evidence("e", (labelled, plain))
    assert find(evidence, "latency") is plain
    assert find(evidence, "latency", codec="json") is labelled
    assert find(evidence, "latency", codec="orjson") is None
    assert find(evidence, "time") is None


def test_ratios_are_taken_within_rounds() -> None:
    slow, fast = made({0: (2.0, 2.0), 1: (40.0,), 2: (6.0,)}), made({0: (1.0,), 1: (20.0,), 3: (1.0,)})
    found = ratio(slow, fast)
    assert found is not None
    assert (found.median, found.low, found.high, found.runs) == (2.0, 2.0, 2.0, 2)


def test_means_and_medians_are_told_apart() -> None:
    slow, fast = made({0: (1.0, 1.0, 10.0)}), made({0: (1.0,)})
    by_median, by_mean = ratio(slow, fast), mean_ratio(slow, fast)
    assert by_median is not None
    assert by_mean is not None
    assert (by_median.median, by_mean.median) == (1.0, 4.0)


def test_what_is_missing_has_no_ratio() -> None:
    assert ratio(None, made({0: (1.0,)})) is None
    assert ratio(made({0: (1.0,)}), made({1: (1.0,)})) is None
    assert estimate(None) is None
    assert estimate(made({0: ()})) is None
    assert count(None) == 0


def test_a_tail_needs_enough_calls_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    many = made({number: tuple(rng.exponential(1.0, 100)) for number in range(7)})
    few = made({0: tuple(rng.exponential(1.0, 100))})
    assert tail_ratio(many, few, 0.99) is None
    assert tail_ratio(many, many, 0.99) is not None


def test_a_tail_ratio_is_that_of_all_samples_and_its_interval_holds_it() -> None:
    rng = np.random.default_rng(1)
    fast = {number: tuple(rng.exponential(1.0, 200)) for number in range(8)}
    slow = {number: tuple(3.0 * value for value in values) for number, values in fast.items()}
    found = tail_ratio(made(slow), made(fast), 0.99)
    assert found is not None
    assert found.median == pytest.approx(3.0)
    assert found.low <= found.median <= found.high
    assert found.runs == 8


def test_about_is_within_a_tenth_of_a_value_or_a_range() -> None:
    assert about(1.09, 1.0)
    assert not about(1.2, 1.0)
    assert about(2.2, 1.0, 2.0)
    assert not about(0.8, 1.0, 2.0)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.9, 2.1, REPRODUCED),
        (3.0, 9.0, REPRODUCED),  # reaches the claimed size
        (1.5, 1.9, SAME_DIRECTION),
        (5.0, 6.0, SAME_DIRECTION),  # a gap twice as large is another size
        (0.7, 1.5, NOT_REPRODUCED),
        (0.9, 2.5, NOT_TESTABLE),  # holds no gap and the claimed one
    ],
)
def test_a_gap_has_a_direction_and_a_size(low: float, high: float, expected: str) -> None:
    ratio = Interval((low + high) / 2, low, high, 6)
    verdict = gap_verdict(ratio, 2.6)
    assert verdict == expected
    assert bool(undecided(verdict, ratio)) == (expected == NOT_TESTABLE)


def test_a_range_decides_no_gap() -> None:
    few = Interval(2.6, 2.5, 2.7, 3, is_range=True)
    assert gap_verdict(few, 2.6) == NOT_TESTABLE
    assert "more than 3 rounds" in undecided(NOT_TESTABLE, few)
