from __future__ import annotations

import random

import pytest

from serlab.measure.allocation import LEAST_PROCESSES, MOST_PROCESSES, Allocation
from serlab.measure.chunks import DEAR_S
from serlab.records.run import Case, Run

CASE, FLOOR = Case("image", "json", "encode"), Case("image", "raw", "encode")


def run(case: Case, number: int, seconds: float) -> Run:
    return Run(case, number, 1, (seconds, 3 * seconds), 4 * seconds)


def gathered(spread: float, *, rounds: int = 3, processes: int = 8) -> Allocation:
    draw = random.Random(1)
    allocation = Allocation(0.03)
    for number in range(rounds):
        for _ in range(processes):
            allocation.add(run(CASE, number, 0.001 * draw.lognormvariate(0, spread)))
    return allocation


def test_a_steady_case_needs_few_processes_and_an_unsteady_one_many() -> None:
    assert not gathered(0.001).wants_more(CASE, 0)
    assert gathered(0.001, processes=1).wants_more(CASE, 0)
    assert not gathered(0.05, rounds=1, processes=30).wants_more(CASE, 0)
    assert gathered(0.05, rounds=1, processes=8).wants_more(CASE, 0)
    assert not gathered(5.0, rounds=1, processes=MOST_PROCESSES).wants_more(CASE, 0)


def test_without_a_second_process_there_is_no_telling_so_a_second_one_is_taken() -> None:
    allocation = Allocation(0.03, [run(CASE, 0, 0.001)])
    assert allocation.wants_more(CASE, 0)
    allocation.add(run(CASE, 0, 0.001))
    assert LEAST_PROCESSES == 2
    assert not allocation.wants_more(CASE, 0)


def test_dear_cases_get_one_process_in_each_of_six_rounds() -> None:
    allocation = Allocation(0.03)
    for number in range(6):
        assert allocation.is_due(CASE, number)
        allocation.add(run(CASE, number, 2 * DEAR_S))
        assert not allocation.is_due(CASE, number)
        assert not allocation.wants_more(CASE, number)
    assert not allocation.is_due(CASE, 6)
    assert allocation.is_due(FLOOR, 6)


@pytest.mark.parametrize(("spread", "resolved"), [(0.001, True), (0.2, False)])
def test_a_case_is_resolved_when_its_ratio_tells_the_difference(spread: float, resolved: bool) -> None:
    draw = random.Random(2)
    allocation = Allocation(0.03)
    for number in range(6):
        allocation.add(run(CASE, number, 0.001 * draw.lognormvariate(0, spread)))
        allocation.add(run(FLOOR, number, 0.0001))
    assert allocation.unresolved([CASE, FLOOR], {CASE: FLOOR, FLOOR: FLOOR}) == ([] if resolved else [CASE])
    assert allocation.unresolved([Case("image", "orjson", "encode")], {Case("image", "orjson", "encode"): FLOOR})
