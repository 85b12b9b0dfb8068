from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.view import RunView
from serlab.records.endtoend import Answer
from serlab.records.run import Case, Exactness, Gate
from serlab.records.run_data import RunData


def test_ratios_to_the_floor_ignore_the_machines_drift(run_data: RunData) -> None:
    found = RunView(run_data).ratio_to_raw(Case("image", "json", "encode"))
    assert found is not None
    assert found.low == pytest.approx(1000)
    assert found.high == pytest.approx(1000)


def test_times_keep_the_drift_in_their_interval(run_data: RunData) -> None:
    found = RunView(run_data).time(Case("image", "json", "encode"))
    assert found is not None
    assert found.low < found.median < found.high
    assert found.median == pytest.approx(0.115)


def test_a_case_that_failed_its_gate_is_listed_and_has_no_time(run_data: RunData) -> None:
    failed = Gate("image", "orjson", Exactness(10, {"rejected": 10}, failure="holds null"), 0, {})
    gates = tuple(failed if gate.codec == "orjson" else gate for gate in run_data.info.gates)
    kept = tuple(run for run in run_data.runs if run.case.codec != "orjson")
    view = RunView(replace(run_data, info=replace(run_data.info, gates=gates), runs=kept, memory=()))
    case = Case("image", "orjson", "encode")
    assert case in view.cases()
    assert view.time(case) is None
    assert view.body_bytes(case) is None


def test_cases_are_ordered_by_payload_codec_op_and_form(run_data: RunData) -> None:
    ids = [case.id for case in RunView(run_data).cases()]
    assert ids == [
        "encode/image/json",
        "decode/image/json",
        "encode/image/orjson",
        "decode/image/orjson",
        "encode/image/tensor-proto",
        "decode/image/tensor-proto/content",
        "decode/image/tensor-proto/values",
        "encode/image/raw",
        "decode/image/raw",
    ]


def test_a_decode_case_has_the_response_size_of_its_form(run_data: RunData) -> None:
    view = RunView(run_data)
    assert view.body_bytes(Case("image", "tensor-proto", "decode", "values")) == 1100
    assert view.body_bytes(Case("image", "json", "encode")) == 5000


def test_the_live_form_is_what_clients_saw(run_data: RunData) -> None:
    assert RunView(run_data).live_form == "values"
    changed = tuple(replace(run, form="content") if run.form else run for run in run_data.endtoend)
    assert RunView(replace(run_data, endtoend=changed)).live_form == "content"


def test_without_calls_a_step_costs_what_it_costs_apart_and_its_mean_where_that_is_not_known(run_data: RunData) -> None:
    case = run_data.runs[0].case
    runs = tuple(replace(run, apart_s=2.5) if run.case == case else run for run in run_data.runs)
    view = RunView(replace(run_data, runs=runs, endtoend=()))
    assert set(view.in_call_times[case].values()) == {2.5}
    other = next(run.case for run in runs if run.case != case)
    assert view.in_call_times[other] == view.mean_times[other]


def as_model(data: RunData, *answers: Answer) -> RunData:
    """The made-up run as if it had called a model whose answers were recorded: clients compare nothing."""
    return replace(
        data,
        info=replace(data.info, instance={**data.info.instance, "call": {"model": "bert"}}),
        endtoend=tuple(replace(run, exactness=None) for run in data.endtoend),
        answers=answers,
    )


def test_a_models_answer_is_exact_only_where_it_was_compared(run_data: RunData) -> None:
    alone = RunView(as_model(run_data, Answer("image", "json", "answers/a.bin")))
    assert alone.exactness("image", "json") is not None  # what the codec carried, offline
    assert alone.answered("image", "json") is None
    same, other = Exactness(10, {"exact": 10}), Exactness(10, {"exact": 9, "rounded": 1})
    view = RunView(
        as_model(
            run_data,
            Answer("image", "tensor-proto", "answers/a.bin"),
            Answer("image", "json", "answers/b.bin", compared_with="tensor-proto", exactness=same),
            Answer("image", "orjson", "answers/c.bin", compared_with="tensor-proto", exactness=other),
        )
    )
    assert view.answered("image", "json") == same
    assert view.answered("image", "tensor-proto") == same, "compared with json, as json was with it"
    assert view.answered("image", "orjson") == other


def test_an_echos_answer_is_compared_by_every_client(run_data: RunData) -> None:
    found = RunView(run_data).answered("image", "json")
    assert found is not None
    assert found.exact
