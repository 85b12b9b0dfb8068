from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.noise import rate, remarks, sum_up
from serlab.analysis.view import RunView
from serlab.records.comparison import CaseComparison, Verdict
from serlab.records.run import Case, Interval
from serlab.records.run_data import RunData


@pytest.fixture
def quiet(run_data: RunData) -> RunData:
    """The made-up run without its drift, on a quiet machine, with many rounds."""
    first = {run.case: run.values_s for run in run_data.runs if run.round == 0}
    runs = tuple(replace(run, values_s=first[run.case]) for run in run_data.runs)
    return replace(run_data, info=replace(run_data.info, rounds=6, load_before=(0.1, 0.1, 0.1)), runs=runs)


def told(data: RunData) -> str:
    return " ".join(remarks(RunView(data)))


def test_a_quiet_run_has_no_remarks(quiet: RunData) -> None:
    assert told(quiet) == ""


def test_a_busy_machine_is_remarked(quiet: RunData) -> None:
    busy = replace(quiet, info=replace(quiet.info, load_before=(1.6, 1.0, 0.5)))
    assert told(busy) == "The machine was busy before the run began: load 1.6 on 2 cores."


def test_a_governor_that_follows_load_is_remarked(quiet: RunData) -> None:
    machine = replace(quiet.info.machine, governor="powersave")
    assert "frequency governor is powersave" in told(replace(quiet, info=replace(quiet.info, machine=machine)))


def test_few_rounds_are_remarked(quiet: RunData) -> None:
    assert told(replace(quiet, info=replace(quiet.info, rounds=3))).startswith("3 rounds: fewer than 6 carry no")


def test_a_floor_that_moves_is_remarked(quiet: RunData) -> None:
    runs = tuple(
        replace(run, values_s=tuple(2 * value for value in run.values_s)) if run.round == 5 else run
        for run in quiet.runs
    )
    assert "took 2.0 times as long in its slowest round" in told(replace(quiet, runs=runs))


def test_wide_spread_is_remarked(quiet: RunData) -> None:
    runs = tuple(
        replace(run, values_s=tuple(1.3 * value for value in run.values_s)) if run.round == 5 else run
        for run in quiet.runs
    )
    assert "Half of all cases spread by more than ±30 %" in told(replace(quiet, runs=runs))


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
