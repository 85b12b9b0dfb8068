from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.correlate import correlate
from serlab.analysis.view import RunView
from serlab.records.run_data import RunData


def test_each_called_codec_is_a_point_and_the_floor_is_not(run_data: RunData) -> None:
    found = correlate(RunView(run_data))
    assert [point.codec for point in found.points] == ["json", "orjson", "tensor-proto"]


def test_the_share_is_what_isolated_times_explain_of_the_whole_call(run_data: RunData) -> None:
    point = correlate(RunView(run_data)).points[0]
    assert point.share.median == pytest.approx(0.3 / 0.311)
    assert point.encode_in_situ_ratio == pytest.approx(1.0)
    assert point.decode_in_situ_ratio == pytest.approx(1.0)


def test_a_fit_over_all_transports_finds_a_slope_of_one(run_data: RunData) -> None:
    fits = {fit.scope: fit for fit in correlate(RunView(run_data)).fits}
    assert fits["all"].spearman == pytest.approx(1.0)
    assert fits["all"].slope is not None
    assert fits["all"].slope.median == pytest.approx(1.0, rel=0.05)
    assert fits["all"].slope.low <= fits["all"].slope.median <= fits["all"].slope.high


def test_two_points_are_too_few_for_a_fit(run_data: RunData) -> None:
    fits = {fit.scope: fit for fit in correlate(RunView(run_data)).fits}
    assert (fits["rest"].points, fits["rest"].spearman, fits["rest"].slope) == (2, None, None)


def test_savings_are_told_against_json_in_isolation_and_end_to_end(run_data: RunData) -> None:
    saving = next(saving for saving in correlate(RunView(run_data)).savings if saving.fast == "orjson")
    assert saving.encode_s == pytest.approx(0.095 * 1.15)
    assert saving.end_to_end_s.median == pytest.approx(0.285 * 1.15)


def test_a_run_without_calls_correlates_nothing(run_data: RunData) -> None:
    found = correlate(RunView(replace(run_data, endtoend=())))
    assert (found.points, found.fits, found.savings) == ((), (), ())


def test_a_codec_that_was_not_timed_is_no_point(run_data: RunData) -> None:
    kept = tuple(run for run in run_data.runs if run.case.codec != "orjson")
    found = correlate(RunView(replace(run_data, runs=kept)))
    assert [point.codec for point in found.points] == ["json", "tensor-proto"]
