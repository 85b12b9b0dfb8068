from __future__ import annotations

from typing import Any, ClassVar

import pytest

from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.chunks import DEAR_S, Chunks
from serlab.measure.compare import contest as module
from serlab.measure.compare.contest import Contender, Contest
from serlab.measure.plan import find_profile
from serlab.records.run import Case

FAST, DEAR = Case("vector-1k", "orjson", "encode"), Case("vector-1k", "json", "encode")
SUBJECTS = {"vector-1k": Subject("vector-1k", 1)}
LIMITS = find_profile("smoke")


class FakeParents:
    """Answers at once: a second for the dear case, a millisecond for the other, more for the slowed."""

    started: ClassVar[list[tuple[int, str, dict[str, str]]]] = []
    asked: ClassVar[list[tuple[str, float]]] = []
    failing = ""

    def __init__(self, *_: object, seed: int, number: int, kinds: object, python: str, environment: dict[str, str]):
        self.started.append((number, python, environment))
        self._python = python

    def __enter__(self) -> FakeParents:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def of(self, _codec: str) -> FakeParents:
        return self

    def keeping(
        self, keep: Any, _function: object, case: Case, _subject: Subject, *, slowdown: float, **_: Any
    ) -> Chunks:
        self.asked.append((case.codec, slowdown))
        if self.failing and self._python == self.failing:
            raise MeasureError("the worker died")
        cost = (4 * DEAR_S if case == DEAR else 0.001) * (1 + slowdown)
        keep(chunks := Chunks(1, (2 * cost, cost)))
        return chunks


@pytest.fixture
def parents(monkeypatch: pytest.MonkeyPatch) -> type[FakeParents]:
    monkeypatch.setattr(module, "Parents", FakeParents)
    monkeypatch.setattr(FakeParents, "started", [])
    monkeypatch.setattr(FakeParents, "asked", [])
    monkeypatch.setattr(FakeParents, "failing", "")
    return FakeParents


def contest(*contenders: Contender) -> Contest:
    return Contest(contenders, SUBJECTS, {"orjson": "light", "json": "light"}, LIMITS, seed=1)


def test_contenders_of_one_environment_share_parents_and_every_round_has_new_ones(parents: type[FakeParents]) -> None:
    contest(Contender("plain"), Contender("slowed", slowdown=0.1)).run([FAST], range(2), budget_s=0.0)
    assert [number for number, _, _ in parents.started] == [0, 1]
    parents.started.clear()
    contest(Contender("base", "a"), Contender("head", "b")).run([FAST], range(2), budget_s=0.0)
    assert [(number, python) for number, python, _ in parents.started] == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_costs_are_the_undisturbed_ones_by_round_for_each_contender(parents: type[FakeParents]) -> None:
    found = contest(Contender("plain"), Contender("slowed", slowdown=0.1))
    found.run([FAST, DEAR], range(2), budget_s=0.0)
    assert found.costs("plain")[FAST] == {0: 0.001, 1: 0.001}
    assert found.costs("slowed")[DEAR] == {0: pytest.approx(4.4 * DEAR_S), 1: pytest.approx(4.4 * DEAR_S)}


def test_time_that_is_left_goes_to_cheap_cases(parents: type[FakeParents]) -> None:
    contest(Contender("plain")).run([FAST, DEAR], range(1), budget_s=60.0)
    assert parents.asked.count(("json", 0.0)) == 1
    assert parents.asked.count(("orjson", 0.0)) == module.MOST_PROCESSES


def test_a_case_that_fails_on_one_side_is_not_compared_and_says_why(parents: type[FakeParents]) -> None:
    parents.failing = "b"
    found = contest(Contender("base", "a"), Contender("head", "b"))
    found.run([FAST], range(2), budget_s=0.0)
    assert found.failures == {FAST: "head: the worker died"}
    assert found.costs("base") == {}


def test_half_a_pair_does_not_count(parents: type[FakeParents]) -> None:
    found = contest(Contender("base"), Contender("head"))
    found.run([FAST], range(2), budget_s=0.0)
    found._found["head", FAST, 1].clear()
    assert found.costs("base")[FAST] == {0: 0.001}
