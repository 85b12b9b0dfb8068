from __future__ import annotations

import pytest

from serlab.analysis.noise import rate, sum_up
from serlab.records.comparison import CaseComparison, Verdict
from serlab.records.run import Case, Interval


def entry(codec: str, verdict: Verdict, resolves: float | None = 0.02) -> CaseComparison:
    return CaseComparison(Case("image", codec, "encode"), verdict, Interval(1.0, 0.98, 1.02, 9), 0.5, resolves)


def test_false_alarms_and_power_are_counted_over_the_cases_that_got_a_verdict() -> None:
    twins = [entry("a", "the same"), entry("b", "slower"), entry("c", "no verdict", None)]
    slowed = [entry("a", "slower"), entry("b", "faster"), entry("c", "no verdict", None)]
    found = sum_up(twins, slowed, 0.1, 9, ["a note"])
    assert (found.false_alarms.hits, found.false_alarms.tries) == (1, 2)
    assert (found.power.hits, found.power.tries) == (1, 2)
    assert [case.resolves for case in found.cases] == [0.02, 0.02, None]
    assert found.notes == ("a note",)


def test_a_rate_has_an_exact_interval_also_at_its_ends() -> None:
    assert rate(0, 30).low == 0
    assert rate(0, 30).high == pytest.approx(1 - 0.025 ** (1 / 30), rel=1e-6)
    assert (rate(0, 0).low, rate(0, 0).high) == (0.0, 1.0)
