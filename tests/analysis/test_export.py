from __future__ import annotations

from serlab.analysis.export import WHAT, rows
from serlab.analysis.view import RunView
from serlab.records.run import Case
from serlab.records.run_data import RunData


def test_rows_of_one_kind_have_the_same_columns(run_data: RunData) -> None:
    for what in WHAT:
        found = rows(run_data, what)
        assert {tuple(row) for row in found} == {tuple(found[0])}
        assert {row["run"] for row in found} == {run_data.info.name}


def test_every_sample_and_call_is_there(run_data: RunData) -> None:
    assert [row["value_s"] for row in rows(run_data, "samples")] == [v for run in run_data.runs for v in run.values_s]
    totals = [call.total_s for run in run_data.endtoend for call in run.calls]
    assert [row["total_s"] for row in rows(run_data, "calls")] == totals


def test_a_case_has_its_interval_and_its_bytes(run_data: RunData) -> None:
    found = {(row["codec"], row["op"], row["form"]): row for row in rows(run_data, "cases")}
    time = RunView(run_data).time(Case("image", "json", "encode"))
    row = found["json", "encode", None]
    assert time is not None
    assert (row["time_s"], row["time_s_low"], row["time_s_high"]) == (time.median, time.low, time.high)
    assert (row["peak_bytes"], row["body_bytes"], row["exact"]) == (3000, 5000, True)
    assert found["json", "call", None]["body_bytes"] == 5000 + 1100
