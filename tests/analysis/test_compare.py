"""Verdicts on simulated costs: no false alarms, differences found."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from serlab.analysis.compare import Costs, compare_pairs, compare_runs, confirmed, judged
from serlab.records.comparison import CaseComparison
from serlab.records.run import Case, Interval

CASES = [Case(payload, codec, op) for payload in ("vector-1k", "image") for codec in "abcdefghijk"
         for op in ("encode", "decode")]  # fmt: skip


def side(rng: np.random.Generator, rounds: int, *, slower: Mapping[str, float], noise: float, mood: float) -> Costs:
    """One run: a machine's mood for all of it, parents' luck, and heavy-tailed noise that only adds."""
    shift, found = rng.normal(0, mood), {}
    for case in CASES:
        luck = rng.normal(0, noise, rounds) + 0.3 * noise * np.abs(rng.standard_t(2, rounds))
        cost = 1e-4 * (1 + slower.get(case.codec, 0.0)) * np.exp(shift + luck)
        found[case] = dict(enumerate(cost.tolist()))
    return found


def flagged(found: tuple[CaseComparison, ...]) -> set[str]:
    return {entry.case.codec for entry in found if entry.verdict in ("faster", "slower")}


def trial(seed: int, slower: float, how: str, *, noise: float = 0.015) -> set[str]:
    rng = np.random.default_rng(seed)
    mood = 0.03 if how == "stored" else 0.0
    base = side(rng, 9, slower={}, noise=noise, mood=mood)
    head = side(rng, 9, slower={"d": slower}, noise=noise, mood=mood)
    return flagged(compare_pairs(base, head) if how == "pairs" else compare_runs(base, head)[0])


@pytest.mark.parametrize("how", ["pairs", "stored"])
def test_a_run_against_itself_raises_a_false_alarm_in_at_most_one_of_twenty(how: str) -> None:
    assert sum(bool(trial(seed, 0.0, how)) for seed in range(60)) <= 3 + 2


@pytest.mark.parametrize("how", ["pairs", "stored"])
@pytest.mark.parametrize(("slower", "least"), [(0.10, 18), (0.05, 12)])
def test_a_slowdown_of_one_codec_is_found_and_no_other_blamed(how: str, slower: float, least: int) -> None:
    found = [trial(seed, slower, how) for seed in range(20)]
    assert sum("d" in codecs for codecs in found) >= least
    assert sum(bool(codecs - {"d"}) for codecs in found) <= 2


def test_what_slows_everything_down_alike_is_taken_for_the_machine_and_told() -> None:
    rng = np.random.default_rng(3)
    base = side(rng, 9, slower={}, noise=0.01, mood=0.0)
    head = {case: {number: 1.2 * cost for number, cost in rounds.items()} for case, rounds in base.items()}
    found, notes = compare_runs(base, head)
    assert flagged(found) == set()
    assert any("+20.0 %" in note for note in notes)


def test_fewer_than_six_rounds_get_no_verdict_however_large_the_difference() -> None:
    base = {CASES[0]: dict.fromkeys(range(5), 1.0)}
    head = {CASES[0]: dict.fromkeys(range(5), 9.0)}
    for found in (compare_pairs(base, head), compare_runs(base, head)[0]):
        assert found[0].verdict == "no verdict"
        assert found[0].p is None


def test_one_sample_on_a_side_is_no_verdict() -> None:
    found, _ = compare_runs({CASES[0]: {0: 1.0}}, {CASES[0]: {0: 2.0}})
    assert found[0].verdict == "no verdict"


def test_the_same_is_an_interval_within_the_bounds() -> None:
    entries = [
        CaseComparison(CASES[0], "no verdict", Interval(1.0, 0.99, 1.02, 9), 0.5),
        CaseComparison(CASES[1], "no verdict", Interval(1.0, 0.90, 1.02, 9), 0.5),
        CaseComparison(CASES[2], "no verdict", Interval(1.1, 1.09, 1.12, 9), 1e-6),
        CaseComparison(CASES[3], "no verdict", Interval(0.9, 0.89, 0.92, 9), 1e-6),
    ]
    assert [entry.verdict for entry in judged(entries)] == ["the same", "too close to call", "slower", "faster"]


def test_a_flag_that_a_second_measurement_does_not_bear_out_is_dropped() -> None:
    first = judged([CaseComparison(case, "no verdict", Interval(1.1, 1.08, 1.12, 9), 1e-6) for case in CASES[:3]])
    again = judged([CaseComparison(CASES[0], "no verdict", Interval(1.1, 1.08, 1.12, 9), 1e-6),
                    CaseComparison(CASES[1], "no verdict", Interval(1.0, 0.98, 1.02, 9), 0.9)])  # fmt: skip
    found = confirmed(first, again)
    assert [entry.verdict for entry in found] == ["slower", "too close to call", "no verdict"]
    assert [entry.again for entry in found] == [9, 9, 0]


def test_ratios_are_of_the_same_round_so_that_drift_cancels() -> None:
    drift = np.exp(np.cumsum(np.full(9, 0.1)))
    base = {CASES[0]: dict(enumerate(drift.tolist()))}
    head = {CASES[0]: dict(enumerate((1.05 * drift).tolist()))}
    (found,) = compare_pairs(base, head)
    assert found.ratio is not None
    assert math.isclose(found.ratio.median, 1.05)
    assert found.verdict == "slower"
