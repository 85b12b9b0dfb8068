from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from serlab.lab import batching
from serlab.lab.keeping import Keeping
from serlab.measure.deployment.batching import BatchingSweep, batched_call
from serlab.measure.target import Target
from serlab.records.deployment import BatchingReport
from serlab.records.run import Endpoint
from serlab.servable.batched import BATCHED_MODEL
from serlab.serving.base import ServingOptions


@pytest.mark.parametrize(
    ("serving", "wanted", "served"),
    [
        (ServingOptions("host:1:2", model="mine"), "mine", set()),
        (ServingOptions("host:1:2"), BATCHED_MODEL, set()),
        (ServingOptions("embedded", model="mine"), "mine", {"mine"}),
        (ServingOptions("embedded"), BATCHED_MODEL, {BATCHED_MODEL}),
    ],
)
def test_the_model_that_was_named_is_the_one_that_is_called(
    serving: ServingOptions, wanted: str, served: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    @contextmanager
    def instance(_options: ServingOptions, models: Mapping[str, Path]) -> Iterator[Endpoint]:
        assert set(models) == served
        yield Endpoint("remote", "9", "host:1", "host:2")

    def metadata(_endpoint: Endpoint, model: str, *_more: object) -> object:
        asked.append(model)
        return SimpleNamespace(signature=lambda _name: None)

    def measured(_workers: object, _target: Target, sweep: BatchingSweep) -> BatchingReport:
        asked.append(sweep.model)
        return BatchingReport("graph", sweep.codec, sweep.concurrency)

    monkeypatch.setattr(batching, "parse_serving", instance)
    monkeypatch.setattr(batching, "read_metadata", metadata)
    monkeypatch.setattr(batching, "measure_batching", measured)
    monkeypatch.setattr(batching, "ensure_model", lambda _name: tmp_path)
    batching.sweep_settings(
        serving, (), Keeping(tmp_path, None, 1, quiet=True), by="graph", codec="wire", concurrency=1, rounds=1,
        window_s=1.0,
    )  # fmt: skip
    assert asked == [wanted, wanted]
    assert batched_call(None, model=wanted).model == wanted
