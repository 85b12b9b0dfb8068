"""Batching within the graph, on a live server; and how TensorFlow Serving is told to batch."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path

import pytest

from serlab.errors import UsageError
from serlab.measure.deployment.batching import (
    BatchingSweep,
    batching_flags,
    batching_parameters,
    measure_batching,
    measure_server_batching,
    server_flags,
)
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.deployment import BatchingReport, BatchSetting
from serlab.records.load import StepLimits
from serlab.servable.batched import SETTINGS, signature_of
from serlab.serving.base import ServingOptions
from serlab.transports.base import TransportOptions

TESTS = Path(__file__).parents[2]
BRIEF = StepLimits(warmup_s=0.1, window_s=0.2, min_windows=3, max_windows=3)
EIGHT = BatchSetting(8, 2_000)


def test_rows_of_calls_in_flight_are_computed_together(light_workers: Workers, live_target: Target) -> None:
    kept: list[BatchingReport] = []
    sweep = BatchingSweep((EIGHT, BatchSetting(2, 10_000)), concurrency=16, rounds=1, limits=BRIEF, keep=kept.append)
    report = measure_batching(light_workers, live_target, sweep)
    assert len(kept) == len(report.steps) == 3
    rows = {entry.setting: entry.mean_rows for entry in report.steps}
    for entry in report.steps:
        assert entry.step.failure == ""
        assert entry.step.errors == {}
        assert entry.step.calls > 0
    assert rows[None] == 1
    eight, two = rows[EIGHT], rows[BatchSetting(2, 10_000)]
    assert eight is not None
    assert two is not None
    assert 2 < eight <= 8  # settings do not leak into each other
    assert 1 < two <= 2


def test_a_setting_that_is_not_in_the_graph_fails_in_words(light_workers: Workers, live_target: Target) -> None:
    sweep = BatchingSweep((BatchSetting(3, 1),), concurrency=2, rounds=1, limits=BRIEF)
    report = measure_batching(light_workers, live_target, sweep)
    (failed,) = [entry for entry in report.steps if entry.setting]
    assert "b3_t1" in failed.step.failure
    assert failed.mean_rows is None


def test_every_setting_has_a_signature_of_its_own() -> None:
    names = {signature_of(setting) for setting in (None, *SETTINGS)}
    assert len(names) == 1 + len(SETTINGS)
    assert signature_of(EIGHT) == "b8_t2000"


def test_the_parameters_are_those_of_tensorflow_serving() -> None:
    entries = dict(re.findall(r"(\w+) \{ value: (\d+) \}", batching_parameters(EIGHT)))
    assert entries == {"max_batch_size": "8", "batch_timeout_micros": "2000", "max_enqueued_batches": "100"}


def test_a_container_is_told_where_it_sees_the_file(tmp_path: Path) -> None:
    base = tmp_path / "mine"
    base.mkdir()
    flags = batching_flags(EIGHT, base, "docker")
    assert flags == ("--enable_batching=true", "--batching_parameters_file=/models/mine/batching_parameters.txt")
    assert (base / "batching_parameters.txt").read_text() == batching_parameters(EIGHT)


def test_the_embedded_server_has_no_batching_of_its_own(light_workers: Workers, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="binary or docker"):
        measure_server_batching(light_workers, ServingOptions(), TransportOptions(), tmp_path, BatchingSweep())


def test_every_setting_gets_a_server_with_its_flags(light_workers: Workers, tmp_path: Path) -> None:
    record, script = tmp_path / "record.jsonl", TESTS / "serving" / "model_server_standin.py"
    server = tmp_path / "tensorflow_model_server"
    corpus = TESTS / "data" / "serving-corpus"
    server.write_text(
        f'#!/bin/sh\nexec {sys.executable} {script} --standin_corpus={corpus} --standin_record={record} "$@"\n'
    )
    server.chmod(server.stat().st_mode | stat.S_IXUSR)
    servable = tmp_path / "servable"
    (servable / "1").mkdir(parents=True)
    sweep = BatchingSweep((EIGHT,), codec="orjson", concurrency=1, rounds=1, limits=BRIEF)
    serving = ServingOptions("binary", binary=str(server), flags=("--rest_api_num_threads=4",))
    report = measure_server_batching(light_workers, serving, TransportOptions(), servable, sweep)
    assert report.batcher == "server"
    # The stand-in answers with the request, which is no prediction: the step says so, and the sweep goes on.
    assert [entry.setting for entry in report.steps if "predictions" in entry.step.failure] == [
        entry.setting for entry in report.steps
    ]
    noted = [json.loads(line) for line in record.read_text().splitlines()]
    started = [entry["argv"] for entry in noted if "argv" in entry]
    assert sorted("--enable_batching=true" in arguments for arguments in started) == [False, True]
    assert all("--rest_api_num_threads=4" in arguments for arguments in started)
    assert any(entry.get("rest", "").endswith("batched:predict") for entry in noted)


def test_a_server_gets_room_for_the_calls_unless_told_otherwise() -> None:
    assert server_flags((), 16) == ("--grpc_max_threads=32", "--rest_api_num_threads=32")
    assert server_flags(("--grpc_max_threads=5",), 16) == ("--grpc_max_threads=5", "--rest_api_num_threads=32")
