from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.answer import choose
from serlab.analysis.pairs import compare_all
from serlab.analysis.view import RunView
from serlab.records.run_data import RunData


def test_every_two_codecs_of_a_payload_are_compared_once(run_data: RunData) -> None:
    found = compare_all(RunView(run_data))
    assert {frozenset((pair.base, pair.codec)) for pair in found} == {
        frozenset(names) for names in (("json", "orjson"), ("json", "tensor-proto"), ("orjson", "tensor-proto"))
    }
    assert len(found) == 3


def test_a_ratio_is_of_the_base_to_the_codec_within_rounds(run_data: RunData) -> None:
    pair = next(pair for pair in compare_all(RunView(run_data)) if {pair.base, pair.codec} == {"json", "orjson"})
    slower = pair.base == "json"
    assert pair.encode is not None
    assert pair.decode is not None
    assert pair.encode.median == pytest.approx(20 if slower else 1 / 20)  # 100 ms and 5 ms, drifting alike
    assert pair.encode.low == pytest.approx(pair.encode.high)


def test_without_calls_whole_is_encode_and_decode(run_data: RunData) -> None:
    found = compare_all(RunView(replace(run_data, endtoend=())))
    pair = next(pair for pair in found if {pair.base, pair.codec} == {"json", "orjson"})
    assert pair.whole is not None
    assert pair.whole.median == pytest.approx(20 if pair.base == "json" else 1 / 20)


def test_a_pair_with_the_answers_codec_has_the_answers_ratio_to_the_last_digit(run_data: RunData) -> None:
    """Over an even number of rounds, whose ratios differ: there the inverse has another median."""
    factors = (1.0, 1.7, 0.6, 1.2)
    clients = tuple(
        replace(run, round=number, calls=tuple(replace(call, total_s=factor * call.total_s) for call in run.calls))
        for run in run_data.endtoend
        if run.round == 0
        for number, factor in enumerate(factors if run.codec == "json" else reversed(factors))
    )
    view = RunView(replace(run_data, endtoend=clients))
    pairs = {(pair.base, pair.codec): pair.whole for pair in compare_all(view)}
    found = [(pairs[view.baseline, choice.codec], choice.times_less) for choice in choose(view) if choice.times_less]
    assert found
    assert all(one == other for one, other in found)
    assert all(one.median != pytest.approx(round(one.median)) for one, _ in found if one)
