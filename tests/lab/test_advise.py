"""Advice from a short measurement of the embedded echo; its program runs as printed."""

from __future__ import annotations

import asyncio
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.analysis.advice import Asked
from serlab.analysis.advise import Way
from serlab.analysis.laws.link import parse_link
from serlab.errors import MeasureError, UsageError
from serlab.lab import advise
from serlab.lab.advise import measured, with_runs
from serlab.measure.process.listener import Silent
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.endtoend import CallSample
from serlab.records.send_less import SentRun
from serlab.serving.base import ServingOptions


def options(target: Target) -> ServingOptions:
    grpc, rest = target.endpoint.grpc, target.endpoint.rest
    return ServingOptions(f"{grpc}:{rest.rpartition(':')[2]}", model="echo")


def test_advice_on_the_echo_ranks_and_runs(live_target: Target, tmp_path: Path) -> None:
    asked = Asked(1, ("2x300:float32",), client="light", now="orjson")
    found = measured(options(live_target), asked, Silent(), budget_s=0.5)
    assert 1 <= len(found.ranking.choices) <= 3
    assert all(len(choice.way.latency) == 6 for choice in found.ranking.choices[:1])
    assert {"json", "orjson"} >= found.ranking.choices[0].less_than.keys()
    assert not any("tensor" in way.codec for way in found.ways)
    assert found.not_checked
    program = tmp_path / "program.py"
    program.write_text(found.program)
    module = runpy.run_path(str(program))
    sent = parse_payload("2x300:float32").build(("x",))
    for answer in (module["predict"](sent), asyncio.run(module["predict_async"](sent))):
        np.testing.assert_array_equal(next(iter(answer.values())), sent["x"])


def test_a_way_whose_calls_fail_is_missing(live_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    workers_of = advise._Measuring._workers

    class Failing:
        def call(self, *_: object) -> None:
            raise MeasureError("the worker died\nits log")

    def workers(self: Any, key: Any, heavy: Any, light: Any) -> Any:
        return Failing() if key[1] == "orjson" else workers_of(self, key, heavy, light)

    monkeypatch.setattr(advise._Measuring, "_workers", workers)
    asked = Asked(1, ("1x64:float32",), client="light", transport="rest")
    found = measured(options(live_target), asked, Silent(), budget_s=0.1)
    assert found.missing == ("as-is over orjson: the worker died",)
    assert "orjson" not in {choice.way.codec for choice in found.ranking.choices}


def test_lossy_ways_are_weighed_by_the_answers_that_were_seen(live_target: Target) -> None:
    asked = Asked(1, ("1x64:float32",), needs="1e-1", representations=("uint8", "float16"), transport="grpc")
    found = measured(options(live_target), asked, Silent(), budget_s=0.1)
    assert {choice.way.representation for choice in found.ranking.choices} == {"uint8", "float16"}
    assert all(choice.way.answers and choice.way.answers.largest_change > 0 for choice in found.ranking.choices)
    with pytest.raises(UsageError, match="no way that was offered is 1e-9"):
        measured(options(live_target), replace(asked, needs="1e-9"), Silent(), budget_s=0.1)


def test_exact_needs_and_only_lossy_ways_are_refused_before_a_server_is_started() -> None:
    asked = Asked(1, ("1x64:float32",), representations=("uint8", "float16"))
    with pytest.raises(UsageError, match=r"none of --as is exact for this payload: uint8: .*; float16: "):
        measured(ServingOptions("embedded", model="missing"), asked, Silent())


def test_nothing_to_send_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="say what is sent"):
        measured(ServingOptions("embedded"), Asked(1), Silent())


def test_a_link_adds_its_transfer_and_its_round_trip() -> None:
    call = CallSample(0.001, 0.010, 0.002, 0.013)
    run = SentRun(0, (0.004,) * 3, (call,) * 3, 125_000, 0, server_cpu_s=0.09)
    blank = Way("as-is", "wire", "grpc", "grpc")
    alone, linked = with_runs(blank, [run], None), with_runs(blank, [run], parse_link("1Mbit,20ms"))
    assert alone.latency[0] == pytest.approx(0.017)
    assert alone.throughput[0] == pytest.approx(0.03)
    assert 1.02 < linked.latency[0] - alone.latency[0] < 1.1
    assert 1.0 < linked.throughput[0] < 1.1
    assert with_runs(blank, [SentRun(0, (), (), error="no")], None).failure == "no"
