from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.answer import baseline, choose, contenders, decode_case, transport_of
from serlab.analysis.view import RunView
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Exactness
from serlab.records.run_data import RunData


def with_exactness(data: RunData, codec: str, found: Exactness) -> RunData:
    return replace(
        data,
        endtoend=tuple(replace(run, exactness=found) if run.codec == codec else run for run in data.endtoend),
    )


def slowed(data: RunData, codec: str, factor: float) -> RunData:
    def slow(run: EndToEndRun) -> EndToEndRun:
        calls = tuple(replace(call, total_s=call.total_s * factor) for call in run.calls)
        return replace(run, calls=calls) if run.codec == codec else run

    return replace(data, endtoend=tuple(slow(run) for run in data.endtoend))


def test_the_fastest_exact_codec_of_each_transport_is_chosen(run_data: RunData) -> None:
    found = choose(RunView(run_data))
    assert [(choice.transport, choice.codec) for choice in found] == [("rest", "orjson"), ("grpc", "tensor-proto")]
    assert {choice.basis for choice in found} == {"end to end"}


def test_savings_are_ratios_within_rounds_so_that_drift_cancels_out(run_data: RunData) -> None:
    rest = choose(RunView(run_data))[0]
    assert rest.times_less is not None
    # (0.3 + 0.011) / (0.015 + 0.011) in every round, although every round is slower than the one before.
    assert rest.times_less.median == pytest.approx(0.311 / 0.026)
    assert rest.times_less.high - rest.times_less.low == pytest.approx(0, abs=1e-9)
    assert rest.time_s.high > rest.time_s.low


def test_a_faster_codec_that_alters_values_is_passed_over_and_named(run_data: RunData) -> None:
    data = with_exactness(run_data, "orjson", Exactness(10, {"exact": 9, "rounded": 1}))
    rest = choose(RunView(data))[0]
    assert (rest.codec, rest.altering, rest.times_less) == ("json", "orjson", None)


def test_where_no_codec_is_exact_the_fastest_is_chosen_with_what_it_does(run_data: RunData) -> None:
    altered = Exactness(10, {"exact": 9, "rounded": 1})
    data = with_exactness(with_exactness(run_data, "orjson", altered), "json", altered)
    rest = choose(RunView(data))[0]
    assert (rest.codec, rest.exactness) == ("orjson", altered)


def test_codecs_too_close_to_call_are_named_as_ties(run_data: RunData) -> None:
    twin = tuple(replace(run, codec="orjson-twin") for run in run_data.endtoend if run.codec == "orjson")
    rest = choose(RunView(replace(run_data, endtoend=(*run_data.endtoend, *twin))))[0]
    assert rest.ties == ("orjson-twin",)


def test_without_calls_isolated_times_decide(run_data: RunData) -> None:
    view = RunView(replace(run_data, endtoend=()))
    found = choose(view)
    assert [(choice.transport, choice.codec, choice.basis) for choice in found] == [
        ("rest", "orjson", "isolated"), ("grpc", "tensor-proto", "isolated")
    ]  # fmt: skip
    assert "raw" not in [contender.codec for contender in contenders(view, "image")]


def test_without_times_there_is_no_answer(run_data: RunData) -> None:
    assert choose(RunView(RunData(run_data.info))) == ()
    assert baseline(RunView(RunData(run_data.info)), "image") is None


def test_a_slower_transport_can_win_where_its_codec_is_slowed(run_data: RunData) -> None:
    ordered = contenders(RunView(slowed(run_data, "tensor-proto", 100.0)), "image")
    assert [contender.codec for contender in ordered] == ["orjson", "json", "tensor-proto"]


def test_transports_are_known_from_calls_or_from_the_forms_that_were_read(run_data: RunData) -> None:
    for view in (RunView(run_data), RunView(replace(run_data, endtoend=()))):
        assert [transport_of(view, codec) for codec in ("json", "tensor-proto", "raw")] == ["rest", "grpc", "none"]
        assert decode_case(view, "image", "tensor-proto").form == "values"
        assert decode_case(view, "image", "json").form is None
