from __future__ import annotations

import pytest

from serlab.analysis.claims.copies import client_imports
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Series


def evidence(heavy: float, frozen: float, rounds: int = 6) -> Evidence:
    times = {said.LIGHT: 0.3, said.WITH_TENSORFLOW: 0.3 * heavy, said.FROZEN: 0.3 * frozen}
    return Evidence("clients", tuple(
        Series(said.TIME, "s", dict.fromkeys(range(rounds), (seconds,)), "json", "image", setting)
        for setting, seconds in times.items()
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("heavy", "frozen", "verdict", "words"),
    [
        (1.4, 1.0, "not reproduced", "gc.freeze() gives that back (1.00)"),
        (1.4, 1.4, "not reproduced", "does not clearly give it back"),
        (1.0, 1.0, "reproduced", "1.00 times as long"),
    ],
)
def test_an_import_that_costs_something_is_told_with_what_freezing_gives_back(
    heavy: float, frozen: float, verdict: str, words: str
) -> None:
    found = client_imports(evidence(heavy, frozen))
    assert found.verdict == verdict
    assert words in found.finding


def test_few_rounds_decide_nothing_and_no_samples_are_not_testable() -> None:
    assert client_imports(evidence(1.0, 1.0, rounds=3)).verdict == "not testable here"
    assert client_imports(Evidence("clients")).verdict == "not testable here"
