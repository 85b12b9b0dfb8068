"""The lab's models: what each says of itself, and what it answers to one call of the embedded server's core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.errors import UnknownNameError
from serlab.payload import parse_payload
from serlab.servable import apart, bert, detector, embedding, ensure_model, lab_models, tabular, text
from serlab.servable.models import REAL_MODELS
from serlab.serving.model import SignatureInfo, metadata_from_json


def test_an_unknown_model_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match=r"bert.*detector.*resnet50"):
        ensure_model("gpt")


@pytest.mark.parametrize("model", lab_models().values(), ids=lambda model: model.name)
def test_every_model_names_what_exports_it_and_what_it_is_made_of(model: Any) -> None:
    package = Path(apart.__file__).parent
    module, function = model.export.split(":")
    assert f"def {function}(" in (package / f"{module}.py").read_text()
    assert f"{module}.py" in model.sources
    assert all((package / source).is_file() for source in model.sources)
    assert model.description
    if model.payload:
        parse_payload(model.payload)


def test_the_six_are_models_of_the_lab() -> None:
    assert len(REAL_MODELS) == 6
    assert set(REAL_MODELS) <= set(lab_models())


@pytest.fixture(scope="module")
def core() -> Iterator[Any]:
    pytest.importorskip("tensorflow")
    from serlab.embedded.config import ModelConfig
    from serlab.embedded.core import ServerCore

    opened = ServerCore([ModelConfig(name, ensure_model(name)) for name in REAL_MODELS])
    yield opened
    opened.close()


def signature(core: Any, model: str, name: str = "serving_default") -> SignatureInfo:
    """The signature as a client reads it off the server's metadata."""
    import json

    from serlab.embedded.metadata import metadata_json
    from serlab.wire import ModelSpec

    return metadata_from_json(model, json.loads(metadata_json(core, ModelSpec(model)))).signature(name)


def answer(core: Any, model: str, name: str = "serving_default", **inputs: Any) -> dict[str, Any]:
    from serlab.embedded.predict import run_predict
    from serlab.wire import ModelSpec

    _, outputs = run_predict(core.servable(ModelSpec(model)), name, inputs, inputs.__getitem__)
    return dict(outputs)


def words(info: SignatureInfo) -> tuple[set[str], set[str]]:
    return {str(tensor) for tensor in info.inputs.values()}, {str(tensor) for tensor in info.outputs.values()}


def strings(*values: bytes) -> Any:
    return np.array(values, object)


def test_bert_takes_three_tensors_of_ids(core: Any) -> None:
    inputs, outputs = words(signature(core, "bert"))
    assert inputs == {f"{name}: int64 [?, 128]" for name in bert.INPUTS}
    # The graph's own shape: the number of tokens is that of the input.
    assert outputs == {"last_hidden_state: float32 [?, 128, 256]"}
    inputs, _ = words(signature(core, "bert", "any_length"))
    assert inputs == {f"{name}: int64 [?, ?]" for name in bert.INPUTS}


def test_bert_masks_tokens_and_takes_any_length_and_any_ids(core: Any) -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 4096, (2, 128))
    feeds: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }
    whole = answer(core, "bert", **feeds)["last_hidden_state"]
    assert (whole.shape, whole.dtype) == ((2, 128, 256), np.float32)
    assert np.isfinite(whole).all()
    half: dict[str, Any] = {name: value.copy() for name, value in feeds.items()}
    half["attention_mask"][:, 64:] = 0
    masked = answer(core, "bert", **half)["last_hidden_state"]
    short = answer(core, "bert", "any_length", **{name: value[:, :64] for name, value in half.items()})
    assert masked[:, :64] == pytest.approx(short["last_hidden_state"], abs=1e-4)
    assert not np.allclose(masked[:, :64], whole[:, :64], atol=1e-2)
    wild: dict[str, Any] = {name: rng.integers(-(2**63), 2**63 - 1, (1, 128)) for name in feeds}
    assert np.isfinite(answer(core, "bert", **wild)["last_hidden_state"]).all()


def test_the_detector_has_the_names_and_shapes_of_the_object_detection_api(core: Any) -> None:
    inputs, outputs = words(signature(core, "detector"))
    assert inputs == {"input_tensor: uint8 [?, ?, ?, 3]"}
    assert outputs == {
        "detection_boxes: float32 [?, 100, 4]",
        "detection_scores: float32 [?, 100]",
        "detection_classes: float32 [?, 100]",
        "num_detections: float32 [?]",
    }


def test_the_detector_finds_other_boxes_in_another_image(core: Any) -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, 50, 70, 3)).astype(np.uint8)
    images[1] //= 4
    found = answer(core, "detector", input_tensor=images)
    boxes, count = found[detector.BOXES], found[detector.COUNT]
    assert boxes.shape == (2, 100, 4)
    assert ((boxes >= 0) & (boxes <= 1)).all()
    assert (count > 0).all()
    assert (count == (found[detector.SCORES] > 0).sum(-1)).all()
    assert not np.array_equal(boxes[0], boxes[1])


def test_the_table_has_forty_columns_of_three_dtypes(core: Any) -> None:
    inputs, outputs = words(signature(core, "tabular"))
    assert inputs == {f"{name}: {dtype} [?]" for dtype, names in tabular.COLUMNS.items() for name in names}
    assert len(inputs) == 40
    assert outputs == {"probability: float32 [?]"}


def test_every_column_of_the_table_counts(core: Any) -> None:
    rows = np.arange(1, 4)
    columns: dict[str, Any] = {name: rows.astype(np.float32) for name in tabular.FLOATS}
    columns |= dict.fromkeys(tabular.INTEGERS, rows) | {name: strings(b"a", b"b", b"c") for name in tabular.STRINGS}
    scores = answer(core, "tabular", **columns)["probability"]
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    for name in (tabular.FLOATS[7], tabular.INTEGERS[0], tabular.STRINGS[-1]):
        changed = columns[name][::-1].copy()
        assert not np.array_equal(answer(core, "tabular", **columns | {name: changed})["probability"], scores), name


def test_the_text_classifier_names_all_classes_best_first(core: Any) -> None:
    assert words(signature(core, "text")) == (
        {"text: string [?]"},
        {"classes: string [?, 5]", "scores: float32 [?, 5]"},
    )
    found = answer(core, "text", text=strings(b"The bank lends money", b"", "Über Fußball".encode()))
    assert {label.decode() for label in found["classes"][0]} == set(text.LABELS)
    assert found["scores"].sum(-1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert (np.diff(found["scores"]) <= 0).all()
    assert found["scores"][1] == pytest.approx([0.2] * 5)


def test_an_embedding_is_a_vector_of_length_one(core: Any) -> None:
    assert words(signature(core, "embedding")) == ({"ids: int64 [?, 64]"}, {"embedding: float32 [?, 1024]"})
    found = answer(core, "embedding", ids=np.random.default_rng(2).integers(-10, 10_000, (3, embedding.TOKENS)))
    assert found["embedding"].shape == (3, 1024)
    assert np.linalg.norm(found["embedding"], axis=-1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_resnet50_answers_one_class_or_a_thousand_probabilities(core: Any) -> None:
    assert words(signature(core, "resnet50", "classify")) == ({"x: float32 [?, 224, 224, 3]"}, {"class_id: int64 [?]"})
    images = np.random.default_rng(3).random((1, 224, 224, 3), np.float32)
    scores = answer(core, "resnet50", x=images)["y"]
    assert answer(core, "resnet50", "classify", x=images)["class_id"].tolist() == scores.argmax(-1).tolist()
