from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.correlate import correlate
from serlab.analysis.in_call import judge
from serlab.analysis.view import RunView
from serlab.records.correlation import InCall
from serlab.records.run import Case
from serlab.records.run_data import RunData

A, B, SHORT = (Case("image", codec, "decode") for codec in ("json", "orjson", "wire"))


def test_the_mode_that_is_closer_to_the_calls_comes_first() -> None:
    stages = {A: 1.0, B: 2.0, SHORT: 1e-6}
    tight, apart = {A: {0: 0.5}, B: {0: 1.9}}, {A: {0: 1.1, 1: 1.1}, B: {0: 2.2}}
    first, second = judge({"tight": tight, "apart": apart}, stages)
    assert (first.mode, first.cases, first.within) == ("apart", 2, 1.0)
    assert (first.ratio, first.error) == (pytest.approx(1.1), pytest.approx(0.1))
    assert (second.mode, second.within) == ("tight", 0.5)
    assert [one.mode for one in judge({"tight": {A: {0: 1.0}, B: {0: 2.0}}, "apart": apart}, stages)] == [
        "tight",
        "apart",
    ]


def test_without_calls_apart_is_used() -> None:
    assert judge({"tight": {A: {0: 1.0}}, "apart": {A: {0: 1.0}}}, {}) == (
        InCall("apart", 0, 0.0, 0.0, 0.0),
        InCall("tight", 0, 0.0, 0.0, 0.0),
    )


def test_a_run_uses_the_mode_that_its_calls_speak_for(run_data: RunData) -> None:
    apart = replace(run_data, runs=tuple(replace(run, apart_s=2 * min(run.values_s)) for run in run_data.runs))
    view = RunView(apart)
    assert view.in_call[0].mode == "tight"
    assert view.in_call_times == view.mean_times
    assert correlate(view).in_call == view.in_call
    slower = tuple(
        replace(
            run,
            calls=tuple(replace(call, encode_s=2 * call.encode_s, decode_s=2 * call.decode_s) for call in run.calls),
        )
        for run in run_data.endtoend
    )
    view = RunView(replace(apart, endtoend=slower))
    assert view.in_call[0].mode == "apart"
    assert view.in_call_times == view.apart_times
    assert view.in_call[0].ratio == pytest.approx(1.0, rel=0.1)
