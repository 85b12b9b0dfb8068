"""Sending less, against the embedded server's echo: each way arrives, and what it does to values is told."""

from __future__ import annotations

import numpy as np
import pytest

from serlab.errors import MeasureError, RepresentationError
from serlab.lab import send_less as lab
from serlab.lab.send_less import as_photo, chosen_model, plan_less
from serlab.measure.plan import find_profile
from serlab.measure.send_less import _alike, changed_values, compare_answers, find_way, measure_way, sending_peak
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.serving.fit import Wish
from serlab.serving.model import ModelMetadata, SignatureInfo, TensorInfo, read_metadata

pytest.importorskip("PIL")
PHOTO = "1x16x24x3:float32:photo"


@pytest.fixture(scope="module")
def echo(live_target: Target) -> ModelMetadata:
    return read_metadata(live_target.endpoint, "echo", live_target.options)


@pytest.mark.parametrize("codec", ["wire", "orjson", "base64"])
@pytest.mark.parametrize("representation", ["as-is", "uint8", "float16", "png", "jpeg:90"])
def test_every_way_is_sent_and_told(live_target: Target, echo: ModelMetadata, representation: str, codec: str) -> None:
    if (representation, codec) == ("float16", "orjson"):
        with pytest.raises(RepresentationError, match="reads no float16 from JSON"):
            find_way(echo, Wish(), PHOTO, 1, representation, codec)
        return
    way = find_way(echo, Wish(), PHOTO, 1, representation, codec)
    run = measure_way(live_target.endpoint, live_target.options, way, 0, 0.01)
    assert run.error == ""
    assert len(run.calls) == len(run.prepare_s) >= 2
    assert run.request_bytes > 0
    change = changed_values(way)
    assert (change.largest == 0) == (representation not in ("float16", "jpeg:90"))
    assert sending_peak(way) > 0


def test_the_echo_answers_what_was_changed(live_target: Target, echo: ModelMetadata) -> None:
    way = find_way(echo, Wish(), PHOTO, 1, "jpeg:50", "wire")
    answers = compare_answers(live_target.endpoint, live_target.options, way.untouched, way, 1)
    assert answers.largest_change == pytest.approx(changed_values(way).largest)
    assert answers.requests == 1


def test_a_smaller_representation_is_a_smaller_request(live_target: Target, echo: ModelMetadata) -> None:
    sizes = {}
    for representation in ("as-is", "uint8"):
        way = find_way(echo, Wish(), PHOTO, 1, representation, "wire")
        run = measure_way(live_target.endpoint, live_target.options, way, 0, 0.0)
        sizes[representation] = run.request_bytes
    assert sizes["as-is"] - sizes["uint8"] == pytest.approx(3 * 16 * 24 * 3, abs=30)


def test_a_model_without_the_signature_gets_the_code_to_add() -> None:
    x, y = TensorInfo("x", "float32", (-1, 4)), TensorInfo("y", "float32", (-1, 4))
    metadata = ModelMetadata("mine", 1, {"serving_default": SignatureInfo("serving_default", {"x": x}, {"y": y})})
    with pytest.raises(RepresentationError, match=r"(?s)mine has no signature 'uint8'.*tf.cast\(x, tf.float32\)"):
        find_way(metadata, Wish(), "1x4:float32", 1, "uint8", "wire")


def test_a_run_keeps_what_it_found(
    live_target: Target, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import nullcontext
    from dataclasses import replace

    from serlab.analysis.representation import rows
    from serlab.lab.bench import make_plan, new_run
    from serlab.records.send_less import PART, SendLess
    from serlab.serving.base import ServingOptions

    monkeypatch.setattr(lab, "open_endpoint", lambda serving: nullcontext(live_target.endpoint))
    monkeypatch.setattr(lab, "chosen_model", lambda payload: "echo")
    plan = make_plan("smoke", (PHOTO,), ("wire", "base64"), rounds=2, send_as=("uint8", "float16"))
    assert plan.less is not None
    plan = replace(plan, less=replace(plan.less, calls_s=0.01))
    folder = new_run(tmp_path_factory.mktemp("results"), plan)
    info = lab.send_less(folder, plan, ServingOptions(client=live_target.options), requests=2, quiet=True)
    assert info.missing == ()
    (report,) = folder.read_part(PART, tuple[SendLess, ...], ())
    assert {(way.representation, way.codec) for way in report.ways} == {
        (representation, codec) for representation in ("as-is", "uint8", "float16") for codec in ("wire", "base64")
    }
    assert all(len(way.runs) == 2 and not way.failure for way in report.ways)
    found = rows(report)
    assert {row.representation for row in found if row.lossy} == {"float16"}
    assert all(row.peak_bytes and row.end_to_end for row in found)


def test_images_of_the_catalogue_are_photographs_and_go_to_a_model_that_takes_them() -> None:
    assert [as_photo(name) for name in ("image", "vector-1k", "image:normal")] == [
        "image:photo", "vector-1k", "image:normal",
    ]  # fmt: skip
    models = {spec: chosen_model(parse_payload(spec)) for spec in ("image:photo", "image-u8", "vector-1k", "tokens")}
    assert models == {"image:photo": "resnet50", "image-u8": "detector", "vector-1k": "mlp-1k", "tokens": ""}


def test_the_full_profile_sends_less_and_others_when_asked() -> None:
    assert plan_less(find_profile("standard"), (), (), (), None) is None
    full = plan_less(find_profile("full"), (), (), (), None)
    assert full is not None
    assert {"as-is", "uint8", "jpeg:90", "tf-example"} <= set(full.representations)
    assert full.rounds == 6
    asked = plan_less(find_profile("smoke"), ("jpeg:75",), ("image",), ("wire", "raw"), 3)
    assert asked is not None
    assert (asked.representations, asked.payloads, asked.codecs, asked.rounds) == (
        ("as-is", "jpeg:75"), ("image:photo",), ("wire",), 3,
    )  # fmt: skip


def test_a_lossy_way_changes_answers_and_an_exact_one_does_not(live_target: Target) -> None:
    metadata = read_metadata(live_target.endpoint, "echo", live_target.options)
    spec, told = "2x30:float32", {}
    reference = find_way(metadata, Wish(), spec, 1, "as-is", "wire")
    for representation, codec in (("as-is", "base64"), ("uint8", "orjson")):
        way = find_way(metadata, Wish(), spec, 1, representation, codec)
        told[representation] = compare_answers(live_target.endpoint, live_target.options, reference, way, 3, 60.0)
    assert told["as-is"].largest_change == 0
    assert 0 < told["uint8"].largest_change < 0.002
    assert told["as-is"].requests == told["uint8"].requests == 3
    short = compare_answers(live_target.endpoint, live_target.options, reference, reference, 3, 0.0)
    assert short.requests == 1


def test_outputs_are_paired_by_name_or_alone_and_others_are_refused() -> None:
    like = {"y": np.zeros((2, 3), np.float32)}
    assert _alike({"y_bytes": np.ones(6, np.float32)}, like)["y"].shape == (2, 3)
    assert _alike({"z": np.ones(6, np.float32)}, like)["y"].sum() == 6
    with pytest.raises(MeasureError, match="answers a, b, and not y"):
        _alike({"a": np.ones(6), "b": np.ones(6)}, like)
    with pytest.raises(MeasureError, match="other shapes"):
        _alike({"y": np.ones(5)}, like)
