from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from serlab.analysis.history import LEAST_STEP, Point, Step, steps
from serlab.records.run import Case, Interval

CASE = Case("image", "json", "encode")


def points(ratios: Sequence[float], machine: str = "box") -> list[Point]:
    cost = Interval(1.0, 0.9, 1.1, 9)
    return [Point(f"{machine}/{n}", f"2026-01-{n + 1:02}", f"c{n}", machine, cost, ratio)
            for n, ratio in enumerate(ratios)]  # fmt: skip


def noisy(levels: Sequence[float], seed: int = 1) -> list[float]:
    draw = random.Random(seed)
    return [level * draw.uniform(0.99, 1.01) for level in levels]


def found(ratios: Sequence[float]) -> list[Step]:
    return steps({CASE: points(ratios)})


def test_a_level_that_stays_has_no_step() -> None:
    assert sum(bool(found(noisy([10.0] * 20, seed))) for seed in range(20)) <= 1


@pytest.mark.parametrize("to", [11.5, 8.5])
def test_a_step_is_found_where_it_was_with_its_size_and_commit(to: float) -> None:
    (step,) = found(noisy([10.0] * 8 + [to] * 6))
    assert (step.run, step.commit, step.borne_out) == ("box/8", "c8", True)
    assert step.change == pytest.approx(to / 10 - 1, abs=0.02)


def test_the_newest_run_alone_is_told_as_such_and_an_outlier_before_it_is_none() -> None:
    (step,) = found(noisy([10.0] * 8 + [12.0]))
    assert not step.borne_out
    assert found(noisy([10.0] * 8 + [12.0] + [10.0] * 3)) == []


def test_too_few_runs_and_differences_too_small_say_nothing() -> None:
    assert found([10.0, 10.0, 10.0, 20.0]) == []
    assert found([10.0] * 8 + [10.0 * (1 + LEAST_STEP / 2)]) == []


def test_runs_of_two_machines_are_two_histories() -> None:
    both = [*points(noisy([10.0] * 6)), *points(noisy([20.0] * 6), "other")]
    assert steps({CASE: both}) == []


def test_two_steps_are_two() -> None:
    assert [step.run for step in sorted(found(noisy([10.0] * 6 + [12.0] * 6 + [9.0] * 6)), key=lambda s: s.change)] == [
        "box/12", "box/6",
    ]  # fmt: skip
