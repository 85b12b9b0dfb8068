from __future__ import annotations

from serlab.lab.selfcheck import check_itself


def test_few_rounds_have_no_verdict_and_what_cannot_be_carried_is_named() -> None:
    found = check_itself(("2x22:float32:edge",), ("orjson", "raw"), slowdown=0.1, budget_s=1.0, seed=1, rounds=1,
                         quiet=True)  # fmt: skip
    assert {case.case.codec for case in found.cases} == {"raw"}
    assert found.false_alarms.tries == found.power.tries == 0
    assert any("orjson is left out" in note for note in found.notes)
    assert any("no 95 % interval" in note for note in found.notes)
