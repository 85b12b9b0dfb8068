"""When calls are due."""

from __future__ import annotations

import itertools
import statistics

import pytest

from serlab.measure.load.pace import ClosedPace, OpenPace, make_pace
from serlab.records.load import StepSpec


def times(pace: OpenPace, count: int) -> list[float]:
    return [due for _ in range(count) if (due := pace.take(0.0)) is not None]


def test_constant_arrivals_of_several_generators_interleave_evenly() -> None:
    shares = [OpenPace(100.0, "constant", "1", 5.0, share=share, shares=4) for share in range(4)]
    merged = sorted(due for pace in shares for due in times(pace, 25))
    assert merged == pytest.approx([5.0 + number / 100 for number in range(100)])


def test_poisson_arrivals_have_the_rate_and_the_spread_of_poisson() -> None:
    shares = [OpenPace(200.0, "poisson", "7", 0.0, share=share, shares=2) for share in range(2)]
    merged = sorted(due for pace in shares for due in times(pace, 5000))
    gaps = [after - before for before, after in itertools.pairwise(merged[:9000])]
    assert statistics.mean(gaps) == pytest.approx(1 / 200, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(1 / 200, rel=0.07)  # an exponential's is its mean


def test_poisson_arrivals_are_the_same_for_the_same_seed() -> None:
    one, same, other = (OpenPace(50.0, "poisson", seed, 0.0) for seed in ("1/0", "1/0", "1/1"))
    first = times(one, 20)
    assert first == times(same, 20)
    assert first != times(other, 20)


def test_looking_does_not_take() -> None:
    pace = OpenPace(10.0, "constant", "1", 2.0)
    assert pace.peek(0.0) == 2.0
    assert pace.take(0.0) == 2.0
    assert pace.peek(0.0) == pytest.approx(2.1)


def test_what_was_due_and_not_taken_is_counted_at_the_end() -> None:
    pace = OpenPace(10.0, "constant", "1", 0.0)
    assert times(pace, 3) == pytest.approx([0.0, 0.1, 0.2])
    assert pace.close(0.95) == 7  # 0.3 ... 0.9
    assert pace.take(0.0) is None
    assert pace.peek(0.0) is None


def test_nothing_is_left_over_when_all_was_taken() -> None:
    pace = OpenPace(10.0, "constant", "1", 0.0)
    times(pace, 3)
    assert pace.close(0.25) == 0


def test_a_closed_loop_is_due_at_once_until_it_is_closed() -> None:
    pace = make_pace(StepSpec("image", "json"), "1", 100.0, 0)
    assert isinstance(pace, ClosedPace)
    assert pace.take(3.5) == 3.5
    assert pace.close(4.0) == 0
    assert pace.take(5.0) is None
