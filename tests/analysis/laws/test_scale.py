"""A law is carried by what was measured on both machines, and doubts itself as far as the yardsticks disagree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from serlab.analysis.laws.scale import carry
from serlab.errors import UsageError
from serlab.records.law import Law, LawMachine, Yardstick
from serlab.records.law_files import TENSORFLOW_SERVING, find_law

ELSEWHERE = LawMachine("another CPU", 64)


@pytest.fixture
def law(tmp_path: Path) -> Law:
    return find_law(TENSORFLOW_SERVING, tmp_path)


def times(law: Law, factor: float) -> dict[str, Yardstick]:
    return {name: Yardstick(stick.seconds * factor) for name, stick in law.yardsticks.items()}


def exchange(law: Law, size: int) -> float:
    route = law.route("rest-numbers")
    assert route is not None
    return route.exchange_s(size, size)


def test_a_machine_twice_as_fast_halves_everything(law: Law) -> None:
    carried = carry(law, ELSEWHERE, times(law, 0.5))
    assert exchange(carried.law, 10**6) == pytest.approx(exchange(law, 10**6) / 2)
    assert exchange(carried.law, 0) == pytest.approx(exchange(law, 0) / 2)
    assert list(carried.factors.values()) == pytest.approx([0.5] * 4)
    assert any("loopback" in remark for remark in carried.remarks)  # this law has none: the others carry the floor


def test_what_a_coefficient_does_decides_what_carries_it(law: Law) -> None:
    here = {**times(law, 1.0), "write-numbers": Yardstick(law.yardsticks["write-numbers"].seconds * 3)}
    route, before = carry(law, ELSEWHERE, here).law.route("rest-numbers"), law.route("rest-numbers")
    assert route is not None
    assert before is not None
    assert route.response.rates == pytest.approx([rate * 3 for rate in before.response.rates])
    assert route.request.rates == pytest.approx(before.request.rates)


def test_yardsticks_that_disagree_widen_the_interval(law: Law) -> None:
    agreeing = carry(law, ELSEWHERE, times(law, 2.0)).spread
    disagreeing = carry(law, ELSEWHERE, {**times(law, 2.0), "copy": Yardstick(law.yardsticks["copy"].seconds)}).spread
    assert 0 < agreeing < 0.1 < 0.3 < disagreeing


def test_without_yardsticks_a_law_stays_on_its_machine(law: Law) -> None:
    bare = replace(law, yardsticks={})
    assert carry(bare, law.machine, times(law, 2.0)).law.routes == law.routes
    with pytest.raises(UsageError, match="no yardstick"):
        carry(bare, ELSEWHERE, times(law, 2.0))
    with pytest.raises(UsageError, match="no yardstick"):
        carry(law, ELSEWHERE, {})


def test_one_yardstick_alone_is_trusted_little(law: Law) -> None:
    assert carry(law, ELSEWHERE, {"copy": Yardstick(2e-5)}).spread >= 0.2
