"""Predictions of a run: by which law, carried by what, and kept beside the run even where they cannot be made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from serlab.codecs import registry
from serlab.errors import UsageError
from serlab.lab import laws
from serlab.lab.laws import choose_law, fit_all, predictions, routes_of
from serlab.records.law import LawMachine, LawPoint
from serlab.records.law_files import TENSORFLOW_SERVING, find_law, write_law
from serlab.records.prediction import Predictions, read_predictions
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder, find_run

REFERENCE = Path(__file__).parents[2] / "results"


@pytest.fixture(scope="module")
def reference() -> RunData:
    return find_run("reference", REFERENCE).read()


def test_every_codec_that_is_sent_has_a_route() -> None:
    found = routes_of(registry.names())
    assert found["json"] == found["orjson"] == "rest-numbers"
    assert found["base64-simd"] == "rest-base64"
    assert found["wire"] == "grpc"
    assert "raw" not in found


def test_the_reference_run_says_what_tensorflow_serving_would_make_of_it(reference: RunData, tmp_path: Path) -> None:
    law = find_law(TENSORFLOW_SERVING, tmp_path)
    here = replace(law, machine=LawMachine(reference.info.machine.cpu_model, reference.info.machine.cores))
    found = predictions(reference, here)
    assert not found.own  # the run called the embedded instance
    assert {p.payload for p in found.predictions} <= {payload.name for payload in reference.info.payloads}
    image = {p.codec: p for p in found.predictions if p.payload == "image"}
    # base64 is nearly as fast as wire on the stand-in, and far slower on TensorFlow Serving.
    assert image["base64-simd"].total_s.median > 4 * image["wire"].total_s.median
    assert image["base64-simd"].measured_s
    assert image["base64-simd"].measured_s < 3 * (image["wire"].measured_s or 0)
    assert any(order.swapped for order in found.orders)
    assert found.left_out is not None
    assert found.left_out.median_error < 0.15


def test_a_law_learnt_of_the_same_server_goes_before_the_shipped_one(reference: RunData, tmp_path: Path) -> None:
    shipped = find_law(TENSORFLOW_SERVING, tmp_path)
    info = replace(reference.info, instance={"kind": "binary", "version": "TF 9"})
    machine = LawMachine(info.machine.cpu_model, info.machine.cores)
    for name, measured, version in (
        ("old", "2026-01-01", "TF 9"),
        ("new", "2026-02-01", "TF 9"),
        ("other", "2027", "8"),
    ):
        write_law(replace(shipped, name=name, measured=measured, version=version, machine=machine), tmp_path)
    assert choose_law(tmp_path, info).name == "new"
    assert (
        choose_law(tmp_path, reference.info).name == TENSORFLOW_SERVING
    )  # embedded: TensorFlow Serving is the question
    elsewhere = replace(info, machine=replace(info.machine, cores=info.machine.cores + 1))
    assert choose_law(tmp_path, elsewhere).name == TENSORFLOW_SERVING


def test_a_prediction_that_cannot_be_made_never_costs_the_run(
    reference: RunData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Predictions:
        raise UsageError("no yardstick")

    folder = RunFolder(tmp_path / "m" / "r")
    folder.write_info(reference.info)
    monkeypatch.setattr(RunFolder, "read", lambda self: reference)
    monkeypatch.setattr(laws, "predictions", refuse)
    laws.add_predictions(folder)
    found = read_predictions(folder)
    assert found is not None
    assert (found.law, found.predictions, found.remarks) == (TENSORFLOW_SERVING, (), ("no yardstick",))


def test_routes_that_cannot_be_fitted_are_told_and_the_others_are_fitted() -> None:
    points = [LawPoint("grpc", size, size, 1e-3 + size * 1e-9, 1e-3, 1e-3, 9, "echo") for size in (99, 9_999, 99_999)]
    refused = LawPoint("rest-numbers", 50, 0, 0.0, 0.0, 0.0, 0, "echo", failed=1, error="404: no model")
    found, remarks = fit_all([*points, refused])
    assert [law.route for law in found] == ["grpc"]
    assert "404: no model" in remarks[0]
